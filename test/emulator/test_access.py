"""Who may use the admin endpoints, and what the others are told."""

from __future__ import annotations

import pytest
from support.emulator import ROOT, SCOPES, Wire, make_wire

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
]


def told(wire: Wire, token: str | None, method: str = "GET", path: str = "/clients") -> object:
    reply = wire(method, path, "{}", token=token)
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.text.endswith("}\n")
    assert reply.json["error"]["code"] == reply.status
    return reply.json["error"]


def of_0_9(text: str) -> dict[str, object]:
    return {"code": 500, "message": text}


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_no_token_and_unknown_tokens(wire: Wire, method: str, path: str) -> None:
    expected = (
        of_0_9("A validator returned an error: The request could not be authorized")
        if wire.is_0_9
        else UNAUTHORIZED
    )
    for token in (None, "", "nope", "no.pe", "a.b.c", "."):
        assert told(wire, token, method, path) == expected


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_a_token_without_the_scope(wire: Wire, method: str, path: str) -> None:
    expected = (
        of_0_9(
            "A validator returned an error: The requested scope is invalid, unknown, or malformed"
        )
        if wire.is_0_9
        else {"code": 400, "status": "Bad Request", "message": "invalid_scope"}
    )
    assert told(wire, wire.client_token(ROOT, "hydra"), method, path) == expected


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_a_client_without_a_policy(wire: Wire, method: str, path: str) -> None:
    app = wire.app(scope="hydra.*")
    expected = (
        of_0_9("Request was denied by default: The request is not allowed")
        if wire.is_0_9
        else FORBIDDEN
    )
    token = wire.client_token(app, "hydra.clients hydra.consent")
    assert told(wire, token, method, path) == expected


def test_an_expired_token(wire: Wire) -> None:
    token = wire.root
    wire.hydra.clock.advance(3599)
    assert wire("GET", "/clients", token=token).status == 200
    wire.hydra.clock.advance(2)
    expected = of_0_9("A validator returned an error: Token expired") if wire.is_0_9 else EXPIRED
    assert told(wire, token) == expected


def test_a_token_whose_first_part_was_changed(wire: Wire) -> None:
    token = wire.root
    changed = "!" * 43 + token[43:]
    if wire.is_0_9:
        assert told(wire, changed) == of_0_9(
            "A validator returned an error: Token signature mismatch"
        )
    else:
        assert told(wire, changed) == {
            "code": 400,
            "status": "Bad Request",
            "reason": "Check that you provided  a valid token in the right format.",
            "message": "token_signature_mismatch",
        }


def test_the_request_id_comes_back(wire: Wire) -> None:
    reply = wire("GET", "/clients/nope", headers={"X-Request-ID": "abc"})
    assert reply.text == ('{"error":{"code":404,"request":"abc","message":": Not found"}}\n')
    denied = wire("GET", "/clients", headers={"X-Request-ID": "abc"})
    keys = ["code", "request", "message"]
    full = ["code", "status", "request", "reason", "message"]
    assert list(denied.json["error"]) == (keys if wire.is_0_9 else full)


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


def test_templates_match_from_end_to_end_and_quote_the_rest() -> None:
    from hydra_client.emulator.store.policies import matches

    assert matches("rn:hydra:clients:<[a-z]+|x<y>>", "rn:hydra:clients:abc")
    assert not matches("rn:hydra:clients", "rn:hydra:clients:abc")
    assert not matches("a.c", "abc")
    assert matches("<.*>", "")


@pytest.mark.parametrize("template", ["<a", "a>", "<a>>b<", "><"])
def test_a_template_that_is_none(template: str) -> None:
    with pytest.raises(ValueError, match="must have a matching"):
        make_wire().hydra.allow("x", resources=template)


def test_the_keys_are_denied_and_never_unauthorized(wire: Wire) -> None:
    expected = (
        of_0_9("Request was denied by default: The request is not allowed")
        if wire.is_0_9
        else FORBIDDEN
    )
    for token in (None, "nope", wire.client_token(ROOT, "hydra")):
        assert told(wire, token, path="/.well-known/jwks.json") == expected
    token = wire.root
    assert wire("GET", "/.well-known/jwks.json", token=token).status == 200
    wire.hydra.clock.advance(4000)
    assert told(wire, token, path="/.well-known/jwks.json") == expected


def test_the_keys_can_be_given_to_everybody(wire: Wire) -> None:
    wire.hydra.allow("", resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get")
    reply = wire("GET", "/.well-known/jwks.json")
    assert list(reply.json["keys"][0]) == ["use", "kty", "kid", "alg", "n", "e"]


def test_scopes_are_covered_segment_by_segment() -> None:
    from hydra_client.emulator.store.scopes import covers

    assert covers(["photos.*"], "photos.read")
    assert covers(["photos.*"], "photos.read.all")
    assert covers(["*"], "anything.at.all")
    assert covers(["a.*.c"], "a.b.c")
    assert not covers(["photos"], "photos.read")
    assert not covers(["photos.*"], "photos")
    assert not covers(["photos.*"], "photos.")
    assert not covers(["a.*.c"], "a.b.d")
    assert not covers(["a.*.c"], "a.b.c.d")
    assert not covers([""], "x")


def test_a_reset_forgets_policies_and_tokens(wire: Wire) -> None:
    wire.hydra.allow("app")
    token = wire.root
    wire.hydra.reset()
    assert wire("GET", "/clients", token=token).status == (500 if wire.is_0_9 else 401)
    wire.forget_root()
    assert wire("GET", "/clients", token=wire.client_token(ROOT, SCOPES)).status == 200
