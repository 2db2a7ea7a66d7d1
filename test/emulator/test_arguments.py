"""The checks of arguments."""

from __future__ import annotations

import pytest

from hydra_client.emulator import arguments


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("a string", ["", "x"], [None, b"x", 1]),
        ("a string or None", ["x", None], [b"x"]),
        ("a string or bytes", ["x", b"x"], [{}, None]),
        ("a bool", [True, False], [1, "yes", None]),
        ("an integer", [0, 5], [True, 1.0, "1", None]),
        ("an integer or None", [0, None], [False, 1.0, "1"]),
        ("a number", [1, 0.5], [True, "1", None]),
        ("a mapping", [{}], [[], None]),
        ("a function or None", [len, None], [5]),
        ("a list of strings", [[], ["a"], ("a", "b")], ["a", [5], {"a"}, None]),
        ("a string or a list of strings", ["a", [], ["a"]], [True, None, [5]]),
        ("a pair of strings", [("a", "b"), ["a", "b"]], ["ab", ("a",), ("a", 5)]),
    ],
)
def test_kinds(kind: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        arguments.check({"it": kind, "other": kind}, {"it": value, "unknown": None})
    for value in bad:
        with pytest.raises(TypeError, match=f"^it must be {kind}, not "):
            arguments.check({"it": kind}, {"it": value})


def test_errors_show_types_and_no_values() -> None:
    for value, found in (("a:secret", "str"), (["secret", 5], r"list\(str, int\)")):
        with pytest.raises(TypeError, match=f"^root must be a pair of strings, not {found}$"):
            arguments.check({"root": "a pair of strings"}, {"root": value})
