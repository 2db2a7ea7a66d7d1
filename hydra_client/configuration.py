"""Settings of a client: where the server is, who calls, and how long a call may take."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict
from urllib.parse import urlsplit

from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.protocol import checks
from hydra_client.protocol.names import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from typing_extensions import Never, Self, Unpack

    from hydra_client.protocol.client_credentials import (
        AsyncTokenSource,
        ClientCredentials,
        TokenSource,
    )


_Function: TypeAlias = "Callable[[], str] | Callable[[], Awaitable[str]]"
AccessToken: TypeAlias = "str | _Function | TokenSource | AsyncTokenSource | ClientCredentials"

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3
# Methods by which an access_token that is neither a string nor callable is a source of tokens.
_SOURCES = ("token", "bind")
# Held while a setting is assigned; one for all, so that a configuration can be copied.
_ASSIGNING = threading.RLock()


class MoreSettings(TypedDict, total=False):
    """The settings of a `Configuration` that are taken by keyword everywhere."""

    access_token: AccessToken | None
    verify_ssl: bool
    ssl_ca_cert: str | None
    cert_file: str | None
    key_file: str | None
    proxy: str | None
    timeout: float
    retries: int
    connection_pool_maxsize: int


class Settings(MoreSettings, total=False):
    """All settings of a `Configuration`."""

    host: str | None
    username: str | None
    password: str | None
    scopes: str | Sequence[str] | None


class Origin(NamedTuple):
    """The parts of a host; `insecure` if credentials would leave the machine unencrypted."""

    scheme: str
    netloc: str
    prefix: str
    insecure: bool

    @property
    def base_url(self) -> str:
        """The URL that the paths of the operations are appended to."""
        return f"{self.scheme}://{self.netloc}{self.prefix}"


class Configuration:
    """Settings of an `ApiClient`.

    You can assign all of them later. Those of the connection itself (TLS, proxy, pool) are read
    when the client is made.

    Args:
        host: Base URL of the server. A path prefix is kept, a trailing slash is ignored.
        username: OAuth 2.0 client id, for Basic (RFC 7617).
        password: OAuth 2.0 client secret, for Basic.
        access_token: Bearer token (RFC 6750): a string, a callable that returns one, or a token
            source. Without it, and with username and password, tokens are fetched by client
            credentials (RFC 6749 section 4.4), and renewed.
        scopes: Scopes to ask for, a list or a space-separated string. Without any, those that the
            operation needs.
        verify_ssl: Whether to check the server's certificate.
        ssl_ca_cert: Path of a CA bundle or folder to trust instead of certifi's.
        cert_file: Path of a client certificate (PEM).
        key_file: Path of its key, if that is in another file.
        proxy: URL of a proxy. Without it, HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment
            apply.
        timeout: Seconds that a whole call may take, retries included. It does not bound the
            system's name resolution, nor a token source that blocks.
        retries: How often a call that is safe to repeat is repeated.
        connection_pool_maxsize: Connections that are kept open for reuse.

    Raises:
        ApiTypeError, ApiValueError: A setting is not valid.
    """

    host: str
    username: str | None
    password: str | None
    access_token: AccessToken | None
    verify_ssl: bool
    ssl_ca_cert: str | None
    cert_file: str | None
    key_file: str | None
    proxy: str | None
    timeout: float
    retries: int
    connection_pool_maxsize: int
    origin: Origin
    _frozen: Configuration | None = None

    if TYPE_CHECKING:
        # Assigned values are normalized.

        @property
        def scopes(self) -> tuple[str, ...]: ...  # noqa: D102 - see the class

        @scopes.setter
        def scopes(self, value: str | Sequence[str] | None) -> None: ...

    def __init__(
        self,
        host: str = "http://localhost:4444",
        username: str | None = None,
        password: str | None = None,
        access_token: AccessToken | None = None,
        scopes: str | Sequence[str] | None = None,
        *,
        verify_ssl: bool = True,
        ssl_ca_cert: str | None = None,
        cert_file: str | None = None,
        key_file: str | None = None,
        proxy: str | None = None,
        timeout: float = 30.0,
        retries: int = 2,
        connection_pool_maxsize: int = 32,
        **unknown: Never,
    ) -> None:
        given = locals()
        check_names(unknown)
        for name in _SETTINGS:
            setattr(self, name, given[name])

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **settings: Unpack[Settings]
    ) -> Self:
        """Take the settings from the environment; arguments take precedence.

        Variables: HYDRA_URL, HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET, HYDRA_SCOPES (space-separated),
        HYDRA_ACCESS_TOKEN (not where a username is given), HYDRA_CA_CERT.

        Args:
            environ: The environment; that of the process if None.
            **settings: Settings by name. Those that are None are taken from the environment.

        Raises:
            ApiValueError: HYDRA_URL is not set, and no host is given.
            ApiTypeError, ApiValueError: A setting is not valid, or does not exist.
        """
        check_names(settings)
        environ = os.environ if environ is None else environ
        # A client that is named here must not call with another client's token.
        named = settings.get("username") is not None
        given: dict[str, Any] = {**settings}
        for name, variable in VARIABLES.items():
            if given.get(name) is None and not (named and name == "access_token"):
                given[name] = environ.get(variable) or None
        if given["host"] is None:
            raise ApiValueError("no server: pass a host, or set HYDRA_URL")
        return cls(**given)

    def __setattr__(self, name: str, value: Any) -> None:
        setting = _SETTINGS.get(name)
        if setting is None:
            raise AttributeError(f"Configuration has no setting {name!r}{_hint(name, _SETTINGS)}")
        absent = value is None and setting.optional
        value = setting.none if absent else setting.check(name, value)
        changed = {name: value}
        if name == "host":
            changed["origin"] = _origin(value)
        with _ASSIGNING:
            vars(self).update(changed)
            vars(self).pop("_frozen", None)

    def snapshot(self) -> Configuration:
        """Return the settings as they are now, unaffected by later assignments.

        A call takes one at its start: otherwise a credential for one host could go to another,
        which another thread assigns meanwhile.
        """
        frozen = self._frozen
        if frozen is None:
            with _ASSIGNING:
                frozen = copy(self)
                vars(self)["_frozen"] = frozen
        return frozen

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_frozen"}

    def __repr__(self) -> str:
        parts = []
        for name, value in list(vars(self).items()):  # another thread may assign meanwhile
            if name in ("password", "access_token") and value is not None:
                value = "***"
            if name == "proxy" and value is not None:
                value = re.sub(r"//.*@", "//***@", value)
            if name in _SETTINGS:
                parts.append(f"{name}={value!r}")
        return f"Configuration({', '.join(parts)})"


def _origin(host: str) -> Origin:
    parts = urlsplit(host)
    insecure = parts.scheme == "http" and not checks.is_loopback(parts.hostname or "")
    return Origin(parts.scheme, parts.netloc, parts.path.rstrip("/"), insecure)


def _access_token(name: str, value: Any) -> Any:
    if callable(value) or any(callable(getattr(value, method, None)) for method in _SOURCES):
        return value
    if not isinstance(value, str):
        raise checks.wrong_type(name, "a string, a callable or a token source", value)
    return checks.token(name, value)


def split_scopes(name: str, value: Any) -> tuple[str, ...]:
    """Accept scopes, a list or a space-separated string."""
    if isinstance(value, str):
        scopes: Collection[str] = value.split()
    else:
        scopes = checks.strings(name, value, "a string or a list of strings")
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise ApiValueError(f"{name}: {scope!r} is not a scope (RFC 6749 section 3.3)")
    return tuple(scopes)


class _Setting(NamedTuple):
    """A setting: its check, its environment variable, and the value that None stands for."""

    check: Callable[[str, Any], Any]
    environment: str | None = None
    none: object = None
    optional: bool = True


def for_connect(
    host: str | None,
    client_id: str | None,
    client_secret: str | None,
    scopes: str | Sequence[str] | None,
    settings: MoreSettings,
) -> Configuration:
    """Take the settings from the arguments of `connect`, then from the environment."""
    for name in settings:
        if name not in MoreSettings.__annotations__:
            hint = _hint(name, [*_OF_CONNECT, *MoreSettings.__annotations__])
            raise ApiTypeError(f"connect() has no argument {name!r}{hint}")
    return Configuration.from_env(
        host=host, username=client_id, password=client_secret, scopes=scopes, **settings
    )


def check_names(settings: Iterable[str]) -> None:
    """Refuse names that are not those of settings.

    Raises:
        ApiTypeError: One is not; the message has the one that was probably meant.
    """
    for name in settings:
        if name not in _SETTINGS:
            raise ApiTypeError(f"there is no setting {name!r}{_hint(name, _SETTINGS)}")


def _hint(name: str, names: Collection[str]) -> str:
    other = _OTHER_NAMES.get(name)
    meant = other if other in names else nearest(name, names)
    return f"; did you mean {meant!r}?" if meant else f"; choose from {', '.join(names)}"


_OF_CONNECT = ("host", "client_id", "client_secret", "scopes", "api")
# What `connect` and `Configuration` call the same settings.
_OTHER_NAMES = {"client_id": "username", "client_secret": "password"}
_OTHER_NAMES |= {name: other for other, name in _OTHER_NAMES.items()}


_SETTINGS = {
    "host": _Setting(checks.base_url, "HYDRA_URL", optional=False),
    "username": _Setting(checks.credential, "HYDRA_CLIENT_ID"),
    "password": _Setting(checks.password, "HYDRA_CLIENT_SECRET"),
    "access_token": _Setting(_access_token, "HYDRA_ACCESS_TOKEN"),
    "scopes": _Setting(split_scopes, "HYDRA_SCOPES", none=()),
    "verify_ssl": _Setting(checks.boolean, optional=False),
    "ssl_ca_cert": _Setting(checks.path, "HYDRA_CA_CERT"),
    "cert_file": _Setting(checks.path),
    "key_file": _Setting(checks.path),
    "proxy": _Setting(checks.proxy_url),
    "timeout": _Setting(checks.timeout, optional=False),
    "retries": _Setting(checks.whole_number, optional=False),
    "connection_pool_maxsize": _Setting(partial(checks.whole_number, least=1), optional=False),
}

VARIABLES: dict[str, str] = {
    name: each.environment for name, each in _SETTINGS.items() if each.environment
}
"""The environment variables that `from_env` reads, by the settings that they set."""
