"""JSON and YAML that a command is given in a file or on stdin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from hydra_client.exceptions import ApiDecodeError

from .base import USAGE, Failure
from .secret import read_stdin, read_text

if TYPE_CHECKING:
    from hydra_client import OAuth2Client


def load(path: str) -> Any:
    """Read a JSON or YAML document; `-` is stdin. Messages hold nothing of its content."""
    text = read_stdin("a document") if path == "-" else read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # YAML then, of which JSON is almost a part
    import yaml

    where = "stdin" if path == "-" else path
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    except (yaml.YAMLError, ValueError, RecursionError):
        place = ""
    raise Failure(f"{where}{place}: this is neither JSON nor YAML", USAGE)


def load_object(path: str) -> dict[str, Any]:
    """Read a document that is an object."""
    return _object(load(path), path)


def _object(document: Any, place: str) -> dict[str, Any]:
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise Failure(f"{place}: expected an object with names and values", USAGE)
    return document


def client_of(document: Any, place: str) -> OAuth2Client:
    """Make a client of an object; warn of fields that the API does not have.

    Raises:
        Failure: It is no client.
    """
    from difflib import get_close_matches

    from hydra_client import OAuth2Client

    members = _object(document, place)
    try:
        client = OAuth2Client.from_dict(members)
        client.to_json()
    except (ApiDecodeError, ValueError, TypeError) as error:
        raise Failure(f"{place}: {error}", USAGE) from None
    for name in members:
        if name not in OAuth2Client._by_wire:
            near = get_close_matches(name, OAuth2Client._by_wire, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            click.echo(f"Warning: {place}: clients have no field {name!r}{hint}", err=True)
    return client
