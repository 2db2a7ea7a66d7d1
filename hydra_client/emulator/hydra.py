"""`HydraEmulator`, which ties the parts together and gives tests control over them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from hydra_client.emulator import arguments, cors, routes
from hydra_client.emulator.clock import Clock
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.faults import Fault
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.recording import RecordedRequest
from hydra_client.emulator.responses import Response
from hydra_client.emulator.server import Server
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import GO_FIELDS, Client, new_secret
from hydra_client.emulator.store.policies import ALLOW, Policy
from hydra_client.emulator.store.templates import compile_template
from hydra_client.emulator.variant import Variant

if TYPE_CHECKING:
    from hydra_client import OAuth2Api
    from hydra_client.aio import OAuth2Api as AsyncOAuth2Api

logger = logging.getLogger(__name__)

# Limits of the recorded requests, for servers that run for weeks.
_MAX_REQUESTS = 100_000
_MAX_RECORDED_SIZE = 64 * 1024 * 1024  # characters

_KINDS = {
    "host": "a string",
    "port": "an integer",
    "root": "a pair of strings",
    "consent_url": "a string",
    "issuer": "a string or None",
    "clock": "a function or None",
    "id": "a string",
    "subject": "a string",
}
_KINDS_OF_GO = {"string": "a string", "[]string": "a list of strings", "bool": "a bool"}


class HydraEmulator:
    """A server that behaves like ORY Hydra, for tests and demos.

    As a context manager, it listens on a socket. It is also a WSGI application; without a socket,
    pass `issuer`.

    Args:
        version: "0.9" for Hydra 0.9.14, "0.10" for 0.10.10.
        store: "memory" or "sql". Responses differ in small ways.
        host: The address to listen on. It must be a loopback address, unless `allow_any_host` is
            true.
        port: The port to listen on; 0 for any free one. A server that you start again keeps its
            port.
        root: Id and secret of the client that may do everything.
        consent_url: The URL of the consent app.
        issuer: The issuer in discovery and ID tokens, without a trailing slash, which is removed
            as in Hydra. The default is the URL of the server.
        clock: A function that returns the Unix time in seconds.
        allow_any_host: Allow addresses that other machines can reach. The root secret is public
            and the server is not hardened, so use this with care.

    Attributes:
        clock: The server's clock. `clock.advance(seconds)` ages everything that it has issued.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The version or store is unknown, or the host is not a loopback address.
    """

    def __init__(
        self,
        version: str = "0.10",
        store: str = "memory",
        host: str = "127.0.0.1",
        port: int = 0,
        root: tuple[str, str] = ("admin", "demo-password"),
        consent_url: str = "http://localhost:3000/consent",
        issuer: str | None = None,
        clock: Callable[[], float] | None = None,
        *,
        allow_any_host: bool = False,
    ) -> None:
        arguments.check(_KINDS, locals())
        if not allow_any_host and not _is_loopback(host):
            raise ValueError(
                f"host must be a loopback address, not {host!r}: this server is for tests and "
                "demos, with a public secret. To listen there anyway, pass allow_any_host=True."
            )
        self.variant = Variant(version, store)
        self.host, self.port = host, port
        self.root = root
        self.clock = Clock(clock) if clock else Clock()
        self._state = State(self.variant, self.clock, root)
        self._state.consent_url = consent_url
        self._state.issuer = self._url = (issuer or "").removesuffix("/")
        self._has_issuer = issuer is not None
        self._requests: deque[RecordedRequest] = deque()
        self._recorded_size = 0
        self._faults: list[Fault] = []
        self._lock = Lock()  # of the requests and faults
        self._stopping = Event()
        self._server: Server | None = None

    # --- starting and stopping

    def start(self) -> HydraEmulator:
        """Listen until `stop` or the end of the context, and return the emulator.

        If it is listening already, this changes nothing.

        Raises:
            OSError: The port is in use.
        """
        if self._server is not None:
            return self
        self._stopping.clear()
        self._server = Server(self.host, self.port, self.handle)
        self.port = int(self._server.server_address[1])
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"http://{host}:{self.port}"
        logger.info(
            "Hydra emulator %s (%s), for tests and demos only, at %s",
            self.variant.version,
            self.variant.store,
            self.url,
        )
        return self

    def stop(self) -> None:
        """End all delays and connections, and return when every thread has ended."""
        if self._server is not None:
            self._stopping.set()
            self._server.close()
            self._server = None

    def __enter__(self) -> HydraEmulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- sending requests

    @property
    def url(self) -> str:
        """The URL of the server, which is also the issuer unless you passed one.

        Raises:
            RuntimeError: The emulator is not started and has no issuer.
        """
        if not self._url:
            raise RuntimeError("the emulator has no URL yet: start it, or pass an issuer")
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url.rstrip("/")
        if not self._has_issuer:
            self._state.issuer = self._url

    @property
    def consent_url(self) -> str:
        """The URL of the consent app. You can change it at any time."""
        return self._state.consent_url

    @consent_url.setter
    def consent_url(self, url: str) -> None:
        self._state.consent_url = url

    def api(self, **settings: Any) -> OAuth2Api:
        """Return the SDK's API for this server, authenticated as root.

        `settings` are those of `hydra_client.connect`, for example another client's credentials.
        """
        # Nothing else here uses the SDK, because shared code would hide its errors from tests.
        import hydra_client

        api: OAuth2Api = hydra_client.connect(self.url, **{**self._login(), **settings})
        return api

    def async_api(self, **settings: Any) -> AsyncOAuth2Api:
        """Return the SDK's API for asyncio, as `api` does. It is not opened yet."""
        from hydra_client import aio

        api: AsyncOAuth2Api = aio.connect(self.url, **{**self._login(), **settings})
        return api

    def _login(self) -> dict[str, Any]:
        client_id, client_secret = self.root
        return {"client_id": client_id, "client_secret": client_secret}

    def handle(self, request: Request) -> Response:
        """Return the response to a request, with the fault that is scripted for it, if any."""
        recorded = RecordedRequest.of(request)
        with self._lock:
            self._requests.append(recorded)
            self._recorded_size += recorded.size
            while len(self._requests) > _MAX_REQUESTS or self._recorded_size > _MAX_RECORDED_SIZE:
                self._recorded_size -= self._requests.popleft().size
            fault = next((fault for fault in self._faults if fault.matches(request)), None)
            if fault is not None:
                fault.hits += 1
        if fault is None:
            return self._dispatch(request)
        response = fault.apply(self._stopping)
        if response is None:
            response = self._dispatch(request)
            response.cut = fault.cut
        return response

    def _dispatch(self, request: Request) -> Response:
        if self.variant.is_0_9:
            return routes.handle(self._state, request)
        if request.method == "OPTIONS":
            return cors.preflight(request)
        response = routes.handle(self._state, request)
        cors.allow(response, request)
        return response

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve a WSGI request. Raises ConnectionResetError for faults that break connections."""
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdecimal() else b""
        response = self.handle(Request.from_environ(environ, body))
        if response.reset or response.cut is not None:
            raise ConnectionResetError("a scripted fault of the emulator broke the connection")
        start_response(f"{response.status} {response.reason}", response.all_headers())
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]

    # --- inspecting and controlling the server

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests since the start or the last reset, in order and with secrets masked.

        It keeps at most the last 100,000 requests and 64 Mi characters.
        """
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Forget everything but the root client; also remove faults and reset the clock."""
        with self._state.lock, self._lock:
            self._faults.clear()
            self.clock.reset()
            self._state.clear()
            self._requests.clear()
            self._recorded_size = 0

    def restart(self) -> None:
        """Change the state of the server as a restart of Hydra would.

        The memory store forgets everything and signs ID tokens with a new key. The SQL store keeps
        everything, and the server reads its signing key again: Hydra does that only when it starts,
        so a new key in the set `hydra.openid.id-token` takes effect here. Connections, faults, the
        clock and the recorded requests stay.

        Raises:
            RuntimeError: Hydra would not start, because the set lacks the private key.
        """
        self._state.restart()

    def fail(
        self,
        path: str = "*",
        *,
        method: str = "*",
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        delay: float = 0.0,
        reset: bool = False,
        cut: int | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Script a fault for the next `times` requests to `path`.

        Args:
            path: The path as it is sent, without a query; `*` matches any characters.
            method: An HTTP method in any case, or `*` for all.
            status: Send this status instead of the response, with `headers` and `body`.
            headers: The headers to send with `status`.
            body: The body to send with `status`.
            delay: Seconds to wait first. Stopping the server ends the wait.
            reset: Break the connection instead of processing the request.
            cut: Close the connection after this many bytes of the body. The request is processed.
            times: How many requests to affect; None for all.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: `path` or `method` could not match, or a number is out of range.
        """
        content = body.encode("utf-8") if isinstance(body, str) else body
        fault = Fault(path, method, status, headers or {}, content, delay, reset, cut, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def allow(
        self,
        subject: str,
        *,
        resources: str | Iterable[str] = "rn:hydra:<.*>",
        actions: str | Iterable[str] = "<.*>",
    ) -> None:
        """Add a policy that allows a client or user to perform actions on resources.

        Subject, resources and actions may contain regular expressions of Go between `<` and `>`. On
        a new server, only root may use the admin endpoints. The empty subject stands for requests
        without a token to `/.well-known/jwks.json` and `/keys/{set}/{kid}`.

        Raises:
            ValueError: A template is not valid.
        """
        policy = Policy(
            subjects=_templates(subject),
            effect=ALLOW,
            resources=_templates(resources),
            actions=_templates(actions),
        )
        with self._state.lock:
            self._state.policies.create(policy)

    def add_client(self, **members: Any) -> dict[str, Any]:
        """Create a client without sending a request; return its members, including the secret.

        Raises:
            TypeError: Clients do not have one of the members, or its type is wrong.
            ValueError: The store rejects the client, for example because its id is taken.
        """
        unknown = sorted(set(members) - set(GO_FIELDS))
        if unknown:
            raise TypeError(f"clients do not have these members: {', '.join(unknown)}")
        # Like `null`, None leaves a member out.
        members = {name: value for name, value in members.items() if value is not None}
        arguments.check(
            {name: _KINDS_OF_GO[go_type] for name, go_type in GO_FIELDS.items()}, members
        )
        client = Client(
            **{**members, "client_secret": members.get("client_secret") or new_secret()}
        )
        with self._state.lock:
            try:
                self._state.clients.create(client)
            except HydraError as error:
                raise ValueError(f"the store rejects the client: {error}") from None
        return client.to_json()

    def accept_consent(
        self, id: str, subject: str, scopes: str | Iterable[str] | None = None
    ) -> str:
        """Accept a consent request without a consent app.

        Args:
            id: The id of the consent request.
            subject: The user who gives consent.
            scopes: The scopes to grant, a list or a space-separated string. The default is all
                requested scopes.

        Returns:
            The URL to send the browser to.

        Raises:
            TypeError: `id` or `subject` is not a string.
            LookupError: There is no consent request with this id.
        """
        arguments.check(_KINDS, locals())
        scopes = scopes.split() if isinstance(scopes, str) else scopes
        with self._state.lock:
            try:
                consent = self._state.consents.get(id)
            except HydraError:
                raise LookupError(f"there is no consent request {id!r}") from None
            consent.accepted, consent.subject = True, subject
            consent.granted_scopes = list(consent.requested_scopes if scopes is None else scopes)
            self._state.consents.add(consent)
        return consent.redirect_url

    def __repr__(self) -> str:
        where = f"at {self._url}" if self._url else "not started"
        return f"<HydraEmulator {self.variant.version} {self.variant.store} {where}>"


def _templates(value: str | Iterable[str]) -> list[str]:
    templates = [value] if isinstance(value, str) else list(value)
    for template in templates:
        compile_template(template)  # so that an error shows where the template is written
    return templates


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "127.0.0.1"):
        return True
    import ipaddress  # slow to import, and rarely needed

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
