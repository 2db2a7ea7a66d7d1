"""Settings: where they come from, what is rejected and why, and what is shown."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import hydra_client
from hydra_client import ApiClient, ApiTypeError, ApiValueError, Configuration, aio
from hydra_client.configuration import VARIABLES
from hydra_client.protocol import checks


def test_defaults() -> None:
    configuration = Configuration()
    assert configuration.host == "http://localhost:4444"
    assert (configuration.timeout, configuration.retries) == (30.0, 2)
    assert configuration.verify_ssl is True
    assert configuration.scopes == ()
    assert configuration.username is configuration.password is configuration.access_token is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("http://localhost:4444", ("http", "localhost:4444", "", False)),
        ("https://hydra.example.com", ("https", "hydra.example.com", "", False)),
        ("https://hydra.example.com/", ("https", "hydra.example.com", "", False)),
        ("https://example.com/a/hydra///", ("https", "example.com", "/a/hydra", False)),
        ("HTTP://Hydra.Example.com", ("http", "Hydra.Example.com", "", True)),
        ("http://127.0.0.1:1", ("http", "127.0.0.1:1", "", False)),
        ("http://127.20.30.40", ("http", "127.20.30.40", "", False)),
        ("http://[::1]:4444/x", ("http", "[::1]:4444", "/x", False)),
        ("http://hydra.localhost", ("http", "hydra.localhost", "", False)),
        ("http://127.0.0.1.example.com", ("http", "127.0.0.1.example.com", "", True)),
        ("http://localhost.example.com", ("http", "localhost.example.com", "", True)),
        ("http://10.0.0.1", ("http", "10.0.0.1", "", True)),
    ],
)
def test_a_host_is_taken_apart(host: str, origin: tuple[object, ...]) -> None:
    configuration = Configuration("http://localhost")
    configuration.host = host
    assert configuration.origin == origin
    assert configuration.host == host


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("", "must begin with http:// or https://"),
        ("hydra.example.com", "must begin with http:// or https://"),
        ("localhost:4444", "must begin with http:// or https://"),
        ("//hydra.example.com", "must begin with http:// or https://"),
        ("ftp://hydra.example.com", "must begin with http:// or https://"),
        ("http://", "has no host name, or port 0"),
        ("http://:4444", "has no host name, or port 0"),
        ("https://hydra.example.com:0", "has no host name, or port 0"),
        ("https://hydra.example.com:99999", "has a port or an address that is not valid"),
        ("https://hydra.example.com:x", "has a port or an address that is not valid"),
        ("https://[::1", "has a port or an address that is not valid"),
        ("https://hydra.example.com?", "has a query or fragment"),
        ("https://hydra.example.com#top", "has a query or fragment"),
        ("https://hydra.example.com/a/../b", "has '.' or '..' in its path"),
        ("https://hydra.example.com/.", "has '.' or '..' in its path"),
        ("https://hydra.example.com/a b", "has a space, a control character or a backslash"),
        ("https://hydra.example.com\r\nX: y", "has a space, a control character or a backslash"),
        ("https://hydra.example.com\\@evil.example", "a backslash"),
        ("https://hydra.exämple.com", "has non-ASCII characters"),
    ],
)
def test_a_host_that_cannot_be_right_is_refused_with_the_reason(host: str, problem: str) -> None:
    with pytest.raises(ApiValueError) as caught:
        Configuration(host)
    assert problem in str(caught.value)
    assert "it should look like https://hydra.example.com" in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "host",
    [
        "https://admin:hush@hydra.example.com",
        "https://hush@hydra.example.com",
        "https://@hydra.example.com/hush@",
        "admin:hush@hydra.example.com",
        "https:admin:hush@hydra.example.com",
        "https:/admin:hush@hydra.example.com",
        "admin:hush\n@hydra.example.com",
        "https://hydra.example.com?token=hush",
        "https://hydra.example.com\n?token=\nhush",
        "https://hydra.example.com#hush",
    ],
)
def test_a_refused_host_shows_no_secret(host: str) -> None:
    with pytest.raises(ApiValueError) as caught:
        Configuration(host)
    assert "hush" not in str(caught.value)
    assert "hydra.example.com" in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://proxy.example.com:3128", "https://u:p@[::1]:1080"])
def test_a_proxy(proxy: str) -> None:
    assert Configuration(proxy=proxy).proxy == proxy


@pytest.mark.parametrize(
    "proxy", ["proxy.example.com:3128", "ftp://u:hush@proxy", "http://:1", " "]
)
def test_a_proxy_that_cannot_be_right_is_refused(proxy: str) -> None:
    with pytest.raises(ApiValueError, match=r"^proxy .* should look like http://") as caught:
        Configuration(proxy=proxy)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("host", None, "host must be a string, got NoneType"),
        ("host", b"http://localhost", "host must be a string, got bytes"),
        ("username", 5, "username must be a string, got int"),
        ("password", b"hush", "password must be a string, got bytes"),
        ("access_token", 5, "access_token must be a string, a callable or a token source, got int"),
        ("scopes", 5, "scopes must be a string or a list of strings, got int"),
        ("scopes", ["a", 5], "each item of scopes must be of type str, got int"),
        ("verify_ssl", "false", "verify_ssl must be True or False, got str"),
        ("verify_ssl", 0, "verify_ssl must be True or False, got int"),
        ("ssl_ca_cert", 5, "ssl_ca_cert must be a string, got int"),
        ("cert_file", b"/a", "cert_file must be a string, got bytes"),
        ("key_file", True, "key_file must be a string, got bool"),
        ("proxy", 5, "proxy must be a string, got int"),
        ("timeout", "5", "timeout must be a number of seconds, got str"),
        ("timeout", (1, 2), "timeout must be a number of seconds, got tuple"),
        ("timeout", True, "timeout must be a number of seconds, got bool"),
        ("timeout", None, "timeout must be a number of seconds, got NoneType"),
        ("retries", 1.0, "retries must be a whole number, got float"),
        ("retries", True, "retries must be a whole number, got bool"),
        ("connection_pool_maxsize", None, "connection_pool_maxsize must be a whole number, got "),
    ],
)
def test_a_setting_has_a_type(setting: str, value: object, message: str) -> None:
    with pytest.raises(ApiTypeError) as caught:
        Configuration(**{setting: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)
    with pytest.raises(ApiTypeError):
        setattr(Configuration(), setting, value)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("username", "a\nb", "username has control characters or an unpaired surrogate"),
        ("password", "hush\x00", "password has control characters or an unpaired surrogate"),
        ("password", "hush\ud800", "password has control characters or an unpaired surrogate"),
        ("access_token", "", "access_token is empty, or has spaces, line breaks or non-ASCII"),
        ("access_token", "Bearer hush", "access_token begins with 'Bearer': pass only the token"),
        ("access_token", "hush hush", "access_token is empty, or has spaces"),
        ("access_token", "hush\r\nX-Evil: 1", "access_token is empty, or has spaces"),
        ("access_token", "hüsh", "access_token is empty, or has spaces"),
        ("scopes", ["a b"], "scopes: 'a b' is not a scope"),
        ("scopes", 'a"b', "scopes: 'a\"b' is not a scope"),
        ("timeout", 0, "timeout must be a positive number of seconds, at most 86400 (a day), got"),
        ("timeout", -1.5, "timeout must be a positive number"),
        ("timeout", float("nan"), "timeout must be a positive number"),
        ("timeout", float("inf"), "timeout must be a positive number"),
        ("timeout", 86401, "timeout must be a positive number"),
        ("retries", -1, "retries must be at least 0, got -1"),
        ("connection_pool_maxsize", 0, "connection_pool_maxsize must be at least 1, got 0"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_and_no_secret_shown(
    setting: str, value: object, message: str
) -> None:
    with pytest.raises(ApiValueError) as caught:
        Configuration(**{setting: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)
    assert "hush" not in str(caught.value)


def test_an_unknown_setting_cannot_be_made_up() -> None:
    configuration = Configuration()
    with pytest.raises(AttributeError, match="Configuration has no setting 'verify'"):
        configuration.verify = False  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="verify"):
        Configuration(verify=False)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, ()),
        ("", ()),
        (" a  b ", ("a", "b")),
        (["a", "b"], ("a", "b")),
        (("hydra.*",), ("hydra.*",)),
    ],
)
def test_scopes_are_a_list_or_a_string(given: Any, kept: tuple[str, ...]) -> None:
    assert Configuration(scopes=given).scopes == kept


def test_paths_may_be_path_objects() -> None:
    configuration = Configuration(
        ssl_ca_cert=Path("ca.pem"),  # type: ignore[arg-type]
        cert_file="client.pem",
        key_file=None,
    )
    assert configuration.ssl_ca_cert == "ca.pem"
    assert configuration.cert_file == "client.pem"
    assert configuration.key_file is None


class Source:
    def token(self, scopes: tuple[str, ...]) -> str:
        return "token"


@pytest.mark.parametrize("access_token", [None, "token", lambda: "token", Source()])
def test_an_access_token_is_a_string_a_callable_or_a_source(access_token: Any) -> None:
    assert Configuration(access_token=access_token).access_token == access_token


def test_what_comes_from_a_source_is_looked_at_too() -> None:
    assert checks.token("access_token", "token") == "token"
    with pytest.raises(ApiTypeError, match="access_token must be a string, got bytes"):
        checks.token("access_token", b"hush")
    with pytest.raises(ApiValueError, match="access_token is empty"):
        checks.token("access_token", "hush\n")


ENVIRONMENT = {
    "HYDRA_URL": "https://hydra.example.com",
    "HYDRA_CLIENT_ID": "admin",
    "HYDRA_CLIENT_SECRET": "demo-password",
    "HYDRA_SCOPES": "hydra.clients hydra.consent",
    "HYDRA_ACCESS_TOKEN": "token",
    "HYDRA_CA_CERT": "ca.pem",
}


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for configuration in (Configuration.from_env(), Configuration.from_env(ENVIRONMENT)):
        assert configuration.host == "https://hydra.example.com"
        assert (configuration.username, configuration.password) == ("admin", "demo-password")
        assert configuration.scopes == ("hydra.clients", "hydra.consent")
        assert configuration.access_token == "token"
        assert configuration.ssl_ca_cert == "ca.pem"


def test_the_documented_variables_are_those_that_are_read() -> None:
    documented = re.findall("HYDRA_[A-Z_]+", Configuration.from_env.__doc__ or "")
    assert {*documented} == {*VARIABLES.values()} == {*ENVIRONMENT}


def test_arguments_go_before_the_environment() -> None:
    configuration = Configuration.from_env(
        ENVIRONMENT, host="http://localhost", username="other", password=None, timeout=5
    )
    assert configuration.host == "http://localhost"
    assert configuration.username == "other"
    assert configuration.password == "demo-password"
    assert configuration.timeout == 5.0


def test_a_named_client_does_not_use_the_token_of_the_environment() -> None:
    assert Configuration.from_env(ENVIRONMENT, username="other").access_token is None
    named = Configuration.from_env(ENVIRONMENT, username="other", access_token="mine")
    assert named.access_token == "mine"


def test_an_empty_variable_says_nothing() -> None:
    configuration = Configuration.from_env(
        {**dict.fromkeys(ENVIRONMENT, ""), "HYDRA_URL": "http://h"}
    )
    assert configuration.username is configuration.access_token is configuration.ssl_ca_cert is None
    assert configuration.scopes == ()


def test_a_host_must_come_from_somewhere() -> None:
    with pytest.raises(ApiValueError, match="pass a host, or set HYDRA_URL"):
        Configuration.from_env({})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("scope", "; did you mean 'scopes'?"),
        ("url", "; choose from host, username, password, "),
    ],
)
def test_an_unknown_setting_is_named_before_others_are_missed(name: str, hint: str) -> None:
    with pytest.raises(ApiTypeError) as refused:
        Configuration.from_env({}, **{name: "x"})  # type: ignore[arg-type]
    assert str(refused.value).startswith(f"there is no setting {name!r}{hint}")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("client_id", "; did you mean 'username'?"),
        ("client_secret", "; did you mean 'password'?"),
        ("foo", "; choose from host, username, password, "),
    ],
)
def test_the_names_of_settings_are_the_same_everywhere(name: str, hint: str) -> None:
    for set_it in (
        Configuration,
        ApiClient(Configuration()).copy,
        aio.ApiClient(Configuration()).copy,
    ):
        with pytest.raises(ApiTypeError) as refused:
            set_it(**{name: "hush"})
        assert str(refused.value).startswith(f"there is no setting {name!r}{hint}")
    with pytest.raises(AttributeError) as unknown:
        setattr(Configuration(), name, "hush")
    assert str(unknown.value).startswith(f"Configuration has no setting {name!r}{hint}")


@pytest.mark.parametrize("connect", [hydra_client.connect, aio.connect])
def test_connect_lists_its_own_arguments(connect: Any) -> None:
    message = "connect() has no argument 'zzz'; choose from host, client_id, client_secret, scopes,"
    with pytest.raises(ApiTypeError, match=re.escape(message)):
        connect("http://127.0.0.1:1", zzz="x")


@pytest.mark.parametrize("connect", [hydra_client.connect, aio.connect])
@pytest.mark.parametrize("api", ["PolicyApi", ""])
def test_connect_takes_the_class_of_an_api(connect: Any, api: str) -> None:
    assert type(connect("http://127.0.0.1:1", api=None)).__name__ == "OAuth2Api"
    with pytest.raises(
        ApiTypeError, match=r"^api must be the class of an API, such as PolicyApi, got str$"
    ):
        connect("http://127.0.0.1:1", api=api)


@pytest.mark.parametrize("connect", [hydra_client.connect, aio.connect])
@pytest.mark.parametrize(
    ("name", "meant"),
    [("username", "client_id"), ("password", "client_secret"), ("clientid", "client_id")],
)
def test_connect_names_a_client_as_oauth_does(connect: Any, name: str, meant: str) -> None:
    message = f"connect() has no argument {name!r}; did you mean {meant!r}?"
    with pytest.raises(ApiTypeError, match=re.escape(message)):
        connect("http://127.0.0.1:1", **{name: "x"})


def test_repr_shows_settings_and_no_secret() -> None:
    configuration = Configuration(
        "https://hydra.example.com",
        "admin",
        "hush",
        "hush",
        ["a"],
        proxy="http://user:hush@proxy.example.com:3128",
    )
    shown = repr(configuration)
    assert "hush" not in shown
    assert "host='https://hydra.example.com', username='admin', password='***'" in shown
    assert "proxy='http://***@proxy.example.com:3128'" in shown
    assert "scopes=('a',)" in shown
    assert "password=None" in repr(Configuration())


def test_a_configuration_can_be_copied_and_pickled() -> None:
    configuration = Configuration("http://localhost/x", "admin", "secret", scopes="a", timeout=5)
    for twin in (
        copy.copy(configuration),
        copy.deepcopy(configuration),
        pickle.loads(pickle.dumps(configuration)),
    ):
        assert vars(twin) == vars(configuration)
        twin.host = "http://localhost/y"
        assert configuration.origin.prefix == "/x"


def test_a_configuration_that_is_half_made_can_be_shown() -> None:
    """A traceback with local variables shows it during its constructor."""
    half = Configuration.__new__(Configuration)
    assert repr(half) == "Configuration()"
    half.host = "http://localhost"
    assert repr(half) == "Configuration(host='http://localhost')"
