"""Clients: created, read, listed, updated and deleted, also with unusual ids."""

from __future__ import annotations

import re

import pytest
from live.server import CALLBACK, Server

import hydra_client as sdk

ODD = [" ", "a b", "%", "%41", "%2F", "?", "?consent=1&x=2", "#", "#fragment", "ü", "日本 %?#", "+"]


def test_a_client_from_birth_to_death(server: Server) -> None:
    api = server.root
    created = server.create(
        client_name="Photo app",
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code", "id_token"],
        scope="openid photos.read",
        owner="alice",
        policy_uri="http://127.0.0.1:4900/policy",
        tos_uri="http://127.0.0.1:4900/tos",
        client_uri="http://127.0.0.1:4900/",
        logo_uri="http://127.0.0.1:4900/logo.png",
        contacts=["alice@example.com", "bob@example.com"],
        public=True,
    )
    assert created.id is not None
    assert re.fullmatch(r"[\w.~-]{12}", str(created.client_secret))

    stored = api.get_oauth2_client(created.id)
    assert stored.client_secret is None
    assert stored.to_dict() == {
        name: value for name, value in created.to_dict().items() if name != "client_secret"
    }
    assert stored in api.list_oauth2_clients()

    stored.client_name = "Photo app 2"
    response = api.update_oauth2_client(created.id, stored)
    assert response == stored
    assert api.get_oauth2_client(created.id) == stored

    api.delete_oauth2_client(created.id)
    for gone in (api.get_oauth2_client, api.delete_oauth2_client):
        with pytest.raises(sdk.NotFoundException) as missing:
            gone(created.id)
        assert missing.value.status == 404
    with pytest.raises(sdk.NotFoundException):
        api.update_oauth2_client(created.id, stored)
    assert created.id not in [client.id for client in api.list_oauth2_clients()]


def test_statuses_and_headers(server: Server) -> None:
    id = f"{server.prefix}-headers"
    api = server.root.with_http_info
    server.create(id=id)
    server.root.delete_oauth2_client(id)
    body = sdk.OAuth2Client(id=id, client_secret="a-secret")
    created = api.create_oauth2_client(body)
    assert (created.status, created.headers["location"]) == (201, f"/clients/{id}")
    updated = api.update_oauth2_client(id, created.data)
    assert (updated.status, updated.headers["location"]) == (201, f"/clients/{id}")
    assert updated.data.client_secret == "a-secret"
    assert api.get_oauth2_client(id).status == 200
    assert api.list_oauth2_clients().status == 200
    deleted = api.delete_oauth2_client(id)
    assert (deleted.status, deleted.data) == (204, None)


def test_what_was_never_given(server: Server) -> None:
    created = server.create()
    assert created.id is not None
    stored = server.root.get_oauth2_client(created.id)
    lists = ("redirect_uris", "grant_types", "response_types", "contacts")
    texts = ("client_name", "scope", "owner", "policy_uri", "tos_uri", "client_uri", "logo_uri")
    for client, no_list in ((created, None), (stored, server.no_list)):
        assert [getattr(client, name) for name in lists] == [no_list] * 4
        assert [getattr(client, name) for name in texts] == [""] * 7
        assert client.public is False


@pytest.mark.parametrize("odd", ODD)
def test_odd_ids_arrive_as_they_are(server: Server, odd: str) -> None:
    id = server.prefix + odd
    api = server.root
    created = server.app(odd, client_name=f"named {odd}")
    assert created.id == id
    stored = api.get_oauth2_client(id)
    assert (stored.id, stored.client_name) == (id, f"named {odd}")
    assert id in [client.id for client in api.list_oauth2_clients()]

    stored.owner = odd
    api.update_oauth2_client(id, stored)
    assert api.get_oauth2_client(id) == stored

    # At the token endpoint the id is form-encoded, at the others it is not.
    token = server.token("photos.read", created)
    assert server.is_active(token)
    server.by_basic(created).revoke_oauth2_token(token)
    assert not server.is_active(token)

    assert api.delete_oauth2_client(id) is None
    with pytest.raises(sdk.NotFoundException):
        api.get_oauth2_client(id)


def test_an_id_with_a_colon_logs_in_at_the_token_endpoint_alone(server: Server) -> None:
    client = server.app(":colon")
    assert server.root.get_oauth2_client(f"{server.prefix}:colon").id == client.id
    token = server.token("photos.read", client)
    assert server.is_active(token)
    for call in ("introspect_oauth2_token", "revoke_oauth2_token"):
        with pytest.raises(sdk.ApiValueError, match=":"):
            getattr(server.by_basic(client), call)(token)


def test_an_id_that_is_taken(server: Server) -> None:
    first = server.app(client_name="first")
    again = sdk.OAuth2Client(id=first.id, client_name="second")
    if server.is_sql:
        with pytest.raises(sdk.ConflictException, match="duplicate key") as conflict:
            server.root.create_oauth2_client(again)
        assert conflict.value.status == 500
    else:
        assert server.root.create_oauth2_client(again).client_secret != first.client_secret
    stored = server.root.get_oauth2_client(str(first.id))
    assert stored.client_name == ("first" if server.is_sql else "second")


def test_fields_that_the_server_does_not_know_are_dropped_there(server: Server) -> None:
    id = f"{server.prefix}-future"
    created = server.create(id=id)
    body = sdk.OAuth2Client.from_dict({**created.to_dict(), "from_the_future": {"a": [1]}})
    body.client_name = "futuristic"
    response = server.root.update_oauth2_client(id, body)
    assert response.client_name == "futuristic"
    assert "from_the_future" not in response.to_dict()
    assert "from_the_future" not in server.root.get_oauth2_client(id).to_dict()


def test_an_update_replaces_on_sql_and_merges_in_memory(server: Server) -> None:
    app = server.app(owner="alice", contacts=["alice@example.com"])
    id = str(app.id)
    server.root.update_oauth2_client(id, sdk.OAuth2Client(client_name="a name"))
    stored = server.root.get_oauth2_client(id)
    assert stored.client_name == "a name"
    if server.is_sql:
        assert (stored.owner, stored.contacts, stored.scope) == ("", server.no_list, "")
    else:
        kept = ("alice", ["alice@example.com"], app.scope)
        assert (stored.owner, stored.contacts, stored.scope) == kept


def test_a_secret_that_is_left_out_stays_as_it_was(server: Server) -> None:
    app = server.app()
    stored = server.root.get_oauth2_client(str(app.id))
    stored.owner = "bob"
    assert server.root.update_oauth2_client(str(app.id), stored).client_secret is None
    assert server.is_active(server.token("photos.read", app))


def test_a_new_secret_takes_the_place_of_the_old_one(server: Server) -> None:
    app = server.app()
    stored = server.root.get_oauth2_client(str(app.id))
    stored.client_secret = "another-secret"
    response = server.root.update_oauth2_client(str(app.id), stored)
    assert response.client_secret == "another-secret"
    assert server.is_active(server.token("photos.read", response))
    with pytest.raises(sdk.UnauthorizedException):
        server.token("photos.read", app)


def test_the_id_in_the_path_wins(server: Server) -> None:
    id = str(server.app("-path").id)
    other = f"{server.prefix}-body"
    response = server.root.update_oauth2_client(id, sdk.OAuth2Client(id=other, owner="carol"))
    assert response.id == id
    assert server.root.get_oauth2_client(id).owner == "carol"
    with pytest.raises(sdk.NotFoundException):
        server.root.get_oauth2_client(other)


def test_the_generators_spellings(server: Server) -> None:
    api = server.root
    id = f"{server.prefix}-alias"
    server.create(id=id)
    stored = api.get_o_auth2_client(id)
    api.delete_o_auth2_client(id)
    assert api.create_o_auth2_client(sdk.OAuth2Client(id=id)).id == id
    assert api.update_o_auth2_client(id, stored).id == id
    assert id in [client.id for client in api.list_o_auth2_clients()]
    api.delete_o_auth2_client(id)
    token = server.token("hydra.clients")
    assert server.by_basic().introspect_o_auth2_token(token).active
    server.by_basic().revoke_o_auth2_token(token)
    assert not server.is_active(token)
