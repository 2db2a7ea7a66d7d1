"""Access to the admin endpoints, and concurrent requests."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from support.emulator import (
    ROOT,
    SCOPES,
    Wire,
    connect,
    make_wire,
)

from hydra_client.emulator import HydraEmulator

UNAUTHORIZED = {
    "code": 401,
    "status": "Unauthorized",
    "reason": "Check that you provided valid credentials in the right format.",
    "message": "request_unauthorized",
}


FORBIDDEN = {
    "code": 403,
    "status": "Forbidden",
    "reason": "You are not allowed to perform this action.",
    "message": "Request was denied by default: request_forbidden",
}


EXPIRED = {
    "code": 401,
    "status": "Unauthorized",
    "reason": "The token expired.",
    "message": "token_expired",
}


ADMIN = [
    ("GET", "/clients"),
    ("POST", "/clients"),
    ("GET", "/oauth2/consent/requests/x"),
    ("PATCH", "/oauth2/consent/requests/x/accept"),
    ("PATCH", "/oauth2/consent/requests/x/reject"),
    ("PATCH", "/oauth2/consent/requests//accept"),
    ("GET", "/policies"),
    ("POST", "/policies"),
    ("GET", "/policies/x"),
    ("PUT", "/policies/x"),
    ("DELETE", "/policies/x"),
    ("POST", "/warden/allowed"),
    ("POST", "/warden/token/allowed"),
    ("GET", "/warden/groups?member=x"),
    ("POST", "/warden/groups"),
    ("DELETE", "/warden/groups/x"),
    ("POST", "/warden/groups/x/members"),
    ("DELETE", "/warden/groups/x/members"),
    ("POST", "/keys/x"),
    ("PUT", "/keys/x"),
    ("DELETE", "/keys/x"),
    ("DELETE", "/keys/x/y"),
    ("GET", "/keys/hydra.openid.id-token"),
    ("GET", "/health/metrics"),
]


def error(wire: Wire, token: str | None, method: str = "GET", path: str = "/clients") -> object:
    response = wire(method, path, "{}", token=token)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.endswith("}\n")
    assert response.json["error"]["code"] == response.status
    return response.json["error"]


def of_0_9(text: str) -> dict[str, object]:
    return {"code": 500, "message": text}


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_missing_and_unknown_tokens(wire: Wire, method: str, path: str) -> None:
    expected = (
        of_0_9("A validator returned an error: The request could not be authorized")
        if wire.is_0_9
        else UNAUTHORIZED
    )
    for token in (None, "", "nope", "no.pe", "a.b.c", "."):
        assert error(wire, token, method, path) == expected


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_a_token_without_the_scope(wire: Wire, method: str, path: str) -> None:
    expected = (
        of_0_9(
            "A validator returned an error: The requested scope is invalid, unknown, or malformed"
        )
        if wire.is_0_9
        else {"code": 400, "status": "Bad Request", "message": "invalid_scope"}
    )
    assert error(wire, wire.client_token(ROOT, "hydra"), method, path) == expected


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_a_client_without_a_policy(wire: Wire, method: str, path: str) -> None:
    app = wire.app(scope="hydra.*")
    expected = (
        of_0_9("Request was denied by default: The request is not allowed")
        if wire.is_0_9
        else FORBIDDEN
    )
    token = wire.client_token(app, SCOPES.removesuffix(" hydra"))
    assert error(wire, token, method, path) == expected


def test_an_expired_token(wire: Wire) -> None:
    token = wire.root
    wire.hydra.clock.advance(3540)
    assert wire("GET", "/clients", token=token).status == 200
    wire.hydra.clock.advance(61)
    expected = of_0_9("A validator returned an error: Token expired") if wire.is_0_9 else EXPIRED
    assert error(wire, token) == expected


def test_a_token_with_a_changed_first_part(wire: Wire) -> None:
    token = wire.root
    changed = "!" * 43 + token[43:]
    if wire.is_0_9:
        assert error(wire, changed) == of_0_9(
            "A validator returned an error: Token signature mismatch"
        )
    else:
        assert error(wire, changed) == {
            "code": 400,
            "status": "Bad Request",
            "reason": "Check that you provided  a valid token in the right format.",
            "message": "token_signature_mismatch",
        }


def test_two_spaces_after_bearer(wire: Wire) -> None:
    response = wire("GET", "/clients", headers={"authorization": f"Bearer  {wire.root}"})
    message = "illegal base64 data at input byte 0" if wire.is_0_9 else "error"
    assert (response.status, response.json["error"]["message"]) == (500, message)
    unknown = wire("GET", "/clients", headers={"authorization": "Bearer  a.b"})
    assert unknown.status == (500 if wire.is_0_9 else 401)


def test_a_token_in_the_query(wire: Wire) -> None:
    assert wire("GET", f"/clients?access_token={wire.root}").status == 200


def test_policies_for_other_clients(wire: Wire) -> None:
    app = wire.app(id="app", scope="hydra.*")
    token = wire.client_token(app, "hydra.clients")
    wire.create(id="mine")
    wire.hydra.allow("app", resources="rn:hydra:clients:<mi.+>", actions=["get", "delete"])
    assert wire("GET", "/clients/mine", token=token).status == 200
    assert wire("GET", "/clients/app", token=token).status == (500 if wire.is_0_9 else 403)
    assert wire("PUT", "/clients/mine", "{}", token=token).status == (500 if wire.is_0_9 else 403)
    assert wire("DELETE", "/clients/mine", token=token).status == 204
    wire.hydra.allow("<a.*>")
    assert wire("GET", "/clients", token=token).status == 200


def test_another_root_client() -> None:
    wire = make_wire(root=("boss", "another-secret"))
    assert wire.grant(ROOT, grant_type="client_credentials").json["error"] == "invalid_client"
    assert wire.client_token(("boss", "another-secret"), SCOPES)


def verify(token: str, key: dict[str, str]) -> None:
    options: Any = {"verify_aud": False, "verify_iat": False}
    jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], options=options)


def signing_key(wire: Wire) -> dict[str, str]:
    """Return the key that verifies a new ID token: the one that JWKS shows, or the first one."""
    token = wire.tokens(wire.app())["id_token"]
    (key,) = wire.admin("GET", "/.well-known/jwks.json").json["keys"]
    verify(token, key)
    return dict(key)


def test_a_rotation_needs_a_restart(sql: Wire) -> None:
    path = "/keys/hydra.openid.id-token"
    old = signing_key(sql)
    assert sql.admin("DELETE", path).status == 204
    assert sql.admin("GET", "/.well-known/jwks.json").status == 404
    assert sql.admin("POST", path, {"alg": "RS256", "kid": ""}).status == 201
    (new,) = sql.admin("GET", "/.well-known/jwks.json").json["keys"]
    assert (new["kid"], old["kid"]) == ("public", "public")
    assert new["n"] != old["n"]
    token = sql.tokens(sql.app())["id_token"]
    verify(token, old)
    with pytest.raises(jwt.InvalidSignatureError):
        signing_key(sql)
    sql.hydra.restart()
    assert signing_key(sql) == new


def test_a_restart_makes_a_missing_key(sql: Wire) -> None:
    old = signing_key(sql)
    sql.admin("DELETE", "/keys/hydra.openid.id-token")
    sql.hydra.restart()
    new = signing_key(sql)
    assert new["n"] != old["n"]
    assert new["use"] == "sig"


def test_a_restart_that_fails(sql: Wire) -> None:
    path = "/keys/hydra.openid.id-token"
    sql.admin("DELETE", f"{path}/private")
    with pytest.raises(RuntimeError, match="Hydra would not start: pq: duplicate key"):
        sql.hydra.restart()
    sql.admin("PUT", path, {"keys": [{"kty": "oct", "kid": "private", "k": "AQ"}]})
    with pytest.raises(RuntimeError, match="'private' is not a private RSA key"):
        sql.hydra.restart()


def test_the_memory_store_forgets_everything_at_a_restart(memory: Wire) -> None:
    old = signing_key(memory)
    memory.create(id="x")
    memory.hydra.allow("x")
    memory.admin("POST", "/warden/groups", {"id": "g", "members": ["x"]})
    token = memory.root
    memory.hydra.clock.advance(7)
    requests = len(memory.hydra.requests)
    memory.hydra.restart()
    assert len(memory.hydra.requests) == requests
    assert memory("GET", "/clients", token=token).status == (500 if memory.is_0_9 else 401)
    memory.forget_root()
    assert len(memory.admin("GET", "/clients").json) == 1
    assert len(memory.admin("GET", "/policies").json) == 1
    assert memory.admin("GET", "/warden/groups?member=x").json == []
    assert signing_key(memory)["n"] != old["n"]
    memory.hydra.reset()
    memory.forget_root()
    assert signing_key(memory) == old


def test_the_sql_store_keeps_everything_at_a_restart(sql: Wire) -> None:
    old = signing_key(sql)
    app = sql.app()
    sql.hydra.allow("x")
    sql.admin("POST", "/warden/groups", {"id": "g", "members": ["x"]})
    code = sql.code(app)
    pending = sql.start(app)[0]
    sql.hydra.restart()
    assert signing_key(sql) == old
    assert sql.redeem(app, code).status == 200
    assert len(sql.admin("GET", "/policies").json) == 2
    assert sql.admin("GET", "/warden/groups/g").status == 200
    # 0.9 keeps consent requests in memory, whatever the store.
    response = sql.admin("GET", f"/oauth2/consent/requests/{pending}")
    assert response.status == (404 if sql.is_0_9 else 200)


def test_a_restart_without_any_client_makes_a_root_client(sql: Wire) -> None:
    sql.admin("POST", "/policies", {"id": "other", "effect": "deny"})
    sql.admin("DELETE", "/policies/default-admin-policy")
    token = sql.client_token(ROOT, SCOPES)
    sql.hydra.allow(ROOT[0])
    assert sql("DELETE", "/clients/admin", token=token).status == 204
    sql.hydra.restart()
    sql.forget_root()
    policies = {policy["id"] for policy in sql.admin("GET", "/policies").json}
    assert {"other", "default-admin-policy"} < policies
    assert [client["id"] for client in sql.admin("GET", "/clients").json] == ["admin"]


THREADS = 32


def concurrently(work: Any) -> list[Any]:
    """Run the function in many threads that start at the same time."""
    start = threading.Barrier(THREADS)

    def worker(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(worker, range(THREADS)))


@pytest.mark.parametrize("store", ["memory", "sql"])
def test_concurrent_requests(store: str) -> None:
    with HydraEmulator(store=store) as hydra:
        wire = Wire(hydra)
        headers = {"Authorization": f"bearer {wire.root}"}

        def work(number: int) -> list[int]:
            connection = connect(hydra)
            statuses = []
            for step in range(8):
                id = f"{number}-{step}"
                for method, path, body in (
                    ("POST", "/clients", json.dumps({"id": id})),
                    ("PUT", f"/clients/{id}", json.dumps({"client_name": id})),
                    ("GET", f"/clients/{id}", None),
                    ("DELETE" if step % 2 else "GET", f"/clients/{id}", None),
                ):
                    connection.request(method, path, body, headers)
                    response = connection.getresponse()
                    response.read()
                    statuses.append(response.status)
            connection.close()
            return statuses

        for statuses in concurrently(work):
            assert statuses == [201, 201, 200, 200, 201, 201, 200, 204] * 4
        listed = wire.admin("GET", "/clients").json
        assert len(listed) == THREADS * 4 + 1
        assert all(client["client_name"] for client in listed)


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_concurrent_use_of_a_code_and_of_a_refresh_token(version: str) -> None:
    with HydraEmulator(version) as hydra:
        wire = make_wire(version)
        wire.hydra, wire._token = hydra, None
        hydra.consent_url = "http://127.0.0.1:4900/consent"
        app = wire.app()
        code = wire.code(app)
        responses = concurrently(lambda _: wire.redeem(app, code))
        won = [response for response in responses if response.status == 200]
        assert len(won) == 1
        refresh = won[0].json["refresh_token"]
        refreshed = concurrently(lambda _: wire.refresh(app, refresh))
        assert sum(response.status == 200 for response in refreshed) == 1
        assert all(response.status in (200, 400, 403) for response in responses + refreshed)


def test_concurrent_creation_with_the_same_id() -> None:
    wire = make_wire(store="sql")
    token = wire.client_token(ROOT, SCOPES)
    responses = concurrently(lambda _: wire("POST", "/clients", json={"id": "x"}, token=token))
    assert sorted(response.status for response in responses) == [201] + [500] * (THREADS - 1)
