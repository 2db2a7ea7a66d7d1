"""The pytest fixtures."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = "pytester"


PLUGIN = "hydra_client.emulator.testing.pytest_plugin"


# If the package is installed, pytest loads the plugin by itself.
INSTALLED = any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    plugin = [] if INSTALLED else ["-p", PLUGIN]
    return pytester.runpytest_inprocess("-q", "-W", "error", *plugin)


def test_one_server_is_reset_for_each_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import requests

        urls = set()

        def test_first(hydra):
            urls.add(hydra.url)
            hydra.add_client(id="x")
            hydra.clock.advance(60)
            hydra.consent_url = "http://elsewhere/"
            hydra.fail(status=500, times=None)
            assert requests.get(hydra.url, timeout=30).status_code == 500

        def test_second(hydra):
            urls.add(hydra.url)
            assert hydra.requests == []
            assert hydra.consent_url == "http://localhost:3000/consent"
            assert requests.get(f"{hydra.url}/clients/x", timeout=30).status_code == 404
            assert len(urls) == 1
        """,
    )
    result.assert_outcomes(passed=2)


def test_a_stopped_server_listens_again(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest
        import hydra_client

        @pytest.fixture(scope="session")
        def urls():
            return []

        def test_down(hydra, hydra_api, urls):
            urls.append(hydra.url)
            # As the server closes a connection first, the system keeps its port for a minute.
            assert len(hydra_api.list_oauth2_clients()) == 1
            hydra.stop()
            with pytest.raises(hydra_client.ApiConnectionError):
                hydra_api.list_oauth2_clients()

        def test_a_context(hydra, urls):
            with hydra:
                assert hydra.url == urls[0]

        def test_up(hydra_api, hydra, urls):
            assert hydra.url == urls[0]
            assert len(hydra_api.list_oauth2_clients()) == 1
        """,
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("settings", [None, "0.9"])
def test_settings_that_are_not_arguments(pytester: pytest.Pytester, settings: object) -> None:
    result = run(
        pytester,
        f"""
        import pytest

        @pytest.fixture
        def hydra_settings():
            return {settings!r}

        def test_it(hydra):
            pass
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*TypeError: the fixture hydra_settings must return a dict*"])


def test_settings_may_have_any_scope_and_parameters(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.fixture(params=["0.9", "0.10"])
        def hydra_settings(request):
            return {"version": request.param, "store": "sql"}

        def test_variant(hydra, hydra_settings):
            assert (hydra.variant.version, hydra.variant.store) == (
                hydra_settings["version"], "sql"
            )
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_sdk_and_the_browser(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        def test_api(hydra_api, hydra):
            assert hydra_api.get_well_known().issuer == hydra.url
            assert hydra_api.introspect_oauth2_token("junk").active is False
            assert [str(request) for request in hydra.requests] == [
                "GET /.well-known/openid-configuration", "POST /oauth2/introspect"
            ]

        def test_flow(consent_flow):
            assert consent_flow().exchange()["scope"] == "openid offline"
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_plugin_imports_nothing_heavy() -> None:
    """Pytest imports it in every run where the package is installed."""
    code = f"""
import sys
import pytest
before = set(sys.modules)
import {PLUGIN}
heavy = {{"werkzeug", "jwt", "cryptography", "bcrypt", "requests", "urllib3", "hydra_client.api"}}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_code_that_connects_by_itself_finds_the_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_ACCESS_TOKEN", "stale")
    monkeypatch.setenv("HYDRA_URL", "http://127.0.0.1:9")
    result = run(
        pytester,
        """
        import os

        from hydra_client import connect

        def test_connect(hydra_environment):
            with connect() as api:
                assert [client.id for client in api.list_oauth2_clients()] == ["admin"]
            assert "HYDRA_ACCESS_TOKEN" not in os.environ
            assert os.environ["HYDRA_URL"] == hydra_environment.url
        """,
    )
    result.assert_outcomes(passed=1)
