"""OAuth 2.0 clients, and how the memory store and the SQL store keep them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import uuid4

import bcrypt

from hydra_client.emulator.errors import NotFoundError
from hydra_client.emulator.store.rows import Rows, check_text, duplicate
from hydra_client.emulator.variant import Variant

SECRET_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890_-.~"
SECRET_LENGTH = 12
MIN_SECRET_BYTES = 6

GO_FIELDS = {
    "id": "string",
    "client_name": "string",
    "client_secret": "string",
    "redirect_uris": "[]string",
    "grant_types": "[]string",
    "response_types": "[]string",
    "scope": "string",
    "owner": "string",
    "policy_uri": "string",
    "tos_uri": "string",
    "client_uri": "string",
    "logo_uri": "string",
    "contacts": "[]string",
    "public": "bool",
}


@dataclass
class Client:
    """A client as it is stored, with a hash instead of the secret."""

    id: str = ""
    client_name: str = ""
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

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Client:
        """Create a client from the members of a request body, without its secret."""
        return cls(**{name: value for name, value in members.items() if name != "client_secret"})

    def to_json(self, secret: str = "") -> dict[str, Any]:
        """Return the members in Hydra's order, with the secret only if it is given."""
        return {
            name: secret if name == "client_secret" else getattr(self, name)
            for name in GO_FIELDS
            if secret or name != "client_secret"
        }

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
        self._rows[client.id] = replace(client)

    def update(self, client: Client) -> None:
        """Store the client, with missing members taken from the stored one."""
        old = self.get(client.id)
        for member in fields(Client):
            stored = getattr(old, member.name)
            if stored and not getattr(client, member.name):  # null and [] do not replace each other
                setattr(client, member.name, stored)
        self._rows[client.id] = replace(client)


class SqlClients(MemoryClients):
    """The SQL store: ids are unique, update replaces, lists are stored in one text column."""

    is_sql = True

    def __init__(self, empty_list: list[str] | None) -> None:
        super().__init__()
        self._empty_list = empty_list

    def create(self, client: Client) -> None:
        """Store the client. Raises PlainError if its id is taken or a string is invalid."""
        self._check(client)
        if client.id in self._rows:
            raise duplicate("hydra_client_pkey")
        client.id = client.id or str(uuid4())
        self._rows[client.id] = self._row(client)

    def update(self, client: Client) -> None:
        """Replace the stored client, but keep its secret if the new client has none."""
        old = self.get(client.id)
        self._check(client)
        client.secret_hash = client.secret_hash or old.secret_hash
        self._rows[client.id] = self._row(client)

    def _check(self, client: Client) -> None:
        for member in fields(Client):
            value = getattr(client, member.name)
            texts = value if isinstance(value, list) else [value]
            self.check(*(text for text in texts if isinstance(text, str)))
        check_text(client.id, 255)

    def _row(self, client: Client) -> Client:
        row = replace(client)
        for name, go_type in GO_FIELDS.items():
            if go_type == "[]string":
                column = "|".join(getattr(client, name) or [])
                setattr(row, name, column.split("|") if column else self._empty_list)
        return row


def client_store(variant: Variant) -> MemoryClients:
    """Create the variant's store."""
    if not variant.is_sql:
        return MemoryClients()
    return SqlClients(None if variant.is_0_9 else [])
