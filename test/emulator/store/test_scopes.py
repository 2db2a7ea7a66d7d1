"""How scopes cover other scopes."""

from __future__ import annotations

from hydra_client.emulator.store.scopes import covers


def test_scopes_are_covered_segment_by_segment() -> None:
    assert covers(["photos.*"], "photos.read")
    assert covers(["photos.*"], "photos.read.all")
    assert covers(["*"], "anything.at.all")
    assert covers(["a.*.c"], "a.b.c")
    assert not covers(["photos"], "photos.read")
    assert not covers(["photos.*"], "photos")
    assert not covers(["photos.*"], "photos.")
    assert not covers(["a.*.c"], "a.b.d")
    assert not covers(["a.*.c"], "a.b.c.d")
    assert not covers([""], "x")
