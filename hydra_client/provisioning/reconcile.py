"""The loops behind every write: read, write, and read again if the outcome is unknown."""

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
    """Bring one object on the server to the desired state.

    A write whose outcome is not known is never repeated before another look at the server. On each
    error that it raises, `repeated` says whether a write may have been carried out.

    Args:
        id: The id of the object.
        examine: Fetches the object, None if it does not exist, and names the fields that differ.
        write: Creates or updates the object, given what `examine` returned.

    Raises:
        HydraException: The object could not be fetched, or a write failed and the object is not as
            it should be.
    """
    current, fields = _look(examine)
    if current is not None and not fields:
        return Result(id, "unchanged")
    attempts = 0
    while True:
        attempts += 1
        planned = Result(id, "created" if current is None else "updated", fields)
        try:
            write(current, fields)
        except (*_OTHERS, *_UNKNOWN) as error:
            error.repeated = _is_in_doubt(error)
            current, fields = _look(examine, in_doubt=error.repeated)
            if current is not None and not fields:
                return Result(id, "unchanged") if isinstance(error, _OTHERS) else planned
            if attempts == _ATTEMPTS or _is_final(error):
                raise
        else:
            return planned


def remove(id: str, find: Callable[[], T | None], delete: Callable[[str], None]) -> Result:
    """Delete one object; look for it if the response says that something went wrong.

    Raises:
        HydraException: It still exists, or could not be looked for.
    """
    try:
        delete(id)
    except (*_OTHERS, *_UNKNOWN) as error:
        error.repeated = _is_in_doubt(error)
        if _look(find, in_doubt=error.repeated) is not None:
            raise
    return Result(id, "deleted")


def _look(examine: Callable[[], T], *, in_doubt: bool = False) -> T:
    try:
        return examine()
    except HydraException as error:
        error.repeated = in_doubt  # about the write, not about this read
        raise


def _is_in_doubt(error: HydraException) -> bool:
    """Whether the write may have been carried out. By a 500, Hydra itself says that it failed."""
    if isinstance(error, ServiceException):
        return error.status != 500
    return isinstance(error, _UNKNOWN)


def _is_final(error: HydraException) -> bool:
    """Whether Hydra itself says that it failed, for another reason than a concurrent writer."""
    return (
        isinstance(error, ServiceException)
        and error.status == 500
        and "duplicate key" not in f"{error.error} {error.error_description}"
    )
