"""The cache of introspections: only for the same question, and never too long."""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import threading
import time
from typing import Any
from unittest.mock import Mock

import pytest
import requests
import responses
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support.both import CachedIntrospection
from support.crowd import Crowd, waiting
from support.fork import fork

import hydra_client.introspection
from hydra_client import (
    ApiClient,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    Configuration,
    OAuth2Api,
    OAuth2TokenIntrospection,
    ServiceException,
    UnauthorizedException,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.clock import Clock
from hydra_client.emulator.testing import in_process
from hydra_client.transport.adapter import Adapter

LIFETIME = 3600
PATH = "/oauth2/introspect"

FOR_BOTH_CLIENTS = True


@pytest.fixture(params=["0.9", "0.10"])
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"version": request.param}


@pytest.fixture
def api(hydra_api: OAuth2Api) -> OAuth2Api:
    return hydra_api


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token(api: OAuth2Api) -> str:
    """Of the root client, good for the scopes hydra.clients and hydra.consent."""
    return api.oauth_token(
        grant_type="client_credentials", scope="hydra.clients hydra.consent"
    ).access_token


def asked(hydra: HydraEmulator) -> int:
    """How many introspections the server saw."""
    return sum(request.path == PATH for request in hydra.requests)


def test_the_same_question_is_asked_once(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api)
    first = introspect(token)
    assert first == api.introspect_oauth2_token(token)
    assert isinstance(first, OAuth2TokenIntrospection)
    assert first.active
    assert first.client_id == "admin"
    assert introspect(token) == introspect(token, None) == first
    assert introspect(token, scope="hydra.clients") == first
    assert asked(hydra) == 3


def test_a_response_never_serves_another_scope(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    introspect = CachedIntrospection(api, negative_age=30)
    expected = {
        None: True,
        "": True,
        "hydra.clients": True,
        "hydra.clients hydra.consent": True,
        "hydra.keys": False,
        "hydra.clients hydra.keys": False,
    }
    for _ in range(2):
        assert {scope: introspect(token, scope).active for scope in expected} == expected
    assert asked(hydra) == len(expected)


def test_a_response_never_serves_another_token(api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api, negative_age=30)
    assert introspect(token).active
    for other in (token + "x", token[:-1], token.upper(), f" {token}", "", "é"):
        assert not introspect(other).active, other
    assert introspect(token).active


def test_a_response_never_serves_another_server(hydra: HydraEmulator, token: str) -> None:
    with HydraEmulator() as other:
        api = hydra.api()
        introspect = CachedIntrospection(api, negative_age=30)
        assert introspect(token).active
        api.api_client.configuration.host = other.url
        assert not introspect(token).active
        api.api_client.configuration.host = hydra.url
        assert introspect(token).active
        assert (asked(hydra), asked(other)) == (1, 1)


def test_a_response_never_serves_another_header(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    """By which a proxy may choose the server."""
    introspect = CachedIntrospection(api)
    for number, tenant in enumerate(["one", "two"], 1):
        api.api_client.default_headers["X-Tenant"] = tenant
        for _ in range(2):
            assert introspect(token).active
        assert asked(hydra) == number
    api.api_client.default_headers["X-Request-ID"] = "7"
    assert introspect(token).active
    assert asked(hydra) == 2, "headers for tracing do not count"


def test_a_mock_of_an_api() -> None:
    api = Mock(**{"introspect_oauth2_token.return_value.active": True})
    assert hydra_client.introspection.CachedIntrospection(api)("a").active


def test_a_response_never_serves_another_credential(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    configuration = api.api_client.configuration
    introspect = CachedIntrospection(api)
    bearer = api.oauth_token(grant_type="client_credentials", scope="hydra.*").access_token
    other = api.oauth_token(grant_type="client_credentials", scope="hydra.*").access_token
    for access_token in (bearer, other, lambda: bearer, lambda: bearer, None):
        configuration.access_token = access_token
        before = asked(hydra)
        for _ in range(3):
            assert introspect(token).active
        assert asked(hydra) == before + 1
    configuration.password = "wrong"
    if "0.9" in repr(hydra):
        with pytest.raises(UnauthorizedException):
            introspect(token)
    else:
        assert not introspect(token).active, "as 0.10 says for a wrong secret"
    configuration.password = "demo-password"
    before = asked(hydra)
    assert introspect(token).active
    assert asked(hydra) == before, "and this one is still known"


def test_a_source_that_comes_where_another_one_was(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    """Python gives a new object the id of one that is gone."""
    bearer = api.oauth_token(grant_type="client_credentials", scope="hydra.*").access_token
    configuration = api.api_client.configuration
    introspect = CachedIntrospection(api)
    for count in range(1, 6):
        configuration.access_token = lambda: bearer
        introspect(token)
        assert asked(hydra) == count
        configuration.access_token = None


def test_a_caller_cannot_change_what_others_get(api: OAuth2Api, hydra: HydraEmulator) -> None:
    response = {"active": True, "scope": "a", "ext": {"roles": ["user"]}, "unknown": {"list": [1]}}
    hydra.fail(PATH, status=200, body=json.dumps(response))
    introspect = CachedIntrospection(api)
    original = introspect("token").to_dict()
    for _ in range(2):
        got = introspect("token")
        assert got.to_dict() == original == response
        assert got.ext is not None
        got.ext["roles"].append("admin")
        got.ext["new"] = True
        got.active = False
        got._data["unknown"]["list"].append(2)
    assert asked(hydra) == 1


# --- how long


def test_an_active_response_is_kept_for_its_age(
    hydra: HydraEmulator, api: OAuth2Api, token: str, clock: Clock
) -> None:
    introspect = CachedIntrospection(api, max_age=30, clock=clock)
    introspect(token)
    clock.advance(15)
    introspect(token)
    assert asked(hydra) == 1
    clock.advance(15)
    introspect(token)
    assert asked(hydra) == 2
    clock.advance(15)
    introspect(token)
    assert asked(hydra) == 2, "the age counts from the last response"


def test_a_revoked_token_is_known_to_be_so_after_the_age_at_most(
    api: OAuth2Api, token: str, clock: Clock
) -> None:
    introspect = CachedIntrospection(api, max_age=30, clock=clock)
    assert introspect(token).active
    api.revoke_oauth2_token(token)
    assert introspect(token).active
    clock.advance(30)
    assert not introspect(token).active


def test_a_response_is_never_kept_past_the_tokens_end(
    hydra: HydraEmulator, api: OAuth2Api, token: str, clock: Clock
) -> None:
    introspect = CachedIntrospection(api, max_age=10 * LIFETIME, clock=clock)
    exp = introspect(token).exp
    assert exp is not None
    clock.advance(exp - time.time() - 60)
    assert introspect(token).active
    assert asked(hydra) == 1
    clock.advance(60)
    hydra.clock.advance(LIFETIME + 1)
    assert not introspect(token).active
    assert asked(hydra) == 2


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        ({"active": True}, True),
        ({"active": True, "exp": None}, True),
        ({"active": True, "exp": 10**400}, True),
        ({"active": True, "exp": 1}, False),
        ({"active": True, "exp": -(10**400)}, False),
        ({"active": False}, False),
        ({"active": False, "exp": 10**10}, False),
    ],
    ids=str,
)
def test_what_is_kept(
    hydra: HydraEmulator, api: OAuth2Api, response: dict[str, object], kept: bool
) -> None:
    hydra.fail(PATH, status=200, body=json.dumps(response), times=None)
    introspect = CachedIntrospection(api)
    for _ in range(3):
        assert introspect("token").active is response["active"]
    assert asked(hydra) == (1 if kept else 3)


def test_an_inactive_response_is_kept_as_long_as_is_asked_for(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    introspect = CachedIntrospection(api, negative_age=60, clock=clock)
    for _ in range(3):
        assert not introspect("unknown").active
    assert asked(hydra) == 1
    clock.advance(60)
    assert not introspect("unknown").active
    assert asked(hydra) == 2


def test_an_age_of_nothing_keeps_nothing(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api, max_age=0)
    for _ in range(3):
        assert introspect(token).active
    assert asked(hydra) == 3


def test_the_time_that_the_request_takes_counts(hydra: HydraEmulator, api: OAuth2Api) -> None:
    now = [1000.0]
    hydra.fail(PATH, status=200, body='{"active": true}', times=None)

    class Slow(Adapter):
        def send(self, request: Any, **keywords: Any) -> requests.Response:  # type: ignore[override]
            now[0] += 20
            return super().send(request, **keywords)

    api.api_client.session.mount("http://", Slow())
    introspect = CachedIntrospection(api, max_age=30, clock=lambda: now[0])
    introspect("token")
    now[0] += 9
    introspect("token")
    assert asked(hydra) == 1
    now[0] += 2
    introspect("token")
    assert asked(hydra) == 2


def test_a_clock_that_is_set_back_makes_nothing_last(
    hydra: HydraEmulator, api: OAuth2Api, token: str, clock: Clock
) -> None:
    introspect = CachedIntrospection(api, clock=clock)
    introspect(token)
    clock.advance(-86400)
    introspect(token)
    assert asked(hydra) == 2


def test_errors_are_never_kept(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api, negative_age=30)
    hydra.fail(PATH, status=500)
    with pytest.raises(ServiceException):
        introspect(token)
    assert introspect(token).active


# --- how many


def test_the_least_recently_used_make_room(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.fail(PATH, status=200, body='{"active": true}', times=None)
    introspect = CachedIntrospection(api, max_size=3)
    for token in ("a", "b", "c"):
        introspect(token)
    introspect("a")
    introspect("d")  # b goes
    assert asked(hydra) == 4
    for token in ("a", "c", "d"):
        introspect(token)
    assert asked(hydra) == 4
    introspect("b")
    assert asked(hydra) == 5
    assert "3 of 3 responses" in repr(introspect)


def test_what_is_learnt_anew_is_not_the_next_to_go(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    hydra.fail(PATH, status=200, body='{"active": true}', times=None)
    introspect = CachedIntrospection(api, max_size=2, max_age=30, clock=clock)
    introspect("a")
    clock.advance(20)
    introspect("b")
    clock.advance(15)
    introspect("a")  # its response was old
    introspect("c")  # b goes
    assert asked(hydra) == 4
    introspect("a")
    assert asked(hydra) == 4


def test_made_up_tokens_do_not_push_the_real_ones_out(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    introspect = CachedIntrospection(api, max_size=3)
    introspect(token)
    for number in range(10):
        introspect(f"made-up-{number}")
    introspect(token)
    assert asked(hydra) == 11


# --- forgetting


def test_forget_and_clear(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api)
    other = api.oauth_token(grant_type="client_credentials", scope="hydra.clients").access_token
    for scope in (None, "hydra.clients"):
        introspect(token, scope)
        introspect(other, scope)
    assert asked(hydra) == 4
    api.revoke_oauth2_token(token)
    introspect.forget(token)
    introspect.forget("never seen")
    for wrong in (None, b"token"):
        with pytest.raises(ApiTypeError, match="token must be a string"):
            introspect.forget(wrong)  # type: ignore[arg-type]
    for scope in (None, "hydra.clients"):
        assert not introspect(token, scope).active
        assert introspect(other, scope).active
    assert asked(hydra) == 6
    introspect.clear()
    introspect(other)
    assert asked(hydra) == 7


class Gate(Adapter):
    """Holds responses back until the gate opens."""

    def __init__(self) -> None:
        super().__init__(pool_connections=32, pool_maxsize=32)
        self.arrived = threading.Semaphore(0)
        self.opened = threading.Event()

    def send(self, request: Any, **keywords: Any) -> requests.Response:  # type: ignore[override]
        response = super().send(request, **keywords)
        self.arrived.release()
        if not self.opened.wait(keywords["timeout"]):
            response.close()
            raise requests.ReadTimeout
        return response


def gated(api: OAuth2Api) -> Gate:
    gate = Gate()
    api.api_client.session.mount("http://", gate)
    return gate


@pytest.mark.parametrize("how", ["forget", "clear"])
def test_a_response_under_way_is_forgotten_too(
    hydra: HydraEmulator, api: OAuth2Api, token: str, how: str
) -> None:
    """Else what is forgotten after a revocation would come back, from before it."""
    gate = gated(api)
    introspect = CachedIntrospection(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: introspect(token).active)
        assert gate.arrived.acquire(timeout=30)
        api.api_client.session.mount("http://", Adapter())
        api.revoke_oauth2_token(token)
        introspect.clear() if how == "clear" else introspect.forget(token)
        assert not introspect(token).active, "nor does it wait for the response under way"
        gate.opened.set()
    assert crowd.results == [True]
    assert not introspect(token).active


def test_a_response_is_kept_for_the_server_that_gave_it(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    """Though another host was assigned while the response was under way."""
    with HydraEmulator() as other:
        gate = gated(api)
        introspect = CachedIntrospection(api)
        home = api.api_client.configuration.host
        with Crowd() as crowd:
            crowd.send(1, lambda: introspect(token).active)
            assert gate.arrived.acquire(timeout=30)
            api.api_client.configuration.host = other.url
            gate.opened.set()
        assert crowd.results == [True]
        assert asked(other) == 0
        api.api_client.configuration.host = home
        assert introspect(token).active
    assert asked(hydra) == 1


def test_the_server_in_question_is_asked(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    """Though another host was assigned just before the request."""
    with HydraEmulator() as other:

        def clock() -> float:
            api.api_client.configuration.host = other.url
            return time.time()

        assert CachedIntrospection(api, clock=clock)(token).active
        assert (asked(hydra), asked(other)) == (1, 0)


# --- many threads


def test_64_threads_ask_once(hydra: HydraEmulator, api: OAuth2Api, token: str) -> None:
    introspect = CachedIntrospection(api)
    with Crowd() as crowd:
        crowd.send(64, lambda: introspect(token))
    assert asked(hydra) == 1
    assert len(crowd.results) == 64
    assert all(result.active for result in crowd.results)
    assert len({id(result) for result in crowd.results}) == 64


def test_an_inactive_response_is_shared_by_those_who_wait(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    gate = gated(api)
    introspect = CachedIntrospection(api)
    with Crowd() as crowd:
        crowd.send(64, lambda: introspect("unknown").active)
        waiting(introspect._cache, 63)
        gate.opened.set()
    assert crowd.results == [False] * 64
    assert asked(hydra) == 1


def test_an_error_is_shared_by_those_who_wait(hydra: HydraEmulator, token: str) -> None:
    api = hydra.api(retries=0)
    gate = gated(api)
    introspect = CachedIntrospection(api)
    hydra.fail(PATH, status=503)
    with api.api_client, Crowd() as crowd:
        crowd.send(16, lambda: introspect(token))
        waiting(introspect._cache, 15)
        gate.opened.set()
    assert [type(error) for error in crowd.errors] == [ServiceException] * 16
    assert asked(hydra) == 1


def test_waiting_ends_by_the_timeout_setting(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    gate = gated(api)
    introspect = CachedIntrospection(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: introspect(token).active)
        assert gate.arrived.acquire(timeout=30)
        api.api_client.configuration.timeout = 0.1
        with pytest.raises(ApiTimeoutError):
            introspect(token)
        gate.opened.set()
    assert crowd.results == [True]
    assert asked(hydra) == 1


def test_waiting_ends(hydra: HydraEmulator, token: str) -> None:
    api = hydra.api(timeout=0.5)
    gated(api)
    introspect = CachedIntrospection(api)
    with api.api_client, Crowd() as crowd:
        crowd.send(2, lambda: introspect(token))
    assert [type(error) for error in crowd.errors] == [ApiTimeoutError] * 2


@pytest.mark.threads_only
def test_who_comes_a_moment_too_late_asks_no_more(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    """Between its look at what is kept and its turn, another thread has learnt the response."""
    old = time.time() - 60
    looked, go_on = threading.Event(), threading.Event()
    now = [old]

    def clock() -> float:
        if threading.current_thread() is not threading.main_thread() and not looked.is_set():
            looked.set()
            assert go_on.wait(30)
            return old + 60  # when it looked
        return now[0]

    introspect = CachedIntrospection(api, clock=clock)
    introspect(token)
    now[0] = old + 60
    with Crowd() as crowd:
        crowd.send(1, lambda: introspect(token).active)
        assert looked.wait(30)
        introspect(token)
        go_on.set()
    assert crowd.results == [True]
    assert asked(hydra) == 2


def test_a_response_that_is_let_go_while_it_is_used(api: OAuth2Api, token: str) -> None:
    cleared = False

    def clock() -> float:
        if cleared:
            introspect.clear()
        return time.time()

    introspect = CachedIntrospection(api, clock=clock)
    introspect(token)
    cleared = True
    assert introspect(token).active


@pytest.mark.threads_only
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_the_responses_and_asks_for_others(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    introspect = CachedIntrospection(api)
    introspect(token)
    gate = gated(api)
    api.api_client.configuration.timeout = 90
    with Crowd() as crowd:
        crowd.send(1, lambda: introspect(token, "hydra.clients").active)
        assert gate.arrived.acquire(timeout=30)
        child = fork()
        if child == 0:  # pragma: no cover - the child's lines show in its exit code
            signal.alarm(20)  # rather than hang
            code = 1
            try:
                api.api_client.session.mount("http://", Adapter())
                code = not (introspect(token).active and introspect(token, "hydra.clients").active)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        gate.opened.set()
    assert os.waitstatus_to_exitcode(status) == 0
    assert crowd.results == [True]
    assert asked(hydra) == 3


# --- what is shown and what is refused


def test_no_token_shows(api: OAuth2Api, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    introspect = CachedIntrospection(api)
    introspect(token)
    bearer = api.oauth_token(grant_type="client_credentials", scope="hydra.*").access_token
    api.api_client.configuration.access_token = bearer
    introspect("another-secret-token")
    shown = [repr(introspect), repr(vars(introspect)), *caplog.messages]
    for secret in (token, bearer, "another-secret-token", "demo-password"):
        assert [text for text in shown if secret in text] == []
    host = api.api_client.configuration.host
    assert repr(introspect) == (
        f"CachedIntrospection(ApiClient({host!r}), 1 of 1024 responses, max_age=30.0)"
    )


@pytest.mark.threads_only
def test_a_pickle_holds_the_settings_and_no_response(
    hydra: HydraEmulator, api: OAuth2Api, token: str
) -> None:
    introspect = CachedIntrospection(api, max_size=7, max_age=5, negative_age=3)
    introspect(token)
    pickled = pickle.dumps(introspect)
    assert token.encode() not in pickled
    twin = pickle.loads(pickled)
    assert "0 of 7 responses, max_age=5.0" in repr(twin)
    for _ in range(2):
        assert twin(token).active
        assert not twin("unknown").active
    assert asked(hydra) == 3
    twin._api.api_client.close()


@pytest.mark.parametrize("arguments", [(3,), (b"token",), ("token", 3), ("token", b"a")])
def test_what_is_not_a_string_is_rejected(
    hydra: HydraEmulator, api: OAuth2Api, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(ApiTypeError, match="must be a string"):
        CachedIntrospection(api)(*arguments)
    assert asked(hydra) == 0


def test_a_whole_header_is_not_a_token(hydra: HydraEmulator, api: OAuth2Api) -> None:
    cached = CachedIntrospection(api)
    for call in (api.introspect_oauth2_token, api.revoke_oauth2_token, cached, cached.forget):
        for scheme in ("Bearer", "bearer"):
            with pytest.raises(ApiValueError, match="token begins with 'Bearer': pass only") as no:
                call(f"{scheme} hush")
            assert "hush" not in str(no.value)
    assert hydra.requests == []
    for odd in ("", "Bearer", "a b", "Basic a"):
        assert api.introspect_oauth2_token(odd).active is False


def test_half_a_surrogate_pair_is_refused(hydra: HydraEmulator, api: OAuth2Api) -> None:
    for arguments in (("\ud800",), ("token", "\ud800")):
        with pytest.raises(ApiValueError, match="surrogate"):
            CachedIntrospection(api)(*arguments)
    CachedIntrospection(api).forget("\ud800")
    assert asked(hydra) == 0


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"max_size": 0}, ApiValueError, "max_size must be at least 1, got 0"),
        ({"max_size": 1.5}, ApiTypeError, "max_size must be a whole number, got float"),
        ({"max_size": True}, ApiTypeError, "max_size must be a whole number, got bool"),
        (
            {"max_age": -1},
            ApiValueError,
            "max_age must be a finite number of seconds, at least 0, got -1",
        ),
        ({"max_age": float("nan")}, ApiValueError, "max_age"),
        ({"max_age": float("inf")}, ApiValueError, "max_age"),
        ({"max_age": "30"}, ApiTypeError, "max_age must be a number of seconds, got str"),
        ({"negative_age": None}, ApiTypeError, "negative_age"),
        ({"negative_age": True}, ApiTypeError, "negative_age"),
        ({"clock": 3}, ApiTypeError, "clock must be callable, got int"),
    ],
    ids=str,
)
def test_settings_are_checked(
    settings: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        CachedIntrospection(OAuth2Api(ApiClient(Configuration())), **settings)


# --- whatever happens in whatever order


class Freshness(RuleBasedStateMachine):
    """No response is older than it may be, nor belongs to another question."""

    MAX_AGE, NEGATIVE_AGE, MAX_SIZE = 30, 5, 4

    def __init__(self) -> None:
        super().__init__()
        self.mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        self.mock.start()
        self.now = 1_700_000_000.0
        self.hydra = HydraEmulator(clock=lambda: self.now)
        in_process.register(self.mock, self.hydra, "http://hydra.localhost")
        self.api = self.hydra.api()
        self.introspect = CachedIntrospection(
            self.api,
            max_size=self.MAX_SIZE,
            max_age=self.MAX_AGE,
            negative_age=self.NEGATIVE_AGE,
            clock=lambda: self.now,
        )
        self.tokens: list[str] = []
        # From when on the server calls the token inactive.
        self.dead_since: dict[str, float] = {}
        self.fetch()

    @rule()
    def fetch(self) -> None:
        token = self.api.oauth_token(
            grant_type="client_credentials", scope="hydra.clients"
        ).access_token
        self.tokens.append(token)
        self.dead_since[token] = self.now + LIFETIME

    @rule(seconds=st.sampled_from([1, 4, 6, 29, 31, 1000, 3590]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(which=st.integers(0, 9), forget=st.booleans())
    def revoke(self, which: int, forget: bool) -> None:
        token = self.tokens[which % len(self.tokens)]
        self.api.revoke_oauth2_token(token)
        if forget:
            self.introspect.forget(token)
            self.dead_since[token] = min(self.dead_since[token], self.now - self.MAX_AGE)
        self.dead_since[token] = min(self.dead_since[token], self.now)

    @rule(which=st.integers(0, 9), scope=st.sampled_from([None, "hydra.clients", "hydra.keys"]))
    def ask(self, which: int, scope: str | None) -> None:
        token = self.tokens[which % len(self.tokens)]
        response = self.introspect(token, scope)
        dead = self.dead_since[token]
        if scope == "hydra.keys":
            assert not response.active
        elif self.now < dead:
            assert response.active
        elif response.active:
            assert self.now < dead + self.MAX_AGE
            assert response.exp is not None
            assert self.now <= response.exp  # the server counts that second, too

    @invariant()
    def it_is_bounded(self) -> None:
        assert len(self.introspect._cache) <= self.MAX_SIZE

    def teardown(self) -> None:
        self.api.api_client.close()
        self.mock.stop()


TestFreshness = Freshness.TestCase
TestFreshness.settings = hypothesis_settings(max_examples=40, stateful_step_count=25, deadline=None)
