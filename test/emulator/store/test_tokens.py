"""What happens to the tokens of a deleted client."""

from __future__ import annotations

from support.emulator import (
    ROOT,
    Wire,
)


def test_tokens_of_a_deleted_client(wire: Wire) -> None:
    client = wire.app(id="x")
    token = wire.client_token(client, "foo")
    assert wire.is_active(token)
    wire.admin("DELETE", "/clients/x")
    assert wire.is_active(token) is not wire.is_sql
    assert wire.grant(client, grant_type="client_credentials").json["error"] == "invalid_client"
    # With the SQL store the token cannot be revoked either; the response is the same.
    assert wire("POST", "/oauth2/revoke", form={"token": token}, basic=ROOT).status == 200
