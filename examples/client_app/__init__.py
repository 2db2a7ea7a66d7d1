"""An application that users log in to through Hydra, written with Flask."""

from .app import SCOPES, create_app

__all__ = ["SCOPES", "create_app"]
