"""The loop behind every `ensure_*` function: look, write, and look again if in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hydra_client.exceptions import (
    ApiConnectionError,
    ApiDecodeError,
    ConflictException,
    HydraException,
    NotFoundException,
    ServiceException,
)
from hydra_client.provisioning.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_ATTEMPTS = 3
_OTHERS = (ConflictException, NotFoundException)  # someone else created or deleted it meanwhile
_UNKNOWN = (ApiConnectionError, ApiDecodeError, ServiceException)


def reconcile(
    id: str,
    examine: Callable[[], tuple[T | None, tuple[str, ...]]],
    write: Callable[[T | None, tuple[str, ...]], None],
) -> Result:
    """Make one object on the server as it should be.

    A write whose outcome is not known is never repeated before another look at the server.

    Args:
        id: The id of the object.
        examine: Fetches the object, None if it does not exist, and names the fields that differ.
        write: Creates or updates the object, given what `examine` returned.

    Raises:
        HydraException: The object could not be fetched, or a write failed and the object is not as
            it should be.
    """
    current, fields = examine()
    if current is not None and not fields:
        return Result(id, "unchanged")
    attempts = 0
    while True:
        attempts += 1
        planned = Result(id, "created" if current is None else "updated", fields)
        try:
            write(current, fields)
        except (*_OTHERS, *_UNKNOWN) as error:
            current, fields = examine()
            if current is not None and not fields:
                return Result(id, "unchanged") if isinstance(error, _OTHERS) else planned
            if attempts == _ATTEMPTS or _is_final(error):
                raise
        else:
            return planned


def _is_final(error: HydraException) -> bool:
    """Whether Hydra itself says that it failed, for another reason than a concurrent writer."""
    return (
        isinstance(error, ServiceException)
        and error.status == 500
        and "duplicate key" not in f"{error.error} {error.error_description}"
    )
