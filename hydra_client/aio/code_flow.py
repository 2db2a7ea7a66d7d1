"""The application's side of the code flow: `hydra_client.code_flow` for asyncio.

flow = CodeFlow(api, "http://127.0.0.1:9010/callback", "openid offline")
url = await flow.authorization_url()      # send the browser there
tokens = await flow.exchange(callback_url)
tokens = await flow.refresh()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra_client.aio.waiting import share, within
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
    from collections.abc import Sequence

    from hydra_client.aio.api import OAuth2Api
    from hydra_client.aio.id_token import IdTokenVerifier
    from hydra_client.id_token import IdTokenClaims
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


class CodeFlow(BaseCodeFlow):
    """One authorization of one user, from the first redirect to refreshed tokens.

    It generates state and nonce. If the browser may return to another process, keep `state` and
    `nonce` in the user's session, and pass them to a second `CodeFlow` there.

    Args:
        api: The API, with the client's own id and secret as `username` and `password`. A public
            client has no secret: for 0.10, pass `client_id` here and no password; for 0.9, its id
            and an empty password.
        redirect_uri: Where the browser returns; one of the client's `redirect_uris`.
        scope: Scopes to ask for, a list or a space-separated string. `openid` gets an ID token,
            `offline` a refresh token.
        client_id: Id of the client; the `username` of `api` if None.
        verifier: Verifies the ID token. If None, one that fetches keys with `api`, which needs the
            extra `jwt`.
        verify_id_token: Whether ID tokens are verified. If False, they are not checked at all and
            `claims` stays None. Then it is up to you to verify the ID token, to compare its nonce
            with `nonce`, and to compare its subject after a refresh: otherwise somebody else's
            code passes for the user's.
        authorization_endpoint: URL for browsers; the one in the server's discovery document if
            None.
        state: The state of an authorization that began in another process.
        nonce: The nonce of that authorization.

    Attributes:
        state: The value that the callback repeats.
        nonce: The value that the ID token repeats.
        tokens: The latest tokens, once there are any.
        claims: Claims of the verified ID token, once there is one. They stay after a refresh.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
    """

    api: OAuth2Api
    _verifier: IdTokenVerifier | None

    def __init__(
        self,
        api: OAuth2Api,
        redirect_uri: str,
        scope: str | Sequence[str],
        *,
        client_id: str | None = None,
        verifier: IdTokenVerifier | None = None,
        verify_id_token: bool = True,
        authorization_endpoint: str | None = None,
        state: str | None = None,
        nonce: str | None = None,
    ) -> None:
        super().__init__(
            api,
            redirect_uri,
            scope,
            client_id,
            verifier,
            verify_id_token,
            authorization_endpoint,
            state,
            nonce,
        )

    async def authorization_url(self, **extra: str | int | None) -> str:
        """Return the URL to send the user's browser to.

        Args:
            **extra: More parameters, such as `prompt` or `max_age`. On 0.9, every login with
                `max_age` fails; you get a warning if the discovery document shows that version.

        Raises:
            ApiTypeError, ApiValueError: A parameter is not valid.
            HydraException: The discovery document could not be fetched; see `get_well_known`.
        """
        if self._needs_discovery():
            self._discovered(await self.api.get_well_known())
        return self._authorization_url(extra)

    async def exchange(self, callback: object) -> OAuth2TokenResponse:
        """Exchange the code that the browser returned with for tokens.

        Args:
            callback: The framework's mapping of query parameters, the query string, or the URL.

        Returns:
            The tokens. If `openid` was granted, `claims` holds the claims of the ID token.

        Raises:
            StateError: The callback belongs to another request, or was already used.
            AuthorizationError: The server rejected the request, or the user declined.
            CallbackError: There is no code, or a parameter is repeated.
            NoIdTokenError: `openid` was requested but not granted; the tokens are dropped.
            InvalidIdTokenError: The ID token must not be trusted; the tokens are dropped.
            HydraException: The keys could not be fetched (this is tried first, so the code is
                still valid), or the code could not be exchanged. See `well_known`,
                `get_well_known` and `oauth_token`.
        """
        found = self._read(callback)
        if self._needs_keys(found):
            await self._ready_verifier()
        tokens = await self.api.oauth_token(**self._code_request(found))
        self._check_presence(tokens)
        claims = await self._verified(tokens, nonce=self.nonce)
        return self._exchanged(tokens, claims)

    async def refresh(self) -> OAuth2TokenResponse:
        """Exchange the refresh token, which this uses up, for new tokens (RFC 6749 section 6).

        Calls at the same time share one request and its outcome, each within its own timeout. After
        an unknown outcome, such as a timeout, a later call sends the same refresh token again: if
        the server has used it up, it responds with 400 and revokes nothing.

        Returns:
            The tokens. The old access token no longer works.

        Raises:
            ApiValueError: There is no refresh token: the scope `offline` was not granted.
            InvalidIdTokenError: The ID token in the response must not be trusted, or belongs to
                another user; the tokens are dropped.
            HydraException: The exchange failed; see `oauth_token`.
        """
        return await within(self._timeout, share, self._refreshes, self._REFRESH, self._refreshed)

    async def _refreshed(self) -> OAuth2TokenResponse:
        refresh_token = self._refresh_token()
        with self._noting_doubt(refresh_token):
            tokens = await self.api.oauth_token(**self._refresh_request(refresh_token))
        await self._verified(tokens, subject=self._subject)
        return self._renewed(tokens, refresh_token)

    async def _ready_verifier(self) -> IdTokenVerifier:
        verifier = self._verifier = self._verifier or self._new_verifier()
        await verifier.fetch_keys()
        return verifier

    def _new_verifier(self) -> IdTokenVerifier:
        with self._explaining():
            from hydra_client.aio.id_token import IdTokenVerifier
        return IdTokenVerifier(self.api, self.client_id)

    async def _verified(
        self, tokens: OAuth2TokenResponse, nonce: str | None = None, subject: str | None = None
    ) -> IdTokenClaims | None:
        id_token = self._id_token(tokens)
        if not id_token:
            return None
        verifier = await self._ready_verifier()
        claims = await verifier.verify(id_token, nonce=nonce, subject=subject)
        access_token = self._hashed_in(claims, tokens)
        if access_token:
            await verifier.verify(id_token, nonce=nonce, access_token=access_token)
        return claims
