"""Bearer tokens that renew themselves.

A token lives in memory, is renewed before it ends, and is forgotten when the server refuses it.
No thread is started: a call that finds its token old asks for the next one, in its own time.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple, cast

from hydra_client.configuration import Configuration, checked_token
from hydra_client.exceptions import ApiDecodeError, ApiTypeError, ApiValueError, HydraException
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.single_flight import SingleFlight

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from hydra_client._token_cache import TokenCache
    from hydra_client.api_client import ApiClient
    from hydra_client.configuration import SupportsToken

__all__ = ["ClientCredentials", "TokenSource"]

_AHEAD = 0.2
"""Part of its lifetime that a token has left when it is renewed."""
_SHARE = 0.25
"""Part of a call's time that it may spend on a renewal which it does not need yet; and part of the
token's time after which one that failed is tried again."""
_LONGEST_DETOUR = 2.0
"""Seconds that such a renewal may take at most."""
_SHORTEST_PAUSE = 1.0  # seconds
_LONGEST_LIFE = 10 * 365 * 86400  # seconds
_MOST_TOKENS = 256


class TokenSource:
    """Hands out bearer tokens. Subclasses need one method, `token`."""

    def token(self, scopes: tuple[str, ...]) -> str:
        """Return an access token that has the scopes (RFC 6749 section 3.3).

        It is asked before each call, by many threads at a time, so it should keep a token for as
        long as that is good.
        """
        raise NotImplementedError

    def drop(self, token: str) -> None:
        """Forget a token that the server refused; `token` is asked for another one right after.

        When it gives the same one again, the refusal is raised. A source that keeps no token needs
        no such method.
        """


class ClientCredentials(TokenSource):
    """Fetches tokens by client credentials (RFC 6749 section 4.4), to be used as `access_token`.

    A token is kept for each server, client and set of scopes, and renewed when a fifth of its
    lifetime is left. Meanwhile the old one is used; a renewal that fails does no harm before the
    old one ends. However many threads need a token, one of them asks for it. One object may serve
    several `ApiClient`s; each server gets its own tokens only. A token whose lifetime the server
    does not tell is used until it is refused.

    It is picklable, and usable after a fork. A pickle holds the credentials and no token: it might
    outlive the token, and whoever unpickles it can fetch one.

    Args:
        client_id: OAuth 2.0 client id; with the secret None, the configuration's `username`.
        client_secret: OAuth 2.0 client secret; with the id None, the configuration's `password`.
        scopes: Scopes to ask for, a list or a space-separated string; when none are named, the
            configuration's, or else those that each operation needs.
        clock: Tells the time, in seconds since 1970-01-01 UTC. A clock that is wrong costs a
            refused call, which is then sent again, and nothing else.
        cache: A folder where tokens outlive the process, for scripts. It is made when it is not
            there, for nobody but its owner (0700); a folder or file that others may read or own is
            left alone. Without it nothing is written.

    Attributes:
        client_id: The id, or None.
        scopes: The scopes, or none.

    Raises:
        ApiTypeError, ApiValueError: An argument cannot be right.
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
        if not callable(clock):
            raise ApiTypeError(f"clock must be callable, got {type(clock).__name__}")
        checked = Configuration(username=client_id, password=client_secret, scopes=scopes)
        self.client_id = checked.username
        self._client_secret = checked.password
        self.scopes = checked.scopes
        # Not a monotonic clock: that one has another zero in each process, and may stand still
        # while the machine sleeps.
        self._clock = clock
        self._cache: TokenCache | None = None
        if cache is not None:
            from hydra_client._token_cache import TokenCache

            self._cache = TokenCache(cache)
        self._forget()

    def _forget(self) -> None:
        self._tokens: dict[Key, _Token] = {}
        self._flights: SingleFlight[str] = SingleFlight()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Id and secret, where they are its own and not the configuration's."""
        if self.client_id is None or self._client_secret is None:
            return None
        return self.client_id, self._client_secret

    def token(self, scopes: tuple[str, ...]) -> str:
        """Tell that a server is missing: tokens are fetched through the client of one.

        Raises:
            ApiValueError: Always.
        """
        raise ApiValueError(
            "client credentials fetch no token by themselves: set them as a Configuration's "
            "access_token, and ask its ApiClient for the token"
        )

    def drop(self, token: str) -> None:
        """Forget a token that a server refused, if it is the one that is kept."""
        for kept in self._tokens.copy().values():
            if kept.access_token == token:
                kept.expires_at = -math.inf

    def _token_for(
        self, client: ApiClient, scopes: tuple[str, ...], settings: Configuration
    ) -> str:
        """Return a token for a client's server: the one that is kept, or a new one.

        Args:
            client: Makes the request.
            scopes: Scopes to ask for, where `ClientCredentials` names none.
            settings: Those that the call began with.
        """
        client_id, client_secret = self.credentials or (settings.username, settings.password)
        if client_id is None or client_secret is None:
            raise ApiValueError(
                "no bearer token: set access_token (HYDRA_ACCESS_TOKEN), or username and password "
                "(HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET) to have one fetched"
            )
        key = Key(settings.host, client_id, client_secret, frozenset(self.scopes or scopes))
        kept = self._tokens.get(key)
        now = self._clock()
        if kept is not None and kept.is_fresh(now):
            return kept.access_token
        meanwhile = kept.access_token if kept is not None and kept.lives(now) else None
        deadline = Deadline(settings.timeout)
        # It fetches by the settings that the call began with.
        client = client._with(settings, username=client_id, password=client_secret)
        return deadline.run(
            self._flights.do, key, lambda: self._renewed(client, key, deadline), meanwhile
        )

    def _renewed(self, client: ApiClient, key: Key, deadline: Deadline) -> str:
        """Find a token or fetch one, while nobody else does."""
        kept = self._tokens.get(key)
        now = self._clock()
        if kept is not None and kept.is_fresh(now):
            return kept.access_token  # another thread was a moment faster
        stored = self._stored(key)
        # The one that was refused may still be there, or one before it.
        if stored is not None and (kept is None or stored.issued_at > kept.issued_at):
            kept = self._tokens[key] = stored
            if kept.is_fresh(now):
                return kept.access_token
        if kept is not None and kept.lives(now):
            try:
                detour = min(deadline.left() * _SHARE, _LONGEST_DETOUR)
                return self._fetched(client, key, detour)
            except HydraException:
                now = self._clock()
                if kept.lives(now):
                    pause = max((kept.expires_at - now) * _SHARE, _SHORTEST_PAUSE)
                    kept.renew_at = now + pause
                    return kept.access_token
        return self._fetched(client, key, None)

    def _fetched(self, client: ApiClient, key: Key, timeout: float | None) -> str:
        from hydra_client.api import OAuth2Api

        # Looked at before the request, so that the token has not ended while it counts as alive.
        now = self._clock()
        answer = OAuth2Api(client).oauth_token(
            grant_type="client_credentials",
            scope=" ".join(sorted(key.scopes)) or None,
            timeout=timeout,
        )
        if (answer.token_type or "bearer").lower() != "bearer":
            raise ApiDecodeError("oauth_token: the token is none to be sent as a bearer token")
        try:
            fetched = _Token(answer.access_token, now, answer.expires_in)
        except ApiValueError as error:
            wrong = str(error)
        else:
            self._tokens[key] = fetched
            for oldest in list(self._tokens)[:-_MOST_TOKENS]:
                self._tokens.pop(oldest, None)
            if self._cache is not None:
                self._cache.save(key, answer.access_token, now, answer.expires_in)
            return answer.access_token
        raise ApiDecodeError(f"oauth_token: {wrong}")

    def _stored(self, key: Key) -> _Token | None:
        """Read a token that another process left, alive or not."""
        entry = None if self._cache is None else self._cache.load(key)
        try:
            return None if entry is None else _Token(*entry)
        except (ApiTypeError, ApiValueError):
            return None

    def __getstate__(self) -> dict[str, object]:
        kept = ("_tokens", "_flights")
        return {name: value for name, value in vars(self).items() if name not in kept}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._forget()

    def __repr__(self) -> str:
        return (
            f"ClientCredentials(client_id={self.client_id!r}, client_secret='***', "
            f"scopes={self.scopes!r})"
        )


class Key(NamedTuple):
    """What a token is good for; a token of one is never used for another."""

    host: str
    client_id: str
    client_secret: str
    scopes: frozenset[str]

    def __repr__(self) -> str:
        return f"Key({self.host!r}, {self.client_id!r}, '***', {sorted(self.scopes)})"


class _Token:
    """A token, and its times by the clock of its source."""

    __slots__ = ("access_token", "expires_at", "issued_at", "renew_at")

    def __init__(self, access_token: object, issued_at: float, expires_in: int | None) -> None:
        self.access_token = checked_token(access_token)
        self.issued_at = issued_at
        lifetime = math.inf if expires_in is None else min(max(expires_in, 0), _LONGEST_LIFE)
        self.renew_at = issued_at + lifetime * (1 - _AHEAD)
        self.expires_at = issued_at + lifetime

    def lives(self, now: float) -> bool:
        return now < self.expires_at

    def is_fresh(self, now: float) -> bool:
        """Whether it lives, and needs no renewal yet."""
        return now < self.renew_at and now < self.expires_at


class _Bound(TokenSource):
    """Client credentials as the source of one client."""

    def __init__(
        self, credentials: ClientCredentials, client: ApiClient, settings: Configuration
    ) -> None:
        self._credentials = credentials
        self._client = client
        self._settings = settings

    def token(self, scopes: tuple[str, ...]) -> str:
        return self._credentials._token_for(self._client, scopes, self._settings)

    def drop(self, token: str) -> None:
        self._credentials.drop(token)


class _Callable(TokenSource):
    """A function as a source."""

    def __init__(self, function: Callable[[], str]) -> None:
        self._function = function

    def token(self, scopes: tuple[str, ...]) -> str:
        return self._function()


def source_for(client: ApiClient, settings: Configuration) -> SupportsToken:
    """Return where a client's tokens come from by these settings."""
    access_token = settings.access_token
    if access_token is None:
        access_token = client._credentials
    if isinstance(access_token, ClientCredentials):
        return _Bound(access_token, client, settings)
    if callable(getattr(access_token, "token", None)):
        return cast("SupportsToken", access_token)
    return _Callable(cast("Callable[[], str]", access_token))
