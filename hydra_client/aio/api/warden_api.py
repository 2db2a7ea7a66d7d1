"""`WardenApi` for asyncio, with a method for each operation.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hydra_client import operations
from hydra_client.aio.api_client import Api, as_response
from hydra_client.models.group_members import GroupMembers
from hydra_client.models.warden_access_request import WardenAccessRequest
from hydra_client.models.warden_access_request_response import WardenAccessRequestResponse
from hydra_client.models.warden_group import WardenGroup
from hydra_client.models.warden_token_access_request import WardenTokenAccessRequest
from hydra_client.models.warden_token_access_request_response import (
    WardenTokenAccessRequestResponse,
)
from hydra_client.protocol.names import Named

if TYPE_CHECKING:
    from collections.abc import Mapping


class WardenApi(Api):
    """Access decisions and groups: 8 operations, one method each.

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
    def with_http_info(self) -> WardenApiWithHttpInfo:
        """The same methods, each returning an `ApiResponse` with data, status and headers."""
        return WardenApiWithHttpInfo(self)

    async def add_members_to_group(
        self,
        id: str,
        body: GroupMembers,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Add members to a group.

        SQL stores add all members or none of them.

        Args:
            id: Id of the group; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            body: The members to add.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "members.add" on "rn:hydra:warden:groups:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No group has this id (status 500 on SQL stores).
            ConflictException: One of them is a member already, so none was added. Only SQL stores
                report this.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation addMembersToGroup, POST /warden/groups/{id}/members.
        """
        return await self.api_client.call(
            operations.ADD_MEMBERS_TO_GROUP, id=id, body=body, timeout=timeout, headers=headers
        )

    async def create_group(
        self,
        body: WardenGroup,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> WardenGroup:
        """Create a group.

        If you leave out `id`, the server generates a UUID. The name of a group can be the subject
        of a policy, which then applies to all members.

        Args:
            body: The group to create. If you choose the `id`, it must not be `.` or `..`, nor
                contain `/` or control characters, because the group could never be fetched again.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "create" on "rn:hydra:warden:groups".

        Returns:
            The new group.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ConflictException: The `id` is taken. Only SQL stores report this; the memory store
                replaces the group.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation createGroup, POST /warden/groups.
        """
        return await self.api_client.call(
            operations.CREATE_GROUP, body=body, timeout=timeout, headers=headers
        )

    async def delete_group(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Delete a group.

        Deleting a group that does not exist succeeds.

        Args:
            id: Id of the group; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "delete" on "rn:hydra:warden:groups:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation deleteGroup, DELETE /warden/groups/{id}.
        """
        return await self.api_client.call(
            operations.DELETE_GROUP, id=id, timeout=timeout, headers=headers
        )

    async def does_warden_allow_access_request(
        self,
        body: WardenAccessRequest,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> WardenAccessRequestResponse:
        """Ask whether a subject is allowed to do something.

        The warden decides by the same policies that protect Hydra's own endpoints. It allows the
        request if a policy with the effect `allow` matches and no policy with the effect `deny`
        does. A policy matches if its subjects, resources and actions match and all its conditions
        are met. A policy for a group applies to the members of the group.

        Args:
            body: Who wants to do what. A field that you leave out counts as empty.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.
        Policy: action "decide" on "rn:hydra:warden:allowed".

        Returns:
            The decision. A request that is not allowed is not an error.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation doesWardenAllowAccessRequest, POST /warden/allowed.
        """
        return await self.api_client.call(
            operations.DOES_WARDEN_ALLOW_ACCESS_REQUEST, body=body, timeout=timeout, headers=headers
        )

    async def does_warden_allow_token_access_request(
        self,
        body: WardenTokenAccessRequest,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> WardenTokenAccessRequestResponse:
        """Ask whether the bearer of a token is allowed to do something.

        Checks the token and its scopes, and then decides as `does_warden_allow_access_request` does
        for the subject of the token. A token that is unknown, expired or revoked, or that lacks a
        scope, is not an error: `allowed` is false, and nothing else is set.

        Args:
            body: The token, and what its bearer wants to do. A field that you leave out counts as
                empty.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.
        Policy: action "decide" on "rn:hydra:warden:token:allowed".

        Returns:
            The decision and, if the request is allowed, what the server knows about the token.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation doesWardenAllowTokenAccessRequest, POST /warden/token/allowed.
        """
        return await self.api_client.call(
            operations.DOES_WARDEN_ALLOW_TOKEN_ACCESS_REQUEST,
            body=body,
            timeout=timeout,
            headers=headers,
        )

    async def find_groups_by_member(
        self, member: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> list[WardenGroup]:
        """List the groups of a member.

        The server cannot list all groups, only those of a member.

        Args:
            member: The member, for example the id of a user or a client.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "list" on "rn:hydra:warden:groups".

        Returns:
            The groups of the member.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation findGroupsByMember, GET /warden/groups.
        """
        return await self.api_client.call(
            operations.FIND_GROUPS_BY_MEMBER,
            query={"member": member},
            timeout=timeout,
            headers=headers,
        )

    async def get_group(
        self, id: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> WardenGroup:
        """Fetch a group.

        Returns the group with its members.

        Args:
            id: Id of the group; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "get" on "rn:hydra:warden:groups:{id}".

        Returns:
            The group.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            NotFoundException: No group has this id (status 500 on SQL stores).
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getGroup, GET /warden/groups/{id}.
        """
        return await self.api_client.call(
            operations.GET_GROUP, id=id, timeout=timeout, headers=headers
        )

    async def remove_members_from_group(
        self,
        id: str,
        body: GroupMembers,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Remove members from a group.

        Removing someone who is not a member succeeds.

        Args:
            id: Id of the group; it is percent-encoded for you. It must not be empty, `.` or `..`,
                nor contain `/` or control characters.
            body: The members to remove.
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.warden.groups (hydra.groups on 0.9).
        Policy: action "members.remove" on "rn:hydra:warden:groups:{id}".

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation removeMembersFromGroup, DELETE /warden/groups/{id}/members.
        """
        return await self.api_client.call(
            operations.REMOVE_MEMBERS_FROM_GROUP, id=id, body=body, timeout=timeout, headers=headers
        )


class WardenApiWithHttpInfo(Named):
    """`WardenApi` with methods that return an `ApiResponse`: data, status and headers.

    Args:
        api: The API with these methods.
    """

    def __init__(self, api: WardenApi) -> None:
        raw = copy(api)
        raw.api_client = api.api_client.with_http_info()
        self.add_members_to_group = as_response(raw.add_members_to_group)
        self.create_group = as_response(raw.create_group)
        self.delete_group = as_response(raw.delete_group)
        self.does_warden_allow_access_request = as_response(raw.does_warden_allow_access_request)
        self.does_warden_allow_token_access_request = as_response(
            raw.does_warden_allow_token_access_request
        )
        self.find_groups_by_member = as_response(raw.find_groups_by_member)
        self.get_group = as_response(raw.get_group)
        self.remove_members_from_group = as_response(raw.remove_members_from_group)
