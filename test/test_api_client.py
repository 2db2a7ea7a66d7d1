"""A whole call, from typed arguments to typed result, for the 14 methods and all their names."""

from __future__ import annotations

import copy
import gc
import inspect
import logging
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from support.crowd import Crowd, seconds_left
from support.loopback import (
    CLIENT,
    CONSENT,
    LONG,
    ONE,
    OPERATIONS,
    Peer,
    Server,
    api,
    raw_response,
    within,
)
from support.operations import ALIASES

import hydra_client
from hydra_client import (
    ApiClient,
    ApiResponse,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    Configuration,
    OAuth2Api,
    OAuth2Client,
)

SETTINGS: dict[str, Any] = {"username": "admin", "password": "demo-password"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(ONE) as server:
        yield server


# -- the operations


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_returns_what_it_promises(server: Server, name: str) -> None:
    operation = OPERATIONS[name]
    server.steps = [operation.success]
    with api(server, **SETTINGS) as client:
        data = operation.call(client)
        response = operation.call(client.with_http_info)
    returns = inspect.signature(getattr(OAuth2Api, name)).return_annotation
    assert type(response) is ApiResponse
    assert response.data == data
    assert response.status == int(operation.success.split()[1])
    assert response.headers["CONTENT-length"] == response.headers["Content-Length"]
    if returns == "None":
        assert data is None
    elif returns == "str":
        assert data == "http://127.0.0.1:3000/consent?consent=c1"
    elif returns.startswith("list["):
        assert data == [OAuth2Client.from_dict(CLIENT)]
    else:
        assert type(data).__name__ == returns
    first, second = server.requests
    assert (first.method, first.target, first.body) == (second.method, second.target, second.body)
    # Nothing says where a 204 ends, so its connection is not used again.
    assert server.connections == (2 if response.status == 204 else 1)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_takes_a_timeout_and_headers(server: Server, name: str) -> None:
    server.steps = [OPERATIONS[name].success]
    with api(server, **SETTINGS) as client:
        for flavour in (client, client.with_http_info):
            method = getattr(flavour, name)
            wanted = inspect.signature(method).parameters
            given = {"id": "photos", "body": body_of(name), "token": "t"}
            needed = {key: value for key, value in given.items() if key in wanted}
            with pytest.raises(ApiTypeError, match="timeout must be a number of seconds"):
                method(**needed, timeout="5")
            with pytest.raises(ApiValueError, match="headers: the client sets Host"):
                method(**needed, headers={"Host": "evil.example"})
    assert server.requests == []


def body_of(name: str) -> object:
    if name.startswith("accept"):
        return hydra_client.ConsentRequestAcceptance(subject="alice")
    if name.startswith("reject"):
        return hydra_client.ConsentRequestRejection(reason="no")
    return OAuth2Client(client_name="Photos")


class Renamed:
    """Calls the methods of an API by their other names."""

    def __init__(self, api: OAuth2Api) -> None:
        self._api = api

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, {value: key for key, value in ALIASES.items()}[name])


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_the_method_by_another_name(server: Server, alias: str) -> None:
    operation = OPERATIONS[ALIASES[alias]]
    server.steps = [operation.success]
    with api(server, **SETTINGS) as client:
        assert operation.call(Renamed(client)) == operation.call(client)
    first, second = server.requests
    assert (first.method, first.target, first.body) == (second.method, second.target, second.body)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_override_in_a_subclass_is_honoured_through_the_alias(alias: str) -> None:
    seen = []

    def override(self: OAuth2Api, *arguments: object, **keywords: object) -> str:
        seen.append((arguments, keywords))
        return "overridden"

    mine = type("Mine", (OAuth2Api,), {ALIASES[alias]: override})
    with ApiClient(Configuration("http://127.0.0.1:1")) as client:
        assert OPERATIONS[ALIASES[alias]].call(Renamed(mine(client))) == "overridden"
    assert len(seen) == 1
    assert seen[0][1] == {"timeout": None, "headers": None}


def test_an_alias_passes_everything_on(server: Server) -> None:
    with api(server) as client:
        client.get_o_auth2_client("photos", headers={"X-More": "1"})
        assert server.requests[-1].headers["x-more"] == "1"
        with pytest.raises(ApiTypeError):
            client.get_o_auth2_client("photos", timeout="5")  # type: ignore[arg-type]


def test_an_api_without_a_client_makes_the_default_one() -> None:
    assert OAuth2Api().api_client.configuration.host == "http://localhost:4444"
    assert repr(ApiClient()) == "ApiClient('http://localhost:4444')"
    with pytest.raises(ApiTypeError, match="configuration must be a Configuration, got str"):
        ApiClient("http://localhost:4444")  # type: ignore[arg-type]


def test_an_update_sends_back_what_was_not_understood(server: Server) -> None:
    stored = {**CLIENT, "jwks_uri": "https://photos.example.com/keys", "client_secret": None}
    server.steps = [raw_response(stored), raw_response(stored, 201, "Created")]
    with api(server) as client:
        photos = client.get_oauth2_client("photos")
        photos.client_name = "More photos"
        del photos.client_secret
        client.update_oauth2_client("photos", photos)
    del stored["client_secret"]
    assert server.requests[-1].json == {**stored, "client_name": "More photos"}


# -- the request


def test_headers_of_a_request(server: Server) -> None:
    with api(server) as client:
        client.get_oauth2_client("photos")
        client.update_oauth2_client("photos", OAuth2Client())
    headers = server.requests[0].headers
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith("hydra-client/")
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["accept-encoding"] == "identity"
    assert "content-type" not in headers
    assert "content-length" not in headers
    assert server.requests[1].headers["content-length"] == "2"


def test_default_headers_go_with_every_request_and_can_be_changed(server: Server) -> None:
    with api(server) as client:
        defaults = client.api_client.default_headers
        defaults["X-Forwarded-Proto"] = "https"
        client.get_oauth2_client("photos")
        assert server.requests[-1].headers["x-forwarded-proto"] == "https"
        del defaults["X-Forwarded-Proto"]
        client.get_oauth2_client("photos", headers={"accept": "*/*", "User-Agent": "mine"})
        assert "x-forwarded-proto" not in server.requests[-1].headers
        assert server.requests[-1].headers["accept"] == "*/*"
        assert server.requests[-1].headers["user-agent"] == "mine"
        client.get_oauth2_client("photos")
        assert server.requests[-1].headers["accept"] == "application/json"


def test_a_default_header_that_cannot_be_sent_is_refused(server: Server) -> None:
    with api(server) as client:
        defaults = client.api_client.default_headers
        for name, value in (("X-A", "a\r\nb"), ("Authorization", "Basic x"), ("Host", "evil")):
            defaults[name] = value
            for _ in range(2):
                with pytest.raises(ApiValueError, match="headers: "):
                    client.get_oauth2_client("photos")
            del defaults[name]
        client.get_oauth2_client("photos")
    assert len(server.requests) == 1


def test_a_request_id_is_made_or_given(server: Server) -> None:
    with api(server) as client:
        client.get_oauth2_client("photos")
        client.get_oauth2_client("photos")
        client.get_oauth2_client("photos", headers={"x-request-id": "mine"})
    made, other, given = (request.headers["x-request-id"] for request in server.requests)
    assert given == "mine"
    assert len(made) == 32
    assert made != other


@pytest.mark.parametrize("slashes", ["", "/", "///"])
def test_a_path_prefix_is_kept_and_the_path_sent_as_it_was_written(
    server: Server, slashes: str
) -> None:
    with api(f"{server.url}/a%2Fb/hydra{slashes}") as client:
        client.get_oauth2_client("a b/..".replace("/", "%2F"))
    assert server.requests[-1].target == "/a%2Fb/hydra/clients/a%20b%252F.."


def test_settings_changed_later_count(server: Server) -> None:
    with Server(ONE) as other, api(server, access_token="one") as client:
        client.get_oauth2_client("photos")
        configuration = client.api_client.configuration
        configuration.host, configuration.access_token = other.url, "two"
        client.get_oauth2_client("photos")
        configuration.host = server.url
        client.get_oauth2_client("photos")
        assert [r.headers["authorization"] for r in server.requests] == ["Bearer one", "Bearer two"]
        assert len(other.requests) == 1
    assert server.connections == 1


def test_a_pool_that_made_room_for_another_is_made_again(server: Server) -> None:
    with Server(ONE) as other, api(server, connection_pool_maxsize=1) as client:
        for host in (server.url, other.url, server.url, other.url):
            client.api_client.configuration.host = host
            client.get_oauth2_client("photos")
    assert len(server.requests) == len(other.requests) == 2


REFUSED: list[Any] = [
    lambda api: api.get_oauth2_client(""),
    lambda api: api.get_oauth2_client("."),
    lambda api: api.delete_oauth2_client(".."),
    lambda api: api.update_oauth2_client("a/b", OAuth2Client()),
    lambda api: api.get_oauth2_consent_request("a\n"),
    lambda api: api.get_oauth2_client(None),
    lambda api: api.create_oauth2_client(OAuth2Client(id="a/b")),
    lambda api: api.create_oauth2_client(OAuth2Client(client_secret="12345")),
    lambda api: api.create_oauth2_client(hydra_client.ConsentRequestRejection()),
    lambda api: api.create_oauth2_client({"id": "a"}),
    lambda api: api.create_oauth2_client(None),
    lambda api: api.accept_oauth2_consent_request("c1", hydra_client.ConsentRequestRejection()),
    lambda api: api.accept_oauth2_consent_request(
        "c1", hydra_client.ConsentRequestAcceptance(id_token_extra={"a": float("nan")})
    ),
    lambda api: api.introspect_oauth2_token(5),
    lambda api: api.revoke_oauth2_token(b"token"),
    lambda api: api.oauth_auth(max_age=5),
    lambda api: api.oauth_token(scope=["a"]),
    lambda api: api.get_well_known(headers={"X-A": "a\r\nb"}),
    lambda api: api.get_well_known(headers=["X-A"]),
    lambda api: api.get_well_known(timeout=0),
    lambda api: api.get_well_known(timeout=float("nan")),
]


@pytest.mark.parametrize("refused", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    server: Server, refused: Any
) -> None:
    with (
        api(server, **SETTINGS) as client,
        pytest.raises((ApiValueError, ApiTypeError)),
    ):
        refused(client)
    assert server.connections == 0
    assert seconds_left() is None


# -- the response with what came around it


def test_a_response_shows_no_secret(server: Server) -> None:
    server.steps = [
        raw_response(
            {**CLIENT, "client_secret": "hush-hush"}, 201, "Created", Set_Cookie="hush-hush"
        ),
        raw_response(
            status=302, reason="Found", Location="https://photos.example.com/?code=hush-hush"
        ),
        raw_response([CLIENT]),
    ]
    with api(server) as client:
        created = client.with_http_info.create_oauth2_client(OAuth2Client())
        redirected = client.with_http_info.oauth_auth(client_id="photos")
        listed = client.with_http_info.list_oauth2_clients()
    for response in (created, redirected):
        assert "hush" not in repr(response)
    assert "client_name='Photos'" in repr(created)
    assert ", 201, {" in repr(created)
    assert repr(listed).startswith("ApiResponse([OAuth2Client(id='photos'")
    assert created.data.client_secret == "hush-hush"
    assert created.headers["set-cookie"] == "hush-hush"
    assert redirected.data == redirected.headers["Location"]


# -- the log


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_call_logs_one_line_and_no_secret(
    server: Server, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.steps = [OPERATIONS[name].success]
    caplog.set_level(logging.DEBUG, "hydra_client")
    with api(server, **SETTINGS) as client:
        OPERATIONS[name].call(client)
    (record,) = (record for record in caplog.records if record.name == "hydra_client")
    (request,) = server.requests
    line = record.getMessage()
    status = int(OPERATIONS[name].success.split()[1])
    assert record.levelno == logging.DEBUG
    assert line.startswith(f"{request.method} {request.path}: {status} in ")
    assert line.endswith(f" ms, X-Request-ID {request.headers['x-request-id']}")
    for secret in ("token", "demo-password", "at-0001", "code-0001", "state", "?", "="):
        assert secret not in line.replace(request.path, "")


def test_each_attempt_logs_a_line(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hydra_client.transport.session.time.sleep", lambda _: None)
    server.steps = [raw_response(status=503, reason="Busy"), lambda peer: peer.reset(), ONE]
    caplog.set_level(logging.DEBUG, "hydra_client")
    with api(server) as client:
        client.get_oauth2_client("photos")
    lines = [record.getMessage() for record in caplog.records if record.name == "hydra_client"]
    assert [line.split()[2] for line in lines] == ["503", "ApiConnectionError", "200"]


def test_a_log_that_nobody_reads_costs_nothing(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hydra_client")
    with api(server) as client:
        client.get_oauth2_client("photos")
    assert not [record for record in caplog.records if record.name == "hydra_client"]


# -- who else may stand at the edge


def test_responses_intercepts() -> None:
    client = OAuth2Api(ApiClient(Configuration("https://hydra.example.com/x", access_token="t")))
    with responses.RequestsMock() as edge:
        edge.get("https://hydra.example.com/x/clients/photos", json=CLIENT, headers={"X-A": "1"})
        response = client.with_http_info.get_oauth2_client("photos")
        assert edge.calls[0].request.headers["Authorization"] == "Bearer t"
    assert response.data.client_name == "Photos"
    assert response.headers["x-a"] == "1"


def test_what_responses_does_not_know_is_a_connection_error() -> None:
    client = OAuth2Api(
        ApiClient(Configuration("https://hydra.example.com", access_token="t", retries=0))
    )
    with (
        responses.RequestsMock(),
        pytest.raises(hydra_client.ApiConnectionError, match="Connection refused by Responses"),
    ):
        client.get_oauth2_client("photos")


class Canned(HTTPAdapter):
    """An adapter that makes its responses up, as those of test doubles do."""

    def __init__(self, outcome: bytes | Exception) -> None:
        super().__init__()
        self.outcome = outcome
        self.requests: list[tuple[Any, dict[str, Any]]] = []

    def send(self, request: Any, *arguments: Any, **keywords: Any) -> requests.Response:
        assert not arguments
        self.requests.append((request, keywords))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        response = requests.Response()
        response.status_code = 200
        response._content = self.outcome
        return response


def test_an_adapter_of_ones_own_carries_every_call() -> None:
    client = OAuth2Api(ApiClient(Configuration("https://hydra.example.com/x", access_token="t")))
    adapter = Canned(b'{"id": "photos"}')
    client.api_client.session.mount("https://hydra.example.com/", adapter)
    assert client.get_oauth2_client("photos", timeout=5).id == "photos"
    ((request, keywords),) = adapter.requests
    assert request.url == "https://hydra.example.com/x/clients/photos"
    assert request.method == "GET"
    assert request.headers["authorization"] == "Bearer t"
    assert request.body is None
    assert 0 < keywords["timeout"] <= 5
    assert keywords["verify"] is True
    assert keywords["stream"] is True


def test_an_adapter_of_ones_own_may_fail_in_its_own_words() -> None:
    client = OAuth2Api(
        ApiClient(Configuration("https://hydra.example.com", access_token="t", retries=0))
    )
    for outcome, kind, words in (
        (requests.ConnectionError("the test says no"), "ApiConnectionError", "the test says no"),
        (requests.Timeout("hush"), "ApiTimeoutError", "timed out"),
        (requests.exceptions.SSLError("hush"), "ApiTlsError", "SSLError"),
        (requests.exceptions.InvalidURL("hush"), "ApiConnectionError", "InvalidURL"),
        (OSError("Nothing Works"), "ApiConnectionError", "nothing works"),
        (TimeoutError(), "ApiTimeoutError", "timed out"),
        (ConnectionResetError(104, "Reset"), "ApiConnectionError", "reset"),
    ):
        client.api_client.session.mount("https://", Canned(outcome))
        with pytest.raises(getattr(hydra_client, kind)) as caught:
            client.get_oauth2_client("photos")
        assert str(caught.value).startswith(f"get_oauth2_client: {words} (GET /clients/photos at ")
        assert type(caught.value).__name__ == kind
        assert not isinstance(caught.value.__cause__, requests.RequestException)


def test_no_secret_shows_in_the_words_of_an_adapter() -> None:
    settings = {"username": "admin", "password": "password-hush", "access_token": "token-hush"}
    client = OAuth2Api(ApiClient(Configuration("https://hydra.example.com", **settings, retries=0)))

    class Chatty(Canned):
        def send(self, request: Any, *arguments: Any, **keywords: Any) -> requests.Response:
            raise requests.ConnectionError(f"cannot send {request.body!r} {request.headers}")

    client.api_client.session.mount("https://", Chatty(b""))
    basic = b64encode(b"admin:password-hush").decode()
    secret = "hush-hush"
    for call in (
        lambda: client.get_oauth2_client("photos"),
        lambda: client.revoke_oauth2_token(secret),
        lambda: client.create_oauth2_client(OAuth2Client(client_secret=secret)),
        lambda: client.oauth_token(grant_type="refresh_token", refresh_token=secret),
    ):
        with pytest.raises(hydra_client.ApiConnectionError, match="cannot send") as caught:
            call()
        assert "hush" not in str(caught.value)
        assert basic not in str(caught.value)


def test_a_session_can_be_used_for_something_else(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they make requests use another pool
        monkeypatch.delenv(name, raising=False)
    server.steps = [raw_response({"alive": True}), ONE, raw_response({"alive": True})]
    with api(server) as client:
        session = client.api_client.session
        assert session.get(f"{server.url}/health", timeout=LONG).json() == {"alive": True}
        client.get_oauth2_client("photos")
        assert session.post(f"{server.url}/x?y=z", data={"a": "b"}, timeout=LONG).ok
    assert server.paths == ["/health", "/clients/photos", "/x"]
    assert server.requests[-1].form == {"a": "b"}
    assert server.connections == 1


def test_a_call_stays_with_the_settings_that_it_began_with() -> None:
    """Neither token nor Basic for one host reaches another that is assigned meanwhile."""
    asked, moved = threading.Event(), threading.Event()

    def tokens(peer: Peer) -> None:
        if not asked.is_set():
            asked.set()
            assert moved.wait(LONG)
        peer.send(raw_response({"access_token": "token-of-a", "token_type": "bearer"}))

    with Server(tokens, ONE) as a, Server(raw_response({"access_token": "token-of-b"}), ONE) as b:
        configuration = Configuration(a.url, "admin", "secret-of-a", timeout=LONG)
        with ApiClient(configuration) as client, Crowd() as crowd:
            crowd.send(1, lambda: OAuth2Api(client).get_oauth2_client("photos").id)
            assert asked.wait(LONG)
            configuration.host = b.url
            configuration.password = "secret-of-b"
            moved.set()
        assert crowd.errors == []
        assert a.paths == ["/oauth2/token", "/clients/photos"]
        assert b.requests == []
        assert a.requests[1].headers["authorization"] == "Bearer token-of-a"
        with ApiClient(configuration) as client:
            OAuth2Api(client).get_oauth2_client("photos")
        assert b.requests[0].basic == ("admin", "secret-of-b")
        assert b.requests[1].headers["authorization"] == "Bearer token-of-b"


def test_settings_are_taken_once_a_call_whatever_threads_assign() -> None:
    """Each host gets its own token alone, from a source that is slow to give it."""
    mixed = []

    def see(name: str) -> Callable[[Peer], None]:
        def step(peer: Peer) -> None:
            if peer.last.headers["authorization"] != f"Bearer token-of-{name}":
                mixed.append(name)
            peer.send(ONE)

        return step

    with Server(see("a")) as a, Server(see("b")) as b:
        configurations = {
            name: Configuration(server.url, access_token=f"token-of-{name}")
            for name, server in (("a", a), ("b", b))
        }
        with ApiClient(copy.copy(configurations["a"])) as client, Crowd() as crowd:

            def call() -> None:
                for _ in range(100):
                    OAuth2Api(client).get_oauth2_client("photos")

            crowd.send(3, call)
            for number in range(300):
                # Settings that belong together are assigned together: as one object.
                client.configuration = configurations["ab"[number % 2]]
        assert crowd.errors == []
    assert mixed == []


# -- many threads, many processes, copies


def test_32_threads_share_one_client() -> None:
    with Server(ONE) as server:
        start = threading.Barrier(32)

        def work(number: int) -> list[str | None]:
            start.wait(LONG)
            return [client.get_oauth2_client(f"{number}-{turn}").id for turn in range(10)]

        server.steps = [lambda peer: peer.send(raw_response({"id": peer.last.id}))]
        with api(server) as client, ThreadPoolExecutor(32) as pool:
            for number, ids in enumerate(pool.map(work, range(32))):
                assert ids == [f"{number}-{turn}" for turn in range(10)]
    assert len(server.requests) == 320
    assert server.connections <= 32


FORK = """
import gc, os, sys, threading, warnings
import hydra_client

url, threads = sys.argv[1], int(sys.argv[2])
client = hydra_client.ApiClient(
    hydra_client.Configuration(url, access_token="t", connection_pool_maxsize=4, timeout=20)
)
api = hydra_client.OAuth2Api(client)

def work():
    for _ in range(20):
        assert api.get_oauth2_client("parent").id == "parent"

work()
running = [threading.Thread(target=work) for _ in range(threads)]
for thread in running:
    thread.start()
warnings.simplefilter("ignore", DeprecationWarning)  # of forking while threads run
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if number == 3:
                client.close()
            for turn in range(5):
                name = f"child-{number}-{turn}"
                assert api.get_oauth2_client(name).id == name
            client.close()
            gc.collect()
            code = 0
        finally:
            os._exit(code)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
for thread in running:
    thread.join()
work()
client.close()
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.parametrize("threads", [0, 3])
def test_a_forked_process_uses_connections_of_its_own(threads: int) -> None:
    with Server(lambda peer: peer.send(raw_response({"id": peer.last.id}))) as server:
        done = python(FORK, server.url, str(threads))
    assert done.stdout == "[0, 0, 0, 0]\n", done.stderr
    assert done.stderr == ""
    # Nobody spoke on a connection of somebody else's.
    speakers: dict[int, set[str]] = {}
    for connection, request in zip(server.spoken, server.requests, strict=True):
        speakers.setdefault(connection, set()).add(request.id.rpartition("-")[0] or request.id)
    assert all(len(names) == 1 for names in speakers.values())
    assert sum(names != {"parent"} for names in speakers.values()) == 4


def test_another_process_lets_go_of_what_it_inherited(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api(server) as client:
        client.api_client.session.mount("https://example.com/", Canned(b"{}"))
        client.get_oauth2_client("photos")
        (pool,) = client.api_client.session.get_adapter(server.url)._pools.values()
        assert pool.pool.qsize() > 0
        del pool
        parent = os.getpid()
        monkeypatch.setattr("hydra_client.transport.session.os.getpid", lambda: parent + 1)
        client.get_oauth2_client("photos")
        client.get_oauth2_client("photos")
        assert server.spoken == [1, 2, 2]
        # A closed client, and one that never made a connection.
        client.api_client.close()
        monkeypatch.undo()
        client.get_oauth2_client("photos")
    assert server.connections == 3


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that may leave no warning behind.

    It is not measured: a fork beside threads at work may take a lock of coverage's along.
    """
    here = os.path.dirname(os.path.dirname(hydra_client.__file__))
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, "PYTHONPATH": here, "COVERAGE_PROCESS_CONFIG": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_nothing_stays_open(server: Server) -> None:
    done = python(
        """
        import gc, pickle, sys
        import hydra_client

        def api():
            configuration = hydra_client.Configuration(sys.argv[1], access_token="t", retries=0)
            return hydra_client.OAuth2Api(hydra_client.ApiClient(configuration))

        one = api()  # left behind
        one.get_oauth2_client("photos")
        two = pickle.loads(pickle.dumps(one))
        two.get_oauth2_client("photos")
        with api().api_client as client:
            hydra_client.OAuth2Api(client).get_oauth2_client("photos")
        one.api_client.close()
        one.get_oauth2_client("photos")
        try:
            one.get_oauth2_client("photos", timeout=1e-6)
        except hydra_client.ApiTimeoutError:
            pass
        del one, two, client
        gc.collect()
        """,
        server.url,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(server.requests) == 4


def test_errors_leave_nothing_open_either(recwarn: pytest.WarningsRecorder) -> None:
    gc.collect()  # what earlier tests left
    recwarn.clear()
    steps: list[Any] = [
        lambda peer: peer.reset(),
        raw_response(b"<html>"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        b"nonsense\r\n\r\n",
        raw_response(b"x" * 100, Content_Encoding="gzip"),
    ]
    for step in steps:

        def act(peer: Peer, step: Any = step) -> None:
            step(peer) if callable(step) else peer.send(step)
            peer.sock.close()

        with Server(act) as server:
            client = OAuth2Api(ApiClient(Configuration(server.url, access_token="t", retries=0)))
            with pytest.raises(hydra_client.HydraException):
                client.get_oauth2_client("photos")
            del client
            gc.collect()
    assert not recwarn.list


def test_with_closes_and_the_client_can_be_used_again(server: Server) -> None:
    client = ApiClient(Configuration(server.url, access_token="t"))
    with client as entered:
        assert entered is client
        OAuth2Api(client).get_oauth2_client("photos")
    OAuth2Api(client).get_oauth2_client("photos")
    client.close()
    client.close()
    assert server.connections == 2


def test_a_client_can_be_pickled_and_copied(server: Server) -> None:
    with api(server, username="admin", password="demo-password") as original:
        client = original.api_client
        client.default_headers["X-Forwarded-Proto"] = "https"
        client.session.mount("https://example.com/", Canned(b"{}"))
        original.get_oauth2_client("photos")
        for twin in (
            pickle.loads(pickle.dumps(original)),
            copy.copy(original),
            copy.deepcopy(original),
        ):
            assert twin.get_oauth2_client("photos").id == "photos"
            assert server.requests[-1].headers["x-forwarded-proto"] == "https"
            assert server.requests[-1].headers["authorization"] == "Bearer access-token-0001"
            assert repr(twin.api_client.configuration) == repr(client.configuration)
            mounted = twin.api_client.session.adapters["https://example.com/"]
            assert type(mounted).__name__ == "Canned"
            twin.api_client.close()
        info = pickle.loads(pickle.dumps(original.with_http_info.get_oauth2_consent_request))
        server.steps = [raw_response(CONSENT)]
        response = info("c1")
        assert pickle.loads(pickle.dumps(response.data)) == response.data
        info.__self__.api_client.close()


class ClientOfTenant(ApiClient):
    tenant = "nobody"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "tenant": self.tenant}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.tenant = state["tenant"]


@pytest.mark.threads_only
def test_a_subclass_can_add_to_what_is_pickled() -> None:
    client = ClientOfTenant(Configuration("http://127.0.0.1:1"))
    client.tenant = "acme"
    twin = pickle.loads(pickle.dumps(client))
    assert (twin.tenant, repr(twin)) == ("acme", repr(client))


# -- the deadline


def test_the_deadline_covers_what_a_token_source_does(server: Server) -> None:
    server.steps = [lambda peer: peer.stall()]
    with api(server) as other:

        def fetch() -> str:
            assert seconds_left() is not None
            other.get_oauth2_client("vault")
            raise AssertionError

        with (
            api(server, access_token=fetch) as client,
            within(1),
            pytest.raises(ApiTimeoutError, match="get_oauth2_client: timed out"),
        ):
            client.get_oauth2_client("photos", timeout=1)
    assert server.paths == ["/clients/vault"]
    assert seconds_left() is None


@pytest.mark.threads_only
def test_the_error_about_a_source_is_in_no_cycle(server: Server) -> None:
    source: Any = lambda: b"token"  # noqa: E731
    with api(server, access_token=source) as client:
        try:
            client.get_oauth2_client("photos")
        except ApiTypeError as error:
            caught = weakref.ref(error)
        assert caught() is None


@pytest.mark.threads_only
def test_a_source_that_needs_its_own_token(server: Server) -> None:
    apis: list[Any] = []

    class Source:
        def token(self, scopes: tuple[str, ...], /) -> str:
            if scopes != ("vault",):
                return str(apis[-1].api_client.token(("vault",)))
            return "for-the-vault"

    sources: list[Any] = [
        lambda: apis[-1].api_client.token(()),
        lambda: str(apis[-1].list_oauth2_clients()),
    ]
    for source in sources:
        with api(server, access_token=source) as client:
            apis.append(client)
            for _ in range(2):
                with pytest.raises(ApiValueError, match="needs a token from this same source"):
                    client.get_oauth2_client("photos")
    assert server.requests == []
    with api(server, access_token=Source()) as client:
        apis.append(client)
        client.get_oauth2_client("photos")
    assert server.requests[0].headers["authorization"] == "Bearer for-the-vault"


def test_nothing_is_sent_once_the_deadline_has_passed(server: Server) -> None:
    ended = threading.Event()

    def slow() -> str:
        ended.wait(0.2)
        return "token"

    with api(server, access_token=slow) as client:
        with pytest.raises(ApiTimeoutError, match="waiting for the token source"):
            client.get_oauth2_client("photos", timeout=0.1)
        assert server.requests == []
        # Nor on a connection that is open already.
        client.get_oauth2_client("photos")
        with pytest.raises(ApiTimeoutError):
            client.get_oauth2_client("photos", timeout=0.1)
    assert len(server.requests) == 1


def test_an_inner_call_has_its_own_earlier_deadline(server: Server) -> None:
    left: list[float | None] = []

    def fetch() -> str:
        left.append(seconds_left())
        with api(server, access_token=lambda: left.append(seconds_left()) or "t") as other:
            other.get_oauth2_client("vault", timeout=20)
        left.append(seconds_left())
        return "token"

    with api(server, access_token=fetch) as client:
        client.get_oauth2_client("photos", timeout=60)
    outer, inner, after = left
    assert outer is not None
    assert inner is not None
    assert after is not None
    assert inner <= 20 < after <= outer <= 60
    assert seconds_left() is None


def test_the_deadline_is_forgotten_after_an_error(server: Server) -> None:
    def fail() -> str:
        raise LookupError

    with api(server, access_token=fail) as client, pytest.raises(LookupError):
        client.get_oauth2_client("photos", timeout=0.001)
    assert seconds_left() is None
    # A connection made outside any call has no deadline of ours.
    with api(server) as client:
        client.get_oauth2_client("photos")
        client.api_client.session.get(f"{server.url}/clients/x", timeout=LONG)
        client.get_oauth2_client("photos")


def test_a_deletion_is_done_though_a_token_ran_out_in_between(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hydra_client.transport.session.time.sleep", lambda _: None)
    tokens = iter(["old", "new"])
    server.steps = [
        lambda peer: peer.reset(),
        raw_response({"error": {"code": 401}}, 401, "Unauthorized"),
        raw_response(b"404 page not found", 404, "Not Found"),
    ]
    with api(server, access_token=lambda: next(tokens)) as client:
        assert client.delete_oauth2_client("photos") is None
    assert [request.headers["authorization"][7:] for request in server.requests] == [
        "old",
        "old",
        "new",
    ]


def test_a_copy_has_other_settings_and_the_same_connections() -> None:
    with Server(ONE) as server, api(server) as client:
        client.get_oauth2_client("photos")
        other = OAuth2Api(client.api_client.copy(access_token="another-token", timeout=5))
        client.api_client.configuration.host = "http://127.0.0.1:1"
        other.api_client.default_headers["X-Forwarded-Proto"] = "https"
        assert "X-Forwarded-Proto" not in client.api_client.default_headers
        other.get_oauth2_client("photos")
        assert other.api_client.configuration.timeout == 5
        assert other.api_client.session is client.api_client.session
    assert server.connections == 1
    assert server.requests[1].headers["authorization"] == "Bearer another-token"
    bearer = other.api_client.authentications["oauth2"]
    assert bearer.access_token == "another-token"
    with pytest.raises(ApiTypeError, match="timeout must be a number"):
        client.api_client.copy(timeout="5")  # type: ignore[arg-type]
    with pytest.raises(ApiValueError, match="copy: verify_ssl belongs to the connections"):
        client.api_client.copy(verify_ssl=False)


def test_a_copy_of_a_client_that_returns_responses_uses_its_own_settings(server: Server) -> None:
    with api("http://127.0.0.1:1") as client:
        copied = OAuth2Api(client.api_client.with_http_info().copy(host=server.url))
        response = copied.get_oauth2_client("photos")
    assert type(response) is ApiResponse
    assert response.status == 200


def test_authentications_are_what_calls_use_and_read_only() -> None:
    client = ApiClient(Configuration(username="a", password="b"))
    client.authentications["basic"].username = "c"
    assert client.configuration.username == "c"
    with pytest.raises(TypeError):
        client.authentications["basic"] = client.authentications["basic"]


def test_an_api_closes_its_client() -> None:
    with Server(ONE) as server, api(server) as client:
        with OAuth2Api(client.api_client) as entered:
            entered.get_oauth2_client("photos")
        entered.get_oauth2_client("photos")  # you can go on
        assert server.connections == 2
