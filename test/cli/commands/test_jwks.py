"""`jwks`: the keys that ID tokens are verified with."""

from __future__ import annotations

import json

from support.command import Run

from hydra_client.emulator import HydraEmulator


def test_keys(run: Run, root: HydraEmulator) -> None:
    table = run("jwks").output.splitlines()
    assert table[0].split() == ["kid", "kty", "alg", "use", "n"]
    assert table[1].split()[:4] == ["public", "RSA", "RS256", "sig"]
    assert run("jwks", "-q").output == "public\n"
    (key,) = json.loads(run("jwks", "-o", "json").output)["keys"]
    assert key["e"] == "AQAB"
