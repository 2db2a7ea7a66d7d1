"""Each recorded exchange, sent again: the answer is the same, values that a server makes aside."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest

from hydra_client.emulator import HydraEmulator

RECORDINGS = Path(__file__).parents[1] / "wire" / "recordings"
PLAYED = {
    "hydra-0.9.14-memory": ("0.9", "memory", 4444),
    "hydra-0.9.14-postgres": ("0.9", "sql", 4454),
    "hydra-0.10.10-postgres": ("0.10", "sql", 4456),
}
# What Go's server adds by itself, and what depends on the connection.
UNTOLD = {"Date", "Vary", "Content-Length", "Transfer-Encoding", "Connection"}
MADE = {
    "access_token", "at_hash", "auth_time", "aud", "c_hash", "client_id", "client_secret",
    "clientId", "code", "consent", "cookie", "exp", "expires", "expiresAt", "iat", "id",
    "id_token", "n", "rat", "refresh_token", "signature",
}  # fmt: skip


class Session:
    """What a value of the recording is called by the server that answers now."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def translate(self, text: str) -> str:
        for ours in sorted(self.names, key=len, reverse=True):
            text = text.replace(ours, self.names[ours])
            text = text.replace(quote_plus(ours), quote_plus(self.names[ours]))
        return text

    def headers(self, sent: dict[str, str]) -> dict[str, str]:
        headers = {name: self.translate(value) for name, value in sent.items()}
        if sent.get("Authorization", "").startswith("Basic "):
            plain = base64.b64decode(sent["Authorization"][6:]).decode()
            encoded = base64.b64encode(self.translate(plain).encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        return headers

    def difference(self, recorded: Any, live: Any) -> list[str]:
        """Compares leaf by leaf, learning the names of values that a server makes."""
        ours, theirs = list(leaves("", recorded)), list(leaves("", live))
        paths, live_paths = [path for path, _ in ours], [path for path, _ in theirs]
        if paths != live_paths:
            return [f"members: {paths} and {live_paths}"]
        pairs = [(path, a, b) for (path, a), (_, b) in zip(ours, theirs, strict=True)]
        for path, a, b in pairs:
            made = path.rpartition("/")[2] in MADE and isinstance(a, str) and isinstance(b, str)
            if made and a != b and len(a) > 11:
                self.names.setdefault(a, b)
        return [
            f"{path}: {a!r} and {b!r}"
            for path, a, b in pairs
            if a != b
            and not (isinstance(a, str) and self.translate(a) == b)
            and not (path.rpartition("/")[2] in MADE and type(a) is type(b))
        ]


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The value's parts, each with its way there; URLs and JWTs are taken apart as well."""
    if isinstance(value, dict):
        yield path, "object"
        for name, item in value.items():
            yield from leaves(f"{path}/{name}", item)
    elif isinstance(value, list):
        yield path, f"list of {len(value)}"
        for at, item in enumerate(value):
            yield from leaves(f"{path}[{at}]", item)
    elif isinstance(value, str) and value.startswith("http") and {"?", "#"} & {*value}:
        parts = urlsplit(value)
        yield path, parts[:3]
        for name, item in parse_qsl(parts.query, True) + parse_qsl(parts.fragment, True):
            yield from leaves(f"{path}/{name}", item)
    elif isinstance(value, str) and value.startswith("ey") and value.count(".") == 2:
        head, claims, signature = value.split(".")
        for part in (head, claims):
            padded = part + "=" * (-len(part) % 4)
            yield from leaves(path, json.loads(base64.urlsafe_b64decode(padded)))
        yield f"{path}/signature", signature
        yield path, value
    else:
        yield path, value


def documents(text: str) -> list[Any]:
    """The JSON documents that a body consists of, or the body itself."""
    found, rest = [], text.strip()
    while rest:
        try:
            value, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            return [text]
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def told(headers: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {name: headers[name] for name in sorted(headers) if name not in UNTOLD}
    if "Set-Cookie" in told:
        cookie, path, expires, *rest = told["Set-Cookie"].split("; ")
        name, _, value = cookie.partition("=")
        told["Set-Cookie"] = {"name": name, "cookie": value, "expires": expires, "rest": rest}
        told["Set-Cookie"]["path"] = path
    return told


def replay(recording: str, port: int) -> Iterator[tuple[str, list[str]]]:
    session = Session()
    exchanges = json.loads((RECORDINGS / f"{recording}.json").read_text())["exchanges"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for exchange in exchanges:
        sent, recorded = exchange["request"], exchange["response"]
        body = sent.get("body")
        connection.request(
            sent["method"],
            session.translate(sent["path"]),
            None if body is None else session.translate(body).encode(),
            session.headers(sent["headers"]),
        )
        live = connection.getresponse()
        text = live.read().decode()
        differences = [] if live.status == recorded["status"] else [f"status {live.status}"]
        ours, theirs = documents(recorded["body"] or ""), documents(text)
        if sent["path"] == "/clients" and sent["method"] == "GET" and live.status == 200:
            # The recording server knew clients of earlier recordings.
            by_id = {client["id"]: client for client in theirs[0]}
            known = [client for client in ours[0] if session.translate(client["id"]) in by_id]
            assert len(known) == len(by_id)
            ours = known
            theirs = [by_id[session.translate(client["id"])] for client in known]
        differences += session.difference(
            [ours, told(recorded["headers"])], [theirs, told(dict(live.getheaders()))]
        )
        yield exchange["name"], differences
    connection.close()


@pytest.mark.parametrize("recording", PLAYED)
def test_every_exchange_is_answered_as_it_was(recording: str) -> None:
    version, store, port = PLAYED[recording]
    hydra = HydraEmulator(
        version,
        store,
        issuer=f"http://127.0.0.1:{port}",
        consent_url="http://127.0.0.1:4900/consent",
    )
    with hydra:
        outcomes = list(replay(recording, hydra.port))
        assert {name: diff for name, diff in outcomes if diff} == {}
        assert len(outcomes) == 81
        # A reset makes it new enough for the same again.
        hydra.reset()
        assert [diff for _, diff in replay(recording, hydra.port) if diff] == []


def test_the_replay_notices_a_difference() -> None:
    with HydraEmulator("0.9", "memory") as hydra:  # another version than recorded
        outcomes = list(replay("hydra-0.10.10-postgres", hydra.port))
    assert sum(bool(diff) for _, diff in outcomes) > 10
