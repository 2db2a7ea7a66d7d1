"""`OAuth2Api`, with a method for each operation.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hydra_client import operations
from hydra_client.api_client import Api, as_response
from hydra_client.models.consent_request_acceptance import ConsentRequestAcceptance
from hydra_client.models.consent_request_rejection import ConsentRequestRejection
from hydra_client.models.json_web_key_set import JsonWebKeySet
from hydra_client.models.o_auth2_client import OAuth2Client
from hydra_client.models.o_auth2_consent_request import OAuth2ConsentRequest
from hydra_client.models.o_auth2_token_introspection import OAuth2TokenIntrospection
from hydra_client.models.o_auth2_token_response import OAuth2TokenResponse
from hydra_client.models.user_info import UserInfo
from hydra_client.models.well_known import WellKnown
from hydra_client.protocol.names import Named, alias

if TYPE_CHECKING:
    from collections.abc import Mapping


class OAuth2Api(Api):
    """OAuth 2.0 clients, consent, tokens and discovery: 15 operations, one method each.

    Besides the errors in its docstring, every method can raise:

    - `ApiConnectionError` (`ApiTimeoutError`, `ApiTlsError`) if no complete response arrives.
    - `ApiDecodeError` if the response is not what the API promises.
    - `ServiceException` (5xx), `TooManyRequestsException` (429), and `ApiException` for any other
      response that is not a success.
    - `ApiTypeError` or `ApiValueError`, before anything is sent, if an argument or a setting is not
      valid.
    - The errors of `oauth_token` if a bearer token has to be fetched first: `UnauthorizedException`
      for a wrong secret, `BadRequestException` for a scope that the client may not have.

    In a `with` block, the API closes its client at the end.

    Args:
        api_client: Sends the calls; it holds the server's address and the credentials.
    """

    @property
    def with_http_info(self) -> OAuth2ApiWithHttpInfo:
        """The same methods, each returning an `ApiResponse` with data, status and headers."""
        return OAuth2ApiWithHttpInfo(self)

    def accept_oauth2_consent_request(
        self,
        id: str,
        body: ConsentRequestAcceptance,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Accept a consent request.

        Tells Hydra who the user is and what they allow. Then send the browser to the request's
        `redirect_url`; from there Hydra redirects it to the application.

        **The server grants every scope in `grant_scopes`**, including scopes that the application
        never requested. Take them from `requested_scopes` only. You can accept or reject a request
        again; the last decision before the browser returns is the one that counts.

        Args:
            id: Id of the consent request, from the query with which the browser arrives
                (`?consent={id}`).
            body: Who the user is, what they allow, and extra data for the tokens.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.consent.
        Policy: action "accept" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No consent request has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation acceptOAuth2ConsentRequest, PATCH /oauth2/consent/requests/{id}/accept.
        """
        return self.api_client.call(
            operations.ACCEPT_OAUTH2_CONSENT_REQUEST,
            id=id,
            body=body,
            timeout=timeout,
            headers=headers,
        )

    def create_oauth2_client(
        self,
        body: OAuth2Client,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Create an OAuth 2.0 client.

        If you leave out `client_secret`, the server generates a secret of 12 characters. In either
        case only this response contains the secret: store it now. If you leave out `id`, the server
        generates a UUID. The server silently drops fields that it does not know.

        If the outcome of a call is unknown (a dropped connection, a 502), it is not sent again,
        because the client may already exist.

        A policy can depend on the client's `owner`, which the server passes to it as context. The
        conditions `{"owner": {"type": "EqualsSubjectCondition"}}` let callers create only their
        own clients.

        Args:
            body: The client to create; every field is optional. If you choose the `id`, it must not
                be `.` or `..`, nor contain `/` or control characters, because the client could
                never be fetched again. A `client_secret` must have at least 6 characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.clients.
        Policy: action "create" on "rn:hydra:clients".

        Returns:
            The new client, including its secret.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The `id` is taken. Only SQL stores report this; the memory store
                overwrites the client.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation createOAuth2Client, POST /clients.
        """
        return self.api_client.call(
            operations.CREATE_OAUTH2_CLIENT, body=body, timeout=timeout, headers=headers
        )

    def delete_oauth2_client(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Delete an OAuth 2.0 client.

        This cannot be undone. If the outcome of a first attempt is unknown and the next one finds
        no client, the call counts as successful.

        A policy can depend on the client's `owner`. The conditions
        `{"owner": {"type": "EqualsSubjectCondition"}}` let callers delete only clients of their
        own.

        Args:
            id: Id of the client; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.clients.
        Policy: action "delete" on "rn:hydra:clients:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No client has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation deleteOAuth2Client, DELETE /clients/{id}.
        """
        return self.api_client.call(
            operations.DELETE_OAUTH2_CLIENT, id=id, timeout=timeout, headers=headers
        )

    def get_oauth2_client(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> OAuth2Client:
        """Fetch an OAuth 2.0 client.

        The response never includes the secret, of which the server only stores a hash.

        A policy can depend on the client's `owner`. The conditions
        `{"owner": {"type": "EqualsSubjectCondition"}}` let callers fetch only their own clients.

        Args:
            id: Id of the client; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.clients.
        Policy: action "get" on "rn:hydra:clients:{id}".

        Returns:
            The client.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No client has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getOAuth2Client, GET /clients/{id}.
        """
        return self.api_client.call(
            operations.GET_OAUTH2_CLIENT, id=id, timeout=timeout, headers=headers
        )

    def get_oauth2_consent_request(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> OAuth2ConsentRequest:
        """Fetch a consent request.

        The first call of a consent app: it says which application asks for which scopes. The id is
        in the query with which the browser arrives (`?consent={id}`). A request expires after 10
        minutes, unless the server is configured otherwise. You can still fetch, accept or reject it
        after that, but the flow fails when the browser returns to Hydra. Check `expires_at` before
        you ask the user.

        Args:
            id: Id of the consent request, from the query with which the browser arrives
                (`?consent={id}`).
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.consent.
        Policy: action "get" on "rn:hydra:oauth2:consent:requests:{id}".

        Returns:
            The consent request.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No consent request has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getOAuth2ConsentRequest, GET /oauth2/consent/requests/{id}.
        """
        return self.api_client.call(
            operations.GET_OAUTH2_CONSENT_REQUEST, id=id, timeout=timeout, headers=headers
        )

    def get_well_known(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> WellKnown:
        """Fetch the server's OpenID Connect configuration.

        Addresses of the endpoints and what they support (OpenID Connect Discovery section 4.2). It
        requires no credentials.

        Args:
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Authorization: not required.

        Returns:
            The configuration.

        Raises:
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getWellKnown, GET /.well-known/openid-configuration.
        """
        return self.api_client.call(operations.GET_WELL_KNOWN, timeout=timeout, headers=headers)

    def introspect_oauth2_token(
        self,
        token: str,
        scope: str | None = None,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2TokenIntrospection:
        """Introspect an access token.

        Returns whether a token is active and whom it was issued for (RFC 7662). An unknown, expired
        or revoked token is not an error: the response has `active` false and nothing else. The same
        applies to refresh tokens, and to tokens that lack one of the scopes that you ask for.

        The configured `access_token` authorizes the call; without one, Basic does, with `username`
        and `password` sent unencoded. 0.9 lets any client introspect. 0.10 requires the policy
        named here and, for a bearer token, the scope. **If the Basic secret is wrong, 0.10 responds
        that the token is not active.** So use a bearer token there:
        `connect(access_token=ClientCredentials())` fetches one with the same id and secret. A
        client whose id has a `:` needs a bearer token too, because Basic cannot express its id. A
        token does not authorize its own introspection if Basic credentials are available.

        Args:
            token: The access token to introspect (RFC 7662 section 2.1).
            scope: Scopes that the token must have, separated by spaces. A token that lacks one
                counts as not active. Without this parameter, scopes are not checked.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.introspect.
        Policy: action "introspect" on "rn:hydra:oauth2:tokens".

        Returns:
            What the server knows about the token.

        Raises:
            UnauthorizedException: The caller's own credentials are missing or wrong, or its bearer
                token has expired. 0.9 also responds with 401 if a bearer token authorizes its own
                introspection.
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation introspectOAuth2Token, POST /oauth2/introspect.
        """
        return self.api_client.call(
            operations.INTROSPECT_OAUTH2_TOKEN,
            form={"token": token, "scope": scope},
            timeout=timeout,
            headers=headers,
        )

    def list_oauth2_clients(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> list[OAuth2Client]:
        """List all OAuth 2.0 clients.

        One response holds all clients: the server offers neither paging nor filters. It never
        includes secrets.

        Args:
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.clients.
        Policy: action "get" on "rn:hydra:clients".

        Returns:
            The clients, in an order that the server chooses.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation listOAuth2Clients, GET /clients.
        """
        return self.api_client.call(
            operations.LIST_OAUTH2_CLIENTS, timeout=timeout, headers=headers
        )

    def oauth_auth(
        self,
        /,
        *,
        client_id: str | None = None,
        redirect_uri: str | None = None,
        response_type: str | None = None,
        scope: str | None = None,
        state: str | None = None,
        nonce: str | None = None,
        consent: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str | None,
    ) -> str:
        """Begin an authorization, as a browser would.

        The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2.1). It
        is meant for browsers; call it from tests and scripts. The redirect is not followed: the
        method returns its target.

        On the first visit the target is the consent app with `?consent={id}`. If the client or its
        redirect URI is wrong, it is the consent app with `?error=…&error_description=…`. For other
        faults, such as a `state` of less than 8 characters, it is the client's redirect URI with an
        `error`. The server checks response type, scope and nonce only when the browser returns with
        `consent` and with the `consent_session` cookie, which the first response set. To see and
        send cookies, use `with_http_info` and `headers`.

        Args:
            client_id: Id of the client that asks for authorization (RFC 6749 section 4.1.1).
            redirect_uri: Where the browser is sent afterwards. It must be identical to one of the
                client's `redirect_uris` (RFC 6749 section 3.1.2.3).
            response_type: `code`, `token`, `id_token`, or several of them separated by spaces
                (OAuth 2.0 Multiple Response Types). Each must be one of the client's
                `response_types`.
            scope: The requested scopes, separated by spaces (RFC 6749 section 3.3). `openid`
                requests an ID token, `offline` a refresh token.
            state: Random value that is passed back to the application, which thereby recognizes its
                own flow (RFC 6749 section 10.12). At least 8 characters.
            nonce: Random value that is passed back in the ID token (OpenID Connect Core section
                3.1.2.1). Required if this endpoint itself issues the ID token; at least 8
                characters.
            consent: Id of the consent request that was accepted or rejected. Only a returning
                browser sends it; the request's `redirect_url` contains it.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.
            **query: Additional parameters by name; those that are None are not sent.

        Authorization: not required.

        Returns:
            The address from the `Location` header, where a browser would go next.

        Raises:
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation oauthAuth, GET /oauth2/auth.
        """
        return self.api_client.call(
            operations.OAUTH_AUTH,
            query={
                "client_id": client_id,
                "redirect_uri": redirect_uri,
                "response_type": response_type,
                "scope": scope,
                "state": state,
                "nonce": nonce,
                "consent": consent,
                **query,
            },
            timeout=timeout,
            headers=headers,
        )

    def oauth_token(
        self,
        /,
        *,
        grant_type: str | None = None,
        code: str | None = None,
        redirect_uri: str | None = None,
        refresh_token: str | None = None,
        scope: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **form: str | None,
    ) -> OAuth2TokenResponse:
        """Exchange a grant for tokens.

        The token endpoint (RFC 6749 section 3.2). Which other parameters you need depends on
        `grant_type`:

        - `client_credentials`: `scope`
        - `authorization_code`: `code` and `redirect_uri`
        - `refresh_token`: `refresh_token`

        The client authenticates by Basic with the configured `username` and `password`, which are
        form-encoded first, as RFC 6749 section 2.3.1 requires. A public client has no password: if
        you pass `client_id` and no `username` is configured, no Basic is sent (0.10 only).

        A code works once, and a refresh token is replaced each time it is used. If the outcome of a
        call is unknown, neither is sent again, because the first attempt may have used it up.

        Args:
            grant_type: `client_credentials`, `authorization_code` or `refresh_token` (RFC 6749
                sections 4.4.2, 4.1.3, 6). It must be one of the client's `grant_types`.
            code: The code that the application received at its redirect URI. It works once, for 10
                minutes unless the server is configured otherwise.
            redirect_uri: The redirect URI with which the code was requested.
            refresh_token: The refresh token to use. The response contains its replacement.
            scope: The scopes to request with `client_credentials`, separated by spaces (RFC 6749
                section 3.3). The client's `scope` must cover them.
            client_id: Id of a public client, which sends no Basic. Leave it out for a client with a
                secret.
            client_secret: Secret in the form instead of in Basic. 0.9 refuses it; 0.10 accepts it
                but decodes it once too often. Prefer Basic.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.
            **form: Additional parameters by name; those that are None are not sent.

        Authorization: Basic.

        Returns:
            The tokens.

        Raises:
            BadRequestException: The grant is refused: a parameter is missing or wrong, the scope is
                too wide, or the code or refresh token has expired or was used before. `error` is a
                code of RFC 6749 section 5.2.
            UnauthorizedException: The client is unknown or its secret is wrong (`invalid_client`;
                status 403 in 0.10).
            ForbiddenException: The code was used before (`authorization_code_inactive` in 0.10; 0.9
                sends 400). A 403 with `invalid_client` is an `UnauthorizedException`.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation oauthToken, POST /oauth2/token.
        """
        return self.api_client.call(
            operations.OAUTH_TOKEN,
            form={
                "grant_type": grant_type,
                "code": code,
                "redirect_uri": redirect_uri,
                "refresh_token": refresh_token,
                "scope": scope,
                "client_id": client_id,
                "client_secret": client_secret,
                **form,
            },
            timeout=timeout,
            headers=headers,
        )

    def reject_oauth2_consent_request(
        self,
        id: str,
        body: ConsentRequestRejection,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Reject a consent request.

        Then send the browser to the request's `redirect_url`. Hydra redirects it to the application
        with `error=rejected_consent_request` and the reason as `error_description`. You can accept
        or reject a request again; the last decision before the browser returns is the one that
        counts.

        Args:
            id: Id of the consent request, from the query with which the browser arrives
                (`?consent={id}`).
            body: Why the request is rejected.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.consent.
        Policy: action "reject" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No consent request has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation rejectOAuth2ConsentRequest, PATCH /oauth2/consent/requests/{id}/reject.
        """
        return self.api_client.call(
            operations.REJECT_OAUTH2_CONSENT_REQUEST,
            id=id,
            body=body,
            timeout=timeout,
            headers=headers,
        )

    def revoke_oauth2_token(
        self, token: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Revoke an access or refresh token.

        Token revocation (RFC 7009). Revoking an access token also revokes its refresh token, and
        vice versa. Revoking a token that is unknown or already revoked succeeds. The client to
        which the token was issued authenticates by Basic, with `username` and `password` sent
        unencoded.

        **If another client authenticates, 0.10 responds with success but revokes nothing. 0.9
        revokes the token.**

        Args:
            token: The access or refresh token to revoke (RFC 7009 section 2.1).
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Authorization: Basic.

        Raises:
            BadRequestException: The request is malformed. 0.9 also sends this if Basic is missing.
            UnauthorizedException: The client is unknown or its secret is wrong (`invalid_client`;
                status 403 in 0.10).
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation revokeOAuth2Token, POST /oauth2/revoke.
        """
        return self.api_client.call(
            operations.REVOKE_OAUTH2_TOKEN, form={"token": token}, timeout=timeout, headers=headers
        )

    def update_oauth2_client(
        self,
        id: str,
        body: OAuth2Client,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Replace an OAuth 2.0 client.

        Send the whole client: SQL stores replace it, so a field that you leave out becomes empty.
        (The memory store keeps such a field.) Only the secret does not change if you leave it out;
        if you set a new one, only this response contains it. It is best to fetch the client, change
        it and send it back: fields that this library does not know are sent back as well.
        `provisioning.patch_client` does this in one call.

        A policy can depend on the client's current `owner`. The conditions
        `{"owner": {"type": "EqualsSubjectCondition"}}` let callers update only clients of their
        own. The resource is the same for all clients.

        Args:
            id: Id of the client; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            body: The client with all its fields. Its `id` is ignored in favor of the one in the
                path. A new `client_secret` must have at least 6 characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.clients.
        Policy: action "update" on "rn:hydra:clients".

        Returns:
            The updated client, including its secret if you set one.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No client has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation updateOAuth2Client, PUT /clients/{id}.
        """
        return self.api_client.call(
            operations.UPDATE_OAUTH2_CLIENT, id=id, body=body, timeout=timeout, headers=headers
        )

    def userinfo(
        self,
        access_token: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> UserInfo:
        """Fetch the claims about a user.

        The UserInfo endpoint (OpenID Connect Core section 5.3), from 0.10 on. It returns the claims
        that the acceptance gave as `id_token_extra`, with `sub` and `rat`.

        Pass the access token that the user's flow ended with. The client's own token is never sent:
        it belongs to no user, and the server would respond with an empty `sub`.

        Args:
            access_token: The user's access token, such as a code flow returns.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Authorization: the argument `access_token`.

        Returns:
            The claims.

        Raises:
            UnauthorizedException: The access token is unknown, expired or revoked.
            NotFoundException: The server does not have this endpoint, as is the case for 0.9.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation userinfo, GET /userinfo.
        """
        return self.api_client.call(
            operations.USERINFO, bearer=access_token, timeout=timeout, headers=headers
        )

    def well_known(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> JsonWebKeySet:
        """Fetch the keys for verifying ID tokens.

        The public keys as a JSON Web Key Set (RFC 7517 section 5). The `kid` of an ID token is
        always `public`, so it does not reveal a key rotation: if a signature does not match, fetch
        the keys again before you reject the token.

        Args:
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.get.
        Policy: action "get" on "rn:hydra:keys:hydra.openid.id-token:public".

        Returns:
            The keys.

        Raises:
            UnauthorizedException: The bearer token has expired.
            ForbiddenException: The bearer token is missing, unknown or revoked, or lacks the scope,
                or the caller's policies do not allow this. The endpoint does not distinguish these
                cases.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation wellKnown, GET /.well-known/jwks.json.
        """
        return self.api_client.call(operations.WELL_KNOWN, timeout=timeout, headers=headers)

    @alias
    def accept_o_auth2_consent_request(
        self,
        id: str,
        body: ConsentRequestAcceptance,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Call `accept_oauth2_consent_request`."""
        return self.accept_oauth2_consent_request(id, body, timeout=timeout, headers=headers)

    @alias
    def create_o_auth2_client(
        self,
        body: OAuth2Client,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Call `create_oauth2_client`."""
        return self.create_oauth2_client(body, timeout=timeout, headers=headers)

    @alias
    def delete_o_auth2_client(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Call `delete_oauth2_client`."""
        return self.delete_oauth2_client(id, timeout=timeout, headers=headers)

    @alias
    def get_o_auth2_client(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> OAuth2Client:
        """Call `get_oauth2_client`."""
        return self.get_oauth2_client(id, timeout=timeout, headers=headers)

    @alias
    def get_o_auth2_consent_request(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> OAuth2ConsentRequest:
        """Call `get_oauth2_consent_request`."""
        return self.get_oauth2_consent_request(id, timeout=timeout, headers=headers)

    @alias
    def introspect_o_auth2_token(
        self,
        token: str,
        scope: str | None = None,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2TokenIntrospection:
        """Call `introspect_oauth2_token`."""
        return self.introspect_oauth2_token(token, scope, timeout=timeout, headers=headers)

    @alias
    def list_o_auth2_clients(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> list[OAuth2Client]:
        """Call `list_oauth2_clients`."""
        return self.list_oauth2_clients(timeout=timeout, headers=headers)

    @alias
    def reject_o_auth2_consent_request(
        self,
        id: str,
        body: ConsentRequestRejection,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Call `reject_oauth2_consent_request`."""
        return self.reject_oauth2_consent_request(id, body, timeout=timeout, headers=headers)

    @alias
    def revoke_o_auth2_token(
        self, token: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Call `revoke_oauth2_token`."""
        return self.revoke_oauth2_token(token, timeout=timeout, headers=headers)

    @alias
    def update_o_auth2_client(
        self,
        id: str,
        body: OAuth2Client,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Call `update_oauth2_client`."""
        return self.update_oauth2_client(id, body, timeout=timeout, headers=headers)


class OAuth2ApiWithHttpInfo(Named):
    """`OAuth2Api` with methods that return an `ApiResponse`: data, status and headers.

    Args:
        api: The API with these methods.
    """

    def __init__(self, api: OAuth2Api) -> None:
        raw = copy(api)
        raw.api_client = api.api_client.with_http_info()
        self.accept_oauth2_consent_request = as_response(raw.accept_oauth2_consent_request)
        self.create_oauth2_client = as_response(raw.create_oauth2_client)
        self.delete_oauth2_client = as_response(raw.delete_oauth2_client)
        self.get_oauth2_client = as_response(raw.get_oauth2_client)
        self.get_oauth2_consent_request = as_response(raw.get_oauth2_consent_request)
        self.get_well_known = as_response(raw.get_well_known)
        self.introspect_oauth2_token = as_response(raw.introspect_oauth2_token)
        self.list_oauth2_clients = as_response(raw.list_oauth2_clients)
        self.oauth_auth = as_response(raw.oauth_auth)
        self.oauth_token = as_response(raw.oauth_token)
        self.reject_oauth2_consent_request = as_response(raw.reject_oauth2_consent_request)
        self.revoke_oauth2_token = as_response(raw.revoke_oauth2_token)
        self.update_oauth2_client = as_response(raw.update_oauth2_client)
        self.userinfo = as_response(raw.userinfo)
        self.well_known = as_response(raw.well_known)
