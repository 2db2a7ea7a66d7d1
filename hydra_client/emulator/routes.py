"""Which path leads where, and what happens to a path that leads nowhere.

The redirects are those of the server's router: first a slash more or less, then the path cleaned
and compared in any case of letters. It knows no OPTIONS and no HEAD.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed, NotFound

from hydra_client.emulator.endpoints import authorization as authorization_endpoint
from hydra_client.emulator.endpoints import clients as client_endpoints
from hydra_client.emulator.endpoints import consent as consent_endpoints
from hydra_client.emulator.endpoints import discovery, introspection
from hydra_client.emulator.endpoints import token as token_endpoint
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import GoUrlError, Request, clean_path, escape_path
from hydra_client.emulator.responses import TEXT, Answer, admin_error, go_redirect, plain_error
from hydra_client.emulator.state import State

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

Endpoint = Callable[[State, Request, str], Answer]

_CONSENT = "/oauth2/consent/requests/<id>"
_ROUTES: list[tuple[str, str, Endpoint]] = [
    ("POST", "/clients", client_endpoints.create),
    ("GET", "/clients", client_endpoints.list_all),
    ("GET", "/clients/<id>", client_endpoints.get),
    ("PUT", "/clients/<id>", client_endpoints.update),
    ("DELETE", "/clients/<id>", client_endpoints.delete),
    ("GET", _CONSENT, consent_endpoints.get),
    ("PATCH", f"{_CONSENT}/accept", consent_endpoints.accept),
    ("PATCH", f"{_CONSENT}/reject", consent_endpoints.reject),
    ("GET", "/oauth2/auth", authorization_endpoint.authorize),
    ("POST", "/oauth2/auth", authorization_endpoint.authorize),
    ("POST", "/oauth2/token", token_endpoint.token),
    ("POST", "/oauth2/introspect", introspection.introspect),
    ("POST", "/oauth2/revoke", introspection.revoke),
    ("GET", "/.well-known/openid-configuration", discovery.well_known),
    ("GET", "/.well-known/jwks.json", discovery.keys),
    ("GET", "/health/status", discovery.health),
]
_ROUTES_OF_0_10: list[tuple[str, str, Endpoint]] = [
    ("GET", "/userinfo", discovery.userinfo),
    ("POST", "/userinfo", discovery.userinfo),
]


class Router:
    """The routes of one version."""

    def __init__(self, is_0_9: bool) -> None:
        self._routes = _ROUTES if is_0_9 else _ROUTES + _ROUTES_OF_0_10

    @cached_property
    def _map(self) -> MapAdapter:
        # Compiled for the first request: a server is ready sooner without it.
        from werkzeug.routing import Map, Rule

        # The router takes an empty id where the path goes on.
        rules = [
            Rule(
                path.replace("<id>/", "<string(minlength=0):id>/"),
                methods=[method],
                endpoint=endpoint,
            )
            for method, path, endpoint in self._routes
        ]
        return Map(rules, merge_slashes=False).bind("hydra")

    def answer(self, state: State, request: Request) -> Answer:
        """Let the endpoint answer, under the lock, or say why there is none."""
        try:
            path = request.path
        except GoUrlError:
            return Answer(400, [("Content-Type", TEXT)], b"400 Bad Request")
        found = self._find(request.method, path)
        if found is None:
            return self._misdirected(request, path)
        endpoint, argument = found
        with state.lock:
            try:
                return endpoint(state, request, argument)
            except HydraError as error:
                return admin_error(error, state.variant, request)

    def _is_root_of(self, method: str, cleaned: str) -> bool:
        """Whether the router takes `/` for a path of this method that lacks nothing but its end.

        It does where all paths of the method begin with the same segments.
        """
        paths = [route.partition("<")[0] for other, route, _ in self._routes if other == method]
        return cleaned == "/" and all(path[:2] == paths[0][:2] for path in paths)

    def _find(self, method: str, path: str) -> tuple[Endpoint, str] | None:
        # Werkzeug adds HEAD to every GET and forgives slashes in front; the router does neither.
        if method == "HEAD" or method != method.upper() or path.startswith("//"):
            return None
        try:
            endpoint, arguments = self._map.match(path, method)
        except (NotFound, MethodNotAllowed):
            return None
        return endpoint, arguments.get("id", "")

    def _misdirected(self, request: Request, path: str) -> Answer:
        knows_method = any(method == request.method for method, _, _ in self._routes)
        better = self._better_path(request.method, path) if knows_method and path != "/" else None
        if knows_method and path != "/" and self._is_root_of(request.method, clean_path(path)):
            better = "/"
        if better is not None:
            location = escape_path(clean_path(better))  # `http.Redirect` cleans it, too
            if request.raw_query:
                location = f"{location}?{request.raw_query}"
            return go_redirect(request, location, 301 if request.method == "GET" else 307)
        others = {method for method, _, _ in self._routes} - {request.method}
        if any(self._find(method, path) for method in others):
            return plain_error(405, "Method Not Allowed")
        return plain_error(404, "404 page not found")

    def _better_path(self, method: str, path: str) -> str | None:
        toggled = path[:-1] if path.endswith("/") else f"{path}/"
        # Where an id is due, a second slash is one too many.
        if self._find(method, f"{toggled}x" if path.endswith("//") else toggled):
            return toggled
        cleaned = clean_path(path)
        for candidate in (cleaned, cleaned.rstrip("/")):
            for route_method, route, _ in self._routes:
                if route_method == method and (same := _in_case_of(route, candidate)):
                    return same
        return None


def _in_case_of(route: str, path: str) -> str | None:
    """The path with the letters of the route, where they differ in nothing but case."""
    ours, theirs = route.split("/"), path.split("/")
    if len(ours) != len(theirs):
        return None
    parts = []
    for our, their in zip(ours, theirs, strict=True):
        if our == "<id>" and their:
            parts.append(their)
        elif our.lower() == their.lower():
            parts.append(our)
        else:
            return None
    return "/".join(parts)
