"""What a consent app does, in three calls: take up the request, then accept or reject it.

    consents = ConsentApp(api)
    challenge = consents.challenge(query)                  # what came with the browser
    url = challenge.accept("alice", ["openid", "photos.read"])
    url = challenge.reject("The user said no.")            # … and send the browser to url

It knows no web framework. `sign` and `unsign` carry the request's id across a login page.

    ConsentFlowError                    its text is safe to show to the user, as text
    ├── AuthorizationRequestError       the server refused the application's request
    ├── ConsentIdError                  the id is missing, doubled, malformed or unknown
    ├── ConsentExpired                  the user took too long; `restart_url` begins again
    ├── RedirectUrlError                the server would send the browser somewhere unexpected
    └── SignedValueError                what `unsign` was given was not signed here, or too long ago
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    HydraException,
    NotFoundException,
)
from hydra_client.models import ConsentRequestAcceptance, ConsentRequestRejection
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.query import HINTS, error_texts, parameters, plain_text
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
"""Claims that speak of the ID token and not of the user. The server sets most of them over what an
acceptance says, and whoever verifies the token relies on the others."""

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
# Seconds between two looks at the discovery document.
_COOL_DOWN = 30.0


class ConsentFlowError(HydraException):
    """A consent flow cannot go on. `str()` is safe to show to the user, as text.

    Attributes:
        error: The error code that the server sent, if it sent one.
        error_description: The text that the server sent with it.
        hint: What an operator can do about it, where that is known. It is not for the user.
    """

    error: str | None = None
    error_description: str | None = None
    hint: str | None = None


class AuthorizationRequestError(ConsentFlowError):
    """The server refused the application's request and has no application to tell.

    The client, or its redirect URI, is wrong. `error` and `error_description` are one line of
    visible characters of a bounded length each, and come from whoever made the link: escape them
    as any other text.
    """

    def __init__(self, error: str, error_description: str | None = None) -> None:
        super().__init__(f"{error}: {error_description}" if error_description else error)
        self.error = error
        self.error_description = error_description
        self.hint = HINTS.get(error)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.error, self.error_description)


class ConsentIdError(ConsentFlowError):
    """The consent request's id is missing, doubled, malformed, or unknown to the server."""


class ConsentExpired(ConsentFlowError):  # noqa: N818 - reads as what happened
    """The consent request has expired, so that an answer would be in vain.

    Attributes:
        restart_url: Where the user can begin again.
        expired_for: Seconds since it expired.
    """

    def __init__(self, message: str, restart_url: str = "", expired_for: float = 0.0) -> None:
        super().__init__(message)
        self.restart_url = restart_url
        self.expired_for = expired_for
        self.hint = (
            f"The request expired {expired_for:.0f} seconds ago. Where requests that were just "
            "made arrive expired, the clocks of Hydra and of this machine differ, or Hydra 0.10 "
            "keeps requests in SQL on a host whose time zone is not UTC."
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
    """Takes up the consent requests that browsers bring. Thread-safe.

    Args:
        api: The API, with a credential for `hydra.consent` and, where the client's record is
            asked for, `hydra.clients`.
        public_url: The server's URL as browsers know it, with or without `/oauth2/auth`. Without
            it the `authorization_endpoint` of the server's discovery document counts, which is
            fetched once, and again when a request leads elsewhere. (The host that `api` calls may
            be an internal address, so it is no measure.)
        clock: Tells the time, in seconds since 1970-01-01 UTC.

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
        """Take up the consent request that a browser came with.

        Args:
            query: What came with the browser: the framework's mapping of query parameters, the
                query string, or the URL. To take a request up again by its id, give
                `{"consent": id}`.

        Returns:
            The request, with everything that the user has to know.

        Scope: hydra.consent. Policy: action "get" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            AuthorizationRequestError: The browser brought an error in place of a request.
            ConsentIdError: The id is missing, doubled, malformed, or unknown to the server.
            ConsentExpired: The user took too long.
            RedirectUrlError: The request leads elsewhere than to the authorization endpoint.
            HydraException: The server could not be asked; see `get_oauth2_consent_request`.
        """
        id = _consent_id(query)
        unknown: NotFoundException
        try:
            request = self.api.get_oauth2_consent_request(id)
        except NotFoundException as error:
            if error.error is None:
                raise  # not this API's way to say so: something else answers at this address
            unknown = error
        else:
            return self._take_up(id, request)
        raise ConsentIdError("The consent request is not known to the server.") from unknown

    def _take_up(self, id: str, request: OAuth2ConsentRequest) -> Challenge:
        client_id, expires_at, url = request.client_id, request.expires_at, request.redirect_url
        if not client_id or expires_at is None or not url:
            raise ApiDecodeError(
                "get_oauth2_consent_request: client_id, expires_at or redirect_url is missing"
            )
        place = _place(url)
        expected = self._authorization_endpoint(place)
        if place != expected:
            raise RedirectUrlError(
                f"The server sends browsers to {place or 'no http or https URL'}, and not to "
                f"{expected}: correct its issuer, or public_url."
            )
        # SQL stores of 0.10 read "no scope" as one scope without a name.
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
                "The authorization_endpoint in the server's discovery document is no http or https "
                "URL."
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
        expires_at: When the request ends, as an aware datetime.
        redirect_url: Where `accept` and `reject` send the browser. It must be the browser that
            came with the request. The flow's state and nonce are in it: keep it out of logs.
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

    @cached_property
    def client(self) -> OAuth2Client:
        """The client's record, with its name and logo; fetched when first asked for.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients:{id}".

        Raises:
            HydraException: It could not be fetched; see `get_oauth2_client`.
        """
        return self._app.api.get_oauth2_client(self.client_id)

    @property
    def restart_url(self) -> str:
        """Where the application sent the browser at first: the user can begin again there."""
        address, _, query = self.redirect_url.partition("?")
        kept = [
            pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) != "consent"
        ]
        return f"{address}?{'&'.join(kept)}"

    def check_expiry(self) -> None:
        """See that the user can still answer.

        Raises:
            ConsentExpired: It is too late.
        """
        late = self._app.clock() - self.expires_at.timestamp()
        if late >= 0:
            raise ConsentExpired(
                "The request has expired. Please begin again.", self.restart_url, late
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
            subject: Who the user is: a lasting identifier, which becomes `sub`.
            scopes: Scopes that the user grants, of those that were requested.
            access_token_extra: Members for `ext` in introspections of the access token.
            id_token_extra: More claims for the ID token. The application and the browser can read
                them. `acr` and `amr` may tell how the user logged in; `RESERVED_CLAIMS` may not
                be set.

        Returns:
            The URL to send the browser to.

        Scope: hydra.consent. Policy: action "accept" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            ApiTypeError, ApiValueError: An argument cannot be right: the subject is empty, a scope
                was not requested, a claim is reserved, JSON cannot carry a value. Nothing was sent.
            ConsentExpired: It is too late. Nothing was sent.
            HydraException: The server could not be told; see `accept_oauth2_consent_request`.
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
                    f"id_token_extra: {', '.join(reserved)} cannot be set: the claim speaks of "
                    "the token, which the server makes"
                )
            body.id_token_extra = claims
        self.check_expiry()
        self._app.api.accept_oauth2_consent_request(self.id, body)
        return self.redirect_url

    def reject(self, reason: str) -> str:
        """Tell the server that the user declines. This works after expiry, too.

        Args:
            reason: Why, for the application, which gets it as `error_description`. It travels in
                an address, so it is cut at 500 characters.

        Returns:
            The URL to send the browser to.

        Scope: hydra.consent. Policy: action "reject" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            ApiTypeError, ApiValueError: The reason is no text. Nothing was sent.
            HydraException: The server could not be told; see `reject_oauth2_consent_request`.
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
            # The server would grant it.
            raise ApiValueError(f"scopes: {extra[0]!r:.100} was not requested")
        return [scope for scope in self.requested_scopes if scope in granted]

    def __repr__(self) -> str:
        return f"Challenge({self.id!r}, client_id={self.client_id!r}, {self.requested_scopes!r})"


def sign(value: str, key: bytes | str, session: bytes | str, *, now: float | None = None) -> str:
    """Make a text that a browser can keep and cannot change, such as the id across a login page.

    Whoever has the text can read the value. `unsign` gives it back, to the same session alone.

    Args:
        value: What to keep; the id of a consent request, say.
        key: A secret of the app, at least 32 bytes. The same may serve other purposes.
        session: A value that belongs to this browser's session and that others cannot know.
        now: The time, in seconds since 1970-01-01 UTC; the system's if None.

    Returns:
        The text; letters, digits, `-`, `_` and `.` only.

    Raises:
        ApiTypeError, ApiValueError: The key is too short, or something is empty or no text.
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
    """Give back what `sign` was given.

    Args:
        text: What came back with the browser, whatever it is.
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
        raise SignedValueError("The form does not belong to this session. Please begin again.")
    age = (time.time() if now is None else now) - int(made)
    if not -_CLOCK_SKEW <= age <= max_age:
        raise SignedValueError("The form was open for too long. Please begin again.")
    return base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode()


def _signature(content: str, made: str, key: bytes | str, session: bytes | str) -> str:
    secret, bound_to = _bytes("key", key), _bytes("session", session)
    if len(secret) < _SHORTEST_KEY:
        raise ApiValueError(f"key must have at least {_SHORTEST_KEY} bytes, it has {len(secret)}")
    # A key of its own, so that no signature made elsewhere with the same secret counts here.
    own_key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    # Hashed, since its length must not decide where the session ends and the content begins.
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
        raise AuthorizationRequestError(*error_texts(found))
    ids = found["consent"]
    if not ids:
        raise ConsentIdError("No consent request: begin at the application that you want to use.")
    if len(ids) > 1:
        raise ConsentIdError("More than one consent request at a time.")
    if not _ID.fullmatch(ids[0]):
        raise ConsentIdError("The consent request's id is malformed.")
    return ids[0]


def _place(url: str) -> _Place | None:
    """Tell where a URL leads, its query aside; None where browsers and we might differ."""
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
    """Refuse what would not arrive, or arrive changed. The value itself is never shown."""
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
        raise ApiTypeError(f"{name}: JSON cannot carry {type(value).__name__}")
