"""Verifies ID tokens against the server's keys: `hydra_client.id_token` for asyncio.

verifier = IdTokenVerifier(api, "my-app")
claims = await verifier.verify(tokens.id_token, nonce=nonce)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.aio.waiting import Alarm, drive
from hydra_client.id_token import (
    BaseVerifier,
    ExpiredError,
    IdTokenClaims,
    InvalidIdTokenError,
    Token,
)

if TYPE_CHECKING:
    from hydra_client.aio import api  # noqa: F401 - for the base class

__all__ = ["ExpiredError", "IdTokenClaims", "IdTokenVerifier", "InvalidIdTokenError"]


class IdTokenVerifier(BaseVerifier["api.OAuth2Api"]):
    __doc__ = BaseVerifier.__doc__

    async def fetch_keys(self) -> None:
        await drive(self._current(self._deadline(), Alarm))

    async def verify(
        self,
        id_token: str,
        *,
        nonce: str | None,
        access_token: str | None = None,
        code: str | None = None,
        max_age: float | None = None,
        subject: str | None = None,
    ) -> IdTokenClaims:
        token = Token(self, id_token, nonce, access_token, code, max_age, subject)
        return await drive(self._verified(token, Alarm))
