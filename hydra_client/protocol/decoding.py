"""Decodes a response: into what the operation returns, or into the error that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hydra_client.exceptions import ApiDecodeError
from hydra_client.protocol.error_mapping import error_for
from hydra_client.protocol.model import Model, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hydra_client.configuration import Configuration
    from hydra_client.protocol.operation import Call, Response

M = TypeVar("M", bound=Model)


def decode(
    call: Call,
    response: Response,
    secrets: tuple[str, ...] = (),
    settings: Configuration | None = None,
) -> Any:
    """Return what the operation returns.

    Args:
        call: What was sent.
        response: What was received.
        secrets: Credentials that went with the call, which errors must not show.
        settings: The settings of the call, for messages.

    Raises:
        ApiException: The response is not a success.
        ApiDecodeError: It is a success, but not what the API promises.
    """
    operation = call.operation
    if response.status not in operation.success:
        if response.repeated and response.status == operation.done_on_repeat:
            return None
        raise error_for(call, response, secrets, settings)
    try:
        return operation.read(response.headers, response.body)
    except ApiDecodeError as error:
        error.args = (
            f"{operation.name}: {error} (status {response.status} from {operation.method} "
            f"{call.path}, X-Request-ID {call.request_id})",
        )
        # The frames below have the body in local variables, which some tracebacks show.
        raise error.with_traceback(None) from None


def one(model: type[M]) -> Callable[[Mapping[str, str], bytes], M]:
    """Read a body that is one JSON object."""

    def read(_: Mapping[str, str], body: bytes) -> M:
        return model._adopt(parse_json(body))._complete()

    return read


def many(model: type[M]) -> Callable[[Mapping[str, str], bytes], list[M]]:
    """Read a body that is a JSON list; Go writes an empty one as null."""

    def read(_: Mapping[str, str], body: bytes) -> list[M]:
        items = parse_json(body)
        if items is None:
            return []
        if not isinstance(items, list):
            raise ApiDecodeError(f"expected a list of {model.__name__}")
        adopt = model._adopt
        return [adopt(item) for item in items]

    return read


def document(_: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Read a body that is a JSON object of no fixed form."""
    members = parse_json(body)
    if not isinstance(members, dict):
        raise ApiDecodeError("expected an object")
    return members


def nothing(_: Mapping[str, str], body: bytes) -> None:
    """Accept a response that is only a status, unless its body is not JSON, such as HTML."""
    if body.strip():
        parse_json(body)


def location(headers: Mapping[str, str], _body: bytes) -> str:
    """Read where the response sends the browser."""
    address = headers.get("Location")
    if not address:
        raise ApiDecodeError("no Location header")
    return address
