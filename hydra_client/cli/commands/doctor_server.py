"""The checks of `hydra-client doctor` that are about the server and the way to it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from hydra_client.cli.errors import UNTRUSTED
from hydra_client.cli.findings import BAD, OK, WARN, Finding
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTlsError,
    HydraException,
    ServiceException,
)
from hydra_client.protocol.error_mapping import is_insecure_http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra_client import OAuth2Api, WellKnown

# Members of the discovery document that Hydra 2.x has and 1.x has not.
_ONLY_IN_2 = frozenset({"id_token_signed_response_alg", "credentials_endpoint_draft_00"})
# Seconds between the clocks from which on there is a warning, or a failure.
_CLOCK_WARN, _CLOCK_BAD = 5, 60


def unreached(api: OAuth2Api, error: HydraException) -> Finding:
    """Say why the discovery document could not be fetched."""
    host = api.api_client.configuration.host
    if isinstance(error, ApiTlsError):
        do = UNTRUSTED
        if "does not speak TLS" in str(error):
            do = "Check the port, or use --url http://... instead."
            return Finding(BAD, "TLS", str(error), do, "plain-port")
        return Finding(BAD, "TLS", str(error), do, "certificate")
    if "speaks TLS on this port" in str(error):
        do = "Use --url https://..., and --ca-cert if the certificate is self-signed."
        return Finding(BAD, "TLS", str(error), do, "tls-port")
    if isinstance(error, ApiTimeoutError):
        return Finding(
            BAD,
            "server",
            f"no response from {host} within {api.api_client.configuration.timeout:g} seconds",
            "Check the address, and firewalls and proxies on the way, or use a longer --timeout.",
            name="timeout",
        )
    if isinstance(error, ApiConnectionError):
        do = "Check the address and the port, and that the server is running."
        return Finding(BAD, "server", str(error), do, "unreachable")
    if isinstance(error, ServiceException) and is_insecure_http(
        error.status or 0, error.body or ""
    ):
        return Finding(
            BAD,
            "termination",
            "the server rejects plain http: it expects a proxy in front of it to terminate TLS",
            "Use the https URL of the proxy. On a trusted network, you can use "
            "--header 'X-Forwarded-Proto: https' instead.",
            name="termination",
        )
    return Finding(
        BAD,
        "server",
        f"{host} responds, but not like Hydra: {error}",
        "Check the port and the path: the URL must be that of Hydra, not of the consent app or of "
        "the admin API of Hydra 1.x or 2.x.",
        name="not-hydra",
    )


def later(api: OAuth2Api, server: WellKnown) -> Finding | None:
    """Recognize later versions and other products by their discovery document."""
    members = server.to_dict()
    unknown = [name for name in members if name not in server._by_wire]
    if not unknown:
        return None
    generation = "2.x" if _ONLY_IN_2.intersection(unknown) else "1.x or 2.x"
    names = f"{', '.join(unknown[:3])}{' and more' if len(unknown) > 3 else ''}"
    return Finding(
        BAD,
        "server",
        f"{api.api_client.configuration.host} is not Hydra 0.9 or 0.10, but a later version "
        f"({generation}) or another product: its OpenID Connect configuration has {names}",
        "This client supports 0.9 and 0.10. Check the address, or use Ory's own client for later "
        "versions (ory-hydra-client).",
        name="later-version",
    )


def reached(api: OAuth2Api, server: WellKnown, seconds: float) -> Finding:
    """Compare the address with the issuer."""
    host = api.api_client.configuration.host.rstrip("/")
    came = f"{host} responds in {seconds * 1000:.0f} ms"
    if server.issuer.rstrip("/") == host:
        return Finding(OK, "server", came)
    return Finding(
        WARN,
        "server",
        f"{came}, but its issuer is {server.issuer}",
        "Browsers and ID tokens use that URL, so it must lead to the same server.",
        name="issuer",
    )


def transport(api: OAuth2Api) -> Iterator[Finding]:
    """Say how the connection is protected."""
    configuration = api.api_client.configuration
    headers = {name.lower(): value for name, value in api.api_client.default_headers.items()}
    protocol = headers.get("x-forwarded-proto")
    if configuration.origin.scheme == "https":
        yield Finding(OK, "TLS", "the certificate is trusted")
    elif not configuration.origin.insecure:
        yield Finding(OK, "TLS", "plain http, but only on this machine")
    else:
        yield Finding(
            WARN,
            "TLS",
            "plain http to another machine",
            "Use https, because secrets and tokens can be intercepted.",
            name="plain-http",
        )
    came = "the server accepts requests as they are"
    if protocol is not None:
        came = f"requests have the header X-Forwarded-Proto: {protocol}"
    yield Finding(OK, "termination", came)


def clock(date: str | None, started: float, arrived: float) -> Finding:
    """Compare the clocks of the server and of this machine."""
    try:
        server_time = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return Finding(
            WARN,
            "clock",
            "the response has no valid Date header",
            "Compare the clocks yourself.",
            name="clock",
        )
    # A Date is rounded down to whole seconds.
    off = max(started - (server_time + 1), server_time - arrived, 0)
    if off <= _CLOCK_WARN:
        return Finding(OK, "clock", "the server's clock agrees with this one")
    which = "ahead of" if server_time > arrived else "behind"
    return Finding(
        BAD if off > _CLOCK_BAD else WARN,
        "clock",
        f"the server's clock is {off:.0f} seconds {which} this one",
        "Synchronize both with NTP. Otherwise tokens seem to expire too early or too late, and ID "
        "tokens are rejected.",
        name="clock",
    )
