"""A cache in front of token introspection (RFC 7662), for resource servers under load.

It is opt-in: while an answer is kept, a token that was revoked still counts as active.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.models import OAuth2TokenIntrospection
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.redaction import Secret
from hydra_client.protocol.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.api import OAuth2Api

__all__ = ["CachedIntrospection", "cached_introspection"]


def cached_introspection(
    api: OAuth2Api,
    *,
    max_size: int = 1024,
    max_age: float = 30.0,
    negative_age: float = 0.0,
    clock: Callable[[], float] = time.time,
) -> CachedIntrospection:
    """Put a cache in front of `api.introspect_oauth2_token`.

    Args:
        api: Asks the server.
        max_size: Answers that are kept; the ones not asked for the longest make room.
        max_age: Seconds for which an answer is kept, but never past the token's `exp`. For so long
            at most a revoked token counts as active.
        negative_age: Seconds for which the answer that a token is not active is kept. With 0 it is
            not; above, whoever sends made-up tokens pushes the answers about real ones out.
        clock: Tells the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: An argument cannot be right.
    """
    return CachedIntrospection(api, max_size, max_age, negative_age, clock)


class CachedIntrospection:
    """What `cached_introspection` returns: call it in place of `introspect_oauth2_token`.

    An answer serves only the same token, scope, server and credential. Many threads that ask the
    same at the same time cause one request. Errors are never kept. Thread-safe, usable after a
    fork, picklable; a pickle holds no answers. Tokens are kept as SHA-256 hashes only.
    """

    def __init__(
        self,
        api: OAuth2Api,
        max_size: int,
        max_age: float,
        negative_age: float,
        clock: Callable[[], float],
    ) -> None:
        if isinstance(max_size, bool) or not isinstance(max_size, int):
            raise ApiTypeError(f"max_size must be a whole number, got {type(max_size).__name__}")
        if max_size < 1:
            raise ApiValueError(f"max_size must be at least 1, got {max_size}")
        if not callable(clock):
            raise ApiTypeError(f"clock must be callable, got {type(clock).__name__}")
        self._api = api
        self._max_size = max_size
        self._max_age = _seconds("max_age", max_age)
        self._negative_age = _seconds("negative_age", negative_age)
        self._clock = clock
        self.clear()

    def __call__(self, token: str, scope: str | None = None) -> OAuth2TokenIntrospection:
        """Introspect a token, or remember what an introspection told.

        Args:
            token: The access token.
            scope: Scopes that it must have, with spaces between.

        Returns:
            A copy of its own for each caller.

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
            # What is no string is told by the operation.
            return self._api.introspect_oauth2_token(token, scope)
        token = Secret(token)
        answer = self._known(key)
        if answer is None:
            # What was asked before something was forgotten must not serve who comes after.
            flight = (key, self._era)
            # Whatever is assigned meanwhile, the answer is that of the server in the key.
            api = copy(self._api)
            api.api_client = self._api.api_client._with(configuration)
            answer = Deadline(configuration.timeout).run(
                self._flights.do, flight, lambda: self._asked(api, key, source, token, scope)
            )
        return OAuth2TokenIntrospection.from_dict(answer)

    def forget(self, token: str) -> None:
        """Forget what is known of a token, say because it was revoked."""
        self._era = object()
        digest = _digest(token)
        for key in list(self._entries):
            if key[0] == digest:
                self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._era = object()
        self._entries: OrderedDict[tuple[bytes, bytes], _Entry] = OrderedDict()
        self._flights: SingleFlight[dict[str, Any]] = SingleFlight()

    def _known(self, key: tuple[bytes, bytes]) -> dict[str, Any] | None:
        entry = self._entries.get(key)
        # A clock that was set back must not make an answer last.
        if entry is None or not entry.asked_at <= self._clock() < entry.until:
            return None
        try:
            self._entries.move_to_end(key)
        except KeyError:
            pass  # another thread has just let it go
        return entry.answer

    def _asked(
        self,
        api: OAuth2Api,
        key: tuple[bytes, bytes],
        source: object,
        token: str,
        scope: str | None,
    ) -> dict[str, Any]:
        """Ask the server, while nobody else does; remember what it says."""
        known = self._known(key)
        if known is not None:
            return known  # another thread was a moment faster
        era, entries = self._era, self._entries
        now = self._clock()
        introspection = api.introspect_oauth2_token(token, scope)
        answer = introspection.to_dict()
        if introspection.active:
            exp = introspection.exp
            until = now + self._max_age if exp is None else min(now + self._max_age, exp)
        else:
            until = now + self._negative_age
        if until > now:
            entries.pop(key, None)  # what is stored anew goes last
            entries[key] = _Entry(now, until, answer, source)
            if self._era is not era:
                entries.pop(key, None)  # it may be about what was to be forgotten
            while len(entries) > self._max_size:
                entries.popitem(last=False)
        return answer

    def __getstate__(self) -> tuple[object, ...]:
        return (self._api, self._max_size, self._max_age, self._negative_age, self._clock)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._api, self._max_size, self._max_age, self._negative_age, self._clock = state
        self.clear()

    def __repr__(self) -> str:
        return (
            f"CachedIntrospection({self._api.api_client!r}, {len(self._entries)} of "
            f"{self._max_size} answers, max_age={self._max_age})"
        )


class _Entry(NamedTuple):
    asked_at: float
    until: float
    answer: dict[str, Any]
    # Its id is part of the key; while it is here nothing else can have that id.
    source: object


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiTypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not 0 <= value < math.inf:
        raise ApiValueError(f"{name} must be at least 0, in seconds; got {value}")
    return float(value)
