"""The retry policy: when a call may be sent again, and after which pause."""

from __future__ import annotations

import random
import time
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from hydra_client.exceptions import ApiConnectionError, HydraException
from hydra_client.protocol.error_mapping import is_insecure_http
from hydra_client.protocol.operation import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra_client.protocol.operation import Call

# In seconds.
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 4.0
_LONGEST_RETRY_AFTER = 60.0


class Failure(NamedTuple):
    """An attempt without a response.

    Attributes:
        error: What the call raises if it is not repeated.
        cause: The system's own error, if there is one.
        unsent: Whether it is certain that no request went out.
    """

    error: HydraException
    cause: BaseException | None = None
    unsent: bool = False


def did_nothing(outcome: Response | Failure) -> bool:
    """Whether it is certain that the server did not carry the call out."""
    return outcome.unsent if isinstance(outcome, Failure) else outcome.status == 429


def pause_before_retry(call: Call, outcome: Response | Failure, retry: int) -> float | None:
    """Return the seconds to wait before the call is sent again; None if it must not be.

    Args:
        call: The call.
        outcome: What its latest attempt ended in.
        retry: How often it was repeated so far.
    """
    asked = None
    if isinstance(outcome, Failure):
        again = outcome.unsent or (call.repeatable and type(outcome.error) is ApiConnectionError)
    else:
        again = did_nothing(outcome) or (
            outcome.status in (502, 503, 504)
            and call.repeatable
            and not is_insecure_http(outcome.status, outcome.body[:1024].decode(errors="replace"))
        )
        asked = outcome.retry_after
    if not again or (asked is not None and asked > _LONGEST_RETRY_AFTER):
        return None
    longest = min(_FIRST_PAUSE * 2.0**retry, _LONGEST_PAUSE)
    pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret depends on it
    return pause if asked is None else asked + pause


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110 section 10.2.3), seconds or a date, as seconds from now."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:18])  # more digits are slow to parse, and exceed every limit
    try:
        date = parsedate_to_datetime(value)
        # A date with the offset -0000 is parsed as naive.
        seconds: float = date.replace(tzinfo=date.tzinfo or timezone.utc).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(seconds, 0.0)
