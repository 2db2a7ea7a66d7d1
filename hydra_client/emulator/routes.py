"""Routes requests to endpoints, with the redirects of Hydra's router (httprouter).

For an unknown path, the router tries it with the trailing slash added or removed, and then cleaned
and in any case. It does not handle OPTIONS and HEAD.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

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
from hydra_client.emulator.errors import GoPanicError, HydraError
from hydra_client.emulator.go.http import GoUrlError, Request, clean_path, escape_path
from hydra_client.emulator.go.regexp import MatchLimitError
from hydra_client.emulator.responses import TEXT, Response, admin_error, go_redirect, plain_error
from hydra_client.emulator.state import State

Endpoint = Callable[..., Response]
"""Called with the state, the request, and the ids in the path."""
Routes = Mapping[str, Mapping[str, Endpoint]]
"""Endpoints by path and method."""

_CONSENT = "/oauth2/consent/requests/<id>"
_ROUTES: Routes = {
    "/clients": {"GET": clients.list_all, "POST": clients.create},
    "/clients/<id>": {"GET": clients.get, "PUT": clients.update, "DELETE": clients.delete},
    _CONSENT: {"GET": consent.get},
    f"{_CONSENT}/accept": {"PATCH": consent.accept},
    f"{_CONSENT}/reject": {"PATCH": consent.reject},
    "/oauth2/auth": {"GET": authorization.authorize, "POST": authorization.authorize},
    "/oauth2/token": {"POST": token.token},
    "/oauth2/introspect": {"POST": introspection.introspect},
    "/oauth2/revoke": {"POST": introspection.revoke},
    "/.well-known/openid-configuration": {"GET": discovery.well_known},
    "/.well-known/jwks.json": {"GET": keys.well_known},
    "/health/status": {"GET": health.status},
    "/health/metrics": {"GET": health.metrics},
    "/policies": {"GET": policies.list_all, "POST": policies.create},
    "/policies/<id>": {"GET": policies.get, "PUT": policies.update, "DELETE": policies.delete},
    "/warden/allowed": {"POST": warden.allowed},
    "/warden/token/allowed": {"POST": warden.token_allowed},
    "/warden/groups": {"GET": groups.find, "POST": groups.create},
    "/warden/groups/<id>": {"GET": groups.get, "DELETE": groups.delete},
    "/warden/groups/<id>/members": {"POST": groups.add_members, "DELETE": groups.remove_members},
    "/keys/<set>": {
        "GET": keys.get_set,
        "POST": keys.create_set,
        "PUT": keys.update_set,
        "DELETE": keys.delete_set,
    },
    "/keys/<set>/<kid>": {"GET": keys.get_key, "PUT": keys.update_key, "DELETE": keys.delete_key},
}
_ROUTES_OF_0_10: Routes = {
    **_ROUTES,
    "/userinfo": {"GET": discovery.userinfo, "POST": discovery.userinfo},
}
# Hydra's router accepts an empty id in the middle of a path, but not at its end.
_PATTERNS = {
    route: re.compile(re.sub("<[a-z]+>", "([^/]*)", re.escape(route)) + "(?<!/)")
    for route in _ROUTES_OF_0_10
}


def handle(state: State, request: Request) -> Response:
    """Call the endpoint, holding the lock; redirect or return an error if there is none."""
    try:
        path = request.path
    except GoUrlError:
        return Response(400, [("Content-Type", TEXT)], b"400 Bad Request")
    routes = _ROUTES if state.variant.is_0_9 else _ROUTES_OF_0_10
    endpoints, ids = _find(routes, path)
    endpoint = endpoints.get(request.method)
    if endpoint is None:
        return _not_found(routes, request, path)
    with state.lock:
        request.reported.clear()  # a test may send a request twice
        try:
            response = endpoint(state, request, *ids)
        except HydraError as error:
            response = admin_error(error, state.variant, request)
        except GoPanicError:
            response = Response(0, reset=True)
        except MatchLimitError as error:
            text = f"The emulator cannot evaluate a policy that Hydra can evaluate: {error}"
            response = plain_error(500, text)
    reported = [admin_error(error, state.variant, request) for error in request.reported]
    first, *others = *reported, response  # Go sends the status and the headers of the first one
    first.body += b"".join(other.body for other in others)
    return first


def _find(routes: Routes, path: str) -> tuple[Mapping[str, Endpoint], Sequence[str]]:
    """Return the endpoints of a path, by method, and the ids in it."""
    for route, endpoints in routes.items():
        match = _PATTERNS[route].fullmatch(path)
        if match is not None:
            return endpoints, match.groups()
    return {}, ()


def _not_found(routes: Routes, request: Request, path: str) -> Response:
    better = _better_path(routes, request.method, path)
    if better is not None:
        location = escape_path(clean_path(better))  # `http.Redirect` cleans it again
        if request.raw_query:
            location = f"{location}?{request.raw_query}"
        return go_redirect(request, location, 301 if request.method == "GET" else 307)
    if _find(routes, path)[0]:
        return plain_error(405, "Method Not Allowed")
    return plain_error(404, "404 page not found")


def _better_path(routes: Routes, method: str, path: str) -> str | None:
    """Return the path that Hydra's router redirects to, or None."""
    routes = {route: endpoints for route, endpoints in routes.items() if method in endpoints}
    if not routes or path == "/":
        return None
    cleaned = clean_path(path)
    # If all routes of a method begin with the same letter, the router redirects to `/`.
    if cleaned == "/" and len({route[:2] for route in routes}) == 1:
        return "/"
    toggled = path[:-1] if path.endswith("/") else f"{path}/"
    # Before an id, a second slash is superfluous.
    if _find(routes, f"{toggled}x" if path.endswith("//") else toggled)[0]:
        return toggled
    restored = (
        _restore_case(route, candidate)
        for candidate in (cleaned, cleaned.rstrip("/"))
        for route in routes
    )
    return next(filter(None, restored), None)


def _restore_case(route: str, path: str) -> str | None:
    """Return the path in the case of the route, or None if they differ in more than case."""
    if route.count("/") != path.count("/") or path.endswith("/"):
        return None
    segments = zip(route.split("/"), path.split("/"), strict=True)
    restored = "/".join(have if want.startswith("<") else want for want, have in segments)
    return restored if restored.lower() == path.lower() else None
