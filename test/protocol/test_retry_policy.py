"""Which calls are repeated, and when."""

from __future__ import annotations

import pytest

from hydra_client.exceptions import ApiConnectionError, ApiTimeoutError
from hydra_client.models import OAuth2Client
from hydra_client.operations import CREATE_OAUTH2_CLIENT, LIST_OAUTH2_CLIENTS
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.operation import Response
from hydra_client.protocol.retry_policy import (
    Failure,
    did_nothing,
    pause_before_retry,
    retry_after,
)

READ = encode(LIST_OAUTH2_CLIENTS)
CREATE = encode(CREATE_OAUTH2_CLIENT, body=OAuth2Client())

LOST = Failure(ApiConnectionError("reset"))
UNSENT = Failure(ApiConnectionError("refused"), unsent=True)
LATE = Failure(ApiTimeoutError("timed out"))


def response(status: int, wait: float | None = None, body: bytes = b"") -> Response:
    return Response(status, "", {}, body, wait)


@pytest.mark.parametrize(
    ("outcome", "read", "create"),
    [
        (LOST, True, False),
        (UNSENT, True, True),
        (LATE, False, False),
        (response(429), True, True),
        (response(429, 61), False, False),
        (response(502), True, False),
        (response(503), True, False),
        (response(503, 1), True, False),
        (response(504), True, False),
        (response(500), False, False),
        (response(502, body=b"insecure http"), False, False),
        (response(400), False, False),
    ],
)
def test_what_may_be_sent_again(outcome: Response | Failure, read: bool, create: bool) -> None:
    assert (pause_before_retry(READ, outcome, 0) is not None) == read
    assert (pause_before_retry(CREATE, outcome, 0) is not None) == create


def test_pauses_grow_to_a_bound_and_follow_the_server() -> None:
    for retry, longest in enumerate([0.2, 0.4, 0.8, 1.6, 3.2, 4.0, 4.0]):
        pause = pause_before_retry(READ, LOST, retry)
        assert pause is not None
        assert longest / 2 <= pause <= longest
    asked = pause_before_retry(READ, response(429, 7), 0)
    assert asked is not None
    assert 7.1 <= asked <= 7.2


def test_what_certainly_did_nothing() -> None:
    assert did_nothing(UNSENT)
    assert did_nothing(response(429))
    assert not did_nothing(LOST)
    assert not did_nothing(response(503))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("9" * 5000, 999999999999999999.0),
        ("-1", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0.0),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    headers = {} if value is None else {"Retry-After": value}
    assert retry_after(headers) == seconds
