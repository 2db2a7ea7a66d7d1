"""The emulator on a socket: keep-alive, faults, many at once, a clean end."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from support.emulator import ROOT, SCOPES, Wire, make_wire

from hydra_client.emulator import HydraEmulator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hydra() -> Iterator[HydraEmulator]:
    with HydraEmulator() as hydra:
        yield hydra


def connect(hydra: HydraEmulator) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", hydra.port, timeout=10)


def get(hydra: HydraEmulator, path: str = "/health/status") -> tuple[int, bytes]:
    connection = connect(hydra)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def say(hydra: HydraEmulator, raw: bytes) -> bytes:
    """Sends bytes, and reads until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", hydra.port), timeout=10) as plain:
        plain.sendall(raw)
        parts = []
        while part := plain.recv(65536):
            parts.append(part)
    return b"".join(parts)


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


# --- its life


def test_it_listens_where_it_says(hydra: HydraEmulator) -> None:
    assert hydra.url == f"http://127.0.0.1:{hydra.port}"
    assert get(hydra) == (200, b'{"status": "ok"}')
    told = json.loads(get(hydra, "/.well-known/openid-configuration")[1])
    assert told["issuer"] == hydra.url
    assert repr(hydra) == f"<HydraEmulator 0.10 memory at {hydra.url}>"


def test_the_issuer_can_be_another() -> None:
    with HydraEmulator(issuer="https://login.example/") as hydra:
        told = json.loads(get(hydra, "/.well-known/openid-configuration")[1])
        assert told["issuer"] == "https://login.example"
        assert hydra.url.startswith("http://127.0.0.1:")


def test_it_starts_again_on_its_port_and_remembers() -> None:
    hydra = HydraEmulator()
    with hydra:
        port = hydra.port
        hydra.add_client(id="x")
    with pytest.raises(ConnectionRefusedError):
        get(hydra)
    with hydra:
        assert hydra.port == port
        assert get(hydra, "/clients/nope")[0] == 404
        assert get(hydra, "/clients/x")[0] == 401
    hydra.stop()  # once more is no mistake


def test_no_thread_stays_and_no_connection_holds_it_up(hydra: HydraEmulator) -> None:
    before = threads()
    with socket.socket() as silent, closing(connect(hydra)) as idle:
        with HydraEmulator() as other:
            idle.port = other.port
            idle.request("GET", "/health/status")
            assert idle.getresponse().read()
            silent.connect(("127.0.0.1", other.port))
            socket.create_connection(("127.0.0.1", other.port)).close()
            assert threads() > before
        assert threads() <= before
        try:
            assert silent.recv(1) == b""
        except ConnectionResetError:
            pass  # the server had not even looked at it


def test_a_connection_that_is_gone_does_not_hinder_the_end() -> None:
    with HydraEmulator() as hydra, socket.socket() as gone:
        server = hydra._listener._server
        assert server is not None
        ended = threading.Thread(target=bool)
        ended.start()
        server._connections[gone] = ended


def test_a_port_that_is_taken(hydra: HydraEmulator) -> None:
    with pytest.raises(OSError, match="in use"):
        HydraEmulator(port=hydra.port).start()


def test_ipv6() -> None:
    try:
        with HydraEmulator(host="::1") as hydra:
            assert hydra.url == f"http://[::1]:{hydra.port}"
            with socket.create_connection(("::1", hydra.port)) as plain:
                plain.sendall(b"GET /health/status HTTP/1.0\r\n\r\n")
                assert plain.recv(65536).startswith(b"HTTP/1.1 200 OK")
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::", ""])
def test_it_refuses_other_machines(host: str) -> None:
    with pytest.raises(ValueError, match="for tests and demos"):
        HydraEmulator(host=host)
    assert HydraEmulator(host=host, allow_any_host=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_welcome(host: str) -> None:
    assert HydraEmulator(host=host).host == host


def test_versions_and_stores_have_names() -> None:
    with pytest.raises(ValueError, match="version must be one of"):
        HydraEmulator("0.11")
    with pytest.raises(ValueError, match="store must be one of"):
        HydraEmulator(store="postgres")


def test_it_has_no_url_before_it_is_started() -> None:
    hydra = HydraEmulator()
    with pytest.raises(RuntimeError, match="no URL yet"):
        _ = hydra.url
    assert repr(hydra) == "<HydraEmulator 0.10 memory not started>"


def test_it_says_what_it_is_when_it_starts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "hydra_client.emulator"), HydraEmulator():
        assert "for tests and demos only" in caplog.text
        assert "demo-password" not in caplog.text


# --- HTTP


def test_connections_stay_open(hydra: HydraEmulator) -> None:
    connection = connect(hydra)
    connection.request("GET", "/health/status")
    assert connection.getresponse().read()
    first = connection.sock
    for method, path, body in (
        ("POST", "/oauth2/token", urlencode({"grant_type": "x"})),
        ("HEAD", "/clients", None),
        ("GET", "/nope", None),
    ):
        connection.request(method, path, body, FORM if body else {})
        answer = connection.getresponse()
        assert (method == "HEAD") is (answer.read() == b"")
        assert connection.sock is first
    connection.close()


def test_a_body_in_chunks(hydra: HydraEmulator) -> None:
    connection = connect(hydra)
    body = iter(
        [b"grant_type=client_", b"credentials&client_id=admin&client_", b"secret=demo-password"]
    )
    connection.request("POST", "/oauth2/token", body, FORM, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()


def test_raw_paths(hydra: HydraEmulator) -> None:
    def status(path: bytes) -> bytes:
        raw = say(hydra, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return raw.partition(b"\r\n")[0]

    assert status(b"//health/status") == b"HTTP/1.1 301 Moved Permanently"
    assert status(b"/health%2Fstatus") == b"HTTP/1.1 200 OK"
    assert status(b"http://x/health/status") == b"HTTP/1.1 200 OK"
    assert status(b"/health/%zz") == b"HTTP/1.1 400 Bad Request"
    assert status(b"/clients/\xc3\xa9") == b"HTTP/1.1 404 Not Found"


def test_what_is_no_http(hydra: HydraEmulator) -> None:
    for raw in (b"nonsense\r\n\r\n", b"GET / HTTP/x\r\n\r\n"):
        assert say(hydra, raw).endswith(b"\r\n\r\n400 Bad Request")
    odd = b"POST /oauth2/token HTTP/1.0\r\nContent-Length: x\r\n\r\n"
    assert say(hydra, odd).startswith(b"HTTP/1.1 400 Bad Request")


def test_headers_go_out_as_utf_8(hydra: HydraEmulator) -> None:
    token = Wire(hydra).root
    body = json.dumps({"id": "ä b"}).encode()
    raw = say(
        hydra,
        b"POST /clients HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: bearer "
        + token.encode()
        + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body,
    )
    assert "\r\nLocation: /clients/ä b\r\n".encode() in raw


def test_as_a_wsgi_application(wire: Wire) -> None:
    from werkzeug.test import Client

    client = Client(wire.hydra)
    answer = client.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=ROOT)
    assert answer.status == "200 OK"
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.head("/clients").data == b""
    assert client.delete("/clients/x").status_code == 404
    wire.hydra.fail(status=599)
    assert client.get("/").status_code == 599
    for fault in ({"reset": True}, {"cut": 1}):
        wire.hydra.fail(**fault)
        with pytest.raises(ConnectionResetError):
            client.get("/clients")
    odd: dict[str, Any] = {"CONTENT_LENGTH": "x", "wsgi.input": None, "REQUEST_METHOD": "GET"}
    assert b"".join(wire.hydra({**odd, "PATH_INFO": "/nope"}, lambda *_: None))


# --- faults


def test_a_status(hydra: HydraEmulator) -> None:
    fault = hydra.fail("/health/*", status=503, body="later", headers={"Retry-After": "1"}, times=2)
    connection = connect(hydra)
    connection.request("GET", "/health/status")
    answer = connection.getresponse()
    assert (answer.status, answer.reason, answer.read()) == (503, "Service Unavailable", b"later")
    assert answer.headers["Retry-After"] == "1"
    connection.close()
    assert get(hydra, "/nope")[0] == 404
    assert get(hydra)[0] == 503
    assert get(hydra)[0] == 200
    assert fault.hits == 2


def test_every_request_and_one_method(hydra: HydraEmulator) -> None:
    hydra.fail(method="POST", status=500)
    fault = hydra.fail(status=418, times=None)
    assert [get(hydra)[0] for _ in range(3)] == [418, 418, 418]
    assert fault.hits == 3
    hydra.reset()
    assert get(hydra)[0] == 200


def test_a_reset_connection(hydra: HydraEmulator) -> None:
    hydra.fail(reset=True)
    with pytest.raises(ConnectionError):
        get(hydra)
    assert get(hydra)[0] == 200


def test_a_cut_body(hydra: HydraEmulator) -> None:
    hydra.fail(cut=5)
    with pytest.raises(http.client.IncompleteRead) as raised:
        get(hydra)
    assert raised.value.partial == b'{"sta'
    hydra.fail(status=502, body=b"whole", cut=0)
    with pytest.raises(http.client.IncompleteRead):
        get(hydra)


def test_a_delay_ends_with_the_server() -> None:
    with HydraEmulator() as hydra:
        fault = hydra.fail(delay=60.0)
        outcome: list[object] = []

        def ask() -> None:
            try:
                outcome.append(get(hydra))
            except (OSError, http.client.HTTPException) as error:
                outcome.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        while fault.hits == 0:
            time.sleep(0.001)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30
    asking.join()
    assert len(outcome) == 1


def test_a_delay_comes_before_the_answer(hydra: HydraEmulator) -> None:
    hydra.fail(delay=0.01)
    assert get(hydra)[0] == 200


# --- the clock, and what came in


def test_the_clock() -> None:
    now = [1000.0]
    hydra = HydraEmulator(clock=lambda: now[0])
    assert hydra.clock() == 1000.0
    hydra.clock.advance(60)
    now[0] = 2000.0
    assert hydra.clock() == 2060.0
    assert repr(hydra.clock) == "<Clock +60 s>"
    hydra.reset()
    assert hydra.clock() == 2000.0


def test_requests_are_kept_with_their_secrets_masked() -> None:
    wire = make_wire()
    hydra = wire.hydra
    wire("GET", "/clients?Access_token=a;bc&x=1", headers={"Cookie": "a=b", "Authorization": "odd"})
    wire.grant(("admin", "demo-password"), grant_type="client_credentials", client_secret="s3cret")
    wire("POST", "/clients", json={"client_secret": "s3cret", "client_name": "n"}, token="abc")
    wire("POST", "/clients", '{"client_secret":"s3cret"')
    wire("POST", "/clients", "hello")
    wire("PUT", "/clients/x%20y", json=["list"])
    query, form, body, broken, plain, other = hydra.requests
    assert [str(request) for request in hydra.requests] == [
        "GET /clients", "POST /oauth2/token", "POST /clients", "POST /clients", "POST /clients",
        "PUT /clients/x%20y",
    ]  # fmt: skip
    assert query.query == "Access_token=***&x=1"
    assert query.headers == {"cookie": "***", "authorization": "***"}
    assert form.body == "grant_type=client_credentials&client_secret=***"
    assert form.headers["authorization"] == "Basic ***"
    assert json.loads(body.body) == {"client_secret": "***", "client_name": "n"}
    assert body.headers["authorization"] == "bearer ***"
    assert (broken.body, plain.body, other.body) == ("***", "hello", '["list"]')
    assert "s3cret" not in repr(hydra.requests)
    assert "demo-password" not in repr(hydra.requests)
    hydra.reset()
    assert hydra.requests == []


def test_a_client_without_a_request() -> None:
    wire = make_wire()
    client = wire.hydra.add_client(id="x", grant_types=["client_credentials"], scope="foo")
    assert wire.client_token(("x", client["client_secret"]), "foo")
    given = wire.hydra.add_client(client_secret="my-own-secret")
    assert given["client_secret"] == "my-own-secret"
    with pytest.raises(TypeError, match="these members: nickname"):
        wire.hydra.add_client(nickname="x")


def test_consent_without_an_app() -> None:
    wire = make_wire()
    app = wire.app()
    for scopes, told in ((None, "openid offline photos.read"), (["foo"], "foo")):
        id, _, cookie = wire.start(app)
        url = urlsplit(wire.hydra.accept_consent(id, "alice", scopes))
        assert wire.authorize(url.query, cookie).told["scope"] == told
    for store in ("memory", "sql"):
        for id in ("nope", "no\0pe"):
            with pytest.raises(LookupError, match="no consent request 'no"):
                make_wire("0.10", store).hydra.accept_consent(id, "alice")


# --- many at once

CROWD = 32


def crowd(work: Any) -> list[Any]:
    """Does the work in many threads that all start at once."""
    start = threading.Barrier(CROWD)

    def worker(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(worker, range(CROWD)))


@pytest.mark.parametrize("store", ["memory", "sql"])
def test_nothing_is_lost(store: str) -> None:
    with HydraEmulator(store=store) as hydra:
        wire = Wire(hydra)
        headers = {"Authorization": f"bearer {wire.root}"}

        def work(number: int) -> list[int]:
            connection = connect(hydra)
            statuses = []
            for step in range(8):
                id = f"{number}-{step}"
                for method, path, body in (
                    ("POST", "/clients", json.dumps({"id": id})),
                    ("PUT", f"/clients/{id}", json.dumps({"client_name": id})),
                    ("GET", f"/clients/{id}", None),
                    ("DELETE" if step % 2 else "GET", f"/clients/{id}", None),
                ):
                    connection.request(method, path, body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    statuses.append(answer.status)
            connection.close()
            return statuses

        for statuses in crowd(work):
            assert statuses == [201, 201, 200, 200, 201, 201, 200, 204] * 4
        listed = wire.admin("GET", "/clients").json
        assert len(listed) == CROWD * 4 + 1
        assert all(client["client_name"] for client in listed)


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_a_code_and_a_refresh_token_work_once_in_a_crowd(version: str) -> None:
    with HydraEmulator(version) as hydra:
        wire = make_wire(version)
        wire.hydra, wire._token = hydra, None
        hydra.consent_url = "http://127.0.0.1:4900/consent"
        app = wire.app()
        code = wire.code(app)
        replies = crowd(lambda _: wire.redeem(app, code))
        won = [reply for reply in replies if reply.status == 200]
        assert len(won) == 1
        refresh = won[0].json["refresh_token"]
        refreshed = crowd(lambda _: wire.refresh(app, refresh))
        assert sum(reply.status == 200 for reply in refreshed) == 1
        assert all(reply.status in (200, 400, 403) for reply in replies + refreshed)


def test_the_sql_store_lets_one_of_a_crowd_have_an_id() -> None:
    wire = make_wire(store="sql")
    token = wire.client_token(ROOT, SCOPES)
    replies = crowd(lambda _: wire("POST", "/clients", json={"id": "x"}, token=token))
    assert sorted(reply.status for reply in replies) == [201] + [500] * (CROWD - 1)
