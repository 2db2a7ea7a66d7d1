"""`/oauth2/consent/requests`."""

from __future__ import annotations

import pytest
from support.emulator import (
    Wire,
)


def test_unknown_consent_requests(wire: Wire) -> None:
    message = "Not found" if wire.is_sql and not wire.is_0_9 else ": Not found"
    assert wire.admin("GET", "/oauth2/consent/requests/nope").message == (404, message)
    for path in ("/oauth2/consent/requests/nope", "/oauth2/consent/requests/"):
        assert wire.admin("PATCH", f"{path}/accept", {}).message == (404, message)
        assert wire.admin("PATCH", f"{path}/reject", {}).message == (404, message)


@pytest.mark.parametrize(
    ("verb", "body", "message"),
    [
        ("accept", "", "EOF"),
        ("reject", "", "EOF"),
        ("accept", "[]", "array into Go value of type oauth2.AcceptConsentRequest"),
        ("reject", '{"reason":1}', "field RejectConsentRequestPayload.reason of type string"),
        ("accept", '{"grantScopes":"a"}', "RequestPayload.grantScopes of type []string"),
        ("accept", '{"idTokenExtra":1}', ".idTokenExtra of type map[string]interface {}"),
    ],
)  # fmt: skip
def test_invalid_decision_bodies(wire: Wire, verb: str, body: str, message: str) -> None:
    response = wire.admin("PATCH", f"/oauth2/consent/requests/nope/{verb}", body=body)
    assert response.status == 500
    assert message in response.message[1]


def test_nul_characters_in_a_decision(wire: Wire) -> None:
    id, _, _ = wire.start(wire.app())
    path = f"/oauth2/consent/requests/{id}"
    for action, body in (
        ("accept", {"subject": "bob\0", "grantScopes": []}),
        ("accept", {"subject": "bob", "grantScopes": ["a\0"]}),
        ("reject", {"reason": "\0"}),
    ):
        response = wire.admin("PATCH", f"{path}/{action}", body)
        if wire.is_0_9 or not wire.hydra.variant.is_sql:
            assert response.status == 204
        else:
            text = 'pq: invalid byte sequence for encoding "UTF8": 0x00'
            assert (response.status, response.json["error"]["message"]) == (500, text)
