"""Checks of arguments and settings: each returns the value, or says what is wrong with it.

No message shows the value of a string, which may be a secret.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.protocol.redaction import Secret

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

LONGEST_TIMEOUT = 86400  # seconds: a day
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_IN_CREDENTIAL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def wrong_type(name: str, expected: str, value: object) -> ApiTypeError:
    """Make the error for a value of the wrong type."""
    given = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
    return ApiTypeError(f"{name} must be {expected}, got {given}")


def methods(name: str, expected: str, value: object, *wanted: str) -> None:
    """Refuse an object that lacks one of these methods."""
    if not all(callable(getattr(value, method, None)) for method in wanted):
        raise wrong_type(name, expected, value)


def matching_api(user: object, api: object, kind: str = "API", source: str = "connect()") -> None:
    """Refuse an asyncio API for an object that calls it from threads, and the other way round.

    Args:
        user: The object that calls it.
        api: The API, or another object that is either for threads or for asyncio.
        kind: What it is.
        source: Where `hydra_client.aio` has the other one.
    """
    name, wanted, given = type(user).__name__, is_asyncio(user), is_asyncio(api)
    if isinstance(api, type):
        raise ApiTypeError(f"{name} needs an instance of {api.__name__}, not the class itself")
    if type(api).__name__.endswith("WithHttpInfo"):
        raise ApiTypeError(f"{name} needs the API itself, not its with_http_info")
    if given and not wanted:
        raise ApiTypeError(
            f"{name} cannot use an asyncio {kind}: use the {name} of hydra_client.aio"
        )
    if wanted and not given and type(api).__module__.startswith("hydra_client."):
        raise ApiTypeError(
            f"{name} of hydra_client.aio needs an asyncio {kind}: use hydra_client.aio.{source}"
        )


def oauth2_api(user: object, api: object, method: str) -> None:
    """Refuse an object without the method that `user` calls, and an API that it cannot call."""
    methods("api", "an OAuth2Api, such as connect() returns", api, method)
    matching_api(user, api)


def api_class(api: F | None, default: F) -> F:
    """Accept what makes an API of its client; None is the default."""
    if api is not None and not callable(api):
        raise wrong_type("api", "the class of an API, such as PolicyApi", api)
    return api or default


def threaded_api(api: object, wanted: type) -> None:
    """Refuse an asyncio API, and one of another class."""
    if not isinstance(api, wanted):
        given = f"{type(api).__module__}.{type(api).__name__}"
        raise ApiTypeError(f"api must be a hydra_client.{wanted.__name__}, got {given}")


def matching_client(user: object, client: object) -> None:
    """Refuse anything but a client that `user` can call. None is fine."""
    name = type(user).__name__
    if "api_client" in getattr(client, "__dict__", ()):
        raise ApiTypeError(f"{name} needs an ApiClient, not an API: use {name}(api.api_client)")
    if client is not None:
        methods("api_client", "an ApiClient, such as ApiClient(configuration)", client, "call")
    matching_api(user, client)


def is_asyncio(value: object) -> bool:
    """Whether an object is of this package and for asyncio; also a mock of one, or a proxy."""
    return any(base.__module__.startswith("hydra_client.aio.") for base in value.__class__.__mro__)


def string(name: str, value: object) -> str:
    """Accept a string."""
    if not isinstance(value, str):
        raise wrong_type(name, "a string", value)
    return value


def utf8(name: str, value: object) -> str:
    """Accept a string that can be written as UTF-8."""
    text = string(name, value)
    if _SURROGATE.search(text):
        raise ApiValueError(f"{name} has an unpaired surrogate")
    return text


def nonempty(name: str, value: object) -> str:
    """Accept a string with at least one character."""
    text = string(name, value)
    if not text:
        raise ApiValueError(f"{name} is empty")
    return text


def credential(name: str, value: object) -> str:
    """Accept a client id or secret."""
    text = string(name, value)
    if _NOT_IN_CREDENTIAL.search(text):
        raise ApiValueError(f"{name} has control characters or an unpaired surrogate")
    return text


def password(name: str, value: object) -> str:
    """Accept a client secret, and keep it out of `repr`."""
    return Secret(credential(name, value))


def token(name: str, value: object) -> str:
    """Accept a bearer token (RFC 6750 section 2.1), and keep it out of `repr`."""
    text = bare_token(name, value)
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ApiValueError(f"{name} is empty, or has spaces, line breaks or non-ASCII characters")
    return Secret(text)


def bare_token(name: str, value: object) -> str:
    """Accept any string as a token, except a whole Authorization header."""
    text = string(name, value)
    if text[:7].lower() == "bearer ":
        raise ApiValueError(f"{name} begins with 'Bearer': pass only the token that follows it")
    return text


def path(name: str, value: object) -> str:
    """Accept a path."""
    return string(name, os.fspath(value) if isinstance(value, os.PathLike) else value)


def boolean(name: str, value: object) -> bool:
    """Accept True or False."""
    if not isinstance(value, bool):
        raise wrong_type(name, "True or False", value)
    return value


def mapping(name: str, value: Any) -> Mapping[Any, Any]:
    """Accept a dict, or an object like one."""
    if not isinstance(value, Mapping):
        raise wrong_type(name, "a dict", value)
    return value


def collection(name: str, value: Any, kind: type[T]) -> Collection[T]:
    """Accept a list of objects of one type, or a collection like it."""
    if isinstance(value, str) or not isinstance(value, Collection):
        items = "strings" if kind is str else f"{kind.__name__} objects"
        raise wrong_type(name, f"a list of {items}", value)
    for item in value:
        if not isinstance(item, kind):
            raise wrong_type(f"each item of {name}", f"of type {kind.__name__}", item)
    return value


def strings(name: str, value: object, expected: str = "a list of strings") -> Collection[str]:
    """Accept several strings, also from an iterator; a single one is probably a mistake."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise wrong_type(name, expected, value)
    return collection(name, list(value), str)


def function(name: str, value: F) -> F:
    """Accept something that can be called."""
    if not callable(value):
        raise wrong_type(name, "callable", value)
    return value


def whole_number(name: str, value: object, least: int = 0) -> int:
    """Accept a whole number that is not below `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "a whole number", value)
    if value < least:
        raise ApiValueError(f"{name} must be at least {least}, got {value}")
    return value


def seconds(name: str, value: object) -> float:
    """Accept a finite number of seconds that is not negative."""
    number = _number(name, value)
    if not 0 <= number < math.inf:
        raise ApiValueError(
            f"{name} must be a finite number of seconds, at least 0, got {number:g}"
        )
    return number


def timeout(name: str, value: object) -> float:
    """Accept the seconds of a time limit: a day at most."""
    number = _number(name, value)
    if not 0 < number <= LONGEST_TIMEOUT:
        raise ApiValueError(
            f"{name} must be a positive number of seconds, at most {LONGEST_TIMEOUT} (a day), "
            f"got {number:g}"
        )
    return number


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a number of seconds", value)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def base_url(name: str, value: object) -> str:
    """Accept the base URL of a server."""
    host = string(name, value)
    problem = _url_problem(host)
    if not problem:
        parts = urlsplit(host)
        if parts.username is not None or parts.password is not None:
            problem = "has user information; set username and password instead"
        elif "?" in host or "#" in host:
            problem = "has a query or fragment"
        elif any(segment in (".", "..") for segment in parts.path.split("/")):
            problem = "has '.' or '..' in its path"
    if problem:
        raise ApiValueError(
            f"{name} {masked_url(host)!r} {problem}; it should look like https://hydra.example.com"
        )
    return host


def masked_url(url: str) -> str:
    """Mask what may be a secret in a URL: the user information, the query and the fragment."""
    return re.sub(r"(?s)[?#].*", "?…", re.sub(r"(?s)^(\w+:/*)?.*@", r"\1***@", url))


def proxy_url(name: str, value: object) -> str:
    """Accept the URL of a proxy, which is never shown: it may hold a password."""
    url = string(name, value)
    problem = _url_problem(url)
    if url.lower().startswith("socks"):
        problem = "is a SOCKS proxy, which cannot be held to the timeout; use an HTTP proxy"
    if not problem and any(character > "\xff" for character in unquote(url)):
        problem = "has a user name or a password with characters outside Latin-1"
    if problem:
        raise ApiValueError(f"{name} {problem}; it should look like http://proxy.example.com:3128")
    return url


def _url_problem(url: str) -> str | None:
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return "has a space, a control character or a backslash"
    try:
        url.encode("ascii")
        parts = urlsplit(url)
        port = parts.port
    except UnicodeEncodeError:
        return "has non-ASCII characters; write the name in its xn-- form"
    except ValueError:
        return "has a port or an address that is not valid"
    if parts.scheme not in ("http", "https"):
        return "must begin with http:// or https://"
    if not parts.hostname or port == 0:
        return "has no host name, or port 0"
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    return (
        host in ("localhost", "::1")
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )
