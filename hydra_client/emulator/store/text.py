"""Which strings the SQL stores accept."""

from __future__ import annotations

from hydra_client.emulator.errors import PlainError


def check_text(value: object) -> None:
    """Raise PlainError for a string that PostgreSQL does not accept."""
    if not isinstance(value, str):
        return
    raw = value.encode("utf-8", "surrogateescape")
    try:
        raw.replace(b"\0", b"\xff").decode("utf-8")  # PostgreSQL rejects NUL, too
    except UnicodeDecodeError as error:
        # PostgreSQL reports as many bytes as the first one announces.
        length = 1 + sum(first <= raw[error.start] < 0xF8 for first in (0xC0, 0xE0, 0xF0))
        digits = raw[error.start : error.start + length].hex(" ").replace(" ", " 0x")
        raise PlainError(f'pq: invalid byte sequence for encoding "UTF8": 0x{digits}') from None
