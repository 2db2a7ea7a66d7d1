"""An API that wants access tokens (a resource server), written with Flask."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from hydra_client.resource_server import AccessError, Guard


def create_app(guard: Guard) -> Flask:
    """Create the app.

    Args:
        guard: Checks the access tokens. Its API has the scope `hydra.introspect`.
    """
    app = Flask(__name__)
    photos: dict[str, list[str]] = {}

    def photos_of_user(scope: str) -> list[str]:
        """Return the photos of the user whose token the request carries."""
        headers = request.headers.getlist("Authorization")
        token = guard.check(headers, scope, query=request.query_string)
        if not token.sub or token.sub == token.client_id:
            # From client credentials: the subject is the client, which may have the name of a user.
            text = "The access token is an application's own. This API needs one of a user."
            raise AccessError(403, "access_denied", text, {"WWW-Authenticate": "Bearer"})
        return photos.setdefault(token.sub, ["Sunrise", "Cat on a sofa"])

    @app.get("/photos")
    def see() -> Response:
        return jsonify(photos_of_user("photos.read"))

    @app.post("/photos")
    def add() -> Response:
        own = photos_of_user("photos.write")
        own.append(f"Photo {len(own) + 1}")
        return jsonify(own)

    @app.errorhandler(AccessError)
    def refuse(error: AccessError) -> Response:
        return Response(error.body, error.status, dict(error.headers))

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app
