"""`/warden/groups`, beyond the recorded exchanges."""

from __future__ import annotations

from support.emulator import Wire


def test_the_scope(wire: Wire) -> None:
    app = wire.app(scope="hydra.*", id="app")
    wire.hydra.allow("app")
    right, wrong = "hydra.groups", "hydra.warden.groups"
    if not wire.is_0_9:
        right, wrong = wrong, right
    assert wire("GET", "/warden/groups", token=wire.client_token(app, right)).status == 200
    response = wire("GET", "/warden/groups", token=wire.client_token(app, wrong))
    assert response.status == (500 if wire.is_0_9 else 400)


def test_the_group_is_looked_up_before_the_token_is_checked(wire: Wire) -> None:
    expected = (500, "sql: no rows in result set") if wire.is_sql else (404, "Not found")
    assert wire("GET", "/warden/groups/x").message == expected
    wire.admin("POST", "/warden/groups", {"id": "x"})
    assert wire("GET", "/warden/groups/x").status == (500 if wire.is_0_9 else 401)


def test_the_body_is_read_before_the_token_is_checked(wire: Wire) -> None:
    for method, path in (
        ("POST", "/warden/groups"),
        ("POST", "/warden/groups/x/members"),
        ("DELETE", "/warden/groups/x/members"),
    ):
        assert wire(method, path, "{").message == (500, "unexpected EOF")
    message = "json: cannot unmarshal string into Go struct field Group.members of type []string"
    assert wire("POST", "/warden/groups", json={"members": "x"}).message == (500, message)


def test_groups_without_members(wire: Wire) -> None:
    for sent, stored in ({}, None), ({"members": []}, None if wire.is_sql else []):
        response = wire.admin("POST", "/warden/groups", sent)
        assert response.json["members"] == sent.get("members")
        path = response.headers["Location"]
        assert wire.admin("GET", path).json["members"] == stored
    assert wire.admin("POST", f"{path}/members", {"members": ["a"]}).status == 204
    assert wire.admin("DELETE", f"{path}/members", {"members": ["a"]}).status == 204
    assert wire.admin("GET", path).json["members"] is None


def test_members_of_a_missing_group(wire: Wire) -> None:
    path = "/warden/groups/x/members"
    for method in ("POST", "DELETE"):
        response = wire.admin(method, path, {"members": None})
        if wire.is_sql:
            assert response.status == 204
        else:
            assert response.message == (404, "Not found")


def test_groups_of_a_member(wire: Wire) -> None:
    for id, members in (("g", ["a", "b"]), ("h", ["b"]), ("a", ["c"])):
        assert wire.admin("POST", "/warden/groups", {"id": id, "members": members}).status == 201
    found = wire.admin("GET", "/warden/groups?member=b").json
    assert found == [{"id": "g", "members": ["a", "b"]}, {"id": "h", "members": ["b"]}]
    assert wire.admin("GET", "/warden/groups?member=c").json == [{"id": "a", "members": ["c"]}]


def test_a_group_gives_access_to_the_admin_endpoints(wire: Wire) -> None:
    app = wire.app(id="app", scope="hydra.*")
    token = wire.client_token(app, "hydra.clients")
    assert wire("GET", "/clients", token=token).status != 200
    wire.hydra.allow("registrars", resources="rn:hydra:clients", actions="get")
    wire.admin("POST", "/warden/groups", {"id": "registrars", "members": ["app"]})
    assert wire("GET", "/clients", token=token).status == 200
    wire.admin("DELETE", "/warden/groups/registrars/members", {"members": ["app"]})
    assert wire("GET", "/clients", token=token).status != 200
