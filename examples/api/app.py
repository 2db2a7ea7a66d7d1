"""An API that wants access tokens (a resource server), written with Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, abort, jsonify, request

from hydra_client import HydraException

if TYPE_CHECKING:
    from hydra_client import OAuth2Api, OAuth2TokenIntrospection


def create_app(api: OAuth2Api) -> Flask:
    """Create the app. `api` may introspect tokens: scope `hydra.introspect`."""
    app = Flask(__name__)
    photos: dict[str, list[str]] = {}

    def check(scope: str) -> OAuth2TokenIntrospection:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            found = api.introspect_oauth2_token(token) if token else None
        except HydraException:
            abort(503)
        if not found or not found.active:
            abort(Response(status=401, headers={"WWW-Authenticate": "Bearer"}))
        if scope not in (found.scope or "").split():
            error = 'Bearer error="insufficient_scope"'
            abort(Response(status=403, headers={"WWW-Authenticate": error}))
        return found

    def photos_of(token: OAuth2TokenIntrospection) -> list[str]:
        return photos.setdefault(token.sub or "", ["Sunrise", "Cat on a sofa"])

    @app.get("/photos")
    def see() -> Response:
        return jsonify(photos_of(check("photos.read")))

    @app.post("/photos")
    def add() -> Response:
        own = photos_of(check("photos.write"))
        own.append(f"Photo {len(own) + 1}")
        return jsonify(own)

    return app
