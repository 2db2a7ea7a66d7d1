"""Reads the head of a response strictly, so that it is certain where the response ends.

The threaded and the asyncio client share it. It reads from a file, and knows no connection.
"""

from __future__ import annotations

import http
import http.client
import re
from typing import Any, NamedTuple

MOST_HEADERS = 256 * 1024
"""Bytes that a response's headers may have."""
# The standard library's own limits: 100 lines, and 64 KiB per line.
TOO_MANY_HEADERS = "the response has too many headers, or too long ones"
TOO_MANY_INTERIM = "the server sends too many interim responses (status 1xx)"
MOST_INTERIM = 8
LONGEST_INTERIM = 64 * 1024  # bytes, of all interim responses together
LONGEST_LINE = 64 * 1024
_LENGTH = re.compile(r"[0-9]+")
# http.client also accepts blanks before it, and statuses such as 0200, +200 and 2_00.
STATUS_LINE = re.compile(rb"(HTTP/\S*)[^\S\n]+([1-9]\d\d)((?:[^\S\n][^\n]*)?)\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r?\n?", re.DOTALL)


class Unreadable(Exception):  # noqa: N818 - never leaves this package
    """A response is larger than allowed, or cannot be decoded. The call is not repeated.

    It is not an exception that urllib3 would take for a lost connection.
    """


class StrictResponse(http.client.HTTPResponse):
    """A response whose connection is kept only if nothing more can arrive on it.

    Bytes that arrive late on a connection would be taken for the response to the next request.

    Args:
        source: What http.client takes for a socket.
        expected: The statuses of a success.
        method: The request's method.
    """

    def __init__(self, source: Any, expected: Any, *arguments: Any, **keywords: Any) -> None:
        self._expected = expected
        self._interim_body = False
        super().__init__(source, *arguments, **keywords)

    def begin(self) -> None:
        """Read the headers, past interim responses."""
        try:
            super().begin()
        except http.client.HTTPException as error:
            # "got more than 100 headers" has no specific class.
            if type(error) in (http.client.LineTooLong, http.client.HTTPException):
                raise Unreadable(TOO_MANY_HEADERS) from None
            raise
        if self.msg.defects:
            # A line is not a header. urllib3 would log it, with the query and what follows.
            raise http.client.HTTPException
        if self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise Unreadable("the server switches protocols (status 101) without being asked")
        if not self._is_delimited():
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        """Read the final status line, past interim responses (RFC 9110 section 15.2)."""
        left = LONGEST_INTERIM
        for _ in range(MOST_INTERIM + 1):
            line = self.fp.readline(LONGEST_LINE + 1)
            if len(line) > LONGEST_LINE:
                raise http.client.LineTooLong("status line")
            status_line = STATUS_LINE.match(line)
            if status_line is None:
                raise http.client.BadStatusLine(line.decode("iso-8859-1"))
            version, status, reason = (part.decode("iso-8859-1") for part in status_line.groups())
            if not status.startswith("1") or status == "101":
                return version, int(status), reason.strip()
            line = b"more"
            while line.strip() and left >= 0:
                line = self.fp.readline(left + 1)
                left -= len(line)
                # It announces a body, which it must not have and which may arrive later.
                if line.lower().startswith((b"content-length", b"transfer-encoding")):
                    self._interim_body = True
            if left < 0:
                break
        raise Unreadable(TOO_MANY_INTERIM)

    def _is_delimited(self) -> bool:
        """Whether the end of the response is certain (RFC 9112 section 6.3) and its status known.

        A 204 or 304 does not delimit its body: one that it must not have may arrive later.
        """
        lengths = {
            length.strip()
            for value in self.headers.get_all("Content-Length", ())
            for length in value.split(",")
        }
        codings = self.headers.get_all("Transfer-Encoding", ())
        if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            raise Unreadable("the response has a Content-Length that is not one number")
        if codings and not self.chunked:
            raise Unreadable("the response has an unknown Transfer-Encoding")
        return (
            (self.status in self._expected or 400 <= self.status < 600)
            # A server may send a 408 by itself, with the response to the request still to come.
            and self.status not in (204, 408)
            and not self._interim_body
            and self.version == 11
            and len(lengths) + len(codings) == 1
        )

    def _read_next_chunk_size(self) -> int:
        return chunk_size(self.fp.readline(LONGEST_LINE))


class UsualResponse(NamedTuple):
    """The head of a response about which there is nothing to decide; see `read_usual`."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    length: int
    chunked: bool = False
    will_close: bool = False


_USUAL = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d) ([ -~]{0,80})\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [!-~][ -~]*\r\n){1,50})\r\n"
)
_LONGEST_USUAL = 16 * 1024
_UNUSUAL = {"transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"}
_MOST_USUAL_DIGITS = 9


def read_usual(head: bytes | bytearray, expected: tuple[int, ...]) -> UsualResponse | None:
    """Read the head of a plain response, much faster than http.client does.

    It leaves everything else to `StrictResponse`, so it need not know the rules: a head is usual
    if it has one Content-Length, no other say in how the body ends, and a status that is a success
    of the operation or an error.
    """
    match = _USUAL.fullmatch(head)
    if match is None or len(head) > _LONGEST_USUAL:
        return None
    status = int(match[1])
    if status in (204, 408) or not (status in expected or status >= 400):
        return None
    lines = match[3].decode("ascii").split("\r\n")[:-1]
    fields = [line.partition(": ") for line in lines]
    headers = [(name, value.rstrip(" ")) for name, _, value in fields]
    values = {name.lower(): value for name, value in headers}
    if len(values) < len(headers) or not _UNUSUAL.isdisjoint(values):
        return None
    length = values.get("content-length", "")
    if not length.isdecimal() or len(length) > _MOST_USUAL_DIGITS:
        return None
    return UsualResponse(status, match[2].decode("ascii").strip(), headers, int(length))


def chunk_size(line: bytes) -> int:
    """Read the line in front of a chunk.

    int() accepts signs, blanks, 0x and underscores, which a proxy may read differently.

    Raises:
        http.client.IncompleteRead: It is not a size.
    """
    size = _CHUNK_SIZE.fullmatch(line)
    if size is None or len(line) == LONGEST_LINE:
        raise http.client.IncompleteRead(b"")
    return int(size[1], 16)
