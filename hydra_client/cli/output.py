"""The output of commands: tables for people, JSON or YAML with the API's names for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.text import echo, escaped, plain
from hydra_client.protocol.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hydra_client.cli.context import Invocation
    from hydra_client.protocol.model import Model


def document_of(model: Model, *, show_secret: bool = False) -> dict[str, Any]:
    """Return a model as the API represents it, with secrets masked unless `show_secret`."""
    document = model.to_dict()
    for field in model._fields.values():
        name = field.key(document)
        if field.secret and document.get(name) and not show_secret:
            document[name] = MASK
    return document


def as_json(document: Any) -> str:
    """Write JSON that every terminal and every program can read."""
    return escaped(json.dumps(document, indent=2, ensure_ascii=not _speaks_unicode()))


def as_yaml(document: Any, *, unicode: bool | None = None) -> str:
    """Write YAML; by default with characters beyond ASCII only if stdout can encode them."""
    from hydra_client.cli.yaml_nodes import write

    return write(document, unicode=_speaks_unicode() if unicode is None else unicode)


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def print_value(value: str | None) -> None:
    """Print a string that the server sent: escaped on a terminal, unchanged elsewhere."""
    # By default click strips ANSI sequences when stdout is not a terminal; an id may contain them.
    click.echo(plain(value) if sys.stdout.isatty() else value, color=True)


def table(rows: Sequence[Sequence[Any]], header: Sequence[str] = ()) -> None:
    """Print rows in columns; with rich on a terminal."""
    cells = [[plain(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(cells, header)
        return
    if header:
        cells.insert(0, list(header))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo(line.rstrip())


def _rich_table(cells: list[list[str]], header: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD if header else None, show_header=bool(header), pad_edge=False)
    for title in header or ("name", "value"):
        grid.add_column(title, overflow="fold", header_style="bold")
    if not header:
        grid.columns[0].style = "bold"
    for row in cells:
        # As Text, because the name of a client may look like markup: [red].
        grid.add_row(*map(Text, row))
    Console().print(grid)


def print_model(invocation: Invocation, model: Model, shortest: str | None) -> None:
    """Print a model, or one value of it if the run wants the shortest form."""
    if invocation.shortest:
        print_value(shortest)
    else:
        print_one(document_of(model, show_secret=invocation.show_secret), invocation.output)


def print_models(invocation: Invocation, models: Sequence[Model], columns: Sequence[str]) -> None:
    """Print models sorted by id, or only their ids if the run wants the shortest form."""
    documents = [document_of(model, show_secret=invocation.show_secret) for model in models]
    documents.sort(key=lambda document: document.get("id") or "")
    if invocation.shortest:
        for document in documents:
            print_value(document.get("id"))
    else:
        print_many(documents, invocation.output, columns)


def print_one(document: Mapping[str, Any], form: str) -> None:
    """Print an object in the given format."""
    if form == "table":
        table(list(document.items()))
    else:
        echo(as_json(document) if form == "json" else as_yaml(dict(document)))


def print_many(documents: Sequence[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print a list of objects in the given format; a table shows only `columns`."""
    if form == "table":
        table([[document.get(name) for name in columns] for document in documents], columns)
    else:
        write: Callable[[Any], str] = as_json if form == "json" else as_yaml
        echo(write(list(documents)))
