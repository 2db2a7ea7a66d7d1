"""Answers, in the few shapes that Go's server and its libraries give them."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from hydra_client.emulator.errors import HydraError, admin_fields, oauth_fields
from hydra_client.emulator.go.http import Request, header_value, html_escape
from hydra_client.emulator.go.json import encode
from hydra_client.emulator.variant import Variant

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
OAUTH_JSON = "application/json;charset=UTF-8"


@dataclass
class Answer:
    """A status, headers and a body; what becomes of the connection is a fault's business."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    reset: bool = False
    """The connection breaks before a byte is sent."""
    cut: int | None = None
    """The connection ends after so many bytes of the body."""

    @property
    def reason(self) -> str:
        """The reason phrase, nothing for a status that has none."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return ""

    def all_headers(self) -> list[tuple[str, str]]:
        """The headers with the body's length, which every answer but 204 and 304 tells."""
        if self.status in (204, 304):
            return self.headers
        return [*self.headers, ("Content-Length", str(len(self.body)))]


def json_answer(value: Any, status: int = 200, location: str = "") -> Answer:
    """What admin endpoints write: JSON without a line end."""
    headers = [("Content-Type", JSON)]
    if location:
        headers.append(("Location", header_value(location)))
    return Answer(status, headers, encode(value).encode("utf-8"))


def oauth_json(value: Any, status: int = 200) -> Answer:
    """What OAuth endpoints write, errors included."""
    return Answer(status, [("Content-Type", OAUTH_JSON)], encode(value).encode("utf-8"))


def admin_error(error: HydraError, variant: Variant, request: Request) -> Answer:
    """The wrapped error; its label is what Go makes of a body without one."""
    status, members = admin_fields(error, variant.is_0_9, request.header("X-Request-ID"))
    return Answer(
        status, [("Content-Type", TEXT)], (encode({"error": members}) + "\n").encode("utf-8")
    )


def oauth_error(error: HydraError, variant: Variant) -> Answer:
    """The flat error of RFC 6749 section 5.2."""
    name, description, status = oauth_fields(error, variant.is_0_9)
    return oauth_json(
        {"error": name, "error_description": description, "statusCode": status}, status
    )


def plain_error(status: int, text: str) -> Answer:
    """`http.Error`."""
    headers = [("Content-Type", TEXT), ("X-Content-Type-Options", "nosniff")]
    return Answer(status, headers, f"{text}\n".encode())


def found(location: str) -> Answer:
    """A redirect that sets nothing but `Location`."""
    return Answer(302, [("Location", header_value(location))])


def go_redirect(request: Request, location: str, status: int) -> Answer:
    """`http.Redirect`: a GET also gets a line of HTML."""
    headers = [("Location", header_value(location))]
    if request.method != "GET":
        return Answer(status, headers)
    phrase = HTTPStatus(status).phrase
    body = f'<a href="{html_escape(location)}">{phrase}</a>.\n\n'
    headers.append(("Content-Type", "text/html; charset=utf-8"))
    return Answer(status, headers, body.encode("utf-8", "surrogateescape"))
