"""Verifies ID tokens against the server's keys: `hydra_client.id_token` for asyncio.

verifier = IdTokenVerifier(api, "my-app")
claims = await verifier.verify(tokens.id_token, nonce=nonce)
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from hydra_client.aio.waiting import share, within
from hydra_client.id_token import BaseVerifier, ExpiredError, IdTokenClaims, InvalidIdTokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydra_client.aio.api import OAuth2Api
    from hydra_client.id_token import Server, Token

__all__ = ["ExpiredError", "IdTokenClaims", "IdTokenVerifier", "InvalidIdTokenError"]


class IdTokenVerifier(BaseVerifier):
    """Verifies ID tokens that one server issued to one client. Create one and reuse it.

    Args:
        api: The API, with a credential for `hydra.keys.get`.
        client_id: The client that the tokens are meant for.
        algorithms: Values of `alg` that are allowed (RFC 7518 section 3.1).
        leeway: Seconds by which the server's clock may differ from this one. A token is accepted
            until that long after its `exp`, and from that long before its `nbf` and `iat`.
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: A setting is not valid.
    """

    api: OAuth2Api

    def __init__(
        self,
        api: OAuth2Api,
        client_id: str,
        algorithms: Sequence[str] = ("RS256",),
        leeway: float = 5.0,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(api, client_id, algorithms, leeway, clock)

    async def fetch_keys(self) -> None:
        """Fetch the server's keys and its issuer, unless they are known.

        `verify` does so by itself. Call this first if `verify` must not fail because the keys are
        missing: when an application starts, or before a code is redeemed.

        Scope: hydra.keys.get. Policy: action "get" on
        "rn:hydra:keys:hydra.openid.id-token:public".

        Raises:
            HydraException: They could not be fetched; see `well_known` and `get_well_known`.
        """
        await within(self._timeout, self._current)

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
        """Verify an ID token: its signature, and that it is meant for this client and valid now.

        Args:
            id_token: The ID token as it was received.
            nonce: The nonce of the authorization request. Pass None only if none was sent. In that
                case the server generates one, which is not compared.
            access_token: The access token that came with it. `at_hash` must exist and match it.
                Leave it out for tokens from the token endpoint, which have no `at_hash`.
            code: The code that came with it. `c_hash` must exist and match it.
            max_age: Seconds that may have passed since the user logged in.
            subject: The expected user: `sub` of an earlier ID token.

        Returns:
            The claims.

        Scope: hydra.keys.get. Policy: action "get" on
        "rn:hydra:keys:hydra.openid.id-token:public".

        Raises:
            InvalidIdTokenError: The token must not be trusted; `reason` says why.
            ApiTypeError, ApiValueError: An argument is not valid.
            HydraException: The server's keys or its issuer could not be fetched; see `well_known`
                and `get_well_known`.

        Source: OpenID Connect Core sections 3.1.3.7, 3.2.2.9 and 3.3.2.10.
        """
        token = self._read(id_token, nonce, access_token, code, max_age, subject)
        return await within(self._timeout, self._judged, token)

    async def _judged(self, token: Token) -> IdTokenClaims:
        server = await self._current()
        while not (claims := token.judge(server)):
            server = await self._newer(server)
        return claims

    async def _current(self) -> Server:
        known = self._known
        server = self._usable(known)
        if server:
            return server
        return await share(self._cache, self._CURRENT, partial(self._fetched, known))

    async def _newer(self, known: Server) -> Server:
        ask = partial(self._refetched, known)
        return await within(self._LONGEST_DETOUR, share, self._cache, self._NEWER, ask)

    async def _refetched(self, known: Server) -> Server:
        return self._without_asking(known) or self._compared(known, await self._fetched(known))

    async def _fetched(self, known: Server | None) -> Server:
        return self._fetched_meanwhile(known) or await self._asked()

    async def _asked(self) -> Server:
        with self._noting_failures():
            keys = await self.api.well_known()
            discovery = await self.api.get_well_known()
        return self._stored(keys, discovery)
