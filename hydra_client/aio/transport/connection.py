"""One connection of the event loop, which never hands a response to the wrong call."""

from __future__ import annotations

import asyncio
import http.client
import io
import re
import select
from typing import TYPE_CHECKING, Any, TypeAlias

from hydra_client.aio.transport.headers import Headers
from hydra_client.protocol.operation import Response
from hydra_client.protocol.retry_policy import retry_after
from hydra_client.transport.body import announced, check_size, plain
from hydra_client.transport.parsing import (
    LONGEST_LINE,
    MOST_HEADERS,
    MOST_INTERIM,
    STATUS_LINE,
    TOO_MANY_HEADERS,
    TOO_MANY_INTERIM,
    StrictResponse,
    Unreadable,
    UsualResponse,
    chunk_size,
    read_usual,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.protocol.deadline import Deadline

Head: TypeAlias = StrictResponse | UsualResponse

_END_OF_HEAD = re.compile(rb"\n\r?\n")
# The parser reads an interim response up to a line of blanks.
_END_OF_INTERIM = re.compile(rb"\n[^\S\n]*\n")
_INTERIM = re.compile(rb"HTTP/\S*[^\S\n]+1(?!01)\d\d\s")
_ENDS_OF_TRAILERS = (b"\r\n", b"\n", b"")


class _Head(io.BytesIO):
    """The head of a response, which http.client opens as it would a socket."""

    def makefile(self, _mode: str) -> io.BytesIO:
        return self


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time. Data that arrives in between closes it.

    An exchange that stops early, even by a cancellation, leaves it unusable: the rest of the
    response may still arrive.

    Args:
        lost: Called once when the connection is lost.

    Attributes:
        sock: The socket below the transport, which can be closed even after the loop.
    """

    def __init__(self, lost: Callable[[Connection], object]) -> None:
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: BaseException | None = None
        self._busy = True  # until the first exchange is over
        self.transport: Any = None
        self.sock: Any = None
        self.usable = False

    def connection_made(self, transport: Any) -> None:
        """Keep the transport. With TLS inside a tunnel, this is called again with another one."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what arrives for the exchange under way."""
        if self._busy:
            self._received += data
            self._wake()
        else:
            self.abort()

    def eof_received(self) -> None:
        """Note that nothing more will come."""
        self._end(None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note why nothing more will come."""
        self._end(exc)
        self._lost(self)

    def abort(self) -> None:
        """Close the connection at once, without telling the peer."""
        self.usable = False
        if self._loop.is_closed():  # transports of a closed loop cannot be closed
            self.sock.close()
        else:
            self.transport.abort()

    def is_stale(self) -> bool:
        """Whether anything arrived that was not requested, such as the end of the connection."""
        return not self.usable or _readable(self.transport.get_extra_info("socket").fileno())

    async def exchange(
        self, data: bytes, method: str, expected: tuple[int, ...], deadline: Deadline
    ) -> Response:
        """Send a request and read the response to it.

        Raises:
            TimeoutError: The deadline passed.
            OSError, http.client.HTTPException: There was no complete response.
            Unreadable: The response is larger than allowed, or cannot be decoded.
        """
        if deadline.passed():
            raise TimeoutError
        self.usable = False
        self._busy = True
        timer = self._loop.call_later(deadline.left(), self._end, TimeoutError())
        try:
            self.transport.write(data)
            response = await self._head(method, expected)
            pairs = response.headers
            headers = Headers(pairs if isinstance(pairs, list) else pairs.items())
            body = await self._body(response, headers)
        finally:
            timer.cancel()
        in_step = not (self._received or self._ended or self.transport.get_write_buffer_size())
        self.usable = in_step and not response.will_close
        self._busy = False
        body = plain(body, headers)
        return Response(response.status, response.reason, headers, body, retry_after(headers))

    async def tunnel(self, data: bytes, deadline: Deadline) -> None:
        """Ask a proxy for a tunnel.

        Raises:
            OSError: The proxy refused.
        """
        timer = self._loop.call_later(deadline.left(), self._end, TimeoutError())
        try:
            self.transport.write(data)
            response = await self._head("CONNECT", (200,))
        finally:
            timer.cancel()
        if response.status != 200 or self._received:
            raise OSError(f"Tunnel connection failed: {response.status} {response.reason}".rstrip())

    def _end(self, error: BaseException | None) -> None:
        if not self._ended:
            self._ended, self._error = True, error
            self.usable = False
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _more(self) -> bool:
        """Wait for more data; return False if the connection was closed properly."""
        if not self._ended:
            self._waiter = self._loop.create_future()
            before = len(self._received)
            try:
                await self._waiter
            finally:
                self._waiter = None
            if len(self._received) > before:
                return True
        if self._error is not None:
            raise self._error
        return False

    async def _head(self, method: str, expected: tuple[int, ...]) -> Head:
        """Collect the headers, past interim responses, and parse them."""
        start = searched = heads = 0
        stop = None
        while stop is None:
            interim = _INTERIM.match(self._received, start)
            pattern = _END_OF_INTERIM if interim else _END_OF_HEAD
            end = pattern.search(self._received, searched)
            if end is not None:
                heads += 1
                if not interim or heads > MOST_INTERIM:
                    stop = end.end()
                start = searched = end.end()
            elif self._is_malformed(start, interim is not None):
                stop = len(self._received)
            else:
                searched = max(start, self._received.rfind(b"\n"))
                if not await self._more():
                    raise http.client.RemoteDisconnected("no end of the headers")
        usual = read_usual(self._received[:stop], expected)
        if usual is not None:
            del self._received[:stop]
            return usual
        head = _Head(self._received[:stop])
        response = StrictResponse(head, expected, method=method)
        response.begin()
        del self._received[: head.tell()]
        return response

    def _is_malformed(self, start: int, interim: bool) -> bool:
        """Whether the received bytes cannot be a head. Then the parser raises the error."""
        if len(self._received) - start > MOST_HEADERS:
            raise Unreadable(TOO_MANY_INTERIM if interim else TOO_MANY_HEADERS)
        last_line = max(start, self._received.rfind(b"\n") + 1)
        if len(self._received) - last_line > LONGEST_LINE:
            return True
        return last_line > start and STATUS_LINE.match(self._received, start) is None

    async def _body(self, response: Head, headers: Headers) -> bytes:
        announced(headers)
        if response.chunked:
            return await self._chunks()
        if response.length is not None:
            return await self._take(response.length)
        while await self._more():
            check_size(len(self._received))
        check_size(len(self._received))
        return await self._take(len(self._received))

    async def _chunks(self) -> bytes:
        parts = []
        size = 0
        while length := chunk_size(await self._line()):
            size += length
            check_size(size)
            parts.append(await self._take(length))
            if await self._take(2) != b"\r\n":
                raise http.client.IncompleteRead(b"")
        while (line := await self._line()) not in _ENDS_OF_TRAILERS:
            if len(line) >= LONGEST_LINE:
                raise http.client.LineTooLong("trailer")
        return b"".join(parts)

    async def _line(self) -> bytes:
        """Take a line, or what has arrived of it if the connection ends or the line is too long."""
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched >= LONGEST_LINE or not await self._more():
                end = searched - 1
                break
        return await self._take(min(end + 1, LONGEST_LINE))

    async def _take(self, length: int) -> bytes:
        while len(self._received) < length:
            if not await self._more():
                raise http.client.IncompleteRead(b"")
        data = bytes(self._received[:length])
        del self._received[:length]
        return data


if hasattr(select, "poll"):  # pragma: no branch - Windows has none

    def _readable(descriptor: int) -> bool:
        # select.select takes no descriptor above 1,023.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

else:  # pragma: no cover

    def _readable(descriptor: int) -> bool:
        return bool(select.select([descriptor], [], [], 0)[0])
