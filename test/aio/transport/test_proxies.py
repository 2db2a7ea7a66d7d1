"""Which proxy the environment names: the same one that requests uses."""

from __future__ import annotations

import pytest
from requests.utils import get_environ_proxies, select_proxy

from hydra_client import Configuration
from hydra_client.aio.transport.proxies import environment_proxy

HOSTS = [
    "http://127.0.0.1:8080",
    "http://10.1.2.3",
    "https://hydra.example.com",
    "https://hydra.example.com:8443",
    "http://localhost",
    "http://[::1]:80",
]
EXEMPT = [
    "",
    "127.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/nonsense, 127.0.0.0/8",
    "example.com",
    ".example.com, localhost",
    "hydra.example.com:8443",
    "*",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("exempt", EXEMPT)
@pytest.mark.parametrize("names", [["http_proxy"], ["https_proxy"], ["all_proxy"], []])
def test_it_is_the_one_that_requests_takes(
    monkeypatch: pytest.MonkeyPatch, host: str, exempt: str, names: list[str]
) -> None:
    for name in names:
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    monkeypatch.setenv("no_proxy", exempt)
    origin = Configuration(host).origin
    assert environment_proxy(origin) == select_proxy(host, get_environ_proxies(host))
