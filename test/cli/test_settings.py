"""Where settings come from; secrets in a file that others can read are not used."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from support.command import Run

from hydra_client.cli.errors import Failure
from hydra_client.cli.settings import Settings, resolve
from hydra_client.emulator import HydraEmulator

PROFILE = """
default_profile = "one"

[profiles.one]
url = "http://one"
client_id = "id-one"
client_secret = "secret-one"
scopes = "a b"
ca_cert = "ca.pem"
timeout = 7
headers = { X-Forwarded-Proto = "https", X-Two = "2" }
output = "yaml"

[profiles.two]
url = "http://two"
access_token = "token-two"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "hydra-client" / "config.toml"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o600)
    path.write_text(PROFILE)
    return path


def settings(options: dict[str, Any] | None = None, **environ: str) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        return resolve(options or {})


def test_nothing_is_said(tmp_path: Path) -> None:
    assert settings(XDG_CONFIG_HOME=str(tmp_path)) == Settings()


def test_default_profile(config: Path) -> None:
    assert settings(XDG_CONFIG_HOME=str(config.parents[1])) == Settings(
        url="http://one",
        client_id="id-one",
        client_secret="secret-one",
        scopes="a b",
        ca_cert="ca.pem",
        timeout=7,
        headers={"X-Forwarded-Proto": "https", "X-Two": "2"},
        output="yaml",
    )


def test_options_then_environment_then_profile(config: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret-option\n")
    config.write_text(PROFILE.replace('url = "http://one"\n', ""))
    environ = {
        "HYDRA_CONFIG": str(config),
        "HYDRA_URL": "http://env",
        "HYDRA_CLIENT_ID": "id-env",
        "HYDRA_CLIENT_SECRET": "secret-env",
        "HYDRA_SCOPES": "c",
        "HYDRA_CA_CERT": "env.pem",
    }
    found = settings({}, **environ)
    assert found.url == "http://env"
    assert found.client_id == "id-env"
    assert found.client_secret == "secret-env"
    assert found.scopes == "c"
    assert found.ca_cert == "env.pem"
    assert found.timeout == 7
    options = {
        "url": "http://option",
        "client_id": "id-option",
        "client_secret_file": str(secret),
        "token_scopes": "d",
        "ca_cert": "option.pem",
        "timeout": 3.0,
        "output": "json",
        "headers": ("X-Two: 3",),
    }
    assert settings(options, **environ) == Settings(
        url="http://option",
        client_id="id-option",
        client_secret="secret-option",
        scopes="d",
        ca_cert="option.pem",
        timeout=3.0,
        headers={"X-Forwarded-Proto": "https", "X-Two": "3"},
        output="json",
    )


def test_a_profile_by_name(config: Path) -> None:
    named = settings({"profile": "two"}, HYDRA_CONFIG=str(config), HYDRA_PROFILE="one")
    assert named == Settings(url="http://two", access_token="token-two")
    assert settings({}, HYDRA_CONFIG=str(config), HYDRA_PROFILE="two") == named


def test_credentials_from_ahead_go_before_a_token_from_behind(config: Path) -> None:
    found = settings({"profile": "two"}, HYDRA_CONFIG=str(config), HYDRA_CLIENT_SECRET="secret-env")
    assert found.access_token is None
    assert settings({"profile": "two"}, HYDRA_CONFIG=str(config)).access_token == "token-two"


TOKENS = {"HYDRA_ACCESS_TOKEN": "token-env"}


@pytest.mark.parametrize(
    ("options", "environ", "token"),
    [
        # A client that is named, or its secret, goes before a token of a later level.
        ({"client_id": "x"}, TOKENS, None),
        ({"client_secret_env": "S"}, TOKENS, None),
        ({"client_id": "x", "profile": "two"}, {}, None),
        ({"client_secret_env": "S", "profile": "two"}, {}, None),
        ({"profile": "two"}, {"HYDRA_CLIENT_ID": "x"}, None),
        ({"profile": "two"}, {"HYDRA_CLIENT_SECRET": "x"}, None),
        # A token goes before a client of its own level and of a later one.
        ({"profile": "two"}, TOKENS, "token-env"),
        ({"profile": "one"}, TOKENS, "token-env"),
        ({"profile": "one"}, TOKENS | {"HYDRA_CLIENT_ID": "x"}, "token-env"),
        ({"client_id": "x", "access_token_file": "FILE"}, TOKENS, "token-option"),
        ({"access_token_file": "FILE"}, {"HYDRA_CLIENT_ID": "x"}, "token-option"),
        ({"access_token_file": "FILE", "profile": "one"}, {}, "token-option"),
    ],
)
def test_a_named_client_never_calls_with_anothers_token(
    config: Path,
    tmp_path: Path,
    options: dict[str, Any],
    environ: dict[str, str],
    token: str | None,
) -> None:
    file = tmp_path / "token"
    file.write_text("token-option")
    if "access_token_file" in options:
        options = {**options, "access_token_file": str(file)}
    nothing = {"config": "/dev/null"} if "profile" not in options else {"config": str(config)}
    assert settings(options | nothing, **environ, S="secret").access_token == token


@pytest.mark.parametrize("profile", ["one", "two"])
@pytest.mark.parametrize("way", [({"url": "http://three"}, {}), ({}, {"HYDRA_URL": "https://one"})])
def test_a_profiles_secrets_are_for_its_own_server(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    way: tuple[dict[str, str], dict[str, str]],
    profile: str,
) -> None:
    options, environ = way
    found = settings({"profile": profile, **options}, HYDRA_CONFIG=str(config), **environ)
    assert found.client_secret is found.access_token is None
    assert found.headers == {}
    assert found.client_id == ("id-one" if profile == "one" else None)
    missed = "client_secret and headers" if profile == "one" else "access_token"
    by_option = "url" in options
    advice = "To call the profile's server, unset HYDRA_URL; to call the other one, use --url"
    assert capsys.readouterr().err == (
        f"Warning: {'--url' if by_option else 'HYDRA_URL'} overrides the profile: calling "
        f"{found.url}, not http://{profile}, without the profile's {missed}"
        f"{'' if by_option else f'. {advice}'}\n"
    )
    assert found.overrides_profile is not by_option


def test_secrets_from_ahead_are_for_any_server(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"HYDRA_CONFIG": str(config), "HYDRA_URL": "http://three"}
    found = settings({"profile": "one"}, **environ, HYDRA_ACCESS_TOKEN="token-env")
    assert (found.access_token, found.client_secret, found.headers) == ("token-env", None, {})
    assert "without the profile's headers. " in capsys.readouterr().err
    found = settings({"profile": "two"}, **environ, HYDRA_CLIENT_SECRET="secret-env")
    assert (found.access_token, found.client_secret) == (None, "secret-env")
    assert "without" not in capsys.readouterr().err


@pytest.mark.parametrize("by_option", [True, False])
def test_a_url_that_overrides_a_profile_chosen_by_name(
    config: Path, capsys: pytest.CaptureFixture[str], by_option: bool
) -> None:
    """Even if the environment has everything else: the profile could be what was meant."""
    options = {"profile": "one"} if by_option else {}
    environ = {
        "HYDRA_CONFIG": str(config),
        "HYDRA_URL": "http://me:hush@three",
        "HYDRA_CLIENT_SECRET": "secret-env",
        **({} if by_option else {"HYDRA_PROFILE": "one"}),
    }
    config.write_text(PROFILE.replace("headers", "# headers"))
    assert settings(options, **environ).overrides_profile
    assert capsys.readouterr().err == (
        "Warning: HYDRA_URL overrides the profile: calling http://***@three, not http://one. To "
        "call the profile's server, unset HYDRA_URL; to call the other one, use --url\n"
    )
    assert not settings(options | {"url": "http://three"}, **environ).overrides_profile
    environ.pop("HYDRA_PROFILE", None)
    assert not settings({}, **environ).overrides_profile  # the profile is only the default
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "environ",
    [
        {"CLIENT_ID": "prod", "CLIENT_SECRET": "secret-env"},
        {"CLIENT_SECRET": "secret-env"},
        {"ACCESS_TOKEN": "token-env"},
        {"CLIENT_ID": "prod", "ACCESS_TOKEN": "token-env"},
    ],
)
@pytest.mark.parametrize("name", ["one", "two"])
@pytest.mark.parametrize("by_option", [True, False])
def test_credentials_that_override_those_of_a_profile_chosen_by_name(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    name: str,
    by_option: bool,
) -> None:
    """They may be of another server: the profile's one should not get them unnoticed."""
    variables = {f"HYDRA_{key}": value for key, value in environ.items()}
    chosen = {} if by_option else {"HYDRA_PROFILE": name}
    options = {"profile": name} if by_option else {}
    found = settings(options, HYDRA_CONFIG=str(config), **variables, **chosen)
    assert (found.access_token or found.client_secret) in environ.values()
    assert not found.overrides_profile
    names = " and ".join(variables)
    assert capsys.readouterr().err == (
        f"Warning: the environment ({names}) overrides the profile's credentials: calling "
        f"http://{name} with the environment's. To use the profile's, unset {names}\n"
    )


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ({"profile": "none"}, {"CLIENT_SECRET": "secret-env"}),  # it has no secret
        ({"profile": "one"}, {"CLIENT_SECRET": "secret-one"}),  # the same secret
        ({"profile": "one"}, {"CLIENT_ID": "other"}),  # no secret
        ({"profile": "one", "client_id": "given"}, {"ACCESS_TOKEN": "token-env"}),  # not sent
        ({"profile": "one", "client_secret_env": "S"}, {"CLIENT_SECRET": "secret-env"}),
        ({}, {"CLIENT_SECRET": "secret-env"}),  # the profile is only the default
    ],
)
def test_credentials_of_the_environment_that_surprise_nobody(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, str],
    environ: dict[str, str],
) -> None:
    config.write_text(f'{PROFILE}\n[profiles.none]\nurl = "http://none"\nclient_id = "id"\n')
    variables = {f"HYDRA_{key}": value for key, value in environ.items()}
    settings(options, HYDRA_CONFIG=str(config), S="secret-given", **variables)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("url", ["http://one/", "HTTP://One", "http://one:80", "http://ONE:80/"])
@pytest.mark.parametrize("by_option", [True, False])
def test_the_same_server_said_twice(
    config: Path, capsys: pytest.CaptureFixture[str], url: str, by_option: bool
) -> None:
    options = {"url": url} if by_option else {}
    environ = {} if by_option else {"HYDRA_URL": url}
    found = settings({"profile": "one", **options}, HYDRA_CONFIG=str(config), **environ)
    assert found.client_secret == "secret-one"
    assert not found.overrides_profile
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "url", ["https://one", "http://one:443", "http://one:8080", "http://one/a", "http://[one"]
)
def test_another_server_of_the_same_name(config: Path, url: str) -> None:
    found = settings({"profile": "one", "url": url}, HYDRA_CONFIG=str(config))
    assert found.client_secret is None


@pytest.mark.parametrize("text", ["token-three\n", '{"access_token": "token-three"}'])
def test_access_token_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    found = settings({"access_token_file": str(file), "config": "/dev/null"})
    assert found.access_token == "token-three"


def test_where_the_file_is_looked_for(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    folder = Path.home() / ".config" / "hydra-client"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('default_profile = "x"\nprofiles.x.url = "http://home"\n')
    assert settings().url == "http://home"
    assert settings(HYDRA_CONFIG=str(config)).url == "http://one"
    assert settings({"config": str(config)}, HYDRA_CONFIG="no-such").url == "http://one"


@pytest.mark.parametrize(
    ("options", "named"),
    [({"url": "http://x"}, "XDG_CONFIG_HOME"), ({}, "HYDRA_CONFIG"), ({"url": "http://x"}, None)],
)
def test_no_home_directory(
    monkeypatch: pytest.MonkeyPatch, config: Path, options: dict[str, str], named: str | None
) -> None:
    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.chdir(config.parent)
    places = {"XDG_CONFIG_HOME": str(config.parent), "HYDRA_CONFIG": str(config)}
    found = settings(options, **({named: places[named]} if named else {}))
    assert found.url == options.get("url", "http://one")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_secret_that_others_can_read_is_refused(config: Path, mode: int) -> None:
    config.chmod(mode)
    with pytest.raises(Failure, match="has a secret, and others can read it") as caught:
        settings(HYDRA_CONFIG=str(config))
    assert caught.value.exit_code == 2
    assert "secret-one" not in caught.value.message


def test_a_file_without_a_secret_may_be_read_by_others(config: Path) -> None:
    config.write_text('[profiles.one]\nurl = "http://one"\n')
    config.chmod(0o644)
    assert settings({"profile": "one"}, HYDRA_CONFIG=str(config)).url == "http://one"


@pytest.mark.parametrize("place", ["~/secret", "../../secret"])
def test_a_secret_in_a_file_of_its_own(
    monkeypatch: pytest.MonkeyPatch, config: Path, tmp_path: Path, place: str
) -> None:
    """A relative path begins where the config file is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "secret").write_text("secret-file\n")
    (tmp_path / "secret").chmod(0o644)
    config.write_text(f'[profiles.one]\nclient_secret_file = "{place}"\n')
    with pytest.raises(Failure, match="others can read it; run chmod 600"):
        settings({"profile": "one"}, HYDRA_CONFIG=str(config))
    (tmp_path / "secret").chmod(0o600)
    found = settings({"profile": "one"}, HYDRA_CONFIG=str(config))
    assert found.client_secret == "secret-file"
    assert "secret-file" not in repr(found)


@pytest.mark.parametrize(
    ("header", "is_secret"), [("X-Forwarded-Proto", False), ("X-Api-Key", True), ("Cookie", True)]
)
def test_a_header_may_be_a_secret(config: Path, header: str, is_secret: bool) -> None:
    config.write_text(f'[profiles.one]\nheaders = {{ {header} = "hush" }}\n')
    config.chmod(0o644)
    if is_secret:
        with pytest.raises(Failure, match="has a secret, and others can read it"):
            settings({"profile": "one"}, HYDRA_CONFIG=str(config))
    else:
        assert settings({"profile": "one"}, HYDRA_CONFIG=str(config)).headers == {header: "hush"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("client_secret = secret-one", "not valid TOML"),
        (f"timeout = {'1' * 5000}", "not valid TOML"),
        (f"a = {'[' * 2_000}", "not valid TOML"),
        ("[profile.one]\nurl = 'x'", "unknown key profile; known keys: default_profile, profiles"),
        ("profiles = 1", "profiles must be a table"),
        ("[profiles]", "no profile 'one'; known profiles: none"),
        ('[profiles.two]\nurl = ""', "no profile 'one'; known profiles: two"),
        ("[profiles]\none = 1", "profile 'one' must be a table"),
        ("[profiles.one]\nur = 1", "unknown key ur"),
        ("[profiles.one]\nurl = 1", "url must be a string"),
        ("[profiles.one]\ntimeout = true", "timeout must be a number"),
        ('[profiles.one]\ntimeout = "1"', "timeout must be a number"),
        ("[profiles.one]\nheaders = 1", "headers must be a table"),
        ("[profiles.one]\nheaders = { X = 1 }", "headers must be a table"),
        ('[profiles.one]\noutput = "xml"', "output must be one of table, json, yaml"),
        (
            '[profiles.one]\nclient_secret = "secret-one"\nclient_secret_file = "x"',
            "has both client_secret and client_secret_file",
        ),
        ('[profiles.one]\nclient_secret_file = "/no/such/file"', "No such file"),
        ('[profiles.one]\nclient_secret_file = "~nobody-here/x"', "client_secret_file: "),
        ('[profiles.one]\nclient_secret_file = "a\\u0000"', "embedded null"),
    ],
)
def test_faults(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(Failure) as caught:
        settings({"profile": "one"}, HYDRA_CONFIG=str(config))
    assert caught.value.exit_code == 2
    assert message in caught.value.message
    assert "secret-one" not in caught.value.message


def test_a_file_without_a_default_profile(config: Path) -> None:
    config.write_text('[profiles.one]\nurl = "http://one"\n')
    assert settings(HYDRA_CONFIG=str(config)) == Settings()


def test_profiles_are_a_table_for_hydras_own_profile_too(config: Path) -> None:
    config.write_text("profiles = 1")
    with pytest.raises(Failure, match="profiles must be a table"):
        settings({"profile": "hydra.yml"})


def test_a_default_profile_is_a_string(config: Path) -> None:
    config.write_text("default_profile = ['one']")
    with pytest.raises(Failure, match="default_profile must be a string"):
        settings(HYDRA_CONFIG=str(config))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "x")
    for options, environ in (
        ({"profile": "one"}, {}),
        ({"config": missing}, {}),
        ({}, {"HYDRA_CONFIG": missing}),
    ):
        with pytest.raises(Failure, match="the config file does not exist"):
            settings(options, **{"XDG_CONFIG_HOME": str(tmp_path), **environ})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="Is a directory"):
        settings({"config": str(tmp_path)})
    with pytest.raises(Failure, match="File name too long"):
        settings({"config": "x" * 300})


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Failure, match="pipe: nothing writes to this pipe"):
        settings({"config": str(tmp_path / "pipe")})


def test_a_pipe_of_the_shell() -> None:
    """As for `--config <(decrypt config.toml)`: its program may be slow to write."""
    read, write = os.pipe()
    writer = threading.Timer(0.1, lambda: (os.write(write, PROFILE.encode()), os.close(write)))
    writer.start()
    assert settings({"config": f"/dev/fd/{read}"}).client_secret == "secret-one"
    writer.join()
    os.close(read)


def test_options_that_exclude_each_other(config: Path) -> None:
    with pytest.raises(click.UsageError, match="--client-secret-file and --client-secret-env"):
        settings({"client_secret_file": "a", "client_secret_env": "b"})


def test_profile_at_work(run: Run, hydra: HydraEmulator, config: Path) -> None:
    config.write_text(
        f'[profiles.here]\nurl = "{hydra.url}"\nclient_id = "admin"\n'
        'client_secret = "demo-password"\ntimeout = 20\n'
    )
    assert run("--profile", "here", "clients", "list", "-q").output == "admin\n"
    assert run("clients", "list", "-q").exit_code == 2


def test_no_other_server_gets_the_secret(run: Run, hydra: HydraEmulator, config: Path) -> None:
    config.write_text(
        '[profiles.there]\nurl = "https://hydra.example.com"\nclient_id = "admin"\n'
        'client_secret = "demo-password"\nheaders = { X-Key = "a-key" }\n'
    )
    where = ("--profile", "there", "--url", hydra.url)
    result = run(*where, "clients", "list")
    assert result.exit_code == 2
    assert "without the profile's client_secret and headers\nError: no bearer" in result.stderr
    assert run(*where, "discover").exit_code == 0
    assert run(*where, "token", "introspect", input="a-token").exit_code == 2
    secret = {"HYDRA_CLIENT_SECRET": "demo-password"}
    assert run(*where, "clients", "list", "-q", **secret).stdout == "admin\n"
    assert not any("x-key" in request.headers for request in hydra.requests)


def test_the_secret_from_stdin(run: Run, hydra: HydraEmulator) -> None:
    where = ("--url", hydra.url, "--client-id", "admin", "--client-secret-stdin")
    assert run("clients", "list", "-q", *where, input="demo-password\n").output == "admin\n"
    result = run("clients", "create", "--secret-stdin", *where, input="demo-password\n")
    assert result.exit_code == 2
    assert "stdin cannot provide both" in result.stderr
    assert run("clients", "list", *where, input="").exit_code == 2


# --- what Hydra's own command wrote


OWN = "cluster_url: http://own\nclient_id: id-own\nclient_secret: secret-own\nsigned: 1\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "home" / ".hydra.yml"
    path.parent.mkdir()
    path.touch(mode=0o700)  # as Hydra does it
    path.write_text(OWN)
    return path


def test_hydras_own_file(own: Path, tmp_path: Path) -> None:
    nowhere = {"XDG_CONFIG_HOME": str(tmp_path)}
    expected = Settings(url="http://own", client_id="id-own", client_secret="secret-own")
    assert settings(**nowhere) == expected
    assert settings({"profile": "hydra.yml"}, **nowhere) == expected
    elsewhere = settings(**nowhere, HYDRA_URL="http://env")
    assert (elsewhere.url, elsewhere.client_secret) == ("http://env", None)
    own.write_text("client_id: id-own\n")
    assert settings(**nowhere) == Settings(client_id="id-own")


def test_a_config_file_goes_before_hydras_own(config: Path, own: Path) -> None:
    assert settings(HYDRA_CONFIG=str(config)).url == "http://one"
    assert settings({"profile": "hydra.yml"}, HYDRA_CONFIG=str(config)).url == "http://own"
    config.write_text(PROFILE + '\n[profiles."hydra.yml"]\nurl = "http://ours"\n')
    assert settings({"profile": "hydra.yml"}, HYDRA_CONFIG=str(config)).url == "http://ours"


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        (OWN, 0o640, "others can read it"),
        ("cluster_url: [1]", 0o600, "url must be a string"),
        ("- a", 0o600, "expected an object"),
        (None, 0o600, "No such file"),
    ],
)
def test_hydras_own_file_that_cannot_be_used(
    own: Path, tmp_path: Path, text: str | None, mode: int, message: str
) -> None:
    own.chmod(mode)
    own.unlink() if text is None else own.write_text(text)
    with pytest.raises(Failure, match=message):
        settings({"profile": "hydra.yml"}, XDG_CONFIG_HOME=str(tmp_path))
