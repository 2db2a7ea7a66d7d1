"""`make example`, without a browser; test/browser clicks through it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import run

import hydra_client
from hydra_client import OAuth2Api, PolicyApi
from hydra_client.emulator import HydraEmulator

PROGRAM = Path(run.__file__)


@pytest.fixture(params=[("0.9", "memory"), ("0.10", "sql")], ids="-".join)
def example(request: pytest.FixtureRequest) -> Iterator[run.Example]:
    with run.running(run.Ports(0, 0, 0, 0), *request.param) as example:
        yield example


class Browser:
    """A browser without a window."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def go(self, url: str) -> None:
        self.page = self.session.get(url, timeout=20)

    def submit(self, action: str, **fields: str | list[str]) -> None:
        """Submit the form with this action, or with a button that has it."""
        forms = re.findall(r"<form.*?</form>", self.page.text, re.DOTALL)
        (form,) = [one for one in forms if f'action="{action}' in one]
        found = re.search(rf'action="({action}[^"]*)"', form)
        assert found
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
        origin = "/".join(self.page.url.split("/")[:3])
        data = {**dict(hidden), **fields}
        self.page = self.session.post(f"{origin}{found[1]}", data=data, timeout=20)

    @property
    def title(self) -> str:
        return re.findall("<title>(.*)</title>", self.page.text)[0]

    def api(self, what: str) -> int:
        self.submit("/photos", what=what)
        return int(re.findall(r"<strong>(\d+)</strong>", self.page.text)[0])


def test_the_whole_circle(example: run.Example) -> None:
    assert example.hydra
    browser = Browser()
    browser.go(example.client_url)
    assert browser.title == "Logged out – Photo app"
    assert browser.api("anonymous") == 401
    browser.go(f"{example.client_url}/login")
    browser.submit("/login", user=run.USER, password=run.PASSWORD)
    browser.submit("/decide", decision="allow", scope=["openid", "offline", "photos.read"])
    assert browser.title == "Logged in as alice – Photo app"
    assert browser.api("see") == 200
    assert browser.api("add") == 403
    example.hydra.fail("/oauth2/introspect", status=500, times=1)
    assert browser.api("see") == 503
    example.hydra.clock.advance(3601)
    assert browser.api("see") == 401
    browser.submit("/refresh")
    assert "There are new tokens." in browser.page.text
    assert browser.api("see") == 200
    browser.submit("/logout")
    assert browser.title == "Logged out – Photo app"
    assert "the tokens are revoked" in browser.page.text


def test_the_application_says_what_goes_wrong(example: run.Example) -> None:
    assert example.hydra
    browser = Browser()
    for query in ("", "?state=unknown-state&code=x", "?error=access_denied"):
        browser.go(f"{example.client_url}/callback{query}")
        assert (browser.page.status_code, browser.title.startswith("This login is")) == (400, True)
    assert requests.post(f"{example.client_url}/logout", timeout=20).status_code == 403
    browser.go(f"{example.client_url}/login")
    browser.submit("/login", user=run.USER, password=run.PASSWORD)
    browser.submit("/decide", decision="allow", scope=["openid"])
    browser.submit("/refresh")
    assert "There is no refresh token" in browser.page.text
    example.hydra.fail("/oauth2/revoke", status=500, times=None)
    browser.submit("/logout")
    assert "the tokens could not be revoked" in browser.page.text
    for path in ("privacy", "terms", "elsewhere"):
        browser.go(f"{example.client_url}/{path}")
        assert browser.title.endswith(" – Photo app")


def test_a_running_hydra_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with HydraEmulator() as hydra:
        monkeypatch.setenv("HYDRA_URL", hydra.url)
        monkeypatch.setenv("HYDRA_CLIENT_ID", hydra.root[0])
        monkeypatch.setenv("HYDRA_CLIENT_SECRET", hydra.root[1])
        api = hydra.api()
        with run.running(run.Ports(0, 0, 0, 0)) as example:
            assert (example.hydra, example.hydra_url) == (None, hydra.url)
            assert names(api) == {
                "admin",
                "example-api",
                "example-client-app",
                "example-consent-app",
            }
            hydra.consent_url = f"{example.consent_url}/consent"
            browser = Browser()
            browser.go(f"{example.client_url}/login")
            browser.submit("/login", user=run.USER, password=run.PASSWORD)
            browser.submit("/decide", decision="deny")
            assert browser.title == "You are not logged in – Photo app"
        assert names(api) == {"admin"}
        assert [one.id for one in PolicyApi(api.api_client).list_policies()] == [
            "default-admin-policy"
        ]


def names(api: OAuth2Api) -> set[str | None]:
    return {client.id for client in api.list_oauth2_clients()}


def start(*arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments],
        env={"PYTHONPATH": f"{hydra_client.__path__[0]}/.."},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(process: subprocess.Popen[str], begins: str) -> str:
    """Read up to the line that begins so."""
    assert process.stdout
    read = ""
    for line in process.stdout:
        read += line
        if line.startswith(begins):
            break
    return read


def test_the_clock_is_moved_from_the_terminal() -> None:
    here, terminal = os.openpty()
    process = start("--free-ports", stdin=terminal)
    try:
        (url,) = re.findall(r"Open (\S+) and log in", until(process, "To move the clock forward"))
        browser = Browser()
        browser.go(f"{url}/login")
        os.write(here, b"700\nsoon\n")
        assert until(process, "That is not a number of seconds.")
        browser.submit("/login", user=run.USER, password=run.PASSWORD)
        assert browser.title == "This login has expired – Example accounts"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "Stopped.\n"
    finally:
        process.kill()
        process.communicate()
        os.close(here)
        os.close(terminal)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_ends_all(number: signal.Signals) -> None:
    process = start("--free-ports")
    try:
        printed = until(process, "Press Ctrl-C")
        (url,) = re.findall(r"Open (\S+) and log in as alice, password wonderland", printed)
        assert requests.get(url, timeout=20).status_code == 200
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (rest, process.returncode) == ("Stopped.\n", 0)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=20)


def test_a_port_that_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = run.Ports(0, 0, taken.getsockname()[1], 0)
        with pytest.raises((OSError, SystemExit)), run.running(ports):
            pass
