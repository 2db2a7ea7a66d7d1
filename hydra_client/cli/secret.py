"""Secrets on their way in and out: made, read from where others cannot see, kept in a file."""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .base import USAGE, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_secret(path: str, member: str | None = None) -> str:
    """Read a secret from a file; one line break at its end is not part of it.

    Args:
        path: The file.
        member: Where a file holds a JSON object, the name of the member that is the secret.

    Raises:
        Failure: The file cannot be read, or holds none.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", USAGE) from None
    except UnicodeDecodeError:
        raise Failure(f"{path}: this is no text", USAGE) from None
    return _secret(text, path, member)


def secret_in_environment(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Read a secret from an environment variable."""
    return _secret(environ.get(name, ""), name, None)


def secret_on_stdin(what: str, member: str | None = None) -> str:
    """Read a secret from stdin; at a terminal it is asked for, and not shown."""
    if sys.stdin.isatty():
        text: str = click.prompt(what, hide_input=True, err=True)
    else:
        text = sys.stdin.read()
    return _secret(text, "stdin", member)


def _secret(text: str, place: str, member: str | None) -> str:
    if member is not None and text.lstrip().startswith("{"):
        try:
            text = json.loads(text)[member]
        except (ValueError, KeyError):
            raise Failure(f"{place}: a JSON object without {member}", USAGE) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Failure(f"{place}: there is no secret in it", USAGE)
    return text


def new_secret() -> str:
    """Make a secret: 43 of the characters that need no encoding anywhere, 256 bits."""
    return secrets.token_urlsafe(32)
