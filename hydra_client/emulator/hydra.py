"""The emulator itself: a server to start, to reach inside, and to look at."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hydra_client.emulator import cors
from hydra_client.emulator.clock import Clock
from hydra_client.emulator.errors import HydraError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Answer
from hydra_client.emulator.routes import Router
from hydra_client.emulator.server import Listener
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import GO_FIELDS, Client, hashed, new_secret
from hydra_client.emulator.store.policies import Policy, templates
from hydra_client.emulator.testing import faults
from hydra_client.emulator.testing.faults import Fault, Faults
from hydra_client.emulator.testing.recording import RecordedRequest
from hydra_client.emulator.variant import Variant

if TYPE_CHECKING:
    from hydra_client import OAuth2Api

logger = logging.getLogger(__name__)

_MOST_REQUESTS = 100_000
_LARGEST_RECORD = 64 * 1024 * 1024  # characters of them all


class HydraEmulator:
    """A server that answers like ORY Hydra, for tests and demos.

    Used as a context manager it listens on a socket. It is also a WSGI application, which needs
    no socket: give `issuer` then.

    Args:
        version: "0.9" plays 0.9.14, "0.10" plays 0.10.10.
        store: "memory" or "sql"; on the wire they differ in small ways.
        host: Where to listen. Only loopback addresses, unless `allow_any_host` is true.
        port: 0 takes a free one, which it keeps when it is started again.
        root: Id and secret of the client that may do everything.
        consent_url: The consent app, to which browsers are sent.
        issuer: The server's name for itself, in discovery and ID tokens; a slash at its end is
            taken off, as Hydra does. Its URL, if not given.
        clock: A function that tells the time in Unix seconds.
        allow_any_host: Listen on an address that other machines can reach. The root secret is
            public and nothing here was hardened, so think twice.

    Attributes:
        clock: The server's time; `clock.advance(seconds)` makes what it issued older.

    Raises:
        ValueError: For an unknown version or store, and for a host that is not loopback.
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
        if not allow_any_host and not _is_loopback(host):
            raise ValueError(
                f"{host!r} is not a loopback address: this server is for tests and demos, with a "
                "secret that everybody knows. allow_any_host=True listens there all the same."
            )
        self.variant = Variant(version, store)
        self.host, self.port = host, port
        self.root = root
        self.clock = Clock(clock) if clock else Clock()
        self._state = State(self.variant, self.clock, root)
        self._state.consent_url = consent_url
        self._state.issuer = self._url = (issuer or "").removesuffix("/")
        self._has_issuer = issuer is not None
        self._router = Router(self.variant.is_0_9)
        self._faults = Faults()
        # Bounded for a server that runs for weeks.
        self._requests: deque[RecordedRequest] = deque()
        self._recorded_size = 0
        self._requests_lock = Lock()
        self._stopping = Event()
        self._listener = Listener(self.handle, self._stopping)

    # --- starting and stopping

    def start(self) -> HydraEmulator:
        """Listen; leaving the context, or `stop`, ends it. Raises OSError for a taken port."""
        self.port = self._listener.start(self.host, self.port)
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.answer_at(f"http://{host}:{self.port}")
        logger.info(
            "Hydra emulator %s (%s), for tests and demos only, at %s",
            self.variant.version,
            self.variant.store,
            self.url,
        )
        return self

    def stop(self) -> None:
        """End all waiting and every connection, and return when no thread is left."""
        self._listener.stop()

    def __enter__(self) -> HydraEmulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # --- reaching it

    @property
    def url(self) -> str:
        """Where it answers. Raises RuntimeError while that is nowhere."""
        if not self._url:
            raise RuntimeError("the emulator is not started, and has no issuer to go by")
        return self._url

    def answer_at(self, url: str) -> None:
        """Say where requests reach it; the issuer follows, unless one was given."""
        self._url = url.rstrip("/")
        if not self._has_issuer:
            self._state.issuer = self._url

    @property
    def consent_url(self) -> str:
        """The consent app, to which browsers are sent; it may be changed at any time."""
        return self._state.consent_url

    @consent_url.setter
    def consent_url(self, url: str) -> None:
        self._state.consent_url = url

    def api(self, **settings: Any) -> OAuth2Api:
        """The SDK, logged in as root unless `settings`, those of `connect`, name another client."""
        # The one place that knows the SDK, so that the two cannot agree with each other.
        import hydra_client

        client_id, client_secret = self.root
        login: dict[str, Any] = {"client_id": client_id, "client_secret": client_secret}
        return hydra_client.connect(self.url, **{**login, **settings})

    def handle(self, request: Request) -> Answer:
        """The answer to one request, after whatever fault is scripted for it."""
        recorded = RecordedRequest.of(request)
        with self._requests_lock:
            self._requests.append(recorded)
            self._recorded_size += recorded.size
            while len(self._requests) > _MOST_REQUESTS or self._recorded_size > _LARGEST_RECORD:
                self._recorded_size -= self._requests.popleft().size
        fault = self._faults.take(request)
        if fault is None:
            return self._answer(request)
        answer = faults.before(fault, self._stopping)
        if answer is None:
            answer = self._answer(request)
            answer.cut = fault.cut
        return answer

    def _answer(self, request: Request) -> Answer:
        if self.variant.is_0_9:
            return self._router.answer(self._state, request)
        if request.method == "OPTIONS":
            return cors.preflight(request)
        answer = self._router.answer(self._state, request)
        cors.allow(answer, request)
        return answer

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """The WSGI application. A broken connection is a ConnectionError here."""
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdecimal() else b""
        answer = self.handle(Request.from_environ(environ, body))
        if answer.reset or answer.cut is not None:
            raise ConnectionResetError("the emulator was told to break the connection")
        start_response(
            f"{answer.status} {answer.reason}".rstrip() + " " * (not answer.reason),
            answer.all_headers(),
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    # --- looking at it, and steering it

    @property
    def requests(self) -> list[RecordedRequest]:
        """What came in since the start or the last reset, in order, secrets masked.

        The last 100,000 are kept, or fewer where they have more than 64 MiB.
        """
        with self._requests_lock:
            return list(self._requests)

    def reset(self) -> None:
        """Make it a new server: all but the root client is forgotten, faults and time as well."""
        with self._state.lock:
            self._faults.clear()
            self.clock.reset()
            self._state.clear()
            with self._requests_lock:
                self._requests.clear()
                self._recorded_size = 0

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
        """Script a fault for the next `times` requests to `path`, or for all with `times=None`.

        Args:
            path: The path as it is sent; `*` in it stands for anything.
            method: One method, or `*` for each.
            status: Answer with this instead, with `headers` and `body`.
            headers: For the answer with `status`.
            body: For the answer with `status`.
            delay: Seconds to wait first; stopping the server ends the wait.
            reset: Break the connection before any answer, and do nothing.
            cut: End the connection after so many bytes of the body; the request is carried out.
            times: How many requests it meets; None for every one.
        """
        content = body.encode("utf-8") if isinstance(body, str) else body
        fault = Fault(path, method, status, dict(headers or {}), content, delay, reset, cut, times)
        self._faults.add(fault)
        return fault

    def allow(
        self,
        subject: str,
        *,
        resources: str | Iterable[str] = "rn:hydra:<.*>",
        actions: str | Iterable[str] = "<.*>",
    ) -> None:
        """Add a policy: the subject, a client or a user, may do these actions on these resources.

        Each may hold regular expressions between `<` and `>`. A new server lets only root use the
        admin endpoints. The empty subject stands for requests to the keys without a token.
        """
        policy = Policy(templates(subject), templates(resources), templates(actions))
        with self._state.lock:
            self._state.policies.append(policy)

    def add_client(self, **members: Any) -> dict[str, Any]:
        """Create a client without a request; return its members, with the secret.

        Raises:
            TypeError: For a member that clients do not have.
        """
        unknown = sorted(set(members) - set(GO_FIELDS))
        if unknown:
            raise TypeError(f"a client has no {', '.join(unknown)}")
        secret = members.get("client_secret") or new_secret()
        client = Client.from_json(members)
        client.secret_hash = hashed(secret)
        with self._state.lock:
            self._state.clients.create(client)
        return client.to_json(secret)

    def accept_consent(self, id: str, subject: str, scopes: Iterable[str] | None = None) -> str:
        """Accept a consent request without a consent app; return the URL the browser goes to.

        `scopes` are those granted: what was requested, when none are given. Raises LookupError
        for an id that is unknown.
        """
        with self._state.lock:
            try:
                consent = self._state.consents.get(id)
            except HydraError:
                raise LookupError(f"no consent request {id!r}") from None
            consent.accepted, consent.subject = True, subject
            consent.granted_scopes = list(consent.requested_scopes if scopes is None else scopes)
            self._state.consents.add(consent)
        return consent.redirect_url

    def __repr__(self) -> str:
        where = self._url or "nowhere yet"
        return f"<HydraEmulator {self.variant.version} {self.variant.store} at {where}>"


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "127.0.0.1"):
        return True
    import ipaddress  # which takes its time, and is seldom needed

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
