"""A cache in front of token introspection (RFC 7662), for resource servers under load.

It is opt-in: while a response is kept, a token that was revoked still counts as active.
"""

from __future__ import annotations

import hashlib
import json
import time
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.models import OAuth2TokenIntrospection
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry
from hydra_client.protocol.redaction import Secret
from hydra_client.transport.waiting import share, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.api import OAuth2Api

__all__ = ["CachedIntrospection"]


class BaseIntrospection:
    """What caches for threads and for tasks share: the responses, and all decisions.

    It makes no request and never waits.
    """

    def __init__(
        self,
        api: Any,
        max_size: int,
        max_age: float,
        negative_age: float,
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._max_size = checks.whole_number("max_size", max_size, least=1)
        self._max_age = checks.seconds("max_age", max_age)
        self._negative_age = checks.seconds("negative_age", negative_age)
        self._clock = checks.function("clock", clock)
        self.clear()

    @property
    def api(self) -> Any:
        """The API that asks the server."""
        return self._api

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
        self._cache: Cache[Known] = Cache(self._max_size)

    def _question(self, token: str, scope: str | None) -> Question | None:
        """Return what is asked; None if an argument is wrong, for which the API has the words."""
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
            return None
        return Question(Secret(token), scope, key, self._era, source, configuration.timeout)

    def _pinned_api(self) -> Any:
        """Return the API as it is now: the response must be that of the server in the key."""
        api = copy(self._api)
        api.api_client = self._api.api_client.copy()
        return api

    def _known(self, question: Question) -> Known | None:
        entry = self._cache.get(question.key)
        # A clock that was set back must not make a response last longer.
        if entry is None or not entry.stored_at <= self._clock() < entry.usable_until:
            return None
        return entry.value

    def _request(self) -> Request:
        """Note, before a request is sent, what decides on how long its response is kept."""
        return Request(self._era, self._cache, self._clock())

    def _kept(
        self, question: Question, request: Request, introspection: OAuth2TokenIntrospection
    ) -> Known:
        """Return what the server said, and keep it as long as it may be used."""
        known = Known(question.key[0], introspection.to_dict(), question.source)
        until = request.at + (self._max_age if introspection.active else self._negative_age)
        if introspection.active and introspection.exp is not None:
            until = min(until, introspection.exp)
        if until > request.at:
            request.cache.put(question.key, Entry(known, request.at, until, until))
            if self._era is not request.era:
                request.cache.discard(question.key)  # it may be about what was to be forgotten
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


class CachedIntrospection(BaseIntrospection):
    """A cache in front of `api.introspect_oauth2_token`: call it instead.

    A response serves only the same token, scope, server and credential. Threads that ask the same
    at the same time cause one request. Errors are never kept. Thread-safe, usable after a fork,
    picklable; a pickle holds no responses. Tokens are kept only as SHA-256 hashes.

    Args:
        api: Asks the server.
        max_size: How many responses are kept. The least recently used ones are removed first.
        max_age: Seconds for which a response is kept, but never past the token's `exp`. A revoked
            token counts as active for that long at most.
        negative_age: Seconds for which the response that a token is not active is kept. With 0 it
            is not kept; otherwise made-up tokens push the responses about real ones out.
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    _api: OAuth2Api

    def __init__(
        self,
        api: OAuth2Api,
        *,
        max_size: int = 1024,
        max_age: float = 30.0,
        negative_age: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(api, max_size, max_age, negative_age, clock)

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
        question = self._question(token, scope)
        if not question:
            return self._api.introspect_oauth2_token(token, scope)
        token = question.token  # tracebacks would show the caller's own
        known = self._known(question) or self._shared(question)
        return known.introspection()

    def _shared(self, question: Question) -> Known:
        ask = partial(self._asked, self._pinned_api(), question)
        return within(question.timeout, share, self._cache, question.flight, ask)

    def _asked(self, api: OAuth2Api, question: Question) -> Known:
        known = self._known(question)  # another thread may have been faster
        return known or self._kept(
            question,
            self._request(),
            api.introspect_oauth2_token(question.token, question.scope),
        )


class Known:
    """What the server said of a token; not a tuple, which tracebacks would show."""

    __slots__ = ("document", "source", "token_digest")

    def __init__(self, token_digest: bytes, document: dict[str, Any], source: object) -> None:
        self.token_digest = token_digest
        self.document = document
        # Its id is part of the key; as long as it is here, nothing else can have that id.
        self.source = source

    def introspection(self) -> OAuth2TokenIntrospection:
        """Return a copy for one caller."""
        return OAuth2TokenIntrospection.from_dict(self.document)


class Question:
    """What one caller asks.

    Attributes:
        token: The token.
        scope: Scopes that it must have.
        key: What the response depends on, as hashes: the token, and everything else.
        flight: What callers share. A response that was asked for before `forget` must not serve
            who comes after it.
        source: The configured access token or its source.
        timeout: Seconds that the caller has.
    """

    __slots__ = ("flight", "key", "scope", "source", "timeout", "token")

    def __init__(
        self,
        token: Secret,
        scope: str | None,
        key: tuple[bytes, bytes],
        era: object,
        source: object,
        timeout: float,
    ) -> None:
        self.token = token
        self.scope = scope
        self.key = key
        self.flight = (key, era)
        self.source = source
        self.timeout = timeout


class Request(NamedTuple):
    """The circumstances of a request."""

    era: object
    cache: Cache[Known]
    at: float


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
