"""Clients and other objects that a command reads from a JSON or YAML file, or from stdin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import hydra_client
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.manifest.lint import did_you_mean
from hydra_client.cli.text import name_of, warn

if TYPE_CHECKING:
    from hydra_client.protocol.model import Model

M = TypeVar("M", bound="Model")


def load(path: str) -> Any:
    """Read a document; `-` is stdin.

    Raises:
        Failure: It cannot be read. The message quotes no value of it.
    """
    from hydra_client.cli.yaml_nodes import read

    return read(path, "a document").value()


def load_object(path: str) -> dict[str, Any]:
    """Read a document that is an object."""
    return _object(load(path), path)


def _object(document: Any, place: str) -> dict[str, Any]:
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise Failure(f"{place}: expected an object with names and values", USAGE)
    return document


def client_of(document: Any, place: str) -> hydra_client.OAuth2Client:
    """Convert an object to a client; warn about fields that the API does not have.

    Raises:
        Failure: The object is not a client.
    """
    members = _object(document, place)
    if "clients" in members:
        raise Failure(f"{place}: this is a manifest; use `hydra-client apply`", USAGE)
    if "client_id" in members and "id" not in members:
        raise Failure(
            f"{place}: unknown field client_id; did you mean id? Hydra 0.9 and 0.10 call it id, "
            "later versions call it client_id",
            USAGE,
        )
    return model_of(hydra_client.OAuth2Client, members, place)


def model_of(kind: type[M], document: Any, place: str) -> M:
    """Convert an object to a model; warn about fields that the API does not have.

    Raises:
        Failure: The object does not have the types of the model.
    """
    members = _object(document, place)
    try:
        model = kind.from_dict(members)
        model.to_json()
    except (hydra_client.ApiDecodeError, ValueError, TypeError) as error:
        raise Failure(f"{place}: {error}", USAGE) from None
    for name in members:
        if name not in kind._by_wire:
            warn(f"{place}: unknown field {name_of(name)}{did_you_mean(name, kind._by_wire)}")
    return model
