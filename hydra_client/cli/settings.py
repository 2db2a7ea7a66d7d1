"""Settings of a run: from options, then HYDRA_* variables, then a profile of the config file."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click

from hydra_client.cli.document import load_object
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import given_secret, read_secret, read_text
from hydra_client.cli.text import warn
from hydra_client.protocol.checks import masked_url

_SECRETS = ("client_secret", "access_token")
_HARMLESS_HEADERS = frozenset(
    {"accept-language", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
_STRINGS = ("url", "client_id", "scopes", "ca_cert", "output", *_SECRETS, "client_secret_file")
_KEYS = (*_STRINGS, "timeout", "headers")
_OUTPUTS = ("table", "json", "yaml")
_HYDRA_YML = "hydra.yml"  # the profile that is in ~/.hydra.yml, which `hydra connect` writes


class Settings(NamedTuple):
    """The settings of a run.

    `overrides_profile` says that HYDRA_URL names another server than the profile that was chosen
    by name, which may be a mistake.
    """

    url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    access_token: str | None = None
    scopes: str | None = None
    ca_cert: str | None = None
    timeout: float | None = None
    headers: dict[str, str] = {}
    output: str = "table"
    overrides_profile: bool = False

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, client_id={self.client_id!r}, …)"


def resolve(options: Mapping[str, Any]) -> Settings:
    """Combine options, environment and profile, in this order.

    Raises:
        Failure: The config file or a file with a secret cannot be used.
        click.UsageError: Options exclude each other.
    """
    given, environment = _from_options(options), _from_environment()
    profile = _profile(options, has_server="url" in environment | given)
    overrides_profile = _withhold(profile, given, environment, is_named=bool(_name(options)))
    merged: dict[str, Any] = {}
    for level in (given, environment, profile):
        # A bearer token wins over a client's id and secret, except over those of an earlier level:
        # the client that is named there must not call with another client's token.
        if not merged.keys().isdisjoint(("client_id", "client_secret")):
            level.pop("access_token", None)
        headers = level.get("headers", {}) | merged.get("headers", {})
        merged = level | merged | ({"headers": headers} if headers else {})
    return Settings(**merged, overrides_profile=overrides_profile)


def _withhold(
    profile: dict[str, Any],
    given: Mapping[str, Any],
    environment: Mapping[str, Any],
    *,
    is_named: bool,
) -> bool:
    """Remove the secrets and headers of a profile if another server is called than its own.

    Returns:
        Whether HYDRA_URL names that server, although the profile was chosen by name.
    """
    overrides = {**environment, **given}
    own, url = profile.get("url"), overrides.get("url")
    if own is None:
        return False
    if url is None or _in_one_spelling(own) == _in_one_spelling(url):
        if is_named:
            _warn_of_other_credentials(profile, given, environment)
        return False
    removed = [key for key in (*_SECRETS, "headers") if profile.pop(key, None)]
    if not overrides.keys().isdisjoint(_SECRETS):
        # The secrets of the profile would not have been used.
        removed = [key for key in removed if key not in _SECRETS]
    by_option = "url" in given
    may_be_mistaken = is_named and not by_option
    if removed or may_be_mistaken:
        without = f", without the profile's {' and '.join(removed)}" if removed else ""
        advice = (
            ""
            if by_option
            else ". To call the profile's server, unset HYDRA_URL; to call the other one, use --url"
        )
        warn(
            f"{'--url' if by_option else 'HYDRA_URL'} overrides the profile: calling "
            f"{masked_url(url)}, not {masked_url(own)}{without}{advice}"
        )
    return may_be_mistaken


def _in_one_spelling(url: str) -> str:
    """Return a URL without what makes no difference: case, the default port, a slash at the end."""
    try:
        parts = urlsplit(url.rstrip("/"))
    except ValueError:  # not a URL, as its use will say
        return url
    default_port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts._replace(netloc=parts.netloc.lower().removesuffix(default_port)).geturl()


def _warn_of_other_credentials(
    profile: Mapping[str, Any], given: Mapping[str, Any], environment: Mapping[str, Any]
) -> None:
    """Warn if the environment's secret is sent to the profile's server, and not its own secret."""
    own = {profile[name] for name in _SECRETS if profile.get(name)}
    # A client that an option names never calls with the environment's token.
    unused = ("access_token",) if "client_id" in given else ()
    sent = {environment[name] for name in _SECRETS if name in environment and name not in unused}
    if own and not sent <= own and given.keys().isdisjoint(_SECRETS):
        names = [
            f"HYDRA_{name.upper()}" for name in ("client_id", *_SECRETS) if name in environment
        ]
        variables = " and ".join(names)
        warn(
            f"the environment ({variables}) overrides the profile's credentials: calling "
            f"{masked_url(profile['url'])} with the environment's. To use the profile's, unset "
            f"{variables}"
        )


def _name(options: Mapping[str, Any]) -> str | None:
    """Return the name of the chosen profile."""
    return options.get("profile") or os.environ.get("HYDRA_PROFILE")


def _from_options(options: Mapping[str, Any]) -> dict[str, Any]:
    names = ("url", "client_id", "ca_cert", "timeout", "output")
    found = {name: options[name] for name in names if name in options}
    if "token_scopes" in options:
        found["scopes"] = options["token_scopes"]
    if "headers" in options:
        found["headers"] = dict(map(_header, options["headers"]))
    secret = given_secret(options, "client_secret", "the secret of the calling client")
    if secret is not None:
        found["client_secret"] = secret
    if "access_token_file" in options:
        found["access_token"] = read_secret(options["access_token_file"], "access_token")
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError("--header: expected 'NAME: VALUE'")
    return name.strip(), value.strip()


def _from_environment() -> dict[str, Any]:
    names = ("url", "client_id", "client_secret", "access_token", "scopes", "ca_cert")
    return {name: value for name in names if (value := os.environ.get(f"HYDRA_{name.upper()}"))}


def _profile(options: Mapping[str, Any], *, has_server: bool) -> dict[str, Any]:
    """Read the named profile, the default one of the config file, or what `hydra connect` wrote."""
    config = options.get("config") or os.environ.get("HYDRA_CONFIG")
    # os.path, because pathlib raises if there is no home directory, as in some containers.
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(config or Path(home, "hydra-client", "config.toml"))
    name = _name(options)
    document = _read(path)
    if document is None and name != _HYDRA_YML and (name or config):
        raise Failure(f"{path}: the config file does not exist", USAGE)
    document = document or {}
    _reject_unknown(str(path), document, ("default_profile", "profiles"))
    profiles = document.get("profiles", {})
    name = name or document.get("default_profile")
    own = Path(os.path.expanduser(f"~/.{_HYDRA_YML}"))
    if not isinstance(profiles, dict):
        raise Failure(f"{path}: profiles must be a table", USAGE)
    if name is None:
        return {} if has_server or not own.exists() else _of_hydra(own)
    if not isinstance(name, str):
        raise Failure(f"{path}: default_profile must be a string", USAGE)
    if name == _HYDRA_YML and name not in profiles:
        return _of_hydra(own)
    if name not in profiles:
        known = ", ".join(profiles) or "none"
        raise Failure(f"{path}: no profile {name!r}; known profiles: {known}", USAGE)
    if not isinstance(profiles[name], dict):
        raise Failure(f"{path}: profile {name!r} must be a table: [profiles.{name}]", USAGE)
    return _checked(f"{path}: profile {name!r}", profiles[name], path.parent)


def _of_hydra(path: Path) -> dict[str, Any]:
    """Read the file that Hydra's own `hydra connect` writes, as a profile."""
    read_text(str(path), private=True)
    document = load_object(str(path))
    names = {"cluster_url": "url", "client_id": "client_id", "client_secret": "client_secret"}
    found = {ours: document[theirs] for theirs, ours in names.items() if document.get(theirs)}
    return _checked(str(path), found, path.parent)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        flag = getattr(os, "O_NONBLOCK", 0)
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | flag)) as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISFIFO(mode):
                os.set_blocking(file.fileno(), True)
                if not file.peek(1):
                    raise Failure(f"{path}: nothing writes to this pipe", USAGE)
            toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
            document: dict[str, Any] = toml.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", USAGE) from None
    except (ValueError, RecursionError):
        # The message of the parser may quote a line of the file.
        raise Failure(f"{path}: not valid TOML", USAGE) from None
    if os.name != "nt" and mode & 0o077 and _has_secret(document):
        raise Failure(f"{path}: has a secret, and others can read it; run chmod 600 {path}", USAGE)
    return document


def _has_secret(table: Any, name: str = "") -> bool:
    """Whether a table has a secret. Any header may be one, except well-known ones."""
    return isinstance(table, dict) and any(
        key in _SECRETS
        or _has_secret(item, key)
        or (name == "headers" and key.lower() not in _HARMLESS_HEADERS)
        for key, item in table.items()
    )


def _checked(place: str, profile: dict[str, Any], folder: Path) -> dict[str, Any]:
    _reject_unknown(place, profile, _KEYS)
    for key in _STRINGS:
        if not isinstance(profile.get(key, ""), str):
            raise Failure(f"{place}: {key} must be a string", USAGE)
    timeout = profile.get("timeout", 0)
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise Failure(f"{place}: timeout must be a number of seconds", USAGE)
    headers = profile.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise Failure(f"{place}: headers must be a table of strings", USAGE)
    if profile.get("output", "table") not in _OUTPUTS:
        raise Failure(f"{place}: output must be one of {', '.join(_OUTPUTS)}", USAGE)
    found = dict(profile)
    file = found.pop("client_secret_file", None)
    if file is not None:
        if "client_secret" in found:
            raise Failure(f"{place}: has both client_secret and client_secret_file", USAGE)
        try:
            path = folder / Path(file).expanduser()
        except RuntimeError as error:  # an unknown user's home
            raise Failure(f"{place}: client_secret_file: {error}", USAGE) from None
        found["client_secret"] = read_secret(str(path), private=True)
    return found


def _reject_unknown(place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            raise Failure(f"{place}: unknown key {key}; known keys: {', '.join(known)}", USAGE)
