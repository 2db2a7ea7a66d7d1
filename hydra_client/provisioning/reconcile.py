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

    `examine` fetches the object, None if it does not exist, and names the fields that differ.
    `write` creates or updates it, given what `examine` returned. A write whose outcome is not known
    is never repeated before another look at the server. On each error that is raised, `repeated`
    says whether a write may have been carried out.
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
            current, fields = _look(examine, after=error)
            if current is not None and not fields:
                return Result(id, "unchanged") if isinstance(error, _OTHERS) else planned
            is_race = "duplicate key" in str(error)
            if attempts == _ATTEMPTS or (_has_failed(error) and not is_race):
                raise
        else:
            return planned


def remove(id: str, get: Callable[[str], object], delete: Callable[[str], None]) -> Result:
    """Delete one object; look for it if the response says that something went wrong."""
    try:
        delete(id)
    except (*_OTHERS, *_UNKNOWN) as error:
        if _look(lambda: find(get, id), after=error) is not None:
            raise
    return Result(id, "deleted")


def find(get: Callable[[str], T], id: str) -> T | None:
    """Fetch an object; return None if it does not exist."""
    try:
        return get(id)
    except NotFoundException:
        return None


def _look(examine: Callable[[], T], after: HydraException | None = None) -> T:
    """Examine an object, and note on errors whether the write before may have been carried out."""
    in_doubt = isinstance(after, _UNKNOWN) and not _has_failed(after)
    if after is not None:
        after.repeated = in_doubt
    try:
        return examine()
    except HydraException as error:
        error.repeated = in_doubt
        raise


def _has_failed(error: HydraException) -> bool:
    """Whether Hydra itself says that a write failed."""
    return isinstance(error, ServiceException) and error.status == 500
