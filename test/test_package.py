"""The names of the package, which load on first use, and `connect`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from support.loopback import ONE, Server

import hydra_client
from hydra_client import ApiTypeError, ApiValueError, OAuth2Api, PolicyApi, connect

ROOT = Path(hydra_client.__file__).parents[1]


def fresh(code: str) -> str:
    """Run a program in an interpreter that has seen nothing yet."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", hydra_client.__all__)
def test_a_name_is_what_its_module_has(name: str) -> None:
    value = getattr(hydra_client, name)
    assert getattr(hydra_client, name) is value
    module = hydra_client._MODULE_OF.get(name)
    if module is not None:
        assert getattr(importlib.import_module(f"hydra_client.{module}"), name) is value


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'hydra_client' has no attribute 'Client'"):
        hydra_client.Client  # noqa: B018
    with pytest.raises(ImportError, match="Client"):
        from hydra_client import Client  # noqa: F401


def test_names_can_be_listed_before_they_are_loaded() -> None:
    assert {*hydra_client.__all__} <= {*dir(hydra_client)}
    assert (
        fresh(
            "import sys, hydra_client\n"
            "assert set(hydra_client.__all__) <= set(dir(hydra_client))\n"
            "print(*sorted(name for name in sys.modules if name.startswith('hydra_client')))"
        )
        == "hydra_client hydra_client.version"
    )


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "from hydra_client import OAuth2Client",
            ("requests", "dateutil", "hydra_client.transport.session"),
        ),
        ("from hydra_client import ApiException", ("requests", "hydra_client.protocol.model")),
        ("from hydra_client import Configuration", ("requests", "hydra_client.protocol.model")),
        (
            "import hydra_client; hydra_client.connect('http://localhost:4444')",
            ("dateutil", "hydra_client.emulator", "hydra_client.consent", "jwt"),
        ),
    ],
)
def test_a_name_loads_no_more_than_it_needs(statement: str, absent: tuple[str, ...]) -> None:
    loaded = fresh(f"import sys\n{statement}\nprint(*sys.modules)").split()
    assert not {*absent} & {*loaded}


def test_connect_takes_arguments() -> None:
    api = connect("http://localhost:4444/x", "admin", "demo-password", ["a", "b"], timeout=5)
    configuration = api.api_client.configuration
    assert type(api) is OAuth2Api
    assert configuration.host == "http://localhost:4444/x"
    assert (configuration.username, configuration.password) == ("admin", "demo-password")
    assert configuration.scopes == ("a", "b")
    assert configuration.timeout == 5


def test_connect_makes_any_api() -> None:
    api = connect("http://localhost:4444", api=PolicyApi)
    assert type(api) is PolicyApi
    assert api.api_client.configuration.host == "http://localhost:4444"


def test_connect_takes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_URL", "http://localhost:4444")
    monkeypatch.setenv("HYDRA_CLIENT_ID", "admin")
    monkeypatch.setenv("HYDRA_CLIENT_SECRET", "demo-password")
    monkeypatch.setenv("HYDRA_SCOPES", "a b")
    configuration = connect(client_id="other").api_client.configuration
    assert configuration.host == "http://localhost:4444"
    assert (configuration.username, configuration.password) == ("other", "demo-password")
    assert configuration.scopes == ("a", "b")


def test_connect_says_what_is_wrong() -> None:
    with pytest.raises(ApiValueError, match="pass a host, or set HYDRA_URL"):
        connect()
    with pytest.raises(ApiTypeError, match="timeout must be a number"):
        connect("http://localhost:4444", timeout="5")
    with pytest.raises(ApiValueError, match=r"ssl_ca_cert: 'missing\.pem' does not exist"):
        connect("http://localhost:4444", ssl_ca_cert="missing.pem")
    with pytest.raises(TypeError, match="verify"):
        connect("http://localhost:4444", verify=False)


def test_connect_connects() -> None:
    with Server(ONE) as server:
        api = connect(server.url, access_token="token-0001")
        with api.api_client:
            assert api.get_oauth2_client("photos").client_name == "Photos"
    assert server.requests[0].headers["authorization"] == "Bearer token-0001"
