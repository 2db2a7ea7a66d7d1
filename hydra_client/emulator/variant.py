"""Which of the four servers is played: two versions, two stores."""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = ("0.9", "0.10")
STORES = ("memory", "sql")


@dataclass(frozen=True)
class Variant:
    """A version and a store; the code asks `is_0_9` and `is_sql` where the wire differs."""

    version: str
    store: str

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ValueError(f"version must be one of {VERSIONS}, not {self.version!r}")
        if self.store not in STORES:
            raise ValueError(f"store must be one of {STORES}, not {self.store!r}")

    @property
    def is_0_9(self) -> bool:
        """Whether it plays 0.9.14 (else 0.10.10)."""
        return self.version == "0.9"

    @property
    def is_sql(self) -> bool:
        """Whether it keeps clients and tokens as the SQL store does."""
        return self.store == "sql"
