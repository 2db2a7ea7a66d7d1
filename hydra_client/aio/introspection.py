"""A cache in front of token introspection: `hydra_client.introspection` for asyncio."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from hydra_client.aio.waiting import share, within
from hydra_client.introspection import BaseIntrospection

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.aio.api import OAuth2Api
    from hydra_client.introspection import Known, Question
    from hydra_client.models import OAuth2TokenIntrospection

__all__ = ["CachedIntrospection"]


class CachedIntrospection(BaseIntrospection):
    """A cache in front of `api.introspect_oauth2_token`: call it instead.

    A response is reused only for the same token, scope, server and credential. Tasks that ask about
    the same token at the same time share one request. Errors are never kept. You can use it from
    several threads and after a fork, and pickle it; a pickle holds no responses.
    Tokens are kept only as SHA-256 hashes.

    Args:
        api: Asks the server.
        max_size: How many responses are kept. The least recently used ones are removed first.
        max_age: Seconds for which a response is kept, but never past the token's `exp`. A revoked
            token counts as active for that long at most.
        negative_age: Seconds for which the response that a token is not active is kept. With 0 it
            is not kept; otherwise made-up tokens push the responses about real ones out.
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    _api: OAuth2Api

    def __init__(
        self,
        api: OAuth2Api,
        *,
        max_size: int = 1024,
        max_age: float = 30.0,
        negative_age: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(api, max_size, max_age, negative_age, clock)

    async def __call__(self, token: str, scope: str | None = None) -> OAuth2TokenIntrospection:
        """Introspect a token, or return what an earlier introspection said.

        Args:
            token: The access token.
            scope: Scopes that it must have, space-separated.

        Returns:
            A copy for each caller.

        Raises:
            HydraException: As `introspect_oauth2_token` does.
        """
        question = self._question(token, scope)
        if not question:
            return await self._api.introspect_oauth2_token(token, scope)
        token = question.token  # tracebacks would show the caller's own
        known = self._known(question) or await self._shared(question)
        return known.introspection()

    async def _shared(self, question: Question) -> Known:
        ask = partial(self._asked, self._pinned_api(), question)
        return await within(question.timeout, share, self._cache, question.flight, ask)

    async def _asked(self, api: OAuth2Api, question: Question) -> Known:
        known = self._known(question)  # another task may have been faster
        return known or self._kept(
            question,
            self._request(),
            await api.introspect_oauth2_token(question.token, question.scope),
        )
