"""A cache in front of token introspection (RFC 7662), for resource servers under load.

It is opt-in: while a response is kept, a token that was revoked still counts as active.
"""

from __future__ import annotations

import hashlib
import json
import time
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hydra_client.models import OAuth2TokenIntrospection
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.protocol.redaction import Secret
from hydra_client.transport.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client import api  # noqa: F401 - for the base class of `CachedIntrospection`
    from hydra_client.protocol import effects
    from hydra_client.protocol.effects import Steps

# That of threads or of asyncio. `help` and `inspect.signature` show this name.
OAuth2Api = TypeVar("OAuth2Api", bound=Any)

__all__ = ["CachedIntrospection"]


class BaseIntrospection(Generic[OAuth2Api]):
    """A cache in front of `api.introspect_oauth2_token`: call it instead.

    A response is reused only for the same token, scope, server, credential and `default_headers`.
    Threads, or tasks, that ask about the same token at the same time share one request. Errors are
    never kept. You can use it from several threads and after a fork, and pickle it; a pickle holds
    no responses. Tokens are kept only as SHA-256 hashes.

    Args:
        api: Asks the server.
        max_size: How many responses are kept. The least recently used ones are removed first.
        max_age: Seconds for which a response is kept, but never past the token's `exp`. A revoked
            token counts as active for that long at most.
        negative_age: Seconds for which the response that a token is not active is kept. With 0 it
            is not kept; otherwise made-up tokens can displace the responses about real ones.
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
        checks.oauth2_api(self, api, "introspect_oauth2_token")
        self._api = api
        self._max_size = checks.whole_number("max_size", max_size, least=1)
        self._max_age = checks.seconds("max_age", max_age)
        self._negative_age = checks.seconds("negative_age", negative_age)
        self._clock = checks.function("clock", clock)
        self.clear()

    @property
    def api(self) -> OAuth2Api:
        """The API that asks the server."""
        return self._api

    def __call__(self, token: str, scope: str | None = None) -> Any:
        """Introspect a token, or return what an earlier introspection said.

        Args:
            token: The access token.
            scope: Scopes that it must have, space-separated.

        Returns:
            A copy for each caller.

        Raises:
            HydraException: As `introspect_oauth2_token` does.
        """
        raise NotImplementedError

    def forget(self, token: str) -> None:
        """Forget what is known of a token, for example because it was revoked.

        Raises:
            ApiTypeError, ApiValueError: It is not a token.
        """
        digest = _digest(checks.bare_token("token", token))
        self._era = object()
        for key, entry in self._cache.entries():
            if entry.value.token_digest == digest:
                self._cache.discard(key)

    def clear(self) -> None:
        """Forget everything."""
        self._era = object()
        self._cache: Cache[Known] = Cache(self._max_size)

    def _question(self, token: str, scope: str | None) -> Question | None:
        """Return what is asked; None if an argument is wrong, for which the API has the words."""
        client = self._api.api_client
        configuration = client.configuration.snapshot()
        source = configuration.access_token
        context = (
            scope,
            configuration.host,
            configuration.username,
            configuration.password,
            source if isinstance(source, str) else id(source),
            client.added_headers(),
        )
        try:
            key = _digest(token), _digest(json.dumps(context))
        except (AttributeError, TypeError):
            return None
        return Question(Secret(token), scope, key, self._era, source, configuration.timeout)

    def _known(self, question: Question) -> Known | None:
        entry = self._cache.get(question.key)
        # A clock that was set back must not make a response last longer.
        if entry is None or not entry.stored_at <= self._clock() < entry.usable_until:
            return None
        return entry.value

    def _asked(self, question: Question, alarm: effects.Alarm) -> Steps[Known]:
        """Ask the server, or wait for another caller who does."""
        api = copy(self._api)
        # As it is now: the response must be that of the server in the key.
        api.api_client = api.api_client.copy()
        deadline = Deadline(question.timeout)
        work = self._fetched(api, question, deadline)
        return (yield from shared(self._cache, question.flight, work, deadline.left(), alarm))

    def _fetched(self, api: Any, question: Question, deadline: Deadline) -> Steps[Known]:
        known = self._known(question)  # another caller may have been faster
        if known is not None:
            return known
        # Read before the request, because they decide how long the response is kept.
        era, cache, now = self._era, self._cache, self._clock()
        arguments = question.token, question.scope
        introspection: OAuth2TokenIntrospection = yield from ask(
            Invoke(api.introspect_oauth2_token, arguments, deadline)
        )
        known = Known(question.key[0], introspection.to_dict(), question.source)
        until = now + (self._max_age if introspection.active else self._negative_age)
        if introspection.active and introspection.exp is not None:
            until = min(until, introspection.exp)
        if until > now:
            cache.put(question.key, Entry(known, now, until, until))
            if self._era is not era:
                cache.discard(question.key)  # it may be about a token that was to be forgotten
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


class CachedIntrospection(BaseIntrospection["api.OAuth2Api"]):
    __doc__ = BaseIntrospection.__doc__  # `help` shows no inherited one

    def __call__(self, token: str, scope: str | None = None) -> OAuth2TokenIntrospection:
        question = self._question(token, scope)
        if not question:
            return self._api.introspect_oauth2_token(token, scope)
        token = question.token  # tracebacks would show the caller's own
        known = self._known(question)
        if not known:
            known = drive(self._asked(question, Alarm()))
        return known.introspection()


class Known:
    """What the server said of a token; not a tuple, which tracebacks would show."""

    __slots__ = ("document", "source", "token_digest")

    def __init__(self, token_digest: bytes, document: dict[str, Any], source: object) -> None:
        self.token_digest = token_digest
        self.document = document
        # Its id() is part of the key; this reference keeps another object from getting that id.
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


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
