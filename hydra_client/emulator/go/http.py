"""Requests, forms and URLs as Go's net/http and net/url understand them.

Where Python's own functions differ (`;` in a query, bad escapes, fragments that are escaped
twice), the difference is on the wire, so Go's rules are spelled out here, as of Go 1.17: the
recorded servers were built with a later Go than that of their time.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_HEX_PAIR = re.compile(rb"%([0-9a-fA-F]{2})")
_TOKEN = r"[\w!#$%&'*+.^`{|}~-]+"
# What `mime.ParseMediaType` takes: each parameter has a value, the last may have a `;` after it.
_CONTENT_TYPE = re.compile(
    rf"""(?:{_TOKEN}(?:/{_TOKEN})?\s*
    (?:;\s*{_TOKEN}\s*=\s*(?:{_TOKEN}|"(?:\\.|[^"\\])*")\s*)*
    (?:;\s*)?)?""",
    re.ASCII | re.VERBOSE,
)
# A cookie's value as Go takes it, and leaves one pair of quotes off.
_COOKIE_VALUE = re.compile(r'("?)([ !#-:<-\[\]-~]*)\1')
FORM = "application/x-www-form-urlencoded"


class GoUrlError(ValueError):
    """A `%` that no two hexadecimal digits follow."""


def unescape(text: str, *, plus: bool) -> str:
    """`url.QueryUnescape` with `plus`, `url.PathUnescape` without it."""
    if _ESCAPE.search(text):
        raise GoUrlError(text)
    raw = text.encode("utf-8", "surrogateescape")
    if plus:
        raw = raw.replace(b"+", b" ")
    raw = _HEX_PAIR.sub(lambda match: bytes([int(match.group(1), 16)]), raw)
    return raw.decode("utf-8", "surrogateescape")


def query_escape(text: str) -> str:
    """`url.QueryEscape`: everything but letters, digits and `-_.~`, space as `+`."""
    return quote(text, safe="", errors="surrogateescape").replace("%20", "+")


class Values:
    """`url.Values`: each key with its values, in the order of arrival."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.lists: dict[str, list[str]] = {}
        for key, value in pairs:
            self.lists.setdefault(key, []).append(value)

    def get(self, key: str) -> str:
        """The first value, or nothing."""
        return self.lists.get(key, [""])[0]

    def set(self, key: str, value: str) -> None:
        """Replace the key's values."""
        self.lists[key] = [value]

    def add_all(self, other: Values) -> None:
        """Append the other's values to this one's."""
        for key, values in other.lists.items():
            self.lists.setdefault(key, []).extend(values)

    def encode(self) -> str:
        """The query string, sorted by key."""
        return "&".join(
            f"{query_escape(key)}={query_escape(value)}"
            for key in sorted(self.lists)
            for value in self.lists[key]
        )


def parse_query(text: str) -> tuple[Values, bool]:
    """`url.ParseQuery`: the readable pairs, and whether all were readable."""
    pairs, readable = [], True
    for part in text.split("&"):
        if not part:
            continue
        if ";" in part:  # once as good as `&`, refused since Go 1.17
            readable = False
            continue
        key, _, value = part.partition("=")
        try:
            pairs.append((unescape(key, plus=True), unescape(value, plus=True)))
        except GoUrlError:
            readable = False
    return Values(pairs), readable


@dataclass
class Request:
    """One request, however it arrived: by socket, by WSGI, or by a call inside the process."""

    method: str
    target: str
    """The path as it was sent, with its escapes, and the query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def raw_path(self) -> str:
        """The path with its escapes."""
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        """What follows the `?`."""
        return self.target.partition("?")[2]

    @cached_property
    def path(self) -> str:
        """The path without escapes; the router matches this one. Raises GoUrlError."""
        return unescape(self.raw_path, plus=False)

    def header(self, name: str) -> str:
        """The header's value, or nothing."""
        return self.headers.get(name.lower(), "")

    @cached_property
    def _forms(self) -> tuple[Values, Values, bool]:
        posted, readable = Values(), True
        if self.method in ("POST", "PUT", "PATCH"):
            content_type = self.header("Content-Type")
            if content_type.partition(";")[0].strip().lower() == FORM:
                posted, readable = parse_query(self.body.decode("utf-8", "surrogateescape"))
            readable = readable and _CONTENT_TYPE.fullmatch(content_type) is not None
        query, query_readable = parse_query(self.raw_query)
        everything = Values()
        everything.add_all(posted)
        everything.add_all(query)
        return posted, everything, readable and query_readable

    @property
    def post_form(self) -> Values:
        """The fields of the body alone."""
        return self._forms[0]

    @property
    def form(self) -> Values:
        """The fields of the body, then those of the query."""
        return self._forms[1]

    @property
    def form_is_readable(self) -> bool:
        """Whether body and query held no bad pair, and the body's label was well-formed."""
        return self._forms[2]

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """User and password as they stand in the Authorization header (RFC 7617), undecoded."""
        scheme, _, encoded = self.header("Authorization").partition(" ")
        if scheme.lower() != "basic" or len(encoded) % 4:  # Python forgives a padding too many
            return None
        try:
            plain = base64.b64decode(encoded.encode("utf-8", "replace"), validate=True)
        except (binascii.Error, ValueError):
            return None
        user, colon, password = plain.decode("utf-8", "surrogateescape").partition(":")
        return (user, password) if colon else None

    @cached_property
    def bearer(self) -> str:
        """The bearer token (RFC 6750), from the header, or else from the field `access_token`."""
        scheme, space, token = self.header("Authorization").partition(" ")
        if space and scheme.lower() == "bearer":
            return token
        return self.form.get("access_token") if self.form_is_readable else ""

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies that were sent: of each name the first that Go can read."""
        cookies: dict[str, str] = {}
        for part in self.header("Cookie").split(";"):
            name, _, value = part.strip().partition("=")
            if readable := _COOKIE_VALUE.fullmatch(value):
                cookies.setdefault(name, readable[2])
        return cookies

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], body: bytes) -> Request:
        """The request of a WSGI environment whose body was read already."""
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(name):
                headers[name.replace("_", "-").lower()] = environ[name]
        target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        if not target:
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            query = environ.get("QUERY_STRING", "")
            target = quote(path.encode("latin-1")) + (f"?{query}" if query else "")
        if not target.startswith("/"):  # a proxy's absolute form
            target = "/" + target.partition("://")[2].partition("/")[2]
        # WSGI hands bytes over as Latin-1; they are UTF-8 on the wire.
        return cls(
            environ["REQUEST_METHOD"],
            _from_wsgi(target),
            {name: _from_wsgi(value) for name, value in headers.items()},
            body,
        )


def _from_wsgi(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def header_value(text: str) -> str:
    """A header's value as Go writes it: UTF-8 bytes (here as Latin-1), no line breaks, trimmed."""
    flat = text.replace("\r", " ").replace("\n", " ").strip(" \t")
    return flat.encode("utf-8", "surrogateescape").decode("latin-1")


def with_query(url: str, query: Values) -> str:
    """The URL with this query instead of its own."""
    base = _written(url).partition("#")[0].partition("?")[0]
    encoded = query.encode()
    return f"{base}?{encoded}" if encoded else base


def query_of(url: str) -> Values:
    """The URL's own query."""
    return parse_query(url.partition("#")[0].partition("?")[2])[0]


def with_fragment(url: str, fragment: Values) -> str:
    """The URL with a fragment: escaped once as a query and, by Go's `URL.String`, once more."""
    encoded = fragment.encode().replace("%", "%25")
    url = _written(url)
    return f"{url}#{encoded}" if encoded else url


def _written(url: str) -> str:
    """The URL as `URL.String` writes it: its scheme in lower case."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def html_escape(text: str) -> str:
    """`html.EscapeString` as http.Redirect uses it."""
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;")):
        text = text.replace(char, entity)
    return text.replace("'", "&#39;")


def clean_path(path: str) -> str:
    """The router's `CleanPath`: no `//`, `.` or `..`, a trailing slash stays."""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned


def escape_path(path: str) -> str:
    """A path as Go's `URL.String` writes it."""
    return quote(path, safe="/$&+,:;=@-_.~", errors="surrogateescape")
