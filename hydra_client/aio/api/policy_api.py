"""`PolicyApi` for asyncio, with a method for each operation.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hydra_client import operations
from hydra_client.aio.api_client import Api, as_response
from hydra_client.models.policy import Policy
from hydra_client.protocol.names import Named

if TYPE_CHECKING:
    from collections.abc import Mapping


class PolicyApi(Api):
    """Access control policies: 5 operations, one method each.

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
    def with_http_info(self) -> PolicyApiWithHttpInfo:
        """The same methods, each returning an `ApiResponse` with data, status and headers."""
        return PolicyApiWithHttpInfo(self)

    async def create_policy(
        self,
        body: Policy,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Policy:
        """Create an access control policy.

        If you leave out `id`, the server generates a UUID.

        **If the `id` is taken, SQL stores do not report a conflict: they add the new subjects to
        the existing policy**, and the response does not show it. `update_policy` is safer: it
        creates the policy or replaces it as a whole, on every store. For scripts that run over and
        over, `hydra_client.provisioning.ensure_policy` does that only if something differs.

        The memory store also accepts an effect other than `allow` and `deny`, and templates that
        are not valid. Such a policy does not do what you want.

        Args:
            body: The policy to create. If you choose the `id`, it must not be `.` or `..`, nor
                contain `/` or control characters, because the policy could never be fetched again.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.policies.
        Policy: action "create" on "rn:hydra:policies".

        Returns:
            The new policy.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The `id` is taken. Only the memory store reports this.
            BadRequestException: A condition has a type that the server does not know or, on SQL
                stores, the effect or a template is not valid.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation createPolicy, POST /policies.
        """
        return await self.api_client.call(
            operations.CREATE_POLICY, body=body, timeout=timeout, headers=headers
        )

    async def delete_policy(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Delete an access control policy.

        Deleting a policy that does not exist succeeds. Note the action of the policy that this call
        requires: it is `get`.

        Args:
            id: Id of the policy; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.policies.
        Policy: action "get" on "rn:hydra:policies:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation deletePolicy, DELETE /policies/{id}.
        """
        return await self.api_client.call(
            operations.DELETE_POLICY, id=id, timeout=timeout, headers=headers
        )

    async def get_policy(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> Policy:
        """Fetch an access control policy.

        On SQL stores, the lists of a policy come in no particular order.

        Args:
            id: Id of the policy; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.policies.
        Policy: action "get" on "rn:hydra:policies:{id}".

        Returns:
            The policy.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No policy has this id.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getPolicy, GET /policies/{id}.
        """
        return await self.api_client.call(
            operations.GET_POLICY, id=id, timeout=timeout, headers=headers
        )

    async def list_policies(
        self,
        limit: int | None = None,
        offset: int | None = None,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[Policy]:
        """List access control policies.

        Policies decide about access to Hydra's own endpoints and, through the warden, about access
        to your applications. A new server has one policy, `default-admin-policy`, which allows its
        first client everything.

        The response is one page. Past the end, SQL stores send an empty list, but the memory store
        sends the last page again. It also sends policies in no particular order. So read one large
        page, or read pages until one has no new ids.

        Args:
            limit: Number of policies in the page. Without it, the server chooses.
            offset: Number of policies to skip.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.policies.
        Policy: action "list" on "rn:hydra:policies".

        Returns:
            The policies of the page.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation listPolicies, GET /policies.
        """
        return await self.api_client.call(
            operations.LIST_POLICIES,
            query={"limit": limit, "offset": offset},
            timeout=timeout,
            headers=headers,
        )

    async def update_policy(
        self,
        id: str,
        body: Policy,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Policy:
        """Create or replace an access control policy.

        Replaces the policy as a whole, on every store. If no policy has this id, it is created.

        Args:
            id: Id of the policy; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            body: The policy with all its fields. Its `id` must be the one in the path.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.policies.
        Policy: action "update" on "rn:hydra:policies:{id}".

        Returns:
            The policy as it is now.

        Raises:
            BadRequestException: The `id` of the policy is not the one in the path. A 400 with
                `invalid_scope` is a `ForbiddenException`.
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            BadRequestException: A condition has a type that the server does not know or, on SQL
                stores, the effect or a template is not valid.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation updatePolicy, PUT /policies/{id}.
        """
        return await self.api_client.call(
            operations.UPDATE_POLICY, id=id, body=body, timeout=timeout, headers=headers
        )


class PolicyApiWithHttpInfo(Named):
    """`PolicyApi` with methods that return an `ApiResponse`: data, status and headers.

    Args:
        api: The API with these methods.
    """

    def __init__(self, api: PolicyApi) -> None:
        raw = copy(api)
        raw.api_client = api.api_client.with_http_info()
        self.create_policy = as_response(raw.create_policy)
        self.delete_policy = as_response(raw.delete_policy)
        self.get_policy = as_response(raw.get_policy)
        self.list_policies = as_response(raw.list_policies)
        self.update_policy = as_response(raw.update_policy)
