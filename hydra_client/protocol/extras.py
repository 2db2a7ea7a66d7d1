"""Optional dependencies: an import that fails names the extra to install."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = {
    "jwt": ("jwt", "cryptography"),
    "emulator": ("werkzeug", "jwt", "cryptography", "bcrypt"),
}
"""The modules of each extra, by the names that they are imported by."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say which extra is missing when an import of one of its modules fails.

    Raises:
        ModuleNotFoundError: A module of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in MODULES[name]:
            raise
        raise ModuleNotFoundError(
            f"{missing} is missing: pip install 'hydra-legacy-client[{name}]'", name=missing
        ) from None
