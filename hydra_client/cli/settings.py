"""Where settings come from: options, then HYDRA_* variables, then a profile of the config file."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import given_secret, read_secret
from hydra_client.cli.text import echo

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRETS = ("client_secret", "access_token")
_HARMLESS_HEADERS = frozenset(
    {"accept-language", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
_TEXTS = ("url", "client_id", "scopes", "ca_cert", "output", *_SECRETS, "client_secret_file")
_KEYS = (*_TEXTS, "timeout", "headers")
_TOP = ("default_profile", "profiles")
_OUTPUTS = ("table", "json", "yaml")


class Settings(NamedTuple):
    """What a run goes by."""

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
    """Look through options, environment and profile, in this order.

    Raises:
        Failure: The config file or a secret's file cannot be used.
        click.UsageError: Options exclude each other.
    """
    levels = [_from_options(options, environ), _from_environment(environ)]
    name, profile = _profile(options, environ)
    _withhold(profile, levels[1] | levels[0])
    levels.append(profile)
    merged: dict[str, Any] = {}
    for level in levels:
        # A bearer token goes before client credentials, but not before ones from further ahead.
        if merged.get("client_secret") is not None:
            level.pop("access_token", None)
        for key, value in level.items():
            if key == "headers":
                value = value | merged.get(key, {})
            elif key in merged:
                continue
            merged[key] = value
    return Settings(**merged, profile=name)


def _withhold(profile: dict[str, Any], ahead: Mapping[str, Any]) -> None:
    """Take out of a profile what is for its own server alone, where another is called."""
    own, url = profile.get("url"), ahead.get("url")
    if own is None or url is None or own.rstrip("/") == url.rstrip("/"):
        return
    taken = [key for key in (*_SECRETS, "headers") if profile.pop(key, None)]
    if not ahead.keys().isdisjoint(_SECRETS):
        # The profile's would not have been used.
        taken = [key for key in taken if key not in _SECRETS]
    if taken:
        echo(
            f"Warning: the profile names another server than --url or HYDRA_URL, which does not "
            f"get the profile's {' and '.join(taken)}",
            err=True,
        )


def config_path(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Path:
    """Tell where the config file is looked for."""
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
    return {
        key: value
        for key, variable in (
            ("url", "HYDRA_URL"),
            ("client_id", "HYDRA_CLIENT_ID"),
            ("client_secret", "HYDRA_CLIENT_SECRET"),
            ("access_token", "HYDRA_ACCESS_TOKEN"),
            ("scopes", "HYDRA_SCOPES"),
            ("ca_cert", "HYDRA_CA_CERT"),
        )
        if (value := environ.get(variable))
    }


def _profile(
    options: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[str | None, dict[str, Any]]:
    path = config_path(options, environ)
    name = options.get("profile") or environ.get("HYDRA_PROFILE")
    document = _read(path)
    if document is None:
        if name or options.get("config") or environ.get("HYDRA_CONFIG"):
            raise Failure(f"{path}: there is no such config file", USAGE)
        return None, {}
    for key in document:
        if key not in _TOP:
            raise Failure(f"{path}: {key} is unknown; known are {', '.join(_TOP)}", USAGE)
    profiles = document.get("profiles", {})
    name = name or document.get("default_profile")
    if name is None:
        return None, {}
    if not isinstance(name, str):
        raise Failure(f"{path}: default_profile must be a string", USAGE)
    if not isinstance(profiles, dict) or not isinstance(profiles.get(name), dict):
        known = ", ".join(profiles) if isinstance(profiles, dict) else ""
        raise Failure(f"{path}: no profile {name!r}; there is {known or 'none'}", USAGE)
    return name, _checked(f"{path}: profile {name!r}", profiles[name], path.parent)


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
        # The parser's own words may hold a line of the file.
        raise Failure(f"{path}: this is no TOML", USAGE) from None
    if os.name != "nt" and mode & 0o077 and _has_secret(document):
        raise Failure(
            f"{path}: others can read the secret in it; make it yours alone: chmod 600 {path}",
            USAGE,
        )
    return document


def _has_secret(value: Any) -> bool:
    return isinstance(value, dict) and any(
        key in _SECRETS or _has_secret(item) or (key == "headers" and _tells(item))
        for key, item in value.items()
    )


def _tells(headers: Any) -> bool:
    """Whether a header may be a credential: all may but the ones that are known."""
    return isinstance(headers, dict) and any(
        name.lower() not in _HARMLESS_HEADERS for name in headers
    )


def _checked(place: str, profile: dict[str, Any], folder: Path) -> dict[str, Any]:
    for key, value in profile.items():
        if key not in _KEYS:
            raise Failure(f"{place}: {key} is unknown; known are {', '.join(_KEYS)}", USAGE)
        if key in _TEXTS and not isinstance(value, str):
            raise Failure(f"{place}: {key} must be a string", USAGE)
        if key == "timeout" and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise Failure(f"{place}: timeout must be a number of seconds", USAGE)
        if key == "headers" and not (
            isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        ):
            raise Failure(f"{place}: headers must be a table of strings", USAGE)
    if profile.get("output", "table") not in _OUTPUTS:
        raise Failure(f"{place}: output must be one of {', '.join(_OUTPUTS)}", USAGE)
    found = dict(profile)
    file = found.pop("client_secret_file", None)
    if file is not None:
        if "client_secret" in found:
            raise Failure(f"{place}: client_secret and client_secret_file are both there", USAGE)
        try:
            found["client_secret"] = read_secret(
                str(folder / Path(file).expanduser()), private=True
            )
        except RuntimeError as error:  # nobody's home
            raise Failure(f"{place}: client_secret_file: {error}", USAGE) from None
    return found
