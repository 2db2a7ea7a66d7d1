"""A response's body, bounded as it is sent and as it is decompressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hydra_client.transport.parsing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

MOST_BODY = 256 * 1024 * 1024
"""Bytes that a response's body may have, as sent and as decompressed."""

_TOO_LONG = f"the response's body has more than {MOST_BODY // 1024 // 1024} MiB"
_CHUNK = 1024 * 1024
_MOST_DIGITS = 18  # more are slow to parse, and exceed every limit


def read_body(response: requests.Response) -> bytes:
    """Read a body to its end.

    Raises:
        Unreadable: It is too long, or its Content-Encoding is not understood.
    """
    raw = response.raw
    if not hasattr(raw, "stream"):
        return response.content  # an adapter that intercepts requests made it up
    headers = response.headers
    if announced(headers):
        body = raw.read(decode_content=False)
    else:
        parts = []
        size = 0
        while part := raw.read(_CHUNK, decode_content=False):
            size += len(part)
            check_size(size)
            parts.append(part)
        body = b"".join(parts)
    return plain(body, headers)


def announced(headers: Mapping[str, str]) -> bool:
    """Whether the headers announce the length of the body.

    Raises:
        Unreadable: It is too long.
    """
    length = headers.get("Content-Length")
    if length is None or "Transfer-Encoding" in headers or not length.isdecimal():
        return False
    check_size(int(length) if len(length) <= _MOST_DIGITS else MOST_BODY + 1)
    return True


def check_size(size: int) -> None:
    """Refuse a body of this many bytes if that is too many."""
    if size > MOST_BODY:
        raise Unreadable(_TOO_LONG)


def plain(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo the Content-Encoding of a whole body.

    Raises:
        Unreadable: It is not known, or the body does not match it.
    """
    encoding = headers.get("Content-Encoding")
    if not encoding or not body:
        return body
    encoding = encoding.strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable("the response has an unknown Content-Encoding")
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        decoded = decompressor.decompress(body, MOST_BODY + 1)
    except zlib.error:
        raise Unreadable("the response's body does not match its Content-Encoding") from None
    check_size(len(decoded))
    if not decompressor.eof or decompressor.unused_data:
        raise Unreadable("the response's compressed body is cut short, or has data after its end")
    return decoded
