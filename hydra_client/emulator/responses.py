"""Responses in the few shapes that Hydra, Go's server and their libraries produce."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from hydra_client.emulator.errors import HydraError, admin_fields, oauth_fields
from hydra_client.emulator.go.http import Request, header_value, html_escape
from hydra_client.emulator.go.json import encode
from hydra_client.emulator.variant import Variant

TEXT = "text/plain; charset=utf-8"


@dataclass
class Response:
    """A status, headers and a body. `reset` and `cut` are for scripted faults."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    reset: bool = False
    """Break the connection before sending anything."""
    cut: int | None = None
    """Close the connection after this many bytes of the body."""

    @property
    def reason(self) -> str:
        """The reason phrase, empty for a status that has none."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return ""

    def all_headers(self) -> list[tuple[str, str]]:
        """Return the headers plus Content-Length, which only 204 and 304 lack."""
        if self.status in (204, 304):
            return self.headers
        return [*self.headers, ("Content-Length", str(len(self.body)))]


def _json(content_type: str, value: Any, status: int, end: str = "") -> Response:
    return Response(status, [("Content-Type", content_type)], (encode(value) + end).encode("utf-8"))


def json_response(value: Any, status: int = 200, location: str = "") -> Response:
    """Return a response of the admin endpoints."""
    response = _json("application/json", value, status)
    if location:
        response.headers.append(("Location", header_value(location)))
    return response


def oauth_response(value: Any, status: int = 200, *, end: str = "") -> Response:
    """Return a response of the OAuth endpoints, error or not; `end` follows the JSON."""
    return _json("application/json;charset=UTF-8", value, status, end)


def admin_error(error: HydraError, variant: Variant, request: Request) -> Response:
    """Return an error of the admin endpoints; Go labels it as text because Hydra does not."""
    status, members = admin_fields(error, variant.is_0_9, request.header("X-Request-ID"))
    return _json(TEXT, {"error": members}, status, "\n")


def oauth_error(error: HydraError, variant: Variant) -> Response:
    """Return an error of the OAuth endpoints (RFC 6749 section 5.2)."""
    name, description, status = oauth_fields(error, variant.is_0_9)
    return oauth_response(
        {"error": name, "error_description": description, "statusCode": status}, status
    )


def plain_error(status: int, text: str) -> Response:
    """Return what Go's `http.Error` writes."""
    headers = [("Content-Type", TEXT), ("X-Content-Type-Options", "nosniff")]
    return Response(status, headers, f"{text}\n".encode())


def redirect(location: str) -> Response:
    """Return a redirect with no header but `Location`."""
    return Response(302, [("Location", header_value(location))])


def go_redirect(request: Request, location: str, status: int) -> Response:
    """Return what Go's `http.Redirect` writes: for GET, a line of HTML as well."""
    headers = [("Location", header_value(location))]
    if request.method != "GET":
        return Response(status, headers)
    phrase = HTTPStatus(status).phrase
    body = f'<a href="{html_escape(location)}">{phrase}</a>.\n\n'
    headers.append(("Content-Type", "text/html; charset=utf-8"))
    return Response(status, headers, body.encode("utf-8", "surrogateescape"))
