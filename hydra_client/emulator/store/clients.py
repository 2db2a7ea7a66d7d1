"""OAuth 2.0 clients, and how the memory store and the SQL store keep them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import uuid4

import bcrypt

from hydra_client.emulator.errors import NotFoundError
from hydra_client.emulator.store.rows import Rows, check_text, duplicate

SECRET_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890_-.~"
SECRET_LENGTH = 12
MIN_SECRET_BYTES = 6


@dataclass
class Client:
    """A client. The stores keep a hash instead of the secret."""

    id: str = ""
    client_name: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uris: list[str] | None = None
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    scope: str = ""
    owner: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    client_uri: str = ""
    logo_uri: str = ""
    contacts: list[str] | None = None
    public: bool = False
    secret_hash: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """Return the members in Hydra's order, the secret only if there is one."""
        members = {name: getattr(self, name) for name in GO_FIELDS}
        if not self.client_secret:
            del members["client_secret"]
        return members

    @property
    def grants(self) -> list[str]:
        """The grant types; the default is `authorization_code`."""
        return self.grant_types or ["authorization_code"]

    @property
    def responses(self) -> list[str]:
        """The response types; the default is `code`."""
        return self.response_types or ["code"]

    @property
    def scopes(self) -> list[str]:
        """The scopes that the client may request, which can be patterns."""
        return self.scope.split(" ")

    def has_secret(self, secret: str) -> bool:
        """Return whether this is the client's secret, comparing in constant time."""
        return bcrypt.checkpw(_hashable(secret), self.secret_hash)


_GO_TYPES = {"str": "string", "list[str] | None": "[]string", "bool": "bool"}
GO_FIELDS = {
    field.name: _GO_TYPES[field.type] for field in fields(Client) if field.type in _GO_TYPES
}
"""The Go type of each member, in Hydra's order."""


def new_secret() -> str:
    """Generate a secret, as Hydra does for a client without one."""
    return "".join(secrets.choice(SECRET_CHARACTERS) for _ in range(SECRET_LENGTH))


def hashed(secret: str) -> bytes:
    """Hash the secret with bcrypt, at the lowest cost because it is a test's secret."""
    return bcrypt.hashpw(_hashable(secret), bcrypt.gensalt(4))


def _hashable(secret: str) -> bytes:
    # bcrypt uses 72 bytes. Go's version ignores the rest, Python's raises an error.
    return secret.encode("utf-8", "surrogateescape")[:72]


class MemoryClients(Rows[Client]):
    """The memory store: create overwrites, update merges, lists are stored as they were sent."""

    missing = NotFoundError, ": Not found"

    def create(self, client: Client) -> None:
        """Store the client, with a new id if it has none."""
        client.id = client.id or str(uuid4())
        self._store(client)

    def update(self, client: Client) -> None:
        """Store the client, with missing members taken from the stored one."""
        for name, stored in vars(self.get(client.id)).items():
            if stored and not getattr(client, name):  # null and [] do not replace each other
                setattr(client, name, stored)
        self._store(client)

    def _store(self, client: Client) -> None:
        if client.client_secret:
            client.secret_hash = hashed(client.client_secret)
        self._rows[client.id] = replace(client, client_secret="")


class SqlClients(MemoryClients):
    """The SQL store: ids are unique, update replaces, lists are stored in one text column."""

    def create(self, client: Client) -> None:
        """Store the client. Raises PlainError if its id is taken or a string is invalid."""
        self._check(client)
        if client.id in self._rows:
            raise duplicate("hydra_client_pkey")
        super().create(client)

    def update(self, client: Client) -> None:
        """Replace the stored client, but keep its secret if the new client has none."""
        client.secret_hash = self.get(client.id).secret_hash
        self._check(client)
        self._store(client)

    def _check(self, client: Client) -> None:
        for name, go_type in GO_FIELDS.items():
            if go_type == "[]string":
                self.check(*(getattr(client, name) or []))
            elif go_type == "string" and name != "client_secret":
                self.check(getattr(client, name))
        check_text(client.id, 255)

    def _store(self, client: Client) -> None:
        super()._store(client)
        for name, go_type in GO_FIELDS.items():
            if go_type == "[]string":
                column = "|".join(getattr(client, name) or [])
                stored = column.split("|") if column else None if self.is_0_9 else []
                setattr(self._rows[client.id], name, stored)
