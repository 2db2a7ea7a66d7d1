"""`discover`: the server's OpenID Connect configuration."""

from __future__ import annotations

import json

from support.command import Run

from hydra_client.emulator import HydraEmulator


def test_discovery(run: Run, every_hydra: HydraEmulator) -> None:
    document = json.loads(run("discover", "-o", "json", HYDRA_URL=every_hydra.url).output)
    assert document["issuer"] == every_hydra.url
    assert ("userinfo_endpoint" in document) == (every_hydra.variant.version == "0.10")
    assert "RS256" in run("discover", HYDRA_URL=every_hydra.url).output
