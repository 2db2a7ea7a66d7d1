"""Every request of the recordings, sent by the SDK's own methods.

It has to reach the server as it was recorded, and the recorded response has to be returned as the
right model or raised as the right error. A table lists what no method sends, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest
import responses
from support import both
from support.loopback import Request, Server
from support.recorded import replay
from wire import calls
from wire.calls import FORM, JSON, Call, UnsayableError, call_for
from wire.expected import SUCCESS, check_data, check_error

import hydra_client as sdk

FOR_BOTH_CLIENTS = True

RECORDINGS = {
    f"{folder}/{path.stem}": json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    for folder in ("recordings", "recordings-admin")
    for path in sorted((Path(__file__).parent / folder).glob("*.json"))
}

# Exchanges that no method sends, and why. All recordings of a folder have the same exchanges.
UNSENT = {
    "clients: list without a token": calls.NO_CREDENTIALS,
    "clients: create with a secret that is too short": calls.SECRET_TOO_SHORT,
    "clients: create from a body that is not JSON": calls.NO_MODEL,
    "clients: create with an id that has a slash": calls.ID_UNADDRESSABLE,
    "clients: get the id with a slash": calls.ID_UNADDRESSABLE,
    "token: that secret, not encoded": calls.NOT_FORM_ENCODED,
    "token: no client authentication": calls.NO_CREDENTIALS,
    "token: no form at all": calls.NO_FORM,
    "consent: get without a token": calls.NO_CREDENTIALS,
    "introspect: no authentication": calls.NO_CREDENTIALS,
    "introspect: no token field": calls.FIELD_MISSING,
    "revoke: no authentication": calls.NO_CREDENTIALS,
    "a method that the path does not have": calls.NO_OPERATION,
    "a path that does not exist": calls.NO_OPERATION,
}
UNSENT_ADMIN = {
    "policies: not JSON": calls.NO_MODEL,
    "policies: create, no token": calls.NO_CREDENTIALS,
    "policies: PATCH": calls.NO_OPERATION,
    "allowed: not JSON": calls.NO_MODEL,
    "allowed: no token": calls.NO_CREDENTIALS,
    "allowed: GET": calls.NO_OPERATION,
    "token allowed: no token of one's own": calls.NO_CREDENTIALS,
    "userinfo: POST": calls.NO_OPERATION,
    "userinfo: no token": calls.FIELD_MISSING,
    "groups: no member named": calls.FIELD_MISSING,
    "groups: get, no token": calls.NO_CREDENTIALS,
    "keys: not JSON": calls.NO_MODEL,
    "keys: get, no token": calls.NO_CREDENTIALS,
    "health: metrics, no token": calls.NO_CREDENTIALS,
    "health: stats": calls.NO_OPERATION,
    "version": calls.NO_OPERATION,
}


def calls_of(recording: str) -> Iterator[tuple[str, dict[str, Any], Call]]:
    for place, exchange in enumerate(RECORDINGS[recording]):
        try:
            call = call_for(exchange["request"])
        except UnsayableError:
            continue
        yield f"{recording}-{place}-{exchange['name']}", exchange, call


def cases(refused: bool) -> list[Any]:
    return [
        pytest.param(exchange, call, id=name)
        for recording in RECORDINGS
        for name, exchange, call in calls_of(recording)
        if bool(call.refused) is refused
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[sdk.ApiClient]:
    with both.client_of(sdk.Configuration(server.url, retries=0)) as client:
        yield client


def configured(client: sdk.ApiClient, call: Call) -> Any:
    for name, value in call.settings.items():
        setattr(client.configuration, name, value)
    return call.api(client)


@pytest.mark.threads_only
@pytest.mark.parametrize("recording", RECORDINGS)
def test_every_exchange_is_sent_or_has_its_reason(recording: str) -> None:
    exchanges = RECORDINGS[recording]
    unsent, sent = {}, 0
    for exchange in exchanges:
        try:
            reason = call_for(exchange["request"]).refused
        except UnsayableError as error:
            reason = str(error)
        if reason is None:
            sent += 1
        else:
            unsent[exchange["name"]] = reason
    is_admin = recording.startswith("recordings-admin/")
    assert unsent == (UNSENT_ADMIN if is_admin else UNSENT)
    assert sent + len(unsent) == len(exchanges) == (175 if is_admin else 81)


def check_request(got: Request, recorded: dict[str, Any]) -> None:
    path, _, query = recorded["path"].partition("?")
    got_path, _, got_query = got.target.partition("?")
    headers = {name.lower(): value for name, value in recorded["headers"].items()}
    assert (got.method, unquote(got_path)) == (recorded["method"], unquote(path))
    assert pairs(got_query) == pairs(query)

    kind = headers.get("content-type")
    assert got.headers.get("content-type") == kind
    if kind == FORM:
        assert pairs(got.body.decode()) == pairs(recorded["body"])
    elif kind == JSON:
        assert json.loads(got.body) == json.loads(recorded["body"])
    else:
        assert got.body == b""

    assert got.headers.get("accept") == "application/json"
    assert with_scheme_in_lower_case(got.headers.get("authorization")) == with_scheme_in_lower_case(
        headers.get("authorization")
    )
    assert got.headers.get("cookie") == headers.get("cookie")


def pairs(text: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(text, keep_blank_values=True))


def with_scheme_in_lower_case(value: str | None) -> str | None:
    scheme, space, rest = (value or "").partition(" ")
    return scheme.lower() + space + rest if value else None


@pytest.mark.parametrize(("exchange", "call"), cases(refused=False))
def test_a_request_arrives_as_recorded_and_its_response_is_understood(
    exchange: dict[str, Any], call: Call, server: Server, client: sdk.ApiClient
) -> None:
    recorded, response = exchange["request"], exchange["response"]
    api = configured(client, call)
    replay(server, response)
    if response["status"] in SUCCESS[call.method][0]:
        check_data(call(api), call.method, response)
        full = call(api.with_http_info)
        check_data(full.data, call.method, response)
        assert full.status == response["status"]
        assert dict(full.headers) == response["headers"]
    else:
        for asked in (api, api.with_http_info):
            with pytest.raises(sdk.ApiException) as raised:
                call(asked)
            check_error(raised.value, call.method, response)
    assert len(server.requests) == 2
    for got in server.requests:
        check_request(got, recorded)


@pytest.mark.parametrize(("exchange", "call"), cases(refused=True))
def test_what_is_not_valid_is_refused_before_it_is_sent(
    exchange: dict[str, Any], call: Call, server: Server, client: sdk.ApiClient
) -> None:
    replay(server, exchange["response"])
    with pytest.raises(sdk.ApiValueError):
        call(configured(client, call))
    assert server.requests == []


def as_sent(target: str) -> str:
    """A recorded target with its ids encoded as the SDK encodes them."""
    path, mark, query = target.partition("?")
    return "/".join(quote(unquote(part), safe="") for part in path.split("/")) + mark + query


@pytest.mark.threads_only
@pytest.mark.parametrize("recording", RECORDINGS)
def test_responses_stands_in_for_the_server(recording: str) -> None:
    """Users of `responses` see the same requests; here the calls use the generator's names."""
    configuration = sdk.Configuration("http://hydra.test.localhost", retries=0)
    for _, exchange, call in calls_of(recording):
        if call.refused:
            continue
        recorded, response = exchange["request"], exchange["response"]
        generators_own = call.method.replace("oauth2", "o_auth2")
        with responses.RequestsMock() as mock, sdk.ApiClient(configuration) as client:
            mock.add(
                recorded["method"],
                configuration.host + as_sent(recorded["path"]),
                status=response["status"],
                body=response["body"] or "",
                headers={
                    name: value
                    for name, value in response["headers"].items()
                    if name not in ("Content-Type", "Transfer-Encoding")
                },
                content_type=response["headers"].get("Content-Type"),
            )
            api = configured(client, call)
            as_generated = Call(generators_own, call.arguments)
            if response["status"] in SUCCESS[call.method][0]:
                check_data(as_generated(api), call.method, response)
            else:
                with pytest.raises(sdk.ApiException) as raised:
                    as_generated(api)
                check_error(raised.value, call.method, response)
            (intercepted,) = mock.calls
            request = intercepted.request
            body = request.body or b""
            check_request(
                Request(
                    request.method,
                    request.path_url,
                    {name.lower(): value for name, value in request.headers.items()},
                    body.encode() if isinstance(body, str) else body,
                    b"",
                ),
                recorded,
            )
        for name in call.settings:
            setattr(configuration, name, None)
