"""An API that wants access tokens (a resource server), written with Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, jsonify, request

from hydra_client import HydraException

if TYPE_CHECKING:
    from flask import Response

    from hydra_client import OAuth2Api, OAuth2TokenIntrospection


def create_app(api: OAuth2Api) -> Flask:
    """Create the app. `api` may introspect tokens: scope `hydra.introspect`."""
    app = Flask(__name__)
    photos: dict[str, list[str]] = {}

    def check(scope: str) -> OAuth2TokenIntrospection | Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            found = api.introspect_oauth2_token(token) if token else None
        except HydraException:
            return app.response_class(status=503)
        if not found or not found.active:
            return app.response_class(status=401, headers={"WWW-Authenticate": "Bearer"})
        if scope not in (found.scope or "").split():
            error = 'Bearer error="insufficient_scope"'
            return app.response_class(status=403, headers={"WWW-Authenticate": error})
        return found

    @app.get("/photos")
    def see() -> Response:
        token = check("photos.read")
        if isinstance(token, app.response_class):
            return token
        return jsonify(photos.setdefault(token.sub or "", ["Sunrise", "Cat on a sofa"]))

    @app.post("/photos")
    def add() -> Response:
        token = check("photos.write")
        if isinstance(token, app.response_class):
            return token
        own = photos.setdefault(token.sub or "", ["Sunrise", "Cat on a sofa"])
        own.append(f"Photo {len(own) + 1}")
        return jsonify(own)

    return app
