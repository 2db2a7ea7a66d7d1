"""What must never be shown: secrets, masked in texts and headers before anybody can print them."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import SupportsIndex

MASK = "***"

SECRET_PARAMETERS = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "id_token",
        "id_token_hint",
        "password",
        "refresh_token",
        "token",
    }
)
"""Names of form fields, query parameters and JSON members whose values are secrets."""

_NAMES = "|".join(sorted(SECRET_PARAMETERS))
_PATTERNS = (
    # A JSON member; the closing quote may be missing where a text was cut.
    (re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE), rf'\1"{MASK}"'),
    (re.compile(rf"\b((?:{_NAMES})=)[^&\s\"'<>;]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b((?:bearer|basic) +)[\w.~+/=-]{16,}", re.IGNORECASE), rf"\1{MASK}"),
)
_HIDDEN_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
# Shorter ones stand in too many words by chance; Hydra takes no secret this short.
_SHORTEST = 4


class Secret(str):
    """A string that tracebacks with local variables show masked: only its `repr` differs."""

    __slots__ = ()

    def __getitem__(self, key: SupportsIndex | slice) -> Secret:
        # Who shows long values shortened slices them first.
        return Secret(super().__getitem__(key))

    def __repr__(self) -> str:
        return repr(MASK)


def redact(text: str, secrets: Iterable[str] = (), cut: bool = False) -> str:
    """Mask the given secrets, in every form they travel in, and whatever is labelled as a secret.

    Args:
        text: What might be shown.
        secrets: What must not.
        cut: Whether the text was cut off at its end, perhaps amid a secret.
    """
    if cut:
        text = text.rstrip("\ufffd")  # what stands for half a character
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    # The longest first: one that begins like another would leave the other's end.
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
        begun = range(len(form) - 1, 0, -1) if cut else ()
        text = next((text[:-n] + MASK for n in begun if text.endswith(form[:n])), text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_headers(headers: Mapping[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    """Mask header values that hold a credential; a Location keeps its address and loses its query.

    Names come out in lower case.
    """
    masked = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in _HIDDEN_HEADERS:
            value = MASK
        elif lower == "location":
            value = re.sub(r"[?#].*", "?…", value, count=1)
        masked[lower] = redact(value, secrets)
    return masked


def _forms(secret: str) -> set[str]:
    text = secret.encode(errors="replace").decode()
    quoted = json.dumps(secret)[1:-1]
    # Go's encoder writes these three as escapes.
    go = quoted.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    percent = {quote(text, safe=""), quote_plus(text)}
    html = {escape(text), escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")}
    raw = json.dumps(secret, ensure_ascii=False)[1:-1]
    raw_go = raw.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    raw_go = raw_go.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    written = {quoted, go, raw, raw_go}
    # Other encoders escape the slash.
    written |= {form.replace("/", r"\/") for form in written}
    lower = {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    return {secret} | percent | lower | html | written
