"""A cache in front of token introspection (RFC 7662), for resource servers under load.

It is opt-in: while a response is kept, a token that was revoked still counts as active.
"""

from __future__ import annotations

import hashlib
import json
import time
from copy import copy
from typing import TYPE_CHECKING, Any

from hydra_client.models import OAuth2TokenIntrospection
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.redaction import Secret
from hydra_client.transport.sharing import share

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.api import OAuth2Api

__all__ = ["CachedIntrospection"]


class CachedIntrospection:
    """A cache in front of `api.introspect_oauth2_token`: call it instead.

    A response serves only the same token, scope, server and credential. Threads that ask the same
    at the same time cause one request. Errors are never kept. Thread-safe, usable after a fork,
    picklable; a pickle holds no responses. Tokens are kept only as SHA-256 hashes.

    Args:
        api: Asks the server.
        max_size: Responses that are kept; the least recently used one goes first.
        max_age: Seconds for which a response is kept, but never past the token's `exp`. A revoked
            token counts as active for that long at most.
        negative_age: Seconds for which the response that a token is not active is kept. With 0 it
            is not kept; otherwise made-up tokens push the responses about real ones out.
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    def __init__(
        self,
        api: OAuth2Api,
        *,
        max_size: int = 1024,
        max_age: float = 30.0,
        negative_age: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._max_size = checks.whole_number("max_size", max_size, least=1)
        self._max_age = checks.seconds("max_age", max_age)
        self._negative_age = checks.seconds("negative_age", negative_age)
        self._clock = checks.function("clock", clock)
        self.clear()

    def __call__(self, token: str, scope: str | None = None) -> OAuth2TokenIntrospection:
        """Introspect a token, or return what an earlier introspection said.

        Args:
            token: The access token.
            scope: Scopes that it must have, space-separated.

        Returns:
            A copy for each caller.

        Raises:
            HydraException: As `introspect_oauth2_token` does.
        """
        configuration = self._api.api_client.configuration.snapshot()
        source = configuration.access_token
        context = (
            scope,
            configuration.host,
            configuration.username,
            configuration.password,
            source if isinstance(source, str) else id(source),
        )
        try:
            key = _digest(token), _digest(json.dumps(context))
        except (AttributeError, TypeError):
            # The operation says what is wrong with the argument.
            return self._api.introspect_oauth2_token(token, scope)
        token = Secret(token)
        known = self._known(key)
        if known is None:
            # A response that was asked for before `forget` must not serve who comes after it.
            flight = (key, self._era)
            api = copy(self._api)
            # Whatever is assigned meanwhile, the response is that of the server in the key.
            api.api_client = self._api.api_client.copy()
            known = Deadline(configuration.timeout).run(
                share, self._cache, flight, lambda: self._asked(api, key, source, token, scope)
            )
        return OAuth2TokenIntrospection.from_dict(known.document)

    def forget(self, token: str) -> None:
        """Forget what is known of a token, because it was revoked, say."""
        self._era = object()
        digest = _digest(token)
        for key, entry in self._cache.entries():
            if entry.value.token_digest == digest:
                self._cache.discard(key)

    def clear(self) -> None:
        """Forget everything."""
        self._era = object()
        self._cache: Cache[_Known] = Cache(self._max_size)

    def _known(self, key: tuple[bytes, bytes]) -> _Known | None:
        entry = self._cache.get(key)
        # A clock that was set back must not make a response last longer.
        if entry is None or not entry.stored_at <= self._clock() < entry.usable_until:
            return None
        return entry.value

    def _asked(
        self,
        api: OAuth2Api,
        key: tuple[bytes, bytes],
        source: object,
        token: str,
        scope: str | None,
    ) -> _Known:
        """Ask the server, while no other thread does; keep what it says."""
        known = self._known(key)
        if known is not None:
            return known  # another thread was a moment faster
        era, cache = self._era, self._cache
        now = self._clock()
        introspection = api.introspect_oauth2_token(token, scope)
        known = _Known(key[0], introspection.to_dict(), source)
        until = now + (self._max_age if introspection.active else self._negative_age)
        if introspection.active and introspection.exp is not None:
            until = min(until, introspection.exp)
        if until > now:
            cache.put(key, Entry(known, now, until, until))
            if self._era is not era:
                cache.discard(key)  # it may be about what was to be forgotten
        return known

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_cache": None, "_era": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.clear()

    def __repr__(self) -> str:
        return (
            f"CachedIntrospection({self._api.api_client!r}, {len(self._cache)} of "
            f"{self._max_size} responses, max_age={self._max_age})"
        )


class _Known:
    """What the server said of a token; not a tuple, which tracebacks would show."""

    __slots__ = ("document", "source", "token_digest")

    def __init__(self, token_digest: bytes, document: dict[str, Any], source: object) -> None:
        self.token_digest = token_digest
        self.document = document
        # Its id is part of the key; as long as it is here, nothing else can have that id.
        self.source = source


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
