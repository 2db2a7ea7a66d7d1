"""What a run prints: a table for people, JSON or YAML with the API's own names for programs."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.text import UNPRINTABLE, echo, escaped, plain
from hydra_client.protocol.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hydra_client.protocol.model import Model


def document_of(model: Model, *, show_secret: bool = False) -> dict[str, Any]:
    """Give a model as the API has it, its secrets masked unless they are to be shown."""
    document = model.to_dict()
    for field in model._fields.values():
        name = field.key(document)
        if field.secret and document.get(name) and not show_secret:
            document[name] = MASK
    return document


def as_json(document: Any) -> str:
    """Write JSON that any terminal and any program can read."""
    text = json.dumps(document, indent=2, ensure_ascii=not _speaks_unicode())
    return escaped(text)


def as_yaml(document: Any) -> str:
    """Write YAML, in the order of the document, long lines left long."""
    import yaml

    # Not by the C of PyYAML, which takes no half a surrogate pair.
    text: str = yaml.dump(
        document,
        Dumper=yaml_dumper(yaml.SafeDumper),
        sort_keys=False,
        allow_unicode=_speaks_unicode(),
        width=sys.maxsize,
    )
    # What is escaped stands in double quotes, where YAML reads it back.
    return escaped(text.rstrip("\n"))


@cache
def yaml_dumper(base: Any) -> Any:
    """Make a dumper of PyYAML whose strings are strings to YAML 1.1, to YAML 1.2 and to JSON."""
    from hydra_client.cli.manifest.reader import TAG, quote_numbers

    class Dumper(base):  # type: ignore[misc]
        def ignore_aliases(self, data: object) -> bool:
            """Write what occurs twice twice."""
            return True

        def represent_str(self, data: str) -> Any:
            """Quote what `as_yaml` escapes, and what PyYAML would read back as a space."""
            odd = UNPRINTABLE.search(data.replace("\n", ""))
            return self.represent_scalar(f"{TAG}str", data, style='"' if odd else None)

    Dumper.add_representer(str, Dumper.represent_str)
    quote_numbers(Dumper)
    return Dumper


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def say(value: str | None) -> None:
    """Print what a server sent: as it is for programs, harmless where there is a terminal."""
    # Without a terminal click takes colours away, which may be part of an id, unless told not to.
    click.echo(plain(value) if sys.stdout.isatty() else value, color=True)


def table(rows: Sequence[Sequence[Any]], header: Sequence[str] = ()) -> None:
    """Print rows in columns: bare ones, or by rich where there is a terminal."""
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
        # Text, not markup: a client may be called [red].
        grid.add_row(*map(Text, row))
    Console().print(grid)


def print_one(document: Mapping[str, Any], form: str) -> None:
    """Print one object."""
    if form == "table":
        table(list(document.items()))
    else:
        echo(as_json(document) if form == "json" else as_yaml(dict(document)))


def print_many(documents: Sequence[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print a list of objects; a table has these columns of them."""
    if form == "table":
        table([[document.get(name) for name in columns] for document in documents], columns)
    else:
        write: Callable[[Any], str] = as_json if form == "json" else as_yaml
        echo(write(list(documents)))
