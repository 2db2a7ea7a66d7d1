"""`hydra-client doctor`: diagnoses problems, and says what to do about them."""

from __future__ import annotations

import shlex
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple

import click

import hydra_client
from hydra_client.cli.commands import doctor_caller as caller
from hydra_client.cli.commands import doctor_server as server
from hydra_client.cli.commands.doctor_certificate import save_certificate
from hydra_client.cli.completion import client_ids
from hydra_client.cli.context import Invocation, confirm, pass_invocation, yes_option
from hydra_client.cli.errors import FAILED
from hydra_client.cli.findings import BAD, OK, WARN, Finding, problem
from hydra_client.cli.options import FILE, Command
from hydra_client.cli.output import as_yaml, print_result
from hydra_client.cli.roles import ROLES
from hydra_client.cli.secret_files import read_secret
from hydra_client.cli.text import colored, echo, plain
from hydra_client.exceptions import HydraException
from hydra_client.protocol.extras import other_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydra_client import OAuth2Api, Policy, WellKnown

NEEDS = tuple(caller.PROBES)
_GET_POLICY = ("hydra-client", "policies", "get")
_COLORS = {OK: "green", WARN: "yellow", BAD: "red"}


class Checks(NamedTuple):
    """What to check.

    Attributes:
        needs: Permissions of the calling client.
        roles: Names of roles.
        subject: The client that has them.
        id_token: An ID token of the server.
        fix: Whether to apply missing policies.
        yes: Whether to do so without asking.
    """

    needs: tuple[str, ...]
    roles: tuple[str, ...]
    subject: str
    id_token: str | None
    fix: bool
    yes: bool


@click.command("doctor", cls=Command)
@click.option(
    "--need",
    "needs",
    multiple=True,
    type=click.Choice(NEEDS),
    metavar="NEED",
    help=f"Permission to check: {', '.join(NEEDS)}. Repeatable. [all, unless --role is given]",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(list(ROLES)),
    metavar="ROLE",
    help=f"Role to check: {', '.join(ROLES)}. Repeatable.",
)
@click.option(
    "--for",
    "subject",
    metavar="CLIENT",
    shell_complete=client_ids,
    help="Client with the role. [the calling client]",
)
@click.option("--fix", is_flag=True, help="Show the missing policies of the roles, and apply them.")
@click.option(
    "--id-token-file", type=FILE, metavar="FILE", help="File with an ID token of the server."
)
@click.option(
    "--save-ca",
    type=FILE,
    metavar="FILE",
    help="Only save the server's certificate, for --ca-cert.",
)
@yes_option
@pass_invocation
def command(
    invocation: Invocation,
    needs: tuple[str, ...],
    roles: tuple[str, ...],
    subject: str | None,
    fix: bool,
    id_token_file: str | None,
    save_ca: str | None,
    yes: bool,
) -> None:
    """Diagnose problems, and say what to do about them.

    Checks the address, TLS, the clocks, the caller's id and secret, and permissions. Exits with 1
    if a check FAILED. Without --fix, nothing is changed. But if the caller may use the implicit
    flow, it gets an ID token without a user, to find out which key the server signs with.

    --role asks the warden for the permissions of a role, which needs the scope hydra.warden and a
    policy for "decide" on rn:hydra:warden:allowed. If the caller may read the client, its scopes
    are checked too.

    Examples:
      hydra-client doctor --url https://hydra.example.com
      hydra-client doctor --need introspect
      hydra-client doctor --role consent-app --for my-consent-app --fix
      hydra-client doctor --id-token-file tokens.json
      hydra-client doctor --save-ca hydra.pem
    """
    if save_ca is not None:
        if needs or roles or id_token_file:
            raise click.UsageError("--save-ca does nothing else: use it without other checks")
        save_certificate(invocation, save_ca, yes)
        return
    subject = subject or invocation.settings.client_id
    if roles and subject is None:
        raise click.UsageError("--role needs a client: add --for CLIENT or --client-id ID")
    if roles and not {"<", ">"}.isdisjoint(subject or ""):
        raise click.UsageError(
            f"in a policy, {subject!r} is a pattern, which may match other clients: "
            "--role cannot check or allow a client whose id has < or >"
        )
    if fix and not roles:
        raise click.UsageError("--fix needs a role: add --role ROLE")
    wanted = Checks(
        needs=needs or (() if roles or id_token_file else NEEDS),
        roles=tuple(dict.fromkeys(roles)),
        subject=subject or "",
        id_token=read_secret(id_token_file, "id_token") if id_token_file else None,
        fix=fix,
        yes=yes,
    )
    findings = []
    with warnings.catch_warnings(), caller.quiet_api(invocation) as api:
        for finding in _examine(invocation, api, wanted):
            findings.append(finding)
            if invocation.output == "table" and not (invocation.quiet and finding.state == OK):
                _show(finding)
    if invocation.output != "table":
        print_result([finding._asdict() for finding in findings], invocation.output)
    bad, warned = (sum(finding.state == state for finding in findings) for state in (BAD, WARN))
    if invocation.output == "table" and not invocation.quiet:
        parts = [f"{bad} to fix"] * bool(bad) + [f"{warned} to look at"] * bool(warned)
        click.echo(f"{', '.join(parts) or 'All is well'}.")
        if names := dict.fromkeys(finding.name for finding in findings if finding.name):
            click.echo(f"The troubleshooting guide has more about: {', '.join(names)}.")
    if bad:
        click.get_current_context().exit(FAILED)


def _show(finding: Finding) -> None:
    mark = f"{finding.state:6}"
    if colored():
        mark = click.style(mark, fg=_COLORS[finding.state])
    click.echo(f"{mark}  {finding.check:11}  {plain(finding.result)}")
    if finding.advice:
        click.echo(f"{'':21}→ {plain(finding.advice)}")


def _examine(invocation: Invocation, api: OAuth2Api, wanted: Checks) -> Iterator[Finding]:
    """Run the checks one by one; stop where the others cannot work."""
    if (other := other_project()) is not None:
        yield problem("other-package", "package", other, state=WARN)
    started = time.time()
    try:
        response = api.with_http_info.get_well_known()
    except HydraException as error:
        yield server.unreached(api, error)
        return
    arrived = time.time()
    if (later := server.later(api, response.data)) is not None:
        yield later
        return
    yield server.reached(api, response.data, arrived - started)
    yield from server.transport(api)
    yield server.clock(response.headers.get("Date"), started, arrived)
    known = yield from caller.credentials(invocation, api)
    open_keys = caller.public_keys(invocation) if "keys" in wanted.needs else None
    for need in NEEDS:
        if need in wanted.needs and known and not (need == "keys" and open_keys):
            yield caller.permission(invocation, need, api)
    if open_keys:
        yield open_keys
    if not known:
        return
    if wanted.id_token is not None:
        yield caller.signing_key(api, wanted.id_token)
    elif "keys" in wanted.needs and (
        finding := caller.own_signing_key(api, invocation.settings.client_id)
    ):
        yield finding
    for role in wanted.roles:
        yield _role(api, response.data, role, wanted)
    if wanted.roles and (scopes := caller.role_scopes(api, wanted.roles, wanted.subject)):
        yield scopes


def _role(api: OAuth2Api, discovered: WellKnown, role: str, wanted: Checks) -> Finding:
    """Check a role. If a policy is missing, and is to be applied, do so and check again."""
    from hydra_client.provisioning import ensure_policy
    from hydra_client.provisioning.reconcile import find

    finding = caller.role(api, discovered, role, wanted.subject)
    if finding.name != "role" or not wanted.fix:
        return finding
    policy = hydra_client.Policy.from_dict(ROLES[role].policy(role, wanted.subject))
    policies = hydra_client.PolicyApi(api.api_client)
    try:
        current = find(policies.get_policy, policy.id or "")
        if current is not None and not _only_adds(policy, current):
            return finding._replace(
                result=f"{finding.result}. Policy {policy.id} exists, but is not the role's policy",
                advice=f"It is not replaced. See: {shlex.join([*_GET_POLICY, policy.id or ''])}",
            )
        text = as_yaml(policy.to_dict())
        echo(f"{role}: {finding.result}. This policy allows it:\n{text}", err=True)
        confirm(f"Apply the policy {policy.id}?", wanted.yes)
        ensure_policy(policies, policy)
    except HydraException as error:
        return caller.failed(role, error)
    return caller.role(api, discovered, role, wanted.subject)


def _only_adds(policy: Policy, current: Policy) -> bool:
    """Return whether the policy of a role would only add to the current one."""
    return (
        current.effect == "allow"
        and not current.conditions
        and set(current.subjects or ()) <= set(policy.subjects or ())
        and set(current.resources or ()) <= set(policy.resources or ())
        and set(current.actions or ()) <= set(policy.actions or ())
    )
