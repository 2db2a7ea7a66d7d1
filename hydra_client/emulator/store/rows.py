"""What the stores have in common: objects by id, and the strings that PostgreSQL rejects."""

from __future__ import annotations

from functools import cached_property
from typing import Generic, TypeVar

from hydra_client.emulator.errors import HydraError, NotFoundError, PlainError
from hydra_client.emulator.variant import Variant

Row = TypeVar("Row")
NO_ROWS = "sql: no rows in result set"


class Rows(Generic[Row]):
    """Objects by id. Those of the SQL store raise PlainError for strings that it rejects."""

    missing: tuple[type[HydraError], str] = (NotFoundError, "Not found")
    """The error for an unknown id, and its message."""

    def __init__(self, variant: Variant) -> None:
        self.is_0_9, self.is_sql = variant.is_0_9, variant.is_sql

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return {}

    def all(self) -> list[Row]:
        """Return all objects."""
        return list(self._rows.values())

    def get(self, id: str) -> Row:
        """Return the object; raise the error in `missing` if there is none."""
        self.check(id)
        if id not in self._rows:
            error, message = self.missing
            raise error(message)
        return self._rows[id]

    def delete(self, id: str) -> None:
        """Delete the object, if it exists."""
        self.check(id)
        self._rows.pop(id, None)

    def check(self, *texts: str) -> None:
        """Raise PlainError for a string that the store does not accept."""
        if self.is_sql:
            for text in texts:
                check_text(text)


def check_text(text: str, max_length: int | None = None) -> None:
    """Raise PlainError for a string that a column of PostgreSQL does not accept."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        raw.replace(b"\0", b"\xff").decode("utf-8")  # PostgreSQL rejects NUL, too
    except UnicodeDecodeError as error:
        # PostgreSQL reports as many bytes as the first one announces.
        length = 1 + sum(first <= raw[error.start] < 0xF8 for first in (0xC0, 0xE0, 0xF0))
        digits = raw[error.start : error.start + length].hex(" ").replace(" ", " 0x")
        raise PlainError(f'pq: invalid byte sequence for encoding "UTF8": 0x{digits}') from None
    if max_length is not None and len(text) > max_length:
        raise PlainError(f"pq: value too long for type character varying({max_length})")


def duplicate(constraint: str) -> PlainError:
    """Return the error for a key that exists."""
    return PlainError(f'pq: duplicate key value violates unique constraint "{constraint}"')
