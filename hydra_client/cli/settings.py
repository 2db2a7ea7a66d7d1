"""Settings of a run: from options, then HYDRA_* variables, then a profile of the config file."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hydra_client.cli.document import load_object
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import given_secret, read_secret, read_text
from hydra_client.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRETS = ("client_secret", "access_token")
_HARMLESS_HEADERS = frozenset(
    {"accept-language", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
_STRINGS = ("url", "client_id", "scopes", "ca_cert", "output", *_SECRETS, "client_secret_file")
_KEYS = (*_STRINGS, "timeout", "headers")
_TOP = ("default_profile", "profiles")
_OUTPUTS = ("table", "json", "yaml")
HYDRA_YML = "hydra.yml"  # the profile that is in ~/.hydra.yml


class Settings(NamedTuple):
    """The settings of a run."""

    url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    access_token: str | None = None
    scopes: str | None = None
    ca_cert: str | None = None
    timeout: float | None = None
    headers: dict[str, str] = {}
    output: str = "table"
    profile: str | None = None

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, client_id={self.client_id!r}, …)"


def resolve(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Combine options, environment and profile, in this order.

    Raises:
        Failure: The config file or a file with a secret cannot be used.
        click.UsageError: Options exclude each other.
    """
    levels = [_from_options(options, environ), _from_environment(environ)]
    name, profile = _profile(options, environ)
    if name is None and not any("url" in level for level in levels):
        name, profile = _of_hydra(must_exist=False)
    _withhold(profile, levels[1] | levels[0])
    levels.append(profile)
    merged: dict[str, Any] = {}
    for level in levels:
        # A bearer token wins over client credentials, except over those of an earlier level.
        if merged.get("client_secret") is not None:
            level.pop("access_token", None)
        headers = level.get("headers", {}) | merged.get("headers", {})
        merged = level | merged | ({"headers": headers} if headers else {})
    return Settings(**merged, profile=name)


def _withhold(profile: dict[str, Any], overrides: Mapping[str, Any]) -> None:
    """Remove the secrets and headers of a profile if another server is called than its own."""
    own, url = profile.get("url"), overrides.get("url")
    if own is None or url is None or own.rstrip("/") == url.rstrip("/"):
        return
    removed = [key for key in (*_SECRETS, "headers") if profile.pop(key, None)]
    if not overrides.keys().isdisjoint(_SECRETS):
        # The secrets of the profile would not have been used.
        removed = [key for key in removed if key not in _SECRETS]
    if removed:
        echo(
            f"Warning: ignoring {' and '.join(removed)} of the profile, because --url or HYDRA_URL "
            "names another server",
            err=True,
        )


def config_path(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the config file."""
    given = options.get("config") or environ.get("HYDRA_CONFIG")
    if given:
        return Path(given)
    home = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "hydra-client" / "config.toml"


def _from_options(options: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    found = {
        key: options[key]
        for key in ("url", "client_id", "ca_cert", "timeout", "output")
        if key in options
    }
    if "token_scopes" in options:
        found["scopes"] = options["token_scopes"]
    if "headers" in options:
        found["headers"] = dict(map(_header, options["headers"]))
    secret = given_secret(
        options, "client_secret", "the secret of the calling client", environ=environ
    )
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


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    names = ("url", "client_id", "client_secret", "access_token", "scopes", "ca_cert")
    return {name: value for name in names if (value := environ.get(f"HYDRA_{name.upper()}"))}


def _profile(
    options: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[str | None, dict[str, Any]]:
    path = config_path(options, environ)
    name = options.get("profile") or environ.get("HYDRA_PROFILE")
    document = _read(path)
    if name == HYDRA_YML and name not in (document or {}).get("profiles", {}):
        return _of_hydra(must_exist=True)
    if document is None:
        if name or options.get("config") or environ.get("HYDRA_CONFIG"):
            raise Failure(f"{path}: the config file does not exist", USAGE)
        return None, {}
    _reject_unknown(str(path), document, _TOP)
    profiles = document.get("profiles", {})
    name = name or document.get("default_profile")
    if name is None:
        return None, {}
    if not isinstance(name, str):
        raise Failure(f"{path}: default_profile must be a string", USAGE)
    if not isinstance(profiles, dict) or not isinstance(profiles.get(name), dict):
        known = ", ".join(profiles) if isinstance(profiles, dict) else ""
        raise Failure(f"{path}: no profile {name!r}; known profiles: {known or 'none'}", USAGE)
    return name, _checked(f"{path}: profile {name!r}", profiles[name], path.parent)


def _of_hydra(*, must_exist: bool) -> tuple[str | None, dict[str, Any]]:
    """Read the file that Hydra's own `hydra connect` writes, as a profile."""
    path = Path.home() / f".{HYDRA_YML}"
    if not must_exist and not path.exists():
        return None, {}
    read_text(str(path), private=True)
    document = load_object(str(path))
    names = {"cluster_url": "url", "client_id": "client_id", "client_secret": "client_secret"}
    found = {ours: document[theirs] for theirs, ours in names.items() if document.get(theirs)}
    return HYDRA_YML, _checked(str(path), found, path.parent)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
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


def _has_secret(value: Any) -> bool:
    return isinstance(value, dict) and any(
        key in _SECRETS or _has_secret(item) or (key == "headers" and _has_secret_header(item))
        for key, item in value.items()
    )


def _has_secret_header(headers: Any) -> bool:
    """Return whether a header may be a credential, as any may except well-known ones."""
    return isinstance(headers, dict) and any(
        name.lower() not in _HARMLESS_HEADERS for name in headers
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
