"""`HealthApi` for asyncio, with a method for each operation.

Generated from openapi.yaml by `tox -e generate`: edit that file or the templates, not this one.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from hydra_client import operations
from hydra_client.aio.api_client import Api, as_response
from hydra_client.models.health_status import HealthStatus
from hydra_client.protocol.names import Named

if TYPE_CHECKING:
    from collections.abc import Mapping


class HealthApi(Api):
    """Health and metrics of the server: 2 operations, one method each.

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
    def with_http_info(self) -> HealthApiWithHttpInfo:
        """The same methods, each returning an `ApiResponse` with data, status and headers."""
        return HealthApiWithHttpInfo(self)

    async def get_instance_metrics(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Fetch metrics of the server.

        Counters of requests and memory. Hydra does not document them, so you get the JSON object as
        it is.

        Args:
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Scope: hydra.health.
        Policy: action "get" on "rn:hydra:health:stats".

        Returns:
            The metrics by name.

        Raises:
            UnauthorizedException: The caller's bearer token is missing, unknown, revoked or expired
                (status 500 in 0.9).
            ForbiddenException: The caller's policies do not allow this, or its bearer token lacks
                the scope (status 500 in 0.9). `hint` names the scope and a policy to add.
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getInstanceMetrics, GET /health/metrics.
        """
        return await self.api_client.call(
            operations.GET_INSTANCE_METRICS, timeout=timeout, headers=headers
        )

    async def get_instance_status(
        self, *, timeout: float | None = None, headers: Mapping[str, str] | None = None
    ) -> HealthStatus:
        """Check whether the server is running.

        A server that is running responds with the status `ok`. The call requires no credentials.

        Args:
            timeout: Seconds for the whole call, including retries; the configured timeout if None.
            headers: Additional request headers, except Authorization, Host and Content-Length.

        Authorization: not required.

        Returns:
            The status.

        Raises:
            ApiValueError: An argument or a setting is not valid. Nothing was sent.

        Source: operation getInstanceStatus, GET /health/status.
        """
        return await self.api_client.call(
            operations.GET_INSTANCE_STATUS, timeout=timeout, headers=headers
        )


class HealthApiWithHttpInfo(Named):
    """`HealthApi` with methods that return an `ApiResponse`: data, status and headers.

    Args:
        api: The API with these methods.
    """

    def __init__(self, api: HealthApi) -> None:
        raw = copy(api)
        raw.api_client = api.api_client.with_http_info()
        self.get_instance_metrics = as_response(raw.get_instance_metrics)
        self.get_instance_status = as_response(raw.get_instance_status)
