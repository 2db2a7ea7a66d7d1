"""A consent app in three calls: read the request, then accept or reject it.

    consents = ConsentApp(api)
    challenge = consents.challenge(query)                  # what the browser sent
    url = challenge.accept("alice", ["openid", "photos.read"])
    url = challenge.reject("The user said no.")            # … and send the browser to url

It works with any web framework. `sign` and `unsign` carry the request's id across a login page.

    ConsentFlowError                    its text is safe to show to the user, as text
    ├── AuthorizationRequestError       the server refused the application's request
    ├── ConsentIdError                  the id is missing, repeated, malformed or unknown
    ├── ConsentExpired                  the user took too long; `restart_url` starts again
    ├── RedirectUrlError                the server would send the browser somewhere unexpected
    └── SignedValueError                the value was not signed here, or too long ago
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    NotFoundException,
)
from hydra_client.models import ConsentRequestAcceptance, ConsentRequestRejection
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.query import BrowserError, ServerRefusalError, parameters, plain_text
from hydra_client.transport.sharing import share

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hydra_client.api import OAuth2Api
    from hydra_client.models import OAuth2Client, OAuth2ConsentRequest

__all__ = [
    "AuthorizationRequestError",
    "Challenge",
    "ConsentApp",
    "ConsentExpired",
    "ConsentFlowError",
    "ConsentIdError",
    "RedirectUrlError",
    "RESERVED_CLAIMS",
    "SignedValueError",
    "sign",
    "unsign",
]

RESERVED_CLAIMS = frozenset(
    {
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "c_hash",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "rat",
        "s_hash",
        "sub",
    }
)
"""Claims about the ID token rather than the user. The server overwrites most of them, and whoever
verifies the token relies on the others."""

_AUTHORIZE = "/oauth2/auth"
_ID = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,254}")
_LONGEST_REASON = 500
_MOST_LEVELS = 64
# The server reads every number as a 64-bit float: larger ones would come out changed.
_LARGEST_NUMBER = 2**53 - 1
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f]|^[^?]*\\")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SHORTEST_KEY = 32
_PURPOSE = b"hydra_client.consent.sign"
# Seconds by which the clocks of several servers of one app may differ.
_CLOCK_SKEW = 60
# Seconds between two requests for the discovery document.
_COOL_DOWN = 30.0


class ConsentFlowError(BrowserError):
    """A consent flow cannot continue. `str()` is safe to show to the user, as text."""


class AuthorizationRequestError(ServerRefusalError, ConsentFlowError):
    """The server refused the application's request: the client or its redirect URI is wrong.

    It shows the error here because it does not know which application to send it to.
    """


class ConsentIdError(ConsentFlowError):
    """The consent request's id is missing, repeated, malformed, or unknown to the server."""


class ConsentExpired(ConsentFlowError):  # noqa: N818 - says what happened
    """The consent request has expired: the browser's return would fail.

    Attributes:
        restart_url: Where the user can start again.
        expired_for: Seconds since it expired.
    """

    def __init__(self, message: str, restart_url: str = "", expired_for: float = 0.0) -> None:
        super().__init__(message)
        self.restart_url = restart_url
        self.expired_for = expired_for
        self.hint = (
            f"The request expired {expired_for:.0f} seconds ago. If new requests are expired when "
            "they arrive, the clocks of Hydra and of this machine differ, or Hydra 0.10 keeps "
            "requests in SQL on a host whose time zone is not UTC."
        )


class RedirectUrlError(ConsentFlowError):
    """The server would send the browser to an address that is not its authorization endpoint."""


class SignedValueError(ConsentFlowError):
    """A value was not signed with this key for this session, or too long ago."""


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


class ConsentApp:
    """Reads the consent requests that browsers bring. Thread-safe.

    Args:
        api: The API, with a credential for `hydra.consent` and, if you fetch the client's record,
            `hydra.clients`.
        public_url: The server's URL as browsers know it, with or without `/oauth2/auth`. Without
            it, the `authorization_endpoint` of the server's discovery document applies. That is
            fetched once, and again when a request leads elsewhere. (The host that `api` calls may
            be an internal address.)
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: `public_url` is not an http or https URL.
    """

    def __init__(
        self,
        api: OAuth2Api,
        public_url: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.api = api
        self.clock = clock
        self._cache: Cache[_Place] = Cache()
        self._public: _Place | None = None
        if public_url is not None:
            place = _place(checks.utf8("public_url", public_url))
            if place is None or "?" in public_url:
                raise ApiValueError(
                    "public_url must look like https://hydra.example.com, without user "
                    "information, query or fragment"
                )
            if not place.path.endswith(_AUTHORIZE):
                place = place._replace(path=place.path.rstrip("/") + _AUTHORIZE)
            self._public = place

    def challenge(self, query: object) -> Challenge:
        """Read the consent request that a browser came with.

        Args:
            query: What the browser sent: the framework's mapping of query parameters, the query
                string, or the URL. To read a request again by its id, pass `{"consent": id}`.

        Returns:
            The request, with everything that the user has to know.

        Scope: hydra.consent. Policy: action "get" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            AuthorizationRequestError: The browser brought an error instead of a request.
            ConsentIdError: The id is missing, repeated, malformed, or unknown to the server.
            ConsentExpired: The user took too long.
            RedirectUrlError: The request does not lead to the authorization endpoint.
            HydraException: The request could not be fetched; see `get_oauth2_consent_request`.
        """
        id = _consent_id(query)
        unknown: NotFoundException
        try:
            request = self.api.get_oauth2_consent_request(id)
        except NotFoundException as error:
            if error.error is None:
                raise  # not the API's own 404: something else is at this address
            unknown = error
        else:
            return self._challenge(id, request)
        raise ConsentIdError("The server does not know the consent request.") from unknown

    def _challenge(self, id: str, request: OAuth2ConsentRequest) -> Challenge:
        client_id, expires_at, url = request.client_id, request.expires_at, request.redirect_url
        if not client_id or expires_at is None or not url:
            raise ApiDecodeError(
                "get_oauth2_consent_request: client_id, expires_at or redirect_url is missing"
            )
        place = _place(url)
        expected = self._authorization_endpoint(place)
        if place != expected:
            raise RedirectUrlError(
                f"The server sends browsers to {place or 'something that is not an http URL'}, not "
                f"to {expected}: correct its issuer, or public_url."
            )
        # SQL stores of 0.10 return an empty list of scopes as one scope without a name.
        scopes = tuple(scope for scope in request.requested_scopes or () if scope)
        challenge = Challenge(self, id, client_id, scopes, expires_at, url)
        challenge.check_expiry()
        return challenge

    def _authorization_endpoint(self, place: _Place | None) -> _Place:
        """Return where it is. If it is not this place, the server may have another name by now."""
        if self._public is not None:
            return self._public
        known = self._cache.get("authorization_endpoint")
        if known is not None and (known.value == place or self._is_cooling(known)):
            return known.value
        deadline = Deadline(self.api.api_client.configuration.timeout)
        return deadline.run(share, self._cache, "discovery", lambda: self._looked_up(known))

    def _is_cooling(self, entry: Entry[_Place]) -> bool:
        # A clock that was set back says nothing about age.
        return entry.stored_at <= self.clock() < entry.fresh_until

    def _looked_up(self, known: Entry[_Place] | None) -> _Place:
        entry = self._cache.get("authorization_endpoint")
        if entry is None or entry is known:  # pragma: no branch - another thread may be faster
            now = self.clock()
            if known is not None:
                # Noted before the attempt, so that one that fails cools down as well.
                known.stored_at, known.fresh_until = now, now + _COOL_DOWN
            entry = Entry(self._discovered(), now, now + _COOL_DOWN, math.inf)
            self._cache.put("authorization_endpoint", entry)
        return entry.value

    def _discovered(self) -> _Place:
        place = _place(self.api.get_well_known().authorization_endpoint)
        if place is None:
            raise RedirectUrlError(
                "The authorization_endpoint in the server's discovery document is not an http or "
                "https URL."
            )
        return place

    def __repr__(self) -> str:
        return f"ConsentApp({self.api.api_client!r})"


class Challenge:
    """A consent request, while the user decides.

    Attributes:
        id: Id of the consent request.
        client_id: Id of the client (the application) that asks.
        requested_scopes: Scopes that it asks for.
        expires_at: When the request expires, as an aware datetime.
        redirect_url: Where `accept` and `reject` send the browser, which must be the one that
            brought the request. It contains the flow's state and nonce: keep it out of logs.
    """

    def __init__(
        self,
        app: ConsentApp,
        id: str,
        client_id: str,
        requested_scopes: tuple[str, ...],
        expires_at: datetime,
        redirect_url: str,
    ) -> None:
        self._app = app
        self.id = id
        self.client_id = client_id
        self.requested_scopes = requested_scopes
        self.expires_at = expires_at
        self.redirect_url = redirect_url

    def client(self) -> OAuth2Client:
        """Fetch the client's record, with its name and logo.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients:{id}".

        Raises:
            HydraException: It could not be fetched; see `get_oauth2_client`.
        """
        return self._app.api.get_oauth2_client(self.client_id)

    @property
    def restart_url(self) -> str:
        """Where the application first sent the browser: the user can start again there."""
        address, _, query = self.redirect_url.partition("?")
        kept = [
            pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) != "consent"
        ]
        return f"{address}?{'&'.join(kept)}"

    def check_expiry(self) -> None:
        """Check that the request has not expired.

        Raises:
            ConsentExpired: It has.
        """
        late = self._app.clock() - self.expires_at.timestamp()
        if late >= 0:
            raise ConsentExpired(
                "The request has expired. Please start again.", self.restart_url, late
            )

    def accept(
        self,
        subject: str,
        scopes: Iterable[str],
        *,
        access_token_extra: Mapping[str, Any] | None = None,
        id_token_extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Tell the server that the user agrees.

        Args:
            subject: Who the user is: a permanent identifier, which becomes `sub`.
            scopes: The requested scopes that the user grants.
            access_token_extra: Members of `ext` in introspections of the access token.
            id_token_extra: More claims for the ID token, which the application and the browser
                can read. `acr` and `amr` can say how the user logged in; you cannot set
                `RESERVED_CLAIMS`.

        Returns:
            The URL to send the browser to.

        Scope: hydra.consent. Policy: action "accept" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            ApiTypeError, ApiValueError: An argument is not valid: the subject is empty, a scope was
                not requested, a claim is reserved, a value is not JSON. Nothing was sent.
            ConsentExpired: The request has expired. Nothing was sent.
            HydraException: The call failed; see `accept_oauth2_consent_request`.
        """
        body = ConsentRequestAcceptance(
            subject=_subject(subject),
            grant_scopes=self._granted(scopes),
        )
        if access_token_extra is not None:
            body.access_token_extra = _members("access_token_extra", access_token_extra)
        if id_token_extra is not None:
            claims = _members("id_token_extra", id_token_extra)
            reserved = sorted(RESERVED_CLAIMS.intersection(claims))
            if reserved:
                raise ApiValueError(
                    f"id_token_extra: {', '.join(reserved)} cannot be set: the server sets the "
                    "claims about the token itself"
                )
            body.id_token_extra = claims
        self.check_expiry()
        self._app.api.accept_oauth2_consent_request(self.id, body)
        return self.redirect_url

    def reject(self, reason: str) -> str:
        """Tell the server that the user declines, which also works after the request has expired.

        Args:
            reason: Why, for the application, which receives it as `error_description`. It is part
                of a URL, so it is cut at 500 characters.

        Returns:
            The URL to send the browser to.

        Scope: hydra.consent. Policy: action "reject" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            ApiTypeError, ApiValueError: The reason is not a valid string. Nothing was sent.
            HydraException: The call failed; see `reject_oauth2_consent_request`.
        """
        text = checks.utf8("reason", reason).replace("\0", "")  # which 0.10 on SQL refuses
        if len(text) > _LONGEST_REASON:
            text = text[: _LONGEST_REASON - 1] + "…"
        self._app.api.reject_oauth2_consent_request(self.id, ConsentRequestRejection(reason=text))
        return self.redirect_url

    def _granted(self, scopes: Iterable[str]) -> list[str]:
        if isinstance(scopes, (str, bytes, Mapping)) or not isinstance(scopes, Iterable):
            raise ApiTypeError(f"scopes must be a list of strings, got {type(scopes).__name__}")
        granted = list(scopes)
        if not all(isinstance(scope, str) for scope in granted):
            raise ApiTypeError("scopes must be a list of strings")
        extra = [scope for scope in granted if scope not in self.requested_scopes]
        if extra:
            # The server itself would grant it.
            raise ApiValueError(f"scopes: {extra[0]!r:.100} was not requested")
        return [scope for scope in self.requested_scopes if scope in granted]

    def __repr__(self) -> str:
        return f"Challenge({self.id!r}, client_id={self.client_id!r}, {self.requested_scopes!r})"


def sign(value: str, key: bytes | str, session: bytes | str, *, now: float | None = None) -> str:
    """Sign a value that a browser keeps but must not change, such as the id across a login page.

    Whoever has the text can read the value. `unsign` returns it, to the same session only.

    Args:
        value: What to keep; the id of a consent request, say.
        key: A secret of the app, at least 32 bytes. It may serve other purposes, too.
        session: A value that belongs to this browser's session and that others cannot know.
        now: The time, in seconds since 1970-01-01 UTC; the system's if None.

    Returns:
        A text of letters, digits, `-`, `_` and `.`.

    Raises:
        ApiTypeError, ApiValueError: The key is too short, or an argument is empty or not a string.
    """
    made = str(int(time.time() if now is None else now))
    content = _base64(checks.utf8("value", value).encode())
    return f"{content}.{made}.{_signature(content, made, key, session)}"


def unsign(
    text: object,
    key: bytes | str,
    session: bytes | str,
    *,
    max_age: float = 600.0,
    now: float | None = None,
) -> str:
    """Return the value that `sign` signed.

    Args:
        text: What the browser sent, whatever it is.
        key: The same key.
        session: The same session's value.
        max_age: Seconds that may have passed; a consent request lives for 10 minutes.
        now: The time, in seconds since 1970-01-01 UTC; the system's if None.

    Raises:
        SignedValueError: It was not signed with this key for this session, or too long ago.
        ApiTypeError, ApiValueError: The key is too short, or the session is empty.
    """
    content, _, rest = (text if isinstance(text, str) else "").partition(".")
    made, _, signature = rest.partition(".")
    expected = _signature(content, made, key, session)
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        raise SignedValueError("The form does not belong to this session. Please start again.")
    age = (time.time() if now is None else now) - int(made)
    if not -_CLOCK_SKEW <= age <= max_age:
        raise SignedValueError("The form was open for too long. Please start again.")
    return base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode()


def _signature(content: str, made: str, key: bytes | str, session: bytes | str) -> str:
    secret, bound_to = _bytes("key", key), _bytes("session", session)
    if len(secret) < _SHORTEST_KEY:
        raise ApiValueError(f"key must have at least {_SHORTEST_KEY} bytes, it has {len(secret)}")
    # A derived key, so that a signature made elsewhere with the same secret is not valid here.
    own_key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    # Hashed, so that the session cannot run over into the content.
    parts = (hashlib.sha256(bound_to).hexdigest(), made, content)
    return _base64(hmac.digest(own_key, ".".join(parts).encode(errors="replace"), hashlib.sha256))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(name: str, value: object) -> bytes:
    if isinstance(value, str):
        value = checks.utf8(name, value).encode()
    if not isinstance(value, bytes):
        raise ApiTypeError(f"{name} must be bytes or a string, got {type(value).__name__}")
    if not value:
        raise ApiValueError(f"{name} is empty")
    return value


def _consent_id(query: object) -> str:
    try:
        found = parameters(query, "consent", "error", "error_description")
    except ValueError as error:
        raise ConsentIdError(f"No consent request: {error}.") from None
    if found["error"]:
        raise AuthorizationRequestError.found_in(found)
    ids = found["consent"]
    if not ids:
        raise ConsentIdError("No consent request: start at the application that you want to use.")
    if len(ids) > 1:
        raise ConsentIdError("There is more than one consent request.")
    if not _ID.fullmatch(ids[0]):
        raise ConsentIdError("The consent request's id is malformed.")
    return ids[0]


def _place(url: str) -> _Place | None:
    """Return where a URL leads, without its query; None if browsers might read it differently."""
    if _NOT_IN_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if "@" in parts.netloc or "#" in url:
        return None
    default = 443 if parts.scheme == "https" else 80
    return _Place(parts.scheme, parts.hostname, default if port is None else port, parts.path)


def _subject(subject: object) -> str:
    text = checks.utf8("subject", subject)
    if not plain_text(text, len(text)):
        raise ApiValueError("subject has no visible character: it says who the user is")
    if _CONTROL.search(text):
        raise ApiValueError("subject has control characters")
    return text


def _members(name: str, members: object) -> dict[str, Any]:
    if not isinstance(members, Mapping):
        raise ApiTypeError(f"{name} must be a mapping, got {type(members).__name__}")
    plain = dict(members)
    _check_json(name, plain, _MOST_LEVELS)
    return plain


def _check_json(name: str, value: object, levels: int) -> None:
    """Refuse what would not arrive, or arrive changed, without showing the value."""
    if levels == 0:
        raise ApiValueError(f"{name:.100}: more than {_MOST_LEVELS} levels, or it contains itself")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_json(f"{name}[{checks.utf8(f'a name in {name:.100}', key)!r}]", item, levels - 1)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            _check_json(f"{name}[{number}]", item, levels - 1)
    elif isinstance(value, str):
        checks.utf8(name, value)
    elif isinstance(value, int):
        if abs(value) > _LARGEST_NUMBER:
            raise ApiValueError(f"{name}: a number beyond 2^53 would be rounded; make it a string")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ApiValueError(f"{name}: JSON has no {value}")
    elif value is not None:
        raise ApiTypeError(f"{name}: JSON has no {type(value).__name__}")
