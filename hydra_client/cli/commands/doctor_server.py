"""The checks of `hydra-client doctor` that are about the server and the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import hydra_client
from hydra_client.cli.findings import BAD, OK, WARN, Finding, problem
from hydra_client.protocol.error_mapping import is_insecure_http

# Members of the discovery document that Hydra 2.x has and 1.x has not.
_ONLY_IN_2 = frozenset({"id_token_signed_response_alg", "credentials_endpoint_draft_00"})
# Seconds between the clocks from which on there is a warning, or a failure.
_CLOCK_WARN, _CLOCK_BAD = 5, 60


def unreached(api: hydra_client.OAuth2Api, error: hydra_client.HydraException) -> Finding:
    """Say why the discovery document could not be fetched."""
    configuration = api.api_client.configuration
    if isinstance(error, hydra_client.ApiTlsError):
        name = "plain-port" if "does not speak TLS" in str(error) else "certificate"
        return problem(name, "TLS", str(error))
    if "speaks TLS on this port" in str(error):
        return problem("tls-port", "TLS", str(error))
    if isinstance(error, hydra_client.ApiTimeoutError):
        result = f"no response from {configuration.host} within {configuration.timeout:g} seconds"
        return problem("timeout", "server", result)
    if isinstance(error, hydra_client.ApiConnectionError):
        return problem("unreachable", "server", str(error))
    if isinstance(error, hydra_client.ServiceException) and is_insecure_http(
        error.status or 0, error.body or ""
    ):
        result = "the server rejects plain http: it expects a proxy in front of it to terminate TLS"
        return problem("termination", "termination", result)
    result = f"{configuration.host} responds, but not like Hydra: {error}"
    return problem("not-hydra", "server", result)


def later(api: hydra_client.OAuth2Api, server: hydra_client.WellKnown) -> Finding | None:
    """Recognize later versions and other products by their discovery document."""
    members = server.to_dict()
    unknown = [name for name in members if name not in server._by_wire]
    if not unknown:
        return None
    generation = "2.x" if _ONLY_IN_2.intersection(unknown) else "1.x or 2.x"
    names = f"{', '.join(unknown[:3])}{' and more' if len(unknown) > 3 else ''}"
    return problem(
        "later-version",
        "server",
        f"{api.api_client.configuration.host} is not Hydra 0.9 or 0.10, but a later version "
        f"({generation}) or another product: its OpenID Connect configuration has {names}",
    )


def reached(api: hydra_client.OAuth2Api, server: hydra_client.WellKnown, seconds: float) -> Finding:
    """Compare the address with the issuer."""
    host = api.api_client.configuration.host.rstrip("/")
    result = f"{host} responds in {seconds * 1000:.0f} ms"
    if server.issuer.rstrip("/") == host:
        return Finding(OK, "server", result)
    return problem("issuer", "server", f"{result}, but its issuer is {server.issuer}", state=WARN)


def transport(api: hydra_client.OAuth2Api) -> Iterator[Finding]:
    """Say how the connection is protected."""
    configuration = api.api_client.configuration
    headers = {name.lower(): value for name, value in api.api_client.default_headers.items()}
    protocol = headers.get("x-forwarded-proto")
    if configuration.origin.scheme == "https":
        yield Finding(OK, "TLS", "the certificate is trusted")
    elif not configuration.origin.insecure:
        yield Finding(OK, "TLS", "plain http, but only on this machine")
    else:
        yield problem("plain-http", "TLS", "plain http to another machine", state=WARN)
    result = "requests need no X-Forwarded-Proto header"
    if protocol is not None:
        result = f"requests have the header X-Forwarded-Proto: {protocol}"
    yield Finding(OK, "termination", result)


def clock(date: str | None, started: float, arrived: float) -> Finding:
    """Compare the clocks of the server and of this machine."""
    try:
        server_time = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        result = "the response has no valid Date header"
        return problem("clock", "clock", result, "Compare the clocks yourself.", state=WARN)
    # A Date is rounded down to whole seconds.
    off = max(started - (server_time + 1), server_time - arrived, 0)
    if off <= _CLOCK_WARN:
        return Finding(OK, "clock", "the server's clock agrees with this one")
    which = "ahead of" if server_time > arrived else "behind"
    result = f"the server's clock is {off:.0f} seconds {which} this one"
    return problem("clock", "clock", result, state=BAD if off > _CLOCK_BAD else WARN)
