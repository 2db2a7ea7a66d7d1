"""Paths that lead nowhere, or somewhere else."""

from __future__ import annotations

import pytest
from support.emulator import Wire, make_wire

NOT_FOUND = (404, "404 page not found\n")
NOT_ALLOWED = (405, "Method Not Allowed\n")


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/", NOT_FOUND),
        ("GET", "/nope", NOT_FOUND),
        ("GET", "/clients/a/b", NOT_FOUND),
        ("GET", "/clients/x%2Fy", NOT_FOUND),
        ("DELETE", "/clients/", NOT_FOUND),
        ("DELETE", "/clients///", NOT_FOUND),
        ("DELETE", "/", NOT_FOUND),
        ("OPTIONS", "/nope", NOT_FOUND),
        ("POST", "/clients/tiny", NOT_ALLOWED),
        ("PATCH", "/clients/tiny", NOT_ALLOWED),
        ("PUT", "/clients", NOT_ALLOWED),
        ("HEAD", "/clients", NOT_ALLOWED),
        ("OPTIONS", "/clients", NOT_ALLOWED),
        ("BREW", "/clients", NOT_ALLOWED),
        ("GET", "/oauth2/token", NOT_ALLOWED),
        ("GET", "/oauth2/introspect", NOT_ALLOWED),
        ("GET", "/oauth2/revoke", NOT_ALLOWED),
        ("PUT", "/oauth2/auth", NOT_ALLOWED),
        ("POST", "/.well-known/jwks.json", NOT_ALLOWED),
        ("POST", "/oauth2/consent/requests/x", NOT_ALLOWED),
        ("GET", "/oauth2/consent/requests/x/accept", NOT_ALLOWED),
        ("PUT", "/oauth2/consent/requests/x/reject", NOT_ALLOWED),
        ("PATCH", "/oauth2/consent/requests/x", NOT_ALLOWED),
        ("POST", "/oauth2/consent/requests//accept", NOT_ALLOWED),
        ("PATCH", "/oauth2/consent/requests//", NOT_FOUND),
        ("GET", "/oauth2/consent/requests", NOT_FOUND),
    ],
)
def test_no_such_path_or_method(
    wire: Wire, method: str, path: str, answer: tuple[int, str]
) -> None:
    reply = wire(method, path)
    if method == "OPTIONS" and not wire.is_0_9:
        assert (reply.status, reply.text) == (200, "")  # by its CORS
        return
    assert (reply.status, reply.text) == answer
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Allow" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", "/clients/", "/clients"),
        ("GET", "/clients/a/", "/clients/a"),
        ("GET", "/clients/a%20b/", "/clients/a%20b"),
        ("GET", "/clients/?x=1&y=/", "/clients?x=1&y=/"),
        ("GET", "/CLIENTS", "/clients"),
        ("GET", "/Clients/Aa", "/clients/Aa"),
        ("GET", "/Clients/", "/clients"),
        ("GET", "//clients", "/clients"),
        ("GET", "/clients//", "/clients/"),
        ("PUT", "/clients//", "/clients/"),
        ("DELETE", "/clients//", "/clients/"),
        ("POST", "/clients//", "/clients"),
        ("GET", "/clients///", "/clients"),
        ("GET", "/clients/a//", "/clients/a"),
        ("GET", "/oauth2/consent/requests//", "/oauth2/consent/requests/"),
        ("GET", "/clients//a", "/clients/a"),
        ("GET", "/x/../clients", "/clients"),
        ("GET", "/.Well-Known/JWKS.json", "/.well-known/jwks.json"),
        ("GET", "/oauth2/auth/?state=1", "/oauth2/auth?state=1"),
        ("POST", "/oauth2/token/", "/oauth2/token"),
        ("POST", "/clients/", "/clients"),
        ("PATCH", "/oauth2/consent/requests/x/accept/", "/oauth2/consent/requests/x/accept"),
        ("PATCH", "/oauth2/consent/requests//accept/", "/oauth2/consent/requests/accept"),
        ("GET", "/oauth2/consent/requests//accept", "/oauth2/consent/requests/accept"),
        ("GET", "/clients/../", "/"),
    ],
)
def test_a_better_path(wire: Wire, method: str, path: str, location: str) -> None:
    reply = wire(method, path)
    assert reply.location == location
    if method == "GET":
        assert reply.status == 301
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        escaped = location.replace("&", "&amp;")
        assert reply.text == f'<a href="{escaped}">Moved Permanently</a>.\n\n'
    else:
        assert (reply.status, reply.text) == (307, "")
        assert "Content-Type" not in reply.headers


def test_a_path_with_a_bad_escape_is_no_path() -> None:
    reply = make_wire()("GET", "/clients/%zz")
    assert (reply.status, reply.text) == (400, "400 Bad Request")


def test_health_needs_no_token(wire: Wire) -> None:
    reply = wire("GET", "/health/status")
    assert (reply.status, reply.text) == (200, '{"status": "ok"}')
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_userinfo_is_new_in_0_10() -> None:
    assert make_wire("0.9")("GET", "/userinfo").status == 404
    assert make_wire("0.10")("GET", "/userinfo").status == 401
    assert make_wire("0.10")("PUT", "/userinfo").status == 405
