"""The operations of Hydra's OAuth 2.0 API as methods.

Generated from openapi.yaml by `tox -e generate`: change that or the templates, not this file.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hydra_client import operations
from hydra_client.api_client import ApiClient, as_response
from hydra_client.models.consent_request_acceptance import ConsentRequestAcceptance
from hydra_client.models.consent_request_rejection import ConsentRequestRejection
from hydra_client.models.json_web_key_set import JsonWebKeySet
from hydra_client.models.o_auth2_client import OAuth2Client
from hydra_client.models.o_auth2_consent_request import OAuth2ConsentRequest
from hydra_client.models.o_auth2_token_introspection import OAuth2TokenIntrospection
from hydra_client.models.o_auth2_token_response import OAuth2TokenResponse
from hydra_client.models.well_known import WellKnown

if TYPE_CHECKING:
    from collections.abc import Mapping


class OAuth2Api:
    """The 14 operations, one method each.

    Besides the errors that its docstring names, every method may raise `ApiConnectionError`
    (`ApiTimeoutError`, `ApiTlsError`) if no complete response arrives, `ApiDecodeError` if the
    response is not what the API promises, `ServiceException` (5xx), `TooManyRequestsException`
    (429), and `ApiException` for any other response that is not a success. Before anything is
    sent, it raises `ApiValueError` or `ApiTypeError` for arguments and settings that are not valid.
    If a bearer token has to be fetched first, it raises the errors of `oauth_token` too:
    `UnauthorizedException` for a wrong secret, `BadRequestException` for a scope that the client
    may not have.

    Args:
        api_client: Makes the calls; it has the server's address and the credentials.
    """

    def __init__(self, api_client: ApiClient | None = None) -> None:
        self.api_client = ApiClient() if api_client is None else api_client

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

        Tells Hydra who the user is and what they allow. After it, send the browser to the
        request's `redirect_url`, from which Hydra sends it on to the application.

        Whoever accepts decides: **the server grants whatever `grant_scopes` says**, also what the
        application never asked for. Take them from `requested_scopes` alone. A request can be
        answered again; what counts is the answer that stands when the browser returns.

        Args:
            id: Id of the consent request, from the query of the browser's visit (`?consent={id}`).
            body: Who the user is, what they allow, and what the tokens shall say.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.consent. Policy: action "accept" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no consent request with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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

        Without `client_secret` the server makes a secret of 12 characters. Either way the secret
        is in this answer and in no later one: store it now. Without `id` the server makes a
        UUID. Fields that the server does not know are dropped in silence.

        A call that ended in an unknown way (a dropped connection, a 502) is never sent again,
        since the client may exist by then.

        A policy may be bound to the client's `owner`, which the server passes on as context:
        `"conditions": {"owner": {"type": "EqualsSubjectCondition"}}` lets callers create their
        own clients only.

        Args:
            body: The client to create; every field is optional. An `id` of one's own must not be
                `.` or `..` and must hold no `/` and no control character, since such a client could
                never be fetched again; a `client_secret` needs at least 6 characters.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.clients. Policy: action "create" on "rn:hydra:clients".

        Returns:
            The client as created, its secret included.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            ConflictException: The `id` is taken: stores on SQL say `duplicate key`, while the
                memory store overwrites the client and answers 201. Any other 500 is a
                `ServiceException`.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation createOAuth2Client, POST /clients.
        """
        return self.api_client.call(
            operations.CREATE_OAUTH2_CLIENT, body=body, timeout=timeout, headers=headers
        )

    def delete_oauth2_client(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Delete an OAuth 2.0 client.

        There is no way back. When a first attempt ended in an unknown way and the next one finds
        no client, the call has succeeded.

        A policy may be bound to the client's `owner`:
        `"conditions": {"owner": {"type": "EqualsSubjectCondition"}}` lets callers delete their
        own clients only.

        Args:
            id: Id of the client. It is percent-encoded on the way; it must not be empty, `.` or
                `..` and must hold no `/` and no control character.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.clients. Policy: action "delete" on "rn:hydra:clients:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no client with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation deleteOAuth2Client, DELETE /clients/{id}.
        """
        return self.api_client.call(
            operations.DELETE_OAUTH2_CLIENT, id=id, timeout=timeout, headers=headers
        )

    def get_oauth2_client(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Fetch one OAuth 2.0 client.

        The secret is never part of the answer: the server keeps a hash of it only.

        A policy may be bound to the client's `owner`:
        `"conditions": {"owner": {"type": "EqualsSubjectCondition"}}` lets callers fetch their own
        clients only.

        Args:
            id: Id of the client. It is percent-encoded on the way; it must not be empty, `.` or
                `..` and must hold no `/` and no control character.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients:{id}".

        Returns:
            The client.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no client with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation getOAuth2Client, GET /clients/{id}.
        """
        return self.api_client.call(
            operations.GET_OAUTH2_CLIENT, id=id, timeout=timeout, headers=headers
        )

    def get_oauth2_consent_request(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2ConsentRequest:
        """Fetch a consent request.

        What a consent app asks first: which application wants which scopes. The browser brings
        the id in the query of its visit, as `?consent={id}`. A request lives 10 minutes unless
        the server is set up otherwise; after that it can still be fetched, accepted and rejected,
        but the browser's return fails. Compare `expires_at` before asking the user.

        Args:
            id: Id of the consent request, from the query of the browser's visit (`?consent={id}`).
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.consent. Policy: action "get" on "rn:hydra:oauth2:consent:requests:{id}".

        Returns:
            The consent request.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no consent request with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation getOAuth2ConsentRequest, GET /oauth2/consent/requests/{id}.
        """
        return self.api_client.call(
            operations.GET_OAUTH2_CONSENT_REQUEST, id=id, timeout=timeout, headers=headers
        )

    def get_well_known(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> WellKnown:
        """Fetch the server's OpenID Connect configuration.

        Where the endpoints are and what they support (OpenID Connect Discovery section 4.2).
        Needs no credentials.

        Args:
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Authorization: none.

        Returns:
            The configuration.

        Raises:
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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
        """Ask whether an access token is active, and what it says.

        Token introspection (RFC 7662). An unknown, expired or revoked token is not an error: the
        answer has `active` false and nothing else. So has a refresh token, and a token that lacks
        a scope asked for.

        The call is authorized by the configured `access_token`, else by Basic with `username` and
        `password` as they are. 0.9 lets any client introspect. 0.10 wants the policy named here
        and, for a bearer token, the scope; **to a wrong Basic secret it answers that the token is
        not active**, so rather use a bearer token there:
        `connect(access_token=ClientCredentials())` makes the call by one, fetched with the same id
        and secret. A token never authorizes its own introspection where Basic can.

        Args:
            token: The access token asked about (RFC 7662 section 2.1).
            scope: Scopes that the token must have been granted, with spaces between. Lacking one,
                it counts as not active. Left out, scopes are not looked at.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.introspect. Policy: action "introspect" on "rn:hydra:oauth2:tokens".

        Returns:
            What is known of the token.

        Raises:
            UnauthorizedException: The caller's own credentials are missing or wrong, or its bearer
                token has expired. 0.9 says so too when a bearer token is asked about by its own
                authority.
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation introspectOAuth2Token, POST /oauth2/introspect.
        """
        return self.api_client.call(
            operations.INTROSPECT_OAUTH2_TOKEN,
            form={"token": token, "scope": scope},
            timeout=timeout,
            headers=headers,
        )

    def list_oauth2_clients(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[OAuth2Client]:
        """List all OAuth 2.0 clients.

        All clients come in one answer: the server knows no paging and no filter. Secrets are
        never part of it.

        Args:
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.clients. Policy: action "get" on "rn:hydra:clients".

        Returns:
            The clients, in an order of the server's own.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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
        is made for browsers; call it from tests and scripts. The redirect is not followed: the
        answer is its target.

        On a first visit that is the consent app with `?consent={id}`, or with
        `?error=…&error_description=…` when the client or its redirect URI is wrong, or the
        client's redirect URI with an `error` for other faults, such as a `state` under 8
        characters. Response type, scope and nonce are looked at only when the browser returns
        with `consent` and with the `consent_session` cookie, which came with the first answer.
        To see and send cookies, use `with_http_info` and `headers`.

        Args:
            client_id: Id of the client that asks (RFC 6749 section 4.1.1).
            redirect_uri: Where the user is sent afterwards. One of the client's `redirect_uris`,
                character by character (RFC 6749 section 3.1.2.3).
            response_type: `code`, `token`, `id_token`, or several of them with spaces between
                (OAuth 2.0 Multiple Response Types). Each has to be among the client's
                `response_types`.
            scope: Scopes asked for, with spaces between (RFC 6749 section 3.3). `openid` brings an
                ID token, `offline` a refresh token.
            state: Random value that comes back with the answer, so that the application knows it
                for its own (RFC 6749 section 10.12). At least 8 characters.
            nonce: Random value that comes back in the ID token (OpenID Connect Core section
                3.1.2.1). Needed where the ID token comes straight from this endpoint; at least 8
                characters.
            consent: Id of the consent request that was answered. Only the browser's return has it;
                it is already part of the request's `redirect_url`.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.
            **query: More parameters, sent under the names that you give; None leaves one out.

        Authorization: none.

        Returns:
            Where the browser is sent, from the `Location` header.

        Raises:
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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

        The token endpoint (RFC 6749 section 3.2). `grant_type` says which of the other parameters
        are needed:

        - `client_credentials`: `scope`
        - `authorization_code`: `code` and `redirect_uri`
        - `refresh_token`: `refresh_token`

        The client authenticates by Basic: the configured `username` and `password`, form-encoded
        first, as RFC 6749 section 2.3.1 wants it. A public client has no password: with
        `client_id` given and no `username` configured, no Basic is sent (0.10 only).

        A code works once, and a refresh token is replaced each time it is used. Both are never
        sent again after an outcome that is unknown, since the first attempt may have used them up.

        Args:
            grant_type: `client_credentials`, `authorization_code` or `refresh_token` (RFC 6749
                sections 4.4.2, 4.1.3, 6). It has to be among the client's `grant_types`.
            code: The code that the application got at its redirect URI. It works once, for 10
                minutes unless the server is set up otherwise.
            redirect_uri: The same redirect URI that the code was asked for with.
            refresh_token: The refresh token to use up. The answer holds its successor.
            scope: Scopes asked for with `client_credentials`, with spaces between (RFC 6749 section
                3.3). The client's own `scope` has to cover them.
            client_id: Id of a public client, which sends no Basic. Clients with a secret leave it
                out.
            client_secret: Secret in the form in place of Basic. 0.9 refuses it; 0.10 takes it,
                decoding it once more than the form. Prefer Basic.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.
            **form: More parameters, sent under the names that you give; None leaves one out.

        Authorization: Basic.

        Returns:
            The tokens.

        Raises:
            BadRequestException: The grant is refused: a parameter is missing or wrong, the scope is
                too wide, the code or refresh token has expired or was used before. `error` holds
                the word of RFC 6749 section 5.2.
            UnauthorizedException: The client is unknown or its secret is wrong (`invalid_client`;
                0.10 answers 403).
            ForbiddenException: A code was used before (0.10 says `authorization_code_inactive`, 0.9
                answers 400). A 403 that says `invalid_client` is an `UnauthorizedException`.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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

        After it, send the browser to the request's `redirect_url`. Hydra sends it on to the
        application with `error=rejected_consent_request` and the reason as `error_description`.
        A request can be answered again; what counts is the answer that stands when the browser
        returns.

        Args:
            id: Id of the consent request, from the query of the browser's visit (`?consent={id}`).
            body: Why the user's answer is no.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.consent. Policy: action "reject" on "rn:hydra:oauth2:consent:requests:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no consent request with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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
        self,
        token: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Revoke an access or refresh token.

        Token revocation (RFC 7009). Revoking either of an access token and its refresh token ends
        both. To revoke a token that is unknown, or was revoked before, is a success. The client
        that the token was issued to authenticates by Basic, `username` and `password` as they are.

        Args:
            token: The access or refresh token to end (RFC 7009 section 2.1).
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Authorization: Basic.

        Raises:
            BadRequestException: The request is malformed (0.9 says so when Basic is missing).
            UnauthorizedException: The client is unknown or its secret is wrong (`invalid_client`;
                0.10 answers 403).
            ApiValueError: An argument or a setting is not valid; nothing was sent.

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

        Send the whole client: stores on SQL replace it, so a field that is left out is emptied
        (the memory store merges and keeps it). Only the secret stays as it was when it is left
        out; a new one is in this answer and in no later one. Fetch, change and send back: fields
        unknown to this library travel along.

        A policy may be bound to the `owner` that the client has so far:
        `"conditions": {"owner": {"type": "EqualsSubjectCondition"}}` lets callers update their
        own clients only. The resource is the same for all clients.

        Args:
            id: Id of the client. It is percent-encoded on the way; it must not be empty, `.` or
                `..` and must hold no `/` and no control character.
            body: The client as it should be from now on. Its own `id` is ignored: the one in the
                path wins. A new `client_secret` needs at least 6 characters.
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.clients. Policy: action "update" on "rn:hydra:clients".

        Returns:
            The client as it is now, with its secret if that was part of the call.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (0.9 answers 500).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (0.9 answers 500). `hint` names the scope and a policy that would do.
            NotFoundException: There is no client with this id.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation updateOAuth2Client, PUT /clients/{id}.
        """
        return self.api_client.call(
            operations.UPDATE_OAUTH2_CLIENT, id=id, body=body, timeout=timeout, headers=headers
        )

    def well_known(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonWebKeySet:
        """Fetch the keys that ID tokens are verified with.

        The public keys as a JSON Web Key Set (RFC 7517 section 5). An ID token's `kid` is always
        `public`, so a rotation does not show in it: when a signature does not fit, fetch the keys
        once more before refusing the token.

        Args:
            timeout: Seconds for the whole call, retries included; the configuration's if None.
            headers: More request headers; not Authorization, Host or Content-Length.

        Scope: hydra.keys.get. Policy: action "get" on "rn:hydra:keys:hydra.openid.id-token:public".

        Returns:
            The keys.

        Raises:
            UnauthorizedException: The bearer token has expired.
            ForbiddenException: The bearer token is missing, unknown or revoked or lacks the scope,
                or the caller's policies do not allow this; the endpoint does not tell these apart.
            ApiValueError: An argument or a setting is not valid; nothing was sent.

        Source: operation wellKnown, GET /.well-known/jwks.json.
        """
        return self.api_client.call(operations.WELL_KNOWN, timeout=timeout, headers=headers)

    # The generator's own names. They go through `self`, so that a subclass that overrides a method
    # overrides its other name too.
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

    def create_o_auth2_client(
        self,
        body: OAuth2Client,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Call `create_oauth2_client`."""
        return self.create_oauth2_client(body, timeout=timeout, headers=headers)

    def delete_o_auth2_client(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Call `delete_oauth2_client`."""
        return self.delete_oauth2_client(id, timeout=timeout, headers=headers)

    def get_o_auth2_client(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2Client:
        """Call `get_oauth2_client`."""
        return self.get_oauth2_client(id, timeout=timeout, headers=headers)

    def get_o_auth2_consent_request(
        self,
        id: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OAuth2ConsentRequest:
        """Call `get_oauth2_consent_request`."""
        return self.get_oauth2_consent_request(id, timeout=timeout, headers=headers)

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

    def list_o_auth2_clients(
        self,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[OAuth2Client]:
        """Call `list_oauth2_clients`."""
        return self.list_oauth2_clients(timeout=timeout, headers=headers)

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

    def revoke_o_auth2_token(
        self,
        token: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Call `revoke_oauth2_token`."""
        return self.revoke_oauth2_token(token, timeout=timeout, headers=headers)

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


class OAuth2ApiWithHttpInfo:
    """The methods of `OAuth2Api`, each returning an `ApiResponse` with data, status and headers.

    Args:
        api: Whose methods.
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
        self.well_known = as_response(raw.well_known)
