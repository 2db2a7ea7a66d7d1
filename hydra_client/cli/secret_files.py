"""Generates secrets, reads them from files, variables or stdin, and saves them to private files."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from hydra_client import exceptions
from hydra_client.cli.errors import USAGE, Failure, exclusive
from hydra_client.cli.text import echo

T = TypeVar("T")

_MAX_BYTES = 16 * 1024 * 1024

# After these, it is certain that the request was not executed.
_REFUSALS = (
    exceptions.ApiTypeError,
    exceptions.ApiValueError,
    exceptions.BadRequestException,
    exceptions.ConflictException,
    exceptions.ForbiddenException,
    exceptions.NotFoundException,
    exceptions.TooManyRequestsException,
    exceptions.UnauthorizedException,
)


def new_secret() -> str:
    """Generate a secret of 256 bits: 43 characters that need no encoding anywhere."""
    return secrets.token_urlsafe(32)


# --- reading


def given_secret(
    options: Mapping[str, Any], prefix: str, what: str, *, member: str | None = None
) -> str | None:
    """Read a secret from the place that an option names; return None if no option does.

    Args:
        options: Options of the command by name.
        prefix: Prefix of the names of the three options, as for `secret_options`.
        what: What the secret is, for the prompt on a terminal.
        member: The member to read if there is a JSON object in place of the secret itself.

    Raises:
        Failure: There is no secret at that place.
        click.UsageError: More than one option names a place.
    """
    ways = {f"{prefix}_{way}": options.get(f"{prefix}_{way}") for way in ("file", "env", "stdin")}
    exclusive(**ways)
    path, name, stdin = ways.values()
    if path:
        return read_secret(path, member)
    if stdin:
        return _secret(read_stdin(what, hidden=True), f"{what} on stdin", member)
    if not name:
        return None
    if name not in os.environ:
        raise Failure(f"the environment variable {name} is not set", USAGE)
    return _secret(os.environ[name], f"the environment variable {name}", member)


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
        self._keep = False

    def __enter__(self) -> SecretOut:
        if self._path is not None:
            try:
                opener = partial(os.open, mode=0o600)
                self._file = open(self._path, "x", encoding="utf-8", opener=opener)
            except OSError as error:
                raise Failure(f"{self._path}: {error.strerror}; nothing was sent", USAGE) from None
        return self

    def write(self, secret: str | None) -> None:
        """Write a secret and sync it to disk. Does nothing without a secret or a file."""
        if self._file is not None and secret is not None:
            try:
                self._file.write(secret + "\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise Failure(f"{self._path}: {error.strerror}") from None
            self._keep = True

    def send(self, secret: str | None, call: Callable[[], T]) -> T:
        """Write a secret, then make the call that sends it to the server."""
        self.write(secret)
        try:
            return call()
        except _REFUSALS as error:
            self._keep &= error.repeated
            raise

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if self._file is None:
            return
        with suppress(OSError):  # it was synced, or could not be written
            self._file.close()
        if not self._keep:
            Path(self._file.name).unlink(missing_ok=True)
        elif error is not None:
            echo(f"The server may have the new secret, so {self._path} was kept.", err=True)
