"""The output of commands: tables for users, JSON or YAML with the API's names for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from shutil import get_terminal_size
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any

import click

from hydra_client.cli.context import Invocation
from hydra_client.cli.text import colored, echo, escaped, is_strings, plain, warn
from hydra_client.protocol.redaction import MASK

if TYPE_CHECKING:
    from hydra_client.protocol.model import Model


# A program that reads lines takes such an id for another one: it splits it there, or drops NUL and
# the blanks at both ends, as `read` in bash does.
_NOT_A_LINE = re.compile("[\0\t-\r\x1c-\x1e\x85\u2028\u2029]|^\\s|\\s$")
_MIN_WIDTH = 8  # of columns, before the first one is narrowed


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
    """Write YAML; by default with non-ASCII characters only if stdout can encode them."""
    from hydra_client.cli.yaml_nodes import write

    return write(document, unicode=_speaks_unicode() if unicode is None else unicode)


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def print_value(value: str | None) -> None:
    """Print a string that the server sent: escaped on a terminal, unchanged elsewhere."""
    # By default click strips ANSI sequences when stdout is not a terminal; an id may contain them.
    click.echo(plain(value) if sys.stdout.isatty() else value, color=True)


def print_ids(ids: Iterable[str | None]) -> None:
    """Print one id per line, without those that a program would read as other ids."""
    left_out = False
    for id in ids:
        if _NOT_A_LINE.search(id or ""):
            left_out = True
        else:
            print_value(id)
    if left_out:
        warn("left out ids with line breaks, tabs, NUL or outer spaces: use --output json")


def table(rows: Sequence[Sequence[Any]], header: Sequence[str] = ()) -> None:
    """Print rows in columns, as wide as the terminal if there is one.

    Without a header, each row has a name and a value.
    """
    cells = [[plain(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        if header:
            _rich_table(cells, header)
        else:
            _pairs(rows)
        return
    if header:
        cells.insert(0, list(header))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo(line.rstrip())


def _pairs(rows: Sequence[Sequence[Any]]) -> None:
    """Print names and values. Each item of a list takes a line, and words stay whole."""
    width = max((len(plain(name)) for name, _ in rows), default=0)
    wrapper = TextWrapper(
        max(get_terminal_size().columns - width - 2, _MIN_WIDTH),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for name, value in rows:
        items = value if is_strings(value) else [value]
        lines = [line for item in items for line in wrapper.wrap(plain(item)) or [""]]
        title = plain(name)
        gap = " " * (width - len(title))
        shown = click.style(title, bold=True) if colored() else title
        for number, line in enumerate(lines or [""]):
            start = " " * width if number else shown + gap
            click.echo(f"{start}  {line}".rstrip())


def _rich_table(cells: list[list[str]], header: Sequence[str]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = zip(header, *cells, strict=True)
    widths = _fitted([max(map(cell_len, column)) for column in columns], console.width)
    # An id is never cut; what else does not fit on one line ends early.
    grid.add_column(header[0], width=widths[0], overflow="fold")
    for title, width in zip(header[1:], widths[1:], strict=True):
        grid.add_column(title, width=width, overflow="ellipsis", no_wrap=True)
    for row in cells:
        # As Text, because the name of a client may look like markup: [red].
        grid.add_row(*map(Text, row))
    console.print(grid)


def _fitted(widths: list[int], total: int) -> list[int]:
    """Narrow columns until a row fits, the widest first, and the first column only as the last."""
    gaps = 2 * len(widths)
    while sum(widths) + gaps > total and max(widths) > 1:
        widest = max(
            range(len(widths)), key=lambda at: (at > 0 and widths[at] > _MIN_WIDTH, widths[at])
        )
        widths[widest] -= 1
    return widths


def print_model(invocation: Invocation, model: Model, shortest: str | None) -> None:
    """Print a model, or one value of it if the run wants the shortest form."""
    if invocation.shortest:
        print_value(shortest)
    else:
        print_result(document_of(model, show_secret=invocation.show_secret), invocation.output)


def print_models(invocation: Invocation, models: Sequence[Model], columns: Sequence[str]) -> None:
    """Print models sorted by id, or only their ids if the run wants the shortest form."""
    documents = [document_of(model, show_secret=invocation.show_secret) for model in models]
    documents.sort(key=lambda document: document.get("id") or "")
    print_documents(invocation, documents, columns)


def print_documents(
    invocation: Invocation,
    documents: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    id: str = "id",
    whole: Mapping[str, Any] | None = None,
) -> None:
    """Print objects, or only their ids if the run wants the shortest form.

    `id` is the member with the id. JSON and YAML show `whole` in place of the list.
    """
    if invocation.shortest:
        print_ids(document.get(id) for document in documents)
    elif whole is None or invocation.output == "table":
        print_result(documents, invocation.output, columns)
    else:
        print_result(whole, invocation.output)


def with_times(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the document with dates beside these numbers of seconds since 1970."""
    shown = dict(document)
    for name in names:
        # The server decides on the numbers, and not all of them are dates.
        with suppress(TypeError, ValueError, OverflowError, OSError):
            date = datetime.fromtimestamp(document.get(name), timezone.utc)  # type: ignore[arg-type]
            shown[name] = f"{document[name]} ({date})"
    return shown


def print_result(
    result: Mapping[str, Any] | Sequence[Mapping[str, Any]], form: str, columns: Sequence[str] = ()
) -> None:
    """Print an object or a list of objects in a format. A table of a list shows `columns`."""
    if form != "table":
        echo(as_json(result) if form == "json" else as_yaml(result))
    elif isinstance(result, Mapping):
        table(list(result.items()))
    else:
        table([[document.get(name) for name in columns] for document in result], columns)
