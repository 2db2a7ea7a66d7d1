"""An API that wants access tokens (a resource server), written with Flask."""

from .app import create_app

__all__ = ["create_app"]
