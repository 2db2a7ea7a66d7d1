"""A consent app in three calls: read the request, then accept or reject it.

    consents = ConsentApp(api)
    challenge = consents.challenge(query, browser)         # what the browser sent, and its secret
    url = challenge.accept("alice", ["openid", "photos.read"])
    url = challenge.reject("The user said no.")            # … and send the browser to url

It works with any web framework. `browser` is a secret that you keep in the browser's session.

    ConsentFlowError                    its text is safe to show to the user, as text
    ├── AuthorizationRequestError       the server refused the application's request
    ├── ConsentIdError                  the id is missing, repeated, malformed or unknown
    ├── ConsentExpired                  the user took too long; `restart_url` starts again
    ├── RedirectUrlError                its redirect URL is not the authorization endpoint
    └── WrongBrowser                    send the browser to `redirect_url`, and it comes back
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hydra_client._consent import (
    NO_BROWSER,
    RESERVED_CLAIMS,
    AuthorizationRequestError,
    BaseChallenge,
    ConsentExpired,
    ConsentFlowError,
    ConsentIdError,
    Flow,
    RedirectUrlError,
    WrongBrowser,
)
from hydra_client.transport.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client._consent import Checked, NoBrowser
    from hydra_client.api import OAuth2Api
    from hydra_client.models import OAuth2Client
    from hydra_client.protocol.browser_binding import Memory

__all__ = [
    "AuthorizationRequestError",
    "Challenge",
    "ConsentApp",
    "ConsentExpired",
    "ConsentFlowError",
    "ConsentIdError",
    "NO_BROWSER",
    "RedirectUrlError",
    "RESERVED_CLAIMS",
    "WrongBrowser",
]


class ConsentApp:
    """Reads the consent requests that browsers bring. Thread-safe.

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
            cachelib's. Without it, each process remembers only the requests that it handled.

    Raises:
        ApiTypeError, ApiValueError: `public_url` is not an http or https URL.
    """

    def __init__(
        self,
        api: OAuth2Api,
        public_url: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        memory: Memory | None = None,
    ) -> None:
        self.api = api
        self._flow = Flow(public_url, clock, memory)

    def challenge(self, query: object, browser: bytes | str | NoBrowser) -> Challenge:
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
            WrongBrowser: This browser's session has not begun the request, or has begun another
                one since. Redirect it to the error's `redirect_url`.
            AuthorizationRequestError: The browser brought an error instead of a request.
            ConsentIdError: The id is missing, repeated, malformed, or unknown to the server.
            ConsentExpired: The user took too long.
            RedirectUrlError: The request's redirect URL is not the authorization endpoint, or has
                been changed.
            ApiTypeError, ApiValueError: `browser` is not a string or bytes, or is too short.
            HydraException: The request could not be fetched; see `get_oauth2_consent_request`.
        """
        return Challenge(self.api, drive(self._flow.challenge(self.api, Alarm, query, browser)))

    def __repr__(self) -> str:
        return f"ConsentApp({self.api.api_client!r})"


class Challenge(BaseChallenge):
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

    def __init__(self, api: OAuth2Api, checked: Checked) -> None:
        super().__init__(checked)
        self._api = api

    def client(self) -> OAuth2Client:
        """Fetch the client's record, with its name and logo.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients:{id}".

        Raises:
            HydraException: It could not be fetched; see `get_oauth2_client`.
        """
        return self._api.get_oauth2_client(self.client_id)

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
        body = self._acceptance(subject, scopes, access_token_extra, id_token_extra)
        self._api.accept_oauth2_consent_request(self.id, body)
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
        self._api.reject_oauth2_consent_request(self.id, self._rejection(reason))
        return self.redirect_url
