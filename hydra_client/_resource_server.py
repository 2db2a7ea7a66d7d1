"""The logic of a guard for APIs, without I/O, for threads and asyncio.

`resource_server` and `aio.resource_server` make the call in between.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import parse_qsl

from hydra_client.exceptions import (
    ApiException,
    ApiTypeError,
    ApiValueError,
    ForbiddenException,
    HydraException,
    UnauthorizedException,
)
from hydra_client.protocol import checks
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.protocol.redaction import Secret, redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.models import OAuth2TokenIntrospection, OAuth2TokenResponse
    from hydra_client.protocol.effects import Steps

# Those of threads or of asyncio. `help` and `inspect.signature` show these names.
OAuth2Api = TypeVar("OAuth2Api", bound=Any)
CachedIntrospection = TypeVar("CachedIntrospection", bound=Any)

_logger = logging.getLogger("hydra_client")

# A header that is longer cannot hold a token of Hydra.
_LONGEST_HEADER = 8192
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_REALM = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
_PARAMETER = "access_token"
_RETRY_AFTER = 5
_LONGEST_RETRY_AFTER = 3600

_MISSING = "This request needs an access token: send it as Authorization: Bearer TOKEN."
_UNAVAILABLE = "The access token cannot be checked at the moment. Please try again later."
_REFUSED_HINT = (
    "Hydra rejects the credential that this API introspects with, so every request gets 503. Check "
    "the client id and the secret or token, and with 0.10 the policy that allows it to introspect."
)


class AccessError(HydraException):
    """A request is rejected. The error holds the whole response; `str()` is safe to show.

    Attributes:
        status: The HTTP status: 400, 401, 403 or 503.
        error: The error code: one of RFC 6750 section 3.1, `unauthorized` or
            `temporarily_unavailable`.
        headers: The response's headers, including `WWW-Authenticate` or `Retry-After`.
        body: The response's body, JSON.
    """

    def __init__(
        self, status: int, error: str, description: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        members = {"error": error, "error_description": description}
        self.body = json.dumps(members).encode()
        self.headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store",
            **headers,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.error, str(self), self.headers)

    @property
    def status_line(self) -> str:
        """The status with its reason phrase, as WSGI requires it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class CredentialsError(HydraException):
    """The API's own credential cannot introspect tokens, or this could not be determined."""


class BaseGuard(Generic[OAuth2Api, CachedIntrospection]):
    """Checks the access tokens that come with requests.

    Threads, or the tasks of one event loop, can share it.

    Args:
        source: The API, which then asks Hydra about each request; or a `CachedIntrospection`, which
            asks less often, but lets a revoked token pass for some seconds.
        realm: The name of the protected API in `WWW-Authenticate`.

    Raises:
        ApiTypeError, ApiValueError: `realm` is not valid, or `source` cannot introspect. A guard
            for threads needs a `source` for threads, and one for asyncio a `source` for asyncio.
    """

    def __init__(self, source: OAuth2Api | CachedIntrospection, *, realm: str = "api") -> None:
        if not _REALM.fullmatch(checks.utf8("realm", realm)):
            raise ApiValueError("realm must be printable ASCII without quotes and backslashes")
        checks.matching_api(self, source)
        self._realm = realm
        is_api = hasattr(source, "introspect_oauth2_token")
        if not is_api and not hasattr(source, "api"):
            raise checks.wrong_type("source", "an OAuth2Api or a CachedIntrospection", source)
        self._api: Any = source if is_api else source.api
        self._introspect: Any = source.introspect_oauth2_token if is_api else source

    def check(
        self,
        authorization: str | Iterable[str] | None,
        scopes: str | Collection[str] = (),
        *,
        query: str | bytes = "",
    ) -> Any:
        """Check the access token of a request.

        Args:
            authorization: The request's Authorization header, or a list of all its Authorization
                headers; None if it has none.
            scopes: Scopes that the token must have: a list, or a string with spaces. They are
                compared as whole words: `photos.*` does not stand for `photos.read`. Without any,
                every active token passes.
            query: The request's query string. A token in it is never accepted.

        Returns:
            What Hydra knows about the token. `client_id` is the application, `sub` the user. For a
                token of client credentials, `sub` is the application itself: it equals `client_id`.

        Scope: hydra.introspect. Policy: action "introspect" on "rn:hydra:oauth2:tokens".

        Raises:
            AccessError: The request is rejected. Send the error's `status`, `headers` and `body`:
                401 without a valid token, 403 without the scopes, 400 for a malformed request, and
                503 if Hydra cannot be asked.
            ApiTypeError, ApiValueError: An argument is not valid, whatever the request.
        """
        raise NotImplementedError

    def _token(self, authorization: str | Iterable[str] | None, query: str | bytes) -> Secret:
        """Read the token that a request carries."""
        headers = _headers(authorization)
        if not isinstance(query, (str, bytes, type(None))):
            raise checks.wrong_type("query", "the request's query string", query)
        if sum(map(len, headers)) > _LONGEST_HEADER:
            raise self._malformed(
                f"The Authorization header is longer than {_LONGEST_HEADER} bytes."
            )
        if len(headers) > 1:
            raise self._malformed("There is more than one Authorization header.")
        text = query.decode("latin-1") if isinstance(query, bytes) else query or ""
        in_query = any(name == _PARAMETER for name, _ in parse_qsl(text, keep_blank_values=True))
        scheme, _, token = (headers[0] if headers else "").strip().partition(" ")
        if scheme.lower() != "bearer":
            raise self._refused(401, "unauthorized", _MISSING)
        if in_query:
            raise self._malformed("There is a token in the header and another one in the query.")
        token = token.strip()
        if not _TOKEN.fullmatch(token):
            raise self._malformed("The Authorization header must hold one token after Bearer.")
        return Secret(token)

    def _granted(
        self, introspection: OAuth2TokenIntrospection, required: list[str]
    ) -> OAuth2TokenIntrospection:
        """Return the introspection if the token is active and has the scopes."""
        if introspection.active is not True:
            raise self._refused(
                401, "invalid_token", "The access token is unknown, expired or revoked."
            )
        granted = (introspection.scope or "").split(" ")
        if any(scope not in granted for scope in required):
            raise self._refused(
                403,
                "insufficient_scope",
                "The access token lacks a scope that this request needs.",
                " ".join(required),
            )
        return introspection

    def _malformed(self, description: str) -> AccessError:
        return self._refused(400, "invalid_request", description)

    def _refused(self, status: int, error: str, description: str, scope: str = "") -> AccessError:
        """Make the response to a request without access (RFC 6750 section 3)."""
        pairs = {"realm": self._realm}
        if error != "unauthorized":  # without a token, no error code (RFC 6750 section 3.1)
            pairs |= {"error": error, "error_description": description}
        if scope:
            pairs["scope"] = scope
        challenge = ", ".join(f'{name}="{value}"' for name, value in pairs.items())
        return AccessError(status, error, description, {"WWW-Authenticate": f"Bearer {challenge}"})

    def check_credentials(self) -> Any:
        """Check that the API's own credential can introspect tokens. Call it when the API starts.

        Otherwise a wrong secret can remain unnoticed: if the secret for Basic authentication is
        wrong, Hydra 0.10 responds that the token is not active, and every request gets 401. With
        Basic authentication, this method therefore introspects a token of its own, for which the
        API's client needs the grant type `client_credentials`.

        Raises:
            CredentialsError: The credential cannot introspect tokens, or this could not be
                determined.
            HydraException: The credential is rejected, or Hydra cannot be asked.
        """
        raise NotImplementedError

    def _credentials_checked(self) -> Steps[None]:
        if self._api.api_client.configuration.access_token is not None:
            yield from ask(Invoke(self._api.introspect_oauth2_token, ("not-a-token",)))
            return
        issue = partial(self._api.oauth_token, grant_type="client_credentials")
        try:
            response: OAuth2TokenResponse = yield from ask(Invoke(issue))
        except UnauthorizedException:
            raise  # a wrong secret
        except ApiException as error:
            raise CredentialsError(
                "The API's credential cannot be checked, because Hydra issues no token for it: add "
                f"the grant type client_credentials to its client. ({error})"
            ) from error
        token = response.access_token
        try:
            introspect = Invoke(self._api.introspect_oauth2_token, (token,))
            introspection: OAuth2TokenIntrospection = yield from ask(introspect)
        finally:
            with suppress(HydraException):
                yield from ask(Invoke(self._api.revoke_oauth2_token, (token,)))
        if introspection.active is not True:
            raise CredentialsError(
                "Hydra says that a token that it has just issued is not active: it does not accept "
                "the client secret that this API introspects with. Check HYDRA_CLIENT_ID and "
                "HYDRA_CLIENT_SECRET, or use a bearer token: "
                "connect(access_token=ClientCredentials())"
            )

    def __repr__(self) -> str:
        return f"Guard({self._api.api_client!r})"


@contextmanager
def responding(*secrets: str) -> Iterator[None]:
    """Turn every failure to introspect into a response: never a 500, and never a pass."""
    try:
        yield
        return
    except Exception as error:
        refusal = _unavailable(error, secrets)
    raise refusal from None


def _unavailable(error: Exception, secrets: Iterable[str]) -> AccessError:
    text = redact(f"{type(error).__name__}: {error}", secrets)
    headers = {}
    if isinstance(error, (UnauthorizedException, ForbiddenException)):
        _logger.error("%s (%s) %s", _REFUSED_HINT, text, error.hint or "")
    else:
        _logger.warning("An access token could not be checked (%s).", text)
        asked = error.retry_after if isinstance(error, ApiException) else None
        seconds = _RETRY_AFTER if asked is None else min(int(asked) + 1, _LONGEST_RETRY_AFTER)
        headers["Retry-After"] = str(seconds)
    return AccessError(503, "temporarily_unavailable", _UNAVAILABLE, headers)


def introspected(result: Any) -> OAuth2TokenIntrospection:
    """Refuse what a source or a guard of your own returned if it is not an introspection."""
    is_one = hasattr(result, "active") and (
        result.active is False or isinstance(getattr(result, "scope", False), (str, type(None)))
    )
    if not is_one:
        if inspect.iscoroutine(result):
            result.close()
        raise checks.wrong_type("the introspection", "an OAuth2TokenIntrospection", result)
    introspection: OAuth2TokenIntrospection = result
    return introspection


def _headers(authorization: object) -> list[str]:
    if isinstance(authorization, str):
        return [authorization]
    if authorization is None:
        return []
    if isinstance(authorization, Iterable) and not isinstance(authorization, Mapping):
        headers = list(authorization)
        texts = [header for header in headers if isinstance(header, str)]
        if len(texts) == len(headers):
            return texts
    raise ApiTypeError("authorization must be a header as a string, a list of them, or None")


def required_scopes(scopes: object) -> list[str]:
    """Check the scopes that a request needs.

    An iterator would be used up by the first request, and let every later one pass.
    """
    if isinstance(scopes, str):
        words = scopes.split()
        if scopes and not words:
            raise ApiValueError("scopes has only whitespace: pass scopes, or () for any token")
    elif isinstance(scopes, Iterator):
        raise ApiTypeError(
            f"scopes must be a string or a list of strings, not an iterator "
            f"({type(scopes).__name__}), which is empty after the first request"
        )
    else:
        words = list(checks.strings("scopes", scopes, "a string or a list of strings"))
    for word in words:
        if not _SCOPE.fullmatch(word):
            raise ApiValueError(f"scopes: {word!r:.100} is not a scope")
    return words


def check_app(server: object, app: Callable[..., Any], guard: object) -> None:
    """Refuse what is not an application with its guard, and a guard for the other kind of server.

    Args:
        server: The `WsgiGuard` or `AsgiGuard`.
        app: The application.
        guard: The guard, which may be of your own.
    """
    checks.function("app", app)
    check = getattr(guard, "check", None)
    if not callable(check):
        raise checks.wrong_type("guard", "a Guard", guard)
    awaits = checks.is_asyncio(server)
    # A plain function around an asynchronous `check` is asynchronous, too.
    is_async = checks.is_asyncio(guard) or inspect.iscoroutinefunction(check)
    if is_async != awaits and (is_async or isinstance(guard, BaseGuard)):
        module = f"hydra_client.{'aio.' if awaits else ''}resource_server"
        given = f"{type(guard).__module__}.{type(guard).__qualname__}"
        raise ApiTypeError(f"guard must be a {module}.Guard, got {given}")


def is_guarded(scope: Mapping[str, Any]) -> bool:
    """Whether an ASGI scope is a request; the lifespan of the server is not one.

    Raises:
        ApiValueError: It is a scope of another protocol, which must not pass unchecked.
    """
    if scope["type"] in ("http", "websocket"):
        return True
    if scope["type"] == "lifespan":
        return False
    raise ApiValueError(
        f"AsgiGuard cannot check a scope of type {scope['type']!r:.100}: it checks http and "
        "websocket. Route others around the guard"
    )


def asgi_request(scope: Mapping[str, Any]) -> tuple[list[str], bytes]:
    """Return all Authorization headers of an ASGI request, and its query.

    A WebSocket's scope may lack both.
    """
    headers = [value for name, value in scope.get("headers") or () if name == b"authorization"]
    return [value.decode("latin-1") for value in headers], scope.get("query_string") or b""


def remember(request: MutableMapping[str, Any], introspection: OAuth2TokenIntrospection) -> None:
    """Store the introspection where the application finds it.

    Raises:
        AccessError: The guard, which may be of your own, returned anything but an introspection of
            an active token.
    """
    with responding():
        if introspected(introspection).active is not True:
            raise ApiValueError("guard.check returned the introspection of an inactive token")
    request["hydra_client.introspection"] = introspection


def asgi_messages(scope: Mapping[str, Any], error: AccessError) -> Iterator[dict[str, Any]]:
    """Yield the messages that reject an ASGI request."""
    if scope["type"] == "websocket":
        yield {"type": "websocket.close", "code": 1008}  # before it is accepted: status 403
        return
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    yield {"type": "http.response.start", "status": error.status, "headers": headers}
    yield {"type": "http.response.body", "body": error.body}
