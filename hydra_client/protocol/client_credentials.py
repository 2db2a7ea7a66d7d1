"""Bearer tokens by client credentials (RFC 6749 section 4.4), kept and renewed.

A token lives in memory, is renewed before it ends, and is forgotten when the server refuses it.
No thread is started: a call that finds its token old fetches the next one, in its own time.
"""

from __future__ import annotations

import math
import time
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, overload

from hydra_client.configuration import Configuration, split_scopes
from hydra_client.exceptions import ApiDecodeError, ApiValueError, HydraException
from hydra_client.operations import TOKEN_ENDPOINT
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Block, ask

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from hydra_client._token_cache import TokenCache
    from hydra_client.aio.api_client import ApiClient as AsyncApiClient
    from hydra_client.api_client import ApiClient
    from hydra_client.protocol.effects import Steps
    from hydra_client.protocol.ladder import Ladder

_AHEAD = 0.2  # part of its lifetime that a token has left when it is renewed
# Part of a call's time that it may spend on a renewal which it does not need yet; and part of the
# token's time after which a failed renewal is tried again.
_SHARE = 0.25
_LONGEST_DETOUR = 2.0  # seconds that such a renewal may take
_SHORTEST_PAUSE = 1.0  # seconds
_LONGEST_LIFE = 10 * 365 * 86400  # seconds


class TokenSource(Protocol):
    """Hands out bearer tokens. Anything with the method `token` can be an `access_token`.

    A source that keeps tokens may also have a method `drop(token)`, which is called with a token
    that the server refused, right before `token` is asked for another one. If it returns the same
    one again, the refusal is raised.
    """

    def token(self, scopes: tuple[str, ...], /) -> str:  # pyright: ignore[reportReturnType]
        """Return an access token that has the scopes (RFC 6749 section 3.3).

        It is called before every call, by many threads at a time, so keep a token for as long as
        it is valid.
        """


class AsyncTokenSource(Protocol):
    """Hands out bearer tokens to clients of `hydra_client.aio`, as `TokenSource` does to others.

    Its `drop(token)`, if it has one, may be a coroutine function, too.
    """

    async def token(self, scopes: tuple[str, ...], /) -> str:  # pyright: ignore[reportReturnType]
        """Return an access token that has the scopes (RFC 6749 section 3.3)."""


class ClientCredentials:
    """Fetches tokens by client credentials (RFC 6749 section 4.4), to be used as `access_token`.

    A token is kept for each server, client and set of scopes, and renewed when a fifth of its
    lifetime is left. Until then the old one is used; a failed renewal does no harm before the old
    one ends. However many threads need a token, one of them fetches it. One object may serve
    several `ApiClient`s; each server gets its own tokens only. Clients with other `default_headers`
    count as clients of another server, because a proxy may choose it by them. So pass headers that
    differ for each call as `headers` of the call; only headers for tracing, such as X-Request-ID
    and traceparent, may change here. A token without a lifetime is used until it is refused.

    It can be pickled, and used after a fork. A pickle holds the credentials but no token.

    Args:
        client_id: OAuth 2.0 client id. If both this and the secret are None, the configuration's
            `username` and `password` are used.
        client_secret: OAuth 2.0 client secret.
        scopes: Scopes to ask for, a list or a space-separated string. Without any, the
            configuration's, or else those that each operation needs.
        clock: Returns the time, in seconds since 1970-01-01 UTC. A wrong clock costs no more than
            a refused call, which is then sent again.
        cache: A folder where tokens outlive the process, for scripts. It is created if it does not
            exist, for its owner only (0700). A folder or file that others can read or own is not
            used. Without it nothing is written.

    Attributes:
        client_id: The id, or None.
        scopes: The scopes, if any.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: str | Sequence[str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        if (client_id is None) != (client_secret is None):
            raise ApiValueError("client_id and client_secret go together: give both, or neither")
        checked = Configuration(username=client_id, password=client_secret, scopes=scopes)
        self.client_id = checked.username
        self._client_secret = checked.password
        self.scopes = checked.scopes
        # Not a monotonic clock: that has another zero in each process, and may stand still while
        # the machine sleeps.
        self._clock = checks.function("clock", clock)
        self._files: TokenCache | None = None
        if cache is not None:
            from hydra_client._token_cache import TokenCache  # only scripts need it

            self._files = TokenCache(cache)
        self._tokens: Cache[str] = Cache()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Id and secret, unless they are the configuration's."""
        if self.client_id is None or self._client_secret is None:
            return None
        return self.client_id, self._client_secret

    @overload
    def bind(self, client: ApiClient, settings: Configuration | None = None) -> TokenSource: ...

    @overload
    def bind(
        self, client: AsyncApiClient, settings: Configuration | None = None
    ) -> AsyncTokenSource: ...

    def bind(self, client: Any, settings: Configuration | None = None) -> Any:
        """Return a source of tokens for the server of a client.

        Args:
            client: Fetches the tokens.
            settings: Settings to go by, instead of the client's own as they are now.

        Raises:
            ApiTypeError: `client` is not a client.
        """
        checks.methods("client", "an ApiClient", client, "call")
        return _BoundCredentials(self, client, settings or client.configuration.snapshot())

    def drop(self, token: str) -> None:
        """Forget a token that a server refused."""
        for _, entry in self._tokens.entries():
            if entry.value == token:
                # Kept nevertheless: it says that a stored token of that age is refused, too.
                entry.usable_until = -math.inf

    def fetch(
        self,
        client: Ladder,
        settings: Configuration,
        scopes: tuple[str, ...],
        deadline: Deadline | None = None,
    ) -> Steps[str]:
        """Return a token for the server of a client: one that is kept, or one that is fetched.

        Args:
            client: Fetches the token.
            settings: The settings to go by.
            scopes: Scopes to ask for, unless there are configured ones.
            deadline: When the call ends that needs the token.
        """
        client_id, client_secret = self.credentials or (settings.username, settings.password)
        if client_id is None or client_secret is None:
            raise ApiValueError(
                "no bearer token: set access_token (HYDRA_ACCESS_TOKEN), or username and password "
                "(HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET) to have one fetched"
            )
        wanted = self.scopes or settings.scopes or scopes
        key = Key(
            settings.host, client_id, client_secret, frozenset(wanted), client.added_headers()
        )
        kept = self._tokens.get(key)
        now = self._clock()
        if kept is not None and kept.is_fresh(now):
            return kept.value
        meanwhile = kept.value if kept is not None and now < kept.usable_until else None
        deadline = Deadline(settings.timeout, deadline)
        settings = copy(settings)
        settings.username, settings.password = client_id, client_secret
        renewal = self._renewed(client, settings, key, deadline)
        return (
            yield from shared(
                self._tokens, key, renewal, deadline.left(), client._alarm(), meanwhile
            )
        )

    def _renewed(
        self, client: Ladder, settings: Configuration, key: Key, deadline: Deadline
    ) -> Steps[str]:
        """Find a token or fetch one, while no other caller does."""
        kept = self._tokens.get(key)
        now = self._clock()
        if kept is not None and kept.is_fresh(now):
            return kept.value  # another caller was a moment faster
        stored = yield from self._stored(key)
        # The file may hold the token that was refused, or an earlier one.
        if stored is not None and (kept is None or stored.stored_at > kept.stored_at):
            kept = stored
            self._tokens.put(key, kept)
            if kept.is_fresh(now):
                return kept.value
        if kept is not None and now < kept.usable_until:
            try:
                detour = Deadline(min(deadline.left() * _SHARE, _LONGEST_DETOUR), deadline)
                return (yield from self._requested(client, settings, key, detour))
            except HydraException:
                now = self._clock()
                if now < kept.usable_until:
                    pause = max((kept.usable_until - now) * _SHARE, _SHORTEST_PAUSE)
                    kept.fresh_until = now + pause
                    return kept.value
        return (yield from self._requested(client, settings, key, deadline))

    def _requested(
        self, client: Ladder, settings: Configuration, key: Key, deadline: Deadline
    ) -> Steps[str]:
        # Read before the request, so that the token never outlives its time here.
        now = self._clock()
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(sorted(key.scopes)) or None,
        }
        tokens = yield from client.request(TOKEN_ENDPOINT, form, settings, deadline)
        what = TOKEN_ENDPOINT.name
        if (tokens.token_type or "bearer").lower() != "bearer":
            raise ApiDecodeError(f"{what}: the server sent a token that is not a bearer token")
        try:
            entry = _entry(tokens.access_token, now, tokens.expires_in)
        except ApiValueError as error:
            wrong = str(error)
        else:
            self._tokens.put(key, entry)
            if self._files is not None:
                yield Block(self._files.save, key, tokens.access_token, now, tokens.expires_in)
            return entry.value
        raise ApiDecodeError(f"{what}: {wrong}")

    def _stored(self, key: Key) -> Steps[Entry[str] | None]:
        """Read a token that another process left, whether or not it is still usable."""
        found = None
        if self._files is not None:
            found = yield from ask(Block(self._files.load, key))
        return None if found is None else _entry(*found)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_tokens": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._tokens = Cache()

    def __repr__(self) -> str:
        return (
            f"ClientCredentials(client_id={self.client_id!r}, client_secret='***', "
            f"scopes={self.scopes!r})"
        )


class Key(NamedTuple):
    """Identifies a token: a token for one key is never used for another."""

    host: str
    client_id: str
    client_secret: str
    scopes: frozenset[str]
    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        # Headers can hold secrets, too.
        names = [name for name, _ in self.headers]
        return f"Key({self.host!r}, {self.client_id!r}, '***', {sorted(self.scopes)}, {names})"


class _BoundCredentials:
    """Client credentials as the token source of one client, with one state of its settings."""

    def __init__(
        self, credentials: ClientCredentials, client: Ladder, settings: Configuration
    ) -> None:
        self._credentials = credentials
        self._client = client
        self._settings = settings

    def token(self, scopes: str | Sequence[str]) -> str:
        wanted = split_scopes("scopes", scopes)
        steps = self._credentials.fetch(self._client, self._settings, wanted)
        token: str = self._client._drive(steps)  # with asyncio, something to await
        return token

    def drop(self, token: str) -> None:
        self._credentials.drop(token)


def _entry(access_token: object, issued_at: float, expires_in: int | None) -> Entry[str]:
    lifetime = math.inf if expires_in is None else min(max(expires_in, 0), _LONGEST_LIFE)
    ahead = lifetime * (1 - _AHEAD)
    token = checks.token("access_token", access_token)
    return Entry(token, issued_at, issued_at + ahead, issued_at + lifetime)
