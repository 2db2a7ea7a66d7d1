"""Requests, forms and URLs as Go's net/http and net/url understand them.

Python's functions differ (`;` in a query, invalid escapes, fragments that are escaped twice), and
clients can see the difference. The rules here are those of Go 1.17, because the recorded servers
were built with a later Go than the original releases.
"""

from __future__ import annotations

import base64
import binascii
import html
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from hydra_client.emulator.errors import HydraError

_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_TOKEN = r"[\w!#$%&'*+.^`{|}~-]+"
# What `mime.ParseMediaType` accepts: every parameter has a value, and a final `;` is allowed.
_CONTENT_TYPE = re.compile(
    rf"""(?:{_TOKEN}(?:/{_TOKEN})?\s*
    (?:;\s*{_TOKEN}\s*=\s*(?:{_TOKEN}|"(?:\\.|[^"\\])*")\s*)*
    (?:;\s*)?)?""",
    re.ASCII | re.VERBOSE,
)
# A cookie value that Go accepts, without its quotes.
_COOKIE_VALUE = re.compile(r'("?)([ !#-:<-\[\]-~]*)\1')
FORM = "application/x-www-form-urlencoded"


class GoUrlError(ValueError):
    """A `%` is not followed by two hexadecimal digits."""


def unescape(text: str, *, plus: bool) -> str:
    """Do what `url.QueryUnescape` does, or without `plus` what `url.PathUnescape` does."""
    if _ESCAPE.search(text):
        raise GoUrlError(text)
    raw = text.encode("utf-8", "surrogateescape")
    if plus:
        raw = raw.replace(b"+", b" ")
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")


def query_escape(text: str) -> str:
    """Do what `url.QueryEscape` does: keep letters, digits and `-_.~`, write a space as `+`."""
    return quote(text, safe="", errors="surrogateescape").replace("%20", "+")


class Values:
    """`url.Values`: each key with its values, in the order in which they were sent."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.lists: dict[str, list[str]] = {}
        for key, value in pairs:
            self.lists.setdefault(key, []).append(value)

    def get(self, key: str) -> str:
        """Return the first value of the key, or an empty string."""
        return self.lists.get(key, [""])[0]

    def set(self, key: str, value: str) -> None:
        """Replace the values of the key."""
        self.lists[key] = [value]

    def add_all(self, other: Values) -> None:
        """Append all values of `other`."""
        for key, values in other.lists.items():
            self.lists.setdefault(key, []).extend(values)

    def encode(self) -> str:
        """Return the query string, sorted by key."""
        return "&".join(
            f"{query_escape(key)}={query_escape(value)}"
            for key in sorted(self.lists)
            for value in self.lists[key]
        )


def parse_query(text: str) -> tuple[Values, bool]:
    """Do what `url.ParseQuery` does: return the valid pairs, and whether all were valid."""
    pairs, valid = [], True
    for part in text.split("&"):
        if not part:
            continue
        if ";" in part:  # a separator like `&` before Go 1.17, invalid since
            valid = False
            continue
        key, _, value = part.partition("=")
        try:
            pairs.append((unescape(key, plus=True), unescape(value, plus=True)))
        except GoUrlError:
            valid = False
    return Values(pairs), valid


@dataclass
class Request:
    """A request, received from a socket, through WSGI, or by a call within the process."""

    method: str
    target: str
    """The path and query, percent-encoded as they were sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case."""
    body: bytes = b""
    reported: list[HydraError] = field(default_factory=list)
    """Errors that Hydra sends before the response, because it does not stop after them."""

    @property
    def raw_path(self) -> str:
        """The path, percent-encoded as it was sent."""
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        """The query, without the `?`."""
        return self.target.partition("?")[2]

    @cached_property
    def path(self) -> str:
        """The decoded path, which the router matches. Raises GoUrlError."""
        return unescape(self.raw_path, plus=False)

    def header(self, name: str) -> str:
        """Return the value of the header, or an empty string."""
        return self.headers.get(name.lower(), "")

    @cached_property
    def _forms(self) -> tuple[Values, Values, bool]:
        posted, valid = Values(), True
        if self.method in ("POST", "PUT", "PATCH"):
            content_type = self.header("Content-Type")
            if content_type.partition(";")[0].strip().lower() == FORM:
                posted, valid = parse_query(self.body.decode("utf-8", "surrogateescape"))
            valid = valid and _CONTENT_TYPE.fullmatch(content_type) is not None
        query, query_valid = parse_query(self.raw_query)
        combined = Values()
        combined.add_all(posted)
        combined.add_all(query)
        return posted, combined, valid and query_valid

    @property
    def post_form(self) -> Values:
        """The fields of the body only."""
        return self._forms[0]

    @property
    def form(self) -> Values:
        """The fields of the body, followed by those of the query."""
        return self._forms[1]

    @property
    def form_is_valid(self) -> bool:
        """Whether Go can parse the query, the body and its Content-Type."""
        return self._forms[2]

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """User and password of the Authorization header (RFC 7617), not form-decoded."""
        scheme, _, encoded = self.header("Authorization").partition(" ")
        if scheme.lower() != "basic" or len(encoded) % 4:  # Python accepts excess padding
            return None
        try:
            plain = base64.b64decode(encoded.encode("utf-8", "replace"), validate=True)
        except (binascii.Error, ValueError):
            return None
        user, colon, password = plain.decode("utf-8", "surrogateescape").partition(":")
        return (user, password) if colon else None

    @cached_property
    def bearer(self) -> str:
        """The bearer token (RFC 6750) of the header, or of the form field `access_token`."""
        scheme, space, token = self.header("Authorization").partition(" ")
        if space and scheme.lower() == "bearer":
            return token
        return self.form.get("access_token") if self.form_is_valid else ""

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name. Go takes the first valid one of each name."""
        cookies: dict[str, str] = {}
        for part in self.header("Cookie").split(";"):
            name, _, value = part.strip().partition("=")
            if match := _COOKIE_VALUE.fullmatch(value):
                cookies.setdefault(name, match[2])
        return cookies

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], body: bytes) -> Request:
        """Create the request from a WSGI environment and the body read from it."""
        from werkzeug.datastructures import EnvironHeaders  # slow to import, and rarely needed

        target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        if not target:
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            query = environ.get("QUERY_STRING", "")
            target = quote(path.encode("latin-1")) + (f"?{query}" if query else "")
        if not target.startswith("/"):  # the absolute form, which is sent to proxies
            target = "/" + target.partition("://")[2].partition("/")[2]
        # WSGI decodes bytes as Latin-1; on the wire they are UTF-8.
        return cls(
            environ["REQUEST_METHOD"],
            _from_wsgi(target),
            {name.lower(): _from_wsgi(value) for name, value in EnvironHeaders(dict(environ))},
            body,
        )


def _from_wsgi(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def header_value(text: str) -> str:
    """Return a header's value as Go writes it: trimmed, in one line, as UTF-8 read as Latin-1."""
    flat = text.replace("\r", " ").replace("\n", " ").strip(" \t")
    return flat.encode("utf-8", "surrogateescape").decode("latin-1")


def with_query(url: str, query: Values) -> str:
    """Return the URL with its query replaced and its fragment removed."""
    base = _normalized(url).partition("#")[0].partition("?")[0]
    encoded = query.encode()
    return f"{base}?{encoded}" if encoded else base


def query_of(url: str) -> Values:
    """Return the query of the URL."""
    return parse_query(url.partition("#")[0].partition("?")[2])[0]


def with_fragment(url: str, fragment: Values) -> str:
    """Return the URL with the fragment, which Go escapes twice: as a query and in `URL.String`."""
    encoded = fragment.encode().replace("%", "%25")
    url = _normalized(url)
    return f"{url}#{encoded}" if encoded else url


def _normalized(url: str) -> str:
    """Return the URL as `URL.String` writes it: with its scheme in lower case."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def html_escape(text: str) -> str:
    """Do what `html.EscapeString` does."""
    return html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def clean_path(path: str) -> str:
    """Do what the router's `CleanPath` does: resolve `//`, `.` and `..`, keep a trailing slash."""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned


def escape_path(path: str) -> str:
    """Escape a path as Go's `URL.String` does."""
    return quote(path, safe="/$&+,:;=@-_.~", errors="surrogateescape")
