"""Secrets on their way in and out: made, read from where others cannot see, kept in a file."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hydra_client.cli.errors import USAGE, Failure, exclusive
from hydra_client.cli.text import echo
from hydra_client.exceptions import (
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    TooManyRequestsException,
    UnauthorizedException,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

T = TypeVar("T")

_MOST_BYTES = 16 * 1024 * 1024  # of a file

# By these the server says that it did not do what it was asked for.
REFUSALS = (
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    TooManyRequestsException,
    UnauthorizedException,
)


def new_secret() -> str:
    """Make a secret: 43 of the characters that need no encoding anywhere, 256 bits."""
    return secrets.token_urlsafe(32)


# --- in


def secret_options(prefix: str, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --PREFIX-file, --PREFIX-env and --PREFIX-stdin; `given_secret` reads them."""
    dashed = prefix.replace("_", "-")

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(f"--{dashed}-stdin", is_flag=True, help=f"Read {what} from stdin."),
            click.option(
                f"--{dashed}-env", metavar="NAME", help=f"Environment variable with {what}."
            ),
            click.option(
                f"--{dashed}-file",
                type=click.Path(dir_okay=False),
                metavar="FILE",
                help=f"File with {what}.",
            ),
        ):
            command = option(command)
        return command

    return add


def given_secret(
    options: Mapping[str, Any],
    prefix: str,
    what: str,
    *,
    member: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str | None:
    """Read the secret from where an option says that it is; None when no option does.

    Args:
        options: Options of the command by name.
        prefix: Beginning of the names of the three that count.
        what: What the secret is, for the prompt of a terminal.
        member: Where there may be a JSON object in place of the bare secret, its member.
        environ: The environment.

    Raises:
        Failure: There is no secret.
        click.UsageError: More than one option says where it is.
    """
    ways = [name for way in ("file", "env", "stdin") if options.get(name := f"{prefix}_{way}")]
    exclusive(**dict.fromkeys(ways, True))
    if not ways:
        return None
    value = options[ways[0]]
    if ways[0].endswith("_file"):
        return read_secret(value, member)
    if ways[0].endswith("_env"):
        return _secret(environ.get(value, ""), f"the environment variable {value}", member)
    return _secret(read_stdin(what, hidden=True), "stdin", member)


def read_secret(path: str, member: str | None = None, *, private: bool = False) -> str:
    """Read a secret from a file; one line break at its end is not part of it."""
    return _secret(read_text(path, private=private), path, member)


def read_text(path: str, *, private: bool = False) -> str:
    """Read a regular file of a bounded size; a private one that nobody else can read."""
    try:
        # Else a named pipe would make it wait for somebody to write.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(number, "rb") as file:
            mode = os.fstat(number).st_mode
            if not stat.S_ISREG(mode):
                problem = "expected a regular file; `-` reads stdin where a file is optional"
            elif private and os.name != "nt" and mode & 0o077:
                problem = f"others can read it; make it yours alone: chmod 600 {path}"
            else:
                return _decoded(file.read(_MOST_BYTES + 1), path)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except ValueError as error:  # a NUL in its name
        problem = str(error)
    raise Failure(f"{path}: {problem}", USAGE)


def _decoded(raw: bytes, place: str) -> str:
    if len(raw) > _MOST_BYTES:
        raise Failure(f"{place}: more than {_MOST_BYTES // 1024 // 1024} MiB", USAGE)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(f"{place}: this is not UTF-8", USAGE) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_stdin(what: str, *, hidden: bool = False) -> str:
    """Read stdin to its end; at a terminal a secret is asked for, and not shown."""
    seen = click.get_current_context().find_root().meta.setdefault(f"{__name__}.stdin", [])
    if seen:
        raise click.UsageError(f"stdin cannot hold both {seen[0]} and {what}")
    seen.append(what)
    if hidden and sys.stdin.isatty():
        text: str = click.prompt(what[:1].upper() + what[1:], hide_input=True, err=True)
        return text
    return _decoded(sys.stdin.buffer.read(_MOST_BYTES + 1), "stdin")


def _secret(text: str, place: str, member: str | None) -> str:
    secret: Any = text.removesuffix("\n").removesuffix("\r")
    if member is not None and text.lstrip().startswith("{"):
        try:
            secret = json.loads(text).get(member)
        except ValueError:
            secret = None
    if not isinstance(secret, str) or not secret:
        raise Failure(f"{place}: there is no secret in it", USAGE)
    return secret


# --- out


class SecretOut:
    """A file for a secret, made before anything is sent, so that no secret can get lost.

    It did not exist before, and nobody else can read it. It is removed when nothing was written, or
    when the call that gives the secret to the server was refused at its first and only attempt. In
    any other case the server may have the secret, and the file stays.

    Args:
        path: The file; None for no file.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._written = False
        self._refused = False

    def __enter__(self) -> SecretOut:
        if self._path is not None:
            try:
                number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                raise Failure(f"{self._path}: {error.strerror}; nothing was sent", USAGE) from None
            self._file = os.fdopen(number, "w", encoding="utf-8")
        return self

    def write(self, secret: str | None) -> None:
        """Write a secret, if there is one, and a file; down to the disk."""
        if self._file is not None and secret is not None:
            self._file.write(secret + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._written = True

    def send(self, secret: str | None, call: Callable[[], T]) -> T:
        """Write a secret, then make the one call that gives it to the server."""
        self.write(secret)
        try:
            return call()
        except REFUSALS as error:
            self._refused = not error.repeated
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: object
    ) -> None:
        if self._file is None or self._path is None:
            return
        self._file.close()
        if not self._written or self._refused:
            Path(self._path).unlink(missing_ok=True)
        elif error is not None:
            echo(f"The server may have the secret; it stays in {self._path}.", err=True)


out_option = click.option(
    "--secret-out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the secret to a new file that only you can read.",
)

long_secret_option = click.option(
    "--allow-long-secret",
    is_flag=True,
    help="Take a secret of more than 72 bytes, of which the server looks at the first 72.",
)
