"""The fast parser of a response's head, compared with http.client's."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_client.transport.parsing import StrictResponse, Unreadable, read_usual

USUAL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"


class Source:
    def __init__(self, head: bytes) -> None:
        self.head = head

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.head)


def test_a_usual_head_is_read() -> None:
    head = read_usual(USUAL, (200,))
    assert head is not None
    assert (head.status, head.reason, head.length) == (200, "OK", 2)
    assert head.headers == [("Content-Type", "application/json"), ("Content-Length", "2")]
    assert not head.will_close
    assert not head.chunked


@pytest.mark.parametrize(
    "head",
    [
        USUAL.replace(b"1.1", b"1.0"),
        USUAL.replace(b"200", b"201"),
        USUAL.replace(b"200", b"302"),
        USUAL.replace(b"200", b"408"),
        USUAL.replace(b"200 OK", b"103 Hints"),
        USUAL.replace(b"Content-Length: 2\r\n", b""),
        USUAL.replace(b": 2", b": +2"),
        USUAL.replace(b": 2", b": 2222222222"),
        USUAL.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\n folded\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\nX: \xe4\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"),
        USUAL.replace(b"\r\n", b"\n"),
    ],
)
def test_everything_else_is_left_to_the_parser(head: bytes) -> None:
    assert read_usual(head, (200, 204)) is None


lines = st.sampled_from(
    [
        b"Content-Length: 2",
        b"Content-Length: 02",
        b"Content-Length: 3",
        b"Content-Length:2",
        b"content-length: 2 ",
        b"Transfer-Encoding: chunked",
        b"Connection: keep-alive",
        b"X-One: a,  b ",
        b"X-Two: : c",
        b"X-One: d",
        b"x y: z",
        b" folded",
        b"X-Empty: ",
        b"X-\xe4: y",
    ]
)


@given(
    st.sampled_from([b"200 OK", b"204 No", b"304 Not", b"404 ", b"500 A B ", b"600 ?", b"408 x"]),
    st.lists(lines, max_size=5),
)
def test_what_is_read_fast_is_what_the_parser_reads(status: bytes, headers: list[bytes]) -> None:
    head = b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", b""])
    usual = read_usual(head, (200, 204))
    if usual is None:
        return
    slow = StrictResponse(Source(head), (200, 204), method="GET")
    try:
        slow.begin()
    except Unreadable:
        raise AssertionError(head) from None
    assert (usual.status, usual.reason, usual.length) == (slow.status, slow.reason, slow.length)
    assert usual.headers == [(name, value.rstrip()) for name, value in slow.headers.items()]
    assert (usual.will_close, usual.chunked) == (bool(slow.will_close), bool(slow.chunked))
