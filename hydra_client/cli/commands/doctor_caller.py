"""The checks of `hydra-client doctor` that are about the calling client and its permissions."""

from __future__ import annotations

import json
import re
import secrets
import shlex
import warnings
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import hydra_client
from hydra_client.cli.errors import Failure, failure_of, needs_extra
from hydra_client.cli.findings import OK, WARN, Finding, problem
from hydra_client.cli.roles import ROLES
from hydra_client.emulator.store.scopes import covers
from hydra_client.exceptions import (
    BadRequestException,
    ForbiddenException,
    HydraException,
    InsecureTransportWarning,
    NotFoundException,
    UnauthorizedException,
)
from hydra_client.protocol.error_mapping import SCOPES_LACK

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from hydra_client import ApiResponse, OAuth2Api, WellKnown
    from hydra_client.cli.context import Invocation

NO_ONE = "hydra-client-doctor"
# Of headers that are joined by commas, which dates have, too.
_COOKIE = re.compile(r"(?:^|, )([^=;,\s]+=[^;,]*)")
# Reasons for which an ID token is rejected before its signature is checked.
_NOT_CHECKED = frozenset(
    {"malformed", "duplicate_member", "critical_header", "embedded_key", "token_type", "algorithm"}
)


@contextmanager
def quiet_api(invocation: Invocation, **changed: Any) -> Iterator[OAuth2Api]:
    """Open the API without warnings about what a finding says."""
    with invocation.api(**changed) as api:
        warnings.simplefilter("ignore", InsecureTransportWarning)
        yield api


# --- the calling client


def credentials(invocation: Invocation, api: OAuth2Api) -> Generator[Finding, None, bool]:
    """Check the id and secret of the caller. Return whether it can get tokens."""
    settings = invocation.settings
    client_id, secret = settings.client_id, settings.client_secret
    if settings.access_token is not None:
        yield Finding(OK, "credentials", "a bearer token is configured")
        return True
    if client_id is None or secret is None:
        missing = "id" if client_id is None else "secret"
        result = f"the {missing} of the calling client is missing"
        yield problem("no-credentials", "credentials", result)
        return False
    login = _login(api, client_id)
    yield login
    if ":" in client_id:
        result = f"the id {client_id} has a ':', which HTTP Basic does not allow (RFC 7617)"
        basic = problem("colon-in-id", "credentials", result, state=WARN)
    else:
        basic = _basic(api, client_id)
    yield basic
    if not _is_accepted(login) and basic.state != OK:
        yield from _misread(invocation, client_id, secret)
    elif quote(secret, safe="") != secret or quote(client_id, safe="") != client_id:
        result = (
            "the id or the secret has characters that must be encoded for the token endpoint, but "
            "not for others"
        )
        yield problem("encoding", "encoding", result, state=WARN)
    return login.state == OK


def _login(api: OAuth2Api, client_id: str) -> Finding:
    """Log in at the token endpoint."""
    try:
        api.oauth_token(grant_type="client_credentials")
    except UnauthorizedException as error:
        result = f"the token endpoint rejects {client_id} with this secret: {error.error}"
        return problem("log-in", "log in", result)
    except BadRequestException as error:
        return problem(
            "no-grant",
            "log in",
            f"the token endpoint accepts {client_id}, but issues no token: {error.error}",
            f"Allow client credentials: hydra-client clients patch {client_id} --grant-type "
            "client_credentials, together with its current grant types.",
        )
    except HydraException as error:
        return failed("log in", error)
    result = f"the token endpoint accepts {client_id} (id and secret form-encoded)"
    return Finding(OK, "log in", result)


def _is_accepted(login: Finding) -> bool:
    """Return whether the secret is right, although there may be no token."""
    return login.name in ("", "no-grant")


def _basic(api: OAuth2Api, client_id: str) -> Finding:
    """Log in at the revoke endpoint, which decodes nothing, by revoking a random token."""
    try:
        api.revoke_oauth2_token(secrets.token_urlsafe())
    except UnauthorizedException as error:
        result = f"the revoke endpoint rejects {client_id} with this secret: {error.error}"
        return problem("log-in", "credentials", result)
    except HydraException as error:
        return failed("credentials", error)
    result = f"the revoke endpoint accepts {client_id} (id and secret not encoded)"
    return Finding(OK, "credentials", result)


def failed(check: str, error: HydraException) -> Finding:
    """Report an error that no other finding explains."""
    result, _, hint = failure_of(error).message.partition("\nHint: ")
    return problem("failed", check, result, hint)


def _misread(invocation: Invocation, client_id: str, secret: str) -> Iterator[Finding]:
    """Find out whether the secret is right without an encoding or spaces around it."""
    for other, what, advice in (
        (unquote_plus(secret), "percent-encoded", "Decode it; this client encodes it itself."),
        (secret.strip(), "right except for the spaces around it", "Remove the spaces."),
    ):
        if other == secret or not other:
            continue
        with quiet_api(invocation, username=client_id, password=other, access_token=None) as api:
            if _is_accepted(_login(api, client_id)):
                yield problem("misread-secret", "encoding", f"the secret is {what}", advice)
                return


# --- permissions


def _list_clients(api: OAuth2Api) -> str:
    api.list_oauth2_clients()
    return "may list clients"


def _decide_consent(api: OAuth2Api) -> str:
    """Use a request that does not exist; the server checks the permission first."""
    acceptance = hydra_client.ConsentRequestAcceptance(subject=NO_ONE)
    rejection = hydra_client.ConsentRequestRejection(reason=NO_ONE)
    with suppress(NotFoundException):
        api.get_oauth2_consent_request(NO_ONE)
    with suppress(NotFoundException):
        api.accept_oauth2_consent_request(NO_ONE, acceptance)
    with suppress(NotFoundException):
        api.reject_oauth2_consent_request(NO_ONE, rejection)
    return "may read, accept and reject consent requests"


def _introspect(api: OAuth2Api) -> str:
    api.introspect_oauth2_token(secrets.token_urlsafe())
    return "may introspect tokens"


def _read_keys(api: OAuth2Api) -> str:
    return f"may read the keys ({len(api.well_known().keys)})"


def public_keys(invocation: Invocation) -> Finding | None:
    """Find out whether a policy allows everyone to read the keys.

    In that case, an invalid token counts as no token.
    """
    with quiet_api(invocation, username=None, password=None, access_token=NO_ONE) as api:
        try:
            count = len(api.well_known().keys)
        except HydraException:
            return None
    return Finding(OK, "keys", f"everyone may read the keys ({count}), without a token")


PROBES: dict[str, Callable[[OAuth2Api], str]] = {
    "clients": _list_clients,
    "consent": _decide_consent,
    "introspect": _introspect,
    "keys": _read_keys,
}


def permission(invocation: Invocation, need: str, api: OAuth2Api) -> Finding:
    """Check a permission of the calling client."""
    settings = invocation.settings
    # A configured token may belong to another client than the configured one.
    caller = (None if settings.access_token else settings.client_id) or "the token's client"
    try:
        return Finding(OK, need, f"{caller} {PROBES[need](api)}")
    except ForbiddenException as error:
        hint = failure_of(error).message.partition("\nHint: ")[2]
        name = "scope" if hint.startswith(SCOPES_LACK) else "permission"
        hint = hint.replace("the caller's client id", json.dumps(caller)[1:-1])
        result = f"{caller} is not permitted: {error.error}"
        return problem(name, need, result, hint.replace(NO_ONE, "<.*>"))
    except BadRequestException as error:
        scope = "hydra.keys.get" if need == "keys" else f"hydra.{need}"
        asked = f"the scope {scope}"
        command = f"hydra-client clients patch {caller} --scope {scope}"
        advice = f"Allow the scope: {command}, together with its current scopes."
        if settings.scopes:
            asked = f"the scopes {settings.scopes}"
            places = "--token-scopes, HYDRA_SCOPES or the profile"
            advice = f"Remove the scopes from {places}, to request {scope}."
        return problem("scope", need, f"{caller} gets no token with {asked}: {error.error}", advice)
    except NotFoundException as error:
        return problem("no-keys", need, str(error))
    except HydraException as error:
        return failed(need, error)


def signing_key(api: OAuth2Api, id_token: str) -> Finding:
    """Check that the server publishes the key that it signs with, which it reads when it starts."""
    with needs_extra("jwt"):
        from hydra_client.id_token import IdTokenVerifier, InvalidIdTokenError

    check = "signing key"
    try:
        IdTokenVerifier(api, NO_ONE).verify(id_token, nonce=None)
    except InvalidIdTokenError as error:
        if error.reason in _NOT_CHECKED:
            return problem("id-token", check, f"this is not an ID token of Hydra: {error}")
        if error.reason in ("unknown_key", "signature"):
            result = f"the server does not publish the key of this ID token: {error}"
            return problem("signing-key", check, result)
    except NotFoundException as error:
        return problem("no-keys", check, str(error))
    except HydraException as error:
        return failed(check, error)
    # The token may have expired, and is meant for another client. Only its key matters here.
    return Finding(OK, check, "the server publishes the key of this ID token")


def own_signing_key(api: OAuth2Api, client_id: str | None) -> Finding | None:
    """Check the signing key by an ID token without a user, if the caller may get one.

    The caller needs the implicit flow, and permission to read its own client and to accept consent
    requests. Only a new ID token shows which key the server signs with.
    """
    try:
        id_token = None if client_id is None else _id_token(api, client_id)
        finding = None if id_token is None else signing_key(api, id_token)
    except (HydraException, Failure):
        return None
    # Other findings say what else is wrong with the keys.
    return finding if finding is not None and finding.name in ("", "signing-key") else None


def _id_token(api: OAuth2Api, client_id: str) -> str | None:
    """Get an ID token by the implicit flow, as a browser and a consent app would."""
    client = api.get_oauth2_client(client_id)
    if "implicit" not in (client.grant_types or ()) or not client.redirect_uris:
        return None
    visit = partial(
        api.with_http_info.oauth_auth,
        client_id=client_id,
        redirect_uri=client.redirect_uris[0],
        response_type="id_token",
        scope="openid",
        state=secrets.token_urlsafe(),
        nonce=secrets.token_urlsafe(),
    )
    begun = visit()
    consent = dict(parse_qsl(urlsplit(begun.data).query)).get("consent")
    if consent is None:
        return None
    accepted = hydra_client.ConsentRequestAcceptance(subject=NO_ONE, grant_scopes=["openid"])
    api.accept_oauth2_consent_request(consent, accepted)
    ended = visit(consent=consent, headers={"Cookie": "; ".join(cookies(begun))})
    return dict(parse_qsl(urlsplit(ended.data).fragment)).get("id_token")


def cookies(response: ApiResponse[Any]) -> list[str]:
    """Return the cookies that a response sets, as NAME=VALUE: the server's, and a proxy's."""
    return _COOKIE.findall(response.headers.get("Set-Cookie", ""))


# --- roles


def role(api: OAuth2Api, server: WellKnown, name: str, subject: str) -> Finding:
    """Ask the warden about everything that a role does."""
    if name == "resource-server" and server.userinfo_endpoint is None:
        return Finding(OK, name, "0.9 needs no policy for this")
    role = ROLES[name]
    warden = hydra_client.WardenApi(api.api_client)
    missing = []
    for action, resource in role.requests(NO_ONE):
        request = hydra_client.WardenAccessRequest(
            subject=subject, action=action, resource=resource, context={}
        )
        try:
            if not warden.does_warden_allow_access_request(request).allowed:
                missing.append(f"{action} on {resource.replace(NO_ONE, '<.*>')}")
        except HydraException as error:
            return failed(name, error)
    if not missing:
        return Finding(OK, name, f"the policies allow {subject} everything that it needs")
    return problem(
        "role",
        name,
        f"no policy allows {subject}, or one denies it: {'; '.join(missing)}",
        "If nothing denies it (see `hydra-client warden explain`), create the policy: "
        f"{role.command(name, subject)}",
    )


def role_scopes(api: OAuth2Api, names: Iterable[str], subject: str) -> Finding | None:
    """Check that the client with the roles exists, and that its own scopes cover theirs.

    Returns None if the caller may not read the client.
    """
    needed = [scope for name in names if (scope := ROLES[name].scope)]
    command = ["hydra-client", "clients", "create", "--id", subject]
    try:
        scopes = (api.get_oauth2_client(subject).scope or "").split()
    except NotFoundException:
        command += ["--grant-type", "client_credentials", "--secret-out", "FILE"]
        command += [word for scope in needed for word in ("--scope", scope)]
        return problem(
            "role",
            "client",
            f"there is no client {subject}",
            f"Create it: {shlex.join(command)}",
            state=WARN,
        )
    except HydraException:
        return None
    lacking = [scope for scope in needed if not covers(scopes, scope)]
    if not lacking:
        return Finding(OK, "client", f"{subject} has the scopes that it needs")
    command = ["hydra-client", "clients", "patch", subject]
    command += [word for scope in (*scopes, *lacking) for word in ("--scope", scope)]
    return problem(
        "scope",
        "client",
        f"{subject} lacks the scope {' '.join(lacking)}",
        f"Add it: {shlex.join(command)}",
    )
