"""The relying party's side of the authorization code flow (RFC 6749 section 4.1).

For scripts, tests and small applications: state and nonce are made and checked, the code is
exchanged, the ID token verified, the tokens refreshed.

    flow = CodeFlow(api, "http://127.0.0.1:9010/callback", "openid offline")
    url = flow.authorization_url()            # … to which the browser goes
    tokens = flow.exchange(callback_url)      # … with which it comes back
    flow.claims.sub
    tokens = flow.refresh()

    CodeFlowError
    ├── AuthorizationError              the server, or the user, refused
    ├── CallbackError                   what came back is no answer to an authorization request
    ├── StateError                      … or the answer to another one
    └── NoIdTokenError                  the code brought no ID token, though `openid` was asked for
"""

from __future__ import annotations

import hmac
import secrets
import threading
import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from hydra_client.configuration import Configuration
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiDecodeError,
    ApiValueError,
    BadRequestException,
    HydraException,
    ServiceException,
)
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.query import HINTS, error_texts, parameters
from hydra_client.protocol.redaction import Secret
from hydra_client.transport.sharing import share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hydra_client.api import OAuth2Api
    from hydra_client.id_token import IdTokenClaims, IdTokenVerifier
    from hydra_client.models import OAuth2TokenResponse

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
    "An earlier refresh may have been carried out and its response lost: the refresh token is used "
    "up then, and the user has to log in again."
)
_SHORTEST = 8  # characters, of state and nonce


class CodeFlowError(HydraException):
    """An authorization did not come to its end. `str()` is safe to show to the user, as text.

    Attributes:
        error: The error code that the server sent, if it sent one.
        error_description: The text that the server sent with it.
        hint: What an operator can do about it, where that is known. It is not for the user.
    """

    error: str | None = None
    error_description: str | None = None
    hint: str | None = None


class AuthorizationError(CodeFlowError):
    """The server answered with an error (RFC 6749 section 4.1.2.1), `rejected_consent_request` say.

    `error` and `error_description` are one line of visible characters of a bounded length each.
    """

    def __init__(self, error: str, error_description: str | None = None) -> None:
        super().__init__(f"{error}: {error_description}" if error_description else error)
        self.error = error
        self.error_description = error_description
        self.hint = HINTS.get(error)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error, self.error_description)


class CallbackError(CodeFlowError):
    """What came back has no code, or a parameter twice, or is no query at all."""


class StateError(CodeFlowError):
    """What came back answers another request than this one, or answers it a second time."""


class NoIdTokenError(CodeFlowError):
    """`openid` was asked for, and no ID token came: nothing tells whose the tokens are.

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
    """Write the URL that a user's browser is sent to (RFC 6749 section 4.1.1). Nothing is sent.

    Args:
        endpoint: The server's URL as browsers know it, or its `authorization_endpoint`.
        client_id: Id of the client that asks.
        redirect_uri: Where the user is sent afterwards; one of the client's `redirect_uris`.
        scope: Scopes asked for, a list or with spaces between.
        state: Random value that comes back, at least 8 characters (RFC 6749 section 10.12).
        nonce: Random value that comes back in the ID token, at least 8 characters. Needed where
            the response type has `id_token`.
        response_type: `code`, `token`, `id_token`, or several of them with spaces between.
        **extra: More parameters, such as `prompt` or `max_age`; None leaves one out. `max_age` is
            for 0.10: with it, 0.9 refuses to exchange the code (500 `unknown_error`).

    Raises:
        ApiTypeError, ApiValueError: An argument cannot be right.
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


class CodeFlow:
    """One authorization of one user, from the first redirect to fresh tokens. Thread-safe.

    State and nonce are made here. Where the browser comes back to another process, keep `state` and
    `nonce` in the user's session, and give them to a second `CodeFlow` there.

    Args:
        api: The API with the client's own id and secret as `username` and `password`. A public
            client has no secret: 0.10 takes it without a password and with `client_id` here;
            0.9 wants its id and an empty password.
        redirect_uri: Where the browser comes back; one of the client's `redirect_uris`.
        scope: Scopes to ask for, a list or with spaces between. `openid` brings an ID token,
            `offline` a refresh token.
        client_id: Id of the client; the `username` of `api` if None.
        verifier: Verifies the ID token; one that fetches keys with `api` if None, which needs the
            extra `jwt`.
        verify_id_token: Whether ID tokens are verified. With False nothing looks at them and
            `claims` stays None. It is then up to you to verify the ID token, to compare its nonce
            with `nonce`, and to compare its subject after a refresh: otherwise somebody else's
            code passes for the user's.
        authorization_endpoint: Address for browsers; the one in the server's discovery document if
            None.
        state: The state of an authorization that was begun elsewhere.
        nonce: Its nonce.

    Attributes:
        state: Comes back with the browser.
        nonce: Comes back in the ID token.
        tokens: The latest tokens, once there are some.
        claims: Claims of the verified ID token, once there is one. A refresh brings no other.

    Raises:
        ApiTypeError, ApiValueError: An argument cannot be right.
    """

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
        configuration = api.api_client.configuration
        own_id = configuration.username if client_id is None else client_id
        if own_id is None:
            raise ApiValueError("no client: give client_id, or an api with username and password")
        if configuration.password is not None and configuration.username != own_id:
            raise ApiValueError(
                f"the api authenticates as {configuration.username!r}, so it cannot exchange codes "
                f"of {own_id!r}"
            )
        self.api = api
        self.redirect_uri = redirect_uri
        self.scope = _scope(scope)
        self.client_id = own_id
        self.state = secrets.token_urlsafe(32) if state is None else _long_enough("state", state)
        self.nonce = secrets.token_urlsafe(32) if nonce is None else _long_enough("nonce", nonce)
        self.tokens: OAuth2TokenResponse | None = None
        self.claims: IdTokenClaims | None = None
        self._verifier = verifier
        self._verifies = verify_id_token
        self._endpoint = authorization_endpoint
        self._is_0_9 = False  # as far as is known
        self._public_id = own_id if configuration.password is None else None
        self._answered = False
        self._lock = threading.Lock()
        self._refreshes: Cache[OAuth2TokenResponse] = Cache(once=True)
        # A refresh token that was sent, with no response that says whether it was used up.
        self._unsure_of: str | None = None

    def authorization_url(self, **extra: str | int | None) -> str:
        """Return the URL to send the user's browser to.

        Args:
            **extra: More parameters, such as `prompt` or `max_age`. With `max_age`, nobody can log
                in at 0.9; a warning says so where the discovery document is of that version.

        Raises:
            ApiTypeError, ApiValueError: A parameter cannot be right.
            HydraException: The discovery document could not be fetched; see `get_well_known`.
        """
        if self._endpoint is None:
            document = self.api.get_well_known()
            self._endpoint = document.authorization_endpoint
            self._is_0_9 = document.userinfo_endpoint is None
        if self._is_0_9 and extra.get("max_age") is not None:
            warnings.warn(
                "max_age: Hydra 0.9 refuses the code of such a login with 500 unknown_error; leave "
                "max_age out",
                UserWarning,
                stacklevel=2,
            )
        return authorization_url(
            self._endpoint,
            self.client_id,
            self.redirect_uri,
            self.scope,
            self.state,
            self.nonce,
            "code",
            **extra,
        )

    def exchange(self, callback: object) -> OAuth2TokenResponse:
        """Take what the browser came back with, and exchange the code in it for tokens.

        Args:
            callback: The framework's mapping of query parameters, the query string, or the URL.

        Returns:
            The tokens. `claims` holds what the ID token says, when `openid` was granted.

        Raises:
            StateError: The browser's answer belongs to another request, or came before.
            AuthorizationError: The server, or the user, refused.
            CallbackError: There is no code, or a parameter twice.
            NoIdTokenError: `openid` was asked for and not granted; the tokens are dropped.
            InvalidIdTokenError: The ID token is not to be believed; the tokens are dropped.
            HydraException: The keys could not be fetched, which is tried first, so that the code
                is still good; or the code could not be exchanged. See `well_known`,
                `get_well_known` and `oauth_token`.
        """
        found = self._answer(callback)
        verifies = self._asks_for_id_token and self._verifies
        if verifies and any(found["code"]) and not found["error"]:
            self._make_ready()
        code = self._code(found)
        tokens = self.api.oauth_token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=_escaped(self.redirect_uri),
            client_id=self._public_id,
        )
        if self._asks_for_id_token and tokens.id_token is None:
            # A code that somebody slipped in would pass without its nonce ever being looked at.
            raise NoIdTokenError("The server gave no ID token, though openid was asked for.")
        self.claims = self._verified(tokens, nonce=self.nonce)
        self.tokens = tokens
        return tokens

    def refresh(self) -> OAuth2TokenResponse:
        """Get new tokens for the refresh token, which is used up by that (RFC 6749 section 6).

        Threads that call it at the same time share one request and its outcome, each within its
        own time. After an unknown outcome, a time-out say, a later call sends the same refresh
        token once more: if the server had used it up, it answers 400 and revokes nothing.

        Returns:
            The tokens. The old access token no longer works.

        Raises:
            ApiValueError: There is no refresh token: the scope `offline` was not granted.
            InvalidIdTokenError: An ID token came along, which is not to be believed, or of another
                user; the tokens are dropped.
            HydraException: The server gave none; see `oauth_token`.
        """
        deadline = Deadline(self.api.api_client.configuration.timeout)
        return deadline.run(share, self._refreshes, "refresh", self._refreshed)

    def _refreshed(self) -> OAuth2TokenResponse:
        """Send the refresh token, while nobody else does."""
        refresh_token = Secret("" if self.tokens is None else self.tokens.refresh_token or "")
        if not refresh_token:
            granted = "offline" in self.scope.split()
            why = (
                "the user did not grant the scope offline"
                if granted
                else ("ask for the scope offline")
            )
            raise ApiValueError(f"no refresh token: {why}")
        try:
            tokens = self.api.oauth_token(
                grant_type="refresh_token",
                refresh_token=refresh_token,
                client_id=self._public_id,
            )
        except (ApiConnectionError, ApiDecodeError, ServiceException):
            self._unsure_of = refresh_token
            raise
        except BadRequestException as error:
            if self._unsure_of == refresh_token:
                error.hint = _MAY_BE_USED_UP
                error.args = (f"{error}. {_MAY_BE_USED_UP}",)
            raise
        if not tokens.refresh_token:
            tokens.refresh_token = refresh_token
        # OpenID Connect Core section 12.2.
        self._verified(tokens, subject=None if self.claims is None else self.claims.sub)
        self.tokens = tokens
        return tokens

    def _answer(self, callback: object) -> dict[str, list[str]]:
        """Read what came back, and see that it answers this request."""
        try:
            found = parameters(callback, "code", "state", "error", "error_description")
        except ValueError as error:
            raise CallbackError(f"No answer: {error}.") from None
        found["code"] = [Secret(code) for code in found["code"]]
        doubled = [name for name, values in found.items() if len(values) > 1]
        if doubled:
            raise CallbackError(f"The answer has {doubled[0]} more than once.")
        (state,) = found["state"] or [""]
        if self._answered or not _same(state, self.state):
            raise StateError("The answer belongs to another request. Please begin again.")
        return found

    def _code(self, found: dict[str, list[str]]) -> str:
        """Take the code, once."""
        with self._lock:
            if self._answered:
                raise StateError("The answer came before. Please begin again.")
            self._answered = True
        if found["error"]:
            raise AuthorizationError(*error_texts(found))
        if not any(found["code"]):
            raise CallbackError("The answer has no code.")
        return found["code"][0]

    @property
    def _asks_for_id_token(self) -> bool:
        return "openid" in self.scope.split()

    def _make_ready(self) -> IdTokenVerifier:
        """Have a verifier, with the keys it needs."""
        if self._verifier is None:
            try:
                from hydra_client.id_token import IdTokenVerifier
            except ModuleNotFoundError as error:
                missing = (error.name or "").partition(".")[0]
                if missing not in ("jwt", "cryptography"):
                    raise
                raise ApiValueError(
                    f"the ID token cannot be verified: {missing} is missing. Install the extra: "
                    "pip install 'hydra-client[jwt]'. If you verify ID tokens elsewhere, say "
                    "verify_id_token=False. The code was not used."
                ) from None
            self._verifier = IdTokenVerifier(self.api, self.client_id)
        self._verifier.fetch_keys()
        return self._verifier

    def _verified(
        self, tokens: OAuth2TokenResponse, nonce: str | None = None, subject: str | None = None
    ) -> IdTokenClaims | None:
        if tokens.id_token is None or not self._verifies:
            return None
        verifier = self._make_ready()
        id_token = Secret(tokens.id_token)
        claims = verifier.verify(id_token, nonce=nonce, subject=subject)
        if claims.at_hash is not None:
            # Not every ID token of this flow has it (OpenID Connect Core section 3.1.3.6).
            access_token = Secret(tokens.access_token)
            verifier.verify(id_token, nonce=nonce, access_token=access_token)
        return claims

    def __repr__(self) -> str:
        return (
            f"CodeFlow({self.api.api_client!r}, {self.redirect_uri!r}, {self.scope!r}, "
            f"client_id={self.client_id!r})"
        )


def _escaped(redirect_uri: str) -> str:
    """Write a redirect URI so that it comes out whole: the server decodes it twice."""
    return redirect_uri.replace("%", "%25").replace("+", "%2B")


def _scope(scope: str | Sequence[str]) -> str:
    if isinstance(scope, str):
        return scope
    return " ".join(checks.utf8("scope", word) for word in scope)


def _long_enough(name: str, value: object) -> str:
    text = checks.utf8(name, value)
    if len(text) < _SHORTEST:
        # The server refuses it, and only when the browser returns.
        raise ApiValueError(f"{name} must have at least {_SHORTEST} characters")
    return text


def _written(value: object) -> object:
    """Write a number, `max_age` say, as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode())
