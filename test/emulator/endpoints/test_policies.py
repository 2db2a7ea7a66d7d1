"""`/policies`, beyond the recorded exchanges."""

from __future__ import annotations

import pytest
from support.emulator import ROOT, Wire, make_wire

POLICY = {"effect": "allow", "subjects": ["a"], "actions": ["b"], "resources": ["c"]}


def test_numbers_of_pages(wire: Wire) -> None:
    assert len(wire.admin("GET", "/policies?limit=&offset=").json) == 1
    for query in ("limit=x", "offset=x&limit=y"):
        response = wire.admin("GET", f"/policies?{query}")
        assert response.message == (500, 'strconv.ParseInt: parsing "x": invalid syntax')


def test_a_page_that_hydra_panics_on(memory: Wire, sql: Wire) -> None:
    assert memory.admin("GET", "/policies?limit=0&offset=1").status == 0
    assert sql.admin("GET", "/policies?limit=0&offset=1").json == []


def test_a_panic_closes_the_connection() -> None:
    from werkzeug.test import Client

    wire = make_wire()
    with pytest.raises(ConnectionResetError):
        Client(wire.hydra).get(
            "/policies?limit=0&offset=1", headers={"Authorization": f"bearer {wire.root}"}
        )


def test_the_id_in_the_path_counts_for_access(wire: Wire) -> None:
    app = wire.app(scope="hydra.policies", id="app")
    token = wire.client_token(app, "hydra.policies")
    wire.hydra.allow("app", resources="rn:hydra:policies:mine", actions="<.*>")
    denied = 500 if wire.is_0_9 else 403
    assert wire("PUT", "/policies/mine", json={**POLICY, "id": "mine"}, token=token).status == 200
    assert wire("PUT", "/policies/x", json={**POLICY, "id": "x"}, token=token).status == denied
    assert wire("GET", "/policies/mine", token=token).json["id"] == "mine"
    assert wire("GET", "/policies", token=token).status == denied
    assert wire("DELETE", "/policies/mine", token=token).status == 204


def test_deleting_needs_the_action_get(wire: Wire) -> None:
    app = wire.app(scope="hydra.policies", id="app")
    token = wire.client_token(app, "hydra.policies")
    wire.hydra.allow("app", resources="rn:hydra:policies:<.*>", actions="delete")
    assert wire("DELETE", "/policies/x", token=token).status == (500 if wire.is_0_9 else 403)
    wire.hydra.allow("app", resources="rn:hydra:policies:<.*>", actions="get")
    assert wire("DELETE", "/policies/x", token=token).status == 204


def test_a_policy_that_denies_root_locks_everyone_out(wire: Wire) -> None:
    members = {**POLICY, "effect": "deny", "subjects": ["<.*>"], "resources": ["<.*>"]}
    assert wire.admin("POST", "/policies", {**members, "actions": ["<.*>"]}).status == 201
    text = "The request is not allowed" if wire.is_0_9 else "request_forbidden"
    denied = (500 if wire.is_0_9 else 403), f"Request was denied by default: {text}"
    assert wire.admin("GET", "/policies").message == denied


def test_without_the_default_policy_root_is_like_any_client(wire: Wire) -> None:
    assert wire.admin("DELETE", "/policies/default-admin-policy").status == 204
    assert wire.admin("GET", "/policies").status == (500 if wire.is_0_9 else 403)
    wire.hydra.allow(ROOT[0])
    (policy,) = wire.admin("GET", "/policies").json
    assert (policy["subjects"], policy["resources"]) == ([ROOT[0]], ["rn:hydra:<.*>"])
    assert len(policy["id"]) == 36


def test_a_request_id_in_errors(sql: Wire) -> None:
    response = sql.admin("GET", "/policies/x", headers={"X-Request-ID": "r"})
    assert list(response.json["error"].items()) == [
        ("code", 404),
        ("status", "Not Found"),
        ("request", "r"),
        ("reason", "The requested resource could not be found."),
        ("message", "sql: no rows in result set"),
    ]
    response = sql.admin("PUT", "/policies/x", {"id": "y"}, headers={"X-Request-ID": "r"})
    assert response.status == 400
    assert list(response.json["error"]) == ["code", "request", "message"]
    assert response.json["error"]["code"] == 500


def test_access_is_checked_before_the_body(wire: Wire) -> None:
    for method, path in (("POST", "/policies"), ("PUT", "/policies/x")):
        assert wire(method, path, "{").message[1] != "unexpected EOF"
        assert wire.admin(method, path, headers={}).message == (500, "EOF")
