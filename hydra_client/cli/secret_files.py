"""Generates secrets, reads them from files, variables or stdin, and saves them to private files."""

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

_MAX_BYTES = 16 * 1024 * 1024

# After these, it is certain that the request was not executed.
_REFUSALS = (
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
    """Generate a secret of 256 bits: 43 characters that need no encoding anywhere."""
    return secrets.token_urlsafe(32)


# --- reading


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
    """Read a secret from the place that an option names; return None if no option does.

    Args:
        options: Options of the command by name.
        prefix: Prefix of the names of the three options, as for `secret_options`.
        what: What the secret is, for the prompt on a terminal.
        member: The member to read if there is a JSON object in place of the secret itself.
        environ: The environment.

    Raises:
        Failure: There is no secret at that place.
        click.UsageError: More than one option names a place.
    """
    ways = [name for way in ("file", "env", "stdin") if options.get(name := f"{prefix}_{way}")]
    exclusive(**dict.fromkeys(ways, True))
    if not ways:
        return None
    value = options[ways[0]]
    if ways[0].endswith("_file"):
        return read_secret(value, member)
    if ways[0].endswith("_env"):
        if value not in environ:
            raise Failure(f"the environment variable {value} is not set", USAGE)
        return _secret(environ[value], f"the environment variable {value}", member)
    return _secret(read_stdin(what, hidden=True), "stdin", member)


def _refuse_arguments(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> None:
    if given:
        raise click.UsageError(
            "a token on the command line can be read by others; use --token-file, --token-env or "
            "stdin"
        )


def token_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --token-file, --token-env and --token-stdin; `given_token` reads them."""
    command = click.argument(
        "given", nargs=-1, metavar="", expose_value=False, callback=_refuse_arguments
    )(command)
    return secret_options("token", "the token or the output of --secret-out")(command)


def given_token(options: Mapping[str, Any]) -> str:
    """Read the token from the place that an option names, or from stdin."""
    if not any(options.values()):
        options = {"token_stdin": True}
    return given_secret(options, "token", "the token", member="access_token") or ""


def read_secret(path: str, member: str | None = None, *, private: bool = False) -> str:
    """Read a secret from a file, without one line break at the end."""
    return _secret(read_text(path, private=private), path, member)


def read_text(path: str, *, private: bool = False) -> str:
    """Read a regular file of at most 16 MiB, which others must not be able to read if `private`."""
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(number, "rb") as file:
            mode = os.fstat(number).st_mode
            if not stat.S_ISREG(mode):
                problem = "not a regular file; use `-` for stdin where a command allows it"
            elif private and os.name != "nt" and mode & 0o077:
                problem = f"others can read it; run chmod 600 {path}"
            else:
                return _decoded(file.read(_MAX_BYTES + 1), path)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except ValueError as error:  # NUL in the path
        problem = str(error)
    raise Failure(f"{path}: {problem}", USAGE)


def _decoded(raw: bytes, place: str) -> str:
    if len(raw) > _MAX_BYTES:
        raise Failure(f"{place}: larger than {_MAX_BYTES // 1024 // 1024} MiB", USAGE)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(f"{place}: not valid UTF-8", USAGE) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_stdin(what: str, *, hidden: bool = False) -> str:
    """Read stdin to its end. On a terminal, prompt for a secret without showing it."""
    seen = click.get_current_context().find_root().meta.setdefault(f"{__name__}.stdin", [])
    if seen:
        raise click.UsageError(f"stdin cannot provide both {seen[0]} and {what}")
    seen.append(what)
    if hidden and sys.stdin.isatty():
        text: str = click.prompt(what[:1].upper() + what[1:], hide_input=True, err=True)
        return text
    return _decoded(sys.stdin.buffer.read(_MAX_BYTES + 1), "stdin")


def _secret(text: str, place: str, member: str | None) -> str:
    secret: Any = text.removesuffix("\n").removesuffix("\r")
    problem = "is empty"
    if member is not None and text.lstrip().startswith("{"):
        problem = f"has no {member}"
        try:
            secret = json.loads(text).get(member)
        except ValueError:
            problem, secret = "is not valid JSON", None
    if not isinstance(secret, str) or not secret:
        raise Failure(f"{place} {problem}", USAGE)
    return secret


# --- saving


class SecretOut:
    """A new file for a secret, created before anything is sent, so that no secret gets lost.

    Nobody else can read it. The file is removed if nothing was written, or if the server rejected
    the secret at the first attempt. Otherwise the server may have the secret, and the file stays.

    Args:
        path: Path of the file; None for no file.
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
        """Write a secret and sync it to disk. Does nothing without a secret or a file."""
        if self._file is not None and secret is not None:
            self._file.write(secret + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._written = True

    def send(self, secret: str | None, call: Callable[[], T]) -> T:
        """Write a secret, then make the call that sends it to the server."""
        self.write(secret)
        try:
            return call()
        except _REFUSALS as error:
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
            echo(f"The server may have the new secret, so {self._path} was kept.", err=True)


def out_option(*, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --secret-out."""
    return click.option(
        "--secret-out",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        required=required,
        help="New file for the secret, readable only by you.",
    )


long_secret_option = click.option(
    "--allow-long-secret",
    is_flag=True,
    help="Allow over 72 bytes; the server ignores the rest.",
)
