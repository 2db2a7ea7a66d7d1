"""Sets of JSON Web Keys, and how the memory store and the SQL store keep them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property

from hydra_client.emulator.errors import BadRequestError, NotFoundError
from hydra_client.emulator.store.jwk import Jwk, ec_keys, rsa_keys, secret_key
from hydra_client.emulator.store.keys import SigningKey, generate_rsa_key
from hydra_client.emulator.store.rows import Rows, check_text, duplicate
from hydra_client.emulator.variant import Variant

OWN_SET = "hydra.openid.id-token"
"""The set with the key that signs ID tokens."""

_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.-;:_#+*!§$%&/()=?}][{<>"
)


class MemoryKeySets(Rows[list[Jwk]]):
    """The memory store: the keys of a set by its name. A key id can be in a set twice."""

    missing = NotFoundError, ": Not found"

    def __init__(self, variant: Variant, signing_key: SigningKey) -> None:
        super().__init__(variant)
        self._signing_key = signing_key

    @cached_property
    def _rows(self) -> dict[str, list[Jwk]]:
        # Loaded on first use, because most servers never need their keys.
        return {OWN_SET: rsa_keys(self._signing_key.private, use="sig")}

    def get_key(self, set: str, kid: str) -> list[Jwk]:
        """Return the keys with this id, at least one. Raises HydraError as `get` does."""
        self.check(kid)
        keys = [key for key in self.get(set) if key.kid == kid]
        if not keys:
            raise NotFoundError(": Not found")
        return keys

    def add(self, set: str, keys: list[Jwk]) -> None:
        """Add keys to the set, which is created if need be."""
        if keys:
            self._rows.setdefault(set, []).extend(keys)

    def delete_key(self, set: str, kid: str) -> None:
        """Delete all keys of the set, not only this one: a bug of Hydra. Raises NotFoundError."""
        self.get(set).clear()


class SqlKeySets(MemoryKeySets):
    """The SQL store: key ids are unique in their set, and a set without keys does not exist."""

    def add(self, set: str, keys: list[Jwk]) -> None:
        """Add all keys or none. Raises PlainError if an id is taken or a string is invalid."""
        known = self._rows.get(set, [])
        kids = [key.kid for key in known]
        for key in keys:
            key.to_json(is_0_9=self.is_0_9)  # a key that cannot be written cannot be stored
            for text in (set, key.kid):
                check_text(text, 255)
            if key.kid in kids:
                raise duplicate("hydra_jwk_pkey")
            kids.append(key.kid)
        if keys:
            # 0.10 returns the newest keys first.
            self._rows[set] = [*known, *keys] if self.is_0_9 else [*keys, *known]

    def delete_key(self, set: str, kid: str) -> None:
        """Delete the key, if it exists. Raises PlainError for an invalid string."""
        self.check(set, kid)
        self._rows[set] = [key for key in self._rows.get(set, []) if key.kid != kid]
        if not self._rows[set]:
            del self._rows[set]


def generate(variant: Variant, alg: str, kid: str) -> list[Jwk]:
    """Generate the keys of an algorithm. Raises BadRequestError for one the version lacks."""
    generators = _GENERATORS_OF_0_9 if variant.is_0_9 else _GENERATORS
    if alg not in generators:
        raise BadRequestError(f"Generator {alg} unknown")
    return generators[alg](kid)


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
