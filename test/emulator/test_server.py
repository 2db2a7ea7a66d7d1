"""The server on a socket: connections, HTTP and a clean shutdown."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import closing
from urllib.parse import urlencode

import pytest
from support.emulator import (
    Wire,
    connect,
    get,
    send_raw,
    stop,
)

from hydra_client.emulator import HydraEmulator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_restart_keeps_port_and_state() -> None:
    hydra = HydraEmulator()
    with hydra:
        port = hydra.port
        hydra.add_client(id="x")
        stop(hydra)
    with pytest.raises(ConnectionRefusedError):
        get(hydra)
    with hydra:
        assert hydra.port == port
        assert get(hydra, "/clients/nope")[0] == 404
        assert get(hydra, "/clients/x")[0] == 401
    hydra.stop()  # may be repeated


def test_stop_ends_every_thread_and_connection(hydra: HydraEmulator) -> None:
    before = threads()
    with socket.socket() as silent, closing(connect(hydra)) as idle:
        with HydraEmulator() as other:
            idle.port = other.port
            idle.request("GET", "/health/status")
            assert idle.getresponse().read()
            silent.connect(("127.0.0.1", other.port))
            socket.create_connection(("127.0.0.1", other.port)).close()
            assert threads() - before
        assert threads() - before == set()
        try:
            assert silent.recv(1) == b""
        except ConnectionResetError:
            pass  # the server had not accepted it yet


def test_stop_ignores_closed_connections() -> None:
    with HydraEmulator() as hydra, socket.socket() as gone:
        server = hydra._server
        assert server is not None
        server._connections.add(gone)


def test_a_port_in_use(hydra: HydraEmulator) -> None:
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


def test_a_program_exits_without_stopping_the_server() -> None:
    program = (
        "from hydra_client.emulator import HydraEmulator\n"
        "hydra = HydraEmulator().start()\n"
        "hydra.api().get_well_known()\n"
        "raise SystemExit(3)"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 3


def test_stop_while_a_client_is_connected() -> None:
    before = threads()
    with HydraEmulator() as hydra:
        sock = socket.create_connection((hydra.host, hydra.port), 20)
        sock.sendall(b"GET /healt")
    sock.close()
    assert threads() - before == set()


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
        response = connection.getresponse()
        assert (method == "HEAD") is (response.read() == b"")
        assert connection.sock is first
    connection.close()


def test_a_body_in_chunks(hydra: HydraEmulator) -> None:
    connection = connect(hydra)
    body = iter(
        [b"grant_type=client_", b"credentials&client_id=admin&client_", b"secret=demo-password"]
    )
    connection.request("POST", "/oauth2/token", body, FORM, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, bool(response.read())) == (200, True)
    connection.close()


def test_raw_paths(hydra: HydraEmulator) -> None:
    def status(path: bytes) -> bytes:
        raw = send_raw(hydra, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return raw.partition(b"\r\n")[0]

    assert status(b"//health/status") == b"HTTP/1.1 301 Moved Permanently"
    assert status(b"/health%2Fstatus") == b"HTTP/1.1 200 OK"
    assert status(b"http://x/health/status") == b"HTTP/1.1 200 OK"
    assert status(b"/health/%zz") == b"HTTP/1.1 400 Bad Request"
    assert status(b"/clients/\xc3\xa9") == b"HTTP/1.1 404 Not Found"


def test_invalid_requests(hydra: HydraEmulator) -> None:
    for raw in (b"nonsense\r\n\r\n", b"GET / HTTP/x\r\n\r\n"):
        assert send_raw(hydra, raw).endswith(b"\r\n\r\n400 Bad Request")
    odd = b"POST /oauth2/token HTTP/1.0\r\nContent-Length: x\r\n\r\n"
    assert send_raw(hydra, odd).startswith(b"HTTP/1.1 400 Bad Request")


def test_headers_are_encoded_as_utf_8(hydra: HydraEmulator) -> None:
    token = Wire(hydra).root
    body = json.dumps({"id": "ä b"}).encode()
    raw = send_raw(
        hydra,
        b"POST /clients HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: bearer "
        + token.encode()
        + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body,
    )
    assert "\r\nLocation: /clients/ä b\r\n".encode() in raw
