"""Masks secrets in texts and headers, before they can be printed."""

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
    # A JSON member; the closing quote is missing if the text was cut.
    (re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE), rf'\1"{MASK}"'),
    # A private member of a JSON Web Key (RFC 7518 section 6).
    (re.compile(r'("(?:d|p|q|dp|dq|qi|k)"\s*:\s*)"[\w-]{16,}"?'), rf'\1"{MASK}"'),
    (re.compile(rf"\b((?:{_NAMES})=)[^&\s\"'<>;]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b((?:bearer|basic) +)[\w.~+/=-]{16,}", re.IGNORECASE), rf"\1{MASK}"),
)
_HIDDEN_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
# Shorter ones occur in many words by chance, and Hydra does not accept them.
_SHORTEST = 4


class Secret(str):
    """A string whose `repr` is masked, as tracebacks with local variables show it."""

    __slots__ = ()

    def __getitem__(self, key: SupportsIndex | slice) -> Secret:
        # Tools that shorten long values slice them first.
        return Secret(super().__getitem__(key))

    def __repr__(self) -> str:
        return repr(MASK)


def redact(text: str, secrets: Iterable[str] = (), cut: bool = False) -> str:
    """Mask secrets in every form in which they are sent, and values that are labelled as secrets.

    Args:
        text: The text to show.
        secrets: What must not be shown.
        cut: Whether the text was cut at its end, perhaps within a secret.
    """
    if cut:
        text = text.rstrip("\ufffd")  # replaces a part of a character
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    # The longest first: otherwise the end of one that begins like another would remain.
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
        begun = range(len(form) - 1, 0, -1) if cut else ()
        text = next((text[:-n] + MASK for n in begun if text.endswith(form[:n])), text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_headers(headers: Mapping[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    """Mask header values that contain a credential, and the query of a Location.

    Names are returned in lower case.
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
    # Go's encoder escapes these three.
    go = quoted.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    percent = {quote(text, safe=""), quote_plus(text)}
    html = {escape(text), escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")}
    raw = json.dumps(secret, ensure_ascii=False)[1:-1]
    raw_go = raw.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    raw_go = raw_go.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    written = {quoted, go, raw, raw_go}
    # Some encoders escape the slash.
    written |= {form.replace("/", r"\/") for form in written}
    lower = {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    return {secret} | percent | lower | html | written
