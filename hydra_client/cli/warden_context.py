"""The option --context, with the values that conditions of policies look at."""

from __future__ import annotations

from typing import Any

import click

from hydra_client.exceptions import ApiDecodeError
from hydra_client.protocol.model import parse_json


def _values(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    return dict(map(_pair, given))


def _pair(text: str) -> tuple[str, Any]:
    """Convert the value of --context to a name and a value."""
    name, equals, value = text.partition("=")
    try:
        if name.endswith(":"):
            return name.removesuffix(":"), parse_json(value)
    except ApiDecodeError:
        equals = ""
    if not name or not equals:
        raise click.BadParameter(
            f"{text!r} is not NAME=VALUE or NAME:=JSON", param_hint="--context"
        )
    return name, value


context_option = click.option(
    "--context",
    multiple=True,
    callback=_values,
    metavar="NAME=VALUE",
    help="Value for the conditions of policies; NAME:=JSON for a value that is not a string. "
    "Repeatable.",
)
