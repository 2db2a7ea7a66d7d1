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

from typing import TYPE_CHECKING, Any

from hydra_client._consent import (
    NO_BROWSER,
    RESERVED_CLAIMS,
    AuthorizationRequestError,
    BaseChallenge,
    BaseConsentApp,
    ConsentExpired,
    ConsentFlowError,
    ConsentIdError,
    RedirectUrlError,
    WrongBrowser,
)
from hydra_client.transport.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydra_client import api  # noqa: F401 - for the base classes
    from hydra_client._consent import NoBrowser
    from hydra_client.models import OAuth2Client

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


class ConsentApp(BaseConsentApp["api.OAuth2Api"]):
    __doc__ = BaseConsentApp.__doc__  # `help` shows no inherited one

    def challenge(self, query: object, browser: bytes | str | NoBrowser) -> Challenge:
        return drive(self._challenge(Challenge, self._read(query, browser), Alarm))


class Challenge(BaseChallenge["api.OAuth2Api"]):
    __doc__ = BaseChallenge.__doc__  # `help` shows no inherited one

    def client(self) -> OAuth2Client:
        return self._api.get_oauth2_client(self.client_id)

    def accept(
        self,
        subject: str,
        scopes: Iterable[str],
        *,
        access_token_extra: Mapping[str, Any] | None = None,
        id_token_extra: Mapping[str, Any] | None = None,
    ) -> str:
        body = self._acceptance(subject, scopes, access_token_extra, id_token_extra)
        self._api.accept_oauth2_consent_request(self.id, body)
        return self.redirect_url

    def reject(self, reason: str) -> str:
        self._api.reject_oauth2_consent_request(self.id, self._rejection(reason))
        return self.redirect_url
