"""Every string that a server or a file brings goes to a terminal through here.

Escaped is whatever a terminal would obey, would not show, or would show in another order: an id
must not be able to colour the screen, hide a part of itself or pretend to be another one.
"""

from __future__ import annotations

import json
import re
from typing import Any

import click

# Controls and half surrogates; invisible characters, among them those that turn the direction of
# text (Unicode Standard Annex 9) and tags; separators of lines and paragraphs.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def escaped(text: str) -> str:
    """Escape what must not reach a terminal, as JSON and YAML do within quotes; keep line ends."""
    return UNPRINTABLE.sub(
        lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text
    )


def plain(value: Any) -> str:
    """Write a value for people, in one line and without a character that a terminal obeys."""
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = " ".join(value)
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


_NAME = re.compile(r"<<|[A-Za-z_$][\w.$-]{0,40}", re.ASCII)


def name_of(text: object) -> str:
    """Give a key, if it looks like a name: a secret may stand where a name belongs."""
    if isinstance(text, str) and _NAME.fullmatch(text):
        return text
    return "(not shown, since it does not look like a name)"


def echo(text: str, *, err: bool = False) -> None:
    """Print lines of ours, in which anything of a server's is harmless."""
    click.echo("\n".join(map(plain, text.split("\n"))), err=err)
