"""The logic of a consent app, without I/O, for threads and asyncio.

`consent` and `aio.consent` make the calls in between.
"""

from __future__ import annotations

import enum
import math
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import unquote_plus, urlsplit

from hydra_client.exceptions import (
    ApiDecodeError,
    ApiTypeError,
    ApiValueError,
    NotFoundException,
)
from hydra_client.models import (
    ConsentRequestAcceptance,
    ConsentRequestRejection,
)
from hydra_client.protocol import browser_binding, checks
from hydra_client.protocol.browser_binding import (
    Beginning,
    Browser,
    BrowserState,
    Memory,
    OwnMemory,
    Ticket,
    check_memory,
)
from hydra_client.protocol.cache import Cache, Entry, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.protocol.query import BrowserError, ServerRefusalError, parameters, plain_text
from hydra_client.protocol.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hydra_client.models import OAuth2ConsentRequest, WellKnown
    from hydra_client.protocol.effects import Alarm, Steps

# That of threads or of asyncio. `help` and `inspect.signature` show this name.
OAuth2Api = TypeVar("OAuth2Api", bound=Any)
Challenge = TypeVar("Challenge", bound="BaseChallenge[Any]")

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
"""Claims about the ID token rather than the user. The server overwrites most of them, and those who
verify the token rely on the others."""


_AUTHORIZE = "/oauth2/auth"
_ID = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,254}")
_LONGEST_REASON = 500
_MOST_LEVELS = 64
# The server reads every number as a 64-bit float: larger ones would come out changed.
_LARGEST_NUMBER = 2**53 - 1
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f]|^[^?]*\\")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SHORTEST_SECRET = 32
# Seconds between two requests for the discovery document.
_COOL_DOWN = 30.0
_ENDPOINT = "authorization_endpoint"

_NOTICES = {
    "tab": (
        "Another login began in this browser after this page was opened, so the request was "
        "started again. Please decide now."
    ),
    "session": (
        "You have logged in or out since this page was opened, so the request was started again."
    ),
}
_CHANGED_ON_THE_WAY = (
    "Something between this browser and the server changes URLs, so the request cannot be "
    "continued safely. Please wait ten seconds, and start again at the application."
)
_BY_POST = (
    "The application began the request with POST, which Hydra cannot continue: the application "
    "must redirect the browser to the authorization endpoint, with all parameters in the URL."
)
_UNEXPECTED = (
    "The request's URL does not have the form that Hydra gives it, or the application added "
    f"parameters named consent or {browser_binding.PARAMETER}. Please start again at the "
    "application."
)


class NoBrowser(enum.Enum):
    """The type of `NO_BROWSER`."""

    NO_BROWSER = "NO_BROWSER"


NO_BROWSER: Final = NoBrowser.NO_BROWSER
"""Instead of a browser's secret: the request is not bound to a browser. For scripts and tests that
play the browser themselves; a web application must not use it."""


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
            f"The request expired {expired_for:.0f} seconds ago. If new requests have already "
            "expired when they arrive, the clocks of Hydra and of this machine differ, or Hydra "
            "0.10 stores requests in SQL on a host whose time zone is not UTC."
        )


class RedirectUrlError(ConsentFlowError):
    """The request's redirect URL is not the server's authorization endpoint, or was changed."""


class WrongBrowser(ConsentFlowError):  # noqa: N818 - says what happened
    """This browser's session did not start the request. Redirect it to `redirect_url` (303).

    That is not the user's fault: it happens whenever a request first arrives, and after the user
    logs in or out. The browser returns at once with a new request.

    Attributes:
        redirect_url: Where to send the browser. Keep it out of logs.
    """

    def __init__(self, message: str, redirect_url: str = "") -> None:
        super().__init__(message)
        self.redirect_url = redirect_url


class Place(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


class Arrival:
    """What a browser sent: the request's id, its session, and a form's ticket.

    Once it is checked, the ticket is that of the page, which has to show the notice.
    """

    __slots__ = ("browser", "id", "notice", "ticket")

    def __init__(self, id: str, browser: Browser | None, ticket: Ticket | None) -> None:
        self.id, self.browser, self.ticket = id, browser, ticket
        self.notice = ""


class BaseConsentApp(Generic[OAuth2Api]):
    """Reads the consent requests that browsers bring.

    Threads, or the tasks of one event loop, can share it.

    Args:
        api: The API, with a credential for `hydra.consent` and, if you fetch the client's record,
            `hydra.clients`.
        public_url: The server's URL as browsers know it, with or without `/oauth2/auth`. The host
            that `api` calls may be an internal address. By default, the `authorization_endpoint`
            of the server's discovery document is used. It is fetched once, and again if a request
            leads elsewhere.
        clock: Returns the time, in seconds since 1970-01-01 UTC.
        memory: Remembers which request each browser saw last: a cache with `get(key)` and
            `set(key, value, timeout)` that all processes of your app share, such as Django's or
            cachelib's. With asyncio, too, these are plain functions; they are called in the event
            loop. Without it, each process remembers only the requests that it handled.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    def __init__(
        self,
        api: OAuth2Api,
        public_url: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        memory: Memory | None = None,
    ) -> None:
        checks.oauth2_api(self, api, "get_oauth2_consent_request")
        self.api = api
        self._clock = checks.function("clock", clock)
        self._memory = OwnMemory() if memory is None else check_memory(memory)
        self._cache: Cache[Place] = Cache()
        self._public: Place | None = None
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

    def challenge(self, query: object, browser: bytes | str | NoBrowser) -> Any:
        """Read the consent request that a browser or a submitted form brings.

        Args:
            query: What the browser sent: the framework's mapping of query parameters, the query
                string, or the URL. For a form, pass `{"ticket": …}` with its field `ticket`.
            browser: A secret of at least 32 bytes that your app keeps in this browser's session,
                next to the user. Make a new one when a session begins, at login, at logout
                and when the user changes. Scripts that play the browser themselves pass
                `NO_BROWSER`.

        Returns:
            The request, with everything that the user needs to decide.

        Scope: hydra.consent. Policy: action "get" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            WrongBrowser: This browser's session did not start the request, or has started another
                one since. Redirect it to the error's `redirect_url`.
            AuthorizationRequestError: The browser brought an error instead of a request.
            ConsentIdError: The id is missing, repeated, malformed, or unknown to the server.
            ConsentExpired: The user took too long.
            RedirectUrlError: The request's redirect URL is not the authorization endpoint, or has
                been changed.
            ApiTypeError, ApiValueError: `browser` is not a string or bytes, or is too short.
            HydraException: The request could not be fetched; see `get_oauth2_consent_request`.
        """
        raise NotImplementedError

    def _challenge(
        self, kind: type[Challenge], arrival: Arrival, alarm: Callable[[], Alarm]
    ) -> Steps[Challenge]:
        fetch = Invoke(self.api.get_oauth2_consent_request, (arrival.id,))
        try:
            request: OAuth2ConsentRequest = yield from ask(fetch)
        except NotFoundException as error:
            if error.error is None:
                raise  # not the API's own 404: something else is at this address
            raise ConsentIdError("The server does not know the consent request.") from error
        client_id, expires_at = request.client_id, request.expires_at
        url = Secret(request.redirect_url or "")
        if not client_id or expires_at is None or not url:
            raise ApiDecodeError(
                "get_oauth2_consent_request: client_id, expires_at or redirect_url is missing"
            )
        endpoint = yield from self._endpoint(url, alarm)
        self._check_place(arrival, url, endpoint)
        if arrival.browser is not None:
            self._check_browser(arrival, arrival.browser, url)
        # SQL stores of 0.10 return an empty list of scopes as one scope without a name.
        scopes = tuple(scope for scope in request.requested_scopes or () if scope)
        return kind(self, arrival, client_id, scopes, expires_at, url)

    def _read(self, query: object, browser: bytes | str | NoBrowser) -> Arrival:
        """Read what a browser sent."""
        bound = None if browser is NO_BROWSER else Browser(_secret(browser))
        try:
            found = parameters(query, "consent", "ticket", "error", "error_description")
        except ValueError as error:
            raise ConsentIdError(f"No consent request: {error}.") from None
        if found["error"]:
            raise AuthorizationRequestError.found_in(found)
        ids, tickets = found["consent"], found["ticket"] if bound else []
        if not ids and not tickets:
            raise ConsentIdError(
                "No consent request: start at the application that you want to use."
            )
        if len(ids) + len(tickets) > 1:
            raise ConsentIdError("There is more than one consent request.")
        if not tickets:
            if not _ID.fullmatch(ids[0]):
                raise ConsentIdError("The consent request's id is malformed.")
            return Arrival(ids[0], bound, None)
        ticket = browser_binding.parse_ticket(tickets[0])
        if ticket is None:
            raise ConsentIdError("The form's ticket is malformed: start at the application again.")
        return Arrival(ticket.id, bound, ticket)

    def _endpoint(self, url: str, alarm: Callable[[], Alarm]) -> Steps[Place]:
        """Return the authorization endpoint; ask for it (again) if the URL leads elsewhere."""
        if self._public is not None:
            return self._public
        known = self._cache.get(_ENDPOINT)
        if known is not None:
            # A clock that was set back says nothing about age.
            is_cooling = known.stored_at <= self._clock() < known.fresh_until
            if is_cooling or known.value == _place(url):
                return known.value
        deadline = Deadline(self.api.api_client.configuration.timeout)
        work = self._discovered(known, deadline)
        return (yield from shared(self._cache, _ENDPOINT, work, deadline.left(), alarm()))

    def _discovered(self, known: Entry[Place] | None, deadline: Deadline) -> Steps[Place]:
        entry = self._cache.get(_ENDPOINT)
        if entry is not None and entry is not known:  # pragma: no cover - a race
            return entry.value
        now = self._clock()
        if known is not None:
            # Noted before the attempt, so that one that fails cools down as well.
            known.stored_at, known.fresh_until = now, now + _COOL_DOWN
        document: WellKnown = yield from ask(Invoke(self.api.get_well_known, (), deadline))
        place = _place(document.authorization_endpoint)
        if place is None:
            raise RedirectUrlError(
                "The authorization_endpoint in the server's discovery document is not an http or "
                "https URL."
            )
        self._cache.put(_ENDPOINT, Entry(place, now, now + _COOL_DOWN, math.inf))
        return place

    @staticmethod
    def _check_place(arrival: Arrival, url: str, endpoint: Place) -> None:
        place = _place(url)
        if place == endpoint:
            return
        suffix = f"&consent={arrival.id}"
        if _place(url.removesuffix(suffix)) == endpoint:
            raise RedirectUrlError(_BY_POST)
        raise RedirectUrlError(
            f"The server sends browsers to {place or 'something that is not an http URL'}, not "
            f"to {endpoint}: correct its issuer, or public_url."
        )

    def _check_browser(self, arrival: Arrival, browser: Browser, url: str) -> None:
        """Note the ticket for the page's form, and what the page has to say."""
        beginning = browser_binding.take_apart(url, arrival.id)
        if beginning is None:
            raise RedirectUrlError(_UNEXPECTED if "client_id" in url else _BY_POST)
        state, now = BrowserState(self._memory, browser), self._clock()
        arrives = arrival.ticket is None
        ticket = self._ticket(arrival, browser, beginning, now)
        if ticket is not None and state.is_current(ticket.id, ticket.made, arrives):
            reason = state.show(ticket.id, ticket.made, beginning.url)
            arrival.ticket, arrival.notice = ticket, _NOTICES.get(reason, "")
            return
        reason = ""
        if not arrives:
            reason = "session" if ticket is None else "tab"
        elif ticket is None and state.was_sent(beginning.url, now):
            raise RedirectUrlError(_CHANGED_ON_THE_WAY)
        begun = state.send(beginning.url, reason, now)
        raise WrongBrowser(
            "This browser's session did not start the request: it has to be started again.",
            browser.with_value(beginning.url, begun),
        )

    @staticmethod
    def _ticket(
        arrival: Arrival, browser: Browser, beginning: Beginning, now: float
    ) -> Ticket | None:
        """Return the ticket that came or that the page gets, if the request is this browser's."""
        if arrival.ticket is not None:
            return arrival.ticket if browser.owns(arrival.ticket) else None
        if not browser.began(beginning) or not browser_binding.is_fresh(beginning.made_at, now):
            return None
        return browser.ticket(arrival.id, beginning.made_at)

    def __repr__(self) -> str:
        return f"ConsentApp({self.api.api_client!r})"


class BaseChallenge(Generic[OAuth2Api]):
    """A consent request, while the user decides.

    Attributes:
        id: Id of the consent request.
        client_id: Id of the client (the application) that asks.
        requested_scopes: Scopes that it asks for.
        expires_at: When the request expires, as an aware datetime.
        redirect_url: Where `accept` and `reject` send the browser, which must be the one that
            brought the request. It contains the flow's state and nonce: keep it out of logs.
        ticket: The value for the field `ticket` of the page's form. It is valid only for this
            browser's session, so no other site can submit the form or substitute another request.
        notice: One line that the page should show, or an empty string: why the user sees the page
            again.
    """

    def __init__(
        self,
        app: BaseConsentApp[OAuth2Api],
        arrival: Arrival,
        client_id: str,
        scopes: tuple[str, ...],
        expires_at: datetime,
        url: str,
    ) -> None:
        self._app, self._arrival = app, arrival
        self._api = app.api
        self.id = arrival.id
        self.client_id = client_id
        self.requested_scopes = scopes
        self.expires_at = expires_at
        self.redirect_url = url
        self.ticket = str(arrival.ticket or "")
        self.notice = arrival.notice
        self.check_expiry()

    @property
    def restart_url(self) -> str:
        """Where the application first sent the browser: the user can start again there."""
        address, _, query = self.redirect_url.partition("?")
        ours = "consent", browser_binding.PARAMETER
        kept = [
            pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) not in ours
        ]
        return f"{address}?{'&'.join(kept)}"

    def check_expiry(self) -> None:
        """Check that the request has not expired.

        Raises:
            ConsentExpired: It has.
        """
        late = self._app._clock() - self.expires_at.timestamp()
        if late >= 0:
            raise ConsentExpired(
                "The request has expired. Please start again.", self.restart_url, late
            )

    def client(self) -> Any:
        """Fetch the client's record, with its name and logo.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients:{id}".

        Raises:
            HydraException: It could not be fetched; see `get_oauth2_client`.
        """
        raise NotImplementedError

    def accept(
        self,
        subject: str,
        scopes: Iterable[str],
        *,
        access_token_extra: Mapping[str, Any] | None = None,
        id_token_extra: Mapping[str, Any] | None = None,
    ) -> Any:
        """Tell the server that the user agrees.

        Args:
            subject: Who the user is: a permanent identifier, which becomes `sub`. It must not be
                the id of a client: policies and APIs would take the user for that client.
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
        raise NotImplementedError

    def _acceptance(
        self,
        subject: str,
        scopes: Iterable[str],
        access_token_extra: Mapping[str, Any] | None,
        id_token_extra: Mapping[str, Any] | None,
    ) -> ConsentRequestAcceptance:
        """Return the body that says that the user agrees."""
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
        self._decided()
        return body

    def reject(self, reason: str) -> Any:
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
        raise NotImplementedError

    def _rejection(self, reason: str) -> ConsentRequestRejection:
        """Return the body that says that the user declines."""
        text = checks.utf8("reason", reason).replace("\0", "")  # which 0.10 on SQL refuses
        if len(text) > _LONGEST_REASON:
            text = text[: _LONGEST_REASON - 1] + "…"
        self._decided()
        return ConsentRequestRejection(reason=text)

    def _decided(self) -> None:
        # Before the call: what fails halfway is started again, too.
        browser, ticket = self._arrival.browser, self._arrival.ticket
        if browser is not None and ticket is not None:
            state = BrowserState(self._app._memory, browser)
            state.decide(ticket.made, self._app._clock())

    def _granted(self, scopes: Iterable[str]) -> list[str]:
        granted = checks.strings("scopes", scopes)
        extra = [scope for scope in granted if scope not in self.requested_scopes]
        if extra:
            # The server itself would grant it.
            raise ApiValueError(f"scopes: {extra[0]!r:.100} was not requested")
        return [scope for scope in self.requested_scopes if scope in granted]

    def __repr__(self) -> str:
        return f"Challenge({self.id!r}, client_id={self.client_id!r}, {self.requested_scopes!r})"


def _secret(browser: object) -> bytes:
    if isinstance(browser, str):
        browser = checks.utf8("browser", browser).encode()
    if not isinstance(browser, bytes):
        raise ApiTypeError(
            "browser must be a secret of this browser's session, as bytes or a string, or "
            f"NO_BROWSER, not {type(browser).__name__}"
        )
    if len(browser) < _SHORTEST_SECRET:
        raise ApiValueError(
            f"browser must have at least {_SHORTEST_SECRET} bytes, it has {len(browser)}"
        )
    return browser


def _place(url: str) -> Place | None:
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
    return Place(parts.scheme, parts.hostname, default if port is None else port, parts.path)


def _subject(subject: object) -> str:
    text = checks.utf8("subject", subject)
    if not plain_text(text, len(text)):
        raise ApiValueError("subject must identify the user: it has no visible character")
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
            raise ApiValueError(f"{name}: a number above 2^53 would be rounded; use a string")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ApiValueError(f"{name}: JSON has no {value}")
    elif value is not None:
        raise ApiTypeError(f"{name}: JSON has no {type(value).__name__}")
