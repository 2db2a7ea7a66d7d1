"""`JsonWebKeyApi` for asyncio, with a method for each operation.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hydra_client import operations
from hydra_client.aio.api_client import Api, as_response
from hydra_client.models.json_web_key import JsonWebKey
from hydra_client.models.json_web_key_set import JsonWebKeySet
from hydra_client.models.json_web_key_set_generator_request import JsonWebKeySetGeneratorRequest
from hydra_client.protocol.names import Named

if TYPE_CHECKING:
    from collections.abc import Mapping


class JsonWebKeyApi(Api):
    """JSON Web Keys and sets of them: 7 operations, one method each.

    Await each of them; a call that is cancelled ends at once.

    Besides the errors in its docstring, every method can raise:

    - `ApiConnectionError` (`ApiTimeoutError`, `ApiTlsError`) if no complete response arrives.
    - `ApiDecodeError` if the response is not what the API promises.
    - `ServiceException` (5xx), `TooManyRequestsException` (429), and `ApiException` for any other
      response that is not a success.
    - `ApiTypeError` or `ApiValueError`, before anything is sent, if an argument or a setting is not
      valid.
    - The errors of `oauth_token` if a bearer token has to be fetched first: `UnauthorizedException`
      for a wrong secret, `BadRequestException` for a scope that the client may not have.

    In an `async with` block, the API closes its client at the end.

    Args:
        api_client: Sends the calls; it holds the server's address and the credentials.
    """

    @property
    def with_http_info(self) -> JsonWebKeyApiWithHttpInfo:
        """The same methods, each returning an `ApiResponse` with data, status and headers."""
        return JsonWebKeyApiWithHttpInfo(self)

    async def create_json_web_key_set(
        self,
        set: str,
        body: JsonWebKeySetGeneratorRequest,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonWebKeySet:
        """Generate keys.

        Generates a key, or a pair of keys, and adds it to the set. A set that does not exist is
        created.

        RSA and EC keys come in pairs, `private:{kid}` and `public:{kid}`, or `private` and `public`
        if the `kid` is empty. A symmetric key has the `kid` that you choose; if it is empty, 0.9
        calls the key `shared`, and 0.10 leaves it without one.

        To rotate the keys for ID tokens, delete the set `hydra.openid.id-token`, generate it again
        with an empty `kid`, and restart the server. **The server reads its signing key only when it
        starts**: until you restart it, the new public key does not verify its ID tokens.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            body: Algorithm and id of the new keys.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.create.
        Policy: action "create" on "rn:hydra:keys:{set}".

        Returns:
            The new keys, including their private members.

        Raises:
            BadRequestException: The server cannot generate keys for this algorithm. A 400 with
                `invalid_scope` is a `ForbiddenException`.
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The set has a key with this `kid`. Only SQL stores report this.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation createJsonWebKeySet, POST /keys/{set}.
        """
        return await self.api_client.call(
            operations.CREATE_JSON_WEB_KEY_SET, set=set, body=body, timeout=timeout, headers=headers
        )

    async def delete_json_web_key(
        self,
        set: str,
        kid: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Delete a key.

        Deleting a key that the set does not have succeeds.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            kid: Id of the key, such as `public:{kid}` for the public key of a pair.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.delete.
        Policy: action "delete" on "rn:hydra:keys:{set}:{kid}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation deleteJsonWebKey, DELETE /keys/{set}/{kid}.
        """
        return await self.api_client.call(
            operations.DELETE_JSON_WEB_KEY, set=set, kid=kid, timeout=timeout, headers=headers
        )

    async def delete_json_web_key_set(
        self, set: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Delete a set of keys.

        Deleting a set that does not exist succeeds. Without the set `hydra.openid.id-token`,
        `OAuth2Api.well_known` finds no keys, and ID tokens cannot be verified. The server goes on
        signing with the deleted key until you restart it.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.delete.
        Policy: action "delete" on "rn:hydra:keys:{set}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation deleteJsonWebKeySet, DELETE /keys/{set}.
        """
        return await self.api_client.call(
            operations.DELETE_JSON_WEB_KEY_SET, set=set, timeout=timeout, headers=headers
        )

    async def get_json_web_key(
        self,
        set: str,
        kid: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonWebKeySet:
        """Fetch a key.

        **The response includes the private members of the key.** A pair of keys has two ids,
        `private:{kid}` and `public:{kid}`.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            kid: Id of the key, such as `public:{kid}` for the public key of a pair.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.get.
        Policy: action "get" on "rn:hydra:keys:{set}:{kid}".

        Returns:
            A set with this key.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: The set or the key does not exist.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getJsonWebKey, GET /keys/{set}/{kid}.
        """
        return await self.api_client.call(
            operations.GET_JSON_WEB_KEY, set=set, kid=kid, timeout=timeout, headers=headers
        )

    async def get_json_web_key_set(
        self, set: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> JsonWebKeySet:
        """Fetch a set of keys.

        **The response includes private and symmetric keys.** The caller needs the policy for each
        key of the set. If only the last key of a set was deleted, the memory store returns an empty
        set.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.get.
        Policy: action "get" on "rn:hydra:keys:{set}:<.*>".

        Returns:
            The keys.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: The set or the key does not exist.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getJsonWebKeySet, GET /keys/{set}.
        """
        return await self.api_client.call(
            operations.GET_JSON_WEB_KEY_SET, set=set, timeout=timeout, headers=headers
        )

    async def update_json_web_key(
        self,
        set: str,
        kid: str,
        body: JsonWebKey,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonWebKey:
        """Store a key.

        Adds the key to the set under the `kid` of the key itself, even if the path has another one.
        **An existing key is not replaced.** If one has the same `kid`, SQL stores refuse the call,
        and the memory store keeps both keys. Delete the old key first.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            kid: Id of the key, such as `public:{kid}` for the public key of a pair.
            body: The key to store.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.update.
        Policy: action "update" on "rn:hydra:keys:{set}:{kid}".

        Returns:
            The key that you sent.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The set has a key with this `kid`. Only SQL stores report this.
            BadRequestException: The type of a key (`kty`) is missing or unknown.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation updateJsonWebKey, PUT /keys/{set}/{kid}.
        """
        return await self.api_client.call(
            operations.UPDATE_JSON_WEB_KEY,
            set=set,
            kid=kid,
            body=body,
            timeout=timeout,
            headers=headers,
        )

    async def update_json_web_key_set(
        self,
        set: str,
        body: JsonWebKeySet,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonWebKeySet:
        """Store a set of keys.

        Adds the keys to the set; a set that does not exist is created. **Existing keys are not
        replaced.** If one has the same `kid`, SQL stores refuse the call, and the memory store
        keeps both keys. Delete old keys first.

        The server reads its signing key only when it starts; see `create_json_web_key_set`.

        Args:
            set: Name of the set, with the same limits as an id. `hydra.openid.id-token` holds the
                keys for ID tokens.
            body: The keys to store.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.keys.update.
        Policy: action "update" on "rn:hydra:keys:{set}".

        Returns:
            The keys that you sent.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The set has a key with this `kid`. Only SQL stores report this.
            BadRequestException: The type of a key (`kty`) is missing or unknown.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation updateJsonWebKeySet, PUT /keys/{set}.
        """
        return await self.api_client.call(
            operations.UPDATE_JSON_WEB_KEY_SET, set=set, body=body, timeout=timeout, headers=headers
        )


class JsonWebKeyApiWithHttpInfo(Named):
    """`JsonWebKeyApi` with methods that return an `ApiResponse`: data, status and headers.

    Args:
        api: The API with these methods.
    """

    def __init__(self, api: JsonWebKeyApi) -> None:
        raw = copy(api)
        raw.api_client = api.api_client.with_http_info()
        self.create_json_web_key_set = as_response(raw.create_json_web_key_set)
        self.delete_json_web_key = as_response(raw.delete_json_web_key)
        self.delete_json_web_key_set = as_response(raw.delete_json_web_key_set)
        self.get_json_web_key = as_response(raw.get_json_web_key)
        self.get_json_web_key_set = as_response(raw.get_json_web_key_set)
        self.update_json_web_key = as_response(raw.update_json_web_key)
        self.update_json_web_key_set = as_response(raw.update_json_web_key_set)
