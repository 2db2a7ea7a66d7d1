"""A consent app in three calls: `hydra_client.consent` for asyncio.

consents = ConsentApp(api)
challenge = await consents.challenge(query, browser)
url = await challenge.accept("alice", ["openid", "photos.read"])
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
from hydra_client.aio.waiting import Alarm, drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydra_client._consent import NoBrowser
    from hydra_client.aio import api  # noqa: F401 - for the base classes
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
    __doc__ = BaseConsentApp.__doc__

    async def challenge(self, query: object, browser: bytes | str | NoBrowser) -> Challenge:
        return await drive(self._challenge(Challenge, self._read(query, browser), Alarm))


class Challenge(BaseChallenge["api.OAuth2Api"]):
    __doc__ = BaseChallenge.__doc__

    async def client(self) -> OAuth2Client:
        return await self._api.get_oauth2_client(self.client_id)

    async def accept(
        self,
        subject: str,
        scopes: Iterable[str],
        *,
        access_token_extra: Mapping[str, Any] | None = None,
        id_token_extra: Mapping[str, Any] | None = None,
    ) -> str:
        body = self._acceptance(subject, scopes, access_token_extra, id_token_extra)
        await self._api.accept_oauth2_consent_request(self.id, body)
        return self.redirect_url

    async def reject(self, reason: str) -> str:
        await self._api.reject_oauth2_consent_request(self.id, self._rejection(reason))
        return self.redirect_url
