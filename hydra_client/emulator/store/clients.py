"""OAuth 2.0 clients and the two ways of keeping them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import uuid4

import bcrypt

from hydra_client.emulator.errors import NotFoundError, PlainError
from hydra_client.emulator.variant import Variant

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890_-.~"
SECRET_LENGTH = 12
SHORTEST_SECRET = 6

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
    """A client as it is stored; the secret only as a hash."""

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
        """The client that a request body describes, its secret aside."""
        return cls(**{name: value for name, value in members.items() if name != "client_secret"})

    def to_json(self, secret: str = "") -> dict[str, Any]:
        """The members in the server's order; the secret only when it is told."""
        told = {name: getattr(self, name) for name in GO_FIELDS if name != "client_secret"}
        if not secret:
            return told
        first, name, *rest = told.items()
        return dict([first, name, ("client_secret", secret), *rest])

    @property
    def grants(self) -> list[str]:
        """Its grant types; a client that names none has `authorization_code`."""
        return self.grant_types or ["authorization_code"]

    @property
    def responses(self) -> list[str]:
        """Its response types; a client that names none has `code`."""
        return self.response_types or ["code"]

    @property
    def scopes(self) -> list[str]:
        """The scopes it may ask for, which can be patterns."""
        return self.scope.split(" ")

    def has_secret(self, secret: str) -> bool:
        """Whether this is its secret; compared in constant time."""
        return bcrypt.checkpw(_hashable(secret), self.secret_hash)


def new_secret() -> str:
    """A secret as the server makes it when none is given."""
    return "".join(secrets.choice(LETTERS) for _ in range(SECRET_LENGTH))


def hashed(secret: str) -> bytes:
    """The secret's bcrypt hash, at the lowest cost: these are secrets of tests."""
    return bcrypt.hashpw(_hashable(secret), bcrypt.gensalt(4))


def _hashable(secret: str) -> bytes:
    # bcrypt looks at 72 bytes; Go's cuts the rest off in silence, Python's refuses.
    return secret.encode("utf-8", "surrogateescape")[:72]


def _not_found() -> NotFoundError:
    return NotFoundError(": Not found")


class MemoryClients:
    """The memory store: create overwrites, update merges, lists stay as they were sent."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}

    def get(self, id: str) -> Client:
        """A copy of the client. Raises NotFoundError."""
        if id not in self._clients:
            raise _not_found()
        return replace(self._clients[id])

    def all(self) -> list[Client]:
        """Copies of all clients."""
        return [replace(client) for client in self._clients.values()]

    def create(self, client: Client) -> None:
        """Store it, making an id where it has none."""
        client.id = client.id or str(uuid4())
        self._clients[client.id] = replace(client)

    def update(self, client: Client) -> None:
        """Fill what the client lacks from the stored one, and store it."""
        old = self.get(client.id)
        for member in fields(Client):
            stored = getattr(old, member.name)
            if stored and not getattr(client, member.name):  # [] does not fill null, nor null []
                setattr(client, member.name, stored)
        self._clients[client.id] = replace(client)

    def delete(self, id: str) -> None:
        """Forget it; tokens that were issued to it are not touched."""
        self._clients.pop(id, None)


class SqlClients(MemoryClients):
    """The SQL store: ids are unique, update replaces, lists go through a column of text."""

    def __init__(self, empty_list: list[str] | None) -> None:
        super().__init__()
        self._empty_list = empty_list

    def get(self, id: str) -> Client:
        """A copy of the client. Raises NotFoundError, and PlainError for an impossible id."""
        check_text(id)
        return super().get(id)

    def create(self, client: Client) -> None:
        """Store it, unless its id is taken. Raises PlainError."""
        self._check(client)
        if client.id in self._clients:
            raise PlainError(
                'pq: duplicate key value violates unique constraint "hydra_client_pkey"'
            )
        client.id = client.id or str(uuid4())
        self._clients[client.id] = self._row(client)

    def update(self, client: Client) -> None:
        """Store it in place of the old one; only the secret stays where none is given."""
        old = self.get(client.id)
        self._check(client)
        client.secret_hash = client.secret_hash or old.secret_hash
        self._clients[client.id] = self._row(client)

    def _check(self, client: Client) -> None:
        for member in fields(Client):
            value = getattr(client, member.name)
            for text in value if isinstance(value, list) else [value]:
                check_text(text)
        if len(client.id) > 255:
            raise PlainError("pq: value too long for type character varying(255)")

    def _row(self, client: Client) -> Client:
        row = replace(client)
        for name, go_type in GO_FIELDS.items():
            if go_type == "[]string":
                column = "|".join(getattr(client, name) or [])
                setattr(row, name, column.split("|") if column else self._empty_list)
        return row


def check_text(value: object) -> None:
    """Raise PlainError for a string that PostgreSQL does not take."""
    if not isinstance(value, str):
        return
    raw = value.encode("utf-8", "surrogateescape")
    try:
        raw.replace(b"\0", b"\xff").decode("utf-8")  # to it, a zero is no UTF-8 either
    except UnicodeDecodeError as error:
        # It names as many bytes as the first one promises.
        length = 1 + sum(first <= raw[error.start] < 0xF8 for first in (0xC0, 0xE0, 0xF0))
        named = raw[error.start : error.start + length].hex(" ").replace(" ", " 0x")
        raise PlainError(f'pq: invalid byte sequence for encoding "UTF8": 0x{named}') from None


def client_store(variant: Variant) -> MemoryClients:
    """The clients of this variant."""
    if not variant.is_sql:
        return MemoryClients()
    return SqlClients(None if variant.is_0_9 else [])
