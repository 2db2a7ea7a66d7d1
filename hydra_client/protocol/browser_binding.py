"""Binds a consent flow to the browser that began it, because Hydra's consent API does not.

An attacker can begin a flow, keep Hydra's cookie, and have a victim log in and consent. Hydra
preserves unknown query parameters, so the consent app adds one to the authorization URL that only
this browser's session can have, and looks for it when the browser comes back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
import json
import math
import re
from typing import Any, Protocol
from urllib.parse import unquote_plus

from hydra_client.exceptions import ApiTypeError
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, Entry

PARAMETER = "hydra_client_browser"
LIFETIME = 60
"""Seconds for which a value counts on arrival."""
PATIENCE = 10
"""Seconds in which a browser is redirected only once with the same authorization URL."""
MEMORY_TIMEOUT = 3600

_MADE = r"(0|[1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})"
_VALUE = re.compile(_MADE)
_TICKET = re.compile(rf"([A-Za-z0-9_~-][A-Za-z0-9._~-]{{0,254}})\.{_MADE}")
_VALUE_PURPOSE = b"hydra_client.consent.browser"
_TICKET_PURPOSE = b"hydra_client.consent.ticket"
_KEY_PURPOSE = b"hydra_client.consent.memory"
# Seconds by which the clocks of several servers of one app may differ.
_CLOCK_SKEW = 60
_MOST_SENT = 16


class Memory(Protocol):
    """Stores what a consent app remembers of each browser. Django's or cachelib's cache is one."""

    def get(self, key: str, /) -> Any:
        """Return the value, or None if there is none."""

    def set(self, key: str, value: str, timeout: int, /) -> Any:
        """Store a value for at least this many seconds."""


def check_memory(memory: Memory) -> Memory:
    """Refuse what is not a memory, or is asynchronous."""
    checks.methods("memory", "a cache with the methods get and set", memory, "get", "set")
    if inspect.iscoroutinefunction(memory.get) or inspect.iscoroutinefunction(memory.set):
        raise ApiTypeError(
            "memory must not be asynchronous: get and set must be plain functions, even with "
            "hydra_client.aio"
        )
    return memory


class OwnMemory:
    """A memory in this process, for the browsers that came last."""

    def __init__(self) -> None:
        self._cache: Cache[str] = Cache(max_size=10_000)

    def get(self, key: str, /) -> str | None:
        """Return the value, or None if there is none."""
        entry = self._cache.get(key)
        return entry.value if entry else None

    def set(self, key: str, value: str, timeout: int, /) -> None:
        """Store a value until the space is needed."""
        self._cache.put(key, Entry(value, 0, timeout, math.inf))


class Beginning:
    """A consent request's `redirectUrl`, taken apart: not a tuple, which tracebacks would show.

    Attributes:
        url: The authorization URL as the application made it.
        value: The browser's value, or an empty string.
    """

    __slots__ = ("url", "value")

    def __init__(self, url: str, value: str) -> None:
        self.url, self.value = url, value

    @property
    def made_at(self) -> int:
        """When the value was made."""
        return int(self.value.partition(".")[0])


def take_apart(redirect_url: str, id: str) -> Beginning | None:
    """Take a `redirectUrl` apart, byte by byte; None if it does not have the expected form."""
    suffix = f"&consent={id}"
    if not redirect_url.endswith(suffix):
        return None
    url, value = redirect_url[: -len(suffix)], ""
    before, mark, after = url.rpartition(f"&{PARAMETER}=")
    if mark and _VALUE.fullmatch(after):
        url, value = before, after
    names = _names(url)
    if PARAMETER in names or "consent" in names or "client_id" not in names:
        return None
    return Beginning(url, value)


def _names(url: str) -> set[str]:
    # Some servers split at a semicolon as well.
    pairs = re.split("[&;]", url.partition("?")[2])
    return {unquote_plus(pair.partition("=")[0]) for pair in pairs}


def is_fresh(made: float, now: float) -> bool:
    """Whether a value that was made at this time is still valid."""
    return -_CLOCK_SKEW <= now - made <= LIFETIME


class Ticket:
    """The ticket in the form of a consent page; `str()` is the value of its field."""

    __slots__ = ("id", "mac", "made")

    def __init__(self, id: str, made: int, mac: str) -> None:
        self.id, self.made, self.mac = id, made, mac

    def __str__(self) -> str:
        return f"{self.id}.{self.made}.{self.mac}"


def parse_ticket(text: str) -> Ticket | None:
    """Read a ticket; None if it is malformed."""
    match = _TICKET.fullmatch(text)
    return Ticket(match[1], int(match[2]), match[3]) if match else None


class Browser:
    """A browser's session, by its secret, which no traceback shows."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def with_value(self, url: str, now: float) -> str:
        """Return the authorization URL with this browser's value."""
        made = int(now)
        return f"{url}&{PARAMETER}={made}.{self._mac(_VALUE_PURPOSE, made, url)}"

    def began(self, beginning: Beginning) -> bool:
        """Whether the value was made for this browser and this URL, at any time."""
        match = _VALUE.fullmatch(beginning.value)
        return match is not None and hmac.compare_digest(
            self._mac(_VALUE_PURPOSE, int(match[1]), beginning.url), match[2]
        )

    def ticket(self, id: str, made: int) -> Ticket:
        """Make the ticket of a request that this browser began at that time."""
        return Ticket(id, made, self._mac(_TICKET_PURPOSE, made, id))

    def owns(self, ticket: Ticket) -> bool:
        """Whether the ticket was made for this browser."""
        return hmac.compare_digest(self.ticket(ticket.id, ticket.made).mac, ticket.mac)

    def digest(self, text: str) -> str:
        """Return a digest of a text that reveals neither the text nor the secret."""
        return self._mac(_KEY_PURPOSE, 0, text)

    def _mac(self, purpose: bytes, made: int, text: str) -> str:
        # A key for each purpose, so that a MAC made for one is not valid for another.
        key = hmac.digest(self._secret, purpose, hashlib.sha256)
        content = f"{made}.{text}".encode(errors="surrogatepass")
        raw = hmac.digest(key, content, hashlib.sha256)
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class BrowserState:
    """What is remembered of one browser: its latest flow, and its latest redirects.

    Hydra keeps one cookie per browser, so only the flow begun last can end.
    """

    def __init__(self, memory: Memory, browser: Browser) -> None:
        self._memory, self._browser = memory, browser
        self._key = f"hydra_client.consent.{self._browser.digest('')}"
        stored = memory.get(self._key)
        if stored and not isinstance(stored, (str, bytes, bytearray)):
            raise checks.wrong_type("what memory.get returns", "what was set, or None", stored)
        content = json.loads(stored) if stored else {}
        self._begun: float = content.get("begun", -math.inf)
        self._id: str = content.get("id", "")
        self._sent: dict[str, list[Any]] = content.get("sent", {})

    def is_current(self, id: str, begun: int, arrives: bool) -> bool:
        """Whether no other flow is known to have begun later."""
        is_awaited = arrives and not self._id and begun == self._begun
        return id == self._id or begun > self._begun or is_awaited

    def show(self, id: str, begun: int, url: str) -> str:
        """Remember a request that is shown. Return why the browser was redirected, once."""
        self._begun, self._id = begun, id
        _, reason = self._sent.pop(self._browser.digest(url), (0, ""))
        self._store()
        return str(reason)

    def send(self, url: str, reason: str, now: float) -> int:
        """Remember that the browser is redirected, and why: a new flow is about to begin.

        Returns:
            When it begins, as later flows see it: after all others of the browser, even those of
            the same second.
        """
        follows = self._begun + 1
        begun = int(max(now, follows) if is_fresh(follows, now) else now)
        self._begun, self._id = begun, ""
        self._sent.pop(self._browser.digest(url), None)
        self._sent[self._browser.digest(url)] = [now, reason]
        self._sent = dict(list(self._sent.items())[-_MOST_SENT:])
        self._store()
        return begun

    def was_sent(self, url: str, now: float) -> bool:
        """Whether the browser was just redirected with this URL, and has not arrived."""
        sent, _ = self._sent.get(self._browser.digest(url), (-math.inf, ""))
        return bool(0 <= now - sent < PATIENCE)

    def decide(self, begun: int, now: float) -> None:
        """Remember that the flow begun last ends: Hydra's cookie is used up."""
        self._begun, self._id = max(begun, int(now)) + 1, ""
        self._store()

    def _store(self) -> None:
        content = {"begun": self._begun, "id": self._id, "sent": self._sent}
        self._memory.set(self._key, json.dumps(content), MEMORY_TIMEOUT)
