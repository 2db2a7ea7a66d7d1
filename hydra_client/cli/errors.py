"""Errors that end a command with a message on stderr and an exit status."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

import hydra_client
from hydra_client.cli.text import plain, safe

FAILED = 1
USAGE = 2
DRIFT = 3
NOT_FOUND = 4
NOT_AUTHORIZED = 5


class Failure(click.ClickException):
    """An error with a message for the user and an exit status."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click has it on the class

    def format_message(self) -> str:
        """Escape the message: it may quote the server, and goes to a terminal."""
        return safe(self.message)


UNTRUSTED = (
    "Use --ca-cert with the CA that signed the certificate. To trust one that Hydra made for "
    "itself, save it first: hydra-client doctor --save-ca FILE"
)

# What the SDK calls a setting, and what sets it here.
OPTIONS = {
    "access_token": "--access-token-file (HYDRA_ACCESS_TOKEN)",
    "headers": "--header",
    "host": "--url (HYDRA_URL)",
    "password": "--client-secret-file (HYDRA_CLIENT_SECRET)",
    "scopes": "--token-scopes (HYDRA_SCOPES)",
    "ssl_ca_cert": "--ca-cert (HYDRA_CA_CERT)",
    "timeout": "--timeout",
    "username": "--client-id (HYDRA_CLIENT_ID)",
}
_SETTING = re.compile(rf"^({'|'.join(OPTIONS)})\b|\bthe setting ({'|'.join(OPTIONS)})\b")
_PHRASES = (
    ("set access_token (", "use --access-token-file ("),
    ("username and password", "--client-id and --client-secret-file"),
    (
        "the client id and secret",
        "the client id and secret (--client-id and --client-secret-file)",
    ),
    (" is missing (HYDRA_CLIENT_ID and HYDRA_CLIENT_SECRET in the environment)", " is missing"),
    (
        "set the default header X-Forwarded-Proto to https",
        "use --header 'X-Forwarded-Proto: https'",
    ),
)


def failure_of(error: hydra_client.HydraException | Failure) -> Failure:
    """Convert an error of the SDK into a failure with the matching exit status."""
    if isinstance(error, Failure):
        return error
    # On one line, so that a server cannot forge another line or a hint.
    message = plain(str(error))
    if isinstance(error, hydra_client.ApiException) and error.hint:
        hint = plain(error.hint)
        message = f"{message.replace(f' {hint}', '', 1)}\nHint: {hint}"
    if "the certificate is not trusted" in message:
        message += f"\nHint: {UNTRUSTED}"
    # The user gives options, not the SDK's settings.
    message = _SETTING.sub(lambda match: OPTIONS[match[1] or match[2]], message)
    for words, ours in _PHRASES:
        message = message.replace(words, ours)
    if isinstance(error, (hydra_client.ApiValueError, hydra_client.ApiTypeError)):
        return Failure(message, USAGE)
    missing = error if isinstance(error, hydra_client.NotFoundException) else error.__cause__
    if isinstance(missing, hydra_client.NotFoundException):
        # Hydra says in JSON what it does not find. Otherwise, it is the path that does not exist.
        return Failure(message, FAILED if missing.error is None else NOT_FOUND)
    if isinstance(error, (hydra_client.UnauthorizedException, hydra_client.ForbiddenException)):
        return Failure(message, NOT_AUTHORIZED)
    return Failure(message)


def refuse_existing(what: str, id: str, get: Callable[[str], object], advice: str) -> None:
    """Reject an id that `get` finds, because creating it again would change the object."""
    try:
        get(id)
    except hydra_client.NotFoundException:
        return
    except hydra_client.ForbiddenException as error:
        raise Failure(
            f"cannot find out whether the {what} {id} exists, so nothing was created: "
            f"{failure_of(error).message}",
            NOT_AUTHORIZED,
        ) from None
    raise Failure(f"the {what} {id} already exists; {advice}")


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Name the extra to install when an import of a third-party package fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hydra_client"):
            raise
        from hydra_client.protocol.extras import missing_extra  # only this failure needs it

        raise Failure(missing_extra(error.name or "", name)) from None


def exclusive(**given: object) -> None:
    """Reject options that exclude each other, given by their parameter names."""
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} cannot be used together")
