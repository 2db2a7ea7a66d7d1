"""Paths that the router redirects or rejects."""

from __future__ import annotations

import pytest
from support.emulator import Wire, make_wire

from hydra_client.emulator.go.http import Request

NOT_FOUND = (404, "404 page not found\n")


NOT_ALLOWED = (405, "Method Not Allowed\n")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
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
        ("GET", "/keys", NOT_FOUND),
        ("GET", "/keys/a/b/c", NOT_FOUND),
        ("PATCH", "/keys/a/b", NOT_ALLOWED),
        ("POST", "/keys/a/b", NOT_ALLOWED),
        ("GET", "/warden/allowed", NOT_ALLOWED),
        ("GET", "/warden/groups/a/members", NOT_ALLOWED),
        ("PUT", "/warden/groups/a", NOT_ALLOWED),
        ("PATCH", "/policies/a", NOT_ALLOWED),
        ("GET", "/health/stats", NOT_FOUND),
        ("GET", "/version", NOT_FOUND),
    ],
)
def test_unknown_paths_and_methods(
    wire: Wire, method: str, path: str, expected: tuple[int, str]
) -> None:
    response = wire(method, path)
    if method == "OPTIONS" and not wire.is_0_9:
        assert (response.status, response.text) == (200, "")  # a CORS preflight
        return
    assert (response.status, response.text) == expected
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Allow" not in response.headers


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
        ("GET", "/policies/", "/policies"),
        ("GET", "/Keys/Aa/Bb", "/keys/Aa/Bb"),
        ("POST", "/warden/groups/a/members/", "/warden/groups/a/members"),
        ("DELETE", "/WARDEN/groups/Aa/MEMBERS", "/warden/groups/Aa/members"),
    ],
)
def test_redirects_to_a_better_path(wire: Wire, method: str, path: str, location: str) -> None:
    response = wire(method, path)
    assert response.location == location
    if method == "GET":
        assert response.status == 301
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        escaped = location.replace("&", "&amp;")
        assert response.text == f'<a href="{escaped}">Moved Permanently</a>.\n\n'
    else:
        assert (response.status, response.text) == (307, "")
        assert "Content-Type" not in response.headers


def test_a_path_with_an_invalid_escape() -> None:
    response = make_wire()("GET", "/clients/%zz")
    assert (response.status, response.text) == (400, "400 Bad Request")


def test_redirects_to_the_root(wire: Wire) -> None:
    """The router does this if all paths of the method begin with the same letter."""
    response = wire("PATCH", "/clients/..")
    assert (response.status, response.headers["Location"]) == (307, "/")
    assert wire("PATCH", "/").status == 404
    assert wire("GET", "/nowhere/..").status == 404


def test_the_same_request_twice(memory: Wire) -> None:
    headers = {"authorization": f"bearer {memory.root}"}
    request = Request("POST", "/clients", headers, b'{"id": "x", "client_secret": "short"}')
    first, second = memory.hydra.handle(request), memory.hydra.handle(request)
    assert first == second
    assert first.body.count(b"at least 6 characters") == 1
