"""Sets of JSON Web Keys, and how the memory store and the SQL store keep them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property

from hydra_client.emulator.errors import NotFoundError
from hydra_client.emulator.store.jwk import Jwk, ec_keys, rsa_keys, secret_key
from hydra_client.emulator.store.keys import SigningKey, generate_rsa_key
from hydra_client.emulator.store.rows import check_text, duplicate
from hydra_client.emulator.variant import Variant

OWN_SET = "hydra.openid.id-token"
"""The set with the key that signs ID tokens."""

_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.-;:_#+*!§$%&/()=?}][{<>"
)


class MemoryKeySets:
    """The memory store: a key id can be in a set twice."""

    def __init__(self, signing_key: SigningKey, *, is_0_9: bool) -> None:
        self._signing_key, self._is_0_9 = signing_key, is_0_9

    @cached_property
    def _sets(self) -> dict[str, list[Jwk]]:
        # Loaded on first use, because most servers never need their keys.
        return {OWN_SET: rsa_keys(self._signing_key.private, use="sig")}

    def get_set(self, set: str) -> list[Jwk]:
        """Return the keys of the set, which can be none. Raises NotFoundError."""
        if set not in self._sets:
            raise NotFoundError(": Not found")
        return self._sets[set]

    def get_key(self, set: str, kid: str) -> list[Jwk]:
        """Return the keys with this id, at least one. Raises NotFoundError."""
        keys = [key for key in self.get_set(set) if key.kid == kid]
        if not keys:
            raise NotFoundError(": Not found")
        return keys

    def add(self, set: str, keys: list[Jwk]) -> None:
        """Add keys to the set, which is created if need be."""
        for key in keys:
            self._sets.setdefault(set, []).append(key)

    def delete_key(self, set: str, kid: str) -> None:
        """Delete all keys of the set, whatever the id: a bug of Hydra. Raises NotFoundError."""
        self.get_set(set)[:] = []

    def delete_set(self, set: str) -> None:
        """Delete the set, if it exists."""
        self._sets.pop(set, None)


class SqlKeySets(MemoryKeySets):
    """The SQL store: key ids are unique in their set, and a set without keys does not exist."""

    def get_set(self, set: str) -> list[Jwk]:
        """Return the keys of the set. Raises NotFoundError, and PlainError for an invalid name."""
        check_text(set)
        return super().get_set(set)

    def get_key(self, set: str, kid: str) -> list[Jwk]:
        """Return the key with this id. Raises NotFoundError, and PlainError for an invalid id."""
        check_text(kid)
        return super().get_key(set, kid)

    def add(self, set: str, keys: list[Jwk]) -> None:
        """Add all keys or none. Raises PlainError if an id is taken or a string is invalid."""
        known = self._sets.get(set, [])
        kids = [key.kid for key in known]
        for key in keys:
            key.to_json(is_0_9=self._is_0_9)  # a key that cannot be written cannot be stored
            for text in (set, key.kid):
                check_text(text, 255)
            if key.kid in kids:
                raise duplicate("hydra_jwk_pkey")
            kids.append(key.kid)
        if keys:
            # 0.10 returns the newest keys first.
            self._sets[set] = [*known, *keys] if self._is_0_9 else [*keys, *known]

    def delete_key(self, set: str, kid: str) -> None:
        """Delete the key, if it exists. Raises PlainError for an invalid string."""
        check_text(set)
        check_text(kid)
        keys = [key for key in self._sets.get(set, []) if key.kid != kid]
        self._sets[set] = keys
        if not keys:
            self.delete_set(set)

    def delete_set(self, set: str) -> None:
        """Delete the set, if it exists. Raises PlainError for an invalid name."""
        check_text(set)
        super().delete_set(set)


def key_set_store(variant: Variant, signing_key: SigningKey) -> MemoryKeySets:
    """Create the variant's store, with the server's own set in it."""
    store = SqlKeySets if variant.is_sql else MemoryKeySets
    return store(signing_key, is_0_9=variant.is_0_9)


def generate(variant: Variant, alg: str, kid: str) -> list[Jwk]:
    """Generate the keys of an algorithm. Raises KeyError if the version does not know it."""
    return (_GENERATORS_OF_0_9 if variant.is_0_9 else _GENERATORS)[alg](kid)


def _rs256(kid: str) -> list[Jwk]:
    return rsa_keys(generate_rsa_key(), kid)


def _characters(kid: str) -> list[Jwk]:
    text = "".join(secrets.choice(_CHARACTERS) for _ in range(32))
    return [secret_key(kid or "shared", "HS256", text.encode())]


_GENERATORS_OF_0_9: dict[str, Callable[[str], list[Jwk]]] = {
    "RS256": _rs256,
    "ES521": ec_keys,
    "HS256": _characters,
}
_GENERATORS: dict[str, Callable[[str], list[Jwk]]] = {
    "RS256": _rs256,
    "ES512": ec_keys,
    "HS256": lambda kid: [secret_key(kid, "HS256", secrets.token_bytes(16))],
    "HS512": lambda kid: [secret_key(kid, "HS512", secrets.token_bytes(32))],
}
