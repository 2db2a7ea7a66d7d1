"""The headers of a response, whose names are found in any case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Headers by name. Those with the same name are one, joined by commas (RFC 9110 section 5.3).

    Args:
        pairs: Names and values.
    """

    __slots__ = ("_headers",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._headers: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            key = name.lower()
            if key in self._headers:
                name, first = self._headers[key]
                value = f"{first}, {value}"
            self._headers[key] = (name, value)

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._headers.values())

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"Headers({list(self)})"
