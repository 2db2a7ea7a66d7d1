"""The relying party: whole flows, unusual callbacks, and what must be rejected."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from support.both import CodeFlow, IdTokenVerifier
from support.browsing import Browser, parameters_of
from support.crowd import Crowd, waiting
from support.forge import CLIENT, NONCE, NOW, Keys, half_hash, refused, token
from support.loopback import within
from support.recorded import NAMES, Recording
from support.variants import hydra_settings  # noqa: F401 - for the fixture `hydra`
from werkzeug.datastructures import MultiDict

import hydra_client
from hydra_client import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    ForbiddenException,
    HydraException,
    OAuth2Api,
    UnauthorizedException,
    aio,
    authorization_url,
    code_flow,
    id_token,
)
from hydra_client.aio import code_flow as aio_code_flow
from hydra_client.aio import id_token as aio_id_token
from hydra_client.code_flow import (
    AuthorizationError,
    CallbackError,
    CodeFlowError,
    NoIdTokenError,
    StateError,
)
from hydra_client.consent import NO_BROWSER, ConsentApp
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

CALLBACK = "http://127.0.0.1/callback"
STATE = "some-random-state"
SCOPE = "openid offline photos.read"

FOR_BOTH_CLIENTS = True


def new_client(hydra: HydraEmulator, **members: Any) -> dict[str, Any]:
    """A client that may do what these tests need, the keys included."""
    client = hydra.add_client(
        **{
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code", "id_token"],
            "scope": f"{SCOPE} hydra.keys.get",
            **members,
        }
    )
    hydra.allow(client["id"], resources="rn:hydra:keys:<.*>", actions="get")
    return client


def api_of(hydra: HydraEmulator, client: dict[str, Any]) -> OAuth2Api:
    return hydra_client.connect(hydra.url, client["id"], client["client_secret"])


def consented(hydra: HydraEmulator, url: str, subject: str = "alice") -> str:
    """Where the browser arrives after its user agreed to all."""
    browser = Browser()
    arrived = browser(url)
    assert arrived.startswith(hydra.consent_url), arrived
    return browser(hydra.accept_consent(parameters_of(arrived)["consent"], subject))


@pytest.fixture
def flow(hydra: HydraEmulator) -> CodeFlow:
    return CodeFlow(api_of(hydra, new_client(hydra)), CALLBACK, SCOPE.split())


# --- whole flows


def test_from_the_first_redirect_to_fresh_tokens(
    hydra: HydraEmulator, hydra_api: OAuth2Api, flow: CodeFlow
) -> None:
    assert (flow.tokens, flow.claims) == (None, None)
    callback = consented(hydra, flow.authorization_url())
    tokens = flow.exchange(callback)
    assert tokens is flow.tokens
    assert tokens.scope == SCOPE
    assert flow.claims is not None
    assert (flow.claims.sub, flow.claims.nonce) == ("alice", flow.nonce)
    fresh = flow.refresh()
    assert fresh is flow.tokens
    assert fresh.access_token != tokens.access_token
    assert fresh.refresh_token != tokens.refresh_token
    assert not hydra_api.introspect_oauth2_token(tokens.access_token).active
    assert hydra_api.introspect_oauth2_token(fresh.access_token).sub == "alice"
    assert flow.refresh().access_token != fresh.access_token
    assert flow.claims.sub == "alice"


def test_state_and_nonce_are_new_for_each_flow(flow: CodeFlow) -> None:
    other = CodeFlow(flow.api, CALLBACK, SCOPE)
    values = {flow.state, flow.nonce, other.state, other.nonce}
    assert len(values) == 4
    assert all(len(value) >= 43 for value in values)
    sent = parameters_of(flow.authorization_url(prompt="none", ui_locales=None))
    assert sent == {
        "client_id": flow.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPE,
        "state": flow.state,
        "nonce": flow.nonce,
        "prompt": "none",
    }


def test_discovery_is_asked_for_the_address_once(hydra: HydraEmulator, flow: CodeFlow) -> None:
    flow.authorization_url()
    flow.authorization_url()
    assert [request.path for request in hydra.requests] == ["/.well-known/openid-configuration"]
    other = CodeFlow(flow.api, CALLBACK, "a", authorization_endpoint="https://login.example.com/")
    assert other.authorization_url().startswith("https://login.example.com/oauth2/auth?client_id=")
    assert len(hydra.requests) == 1


def test_a_callback_that_reaches_another_process(hydra: HydraEmulator, flow: CodeFlow) -> None:
    callback = consented(hydra, flow.authorization_url())
    other = CodeFlow(flow.api, CALLBACK, SCOPE, state=flow.state, nonce=flow.nonce)
    other.exchange(callback)
    assert other.claims is not None


@pytest.mark.parametrize(
    "form", [urlsplit, dict, MultiDict, str, bytes], ids=["query", "dict", "multi", "str", "bytes"]
)
def test_forms_in_which_a_callback_comes(hydra: HydraEmulator, flow: CodeFlow, form: Any) -> None:
    callback = consented(hydra, flow.authorization_url())
    pairs = parse_qsl(urlsplit(callback).query)
    forms: dict[Any, object] = {
        urlsplit: urlsplit(callback).query,
        dict: dict(pairs),
        MultiDict: MultiDict(pairs),
        str: callback + "#",
        bytes: callback.encode(),
    }
    assert flow.exchange(forms[form]).access_token


def test_without_openid_there_is_no_id_token(hydra: HydraEmulator) -> None:
    flow = CodeFlow(api_of(hydra, new_client(hydra)), CALLBACK, "photos.read")
    tokens = flow.exchange(consented(hydra, flow.authorization_url()))
    assert (tokens.id_token, flow.claims) == (None, None)
    with pytest.raises(ApiValueError, match="ask for the scope offline"):
        flow.refresh()


def test_openid_that_was_not_granted(hydra: HydraEmulator, flow: CodeFlow) -> None:
    """Such as the code of another authorization, which no nonce would tell apart."""
    other = CodeFlow(flow.api, CALLBACK, "offline")
    code = parameters_of(consented(hydra, other.authorization_url(), "mallory"))["code"]
    with pytest.raises(NoIdTokenError, match="no ID token"):
        flow.exchange({"code": code, "state": flow.state})
    assert (flow.tokens, flow.claims) == (None, None)


def test_keys_that_cannot_be_had_leave_the_code_good(
    hydra: HydraEmulator, hydra_api: OAuth2Api
) -> None:
    client = hydra.add_client(
        redirect_uris=[CALLBACK], response_types=["code", "id_token"], scope="openid"
    )
    flow = CodeFlow(api_of(hydra, client), CALLBACK, "openid")
    callback = consented(hydra, flow.authorization_url())
    for _ in range(2):
        with pytest.raises(BadRequestException, match="does not cover a requested scope"):
            flow.exchange(callback)
    able = CodeFlow(
        flow.api,
        CALLBACK,
        "openid",
        state=flow.state,
        nonce=flow.nonce,
        verifier=IdTokenVerifier(hydra_api, client["id"]),
    )
    able.exchange(callback)
    assert able.claims is not None


def test_a_verifier_with_the_right_that_the_client_lacks(
    hydra: HydraEmulator, hydra_api: OAuth2Api
) -> None:
    client = hydra.add_client(
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "client_credentials"],
        response_types=["code", "id_token"],
        scope="openid hydra.keys.get",
    )
    without = CodeFlow(api_of(hydra, client), CALLBACK, "openid")
    with pytest.raises(ForbiddenException):
        without.exchange(consented(hydra, without.authorization_url()))
    assert (without.tokens, without.claims) == (None, None)
    verifier = IdTokenVerifier(hydra_api, client["id"])
    with_one = CodeFlow(without.api, CALLBACK, "openid", verifier=verifier)
    with_one.exchange(consented(hydra, with_one.authorization_url()))
    assert with_one.claims is not None


VERIFIERS = ("hydra_client.id_token", "hydra_client.aio.id_token")


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_without_the_extra_the_code_stays_unused(
    hydra: HydraEmulator, flow: CodeFlow, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Else a code that somebody slipped in would pass without its nonce ever being looked at."""
    callback = consented(hydra, flow.authorization_url())
    with monkeypatch.context() as without:
        for name in VERIFIERS:
            without.delitem(sys.modules, name, raising=False)
        for name in [name for name in sys.modules if name.startswith(f"{missing}.")]:
            without.delitem(sys.modules, name)
        without.setitem(sys.modules, missing, None)
        with pytest.raises(
            ApiValueError, match=rf"{missing} is missing.*hydra-legacy-client\[jwt\]"
        ):
            flow.exchange(callback)
    assert flow.tokens is None
    assert flow.exchange(callback).id_token is not None
    assert flow.claims is not None


@pytest.mark.parametrize(
    "error", [ImportError("broken"), ModuleNotFoundError(name="_cffi_backend")], ids=repr
)
def test_an_extra_that_is_broken_says_so_itself(
    hydra: HydraEmulator, flow: CodeFlow, monkeypatch: pytest.MonkeyPatch, error: ImportError
) -> None:
    callback = consented(hydra, flow.authorization_url())

    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "jwt":
                raise error

    for name in (*VERIFIERS, *(n for n in sys.modules if n.split(".")[0] == "jwt")):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError) as raised:
        flow.exchange(callback)
    assert raised.value is error
    assert flow.tokens is None


def test_who_verifies_elsewhere_says_so(hydra: HydraEmulator) -> None:
    own = api_of(hydra, new_client(hydra))
    flow = CodeFlow(own, CALLBACK, "openid offline", verify_id_token=False)
    tokens = flow.exchange(consented(hydra, flow.authorization_url()))
    assert tokens.id_token is not None
    assert flow.claims is None
    assert flow.refresh().access_token != tokens.access_token


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1/callback?tenant=a%20b",
        "http://127.0.0.1/callback?a=b+c&d=1%2B1",
        "http://127.0.0.1/call%2Fback",
        "http://127.0.0.1/callback?per=100%25",
    ],
)
def test_redirect_uris_that_the_server_decodes_twice(
    hydra: HydraEmulator, redirect_uri: str
) -> None:
    client = new_client(hydra, redirect_uris=[redirect_uri, CALLBACK])
    flow = CodeFlow(api_of(hydra, client), redirect_uri, SCOPE)
    arrived = consented(hydra, flow.authorization_url())
    assert urlsplit(arrived).path == urlsplit(redirect_uri).path
    own = parse_qsl(urlsplit(redirect_uri).query)
    assert set(own) <= set(parse_qsl(urlsplit(arrived).query))
    assert flow.exchange(arrived).access_token


def test_a_public_client(hydra: HydraEmulator, hydra_api: OAuth2Api) -> None:
    client = new_client(hydra, public=True)
    verifier = IdTokenVerifier(hydra_api, client["id"])
    if hydra.variant.version == "0.9":  # which wants Basic, with any secret
        flow = CodeFlow(
            hydra_client.connect(hydra.url, client["id"], ""), CALLBACK, SCOPE, verifier=verifier
        )
    else:
        flow = CodeFlow(
            hydra_client.connect(hydra.url),
            CALLBACK,
            SCOPE,
            client_id=client["id"],
            verifier=verifier,
        )
    flow.exchange(consented(hydra, flow.authorization_url()))
    assert flow.refresh().access_token
    sent = [request for request in hydra.requests if request.path == "/oauth2/token"][-1]
    assert ("authorization" in sent.headers) == (hydra.variant.version == "0.9")
    assert ("client_id=" in sent.body) == (hydra.variant.version == "0.10")


# --- what must not get through


def test_the_callback_of_another_flow(hydra: HydraEmulator, flow: CodeFlow) -> None:
    other = CodeFlow(flow.api, CALLBACK, SCOPE)
    callback = consented(hydra, other.authorization_url(), "mallory")
    before = len(hydra.requests)
    with pytest.raises(StateError, match="another request"):
        flow.exchange(callback)
    assert len(hydra.requests) == before
    # The flow still waits for its own.
    flow.exchange(consented(hydra, flow.authorization_url()))
    assert flow.claims is not None
    assert flow.claims.sub == "alice"


def test_a_code_of_another_flow_under_the_state_of_this_one(
    hydra: HydraEmulator, flow: CodeFlow
) -> None:
    other = CodeFlow(flow.api, CALLBACK, SCOPE)
    code = parameters_of(consented(hydra, other.authorization_url(), "mallory"))["code"]
    with refused("nonce"):
        flow.exchange({"code": code, "state": flow.state})
    assert (flow.tokens, flow.claims) == (None, None)


def test_a_callback_counts_once(hydra: HydraEmulator, flow: CodeFlow) -> None:
    callback = consented(hydra, flow.authorization_url())
    flow.exchange(callback)
    before = len(hydra.requests)
    with pytest.raises(StateError):
        flow.exchange(callback)
    assert len(hydra.requests) == before


def test_a_callback_that_comes_twice_at_once(hydra: HydraEmulator, flow: CodeFlow) -> None:
    """Both wait for the keys; one of them may redeem the code."""
    callback = consented(hydra, flow.authorization_url())
    hydra.fail("/.well-known/jwks.json", delay=0.3)
    with Crowd() as crowd:
        crowd.send(2, lambda: flow.exchange(callback))
    assert [type(error) for error in crowd.errors] == [StateError]
    assert crowd.results == [flow.tokens]


def test_codes_that_are_old_or_foreign(hydra: HydraEmulator, flow: CodeFlow) -> None:
    late = consented(hydra, flow.authorization_url())
    hydra.clock.advance(601)
    # 0.10 on SQL says 403.
    with pytest.raises((BadRequestException, ForbiddenException)):
        flow.exchange(late)
    wrong = CodeFlow(
        hydra_client.connect(hydra.url, flow.client_id, "a-wrong-secret"), CALLBACK, SCOPE
    )
    with pytest.raises(UnauthorizedException):
        wrong.exchange(consented(hydra, wrong.authorization_url()))
    assert wrong.tokens is None


def test_a_refresh_token_that_died(hydra: HydraEmulator, flow: CodeFlow) -> None:
    tokens = flow.exchange(consented(hydra, flow.authorization_url()))
    flow.api.revoke_oauth2_token(tokens.refresh_token or "")
    with pytest.raises(BadRequestException):
        flow.refresh()
    assert flow.tokens is tokens


def test_refreshes_at_once_share_one_request(
    hydra: HydraEmulator, flow: CodeFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.exchange(consented(hydra, flow.authorization_url()))
    sent = len(hydra.requests)
    all_wait = threading.Event()
    dispatch = hydra._dispatch

    def dispatch_later(request: Request) -> Response:
        assert all_wait.wait(30)
        return dispatch(request)

    monkeypatch.setattr(hydra, "_dispatch", dispatch_later)
    with Crowd() as crowd:
        crowd.send(12, lambda: flow.refresh().access_token)
        waiting(flow._refreshes, 11)
        all_wait.set()
    assert len(crowd.results) == 12
    assert len(set(crowd.results)) == len(hydra.requests) - sent == 1
    assert flow.tokens is not None
    assert flow.tokens.access_token == crowd.results[0]


def test_a_refresh_whose_outcome_is_unknown_is_sent_once_for_all_who_wait(
    hydra: HydraEmulator, flow: CodeFlow
) -> None:
    flow.exchange(consented(hydra, flow.authorization_url()))
    configuration = flow.api.api_client.configuration
    sent = len(hydra.requests)
    hydra.fail("/oauth2/token", delay=60)
    configuration.timeout = 1.5
    with within(1.5, slack=12), Crowd() as crowd:  # one after another, they would take 18 s
        crowd.send(12, flow.refresh)
    assert {type(error) for error in crowd.errors} == {ApiTimeoutError}
    assert len(crowd.errors) == 12
    assert len(hydra.requests) - sent == 1


def test_a_refresh_takes_no_longer_than_one_timeout(hydra: HydraEmulator, flow: CodeFlow) -> None:
    """Though it makes several requests: for the tokens, and for the keys of their ID token."""
    tokens = flow.exchange(consented(hydra, flow.authorization_url()))
    later = CodeFlow(flow.api, CALLBACK, SCOPE)
    later.tokens = tokens
    body = json.dumps({"access_token": "new", "id_token": tokens.id_token})
    hydra.fail("/oauth2/token", status=200, body=body, delay=0.5)
    hydra.fail("/.well-known/jwks.json", delay=0.5)
    flow.api.api_client.configuration.timeout = 0.8
    with pytest.raises(ApiTimeoutError):
        later.refresh()
    assert later.tokens is tokens


def test_a_refresh_that_the_server_refuses_leaves_no_doubt(
    hydra: HydraEmulator, flow: CodeFlow
) -> None:
    flow.exchange(consented(hydra, flow.authorization_url()))
    hydra.fail("/oauth2/token", status=403, body='{"error": "invalid_client"}')
    with pytest.raises(UnauthorizedException):
        flow.refresh()
    hydra.fail("/oauth2/token", status=400, body='{"error": "invalid_grant"}')
    with pytest.raises(BadRequestException) as used_up:
        flow.refresh()
    assert "may have succeeded" not in str(used_up.value)


def test_a_refresh_token_that_may_be_used_up(hydra: HydraEmulator, flow: CodeFlow) -> None:
    flow.exchange(consented(hydra, flow.authorization_url()))
    hydra.fail("/oauth2/token", cut=5)
    with pytest.raises(ApiConnectionError):
        flow.refresh()
    with pytest.raises(BadRequestException, match="may have succeeded") as error:
        flow.refresh()
    assert "log in again" in (error.value.hint or "")


# --- errors that come back


def test_a_user_who_declines(hydra: HydraEmulator, hydra_api: OAuth2Api, flow: CodeFlow) -> None:
    browser = Browser()
    arrived = browser(flow.authorization_url())
    challenge = ConsentApp(hydra_api).challenge(arrived, NO_BROWSER)
    with pytest.raises(AuthorizationError) as error:
        flow.exchange(browser(challenge.reject("not\ntoday <b>")))
    assert error.value.error == "rejected_consent_request"
    assert error.value.error_description == "not today <b>"
    assert str(error.value) == "rejected_consent_request: not today <b>"
    same = pickle.loads(pickle.dumps(error.value))
    assert (same.error, same.error_description) == (error.value.error, "not today <b>")


def test_a_scope_that_the_client_may_not_have(hydra: HydraEmulator) -> None:
    flow = CodeFlow(api_of(hydra, new_client(hydra)), CALLBACK, "photos.write")
    with pytest.raises(AuthorizationError, match="invalid_scope"):
        flow.exchange(consented(hydra, flow.authorization_url()))


def recorded_flow() -> CodeFlow:
    api = hydra_client.connect(Recording(NAMES[0]).issuer, CLIENT, "a-secret")
    return CodeFlow(api, CALLBACK, SCOPE, state=STATE, nonce=NONCE)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_errors_that_come_back(name: str) -> None:
    recording = Recording(name)
    with responses.RequestsMock(), pytest.raises(AuthorizationError) as error:
        recorded_flow().exchange(recording.location("flow C browser goes back"))
    assert error.value.error == "rejected_consent_request"
    assert error.value.error_description == "the user said no"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flow_name", ["A", "B"])
def test_recorded_flows(name: str, flow_name: str) -> None:
    recording = Recording(name)
    client = recording.body("clients: create, secret generated")
    returned = {"A": "flow A browser goes back to redirectUrl", "B": "flow B browser goes back"}
    exchanged = {"A": "flow A token: authorization_code", "B": "flow B token"}[flow_name]
    redirect_uri = client["redirect_uris"][0]
    begins = {
        "A": "flow A authorize: sends the browser to the consent app",
        "B": "flow B authorize",
    }[flow_name]
    with responses.RequestsMock() as server:
        recording.play(server, "discovery", "discovery", "jwks with a bearer token", exchanged)
        claims = recording.body(exchanged)["id_token"].split(".")[1]
        issued_at = json.loads(base64.urlsafe_b64decode(claims + "=="))["iat"]
        flow = CodeFlow(
            hydra_client.connect(recording.issuer, client["id"], client["client_secret"]),
            redirect_uri,
            SCOPE,
            state=STATE,
            nonce=NONCE,
            verifier=IdTokenVerifier(recording.api(), client["id"], clock=lambda: issued_at),
        )
        assert flow.authorization_url() == recording.url(begins)
        tokens = flow.exchange(recording.location(returned[flow_name]))
        assert tokens.to_dict() == recording.body(exchanged)
        assert flow.claims is not None
        assert flow.claims.sub == {"A": "alice", "B": "bob"}[flow_name]
        sent = next(call.request for call in server.calls if call.request.method == "POST")
        assert dict(parse_qsl(sent.body.decode())) == recording.sent(exchanged)
        recorded_headers = recording.exchanges[exchanged]["request"]["headers"]
        assert sent.headers["Authorization"] == recorded_headers["Authorization"]
        if flow_name == "B":
            recording.play(server, "token: refresh_token")
            assert flow.refresh().to_dict() == recording.body("token: refresh_token")


CALLBACKS: list[tuple[object, type[CodeFlowError], str]] = [
    (f"code=x&state={STATE}&state={STATE}", CallbackError, "repeats state"),
    (f"code=x&code=y&state={STATE}", CallbackError, "repeats code"),
    ({"code": ["x", "y"], "state": STATE}, CallbackError, "repeats code"),
    (f"error=a&error=b&state={STATE}", CallbackError, "repeats error"),
    (f"state={STATE}", CallbackError, "no code"),
    (f"code=&state={STATE}", CallbackError, "no code"),
    (f"{CALLBACK}#code=x&state={STATE}", StateError, "another request"),
    ("", StateError, "another request"),
    ("code=x", StateError, "another request"),
    ("code=x&state=", StateError, "another request"),
    (f"code=x&state={STATE[:-1]}", StateError, "another request"),
    (f"code=x&state={STATE}x", StateError, "another request"),
    ("error=access_denied", StateError, "another request"),
    ({"code": "x", "state": "\ud800"}, StateError, "another request"),
    ({"code": 7, "state": STATE}, CallbackError, "code is not a string"),
    (None, CallbackError, "got NoneType"),
    (f"error=access_denied&state={STATE}", AuthorizationError, "^access_denied$"),
    (f"error=&state={STATE}", AuthorizationError, "^unknown_error$"),
    (f"error=a%00b&error_description=c%0Ad&code=x&state={STATE}", AuthorizationError, "^a b: c d$"),
]


@pytest.mark.parametrize(("callback", "error", "words"), CALLBACKS, ids=repr)
def test_callbacks_that_bring_no_code(
    callback: object, error: type[CodeFlowError], words: str
) -> None:
    with responses.RequestsMock(), pytest.raises(error, match=words) as refused:
        recorded_flow().exchange(callback)
    assert STATE not in str(refused.value)
    assert isinstance(refused.value, HydraException)


values = st.none() | st.integers() | st.text() | st.binary()


@given(
    values
    | st.text(alphabet="codestaer=&?#%/").map(f"state={STATE}&".__add__)
    | st.dictionaries(
        st.sampled_from(["state", "error", "error_description"]) | values, values | st.lists(values)
    )
)
def test_whatever_comes_back_ends_in_errors_of_the_flow(callback: object) -> None:
    with responses.RequestsMock(), pytest.raises(CodeFlowError):
        recorded_flow().exchange(callback)


# --- tokens as other servers give them


class Server:
    """Keys, discovery, and a token endpoint with a given response."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.keys = Keys(mock)
        self.mock = mock

    def flow(self, *documents: dict[str, Any], scope: str = SCOPE) -> CodeFlow:
        issuer = self.keys.discovery["issuer"]
        for response in documents:
            self.mock.post(f"{issuer}/oauth2/token", json={"token_type": "bearer", **response})
        api = hydra_client.connect(issuer, CLIENT, "a-secret", access_token="token-for-keys")
        verifier = IdTokenVerifier(api, CLIENT, clock=lambda: NOW)
        return CodeFlow(api, CALLBACK, scope, state=STATE, nonce=NONCE, verifier=verifier)


def test_at_hash_counts_where_it_is_there() -> None:
    for at_hash, good in ((half_hash("right"), True), (half_hash("wrong"), False), (..., True)):
        with responses.RequestsMock() as mock:
            id_token = token(at_hash=at_hash)
            flow = Server(mock).flow({"access_token": "right", "id_token": id_token})
            if good:
                assert flow.exchange({"code": "x", "state": STATE}).id_token == id_token
            else:
                with refused("at_hash"):
                    flow.exchange({"code": "x", "state": STATE})
                assert (flow.tokens, flow.claims) == (None, None)


def test_a_refresh_token_that_is_not_replaced_is_kept() -> None:
    with responses.RequestsMock() as mock:
        flow = Server(mock).flow(
            {"access_token": "a", "refresh_token": "r"}, {"access_token": "b"}, scope="offline"
        )
        flow.exchange({"code": "x", "state": STATE})
        assert flow.refresh().refresh_token == "r"
        assert flow.tokens is not None
        assert flow.tokens.access_token == "b"


def test_an_id_token_that_a_refresh_brings() -> None:
    """It has no nonce, and must be of the same user."""
    for again, reason in (
        (token(nonce=..., at_hash=...), None),
        (token(nonce=..., at_hash=..., sub="mallory"), "subject"),
        ("forged.id.token", "malformed"),
    ):
        with responses.RequestsMock() as mock:
            flow = Server(mock).flow(
                {"access_token": "a", "refresh_token": "r", "id_token": token(at_hash=...)},
                {"access_token": "b", "refresh_token": "s", "id_token": again},
            )
            before = flow.exchange({"code": "x", "state": STATE})
            if reason is None:
                assert flow.refresh().id_token == again
            else:
                with refused(reason):
                    flow.refresh()
                assert flow.tokens is before


# --- settings and arguments


def test_authorization_url_is_written_without_a_request() -> None:
    url = authorization_url(
        "https://hydra.example.com/",
        "my app",
        "http://127.0.0.1/cb?a=%20+",
        ["openid", "photos.read"],
        STATE,
        NONCE,
        "code id_token",
        prompt="login",
        max_age=300,
        ui_locales=None,
    )
    assert url == (
        "https://hydra.example.com/oauth2/auth?client_id=my+app"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb%3Fa%3D%252520%252B"
        "&response_type=code+id_token&scope=openid+photos.read&state=some-random-state"
        "&nonce=some-random-nonce&prompt=login&max_age=300"
    )


@pytest.mark.parametrize(
    ("endpoint", "written"),
    [
        ("https://hydra.example.com", "https://hydra.example.com/oauth2/auth"),
        ("https://hydra.example.com/oauth2/auth", "https://hydra.example.com/oauth2/auth"),
        ("https://hydra.example.com/oauth2/auth/", "https://hydra.example.com/oauth2/auth"),
        ("http://[::1]:4444/login/", "http://[::1]:4444/login/oauth2/auth"),
    ],
)
def test_servers_and_their_endpoints(endpoint: str, written: str) -> None:
    assert authorization_url(endpoint, "a", CALLBACK, "b", STATE).partition("?")[0] == written


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"endpoint": "hydra.example.com"}, ApiValueError, "https://hydra.example.com"),
        ({"endpoint": "https://a.example/?b"}, ApiValueError, "query"),
        ({"endpoint": None}, ApiTypeError, "host must be a string"),
        ({"client_id": 7}, ApiTypeError, "client_id must be a string, got int"),
        ({"redirect_uri": None}, ApiTypeError, "redirect_uri must be a string"),
        ({"scope": [1]}, ApiTypeError, "each item of scope must be of type str, got int"),
        ({"scope": None}, ApiTypeError, "scope must be a string or a list of strings, got None"),
        ({"state": "7-chars"}, ApiValueError, "state must have at least 8 characters"),
        ({"state": None}, ApiTypeError, "state must be a string"),
        ({"nonce": "7-chars"}, ApiValueError, "nonce must have at least 8 characters"),
        ({"response_type": "token id_token"}, ApiValueError, "nonce is needed"),
        ({"response_type": None}, ApiTypeError, "response_type must be a string"),
        ({"prompt": "\ud800"}, ApiValueError, "prompt has an unpaired surrogate"),
        ({"max_age": 0.5}, ApiTypeError, "max_age must be a string, got float"),
        ({"max_age": True}, ApiTypeError, "max_age must be a string, got bool"),
    ],
)
def test_what_cannot_be_in_the_address(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    good = {
        "endpoint": "https://hydra.example.com",
        "client_id": "a",
        "redirect_uri": CALLBACK,
        "scope": "b",
        "state": STATE,
    }
    with pytest.raises(error, match=words) as refused:
        authorization_url(**{**good, **arguments})
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("credentials", "arguments", "words"),
    [
        ({}, {}, "no client: pass client_id"),
        ({"client_id": "a", "client_secret": "secret"}, {"client_id": "b"}, "authenticates as 'a'"),
        ({"client_secret": "secret"}, {"client_id": "b"}, "authenticates as None"),
        ({"client_id": "a"}, {"state": "short"}, "state must have"),
        ({"client_id": "a"}, {"nonce": "short"}, "nonce must have"),
        ({"client_id": "a"}, {"state": "\ud800" * 8}, "an unpaired surrogate"),
    ],
)
def test_settings_that_cannot_be_right(
    credentials: dict[str, str], arguments: dict[str, str], words: str
) -> None:
    api = hydra_client.connect("http://127.0.0.1:4444", **credentials)
    with pytest.raises(ApiValueError, match=words) as error:
        CodeFlow(api, CALLBACK, SCOPE, **arguments)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"redirect_uri": None}, ApiTypeError, "redirect_uri must be a string, got NoneType"),
        ({"scope": None}, ApiTypeError, "scope must be a string or a list of strings, got None"),
        ({"verifier": "x"}, ApiTypeError, "verifier must be an IdTokenVerifier, got str"),
        (
            {"verifier": id_token.IdTokenVerifier},
            ApiTypeError,
            "CodeFlow needs an instance of IdTokenVerifier, not the class itself",
        ),
        (
            {"client_id": "other"},
            ApiValueError,
            "verifier accepts ID tokens for 'my-app', but the flow is for 'other'",
        ),
    ],
)
def test_a_flow_refuses_what_would_fail_later(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    api = hydra_client.connect("http://127.0.0.1:4444")
    good = {
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "client_id": "my-app",
        "verifier": IdTokenVerifier(api, "my-app"),
    }
    CodeFlow(api, **good)
    with pytest.raises(error, match=words):
        CodeFlow(api, **{**good, **arguments})


def test_the_verifier_of_a_flow_is_of_its_kind() -> None:
    api = hydra_client.connect("http://127.0.0.1:4444", "a")
    aio_api = aio.connect("http://127.0.0.1:4444", "a")
    threaded, awaited = (
        id_token.IdTokenVerifier(api, "a"),
        aio_id_token.IdTokenVerifier(aio_api, "a"),
    )
    with pytest.raises(ApiTypeError, match=r"^CodeFlow cannot use an asyncio IdTokenVerifier"):
        code_flow.CodeFlow(api, CALLBACK, SCOPE, verifier=awaited)  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match=r"use hydra_client\.aio\.id_token\.IdTokenVerifier$"):
        aio_code_flow.CodeFlow(aio_api, CALLBACK, SCOPE, verifier=threaded)  # type: ignore[arg-type]


def test_a_verifier_may_be_of_any_class() -> None:
    class Verifier:
        def fetch_keys(self) -> None: ...
        def verify(self, id_token: str, **_: object) -> None: ...

    api = hydra_client.connect("http://127.0.0.1:4444", "a")
    CodeFlow(api, CALLBACK, SCOPE, verifier=Verifier())


@pytest.mark.parametrize("name", ["state", "redirect_uri", "response_type"])
def test_parameters_that_the_flow_sets_itself_are_refused(name: str) -> None:
    api = hydra_client.connect("http://127.0.0.1:1", "a", retries=0)  # where nothing responds
    message = rf"authorization_url\(\) does not accept {name}: CodeFlow sets it"
    with pytest.raises(ApiTypeError, match=message):
        CodeFlow(api, CALLBACK, SCOPE).authorization_url(**{name: "something"})


def test_a_pickled_flow_can_go_on(hydra: HydraEmulator) -> None:
    api = api_of(hydra, new_client(hydra))
    begun = code_flow.CodeFlow(api, CALLBACK, SCOPE)
    callback = consented(hydra, begun.authorization_url())
    flow = pickle.loads(pickle.dumps(begun))
    flow.exchange(callback)
    assert flow.claims.nonce == begun.nonce
    with pytest.raises(StateError):
        pickle.loads(pickle.dumps(flow)).exchange(callback)


def test_repr_shows_neither_state_nor_nonce() -> None:
    flow = recorded_flow()
    assert repr(flow) == (
        f"CodeFlow(ApiClient({flow.api.api_client.configuration.host!r}), {CALLBACK!r}, {SCOPE!r}, "
        "client_id='my-app')"
    )


def test_import_brings_only_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from hydra_client import authorization_url\n"
        "authorization_url('https://a.example', 'b', 'https://c.example', 'd', 'e' * 8)\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - sys.stdlib_module_names))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": str(hydra_client.__path__[0]) + "/.."},
    )
    assert (finished.stdout, finished.stderr) == ("hydra_client\n", "")


def test_what_the_log_says_about_an_error_of_the_browser() -> None:
    for code in ("error", "unknown_error"):
        assert "consent cookie" in (AuthorizationError(code).hint or "")
    assert "character by character" in (AuthorizationError("invalid_request").hint or "")
    assert "own `scope`" in (AuthorizationError("invalid_scope").hint or "")
    assert AuthorizationError("rejected_consent_request").hint is None


def test_a_refresh_token_that_the_user_did_not_grant(hydra: HydraEmulator, flow: CodeFlow) -> None:
    flow.tokens = hydra_client.OAuth2TokenResponse(access_token="a")
    with pytest.raises(ApiValueError, match="the user did not grant the scope offline"):
        flow.refresh()
    flow.scope = "openid"
    with pytest.raises(ApiValueError, match="ask for the scope offline"):
        flow.refresh()
