"""Type checkers on a user's code: every public name is used once, and typed exactly."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hydra_client
from hydra_client import (
    aio,
    code_flow,
    consent,
    emulator,
    provisioning,
    resource_server,
    tokens,
)

ROOT = Path(__file__).parents[1]
USER_CODE = """
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, assert_type

import hydra_client as hc
from hydra_client import (
    aio,
    code_flow,
    consent,
    emulator,
    id_token,
    introspection,
    provisioning,
    resource_server,
    tokens,
)
from hydra_client.aio import code_flow as aio_code_flow
from hydra_client.aio import id_token as aio_id_token
from hydra_client.aio import introspection as aio_introspection
from hydra_client.aio import consent as aio_consent
from hydra_client.aio import resource_server as aio_resource_server

assert_type(hc.__version__, str)
api = hc.connect("http://127.0.0.1:4444", "id", "secret", timeout=5)
assert_type(api, hc.OAuth2Api)
with hc.connect(api=hc.HealthApi) as health:
    assert_type(health, hc.HealthApi)
configuration = hc.Configuration("http://127.0.0.1:4444", scopes="a b")
assert_type(configuration.scopes, tuple[str, ...])
assert_type(hc.Configuration.from_env(host=None), hc.Configuration)
client = hc.ApiClient(configuration)
assert_type(client.copy(timeout=1.0), hc.ApiClient)
assert_type(client.authentications["basic"].username, str | None)
assert_type(client.token(("a",)), str)

photos = api.get_oauth2_client("photos")
assert_type(photos, hc.OAuth2Client)
assert_type(photos.client_name, str | None)
assert_type(api.list_oauth2_clients(), list[hc.OAuth2Client])
assert_type(hc.OAuth2Client.from_dict({"id": "photos"}), hc.OAuth2Client)
assert_type(photos.to_dict(), dict[str, Any])
assert_type(api.delete_oauth2_client("photos"), None)
assert_type(api.with_http_info.get_oauth2_client("photos"), hc.ApiResponse[hc.OAuth2Client])
assert_type(api.with_http_info.oauth_token(grant_type="x", a="b").data, hc.OAuth2TokenResponse)
assert_type(api.get_oauth2_consent_request("1"), hc.OAuth2ConsentRequest)
assert_type(api.get_oauth2_consent_request("1").expires_at, datetime | None)
assert_type(hc.OAuth2consentRequest(), hc.OAuth2ConsentRequest)
assert_type(hc.InlineResponse2001(access_token="a"), hc.OAuth2TokenResponse)
assert_type(api.introspect_oauth2_token("token"), hc.OAuth2TokenIntrospection)
assert_type(api.oauth_token(grant_type="client_credentials").access_token, str)
assert_type(api.oauth_auth(client_id="photos", display="page"), str)
assert_type(api.well_known(), hc.JsonWebKeySet)
assert_type(api.well_known().keys, list[hc.JsonWebKey])
assert_type(api.get_well_known(), hc.WellKnown)
acceptance = hc.ConsentRequestAcceptance(subject="alice", grant_scopes=["a"])
assert_type(api.accept_oauth2_consent_request("1", acceptance), None)
assert_type(api.reject_oauth2_consent_request("1", hc.ConsentRequestRejection()), None)
assert_type(hc.authorization_url("http://a", "b", "c", "d", "state", max_age=1), str)

policies = hc.connect(api=hc.PolicyApi)
assert_type(policies, hc.PolicyApi)
assert_type(policies.list_policies(), list[hc.Policy])
policy = policies.get_policy("1")
assert_type(policy.subjects, list[str] | None)
assert_type(policy.conditions, dict[str, hc.PolicyConditions] | None)
condition = hc.PolicyConditions(type="StringEqualCondition")
assert_type(condition.options, hc.PolicyConditionOptions | None)
warden = hc.WardenApi(api.api_client)
access = hc.WardenAccessRequest(subject="a", action="get", resource="b")
assert_type(warden.does_warden_allow_access_request(access), hc.WardenAccessRequestResponse)
token_access = hc.WardenTokenAccessRequest(token="a", action="get", resource="b")
said_of_token = warden.does_warden_allow_token_access_request(token_access)
assert_type(said_of_token, hc.WardenTokenAccessRequestResponse)
assert_type(warden.get_group("a"), hc.WardenGroup)
warden.add_members_to_group("a", hc.GroupMembers(members=["b"]))
keys = hc.JsonWebKeyApi(api.api_client)
request = hc.JsonWebKeySetGeneratorRequest(alg="RS256", kid="1")
assert_type(keys.create_json_web_key_set("set", request), hc.JsonWebKeySet)
assert_type(hc.HealthApi(api.api_client).get_instance_status(), hc.HealthStatus)
assert_type(api.userinfo("token"), hc.UserInfo)

ensured = provisioning.ensure_policy(policies, hc.Policy(id="a", effect="allow"))
assert_type(ensured, provisioning.Result)
assert_type(ensured.action, provisioning.Action)
assert_type(ensured.fields, tuple[str, ...])
assert_type(provisioning.ensure_group(warden, "a", ["b"]), provisioning.Result)
registered = provisioning.ensure_client(api, hc.OAuth2Client(id="photos"))
assert_type(registered, provisioning.ClientResult)
assert_type(registered.client_secret, str | None)
changes = hc.OAuth2Client(client_name="Photos")
assert_type(provisioning.patch_client(api, "photos", changes), hc.OAuth2Client)
apis = provisioning.Apis.of(client)
assert_type(apis.groups, hc.WardenApi)
planned = provisioning.plan(apis, provisioning.Desired(policies=[policy], groups={"a": ["b"]}))
assert_type(planned, provisioning.Plan)
assert_type(planned.steps, tuple[provisioning.Step, ...])
owned = provisioning.Desired(owner="a", new_secrets={"photos": lambda: "secret"})
with ThreadPoolExecutor() as executor:
    pruned = provisioning.plan(
        apis, owned, prune_clients=True, prune_policies=True, each=executor.map
    )
for stage in pruned.stages():
    assert_type([step.run() for step in stage], list[provisioning.Result])
assert_type(planned.steps[0].changes, tuple[provisioning.Change, ...])
assert_type(provisioning.apply(planned, print), list[provisioning.Result])
assert_type(provisioning.Expectation("a", "get", "b").is_met(warden), bool)


def said(error: hc.HydraException) -> None:
    match error:
        case hc.UnauthorizedException() | hc.ForbiddenException() | hc.NotFoundException():
            assert_type(error.hint, str | None)
        case hc.BadRequestException() | hc.ConflictException() | hc.ServiceException():
            assert_type(error.error, str | None)
        case hc.TooManyRequestsException():
            assert_type(error.retry_after, float | None)
        case hc.ApiException():
            assert_type(error.headers, Mapping[str, str])
        case hc.ApiTimeoutError() | hc.ApiTlsError() | hc.ApiConnectionError():
            assert_type(error.repeated, bool)
        case hc.ApiDecodeError() | hc.ApiValueError() | hc.ApiTypeError():
            assert_type(error.args, tuple[Any, ...])
        case code_flow.StateError() | code_flow.CallbackError() | code_flow.NoIdTokenError():
            assert_type(error.hint, str | None)
        case code_flow.AuthorizationError() | code_flow.CodeFlowError():
            assert_type(error.error, str | None)
        case consent.ConsentExpired():
            assert_type(error.restart_url, str)
        case consent.WrongBrowser():
            assert_type(error.redirect_url, str)
        case consent.AuthorizationRequestError() | consent.ConsentIdError():
            assert_type(error.error_description, str | None)
        case consent.RedirectUrlError() | consent.ConsentFlowError():
            assert_type(error.hint, str | None)
        case resource_server.AccessError():
            assert_type(error.headers, dict[str, str])
        case resource_server.CredentialsError():
            assert_type(error.args, tuple[Any, ...])
        case provisioning.ProvisioningError():
            assert_type(error.id, str)
        case id_token.ExpiredError() | id_token.InvalidIdTokenError():
            assert_type(error.reason, str)


for warning in (hc.InsecureTransportWarning("a"), hc.LongSecretWarning("a")):
    assert_type(warning.args, tuple[Any, ...])

source = tokens.ClientCredentials("id", "secret", cache="folder")
assert_type(source.bind(client), tokens.TokenSource)
hc.Configuration(access_token=source)
hc.Configuration(access_token=lambda: "token")
assert_type(introspection.CachedIntrospection(api)("token"), hc.OAuth2TokenIntrospection)

class Vault:
    async def token(self, scopes: tuple[str, ...], /) -> str:
        return "token"


async def fetch_token() -> str:
    return "token"


vault: tokens.AsyncTokenSource = Vault()
hc.Configuration(access_token=fetch_token)


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    pass


async def with_asyncio() -> None:
    api = aio.connect("http://127.0.0.1:4444", access_token=vault)
    assert_type(api, aio.OAuth2Api)
    assert_type(aio.connect(api=aio.PolicyApi), aio.PolicyApi)
    async with aio.ApiClient(aio.Configuration()) as client:
        assert_type(client.copy(timeout=1.0), aio.ApiClient)
        assert_type(await client.token(("a",)), str)
        assert_type(aio.WardenApi(client).api_client, aio.ApiClient)
        assert_type(await aio.HealthApi(client).get_instance_status(), hc.HealthStatus)
        assert_type(await aio.JsonWebKeyApi(client).get_json_web_key_set("a"), hc.JsonWebKeySet)
        bound: aio.AsyncTokenSource = aio.ClientCredentials("id", "secret").bind(client)
        assert_type(await bound.token(()), str)
    async with api as entered:
        assert_type(entered, aio.OAuth2Api)
    assert_type(await api.get_oauth2_client("photos"), hc.OAuth2Client)
    response = await api.with_http_info.get_oauth2_client("photos")
    assert_type(response, aio.ApiResponse[hc.OAuth2Client])
    keys = aio_id_token.IdTokenVerifier(api, "photos")
    assert_type(await keys.verify("a.b.c", nonce=None), id_token.IdTokenClaims)
    login = aio_code_flow.CodeFlow(api, "http://127.0.0.1/callback", "openid", verifier=keys)
    assert_type(await login.authorization_url(), str)
    assert_type(await login.exchange("code=a"), hc.OAuth2TokenResponse)
    cached = aio_introspection.CachedIntrospection(api)
    assert_type(await cached("token"), hc.OAuth2TokenIntrospection)
    pending = await aio_consent.ConsentApp(api).challenge("consent=1", consent.NO_BROWSER)
    assert_type(pending, aio_consent.Challenge)
    assert_type(await pending.accept("alice", ["openid"]), str)
    sentry = aio_resource_server.Guard(api)
    assert_type(await sentry.check("Bearer a"), hc.OAuth2TokenIntrospection)
    aio_resource_server.AsgiGuard(asgi_app, sentry, "photos")
    await api.get_oauth2_client(5)  # wrong: the id
    await api.with_http_info.get_oauth2_client(5)  # wrong: the id


app = consent.ConsentApp(api, public_url=None)
challenge = app.challenge({"consent": "1"}, consent.NO_BROWSER)
assert_type(app.challenge({"ticket": "1"}, "secret").ticket, str)
assert_type(challenge.notice, str)
assert_type(challenge, consent.Challenge)
assert_type(challenge.client(), hc.OAuth2Client)
assert_type(challenge.accept("alice", ["openid"]), str)
assert_type(consent.RESERVED_CLAIMS, frozenset[str])

guard = resource_server.Guard(introspection.CachedIntrospection(api), realm="photos")
assert_type(guard.check(["Bearer a"], {"photos.read"}, query=b""), hc.OAuth2TokenIntrospection)
guard.check_credentials()
resource_server.WsgiGuard(lambda environ, start_response: [b""], guard, "photos.read")

verifier = id_token.IdTokenVerifier(api, "photos")
assert_type(verifier.verify("a.b.c", nonce=None), id_token.IdTokenClaims)
flow = code_flow.CodeFlow(api, "http://127.0.0.1/callback", "openid", verifier=verifier)
assert_type(flow.exchange("code=a"), hc.OAuth2TokenResponse)
assert_type(flow.claims, id_token.IdTokenClaims | None)
assert_type(code_flow.authorization_url("http://a", "b", "c", "d", "state"), str)

with emulator.HydraEmulator("0.10", "sql") as hydra:
    assert_type(hydra, emulator.HydraEmulator)
    assert_type(hydra.api(), hc.OAuth2Api)
    assert_type(hydra.clock, emulator.Clock)
    assert_type(hydra.requests[0], emulator.RecordedRequest)
    assert_type(hydra.fail("/clients", status=500), emulator.Fault)
    assert_type(emulator.ConsentFlow(hydra)(), emulator.Callback)

api.create_oauth2_client(hc.OAuth2Client(id="photos", redirect_uris=["https://example.com"]))
hc.OAuth2Client(redirect_uri=["https://example.com"])  # wrong: the name
hc.OAuth2Client(contacts="a@example.com")  # wrong: the type
api.create_oauth2_client(hc.OAuth2TokenResponse(access_token="x"))  # wrong: the model
api.get_oauth2_client(5)  # wrong: the id
api.get_oauth2_client("photos", timeout="5")  # wrong: the timeout
api.with_http_info.get_oauth2_client(5)  # wrong: the id
hc.OAuth2TokenResponse()  # wrong: the token is missing
hc.connect(verify=False)  # wrong: the setting
other_sync: hc.PolicyApi = hc.connect()  # wrong: another API
other_async: aio.PolicyApi = aio.connect()  # wrong: another API
client.authentications["basic"] = None  # wrong: the type
"""
WRONG = {number for number, line in enumerate(USER_CODE.splitlines(), 1) if "# wrong" in line}


def mypy(program: Path) -> str:
    options = ["--strict", "--python-version=3.12", f"--cache-dir={program.parent / 'cache'}"]
    return check("mypy", *options, str(program))


def pyright(program: Path) -> str:
    return check("pyright", "--pythonversion=3.12", f"--pythonpath={sys.executable}", str(program))


def check(checker: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", checker, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_checker_sees_the_types_of_a_users_code(
    checker: Callable[[Path], str], tmp_path: Path
) -> None:
    if importlib.util.find_spec(checker.__name__) is None:
        pytest.skip(f"{checker.__name__} is not installed; `tox -e lint` has it")
    program = tmp_path / "program.py"
    program.write_text(USER_CODE, encoding="utf-8")
    said = checker(program)
    found = {int(line) for line in re.findall(r"program\.py:(\d+)(?::\d+)?.*\berror\b", said)}
    assert found == WRONG, said


@pytest.mark.parametrize(
    "module",
    [hydra_client, aio, code_flow, consent, emulator, provisioning, resource_server, tokens],
)
def test_every_public_name_is_used(module: object) -> None:
    names = vars(module)["__all__"]
    assert [name for name in names if not re.search(rf"\.{name}\b", USER_CODE)] == []
