"""Reads what browsers send: the parameters of a query, and errors in it that users see.

Browsers can send anything, and web frameworks pass it on in many forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from hydra_client.exceptions import HydraException

if TYPE_CHECKING:
    from typing_extensions import Self

_NO_COOKIE = (
    "The browser returned to Hydra without its consent cookie, or too late. It loses the cookie if "
    "the host name changes (localhost and 127.0.0.1 differ), if another login begins in the same "
    "browser, or if the page is reloaded. The user has to start again."
)
_HINTS = {
    "invalid_client": "Hydra does not know the client_id.",
    "invalid_request": (
        "Hydra does not know the client, or the redirect_uri is not one of the client's "
        "redirect_uris, character by character (localhost and 127.0.0.1 differ); or openid was "
        "requested, but the client's response_types do not include both code and id_token."
    ),
    "invalid_scope": (
        "The client's own `scope` does not cover a requested scope: add it there, or request "
        "others."
    ),
    "error": _NO_COOKIE,  # 0.10
    "unknown_error": _NO_COOKIE,  # 0.9
}

_LONGEST_CODE = 100
_LONGEST_DESCRIPTION = 500
# Control characters, invisible marks such as those that change the direction of text, half
# surrogates, and separators of lines and paragraphs.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/")


def parameters(query: object, *names: str) -> dict[str, list[str]]:
    """Read parameters, each with all its values, in order.

    Args:
        query: A mapping (with `getlist` or `getall` for repeated names, or of strings or lists of
            strings), a query string, or a whole URL; or either of the latter as bytes.
        names: The parameters to read.

    Raises:
        ValueError: It is something else. The message does not show the value.
    """
    if isinstance(query, (bytes, bytearray)):
        query = bytes(query).decode(errors="replace")
    if isinstance(query, str):
        pairs = parse_qsl(_query_string(query), keep_blank_values=True)
        return {name: [value for key, value in pairs if key == name] for name in names}
    if isinstance(query, Mapping):
        return {name: _values(query, name) for name in names}
    raise ValueError(f"expected a mapping, a query string or a URL, got {type(query).__name__}")


class BrowserError(HydraException):
    """A browser sent something that ends the flow. `str()` is safe to show to the user, as text.

    Attributes:
        error: The error code that the server sent (RFC 6749 section 4.1.2.1), if it sent one.
        error_description: The text that the server sent with it.
        hint: What an operator can do about it, if that is known. It is not for the user.
    """

    error: str | None = None
    error_description: str | None = None
    hint: str | None = None


class ServerRefusalError(BrowserError):
    """The browser returned with an error from the server.

    `error` and `error_description` are one line of visible characters of bounded length each. They
    come from the author of the link: escape them like any other text.
    """

    def __init__(self, error: str, error_description: str | None = None) -> None:
        super().__init__(f"{error}: {error_description}" if error_description else error)
        self.error = error
        self.error_description = error_description
        self.hint = _HINTS.get(error)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error, self.error_description)

    @classmethod
    def found_in(cls, found: Mapping[str, list[str]]) -> Self:
        """Make the error of a query's `error` and `error_description`."""
        descriptions = [text for text in found["error_description"] if text]
        return cls(
            plain_text(found["error"][0], _LONGEST_CODE) or "unknown_error",
            plain_text(descriptions[0], _LONGEST_DESCRIPTION) if descriptions else None,
        )


def plain_text(text: str, longest: int) -> str:
    """Reduce a text of unknown origin to one line of visible characters, and cut it."""
    visible = "".join(
        " " if unicodedata.category(character) in _INVISIBLE else character
        # More than is shown, since adjacent blanks become one.
        for character in text[: 4 * longest]
    )
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _query_string(text: str) -> str:
    text = text.partition("#")[0]
    before, mark, after = text.partition("?")
    # The value of a query string may contain a question mark, too.
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
            raise ValueError(f"{name} is not a string")
        texts.append(text)
    return texts
