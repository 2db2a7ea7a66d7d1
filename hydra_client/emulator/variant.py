"""The four servers that the emulator can be: two versions with two stores each."""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = ("0.9", "0.10")
STORES = ("memory", "sql")


@dataclass(frozen=True)
class Variant:
    """A version and a store. Code checks `is_0_9` and `is_sql` where the servers differ."""

    version: str
    store: str

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ValueError(f"version must be one of {VERSIONS}, not {self.version!r}")
        if self.store not in STORES:
            raise ValueError(f"store must be one of {STORES}, not {self.store!r}")

    @property
    def is_0_9(self) -> bool:
        """Whether this is Hydra 0.9.14; otherwise it is 0.10.10."""
        return self.version == "0.9"

    @property
    def is_sql(self) -> bool:
        """Whether this is the SQL store; otherwise it is the memory store."""
        return self.store == "sql"
