"""Tokens are renewed when they end, are revoked or refused, for one thread or many."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.crowd import Crowd, wait_until, waiting
from support.fork import fork

import hydra_client
from hydra_client import (
    ApiClient,
    ApiConnectionError,
    ApiDecodeError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    Configuration,
    ConsentRequestAcceptance,
    ConsentRequestRejection,
    ForbiddenException,
    HydraException,
    InsecureTransportWarning,
    OAuth2Api,
    OAuth2Client,
    ServiceException,
    UnauthorizedException,
    aio,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.emulator.clock import Clock
from hydra_client.emulator.testing import in_process
from hydra_client.tokens import ClientCredentials, TokenSource
from hydra_client.transport.adapter import Adapter

LIFETIME = 3600
TOKEN_PATH = "/oauth2/token"


@pytest.fixture(params=["0.9", "0.10"])
def hydra_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"version": request.param}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(hydra: HydraEmulator, clock: Clock) -> Iterator[OAuth2Api]:
    """Logged in as root; its clock is the test's."""
    with connected(hydra, access_token=ClientCredentials(clock=clock)) as api:
        yield api


@contextlib.contextmanager
def connected(hydra: HydraEmulator, **settings: Any) -> Iterator[OAuth2Api]:
    settings = {"username": "admin", "password": "demo-password", **settings}
    with ApiClient(Configuration(hydra.url, **settings)) as client:
        yield OAuth2Api(client)


def asked(hydra: HydraEmulator) -> int:
    """How many token requests the server saw."""
    return sum(request.path == TOKEN_PATH for request in hydra.requests)


def say(hydra: HydraEmulator, times: int | None = 1, **response: object) -> None:
    """Let the token endpoint give this response."""
    hydra.fail(TOKEN_PATH, status=200, body=json.dumps(response), times=times)


class Gate(Adapter):
    """Holds requests to the token endpoint back until the gate opens."""

    def __init__(self) -> None:
        super().__init__(pool_connections=32, pool_maxsize=32)
        self.arrived = threading.Semaphore(0)
        self.opened = threading.Event()

    def send(self, request: Any, **keywords: Any) -> requests.Response:  # type: ignore[override]
        if request.url.endswith(TOKEN_PATH):
            self.arrived.release()
            if not self.opened.wait(keywords["timeout"]):
                raise requests.ReadTimeout
        return super().send(request, **keywords)


def gated(api: OAuth2Api) -> Gate:
    gate = Gate()
    api.api_client.session.mount("http://", gate)
    return gate


# --- a token is fetched when it is needed, and kept


def test_one_token_serves_many_calls(hydra: HydraEmulator, api: OAuth2Api) -> None:
    for _ in range(3):
        api.list_oauth2_clients()
    api.get_oauth2_client("admin")
    assert list(map(str, hydra.requests)) == [
        "POST /oauth2/token",
        "GET /clients",
        "GET /clients",
        "GET /clients",
        "GET /clients/admin",
    ]
    assert hydra.requests[0].headers["authorization"] == "Basic ***"
    assert hydra.requests[0].body == "grant_type=client_credentials&scope=hydra.clients"


def test_settings_alone_make_a_source(hydra: HydraEmulator) -> None:
    with hydra.api().api_client as client:
        api = OAuth2Api(client)
        api.list_oauth2_clients()
        api.list_oauth2_clients()
        assert asked(hydra) == 1
        hydra.clock.advance(LIFETIME + 1)
        api.list_oauth2_clients()
        assert asked(hydra) == 2


def test_each_scope_set_has_its_own_token(hydra: HydraEmulator, api: OAuth2Api) -> None:
    client = api.api_client
    by_scope = {
        scopes: client.token(scopes)
        for scopes in [("hydra.clients",), ("hydra.keys.get",), ("hydra.a", "hydra.b"), ()]
    }
    assert len(set(by_scope.values())) == 4
    assert client.token(("hydra.b", "hydra.a")) == by_scope["hydra.a", "hydra.b"]
    assert {scopes: client.token(scopes) for scopes in by_scope} == by_scope
    assert asked(hydra) == 4
    for scopes, token in by_scope.items():
        assert (api.introspect_oauth2_token(token).scope or "") == " ".join(scopes)


def test_scopes_are_a_list_or_a_string(hydra: HydraEmulator, api: OAuth2Api) -> None:
    bound = ClientCredentials().bind(api.api_client)
    expected = {"hydra.clients", "hydra.keys.get"}
    scopes: Any
    for scopes in ("hydra.clients hydra.keys.get", list(expected), expected):
        for token in (
            api.api_client.token(scopes),
            bound.token(scopes),
            awaited_token(api, scopes),
        ):
            introspection = api.introspect_oauth2_token(token)
            assert set((introspection.scope or "").split()) == expected


def test_credentials_are_bound_to_a_client(api: OAuth2Api) -> None:
    for wrong in (api, api.api_client.configuration):
        with pytest.raises(ApiTypeError, match=r"^client must be an ApiClient, got "):
            ClientCredentials().bind(wrong)  # type: ignore[call-overload]


def awaited_token(api: OAuth2Api, scopes: Any) -> str:
    async def main() -> str:
        async with aio.ApiClient(api.api_client.configuration) as client:
            return await client.token(scopes)

    return asyncio.run(main())


@pytest.mark.parametrize("scopes", [None, 5, b"hydra.clients", ["hydra.clients", None]])
def test_what_cannot_be_scopes(api: OAuth2Api, scopes: Any) -> None:
    bound = ClientCredentials().bind(api.api_client)
    for token in (
        api.api_client.token,
        bound.token,
        partial(awaited_token, api),
    ):
        with pytest.raises(ApiTypeError, match=r"scopes must be (a|of type) "):
            token(scopes)


@pytest.mark.parametrize("where", ["configuration", "source", "both"])
def test_scopes_that_are_named_go_before_the_operations(hydra: HydraEmulator, where: str) -> None:
    of_source = None if where == "configuration" else ["hydra.clients", "hydra.keys.*"]
    of_settings = None if where == "source" else "hydra.clients hydra.keys.*"
    if where == "both":
        of_settings = "hydra.consent"
    source = ClientCredentials(scopes=of_source)
    with connected(hydra, access_token=source, scopes=of_settings) as api:
        api.list_oauth2_clients()
        api.well_known()
        assert asked(hydra) == 1
        introspection = api.introspect_oauth2_token(api.api_client.token(()))
    assert set((introspection.scope or "").split()) == {"hydra.clients", "hydra.keys.*"}


def test_a_source_may_have_credentials_of_its_own(hydra: HydraEmulator) -> None:
    """With signs in them that the token endpoint wants encoded; over the same connections."""
    hydra.add_client(
        id="a robot: 50%",
        client_secret="p+q%41 r:s",
        grant_types=["client_credentials"],
        scope="hydra.*",
    )
    hydra.allow("a robot: 50%")
    source = ClientCredentials("a robot: 50%", "p+q%41 r:s", "hydra.clients")
    with connected(hydra, username="nobody", password="nothing", access_token=source) as api:
        api.api_client.default_headers["X-Forwarded-Proto"] = "https"
        api.list_oauth2_clients()
        assert [request.headers["x-forwarded-proto"] for request in hydra.requests] == ["https"] * 2
        pools = api.api_client.session.get_adapter(hydra.url).poolmanager.pools
        assert len(pools) == 1
        (key,) = pools.keys()
        assert pools[key].num_connections == 1
        assert api.api_client.configuration.username == "nobody", "the settings are as they were"


# --- the server refuses it: ended, revoked, forgotten


def end(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.clock.advance(LIFETIME + 1)


def revoke(hydra: HydraEmulator, api: OAuth2Api) -> None:
    api.revoke_oauth2_token(api.api_client.token(("hydra.clients",)))
    api.revoke_oauth2_token(api.api_client.token(("hydra.keys.get",)))


def restart(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.stop()
    hydra.reset()
    hydra.start()


LOSSES = [end, revoke, restart]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_refused_token_is_renewed_once_and_the_call_succeeds(
    hydra: HydraEmulator, api: OAuth2Api, lose: Callable[[HydraEmulator, OAuth2Api], None]
) -> None:
    scopes = {"hydra.clients", "hydra.keys.get"}
    for scope in scopes:
        api.api_client.token((scope,))
    lose(hydra, api)
    before = len(hydra.requests)
    assert [client.id for client in api.list_oauth2_clients()] == ["admin"]
    assert api.well_known().keys
    assert list(map(str, hydra.requests[before:])) == [
        "GET /clients",
        "POST /oauth2/token",
        "GET /clients",
        "GET /.well-known/jwks.json",
        "POST /oauth2/token",
        "GET /.well-known/jwks.json",
    ]
    api.list_oauth2_clients()
    assert len(hydra.requests) == before + 7, "and is used from then on"


def consent_id(hydra: HydraEmulator, api: OAuth2Api) -> str:
    hydra.add_client(
        id="my-app", redirect_uris=["http://localhost:9010/cb"], scope="photos", public=False
    )
    location = api.oauth_auth(
        client_id="my-app",
        redirect_uri="http://localhost:9010/cb",
        response_type="code",
        scope="photos",
        state="a-long-enough-state",
    )
    return location.partition("consent=")[2].partition("&")[0]


@pytest.mark.parametrize("lose", [end, revoke])
def test_any_operation_is_sent_again(
    hydra: HydraEmulator, api: OAuth2Api, lose: Callable[[HydraEmulator, OAuth2Api], None]
) -> None:
    """A refusal did nothing, so it does not matter whether the operation may run twice."""
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: api.create_oauth2_client(OAuth2Client(id="new", client_name="One")),
        "get": lambda: api.get_oauth2_client("new"),
        "update": lambda: api.update_oauth2_client("new", OAuth2Client(client_name="Two")),
        "list": api.list_oauth2_clients,
        "delete": lambda: api.delete_oauth2_client("new"),
        "get request": lambda: api.get_oauth2_consent_request(consent),
        "accept": lambda: api.accept_oauth2_consent_request(
            consent, ConsentRequestAcceptance(subject="alice", grant_scopes=["photos"])
        ),
        "reject": lambda: api.reject_oauth2_consent_request(
            consent, ConsentRequestRejection(reason="no")
        ),
        "keys": api.well_known,
    }
    for scope in ("hydra.clients", "hydra.consent", "hydra.keys.get"):
        api.api_client.token((scope,))
    for name, call in calls.items():
        consent = consent_id(hydra, api)
        if lose is end:
            hydra.clock.advance(LIFETIME + 1)
            consent = consent_id(hydra, api)
        else:
            for scope in ("hydra.clients", "hydra.consent", "hydra.keys.get"):
                api.revoke_oauth2_token(api.api_client.token((scope,)))
        before = len(hydra.requests)
        call()
        sent = [str(request) for request in hydra.requests[before:]]
        assert len(sent) == 3, name
        assert sent[1] == "POST /oauth2/token", name
        assert sent[0] == sent[2], name


def test_introspection_of_the_token_that_would_authorize_it(hydra: HydraEmulator) -> None:
    """It goes by Basic, wherever id and secret stand: 0.10 would say that it is not active."""
    own = ClientCredentials("admin", "demo-password", "hydra.introspect")
    with connected(hydra, username=None, password=None, access_token=own) as api:
        assert api.introspect_oauth2_token(api.api_client.token()).active
    assert hydra.requests[-1].headers["authorization"].startswith("Basic ")
    assert asked(hydra) == 1


def test_a_token_authorizes_its_own_introspection_where_there_is_no_secret(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    token = api.api_client.token(("hydra.introspect",))
    with (
        contextlib.suppress(UnauthorizedException),  # of 0.9
        connected(hydra, username=None, password=None, access_token=token) as own,
    ):
        assert not own.introspect_oauth2_token(token).active
    assert hydra.requests[-1].headers["authorization"].startswith("Bearer ")


def test_introspection_by_bearer_token_renews_it_too(hydra: HydraEmulator) -> None:
    with connected(hydra, access_token=ClientCredentials()) as api:
        other = api.api_client.token(("hydra.clients",))
        assert api.introspect_oauth2_token(other).active
        api.revoke_oauth2_token(api.api_client.token(("hydra.introspect",)))
        before = asked(hydra)
        assert api.introspect_oauth2_token(other).active
        assert asked(hydra) == before + 1


def test_a_second_refusal_is_raised(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.fail("/clients", status=401, body='{"error":{"code":401}}', times=None)
    with pytest.raises(UnauthorizedException):
        api.list_oauth2_clients()
    assert list(map(str, hydra.requests)) == [
        "POST /oauth2/token",
        "GET /clients",
        "POST /oauth2/token",
        "GET /clients",
    ]


def test_a_token_that_may_not_do_it_is_kept(hydra: HydraEmulator) -> None:
    """Another token would not be allowed either."""
    with connected(hydra, access_token=ClientCredentials(scopes="hydra.keys.get")) as api:
        for _ in range(2):
            with pytest.raises(ForbiddenException):
                api.list_oauth2_clients()
    assert asked(hydra) == 1


# --- many threads


def test_64_threads_without_a_token_ask_once(hydra: HydraEmulator, api: OAuth2Api) -> None:
    with Crowd() as crowd:
        crowd.send(64, lambda: api.list_oauth2_clients()[0].id)
    assert crowd.results == ["admin"] * 64
    assert asked(hydra) == 1


def test_64_threads_with_a_token_that_ended_ask_once(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    api.list_oauth2_clients()
    clock.advance(LIFETIME)
    hydra.clock.advance(LIFETIME + 1)
    with Crowd() as crowd:
        crowd.send(64, lambda: api.list_oauth2_clients()[0].id)
    assert crowd.results == ["admin"] * 64
    assert asked(hydra) == 2


def test_who_comes_a_moment_too_late_asks_no_more(hydra: HydraEmulator) -> None:
    """Between its look at what is kept and its turn, another thread has fetched a token."""
    looked, go_on = threading.Event(), threading.Event()

    def clock() -> float:
        if threading.current_thread() is not threading.main_thread() and not looked.is_set():
            looked.set()
            assert go_on.wait(30)
        return time.time()

    with connected(hydra, access_token=ClientCredentials(clock=clock)) as api, Crowd() as crowd:
        crowd.send(1, api.api_client.token)
        assert looked.wait(30)
        token = api.api_client.token()
        go_on.set()
    assert crowd.results == [token]
    assert asked(hydra) == 1


@pytest.mark.parametrize("lose", LOSSES)
def test_64_threads_whose_token_is_refused_ask_once(
    hydra: HydraEmulator, api: OAuth2Api, lose: Callable[[HydraEmulator, OAuth2Api], None]
) -> None:
    api.api_client.token(("hydra.clients",))
    lose(hydra, api)
    before = asked(hydra)
    with Crowd() as crowd:
        crowd.send(64, lambda: api.list_oauth2_clients()[0].id)
    assert crowd.results == ["admin"] * 64
    assert asked(hydra) == before + 1


def test_64_clients_of_one_source_ask_once(hydra: HydraEmulator) -> None:
    source = ClientCredentials("admin", "demo-password")

    def call() -> str | None:
        with connected(hydra, access_token=source) as api:
            return api.list_oauth2_clients()[0].id

    with Crowd() as crowd:
        crowd.send(64, call)
    assert crowd.results == ["admin"] * 64
    assert asked(hydra) == 1


def test_nobody_waits_for_a_renewal_while_the_old_token_lives(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    old = api.api_client.token(("hydra.clients",))
    clock.advance(LIFETIME * 0.9)
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: api.api_client.token(("hydra.clients",)))
        assert gate.arrived.acquire(timeout=30)
        for _ in range(5):
            assert api.list_oauth2_clients()[0].id == "admin"
            assert api.api_client.token(("hydra.clients",)) == old
        gate.opened.set()
    (new,) = crowd.results
    assert new != old
    assert api.api_client.token(("hydra.clients",)) == new
    assert asked(hydra) == 2


def test_a_token_of_another_scope_does_not_wait(hydra: HydraEmulator, api: OAuth2Api) -> None:
    api.api_client.token(("hydra.keys.get",))
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: api.list_oauth2_clients()[0].id)
        assert gate.arrived.acquire(timeout=30)
        assert api.well_known().keys
        gate.opened.set()
    assert crowd.results == ["admin"]


# --- ahead of its end


@pytest.mark.parametrize("lifetime", [2, 10, 60, 3599, 86400])
def test_a_token_is_renewed_when_a_fifth_of_its_lifetime_is_left(
    hydra: HydraEmulator, lifetime: int
) -> None:
    now = 1000.0
    with connected(hydra, access_token=ClientCredentials(clock=lambda: now)) as api:
        say(hydra, access_token="first", token_type="bearer", expires_in=lifetime)
        say(hydra, access_token="second", token_type="bearer", expires_in=lifetime)
        assert api.api_client.token() == "first"
        now += lifetime * 0.79
        assert api.api_client.token() == "first"
        now += lifetime * 0.02
        assert api.api_client.token() == "second"
        now += lifetime * 0.79
        assert api.api_client.token() == "second"
    assert asked(hydra) == 2


@pytest.mark.parametrize("lifetime", [{}, {"expires_in": None}, {"expires_in": 10**400}], ids=str)
def test_a_token_without_an_end_is_used_until_it_is_refused(
    hydra: HydraEmulator, lifetime: dict[str, object]
) -> None:
    now = 1000.0
    with connected(hydra, access_token=ClientCredentials(clock=lambda: now)) as api:
        token = ClientCredentials()
        say(hydra, access_token="unknown-to-the-server", **lifetime)
        assert api.api_client.token(("hydra.clients",)) == "unknown-to-the-server"
        now += 5 * 365 * 86400
        assert api.api_client.token(("hydra.clients",)) == "unknown-to-the-server"
        assert asked(hydra) == 1
        assert api.list_oauth2_clients()[0].id == "admin"
        assert asked(hydra) == 2
        assert api.api_client.token(("hydra.clients",)) != token


@pytest.mark.parametrize("lifetime", [0, -5, -(10**400)], ids=["0", "-5", "-10**400"])
def test_a_token_that_ends_at_once_is_used_once(hydra: HydraEmulator, lifetime: int) -> None:
    with connected(hydra) as api:
        say(hydra, access_token="first", expires_in=lifetime)
        say(hydra, access_token="second", expires_in=lifetime)
        assert api.api_client.token() == "first"
        assert api.api_client.token() == "second"


def test_the_time_that_the_request_takes_counts(hydra: HydraEmulator) -> None:
    """Else a token could count as alive after the server has let it end."""
    ticks = iter(range(1000, 10000, 8))
    with connected(hydra, access_token=ClientCredentials(clock=lambda: float(next(ticks)))) as api:
        # Looked up at 1000 and 1008, asked for at 1016, so it is good until 1026: not at 1032.
        say(hydra, access_token="first", expires_in=10)
        say(hydra, access_token="second", expires_in=10)
        assert api.api_client.token() == "first"
        assert next(ticks) == 1024
        assert api.api_client.token() == "second"


def test_a_renewal_that_fails_harms_nobody_before_the_old_token_ends(
    hydra: HydraEmulator, clock: Clock
) -> None:
    source = ClientCredentials(clock=clock)
    with connected(hydra, access_token=source, retries=0) as api:
        old = api.api_client.token(("hydra.clients",))
        down = hydra.fail(TOKEN_PATH, status=503, times=None)
        clock.advance(LIFETIME * 0.81)
        for _ in range(100):
            assert api.list_oauth2_clients()[0].id == "admin"
        assert down.hits == 1, "and it is not tried again at once"
        for _ in range(60 * 10):
            clock.advance(1)
            assert api.api_client.token(("hydra.clients",)) == old
        assert 2 < down.hits < 15, "but again from time to time"
        down.times = 0
        clock.advance((LIFETIME * 0.19 - 600) / 2)
        before = asked(hydra)
        new = api.api_client.token(("hydra.clients",))
        assert new != old
        assert asked(hydra) == before + 1


def test_a_renewal_ahead_that_hangs_leaves_time_for_the_call(
    hydra: HydraEmulator, clock: Clock
) -> None:
    source = ClientCredentials(clock=clock)
    with connected(hydra, access_token=source, timeout=4) as api:
        api.list_oauth2_clients()
        clock.advance(LIFETIME * 0.9)
        hang = hydra.fail(TOKEN_PATH, delay=30, times=None)
        assert api.list_oauth2_clients()[0].id == "admin"
        assert hang.hits == 1
        hydra.stop()  # ends the wait
        hydra.start()


def test_a_token_that_ends_during_its_renewal_is_renewed_in_full(
    hydra: HydraEmulator, clock: Clock
) -> None:
    source = ClientCredentials(clock=clock)
    with connected(hydra, access_token=source, retries=0) as api:
        old = api.api_client.token(("hydra.clients",))
        gate = gated(api)
        hydra.fail(TOKEN_PATH, status=500)
        clock.advance(LIFETIME * 0.9)
        with Crowd() as crowd:
            crowd.send(1, lambda: api.api_client.token(("hydra.clients",)))
            assert gate.arrived.acquire(timeout=30)
            clock.advance(LIFETIME * 0.2)
            gate.opened.set()
        (new,) = crowd.results
        assert new != old
        assert asked(hydra) == 3


def test_a_token_that_is_refused_during_its_renewal_is_not_used_again(
    hydra: HydraEmulator, clock: Clock
) -> None:
    source = ClientCredentials(clock=clock)
    with connected(hydra, access_token=source, retries=0) as api:
        old = api.api_client.token(("hydra.clients",))
        gate = gated(api)
        hydra.fail(TOKEN_PATH, status=500)
        clock.advance(LIFETIME * 0.9)
        with Crowd() as crowd:
            crowd.send(1, lambda: api.api_client.token(("hydra.clients",)))
            assert gate.arrived.acquire(timeout=30)
            hydra.clock.advance(LIFETIME + 1)
            crowd.send(8, lambda: api.list_oauth2_clients()[0].id)  # refused with the old one
            waiting(source._tokens, 8)
            gate.opened.set()
        assert old not in crowd.results
        assert crowd.results.count("admin") == 8
        assert asked(hydra) == 3


def test_a_clock_that_is_wrong_costs_a_refusal_and_nothing_else(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    api.list_oauth2_clients()
    for step in (-10 * 365 * 86400, 20 * 365 * 86400, -3 * 86400):
        clock.advance(step)
        hydra.clock.advance(LIFETIME + 1)
        assert api.list_oauth2_clients()[0].id == "admin"
    assert asked(hydra) <= 4


# --- the token endpoint is down, or slow


def test_one_error_for_each_caller_no_storm_and_recovery_at_once(
    hydra: HydraEmulator, api: OAuth2Api, clock: Clock
) -> None:
    source = api.api_client.configuration.access_token
    assert isinstance(source, ClientCredentials)
    api.list_oauth2_clients()
    clock.advance(LIFETIME + 1)
    down = hydra.fail(TOKEN_PATH, status=503, times=None)
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(64, api.list_oauth2_clients)
        assert gate.arrived.acquire(timeout=30)
        waiting(source._tokens, 63)
        gate.opened.set()
    assert [type(error) for error in crowd.errors] == [ServiceException] * 64
    assert len({id(error) for error in crowd.errors}) == 64
    assert {error.status for error in crowd.errors} == {503}
    assert all("oauth_token" in str(error) for error in crowd.errors)
    assert down.hits == 1 + api.api_client.configuration.retries
    down.times = 0
    assert api.list_oauth2_clients()[0].id == "admin"
    assert down.hits == 3


def test_a_server_that_is_gone(hydra: HydraEmulator) -> None:
    with connected(hydra, retries=0) as api:
        hydra.stop()
        try:
            with socket.socket() as holder, Crowd() as crowd:
                # Nobody else is given the port meanwhile.
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind((hydra.host, hydra.port))
                crowd.send(16, api.list_oauth2_clients)
            assert [type(error) for error in crowd.errors] == [ApiConnectionError] * 16
        finally:
            hydra.start()
        assert api.list_oauth2_clients()[0].id == "admin"
        assert asked(hydra) == 1


def test_a_refused_token_whose_renewal_fails_reports_the_renewal(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    api.list_oauth2_clients()
    hydra.clock.advance(LIFETIME + 1)
    down = hydra.fail(TOKEN_PATH, status=500, times=None)
    for _ in range(2):
        with pytest.raises(ServiceException, match="oauth_token: 500"):
            api.list_oauth2_clients()
    assert down.hits == 2
    assert [str(request) for request in hydra.requests].count("GET /clients") == 2, (
        "a token that was refused is not sent again"
    )
    down.times = 0
    assert api.list_oauth2_clients()[0].id == "admin"


def test_wrong_credentials_and_scopes_are_reported(hydra: HydraEmulator) -> None:
    with connected(hydra, password="wrong-password") as api:
        with pytest.raises(UnauthorizedException, match="Check the client id and secret"):
            api.list_oauth2_clients()
        api.api_client.configuration.password = "demo-password"
        assert api.list_oauth2_clients()[0].id == "admin", "what is set anew counts at once"
    with connected(hydra, scopes="photos") as api, pytest.raises(BadRequestException):
        api.list_oauth2_clients()


def test_the_token_request_ends_by_the_calls_deadline(hydra: HydraEmulator) -> None:
    with connected(hydra) as api:
        hydra.fail(TOKEN_PATH, delay=60)
        with pytest.raises(ApiTimeoutError):
            api.list_oauth2_clients(timeout=0.2)
        hydra.stop()
        hydra.start()


def test_a_caller_does_not_get_the_time_out_of_a_less_patient_one(hydra: HydraEmulator) -> None:
    source = ClientCredentials()
    with connected(hydra, access_token=source) as api:
        hydra.fail(TOKEN_PATH, delay=60)
        with Crowd() as crowd:
            crowd.send(1, lambda: api.list_oauth2_clients(timeout=1))
            wait_until(lambda: asked(hydra), "somebody asks")
            crowd.send(8, lambda: api.list_oauth2_clients(timeout=30)[0].id)
        assert [type(error) for error in crowd.errors] == [ApiTimeoutError]
        assert crowd.results == ["admin"] * 8
        assert asked(hydra) == 2
        hydra.stop()
        hydra.start()


def test_a_caller_waits_for_another_no_longer_than_its_own_deadline(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: api.list_oauth2_clients()[0].id)
        assert gate.arrived.acquire(timeout=30)
        with pytest.raises(ApiTimeoutError):
            api.list_oauth2_clients(timeout=0.1)
        gate.opened.set()
    assert crowd.results == ["admin"]


def test_waiting_outside_a_call_ends_by_the_timeout_setting(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(1, api.api_client.token)
        assert gate.arrived.acquire(timeout=30)
        api.api_client.configuration.timeout = 0.1
        with pytest.raises(ApiTimeoutError):
            api.api_client.token()
        gate.opened.set()
    assert len(crowd.results) == 1
    assert asked(hydra) == 1


def test_waiting_outside_a_call_ends_as_well(hydra: HydraEmulator) -> None:
    with connected(hydra, timeout=1) as api:
        gated(api)
        with Crowd() as crowd:
            crowd.send(2, api.api_client.token)
        assert [type(error) for error in crowd.errors] == [ApiTimeoutError] * 2
        assert asked(hydra) == 0


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"access_token": "two words", "token_type": "bearer"}, "has spaces"),
        ({"access_token": "", "token_type": "bearer"}, "is empty"),
        ({"access_token": "token", "token_type": "mac"}, "bearer"),
        ({"token_type": "bearer"}, "access_token"),
        ({"access_token": "token", "expires_in": "soon"}, "expires_in"),
    ],
)
def test_a_response_that_holds_no_token(
    hydra: HydraEmulator, response: dict[str, object], message: str
) -> None:
    with connected(hydra) as api:
        say(hydra, **response)
        with pytest.raises(ApiDecodeError, match=message):
            api.list_oauth2_clients()
        assert api.list_oauth2_clients()[0].id == "admin", "nothing of it is kept"


# --- which source


class Numbered(TokenSource):
    """A source as users write it."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.asked: list[tuple[str, ...]] = []

    def token(self, scopes: tuple[str, ...]) -> str:
        self.asked.append(scopes)
        return self.tokens[0]


class Dropping(Numbered):
    def drop(self, token: str) -> None:
        self.tokens.remove(token)


class Alike:
    """No subclass, and no `drop`; not to be called either."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def token(self, scopes: tuple[str, ...]) -> str:
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]


def test_a_source_of_ones_own(hydra: HydraEmulator, api: OAuth2Api) -> None:
    good = api.api_client.token(("hydra.clients",))
    source = Numbered([good])
    with connected(hydra, access_token=source) as own:
        own.list_oauth2_clients()
        with pytest.raises(ForbiddenException):
            own.well_known()
    assert source.asked == [("hydra.clients",), ("hydra.keys.get",), ("hydra.keys.get",)]
    assert asked(hydra) == 1


class Undropping(Alike):
    drop = None


@pytest.mark.parametrize("kind", [Dropping, Alike, Undropping, "callable"])
def test_a_refused_token_of_ones_own_source_is_asked_for_again(
    hydra: HydraEmulator, api: OAuth2Api, kind: Any
) -> None:
    tokens = ["unknown", api.api_client.token(("hydra.clients",))]
    source = iter(tokens).__next__ if kind == "callable" else kind(tokens)
    with connected(hydra, access_token=source) as own:
        assert own.list_oauth2_clients()[0].id == "admin"


@pytest.mark.parametrize("source", [Numbered(["unknown"]), Alike(["unknown"]), lambda: "unknown"])
def test_the_same_token_again_is_not_sent_again(hydra: HydraEmulator, source: Any) -> None:
    with connected(hydra, access_token=source) as own, pytest.raises(UnauthorizedException):
        own.list_oauth2_clients()
    assert list(map(str, hydra.requests)) == ["GET /clients"]


def test_a_source_has_to_give_tokens() -> None:
    for wrong, kind in ((3, ApiTypeError), ("two words", ApiValueError)):
        client = ApiClient(Configuration("http://127.0.0.1:1", access_token=lambda: wrong))  # type: ignore[return-value] # noqa: B023
        with pytest.raises(kind):
            OAuth2Api(client).list_oauth2_clients()


def test_a_fixed_token_is_never_replaced(hydra: HydraEmulator) -> None:
    with connected(hydra, access_token="unknown") as api, pytest.raises(UnauthorizedException):
        api.list_oauth2_clients()
    assert asked(hydra) == 0


@pytest.mark.parametrize("source", [None, ClientCredentials()])
def test_no_credentials(source: ClientCredentials | None) -> None:
    for settings in ({}, {"username": "admin"}, {"password": "demo-password"}):
        configuration = Configuration("http://127.0.0.1:1", access_token=source, **settings)
        with pytest.raises(ApiValueError, match="no bearer token: set access_token"):
            OAuth2Api(ApiClient(configuration)).list_oauth2_clients()


def test_arguments_are_checked() -> None:
    for wrong in (("id", None), (None, "secret")):
        with pytest.raises(ApiValueError, match="go together"):
            ClientCredentials(*wrong)
    with pytest.raises(ApiTypeError):
        ClientCredentials(3, "secret")  # type: ignore[arg-type]
    with pytest.raises(ApiValueError, match="scope"):
        ClientCredentials(scopes=['"'])
    with pytest.raises(ApiTypeError, match="clock must be callable, got float"):
        ClientCredentials(clock=3.0)  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match="cache must be a path"):
        ClientCredentials(cache=3)  # type: ignore[arg-type]


# --- a token of one is never used for another


def test_a_source_shared_by_two_servers(hydra: HydraEmulator) -> None:
    source = ClientCredentials("admin", "demo-password", "hydra.*")
    with (
        HydraEmulator() as other,
        connected(hydra, access_token=source) as here,
        connected(other, access_token=source) as there,
    ):
        for _ in range(2):
            here.list_oauth2_clients()
            there.list_oauth2_clients()
        for server in (hydra, other):
            assert list(map(str, server.requests)) == [
                "POST /oauth2/token",
                "GET /clients",
                "GET /clients",
            ], "each token was its own server's, or it would have been refused"
        here.api_client.configuration.host = other.url
        here.list_oauth2_clients()
        assert asked(other) == 1
        assert len(other.requests) == 4


def test_headers_by_which_a_proxy_may_choose_the_server(hydra: HydraEmulator) -> None:
    source = ClientCredentials("admin", "demo-password", "hydra.*")
    with connected(hydra, access_token=source) as api:
        one, two = api.api_client.copy(), api.api_client.copy()
        one.default_headers["X-Tenant"] = "one-hush"
        two.default_headers["X-Tenant"] = "two-hush"
        for number in (1, 2):
            tokens = {client.token() for client in (api.api_client, one, two)}
            assert len(tokens) == asked(hydra) == 3, number
        two.default_headers["User-Agent"] = "photos"
        assert two.token() not in tokens
        two.default_headers["X-Tenant"] = one.default_headers["X-Tenant"]
        del two.default_headers["User-Agent"]
        assert two.token() == one.token()
        two.default_headers["X-Request-Id"] = "7"  # differs with each request, so it cannot count
        two.default_headers["traceparent"] = "00-7-7-01"
        assert two.token() == one.token()
    kept = repr(source._tokens.entries())
    assert "X-Tenant" in kept
    assert "hush" not in kept


def test_a_host_that_changes_while_a_token_is_on_its_way(hydra: HydraEmulator) -> None:
    source = ClientCredentials("admin", "demo-password", "hydra.*")
    with HydraEmulator() as other, connected(hydra, access_token=source) as api:
        configuration = api.api_client.configuration

        def clock() -> float:
            # It is asked once the source knows which server it is to have a token of.
            configuration.host = other.url
            return time.time()

        source._clock = clock
        token = api.api_client.token()
        assert (asked(hydra), asked(other)) == (1, 0)
        assert configuration.host == other.url
        assert api.api_client.token() != token
        assert (asked(hydra), asked(other)) == (1, 1)


def test_credentials_that_change(hydra: HydraEmulator) -> None:
    hydra.add_client(
        id="robot",
        client_secret="first-secret",
        scope="hydra.*",
        grant_types=["client_credentials"],
    )
    hydra.allow("robot")
    with connected(hydra, username="robot", password="first-secret") as api:
        first = api.api_client.token(("hydra.clients",))
        hydra.api().update_oauth2_client(
            "robot",
            OAuth2Client(
                client_secret="second-secret", scope="hydra.*", grant_types=["client_credentials"]
            ),
        )
        api.api_client.configuration.password = "second-secret"
        second = api.api_client.token(("hydra.clients",))
        assert second != first
        api.api_client.configuration.username = "admin"
        api.api_client.configuration.password = "demo-password"
        assert api.api_client.token(("hydra.clients",)) not in (first, second)


def test_what_is_kept_is_bounded() -> None:
    """Whoever asks for ever new scopes must not fill the memory."""
    with responses.RequestsMock() as mock:
        mock.post("http://127.0.0.1:1/oauth2/token", json={"access_token": "token"})
        source = ClientCredentials("id", "secret")
        client = ApiClient(Configuration("http://127.0.0.1:1", access_token=source))
        for number in range(300):
            client.token((str(number),))
        assert len(mock.calls) == 300
        client.token(("299",))
        assert len(mock.calls) == 300
        client.token(("0",))
        assert len(mock.calls) == 301, "the oldest ones made room"
        assert len(source._tokens) == 256


# --- pickles and forks


def test_a_pickle_has_the_credentials_and_no_token(hydra: HydraEmulator) -> None:
    source = ClientCredentials("admin", "demo-password", "hydra.*", cache=None)
    with connected(hydra, access_token=source) as api:
        token = api.api_client.token()
        pickled = pickle.dumps(api.api_client)
        assert token.encode() not in pickled
        twin = pickle.loads(pickled)
        with twin:
            assert OAuth2Api(twin).list_oauth2_clients()[0].id == "admin"
            assert repr(twin.configuration.access_token) == repr(source)
            assert twin.token() != token
    assert asked(hydra) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_uses_the_token_and_renews_it(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    """Forked while another thread's token request is under way."""
    api.list_oauth2_clients()
    gate = gated(api)
    with Crowd() as crowd:
        crowd.send(1, lambda: api.well_known(timeout=90).keys)
        assert gate.arrived.acquire(timeout=30)
        child = fork()
        if child == 0:  # pragma: no cover - the child's lines show in its exit code
            signal.alarm(20)  # rather than hang
            code = 1
            try:
                api.api_client.session.mount("http://", Adapter())
                api.list_oauth2_clients(timeout=20)
                api.well_known(timeout=20)
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        gate.opened.set()
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(crowd.results) == 1
    assert asked(hydra) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_fetches_its_token_over_a_connection_of_its_own(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    """Both would read each other's responses off a connection that they shared."""
    api.list_oauth2_clients()
    pools = api.api_client.session.get_adapter(hydra.url).poolmanager.pools
    (pool,) = [pools[key] for key in pools.keys()]  # noqa: SIM118 - urllib3's has no iterator
    before = pool.num_requests
    child = fork()
    if child == 0:  # pragma: no cover - the child's lines show in its exit code
        signal.alarm(20)  # rather than hang
        code = 1
        try:
            api.well_known(timeout=20)
            code = 0 if pool.num_requests == before else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert asked(hydra) == 2
    api.list_oauth2_clients()
    assert pool.num_requests == before + 1


# --- the folder where tokens outlive the process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def test_another_process_finds_the_token(hydra: HydraEmulator, folder: Path) -> None:
    for _ in range(3):
        source = ClientCredentials("admin", "demo-password", cache=folder)
        with connected(hydra, access_token=source) as api:
            api.list_oauth2_clients()
            api.list_oauth2_clients()
    assert asked(hydra) == 1
    other = ClientCredentials("admin", "demo-password", scopes="hydra.clients", cache=str(folder))
    with connected(hydra, access_token=other) as api:
        api.list_oauth2_clients()
    assert asked(hydra) == 1, "the same scopes, wherever they were set"


def test_nothing_is_written_unless_asked_for(
    hydra: HydraEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with connected(hydra, access_token=ClientCredentials()) as api:
        api.list_oauth2_clients()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lose", LOSSES)
def test_a_refused_token_of_the_folder_is_replaced(
    hydra: HydraEmulator, folder: Path, lose: Callable[[HydraEmulator, OAuth2Api], None]
) -> None:
    def connect() -> contextlib.AbstractContextManager[OAuth2Api]:
        return connected(hydra, access_token=ClientCredentials(cache=folder))

    with connect() as api:
        api.list_oauth2_clients()
        lose(hydra, api)
    with connect() as api:
        before = asked(hydra)
        assert api.list_oauth2_clients()[0].id == "admin"
        assert asked(hydra) == before + 1
    with connect() as api:
        api.list_oauth2_clients()
        assert asked(hydra) == before + 1
    assert [str(request) for request in hydra.requests].count("GET /clients") <= 4


def test_a_refused_token_of_a_folder_that_cannot_be_written(
    hydra: HydraEmulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(hydra, access_token=ClientCredentials(cache=folder)) as api:
        api.list_oauth2_clients()

        def read_only(*_arguments: object, **_keywords: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(os, "replace", read_only)
        for _ in range(2):
            hydra.clock.advance(LIFETIME + 1)
            before = asked(hydra)
            assert api.list_oauth2_clients()[0].id == "admin"
            assert asked(hydra) == before + 1


def test_a_token_that_another_process_has_renewed_is_taken_over(
    hydra: HydraEmulator, folder: Path, clock: Clock
) -> None:
    def connect() -> contextlib.AbstractContextManager[OAuth2Api]:
        return connected(hydra, access_token=ClientCredentials(clock=clock, cache=folder))

    with connect() as one, connect() as two:
        assert one.api_client.token() == two.api_client.token()
        assert asked(hydra) == 1
        clock.advance(LIFETIME * 0.9)
        new = one.api_client.token()
        assert asked(hydra) == 2
        assert two.api_client.token() == new
        assert asked(hydra) == 2


def test_a_token_of_the_folder_that_is_due_is_renewed(
    hydra: HydraEmulator, folder: Path, clock: Clock
) -> None:
    def connect() -> contextlib.AbstractContextManager[OAuth2Api]:
        source = ClientCredentials(clock=clock, cache=folder)
        return connected(hydra, access_token=source, retries=0)

    with connect() as api:
        old = api.api_client.token()
    clock.advance(LIFETIME * 0.9)
    down = hydra.fail(TOKEN_PATH, status=500)
    with connect() as api:
        assert api.api_client.token() == old, "a renewal that fails harms nobody"
        assert down.hits == 1
    with connect() as api:
        assert api.api_client.token() != old
    clock.advance(2 * LIFETIME)
    before = asked(hydra)
    with connect() as api:
        api.api_client.token()
    assert asked(hydra) == before + 1, "one that has ended counts for nothing"


@pytest.mark.parametrize("entry", ["two words", 3, None, ""])
def test_what_is_not_a_token_in_the_folder_is_ignored(
    hydra: HydraEmulator, folder: Path, entry: object
) -> None:
    with connected(hydra, access_token=ClientCredentials(cache=folder)) as api:
        api.list_oauth2_clients()
    (path,) = folder.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "access_token": entry}))
    with connected(hydra, access_token=ClientCredentials(cache=folder)) as api:
        assert api.list_oauth2_clients()[0].id == "admin"
    assert asked(hydra) == 2


SCRIPT = textwrap.dedent(
    """
    import sys
    import hydra_client
    from hydra_client.tokens import ClientCredentials

    host, folder = sys.argv[1:]
    for _ in range(20):
        source = ClientCredentials("admin", "demo-password", "hydra.*", cache=folder)
        api = hydra_client.connect(host, access_token=source)
        with api.api_client:
            assert api.list_oauth2_clients()[0].id == "admin"
    """
)


# Slow, because each script is a process.
def test_scripts_that_run_side_by_side_share_the_folder(hydra: HydraEmulator, folder: Path) -> None:
    package = str(Path(hydra_client.__file__).parents[1])

    def run() -> None:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, hydra.url, str(folder)],
            env={**os.environ, "PYTHONPATH": package},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(run) for _ in range(4)]:
            future.result()
    assert 1 <= asked(hydra) <= 4
    (path,) = folder.iterdir()
    assert json.loads(path.read_text())["expires_in"] == LIFETIME - 1
    before = asked(hydra)
    run()
    assert asked(hydra) == before


# --- secrets


def test_no_secret_shows(
    hydra: HydraEmulator, folder: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = ClientCredentials("admin", "demo-password", clock=clock, cache=folder)
    tokens: set[str] = set()
    shown = [repr(source), str(source)]
    with connected(hydra, access_token=source, username=None, password=None) as api:
        for lose in (None, end, None):
            if lose is not None:
                lose(hydra, api)
            api.list_oauth2_clients()
            tokens.add(api.api_client.token(("hydra.clients",)))
        clock.advance(LIFETIME)
        for fault in ({"status": 401}, {"status": 500}, {"reset": True}, {"cut": 20}):
            hydra.fail(TOKEN_PATH, times=3, **fault)  # type: ignore[arg-type]
            with pytest.raises(HydraException) as caught:
                api.list_oauth2_clients()
            shown += [*traceback.format_exception(caught.value), repr(vars(caught.value))]
            shown.append(str(pickle.dumps(caught.value)))
        shown += [repr(api.api_client), repr(api.api_client.configuration)]
        shown += map(repr, api.api_client.authentications.values())
        shown += [repr(value) for name, value in vars(source).items() if name != "_client_secret"]
    shown += [record.getMessage() for record in caplog.records]
    assert len(tokens) == 2
    assert any("POST /oauth2/token" in text for text in shown)
    for secret in ("demo-password", *tokens):
        assert [text for text in shown if secret in text] == []


def test_the_warning_comes_once() -> None:
    """And not once more for the token that the call needs."""
    with responses.RequestsMock() as mock, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        mock.post("http://hydra.example.com/oauth2/token", json={"access_token": "token"})
        mock.get("http://hydra.example.com/clients", json=[])
        configuration = Configuration("http://hydra.example.com", "admin", "demo-password")
        OAuth2Api(ApiClient(configuration)).list_oauth2_clients()
    ours = [warning for warning in warned if warning.category is InsecureTransportWarning]
    assert [warning.filename for warning in ours] == [__file__]


def test_a_secret_does_not_travel_before_the_warning() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post("http://hydra.example.com/oauth2/token", json={"access_token": "token"})
        configuration = Configuration("http://hydra.example.com", "admin", "demo-password")
        with pytest.raises(InsecureTransportWarning):  # warnings are errors here
            OAuth2Api(ApiClient(configuration)).list_oauth2_clients()
        assert len(mock.calls) == 0


# --- whatever happens in whatever order


class Renewal(RuleBasedStateMachine):
    """Clocks drift apart, tokens end and are lost, the token endpoint comes and goes."""

    @initialize(version=st.sampled_from(["0.9", "0.10"]))
    def start(self, version: str) -> None:
        self.mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        self.mock.start()
        self.now = 1_700_000_000.0
        self.skew = 0.0
        self.hydra = HydraEmulator(version, clock=lambda: self.now + self.skew)
        in_process.register(self.mock, self.hydra, "http://hydra.localhost")
        self.source = ClientCredentials(clock=lambda: self.now)
        self.api = self.hydra.api(access_token=self.source, retries=0)
        self.api.api_client.configuration.username = "admin"
        self.api.api_client.configuration.password = "demo-password"
        self.down: Any = None
        # What the server holds of the token that the client has, and when the client got it.
        self.good_until = 0.0
        self.fetched_at: float | None = None
        self.lost = False

    @rule(seconds=st.one_of(st.integers(0, 120), st.integers(0, 2 * LIFETIME)))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(seconds=st.integers(-LIFETIME, LIFETIME))
    def servers_clock_is_set(self, seconds: int) -> None:
        self.skew += seconds

    @rule()
    def server_forgets(self) -> None:
        self.hydra._state.clear()
        self.lost = True

    @rule()
    def token_endpoint_goes_or_comes_back(self) -> None:
        if self.down is None:
            self.down = self.hydra.fail(TOKEN_PATH, status=503, times=None)
        else:
            self.down.times = 0
            self.down = None

    @rule()
    def call(self) -> None:
        server_now = self.now + self.skew
        good = self.fetched_at is not None and not self.lost and server_now <= self.good_until
        ours = self.fetched_at is not None and self.now < self.fetched_at + LIFETIME - 1
        due = self.fetched_at is None or self.now >= self.fetched_at + (LIFETIME - 1) * 0.8
        before = asked(self.hydra)
        try:
            clients = self.api.list_oauth2_clients()
        except ServiceException:
            assert self.down is not None
            assert not (good and ours), "a token that lives was not used"
            assert asked(self.hydra) - before <= 2
            if not good and ours:
                # Refused, so the client has none from now on.
                self.fetched_at = None
            return
        assert [client.id for client in clients] == ["admin"]
        count = asked(self.hydra) - before
        if self.down is not None:
            assert good
            assert ours
            assert count <= 1
        elif good and ours and not due:
            assert count == 0
        elif good or not ours or due:
            # One is put off for a while after a renewal that failed.
            assert count <= 1 if good and ours else count == 1
        else:
            assert count == 1
        if count and self.down is None:
            self.fetched_at = self.now
            self.good_until = server_now + LIFETIME
            self.lost = False

    @invariant()
    def at_most_one_token_is_kept(self) -> None:
        if hasattr(self, "source"):
            assert len(self.source._tokens) <= 1

    def teardown(self) -> None:
        if hasattr(self, "mock"):
            self.api.api_client.close()
            self.mock.stop()


TestRenewal = Renewal.TestCase
TestRenewal.settings = hypothesis_settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_bound_credentials_serve_others_too(api: OAuth2Api, hydra: HydraEmulator) -> None:
    """A bound source is complete: what is refused is fetched anew."""
    source = ClientCredentials().bind(api.api_client)
    scopes = ("hydra.clients",)
    token = source.token(scopes)
    assert source.token(scopes) == token
    assert asked(hydra) == 1
    source.drop(token)  # type: ignore[attr-defined]
    assert source.token(scopes) != token
    assert asked(hydra) == 2
