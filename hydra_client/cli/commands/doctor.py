"""`hydra-client doctor`: diagnoses problems, and says what to do about them."""

from __future__ import annotations

import json
import os
import secrets
import time
import warnings
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote_plus

import click

from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.errors import FAILED
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_many
from hydra_client.cli.roles import ROLES
from hydra_client.cli.text import plain
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTlsError,
    BadRequestException,
    ForbiddenException,
    HydraException,
    InsecureTransportWarning,
    NotFoundException,
    ServiceException,
    UnauthorizedException,
)
from hydra_client.protocol.error_mapping import is_insecure_http
from hydra_client.protocol.extras import other_project

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from hydra_client import OAuth2Api, WellKnown

OK, WARN, BAD = "ok", "warn", "FAILED"
NEEDS = ("clients", "consent", "introspect", "keys")
_COLORS = {OK: "green", WARN: "yellow", BAD: "red"}
# Members of the discovery document that Hydra 2.x has and 1.x has not.
_ONLY_IN_2 = frozenset({"id_token_signed_response_alg", "credentials_endpoint_draft_00"})
# Seconds between the clocks from which on there is a warning, or a failure.
_CLOCK_WARN, _CLOCK_BAD = 5, 60
_NO_ONE = "hydra-client-doctor"
_CHECK_LOGIN = "Check the id and the secret, and that the client exists."


class Finding(NamedTuple):
    """A finding: its state, what was tried, the result, and what to do about it."""

    state: str
    tried: str
    came: str
    do: str = ""


@click.command("doctor", cls=Command)
@click.option(
    "--need",
    "needs",
    multiple=True,
    type=click.Choice(NEEDS),
    help="A permission that the calling client needs. Repeatable. [all, unless --role is given]",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(list(ROLES)),
    help="A role whose policies to look for. Repeatable.",
)
@click.option(
    "--for", "subject", metavar="CLIENT", help="Client with the role. [the calling client]"
)
@pass_invocation
def command(
    invocation: Invocation, needs: tuple[str, ...], roles: tuple[str, ...], subject: str | None
) -> None:
    """Diagnose problems. Each line says what was tried, what the result was and what to do.

    Checks the connection to the server, TLS and its termination at a proxy, the clocks, the id and
    secret of the calling client and their encoding, and missing scopes and policies. It changes
    nothing: the permission to accept and reject consent requests is checked with a request that
    does not exist, and the permission to write clients is not checked.

    With --role, it asks the warden which permissions of the role the client lacks, and prints the
    command that creates the policy. This needs the scope hydra.warden and a policy for "decide" on
    rn:hydra:warden:allowed. A policy with conditions counts as missing.

    Exits with status 1 if a check FAILED.

    \b
    Examples:
      hydra-client doctor --url https://hydra.example.com
      hydra-client doctor --need introspect
      hydra-client doctor --role consent-app --for my-consent-app
      hydra-client doctor --profile production --output json
    """  # noqa: D301 - click's mark for lines to keep
    subject = subject or invocation.settings.client_id
    if roles and subject is None:
        raise click.UsageError("--role needs a client: add --for CLIENT or --client-id ID")
    asked = dict.fromkeys(roles, subject or "")
    findings = []
    with warnings.catch_warnings(), _api(invocation) as api:
        for finding in _examine(invocation, api, needs or (() if roles else NEEDS), asked):
            findings.append(finding)
            if invocation.output == "table" and not (invocation.quiet and finding.state == OK):
                _show(finding)
    if invocation.output != "table":
        print_many([finding._asdict() for finding in findings], invocation.output, ())
    bad, warned = (sum(finding.state == state for finding in findings) for state in (BAD, WARN))
    if invocation.output == "table" and not invocation.quiet:
        parts = [f"{bad} to fix"] * bool(bad) + [f"{warned} to look at"] * bool(warned)
        click.echo(f"{', '.join(parts) or 'All is well'}.")
    if bad:
        click.get_current_context().exit(FAILED)


@contextmanager
def _api(invocation: Invocation, **changed: Any) -> Iterator[OAuth2Api]:
    with invocation.api(**changed) as api:
        warnings.simplefilter("ignore", InsecureTransportWarning)  # a finding says so instead
        yield api


def _show(finding: Finding) -> None:
    mark = f"{finding.state:6}"
    if not os.environ.get("NO_COLOR"):
        mark = click.style(mark, fg=_COLORS[finding.state])
    click.echo(f"{mark}  {finding.tried:11}  {plain(finding.came)}")
    if finding.do:
        click.echo(f"{'':21}→ {plain(finding.do)}")


def _examine(
    invocation: Invocation, api: OAuth2Api, needs: tuple[str, ...], roles: Mapping[str, str]
) -> Iterator[Finding]:
    """Run the checks one by one; stop where the others cannot work.

    Args:
        invocation: The run.
        api: The API of the server.
        needs: Permissions of the calling client to check.
        roles: Names of roles to check, each with the client that has it.
    """
    if (other := other_project()) is not None:
        yield Finding(WARN, "package", other)
    started = time.time()
    try:
        response = api.with_http_info.get_well_known()
    except HydraException as error:
        yield _unreached(api, error)
        return
    arrived = time.time()
    if (later := _later(api, response.data)) is not None:
        yield later
        return
    yield _reached(api, response.data, arrived - started)
    yield from _transport(api)
    yield _clock(response.headers.get("Date"), started, arrived)
    known = yield from _credentials(invocation, api)
    open_keys = _public_keys(invocation) if "keys" in needs else None
    for need in NEEDS:
        if need in needs and known and not (need == "keys" and open_keys):
            yield _permission(invocation, need, _PROBES[need], api)
    if open_keys:
        yield open_keys
    if known:
        for role, subject in roles.items():
            yield _role(api, response.data, role, subject)


def _unreached(api: OAuth2Api, error: HydraException) -> Finding:
    host = api.api_client.configuration.host
    if isinstance(error, ApiTlsError):
        do = "Use --ca-cert with the CA that signed the certificate, or fix the certificate."
        if "does not speak TLS" in str(error):
            do = "Check the port, or use --url http://... instead."
        return Finding(BAD, "TLS", str(error), do)
    if isinstance(error, ApiTimeoutError):
        return Finding(
            BAD,
            "server",
            f"no response from {host} within {api.api_client.configuration.timeout:g} seconds",
            "Check the address, and firewalls and proxies on the way, or use a longer --timeout.",
        )
    if isinstance(error, ApiConnectionError):
        do = "Check the address and the port, and that the server is running."
        return Finding(BAD, "server", str(error), do)
    if isinstance(error, ServiceException) and is_insecure_http(
        error.status or 0, error.body or ""
    ):
        return Finding(
            BAD,
            "termination",
            "the server rejects plain http: it expects a proxy in front of it to terminate TLS",
            "Use the https URL of the proxy. On a trusted network, you can use "
            "--header 'X-Forwarded-Proto: https' instead.",
        )
    return Finding(
        BAD,
        "server",
        f"{host} responds, but not like Hydra: {error}",
        "Check the port and the path: the URL must be that of Hydra, not of the consent app or of "
        "the admin API of Hydra 1.x or 2.x.",
    )


def _later(api: OAuth2Api, server: WellKnown) -> Finding | None:
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
    )


def _reached(api: OAuth2Api, server: WellKnown, seconds: float) -> Finding:
    host = api.api_client.configuration.host.rstrip("/")
    came = f"{host} responds in {seconds * 1000:.0f} ms"
    if server.issuer.rstrip("/") == host:
        return Finding(OK, "server", came)
    return Finding(
        WARN,
        "server",
        f"{came}, but its issuer is {server.issuer}",
        "Browsers and ID tokens use that URL, so it must lead to the same server.",
    )


def _transport(api: OAuth2Api) -> Iterator[Finding]:
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
        )
    came = "the server accepts requests as they are"
    if protocol is not None:
        came = f"requests have the header X-Forwarded-Proto: {protocol}"
    yield Finding(OK, "termination", came)


def _clock(date: str | None, started: float, arrived: float) -> Finding:
    try:
        server_time = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return Finding(
            WARN, "clock", "the response has no valid Date header", "Compare the clocks yourself."
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
    )


# --- the calling client


def _credentials(invocation: Invocation, api: OAuth2Api) -> Generator[Finding, None, bool]:
    """Check the id and secret of the caller. Return whether it can get tokens."""
    settings = invocation.settings
    client_id, secret = settings.client_id, settings.client_secret
    if settings.access_token is not None:
        yield Finding(OK, "credentials", "a bearer token is configured")
        return True
    if client_id is None or secret is None:
        missing = "id" if client_id is None else "secret"
        yield Finding(
            BAD,
            "credentials",
            f"the {missing} of the calling client is missing",
            "Use --client-id and --client-secret-file, HYDRA_CLIENT_ID and HYDRA_CLIENT_SECRET, or "
            "a profile.",
        )
        return False
    login, known = _login(api, client_id)
    yield login
    if ":" in client_id:
        yield Finding(
            WARN,
            "credentials",
            f"the id {client_id} has a ':', which HTTP Basic does not allow (RFC 7617)",
            "It can get tokens, but it can neither revoke nor introspect them with HTTP Basic.",
        )
    else:
        basic, known_here = _basic(api, client_id)
        known = known or known_here
        yield basic
    if not known:
        yield from _misread(invocation, client_id, secret)
    elif quote(secret, safe="") != secret or quote(client_id, safe="") != client_id:
        yield Finding(
            WARN,
            "encoding",
            "the id or the secret has characters that must be encoded for the token endpoint, but "
            "not for others",
            "This client does so, but others may not. `clients patch --generate-secret` generates "
            "a secret without such characters.",
        )
    return login.state == OK


def _login(api: OAuth2Api, client_id: str) -> tuple[Finding, bool]:
    """Log in at the token endpoint. Return the finding, and whether the secret is right."""
    try:
        api.oauth_token(grant_type="client_credentials")
    except UnauthorizedException as error:
        came = f"the token endpoint rejects {client_id} with this secret: {error.error}"
        return Finding(BAD, "log in", came, _CHECK_LOGIN), False
    except BadRequestException as error:
        return Finding(
            BAD,
            "log in",
            f"the token endpoint accepts {client_id}, but issues no token: {error.error}",
            f"Allow client credentials: hydra-client clients patch {client_id} --grant-type "
            "client_credentials, together with its current grant types.",
        ), True
    except HydraException as error:
        return _failed("log in", error), False
    came = f"the token endpoint accepts {client_id} (id and secret form-encoded)"
    return Finding(OK, "log in", came), True


def _basic(api: OAuth2Api, client_id: str) -> tuple[Finding, bool]:
    """Log in at the revoke endpoint, which decodes nothing, by revoking a random token."""
    try:
        api.revoke_oauth2_token(secrets.token_urlsafe())
    except UnauthorizedException as error:
        came = f"the revoke endpoint rejects {client_id} with this secret: {error.error}"
        return Finding(BAD, "credentials", came, _CHECK_LOGIN), False
    except HydraException as error:
        return _failed("credentials", error), False
    came = f"the revoke endpoint accepts {client_id} (id and secret not encoded)"
    return Finding(OK, "credentials", came), True


def _failed(tried: str, error: HydraException) -> Finding:
    return Finding(BAD, tried, str(error), getattr(error, "hint", None) or "")


def _misread(invocation: Invocation, client_id: str, secret: str) -> Iterator[Finding]:
    """Find out whether the secret is right without an encoding or spaces around it."""
    for other, what, do in (
        (unquote_plus(secret), "percent-encoded", "Decode it; this client encodes it itself."),
        (secret.strip(), "right except for the spaces around it", "Remove the spaces."),
    ):
        if other == secret or not other:
            continue
        with _api(invocation, username=client_id, password=other, access_token=None) as api:
            if _login(api, client_id)[1]:
                yield Finding(BAD, "encoding", f"the secret is {what}", do)
                return


# --- permissions


def _list_clients(api: OAuth2Api) -> str:
    api.list_oauth2_clients()
    return "may list clients"


def _decide_consent(api: OAuth2Api) -> str:
    """Use a request that does not exist; the server checks the permission first."""
    from hydra_client import ConsentRequestAcceptance, ConsentRequestRejection

    with suppress(NotFoundException):
        api.get_oauth2_consent_request(_NO_ONE)
    with suppress(NotFoundException):
        api.accept_oauth2_consent_request(_NO_ONE, ConsentRequestAcceptance(subject=_NO_ONE))
    with suppress(NotFoundException):
        api.reject_oauth2_consent_request(_NO_ONE, ConsentRequestRejection(reason=_NO_ONE))
    return "may read, accept and reject consent requests"


def _introspect(api: OAuth2Api) -> str:
    api.introspect_oauth2_token(secrets.token_urlsafe())
    return "may introspect tokens"


def _read_keys(api: OAuth2Api) -> str:
    return f"may read the keys ({len(api.well_known().keys)})"


def _public_keys(invocation: Invocation) -> Finding | None:
    """Find out whether a policy allows everyone to read the keys.

    In that case, an invalid token is as good as none.
    """
    with _api(invocation, username=None, password=None, access_token=_NO_ONE) as api:
        try:
            count = len(api.well_known().keys)
        except HydraException:
            return None
    return Finding(OK, "keys", f"everyone may read the keys ({count}), without a token")


_PROBES: dict[str, Callable[[OAuth2Api], str]] = {
    "clients": _list_clients,
    "consent": _decide_consent,
    "introspect": _introspect,
    "keys": _read_keys,
}


def _permission(
    invocation: Invocation, need: str, probe: Callable[[OAuth2Api], Any], api: OAuth2Api
) -> Finding:
    settings = invocation.settings
    # A configured token may belong to another client than the configured one.
    caller = (None if settings.access_token else settings.client_id) or "the token's client"
    try:
        return Finding(OK, need, f"{caller} {probe(api)}")
    except ForbiddenException as error:
        hint = (error.hint or "").replace("the caller's client id", json.dumps(caller)[1:-1])
        return Finding(
            BAD, need, f"{caller} is not allowed to: {error.error}", hint.replace(_NO_ONE, "<.*>")
        )
    except BadRequestException as error:
        scope = "hydra.keys.get" if need == "keys" else f"hydra.{need}"
        if settings.scopes:
            return Finding(
                BAD,
                need,
                f"{caller} gets no token with the scopes {settings.scopes}: {error.error}",
                "Remove the scopes from --token-scopes, HYDRA_SCOPES or the profile, to request "
                f"{scope}.",
            )
        return Finding(
            BAD,
            need,
            f"{caller} gets no token with the scope {scope}: {error.error}",
            f"Allow the scope: hydra-client clients patch {caller} --scope {scope}, together with "
            "its current scopes.",
        )
    except HydraException as error:
        return _failed(need, error)


# --- roles


def _role(api: OAuth2Api, server: WellKnown, name: str, subject: str) -> Finding:
    """Ask the warden about everything that a role does."""
    from hydra_client import WardenAccessRequest, WardenApi

    if name == "resource-server" and server.userinfo_endpoint is None:
        return Finding(OK, name, "0.9 needs no policy for this")
    role = ROLES[name]
    warden = WardenApi(api.api_client)
    missing = []
    for action, resource in role.requests(_NO_ONE):
        request = WardenAccessRequest(subject=subject, action=action, resource=resource, context={})
        try:
            if not warden.does_warden_allow_access_request(request).allowed:
                missing.append(f"{action} on {resource.replace(_NO_ONE, '<.*>')}")
        except HydraException as error:
            return _failed(name, error)
    if not missing:
        return Finding(OK, name, f"the policies allow {subject} everything that it needs")
    return Finding(
        BAD,
        name,
        f"no policy allows {subject}, or one denies it: {'; '.join(missing)}",
        f"Create the policy: {role.command(name, subject)} - the client also needs the scope "
        f"{role.scope}.",
    )
