"""The relying party's side of the authorization code flow (RFC 6749 section 4.1).

For scripts, tests and small applications: it makes and checks state and nonce, exchanges the code,
verifies the ID token and refreshes the tokens.

    flow = CodeFlow(api, "http://127.0.0.1:9010/callback", "openid offline")
    url = flow.authorization_url()            # send the browser there
    tokens = flow.exchange(callback_url)      # the URL that it returns with
    flow.claims.sub
    tokens = flow.refresh()

    CodeFlowError
    ├── AuthorizationError              the server, or the user, refused
    ├── CallbackError                   the callback has no code
    ├── StateError                      the callback belongs to another authorization request
    └── NoIdTokenError                  there is no ID token, although `openid` was requested
"""

from __future__ import annotations

import hmac
import secrets
import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from hydra_client.configuration import Configuration
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    ServiceException,
)
from hydra_client.protocol import checks, extras
from hydra_client.protocol.cache import Cache, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.protocol.query import BrowserError, ServerRefusalError, parameters
from hydra_client.protocol.redaction import Secret
from hydra_client.transport.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydra_client import api, id_token  # noqa: F401 - for the base class of `CodeFlow`
    from hydra_client.id_token import IdTokenClaims
    from hydra_client.models import OAuth2TokenResponse, WellKnown
    from hydra_client.protocol import effects
    from hydra_client.protocol.effects import Steps

# Those of threads or of asyncio. `help` and `inspect.signature` show these names.
OAuth2Api = TypeVar("OAuth2Api", bound=Any)
IdTokenVerifier = TypeVar("IdTokenVerifier", bound=Any)

__all__ = [
    "AuthorizationError",
    "CallbackError",
    "CodeFlow",
    "CodeFlowError",
    "NoIdTokenError",
    "StateError",
    "authorization_url",
]

_AUTHORIZE = "/oauth2/auth"
_MAY_BE_USED_UP = (
    "An earlier refresh may have succeeded although its response was lost: then the refresh token "
    "is used up, and the user has to log in again."
)
# Errors after which it is unknown whether the server carried out the request.
_UNKNOWN = (ApiConnectionError, ApiDecodeError, ServiceException)
_SHORTEST = 8  # characters, of state and nonce
# Parameters of `authorization_url` that a flow passes itself.
_OWN_PARAMETERS = frozenset(
    {"endpoint", "client_id", "redirect_uri", "scope", "state", "nonce", "response_type"}
)


class CodeFlowError(BrowserError):
    """An authorization failed. `str()` is safe to show to the user, as text."""


class AuthorizationError(ServerRefusalError, CodeFlowError):
    """The server or the user refused (RFC 6749 section 4.1.2.1); see `error`."""


class CallbackError(CodeFlowError):
    """The callback has no code, repeats a parameter, or is not a query at all."""


class StateError(CodeFlowError):
    """The callback belongs to another authorization request, or was already used."""


class NoIdTokenError(CodeFlowError):
    """There is no ID token, although `openid` was requested: nothing says whose tokens these are.

    The user did not grant `openid`, or the code is of another authorization.
    """


def authorization_url(
    endpoint: str,
    client_id: str,
    redirect_uri: str,
    scope: str | Sequence[str],
    state: str,
    nonce: str | None = None,
    response_type: str = "code",
    **extra: str | int | None,
) -> str:
    """Build the URL to send a user's browser to (RFC 6749 section 4.1.1). Nothing is sent.

    Args:
        endpoint: The server's URL as browsers know it, or its `authorization_endpoint`.
        client_id: Id of the client that asks.
        redirect_uri: Where the user is sent afterwards; one of the client's `redirect_uris`.
        scope: Scopes to ask for, a list or a space-separated string.
        state: Random value that the callback repeats, at least 8 characters (RFC 6749 section
            10.12).
        nonce: Random value that the ID token repeats, at least 8 characters. Required if the
            response type has `id_token`.
        response_type: `code`, `token`, `id_token`, or several of them, space-separated.
        **extra: More parameters, such as `prompt` or `max_age`; None leaves one out. `max_age` is
            for 0.10: with it, 0.9 refuses to exchange the code (500 `unknown_error`).

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """
    origin = Configuration(host=endpoint).origin
    path = origin.prefix if origin.prefix.endswith(_AUTHORIZE) else origin.prefix + _AUTHORIZE
    if nonce is None and "id_token" in checks.utf8("response_type", response_type).split():
        raise ApiValueError("nonce is needed where the response type has id_token")
    query = {
        "client_id": client_id,
        "redirect_uri": _escaped(checks.utf8("redirect_uri", redirect_uri)),
        "response_type": response_type,
        "scope": _scope(scope),
        "state": _long_enough("state", state),
        "nonce": None if nonce is None else _long_enough("nonce", nonce),
        **{name: _written(value) for name, value in extra.items()},
    }
    pairs = [(name, checks.utf8(name, value)) for name, value in query.items() if value is not None]
    return f"{origin.scheme}://{origin.netloc}{path}?{urlencode(pairs)}"


class BaseCodeFlow(Generic[OAuth2Api, IdTokenVerifier]):
    """One authorization of one user, from the first redirect to refreshed tokens.

    It generates state and nonce. If the browser may return to another process, keep `state` and
    `nonce` in the user's session, and pass them to a second `CodeFlow` there. Threads, or tasks,
    can share a flow. You can pickle it; the pickle holds its tokens, and the credentials of `api`.

    Args:
        api: The API, with the client's own id and secret as `username` and `password`. A public
            client has no secret: for 0.10, pass `client_id` here and no password; for 0.9, its id
            and an empty password.
        redirect_uri: Where the browser returns; one of the client's `redirect_uris`.
        scope: Scopes to ask for, a list or a space-separated string. `openid` gets an ID token,
            `offline` a refresh token.
        client_id: Id of the client; the `username` of `api` if None.
        verifier: Verifies the ID token. If None, one that fetches keys with `api`, which needs the
            extra `jwt`.
        verify_id_token: Whether ID tokens are verified. If False, they are not checked and
            `claims` stays None. Then it is up to you to verify the ID token, to compare its nonce
            with `nonce`, and to compare its subject after a refresh: otherwise somebody else's
            code passes for the user's.
        authorization_endpoint: URL for browsers; the one in the server's discovery document if
            None.
        state: The state of an authorization that began in another process.
        nonce: The nonce of that authorization.

    Attributes:
        state: The value that the callback repeats.
        nonce: The value that the ID token repeats.
        tokens: The latest tokens, once there are any.
        claims: Claims of the verified ID token, once there is one. They stay after a refresh.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    if TYPE_CHECKING:

        def _new_verifier(self) -> IdTokenVerifier: ...  # imports its class, too

    def __init__(
        self,
        api: OAuth2Api,
        redirect_uri: str,
        scope: str | Sequence[str],
        *,
        client_id: str | None = None,
        verifier: IdTokenVerifier | None = None,
        verify_id_token: bool = True,
        authorization_endpoint: str | None = None,
        state: str | None = None,
        nonce: str | None = None,
    ) -> None:
        checks.oauth2_api(self, api, "oauth_token")
        configuration = api.api_client.configuration
        own_id = configuration.username if client_id is None else client_id
        if own_id is None:
            raise ApiValueError("no client: pass client_id, or an api with username and password")
        if configuration.password is not None and configuration.username != own_id:
            raise ApiValueError(
                f"the api authenticates as {configuration.username!r}, so it cannot exchange codes "
                f"of {own_id!r}"
            )
        if verifier is not None:
            self._check_verifier(verifier, own_id)
        self.api = api
        self.redirect_uri = checks.utf8("redirect_uri", redirect_uri)
        self.scope = _scope(scope)
        self.client_id: str = own_id
        self.state = secrets.token_urlsafe(32) if state is None else _long_enough("state", state)
        self.nonce = secrets.token_urlsafe(32) if nonce is None else _long_enough("nonce", nonce)
        self.tokens: OAuth2TokenResponse | None = None
        self.claims: IdTokenClaims | None = None
        self._verifier = verifier
        self._verifies = verify_id_token
        self._endpoint = authorization_endpoint
        self._is_0_9 = False  # as far as is known
        self._public_id = own_id if configuration.password is None else None
        self._is_used = False
        self._lock = threading.Lock()
        self._refreshes: Cache[OAuth2TokenResponse] = Cache(once=True)
        # A refresh token that was sent without a response that says whether it was used up.
        self._unsure_of: str | None = None

    def _check_verifier(self, verifier: object, client_id: str) -> None:
        checks.methods("verifier", "an IdTokenVerifier", verifier, "verify", "fetch_keys")
        checks.matching_api(self, verifier, "IdTokenVerifier", "id_token.IdTokenVerifier")
        other_id = getattr(verifier, "client_id", client_id)
        # It would refuse every ID token, but only after the code is used.
        if isinstance(other_id, str) and other_id != client_id:
            raise ApiValueError(
                f"verifier accepts ID tokens for {other_id!r}, but the flow is for {client_id!r}"
            )

    def authorization_url(self, **extra: str | int | None) -> Any:
        """Return the URL to send the user's browser to.

        Args:
            **extra: More parameters, such as `prompt` or `max_age`. On 0.9, every login with
                `max_age` fails; you get a warning if the discovery document shows that version.

        Raises:
            ApiTypeError, ApiValueError: A parameter is not valid.
            HydraException: The discovery document could not be fetched; see `get_well_known`.
        """
        raise NotImplementedError

    def _discovery(self, extra: Iterable[str]) -> Steps[None]:
        for name in extra:
            if name in _OWN_PARAMETERS:
                raise ApiTypeError(
                    f"authorization_url() does not accept {name}: CodeFlow sets it itself"
                )
        if self._endpoint is None:
            document: WellKnown = yield from ask(Invoke(self.api.get_well_known))
            self._endpoint = document.authorization_endpoint
            self._is_0_9 = document.userinfo_endpoint is None

    def _authorization_url(self, extra: Mapping[str, str | int | None]) -> str:
        if self._is_0_9 and extra.get("max_age") is not None:
            warnings.warn(
                "max_age: Hydra 0.9 refuses the code of such a login with 500 unknown_error; leave "
                "max_age out",
                UserWarning,
                stacklevel=3,
            )
        return authorization_url(
            self._endpoint or "",
            self.client_id,
            self.redirect_uri,
            self.scope,
            self.state,
            self.nonce,
            "code",
            **extra,
        )

    def exchange(self, callback: object) -> Any:
        """Exchange the code that the browser returned with for tokens.

        Args:
            callback: The framework's mapping of query parameters, the query string, or the URL.

        Returns:
            The tokens. If `openid` was granted, `claims` holds the claims of the ID token.

        Raises:
            StateError: The callback belongs to another request, or was already used.
            AuthorizationError: The server rejected the request, or the user declined.
            CallbackError: There is no code, or a parameter is repeated.
            NoIdTokenError: `openid` was requested but not granted; the tokens are dropped.
            InvalidIdTokenError: The ID token must not be trusted; the tokens are dropped.
            HydraException: The keys could not be fetched (this is tried first, so the code is
                still valid), or the code could not be exchanged. See `well_known`,
                `get_well_known` and `oauth_token`.
        """
        raise NotImplementedError

    def _exchanged(self, found: dict[str, list[str]]) -> Steps[OAuth2TokenResponse]:
        asks_for_id_token = "openid" in self.scope.split()
        if asks_for_id_token and self._verifies and any(found["code"]) and not found["error"]:
            yield from self._ready_verifier(None)  # without keys, the code must not be used up
        tokens = yield from self._requested(
            grant_type="authorization_code",
            code=self._code(found),
            redirect_uri=_escaped(self.redirect_uri),
        )
        if asks_for_id_token and tokens.id_token is None:
            # Otherwise an injected code would pass without a check of its nonce.
            raise NoIdTokenError("The server sent no ID token, although openid was requested.")
        self.claims = yield from self._verified(tokens, None, nonce=self.nonce)
        self.tokens = tokens
        return tokens

    def _read(self, callback: object) -> dict[str, list[str]]:
        """Read a callback, and check that it belongs to this request."""
        try:
            found = parameters(callback, "code", "state", "error", "error_description")
        except ValueError as error:
            raise CallbackError(f"Not a callback: {error}.") from None
        for name in ("code", "state"):
            found[name] = [Secret(value) for value in found[name]]
        doubled = [name for name, values in found.items() if len(values) > 1]
        if doubled:
            raise CallbackError(f"The callback repeats {doubled[0]}.")
        (state,) = found["state"] or [""]
        if self._is_used or not _same(state, self.state):
            raise StateError("The callback belongs to another request. Please start again.")
        return found

    def _code(self, found: dict[str, list[str]]) -> str:
        """Take the code, once."""
        with self._lock:
            if self._is_used:
                raise StateError("The callback was already used. Please start again.")
            self._is_used = True
        if found["error"]:
            raise AuthorizationError.found_in(found)
        if not any(found["code"]):
            raise CallbackError("The callback has no code.")
        return found["code"][0]

    def refresh(self) -> Any:
        """Exchange the refresh token, which this uses up, for new tokens (RFC 6749 section 6).

        Calls at the same time share one request and its outcome, each within its own timeout. After
        an unknown outcome, such as a timeout, a later call sends the same refresh token again: if
        the server has used it up, it responds with 400 and revokes nothing.

        Returns:
            The tokens. The old access token no longer works.

        Raises:
            ApiValueError: There is no refresh token: the scope `offline` was not granted.
            InvalidIdTokenError: The ID token in the response must not be trusted, or belongs to
                another user; the tokens are dropped.
            HydraException: The exchange failed; see `oauth_token`.
        """
        raise NotImplementedError

    def _refresh(self, alarm: effects.Alarm) -> Steps[OAuth2TokenResponse]:
        deadline = Deadline(self.api.api_client.configuration.timeout)
        work = self._refreshed(deadline)
        return (yield from shared(self._refreshes, "refresh", work, deadline.left(), alarm))

    def _refreshed(self, deadline: Deadline) -> Steps[OAuth2TokenResponse]:
        refresh_token = Secret("" if self.tokens is None else self.tokens.refresh_token or "")
        if not refresh_token:
            why = "the user did not grant" if "offline" in self.scope.split() else "ask for"
            raise ApiValueError(f"no refresh token: {why} the scope offline")
        try:
            tokens = yield from self._requested(
                grant_type="refresh_token", refresh_token=refresh_token
            )
        except BadRequestException as error:
            if self._unsure_of == refresh_token:
                error.hint = _MAY_BE_USED_UP
                error.args = (f"{error}. {_MAY_BE_USED_UP}",)
            raise
        except BaseException as error:
            # A task may be cancelled, and a thread interrupted.
            if isinstance(error, _UNKNOWN) or not isinstance(error, Exception):
                self._unsure_of = refresh_token
            raise
        # The ID token must be about the same user (OpenID Connect Core section 12.2).
        subject = None if self.claims is None else self.claims.sub
        yield from self._verified(tokens, deadline, subject=subject)
        if not tokens.refresh_token:
            tokens.refresh_token = refresh_token
        self.tokens = tokens
        return tokens

    def _requested(self, **form: str) -> Steps[OAuth2TokenResponse]:
        request = partial(self.api.oauth_token, client_id=self._public_id, **form)
        tokens: OAuth2TokenResponse = yield from ask(Invoke(request))
        return tokens

    def _verified(
        self,
        tokens: OAuth2TokenResponse,
        deadline: Deadline | None,
        nonce: str | None = None,
        subject: str | None = None,
    ) -> Steps[IdTokenClaims | None]:
        if tokens.id_token is None or not self._verifies:
            return None
        verifier = yield from self._ready_verifier(deadline)
        verify = partial(verifier.verify, Secret(tokens.id_token), nonce=nonce, subject=subject)
        claims: IdTokenClaims = yield from ask(Invoke(verify, (), deadline))
        if claims.at_hash is not None:
            # Not every ID token of this flow has it (OpenID Connect Core section 3.1.3.6).
            verify = partial(verify, access_token=Secret(tokens.access_token))
            yield from ask(Invoke(verify, (), deadline))
        return claims

    def _ready_verifier(self, deadline: Deadline | None) -> Steps[IdTokenVerifier]:
        try:
            verifier = self._verifier = self._verifier or self._new_verifier()
        except ModuleNotFoundError as error:
            if error.name not in extras.MODULES["jwt"]:
                raise
            raise ApiValueError(
                f"the ID token cannot be verified: {error}. If you verify ID tokens elsewhere, "
                "pass verify_id_token=False. The code was not used."
            ) from None
        yield from ask(Invoke(verifier.fetch_keys, (), deadline))
        return verifier

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return (
            f"CodeFlow({self.api.api_client!r}, {self.redirect_uri!r}, {self.scope!r}, "
            f"client_id={self.client_id!r})"
        )


class CodeFlow(BaseCodeFlow["api.OAuth2Api", "id_token.IdTokenVerifier"]):
    __doc__ = BaseCodeFlow.__doc__  # `help` shows no inherited one

    def authorization_url(self, **extra: str | int | None) -> str:
        drive(self._discovery(extra))
        return self._authorization_url(extra)

    def exchange(self, callback: object) -> OAuth2TokenResponse:
        return drive(self._exchanged(self._read(callback)))

    def refresh(self) -> OAuth2TokenResponse:
        return drive(self._refresh(Alarm()))

    def _new_verifier(self) -> id_token.IdTokenVerifier:
        from hydra_client.id_token import IdTokenVerifier

        return IdTokenVerifier(self.api, self.client_id)


def _escaped(redirect_uri: str) -> str:
    """Encode a redirect URI once more, since the server decodes it twice."""
    return redirect_uri.replace("%", "%25").replace("+", "%2B")


def _scope(scope: str | Sequence[str]) -> str:
    if isinstance(scope, str):
        return scope
    words = checks.strings("scope", scope, "a string or a list of strings")
    return " ".join(checks.utf8("scope", word) for word in words)


def _long_enough(name: str, value: object) -> str:
    text = checks.utf8(name, value)
    if len(text) < _SHORTEST:
        # The server refuses it too, but only when the browser returns.
        raise ApiValueError(f"{name} must have at least {_SHORTEST} characters")
    return text


def _written(value: object) -> object:
    """Write a number, such as `max_age`, as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode())
