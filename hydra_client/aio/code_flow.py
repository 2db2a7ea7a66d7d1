"""The application's side of the code flow: `hydra_client.code_flow` for asyncio.

flow = CodeFlow(api, "http://127.0.0.1:9010/callback", "openid offline")
url = await flow.authorization_url()      # send the browser there
tokens = await flow.exchange(callback_url)
tokens = await flow.refresh()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.aio.waiting import Alarm, drive
from hydra_client.code_flow import (
    AuthorizationError,
    BaseCodeFlow,
    CallbackError,
    CodeFlowError,
    NoIdTokenError,
    StateError,
    authorization_url,
)

if TYPE_CHECKING:
    from hydra_client.aio import api, id_token  # noqa: F401 - for the base class
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


class CodeFlow(BaseCodeFlow["api.OAuth2Api", "id_token.IdTokenVerifier"]):
    __doc__ = BaseCodeFlow.__doc__

    async def authorization_url(self, **extra: str | int | None) -> str:
        await drive(self._discovery(extra))
        return self._authorization_url(extra)

    async def exchange(self, callback: object) -> OAuth2TokenResponse:
        return await drive(self._exchanged(self._read(callback)))

    async def refresh(self) -> OAuth2TokenResponse:
        return await drive(self._refresh(Alarm()))

    def _new_verifier(self) -> id_token.IdTokenVerifier:
        from hydra_client.aio.id_token import IdTokenVerifier

        return IdTokenVerifier(self.api, self.client_id)
