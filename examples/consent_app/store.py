"""What the app keeps in SQLite: sessions, failed logins, and the consents that users want kept."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hydra_client import OAuth2Client

ATTEMPTS_OF_ACCOUNT = 5
ATTEMPTS_OF_ADDRESS = 30
ATTEMPTS_PERIOD = 300.0  # seconds

_TABLES = """
CREATE TABLE IF NOT EXISTS attempts (key TEXT PRIMARY KEY, count INTEGER, ends_at REAL);
CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, value TEXT, ends_at REAL);
CREATE TABLE IF NOT EXISTS consents (
    user TEXT, client_id TEXT, client TEXT, name TEXT, requested TEXT, granted TEXT, made_at REAL,
    PRIMARY KEY (user, client_id)
);
"""


class Remembered(NamedTuple):
    """A consent that the user does not want to be asked for again."""

    client_id: str
    name: str
    scopes: list[str]
    made_at: float


class Store:
    """The database. Threads and processes can share it.

    Args:
        path: The file, which is created if it does not exist.
        clock: Returns the time, in seconds since 1970-01-01 UTC.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.clock = clock
        os.close(os.open(path, os.O_CREAT, 0o600))
        with closing(sqlite3.connect(path)) as database:
            database.executescript(_TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=10, isolation_level="IMMEDIATE")
        with closing(database), database:
            yield database

    # --- sessions, what ConsentApp remembers of browsers, and other things for a while, under the
    # hash of their key: who reads the file cannot use them

    def get(self, key: str) -> str | None:
        """Return a value, or None if there is none any more."""
        query = "SELECT value FROM memory WHERE key = ? AND ends_at > ?"
        with self._open() as database:
            row = database.execute(query, (_hash(key), self.clock())).fetchone()
        return None if row is None else str(row[0])

    def set(self, key: str, value: str, timeout: float) -> None:
        """Store a value for this many seconds."""
        now = self.clock()
        with self._open() as database:
            database.execute("DELETE FROM memory WHERE ends_at <= ?", (now,))
            row = (_hash(key), value, now + timeout)
            database.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", row)

    def change(self, key: str, value: str) -> None:
        """Replace a value, unless its time has ended meanwhile."""
        with self._open() as database:
            database.execute("UPDATE memory SET value = ? WHERE key = ?", (value, _hash(key)))

    def delete(self, key: str) -> None:
        """Delete a value."""
        with self._open() as database:
            database.execute("DELETE FROM memory WHERE key = ?", (_hash(key),))

    # --- attempts to log in

    def attempt(self, user: str, address: str | None) -> float:
        """Count an attempt to log in, before the password is checked.

        Returns:
            Seconds to wait, if there were too many attempts; then the attempt must fail.
        """
        now = self.clock()
        with self._open() as database:
            database.execute("DELETE FROM attempts WHERE ends_at <= ?", (now,))
            waits = [
                row[1] - now
                for key, limit in _limits(user, address).items()
                for row in database.execute(
                    "SELECT count, ends_at FROM attempts WHERE key=?", (key,)
                )
                if row[0] >= limit
            ]
            if not waits:
                database.executemany(
                    "INSERT INTO attempts VALUES (?, 1, ?)"
                    " ON CONFLICT (key) DO UPDATE SET count = count + 1",
                    [(key, now + ATTEMPTS_PERIOD) for key in _limits(user, address)],
                )
        return max(waits, default=0.0)

    def succeeded(self, user: str, address: str | None) -> None:
        """Take an attempt back, and forgive the account the failed ones."""
        account, origin = _limits(user, address)
        with self._open() as database:
            database.execute("DELETE FROM attempts WHERE key = ?", (account,))
            database.execute("UPDATE attempts SET count = count - 1 WHERE key = ?", (origin,))

    # --- remembered consents

    def remember(
        self, user: str, client: OAuth2Client, requested: Sequence[str], granted: Sequence[str]
    ) -> None:
        """Keep what a user granted a client, in place of what was kept for the two before."""
        name = client.client_name or client.id
        made = (user, client.id, _fingerprint(client), name, _words(requested), _words(granted))
        with self._open() as database:
            row = (*made, self.clock())
            database.execute("INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def remembered(
        self, user: str, client: OAuth2Client, requested: Sequence[str]
    ) -> list[str] | None:
        """Return what the user granted, if exactly this client asked for exactly these scopes."""
        query = (
            "SELECT granted FROM consents"
            " WHERE user = ? AND client_id = ? AND client = ? AND requested = ?"
        )
        with self._open() as database:
            key = (user, client.id, _fingerprint(client), _words(requested))
            row = database.execute(query, key).fetchone()
        return None if row is None else row[0].split()

    def all_remembered(self, user: str) -> list[Remembered]:
        """Return all that is kept for a user, by the client's name."""
        query = (
            "SELECT client_id, name, granted, made_at FROM consents WHERE user = ?"
            " ORDER BY name COLLATE NOCASE"
        )
        with self._open() as database:
            rows = database.execute(query, (user,)).fetchall()
        return [Remembered(id, name, granted.split(), at) for id, name, granted, at in rows]

    def forget(self, user: str, client_id: str) -> None:
        """Forget what a user granted a client."""
        with self._open() as database:
            key = (user, client_id)
            database.execute("DELETE FROM consents WHERE user = ? AND client_id = ?", key)


def _limits(user: str, address: str | None) -> dict[str, int]:
    """Return how many attempts each key allows: the account's, and the address's."""
    origin = address or ""
    try:
        found = ipaddress.ip_address(origin)
        found = getattr(found, "ipv4_mapped", None) or found
        # Everybody has at least a /64 of IPv6, so a single address means nothing.
        bits = 32 if found.version == 4 else 64
        origin = str(ipaddress.ip_network((found, bits), strict=False))
    except ValueError:
        pass  # a proxy's own name for it, or a Unix socket
    # Hashed, because people type passwords into the wrong field.
    return {
        _hash(f"user {user}"): ATTEMPTS_OF_ACCOUNT,
        _hash(f"from {origin}"): ATTEMPTS_OF_ADDRESS,
    }


def _fingerprint(client: OAuth2Client) -> str:
    """Return what changes with any field of the client."""
    return _hash(json.dumps(client.to_dict(), sort_keys=True))


def _words(scopes: Sequence[str]) -> str:
    return " ".join(sorted(set(scopes)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
