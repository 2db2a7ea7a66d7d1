"""Settings of a client: where the server is, who calls, how long it may take."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypedDict, Union
from urllib.parse import unquote, urlsplit

from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.protocol.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self, Unpack


class SupportsToken(Protocol):
    """Anything that hands out bearer tokens; see `hydra_client.tokens.TokenSource`."""

    def token(self, scopes: tuple[str, ...], /) -> str:  # pyright: ignore[reportReturnType]
        """Return an access token that has the scopes."""


AccessToken = Union[str, Callable[[], str], SupportsToken]  # noqa: UP007 - evaluated on Python 3.10

_ENVIRONMENT = {
    "host": "HYDRA_URL",
    "username": "HYDRA_CLIENT_ID",
    "password": "HYDRA_CLIENT_SECRET",
    "scopes": "HYDRA_SCOPES",
    "access_token": "HYDRA_ACCESS_TOKEN",
    "ssl_ca_cert": "HYDRA_CA_CERT",
}
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3
_LONGEST_TIMEOUT = 86400  # seconds: a day
# Held while a setting is assigned; one for all, so that a configuration can be copied.
_ASSIGNING = threading.RLock()
_PROXY_SCHEMES = ("http", "https")


class MoreSettings(TypedDict, total=False):
    """Settings of a `Configuration` that every way to make one takes by keyword."""

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
    """A host setting, taken apart; insecure when credentials would leave the machine in clear."""

    scheme: str
    netloc: str
    prefix: str
    insecure: bool


class Configuration:
    """Settings of an `ApiClient`.

    All of them can be assigned later; the ones of the connection (TLS, proxy, pool) are read when
    the client is made.

    Args:
        host: Base URL of the server. A path prefix is kept, a trailing slash is ignored.
        username: OAuth 2.0 client id, for Basic (RFC 7617).
        password: OAuth 2.0 client secret, for Basic.
        access_token: Bearer token (RFC 6750): a string, a callable that returns one, or a token
            source. Without it, and with username and password, tokens are fetched by client
            credentials (RFC 6749 section 4.4), and renewed.
        scopes: Scopes to ask for, a list or a space-separated string. When none are named, those
            that the operation needs.
        verify_ssl: Whether the server's certificate is checked.
        ssl_ca_cert: Path of a CA bundle or folder to trust in place of certifi's.
        cert_file: Path of a client certificate (PEM).
        key_file: Path of its key, where that is a file of its own.
        proxy: URL of a proxy; without it the environment's HTTPS_PROXY, HTTP_PROXY and NO_PROXY
            count.
        timeout: Seconds that a whole call may take, retries included. The system's name resolution
            is not bound by it.
        retries: How often a call that is safe to repeat is repeated.
        connection_pool_maxsize: Connections that are kept open for reuse.

    Raises:
        ApiTypeError, ApiValueError: A setting cannot be right.
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
        # What is assigned is normalized on its way.

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
    ) -> None:
        self.host = host
        self.username = username
        self.password = password
        self.access_token = access_token
        self.scopes = scopes
        self.verify_ssl = verify_ssl
        self.ssl_ca_cert = ssl_ca_cert
        self.cert_file = cert_file
        self.key_file = key_file
        self.proxy = proxy
        self.timeout = timeout
        self.retries = retries
        self.connection_pool_maxsize = connection_pool_maxsize

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, **settings: Unpack[Settings]
    ) -> Self:
        """Take the settings from the environment; arguments go before it.

        Variables: HYDRA_URL, HYDRA_CLIENT_ID, HYDRA_CLIENT_SECRET, HYDRA_SCOPES (space-separated),
        HYDRA_ACCESS_TOKEN (not where a username is given), HYDRA_CA_CERT.

        Args:
            environ: The environment; that of the process when None.
            **settings: Settings by name; one that is None is taken from the environment.

        Raises:
            ApiValueError: HYDRA_URL is not set, and no host is given.
            ApiTypeError, ApiValueError: A setting cannot be right.
        """
        environ = os.environ if environ is None else environ
        # Who is named here does not call by somebody else's token.
        named = settings.get("username") is not None
        given: dict[str, Any] = {**settings}
        for setting, variable in _ENVIRONMENT.items():
            if given.get(setting) is None and not (named and setting == "access_token"):
                given[setting] = environ.get(variable) or None
        if given["host"] is None:
            raise ApiValueError("no server: give a host, or set HYDRA_URL")
        return cls(**given)

    def __setattr__(self, name: str, value: Any) -> None:
        check = _CHECKS.get(name)
        if check is None:
            raise AttributeError(f"Configuration has no setting {name!r}")
        changed = {name: check(name, value)}
        if name == "host":
            changed["origin"] = _origin(changed["host"])
        with _ASSIGNING:
            vars(self).update(changed)
            vars(self).pop("_frozen", None)

    def snapshot(self) -> Configuration:
        """Return the settings as they are now, to which nothing that is assigned later matters.

        A call takes one at its start: else a credential for one host could go to another, which
        another thread assigns meanwhile.
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
        secret = {"password", "access_token"}
        parts = []
        for name in _CHECKS:
            if name not in vars(self):
                continue  # the constructor failed, or is at work
            value = getattr(self, name)
            if value is not None and name in secret:
                value = "***"
            if name == "proxy" and value is not None:
                value = re.sub(r"//.*@", "//***@", value)
            parts.append(f"{name}={value!r}")
        return f"Configuration({', '.join(parts)})"


def _origin(host: str) -> Origin:
    parts = urlsplit(host)
    name = parts.hostname or ""
    insecure = parts.scheme == "http" and not _is_loopback(name)
    return Origin(parts.scheme, parts.netloc, parts.path.rstrip("/"), insecure)


def _is_loopback(host: str) -> bool:
    return (
        host in ("localhost", "::1")
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def _host(name: str, value: Any) -> str:
    host = _text(name, value)
    problem = _url_problem(host, ("http", "https"))
    if not problem:
        parts = urlsplit(host)
        if parts.username is not None or parts.password is not None:
            problem = "has user information; set username and password instead"
        elif "?" in host or "#" in host:
            problem = "has a query or fragment"
        elif any(segment in (".", "..") for segment in parts.path.split("/")):
            problem = "has '.' or '..' in its path"
    if problem:
        shown = re.sub(r"(?s)[?#].*", "?…", re.sub(r"(?s)^(\w+:/*)?.*@", r"\1***@", host))
        raise ApiValueError(
            f"host {shown!r} {problem}; it should look like https://hydra.example.com"
        )
    return host


def _proxy(name: str, value: Any) -> str | None:
    return None if value is None else checked_proxy(name, _text(name, value))


def checked_proxy(name: str, url: str) -> str:
    """Return the URL of a proxy, or refuse it without showing it: it may hold a password."""
    problem = _url_problem(url, _PROXY_SCHEMES)
    if url.lower().startswith("socks"):
        problem = "is a SOCKS proxy, through which the timeout would not hold; use an HTTP proxy"
    if not problem and any(character > "\xff" for character in unquote(url)):
        problem = "has a user name or a password with characters beyond Latin-1"
    if problem:
        raise ApiValueError(f"{name} {problem}; it should look like http://proxy.example.com:3128")
    return url


def _url_problem(url: str, schemes: tuple[str, ...]) -> str | None:
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return "has a space, a control character or a backslash"
    try:
        url.encode("ascii")
        parts = urlsplit(url)
        port = parts.port
    except UnicodeEncodeError:
        return "has characters beyond ASCII; write the name in its xn-- form"
    except ValueError:
        return "has a port or an address that is none"
    if parts.scheme not in schemes:
        return f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if not parts.hostname or port == 0:
        return "names no host, or port 0"
    return None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ApiTypeError(f"{name} must be a string, got {type(value).__name__}")
    return value


def whole_text(name: str, value: object) -> str:
    """Refuse what is no string, or could not be written as UTF-8; the value is never shown."""
    text = _text(name, value)
    if re.search(r"[\ud800-\udfff]", text):
        raise ApiValueError(f"{name} has half a surrogate pair")
    return text


def _optional_text(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _path(name: str, value: Any) -> str | None:
    return _optional_text(name, os.fspath(value) if isinstance(value, os.PathLike) else value)


def _credential(name: str, value: Any) -> str | None:
    if value is not None and re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", _text(name, value)):
        raise ApiValueError(f"{name} has control characters or half a surrogate pair")
    return _optional_text(name, value)


def _password(name: str, value: Any) -> str | None:
    checked = _credential(name, value)
    return None if checked is None else Secret(checked)


def _access_token(name: str, value: Any) -> Any:
    if value is None or callable(value) or callable(getattr(value, "token", None)):
        return value
    if not isinstance(value, str):
        raise ApiTypeError(
            f"{name} must be a string, a callable or a token source, got {type(value).__name__}"
        )
    return checked_token(value)


def checked_token(token: object) -> str:
    """Refuse what cannot be a bearer token (RFC 6750 section 2.1), and never show it."""
    if not isinstance(token, str):
        raise ApiTypeError(f"access_token must be a string, got {type(token).__name__}")
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ApiValueError("access_token is empty, or has spaces, line breaks or non-ASCII")
    return Secret(token)


def _scopes(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence):
        raise ApiTypeError(
            f"{name} must be a string or a list of strings, got {type(value).__name__}"
        )
    scopes = value.split() if isinstance(value, str) else value
    for scope in scopes:
        if not _SCOPE.fullmatch(_text(name, scope)):
            raise ApiValueError(f"{name}: {scope!r} is no scope (RFC 6749 section 3.3)")
    return tuple(scopes)


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ApiTypeError(f"{name} must be True or False, got {type(value).__name__}")
    return value


def checked_timeout(name: str, value: Any) -> float:
    """Refuse what cannot be a time limit in seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiTypeError(
            f"{name} must be a number of seconds for the whole call, got {type(value).__name__}"
        )
    if not 0 < value <= _LONGEST_TIMEOUT:
        raise ApiValueError(f"{name} must be above 0 and at most a day, in seconds; got {value}")
    return float(value)


def _count(least: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ApiTypeError(f"{name} must be a whole number, got {type(value).__name__}")
        if value < least:
            raise ApiValueError(f"{name} must be at least {least}, got {value}")
        return value

    return check


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "host": _host,
    "username": _credential,
    "password": _password,
    "access_token": _access_token,
    "scopes": _scopes,
    "verify_ssl": _boolean,
    "ssl_ca_cert": _path,
    "cert_file": _path,
    "key_file": _path,
    "proxy": _proxy,
    "timeout": checked_timeout,
    "retries": _count(0),
    "connection_pool_maxsize": _count(1),
}
