"""A folder where the tokens of `ClientCredentials` outlive the process, for scripts.

Anyone who can read a token can use it. So only files that belong to the user and that nobody else
can read are used. If the cache fails, the call fetches a token as it would without one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_client.exceptions import ApiTypeError, ApiValueError, HydraException
from hydra_client.protocol import checks
from hydra_client.protocol.model import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra_client.protocol.client_credentials import Key

log = logging.getLogger("hydra_client")

_MOST_BYTES = 64 * 1024
_LATEST = 2.0**40  # Unix time
_ROUNDS = 10_000  # of PBKDF2


class TokenCache:
    """Keeps tokens in the files of a folder, one for each key.

    Args:
        folder: The folder. It is created when the first token is stored.

    Raises:
        ApiTypeError: It is not a path.
        ApiValueError: Files have no owners on this system.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if not hasattr(os, "geteuid"):
            raise ApiValueError("cache: this system cannot restrict a file to its owner")
        if not isinstance(folder, (str, os.PathLike)):
            raise ApiTypeError(f"cache must be a path, got {type(folder).__name__}")
        self._folder = Path(folder).expanduser().absolute()

    def load(self, key: Key) -> tuple[str, float, int | None] | None:
        """Return a token, when it was issued (Unix time) and for how many seconds, or None."""
        try:
            with self._opened() as folder:

                def reader(name: str, flags: int) -> int:
                    # Otherwise it would wait for somebody to write into a named pipe.
                    return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)

                with open(_name(key), "rb", opener=reader) as file:
                    _check(os.fstat(file.fileno()), stat.S_ISREG)
                    entry = parse_json(file.read(_MOST_BYTES))
            issued_at, expires_in = entry["issued_at"], entry["expires_in"]
            if not abs(issued_at) < _LATEST or not isinstance(expires_in, (int, type(None))):
                raise ValueError("it has a time that is not valid")
            return checks.token("access_token", entry["access_token"]), issued_at, expires_in
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, LookupError, HydraException) as error:
            self._log("not read", error)
            return None

    def save(self, key: Key, access_token: str, issued_at: float, expires_in: int | None) -> None:
        """Keep a token, in place of an older one."""
        entry = {"access_token": access_token, "issued_at": issued_at, "expires_in": expires_in}
        name = _name(key)
        temporary = f"{name}.{os.urandom(8).hex()}"
        try:
            with self._opened(make=True) as folder:

                def writer(name: str, flags: int) -> int:
                    return os.open(name, flags | os.O_NOFOLLOW, 0o600, dir_fd=folder)

                try:
                    with open(temporary, "x", encoding="ascii", opener=writer) as file:
                        json.dump(entry, file)
                    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with contextlib.suppress(OSError):
                        os.unlink(temporary, dir_fd=folder)
                    raise
        except (OSError, ValueError) as error:
            self._log("not written", error)

    @contextlib.contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int]:
        """Open the folder, and look at the very one that is open then: paths may change."""
        for path in (self._folder, *self._folder.parents):
            if path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
                raise PermissionError(f"{path} is a link that belongs to another user")
        if make:
            # With parents=True, the folders above it would get the mode of the umask.
            for path in (*reversed(self._folder.parents), self._folder):
                if not path.exists():
                    path.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _check(os.fstat(folder), stat.S_ISDIR)
            yield folder
        finally:
            os.close(folder)

    def _log(self, what: str, error: Exception) -> None:
        log.debug("token cache %s: %s: %s", self._folder, what, error)


def _check(status: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    """Refuse what belongs to another user, or what others can read or write."""
    if not is_kind(status.st_mode):
        raise PermissionError("it is not a file or folder")
    if status.st_uid != os.geteuid():
        raise PermissionError("it belongs to another user")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError("others can read or write it")


def _name(key: Key) -> str:
    """Name the file for a key. The name does not help to guess the secret."""
    context = json.dumps([key.host, key.client_id, sorted(key.scopes), *key.headers]).encode()
    digest = hashlib.pbkdf2_hmac("sha256", key.client_secret.encode(), context, _ROUNDS)
    return f"{digest.hex()}.json"
