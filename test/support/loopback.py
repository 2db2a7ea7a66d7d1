"""Servers on loopback that send exactly the bytes that a test tells them to.

They stand where the network is, so that nothing of the package is replaced in its tests. Whatever a
server waits for ends when the test does.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import trustme
from support import both

import hydra_client

# Longer than any test takes, shorter than patience lasts.
LONG = 20.0


class Request(NamedTuple):
    """A request as it came off the wire."""

    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    head: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def id(self) -> str:
        """What the last segment of the path stands for."""
        return urllib.parse.unquote(self.path.rpartition("/")[2], errors="strict")

    @property
    def query(self) -> dict[str, str]:
        return fields(self.target.partition("?")[2])

    @property
    def form(self) -> dict[str, str]:
        assert self.headers["content-type"] == "application/x-www-form-urlencoded"
        return fields(self.body.decode("ascii"))

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def basic(self) -> tuple[str, str]:
        """Id and secret, as they were put into the header."""
        scheme, _, value = self.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        return user, password


def fields(encoded: str) -> dict[str, str]:
    """Read form fields or a query as a strict server does: each once, and UTF-8."""
    pairs = urllib.parse.parse_qsl(
        encoded, keep_blank_values=True, strict_parsing=bool(encoded), errors="strict"
    )
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Server, sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number
        self.last: Request

    def read(self) -> Request | None:
        """Read one request; None when the client hung up."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                assert not data, "half a request"
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        assert version == "HTTP/1.1" or method == "CONNECT"
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(": ") for line in lines):
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            more = self.sock.recv(65536)
            assert more, "half a body"
            body += more
        assert len(body) == length, "more than the body"
        request = Request(method, target, headers, body, head)
        self.last = request
        with self.server.lock:
            self.server.requests.append(request)
            self.server.spoken.append(self.number)
        return request

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def trickle(self, data: bytes, pause: float = 0.05) -> None:
        """Send byte by byte until the client has had enough."""
        for byte in data:
            self.send(bytes([byte]))
            if self.server.ended.wait(pause):
                return

    def stall(self) -> None:
        """Say nothing more, and wait for the client to hang up."""
        self.sock.settimeout(LONG)
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


# What a server does about one request: sends bytes, or something of its own. A connection is kept
# until a step closes it, or the client does.
Step = bytes | Callable[[Peer], object]


class Server:
    """Handles the first request by the first step, the next by the next, and the rest by the last.

    Args:
        steps: What to do about each request.
        context: Speaks TLS, when given.
        greet: Called for each connection before anything is read; False ends the connection.
        host: The address to listen on.
    """

    def __init__(
        self,
        *steps: Step,
        context: ssl.SSLContext | None = None,
        greet: Callable[[Peer], object] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.steps = list(steps)
        self.context = context
        self.greet = greet
        self.requests: list[Request] = []
        self.spoken: list[int] = []  # on which connection each of them came
        self.connections = 0
        self.ended = threading.Event()
        self.failures: list[BaseException] = []
        self.lock = threading.Lock()
        self._step = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.host = f"[{host}]" if ":" in host else host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://{self.host}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        # Wakes the accepting thread, which a close alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(LONG)  # from here on, there are no new connections
        with self.lock:
            for sock in self._open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        self._listener.close()
        if self.failures:
            raise self.failures[0]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self._open.add(sock)
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.settimeout(LONG)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greet is None or self.greet(Peer(self, sock, number)) is not False:
                if self.context is not None:
                    sock = self.context.wrap_socket(
                        sock, server_side=True, do_handshake_on_connect=False
                    )
                    with self.lock:
                        self._open.add(sock)
                    sock.do_handshake()
                self._talk(Peer(self, sock, number))
        except (OSError, ValueError):
            pass  # the client hung up, or a step did
        except BaseException as error:
            self.failures.append(error)
        finally:
            with self.lock:
                self._open.discard(sock)
                sock.close()

    def _talk(self, peer: Peer) -> None:
        while peer.read() is not None:
            with self.lock:
                step = self.steps[min(self._step, len(self.steps) - 1)]
                self._step += 1
            if isinstance(step, bytes):
                peer.send(step)
            else:
                step(peer)


def raw_response(
    body: object = b"", status: int = 200, reason: str = "OK", version: str = "1.1", **headers: str
) -> bytes:
    """Write a response as a server should. `_` in the name of a header stands for `-`."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/{version} {status} {reason}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*parts: bytes, **headers: str) -> bytes:
    """Write a response in chunks."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])


@contextmanager
def api(server: Server | str, **settings: Any) -> Iterator[hydra_client.OAuth2Api]:
    """Make an API for a server, with a bearer token by default.

    It is of the kind that the test runs for: see `both`.
    """
    settings.setdefault("access_token", "access-token-0001")
    settings.setdefault("timeout", LONG)
    host = server if isinstance(server, str) else server.url
    with both.client_of(hydra_client.Configuration(host, **settings)) as client:
        yield both.api_of(client)


def refusing_port() -> int:
    """Find a port on loopback where nobody listens, but you can.

    The system gives it to nobody who asks for any port: it waits for late packets of a connection,
    for a minute.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()  # waits because it is the first to close
        return int(listener.getsockname()[1])


@contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """Give an address whose packets go unanswered: a full queue, of which nobody takes any."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = []
        try:
            for _ in range(8):
                sock = socket.socket()
                waiting.append(sock)
                sock.settimeout(0.1)
                try:
                    sock.connect(address)
                except TimeoutError:
                    break
            else:
                raise AssertionError("the queue never fills on this system")
            yield address
        finally:
            for sock in waiting:
                sock.close()


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, folder: Any) -> None:
        self._authority = trustme.CA()
        self.bundle = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.bundle)

    def context(self, *names: str, **how: Any) -> ssl.SSLContext:
        """Make a server's context with a certificate for these names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issue(*names, **how).configure_cert(context)
        return context

    def issue(self, *names: str, **how: Any) -> trustme.LeafCert:
        """Make a certificate for these names."""
        return self._authority.issue_cert(*names, **how)


@contextmanager
def within(seconds: float, slack: float = 15.0) -> Iterator[None]:
    """Hold that a call ends by its deadline, with much slack for a busy machine.

    A server that stalls does so for longer than that.
    """
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + slack


class Operation(NamedTuple):
    """One call of an operation: how it is made, and a response that is its success."""

    call: Callable[[Any], Any]  # takes an OAuth2Api or its with_http_info
    success: bytes
    repeatable: bool = True  # after an attempt whose outcome is unknown
    credential: str | None = "Bearer"


CLIENT = {"id": "photos", "client_name": "Photos", "redirect_uris": None, "public": False}
ISSUED = "at-0001"
CODE = "code-0001"
TOKENS = {"access_token": ISSUED, "token_type": "bearer", "expires_in": 3599, "scope": "a"}
CONFIGURATION: dict[str, object] = {
    "issuer": "http://hydra.example.com/",
    "authorization_endpoint": "http://hydra.example.com/oauth2/auth",
    "token_endpoint": "http://hydra.example.com/oauth2/token",
    "jwks_uri": "http://hydra.example.com/.well-known/jwks.json",
    "subject_types_supported": ["pairwise", "public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "response_types_supported": ["code", "code id_token"],
}
CONSENT = {
    "id": "c1",
    "clientId": "photos",
    "requestedScopes": ["openid"],
    "expiresAt": "2018-03-01T12:00:00.123456789Z",
    "redirectUrl": "http://hydra.example.com/oauth2/auth?client_id=photos&consent=c1",
}
DONE = raw_response(status=204, reason="No Content")
ONE = raw_response(CLIENT)
CREATED = raw_response(CLIENT, 201, "Created", Location="/clients/photos")

OPERATIONS = {
    "accept_oauth2_consent_request": Operation(
        lambda api: api.accept_oauth2_consent_request(
            "c1", hydra_client.ConsentRequestAcceptance(subject="alice", grant_scopes=["openid"])
        ),
        DONE,
    ),
    "create_oauth2_client": Operation(
        lambda api: api.create_oauth2_client(hydra_client.OAuth2Client(client_name="Photos")),
        CREATED,
        repeatable=False,
    ),
    "delete_oauth2_client": Operation(lambda api: api.delete_oauth2_client("photos"), DONE),
    "get_oauth2_client": Operation(lambda api: api.get_oauth2_client("photos"), ONE),
    "get_oauth2_consent_request": Operation(
        lambda api: api.get_oauth2_consent_request("c1"), raw_response(CONSENT)
    ),
    "get_well_known": Operation(
        lambda api: api.get_well_known(), raw_response(CONFIGURATION), credential=None
    ),
    "introspect_oauth2_token": Operation(
        lambda api: api.introspect_oauth2_token(ISSUED), raw_response({"active": False})
    ),
    "list_oauth2_clients": Operation(lambda api: api.list_oauth2_clients(), raw_response([CLIENT])),
    "oauth_auth": Operation(
        lambda api: api.oauth_auth(client_id="photos", state="state-0001"),
        raw_response(
            status=302, reason="Found", Location="http://127.0.0.1:3000/consent?consent=c1"
        ),
        credential=None,
    ),
    "oauth_token": Operation(
        lambda api: api.oauth_token(grant_type="authorization_code", code=CODE),
        raw_response(TOKENS),
        repeatable=False,
        credential="Basic",
    ),
    "reject_oauth2_consent_request": Operation(
        lambda api: api.reject_oauth2_consent_request(
            "c1", hydra_client.ConsentRequestRejection(reason="no")
        ),
        DONE,
    ),
    "revoke_oauth2_token": Operation(
        lambda api: api.revoke_oauth2_token(ISSUED), raw_response(), credential="Basic"
    ),
    "update_oauth2_client": Operation(
        lambda api: api.update_oauth2_client("photos", hydra_client.OAuth2Client(id="photos")),
        CREATED,
    ),
    "well_known": Operation(lambda api: api.well_known(), raw_response({"keys": []})),
}
