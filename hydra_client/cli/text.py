"""Makes strings from servers and files safe to print on a terminal.

Whatever a terminal would interpret, hide or reorder is escaped: an id must not be able to color the
screen, hide a part of itself or look like another id.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, TypeGuard

import click

# Control characters and halves of surrogate pairs; invisible characters, including tags and those
# that change the direction of text (Unicode Standard Annex 9); line and paragraph separators.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_WORD = re.compile(r"[^\s,]+")


def escaped(text: str) -> str:
    """Escape unprintable characters as JSON and YAML do in quotes; keep line ends."""
    return UNPRINTABLE.sub(
        lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text
    )


def is_strings(value: Any) -> TypeGuard[list[str]]:
    """Return whether a value is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def plain(value: Any) -> str:
    """Format a value for display, in one line and without unprintable characters."""
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif is_strings(value) and all(map(_WORD.fullmatch, value)):
        text = " ".join(value)
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


_NAME = re.compile(r"<<|[A-Za-z_$][\w.$-]{0,40}", re.ASCII)


def name_of(text: object) -> str:
    """Return a key if it looks like a name; it could be a misplaced secret otherwise."""
    if isinstance(text, str) and _NAME.fullmatch(text):
        return text
    return "(not shown: it does not look like a name)"


def colored() -> bool:
    """Return whether the environment allows colors."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def safe(text: str) -> str:
    """Escape everything unprintable in lines."""
    return "\n".join(map(plain, text.split("\n")))


def echo(text: str, *, err: bool = False) -> None:
    """Print lines, with everything unprintable in them escaped."""
    click.echo(safe(text), err=err)


def warn(message: object) -> None:
    """Print a warning on stderr."""
    echo(f"Warning: {message}", err=True)
