"""Asserts that an ID token is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hydra_client.id_token import ExpiredError, InvalidIdTokenError


@contextmanager
def refused(
    reason: str, match: str | None = None
) -> Iterator[pytest.ExceptionInfo[InvalidIdTokenError]]:
    """Expect an ID token to be refused for this reason."""
    with pytest.raises(InvalidIdTokenError, match=match) as caught:
        yield caught
    assert caught.value.reason == reason
    assert (type(caught.value) is ExpiredError) == (reason == "expired")
