"""Errors for extras that are not installed, and for another project with a similar name."""

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
        raise naming_extra(error, name) from None


def naming_extra(error: ModuleNotFoundError, name: str) -> ModuleNotFoundError:
    """Return an error that names the extra, if the missing module is one of it."""
    missing = (error.name or "").partition(".")[0]
    if missing not in MODULES[name]:
        return error
    return ModuleNotFoundError(missing_extra(missing, name), name=missing)


def missing_extra(module: str, extra: str) -> str:
    """Say how to install an extra."""
    message = f"{module.partition('.')[0]} is missing: pip install 'hydra-legacy-client[{extra}]'"
    other = other_project()
    return message if other is None else f"{message}. {other}"


def other_project() -> str | None:
    """Say what to do about the other project that installs a package of this name, if it is here.

    The package index has it as hydra-client. Whichever of the two is installed last replaces files
    of the first.
    """
    from importlib.metadata import PackageNotFoundError, version  # takes long to import

    try:
        other = version("hydra-client")
    except PackageNotFoundError:
        return None
    return (
        f"hydra-client {other} is installed, too: another project, whose files replace those of "
        "hydra-legacy-client. Uninstall both, then install hydra-legacy-client."
    )
