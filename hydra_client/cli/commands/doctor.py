"""hydra-client doctor: what was tried, what came, what to do."""

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

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from hydra_client import OAuth2Api, WellKnown

OK, WARN, BAD = "ok", "warn", "FAILED"
NEEDS = ("clients", "consent", "introspect", "keys")
_COLOURS = {OK: "green", WARN: "yellow", BAD: "red"}
# What Hydra 2.x has in its configuration and 1.x has not.
_OF_2 = frozenset({"id_token_signed_response_alg", "credentials_endpoint_draft_00"})
_NEAR, _FAR = 5, 60  # seconds between the clocks


class Finding(NamedTuple):
    """A line: how it stands, what was tried, what came, what to do."""

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
    default=NEEDS,
    help="What the calling client is to be allowed. May be repeated. [all]",
)
@pass_invocation
def command(invocation: Invocation, needs: tuple[str, ...]) -> None:
    """Find out why it does not work. Each line tells what was tried, what came and what to do.

    Looked at: whether the server is reached, TLS and its termination in front of the server, the
    two clocks, the caller's id and secret and how they have to be encoded, and which scopes and
    policies are missing. Nothing is changed: the right to answer consent requests is tried on one
    that is not there; of the rights to manage clients, those to write are not tried.

    The exit status is 1 when something FAILED.

    \b
    Examples:
      hydra-client doctor --url https://hydra.example.com
      hydra-client doctor --need introspect
      hydra-client doctor --profile production --output json
    """  # noqa: D301 - click's mark for lines to keep
    findings = []
    with warnings.catch_warnings(), _api(invocation) as api:
        for finding in _examine(invocation, api, needs):
            findings.append(finding)
            if invocation.output == "table" and not (invocation.quiet and finding.state == OK):
                _show(finding)
    if invocation.output != "table":
        print_many([finding._asdict() for finding in findings], invocation.output, ())
    bad, warned = (sum(finding.state == state for finding in findings) for state in (BAD, WARN))
    if invocation.output == "table" and not invocation.quiet:
        parts = [f"{bad} to mend"] * bool(bad) + [f"{warned} to look at"] * bool(warned)
        click.echo(f"{', '.join(parts) or 'All is well'}.")
    if bad:
        click.get_current_context().exit(FAILED)


@contextmanager
def _api(invocation: Invocation, **changed: Any) -> Iterator[OAuth2Api]:
    with invocation.api(**changed) as api:
        warnings.simplefilter("ignore", InsecureTransportWarning)  # there is a line for it
        yield api


def _show(finding: Finding) -> None:
    mark = f"{finding.state:6}"
    if not os.environ.get("NO_COLOR"):
        mark = click.style(mark, fg=_COLOURS[finding.state])
    click.echo(f"{mark}  {finding.tried:11}  {plain(finding.came)}")
    if finding.do:
        click.echo(f"{'':21}→ {plain(finding.do)}")


def _examine(invocation: Invocation, api: OAuth2Api, needs: tuple[str, ...]) -> Iterator[Finding]:
    """Look at one thing after the other; stop where nothing further can be told."""
    started = time.time()
    try:
        answer = api.with_http_info.get_well_known()
    except HydraException as error:
        yield _unreached(api, error)
        return
    arrived = time.time()
    if (later := _later(api, answer.data)) is not None:
        yield later
        return
    yield _reached(api, answer.data, arrived - started)
    yield from _transport(api)
    yield _clock(answer.headers.get("Date"), started, arrived)
    known = yield from _credentials(invocation, api)
    open_keys = _keys_for_everybody(invocation) if "keys" in needs else None
    for need in NEEDS:
        if need in needs and known and not (need == "keys" and open_keys):
            yield _permission(invocation, need, _PROBES[need], api)
    if open_keys:
        yield open_keys


def _unreached(api: OAuth2Api, error: HydraException) -> Finding:
    host = api.api_client.configuration.host
    if isinstance(error, ApiTlsError) and "does not speak TLS" in str(error):
        return Finding(BAD, "TLS", str(error), "Check the port, or say --url http://... instead.")
    if isinstance(error, ApiTlsError):
        return Finding(
            BAD,
            "TLS",
            str(error),
            "Give the CA that signed the certificate by --ca-cert, or mend the certificate.",
        )
    if isinstance(error, ApiTimeoutError):
        return Finding(
            BAD,
            "server",
            f"no answer from {host} in {api.api_client.configuration.timeout:g} seconds",
            "Check the address, and what stands between: a firewall, a proxy. --timeout waits "
            "longer.",
        )
    if isinstance(error, ApiConnectionError):
        return Finding(
            BAD, "server", str(error), "Check the address and the port, and that the server runs."
        )
    if isinstance(error, ServiceException) and is_insecure_http(
        error.status or 0, error.body or ""
    ):
        return Finding(
            BAD,
            "termination",
            "the server takes no plain http: TLS is to end at a proxy in front of it",
            "Use the proxy's https address; or, from a network that is trusted, say "
            "--header 'X-Forwarded-Proto: https'.",
        )
    return Finding(
        BAD,
        "server",
        f"{host} answers, and not as Hydra does: {error}",
        "Check the port and the path: it must be Hydra's own address, not the consent app's, nor "
        "the administrative one of Hydra 1.x or 2.x.",
    )


def _later(api: OAuth2Api, server: WellKnown) -> Finding | None:
    """See by what the server says of itself whether it is a later Hydra, or something else."""
    members = server.to_dict()
    unknown = [name for name in members if name not in server._by_wire]
    if not unknown:
        return None
    generation = "2.x" if _OF_2.intersection(unknown) else "1.x or 2.x"
    names = f"{', '.join(unknown[:3])}{' and more' if len(unknown) > 3 else ''}"
    return Finding(
        BAD,
        "server",
        f"{api.api_client.configuration.host} is not Hydra 0.9 or 0.10, but a later one "
        f"({generation}) or another product: its OpenID Connect configuration names {names}",
        "This client speaks 0.9 and 0.10. Check the address, or use Ory's own client for the "
        "later ones (ory-hydra-client).",
    )


def _reached(api: OAuth2Api, server: WellKnown, seconds: float) -> Finding:
    host = api.api_client.configuration.host.rstrip("/")
    came = f"{host} answers in {seconds * 1000:.0f} ms"
    if server.issuer.rstrip("/") == host:
        return Finding(OK, "server", came)
    return Finding(
        WARN,
        "server",
        f"{came}, and calls itself {server.issuer}",
        "Browsers are sent to that name, and ID tokens bear it: it must reach the same server.",
    )


def _transport(api: OAuth2Api) -> Iterator[Finding]:
    configuration = api.api_client.configuration
    header = next(
        (
            value
            for name, value in api.api_client.default_headers.items()
            if name.lower() == "x-forwarded-proto"
        ),
        None,
    )
    if configuration.origin.scheme == "https":
        yield Finding(OK, "TLS", "the certificate is trusted")
    elif not configuration.origin.insecure:
        yield Finding(OK, "TLS", "plain http, which stays on this machine")
    else:
        yield Finding(
            WARN,
            "TLS",
            "plain http to another machine",
            "Use https: whoever listens gets secrets and tokens.",
        )
    if header is not None:
        yield Finding(OK, "termination", f"X-Forwarded-Proto: {header} is sent along")
    else:
        yield Finding(OK, "termination", "the server takes requests as they come")


def _clock(date: str | None, started: float, arrived: float) -> Finding:
    try:
        told = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError):
        return Finding(WARN, "clock", "the server does not tell its time", "Compare by hand.")
    # A Date has whole seconds, cut off.
    off = max(started - (told + 1), told - arrived, 0)
    if off <= _NEAR:
        return Finding(OK, "clock", "the server's clock agrees with this one")
    which = "ahead of" if told > arrived else "behind"
    return Finding(
        BAD if off > _FAR else WARN,
        "clock",
        f"the server's clock is {off:.0f} seconds {which} this one",
        "Set both by NTP: tokens seem to end too early or too late, ID tokens are refused.",
    )


# --- id and secret


def _credentials(invocation: Invocation, api: OAuth2Api) -> Generator[Finding, None, bool]:
    """Tell how the caller is known; return whether there is a way in."""
    settings = invocation.settings
    client_id, secret = settings.client_id, settings.client_secret
    if settings.access_token is not None:
        yield Finding(OK, "credentials", "a bearer token is given")
        return True
    if client_id is None or secret is None:
        missing = "id" if client_id is None else "secret"
        yield Finding(
            BAD,
            "credentials",
            f"the caller's {missing} is not given",
            "Say --client-id and --client-secret-file, set HYDRA_CLIENT_ID and "
            "HYDRA_CLIENT_SECRET, or make a profile.",
        )
        return False
    login, known = _login(api, client_id)
    yield login
    if ":" in client_id:
        yield Finding(
            WARN,
            "credentials",
            f"the id {client_id} has a ':', which ends the id in Basic (RFC 7617)",
            "It can log in at the token endpoint only: it cannot introspect by Basic, nor revoke.",
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
            "id or secret have characters that must be encoded at the token endpoint and must not "
            "be elsewhere",
            "This client does so; not every other does. `clients patch --generate-secret` makes a "
            "secret without such characters.",
        )
    return login.state == OK


def _login(api: OAuth2Api, client_id: str) -> tuple[Finding, bool]:
    """Log in at the token endpoint: is the client known, and may it get tokens by itself?"""
    try:
        api.oauth_token(grant_type="client_credentials")
    except UnauthorizedException as error:
        return Finding(
            BAD,
            "log in",
            f"the token endpoint does not know {client_id} with this secret: {error.error}",
            "Check id and secret, and that the client exists.",
        ), False
    except BadRequestException as error:
        return Finding(
            BAD,
            "log in",
            f"the token endpoint knows {client_id}, and gives it no token: {error.error}",
            f"Let it use client credentials: hydra-client clients patch {client_id} --grant-type "
            "client_credentials, and the grants that it has.",
        ), True
    except HydraException as error:
        return Finding(BAD, "log in", str(error), getattr(error, "hint", None) or ""), False
    return Finding(
        OK, "log in", f"the token endpoint knows {client_id} (id and secret form-encoded)"
    ), True


def _basic(api: OAuth2Api, client_id: str) -> tuple[Finding, bool]:
    """Log in where Basic is taken as it is. Revoking a token that nobody has changes nothing."""
    try:
        api.revoke_oauth2_token(secrets.token_urlsafe())
    except UnauthorizedException as error:
        return Finding(
            BAD,
            "credentials",
            f"the revoke endpoint does not know {client_id} with this secret: {error.error}",
            "Check id and secret, and that the client exists.",
        ), False
    except HydraException as error:
        return Finding(BAD, "credentials", str(error), getattr(error, "hint", None) or ""), False
    return Finding(
        OK, "credentials", f"the revoke endpoint knows {client_id} (id and secret as they are)"
    ), True


def _misread(invocation: Invocation, client_id: str, secret: str) -> Iterator[Finding]:
    """See whether the secret is right once something that does not belong to it is taken away."""
    for other, what, do in (
        (unquote_plus(secret), "percent-encoded", "Give it as it is; this client encodes it."),
        (secret.strip(), "right but for the spaces around it", "Take the spaces away."),
    ):
        if other == secret or not other:
            continue
        with _api(invocation, username=client_id, password=other, access_token=None) as api:
            if _login(api, client_id)[1]:
                yield Finding(BAD, "encoding", f"the secret is {what}", do)
                return


# --- what the caller may do

_NOBODYS = "hydra-client-doctor"


def _list_clients(api: OAuth2Api) -> str:
    api.list_oauth2_clients()
    return "may list clients"


def _answer_consent(api: OAuth2Api) -> str:
    """Answer a request that is not there: the server asks for the right first."""
    from hydra_client import ConsentRequestAcceptance, ConsentRequestRejection

    with suppress(NotFoundException):
        api.get_oauth2_consent_request(_NOBODYS)
    with suppress(NotFoundException):
        api.accept_oauth2_consent_request(_NOBODYS, ConsentRequestAcceptance(subject=_NOBODYS))
    with suppress(NotFoundException):
        api.reject_oauth2_consent_request(_NOBODYS, ConsentRequestRejection(reason=_NOBODYS))
    return "may look at consent requests, accept and reject them"


def _introspect(api: OAuth2Api) -> str:
    api.introspect_oauth2_token(secrets.token_urlsafe())
    return "may introspect tokens"


def _read_keys(api: OAuth2Api) -> str:
    return f"may read the keys; there {_are(len(api.well_known().keys))}"


def _keys_for_everybody(invocation: Invocation) -> Finding | None:
    """See whether the keys are there for everybody, which a policy can say.

    There a token that is not valid counts as none.
    """
    with _api(invocation, username=None, password=None, access_token=_NOBODYS) as api:
        try:
            count = len(api.well_known().keys)
        except HydraException:
            return None
    return Finding(OK, "keys", f"everybody may read the keys, without a token; there {_are(count)}")


def _are(count: int) -> str:
    return f"is {count}" if count == 1 else f"are {count}"


_PROBES: dict[str, Callable[[OAuth2Api], str]] = {
    "clients": _list_clients,
    "consent": _answer_consent,
    "introspect": _introspect,
    "keys": _read_keys,
}


def _permission(
    invocation: Invocation, need: str, probe: Callable[[OAuth2Api], Any], api: OAuth2Api
) -> Finding:
    settings = invocation.settings
    # A token may be another client's than the one that the settings name beside it.
    caller = (None if settings.access_token else settings.client_id) or "the token's client"
    try:
        return Finding(OK, need, f"{caller} {probe(api)}")
    except ForbiddenException as error:
        hint = (error.hint or "").replace("the caller's client id", json.dumps(caller)[1:-1])
        return Finding(
            BAD, need, f"{caller} may not: {error.error}", hint.replace(_NOBODYS, "<.*>")
        )
    except BadRequestException as error:
        scope = "hydra.keys.get" if need == "keys" else f"hydra.{need}"
        if settings.scopes:
            return Finding(
                BAD,
                need,
                f"{caller} gets no token for it with the scopes {settings.scopes}: {error.error}",
                f"--token-scopes, HYDRA_SCOPES or the profile names these scopes. Leave them out, "
                f"and {scope} is asked for.",
            )
        return Finding(
            BAD,
            need,
            f"{caller} gets no token for it with the scope {scope}: {error.error}",
            f"Let the client have the scope {scope}: hydra-client clients patch {caller} --scope "
            f"{scope}, and the scopes that it has.",
        )
    except HydraException as error:
        return Finding(BAD, need, str(error), getattr(error, "hint", None) or "")
