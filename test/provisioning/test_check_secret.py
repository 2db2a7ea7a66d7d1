"""Checking secrets, on responses recorded from real servers."""

from __future__ import annotations

import pytest
import responses
from support.recorded import NAMES, Recording

from hydra_client.provisioning.check_secret import can_log_in, has_secret


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


@pytest.mark.parametrize(
    ("exchange", "right"),
    [("revoke: an unknown token", True), ("revoke: wrong secret", False)],
)
def test_at_the_revoke_endpoint(recording: Recording, exchange: str, right: bool) -> None:
    with responses.RequestsMock() as server:
        recording.play(server, exchange)
        assert has_secret(recording.api(), "my-app", "a-secret") is right


@pytest.mark.parametrize(
    ("exchange", "right"),
    [("token: the same refresh token again", True), ("token: wrong secret", False)],
)
def test_at_the_token_endpoint(recording: Recording, exchange: str, right: bool) -> None:
    for tried in (can_log_in, has_secret):
        with responses.RequestsMock() as server:
            recording.play(server, exchange)
            assert tried(recording.api(), "my:app", "a-secret") is right
