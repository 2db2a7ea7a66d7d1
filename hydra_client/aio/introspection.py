"""A cache in front of token introspection: `hydra_client.introspection` for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.aio.waiting import Alarm, drive
from hydra_client.introspection import BaseIntrospection

if TYPE_CHECKING:
    from hydra_client.aio import api  # noqa: F401 - for the base class
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["CachedIntrospection"]


class CachedIntrospection(BaseIntrospection["api.OAuth2Api"]):
    __doc__ = BaseIntrospection.__doc__

    async def __call__(self, token: str, scope: str | None = None) -> OAuth2TokenIntrospection:
        question = self._question(token, scope)
        if not question:
            return await self._api.introspect_oauth2_token(token, scope)
        token = question.token  # tracebacks would show the caller's own
        known = self._known(question)
        if not known:
            known = await drive(self._asked(question, Alarm()))
        return known.introspection()
