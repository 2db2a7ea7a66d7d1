"""Routes requests to endpoints, with the redirects of Hydra's router (httprouter).

For an unknown path, the router tries it with the trailing slash added or removed, and then cleaned
and in any case. It does not handle OPTIONS and HEAD.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed, NotFound

from hydra_client.emulator.endpoints import (
    authorization,
    clients,
    consent,
    discovery,
    groups,
    health,
    introspection,
    keys,
    policies,
    token,
    warden,
)
from hydra_client.emulator.errors import GoPanicError, HydraError, PlainError
from hydra_client.emulator.go.http import GoUrlError, Request, clean_path, escape_path
from hydra_client.emulator.go.json import GoJsonError
from hydra_client.emulator.go.regexp import MatchLimitError
from hydra_client.emulator.responses import TEXT, Response, admin_error, go_redirect, plain_error
from hydra_client.emulator.state import State

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

Endpoint = Callable[..., Response]
"""Called with the state, the request, and the ids in the path."""

_CONSENT = "/oauth2/consent/requests/<id>"
_ROUTES: list[tuple[str, str, Endpoint]] = [
    ("POST", "/clients", clients.create),
    ("GET", "/clients", clients.list_all),
    ("GET", "/clients/<id>", clients.get),
    ("PUT", "/clients/<id>", clients.update),
    ("DELETE", "/clients/<id>", clients.delete),
    ("GET", _CONSENT, consent.get),
    ("PATCH", f"{_CONSENT}/accept", consent.accept),
    ("PATCH", f"{_CONSENT}/reject", consent.reject),
    ("GET", "/oauth2/auth", authorization.authorize),
    ("POST", "/oauth2/auth", authorization.authorize),
    ("POST", "/oauth2/token", token.token),
    ("POST", "/oauth2/introspect", introspection.introspect),
    ("POST", "/oauth2/revoke", introspection.revoke),
    ("GET", "/.well-known/openid-configuration", discovery.well_known),
    ("GET", "/.well-known/jwks.json", keys.well_known),
    ("GET", "/health/status", health.status),
    ("GET", "/health/metrics", health.metrics),
    ("GET", "/policies", policies.list_all),
    ("POST", "/policies", policies.create),
    ("GET", "/policies/<id>", policies.get),
    ("PUT", "/policies/<id>", policies.update),
    ("DELETE", "/policies/<id>", policies.delete),
    ("POST", "/warden/allowed", warden.allowed),
    ("POST", "/warden/token/allowed", warden.token_allowed),
    ("GET", "/warden/groups", groups.find),
    ("POST", "/warden/groups", groups.create),
    ("GET", "/warden/groups/<id>", groups.get),
    ("DELETE", "/warden/groups/<id>", groups.delete),
    ("POST", "/warden/groups/<id>/members", groups.add_members),
    ("DELETE", "/warden/groups/<id>/members", groups.remove_members),
    ("GET", "/keys/<set>", keys.get_set),
    ("POST", "/keys/<set>", keys.create_set),
    ("PUT", "/keys/<set>", keys.update_set),
    ("DELETE", "/keys/<set>", keys.delete_set),
    ("GET", "/keys/<set>/<kid>", keys.get_key),
    ("PUT", "/keys/<set>/<kid>", keys.update_key),
    ("DELETE", "/keys/<set>/<kid>", keys.delete_key),
]
_ROUTES_OF_0_10: list[tuple[str, str, Endpoint]] = [
    ("GET", "/userinfo", discovery.userinfo),
    ("POST", "/userinfo", discovery.userinfo),
]


# Hydra's router accepts an empty id in the middle of a path.
_ID_WITHIN = re.compile(r"<(\w+)>/")


class Router:
    """The router of one version of Hydra."""

    def __init__(self, is_0_9: bool) -> None:
        self._routes = _ROUTES if is_0_9 else _ROUTES + _ROUTES_OF_0_10

    @cached_property
    def _map(self) -> MapAdapter:
        # Built on the first request, so that servers start faster.
        from werkzeug.routing import Map, Rule

        rules = [
            Rule(
                _ID_WITHIN.sub(r"<string(minlength=0):\1>/", path),
                methods=[method],
                endpoint=endpoint,
            )
            for method, path, endpoint in self._routes
        ]
        return Map(rules, merge_slashes=False).bind("hydra")

    def handle(self, state: State, request: Request) -> Response:
        """Call the endpoint, holding the lock; redirect or return an error if there is none."""
        try:
            path = request.path
        except GoUrlError:
            return Response(400, [("Content-Type", TEXT)], b"400 Bad Request")
        match = self._find(request.method, path)
        if match is None:
            return self._not_found(request, path)
        endpoint, ids = match
        with state.lock:
            try:
                return endpoint(state, request, *ids)
            except GoJsonError as error:
                return admin_error(PlainError(str(error)), state.variant, request)
            except HydraError as error:
                return admin_error(error, state.variant, request)
            except GoPanicError:
                return Response(0, reset=True)
            except MatchLimitError as error:
                text = f"The emulator cannot evaluate a policy that Hydra can evaluate: {error}"
                return plain_error(500, text)

    def _find(self, method: str, path: str) -> tuple[Endpoint, list[str]] | None:
        # Werkzeug adds HEAD to every GET and ignores leading slashes; Hydra's router does not.
        if method == "HEAD" or method != method.upper() or path.startswith("//"):
            return None
        try:
            endpoint, arguments = self._map.match(path, method)
        except (NotFound, MethodNotAllowed):
            return None
        return endpoint, list(arguments.values())

    def _not_found(self, request: Request, path: str) -> Response:
        better = self._better_path(request.method, path)
        if better is not None:
            location = escape_path(clean_path(better))  # `http.Redirect` cleans it again
            if request.raw_query:
                location = f"{location}?{request.raw_query}"
            return go_redirect(request, location, 301 if request.method == "GET" else 307)
        others = {method for method, _, _ in self._routes} - {request.method}
        if any(self._find(method, path) for method in others):
            return plain_error(405, "Method Not Allowed")
        return plain_error(404, "404 page not found")

    def _better_path(self, method: str, path: str) -> str | None:
        """Return the path that Hydra's router redirects to, or None."""
        routes = [route for other, route, _ in self._routes if other == method]
        if not routes or path == "/":
            return None
        cleaned = clean_path(path)
        # If all routes of a method begin with the same letter, the router redirects to `/`.
        if cleaned == "/" and all(route[:2] == routes[0][:2] for route in routes):
            return "/"
        toggled = path[:-1] if path.endswith("/") else f"{path}/"
        # Before an id, a second slash is superfluous.
        if self._find(method, f"{toggled}x" if path.endswith("//") else toggled):
            return toggled
        for candidate in (cleaned, cleaned.rstrip("/")):
            for route in routes:
                if restored := _restore_case(route, candidate):
                    return restored
        return None


def _restore_case(route: str, path: str) -> str | None:
    """Return the path in the case of the route, or None if they differ in more than case."""
    expected, actual = route.split("/"), path.split("/")
    if len(expected) != len(actual):
        return None
    segments = zip(expected, actual, strict=True)
    restored = "/".join(have or want if want.startswith("<") else want for want, have in segments)
    return restored if restored.lower() == path.lower() else None
