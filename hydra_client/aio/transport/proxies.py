"""Finds the proxy that the environment names, as requests does but without importing it."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from hydra_client.aio.transport.opening import place_of
from hydra_client.protocol import checks

if TYPE_CHECKING:
    from hydra_client.aio.transport.opening import Place
    from hydra_client.configuration import Origin


def environment_proxy(origin: Origin) -> str | None:
    """Return the proxy for a server by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    Raises:
        ApiValueError: The proxy's URL is not valid.
    """
    proxies = getproxies()
    proxy = proxies.get(origin.scheme) or proxies.get("all")
    if not proxy or _is_exempt(place_of(origin.base_url)):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return checks.proxy_url("HTTP_PROXY or HTTPS_PROXY", proxy)


def _is_exempt(server: Place) -> bool:
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = tuple(name for name in listed.replace(" ", "").split(",") if name)
    try:
        address = ipaddress.IPv4Address(server.host)
    except ValueError:
        exempt = server.host.endswith(names) or f"{server.host}:{server.port}".endswith(names)
    else:
        exempt = any(_covers(name, address) for name in names)
    return exempt or bool(proxy_bypass(server.host))


def _covers(name: str, address: ipaddress.IPv4Address) -> bool:
    try:
        return address in ipaddress.IPv4Network(name, strict=False)
    except ValueError:
        return False
