"""A response's body, bounded as it is sent and as it is decompressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hydra_client.transport.connections import Unreadable

if TYPE_CHECKING:
    import requests

MOST_BODY = 256 * 1024 * 1024
"""Bytes that a response's body may have, as sent and as decompressed."""

_TOO_LONG = f"the response's body has more than {MOST_BODY // 1024 // 1024} MiB"
_CHUNK = 1024 * 1024
_MOST_DIGITS = 18  # more take long to read, and are beyond any bound


def read_body(response: requests.Response) -> bytes:
    """Read a body to its end.

    Raises:
        Unreadable: It is too long, or its Content-Encoding is not understood.
    """
    raw = response.raw
    if not hasattr(raw, "stream"):
        return response.content  # an adapter that intercepts requests made it up
    headers = response.headers
    length = headers.get("Content-Length")
    if length is not None and "Transfer-Encoding" not in headers and length.isdecimal():
        if len(length) > _MOST_DIGITS or int(length) > MOST_BODY:
            raise Unreadable(_TOO_LONG)
        body = raw.read(decode_content=False)
    else:
        parts = []
        size = 0
        while part := raw.read(_CHUNK, decode_content=False):
            size += len(part)
            if size > MOST_BODY:
                raise Unreadable(_TOO_LONG)
            parts.append(part)
        body = b"".join(parts)
    encoding = headers.get("Content-Encoding")
    return _decompress(body, encoding) if encoding and body else body


def _decompress(body: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable("the response has an unknown Content-Encoding")
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = decompressor.decompress(body, MOST_BODY + 1)
    except zlib.error:
        raise Unreadable("the response's body does not match its Content-Encoding") from None
    if len(plain) > MOST_BODY:
        raise Unreadable(_TOO_LONG)
    if not decompressor.eof or decompressor.unused_data:
        raise Unreadable("the response's compressed body is cut short, or goes on after its end")
    return plain
