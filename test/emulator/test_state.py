"""Access to the admin endpoints, and concurrent requests."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
    wire.hydra.clock.advance(3599)
    assert wire("GET", "/clients", token=token).status == 200
    wire.hydra.clock.advance(2)
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
