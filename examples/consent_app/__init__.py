"""A login and consent app for Hydra, written with Flask. README.md explains how to run it."""

from .app import create_app, from_env

__all__ = ["create_app", "from_env"]
