"""What came with a browser: parameters of a query, and texts in it that are shown to people.

Browsers bring anything, and web frameworks hand it over in many forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl

_NO_COOKIE = (
    "The browser came back to Hydra without its consent cookie, or too late: the cookie is lost "
    "under another host name (localhost and 127.0.0.1 differ), by a second login that was begun "
    "meanwhile, or by a reload. The user has to begin again."
)
HINTS = {
    "invalid_client": "Hydra does not know the client_id.",
    "invalid_request": (
        "Hydra does not know the client, or the redirect_uri is not one of the client's "
        "redirect_uris, character by character (localhost and 127.0.0.1 differ); or openid was "
        "asked for, and the client's response_types do not hold both code and id_token."
    ),
    "invalid_scope": (
        "The client's own record (its field scope) does not cover a scope that was asked for: add "
        "it there, or ask for others."
    ),
    "error": _NO_COOKIE,  # 0.10
    "unknown_error": _NO_COOKIE,  # 0.9
}
"""What an operator can do about an error that a browser brought, by its code."""

_LONGEST_CODE = 100
_LONGEST_DESCRIPTION = 500
# Controls, invisible marks such as those that turn the direction of text, half surrogates, and
# separators of lines and paragraphs.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/")


def parameters(query: object, *names: str) -> dict[str, list[str]]:
    """Read parameters, each with all its values, in order.

    Args:
        query: A mapping (one with `getlist` or `getall` for repeated names, or one of strings or
            lists of them), a query string, or a whole URL; bytes as well.
        names: The parameters that are wanted.

    Raises:
        ValueError: It is nothing of the kind. The message says what, and not the value.
    """
    if isinstance(query, (bytes, bytearray)):
        query = bytes(query).decode(errors="replace")
    if isinstance(query, str):
        pairs = parse_qsl(_query_string(query), keep_blank_values=True)
        return {name: [value for key, value in pairs if key == name] for name in names}
    if isinstance(query, Mapping):
        return {name: _values(query, name) for name in names}
    raise ValueError(f"expected a mapping, a query string or a URL, got {type(query).__name__}")


def error_texts(found: Mapping[str, list[str]]) -> tuple[str, str | None]:
    """Return `error` and `error_description` (RFC 6749 section 4.1.2.1), safe to show as text."""
    descriptions = [text for text in found["error_description"] if text]
    return (
        plain_text(found["error"][0], _LONGEST_CODE) or "unknown_error",
        plain_text(descriptions[0], _LONGEST_DESCRIPTION) if descriptions else None,
    )


def plain_text(text: str, longest: int) -> str:
    """Bring a text of unknown origin onto one line of visible characters, and cut it."""
    visible = "".join(
        " " if unicodedata.category(character) in _INVISIBLE else character
        # Some more than is shown, since blanks run together.
        for character in text[: 4 * longest]
    )
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _query_string(text: str) -> str:
    text = text.partition("#")[0]
    before, mark, after = text.partition("?")
    # A question mark may also stand in the value of a query string.
    is_url = bool(mark) and ("=" not in before or _URL.match(before) is not None)
    return after if is_url else text


def _values(query: Mapping[object, object], name: str) -> list[str]:
    if name not in query:
        return []
    get_all = getattr(query, "getlist", None) or getattr(query, "getall", None)
    found = get_all(name) if callable(get_all) else query[name]
    values = list(found) if isinstance(found, (list, tuple)) else [found]
    texts: list[str] = []
    for value in values:
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if not isinstance(text, str):
            raise ValueError(f"{name} is no text")
        texts.append(text)
    return texts
