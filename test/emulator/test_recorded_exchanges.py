"""Replays recorded exchanges: responses must be the same, except for generated values."""

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

WIRE = Path(__file__).parents[1] / "wire"
VARIANTS = {
    "hydra-0.9.14-memory": ("0.9", "memory", 4444),
    "hydra-0.9.14-postgres": ("0.9", "sql", 4454),
    "hydra-0.10.10-memory": ("0.10", "memory", 4447),
    "hydra-0.10.10-postgres": ("0.10", "sql", 4456),
}
RECORDINGS = sorted(str(path.relative_to(WIRE)) for path in WIRE.glob("recordings*/*.json"))
LENGTHS = {"recordings": 81, "recordings-admin": 175}
# Headers that Go's server adds by itself, or that depend on the connection.
IGNORED = {"Date", "Vary", "Content-Length", "Transfer-Encoding", "Connection"}
GENERATED = {
    "access_token", "at_hash", "auth_time", "aud", "c_hash", "client_id", "client_secret",
    "clientId", "code", "consent", "cookie", "d", "exp", "expires", "expiresAt", "iat", "id",
    "id_token", "issuedAt", "k", "n", "p", "q", "rat", "refresh_token", "signature", "x", "y",
}  # fmt: skip
# Hydra returns these lists in any order.
UNORDERED = {"actions", "keys", "members", "resources", "subjects", "policies"}


class Session:
    """Maps generated values of the recording to those of the running server."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def translate(self, text: str) -> str:
        for before in sorted(self.names, key=len, reverse=True):
            text = text.replace(before, self.names[before])
            text = text.replace(quote_plus(before), quote_plus(self.names[before]))
        return text

    def headers(self, sent: dict[str, str]) -> dict[str, str]:
        headers = {name: self.translate(value) for name, value in sent.items()}
        if sent.get("Authorization", "").startswith("Basic "):
            plain = base64.b64decode(sent["Authorization"][6:]).decode()
            encoded = base64.b64encode(self.translate(plain).encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        return headers

    def difference(self, recorded: Any, live: Any) -> list[str]:
        """Compare value by value, and remember pairs of generated values."""
        before, after = list(leaves("", recorded)), list(leaves("", live))
        paths, live_paths = [path for path, _ in before], [path for path, _ in after]
        if paths != live_paths:
            return [f"members: {paths} and {live_paths}"]
        differences = []
        pairs = [(path, a, b) for (path, a), (_, b) in zip(before, after, strict=True)]
        for path, a, b in pairs:
            is_string = isinstance(a, str) and isinstance(b, str)
            if path.rpartition("/")[2] in GENERATED and is_string and a != b and len(a) > 11:
                self.names.setdefault(a, b)
        for path, a, b in pairs:
            is_generated = path.rpartition("/")[2] in GENERATED and type(a) is type(b)
            is_known = isinstance(a, str) and self.translate(a) == b
            if a != b and not is_known and not is_generated:
                differences.append(f"{path}: {a!r} and {b!r}")
        return differences

    def in_order(self, value: Any, name: str, *, recorded: bool) -> Any:
        """Return the value with lists sorted, if their order means nothing."""

        def rank(item: Any) -> str:
            if isinstance(item, dict):
                item = item.get("id") or f"{item.get('kid')} {item.get('alg')}"
            return self.translate(str(item)) if recorded else str(item)

        if isinstance(value, dict):
            return {key: self.in_order(item, key, recorded=recorded) for key, item in value.items()}
        if isinstance(value, list):
            items = [self.in_order(item, "", recorded=recorded) for item in value]
            return sorted(items, key=rank) if name in UNORDERED else items
        return value


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each part of the value with its path; URLs and JWTs are split as well."""
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
    """Return the JSON documents of a body, or the body itself."""
    found, rest = [], text.strip()
    while rest:
        try:
            value, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            return [text]
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def comparable_headers(headers: dict[str, str]) -> dict[str, Any]:
    """Return the headers that must be the same, with the cookie split."""
    compared: dict[str, Any] = {name: headers[name] for name in sorted(set(headers) - IGNORED)}
    if "Set-Cookie" in compared:
        pair, path, expires, *rest = compared["Set-Cookie"].split("; ")
        name, _, value = pair.partition("=")
        cookie = {"name": name, "cookie": value, "expires": expires, "rest": rest, "path": path}
        compared["Set-Cookie"] = cookie
    return compared


def replay(recording: str, port: int) -> Iterator[tuple[str, list[str]]]:
    session = Session()
    document = json.loads((WIRE / recording).read_text(encoding="utf-8"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for exchange in document["exchanges"]:
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
        before, after = documents(recorded["body"] or ""), documents(text)
        path, _, query = sent["path"].partition("?")
        if path == "/clients" and sent["method"] == "GET" and live.status == 200:
            # The recorded server had clients from earlier recordings.
            by_id = {client["id"]: client for client in after[0]}
            known = [client for client in before[0] if session.translate(client["id"]) in by_id]
            assert len(known) == len(by_id)
            before = known
            after = [by_id[session.translate(client["id"])] for client in known]
        if path == "/policies" and query and "memory" in recording:
            # A page of a list without an order.
            before, after = [len(before[0])], [len(after[0])]
        if path == "/health/metrics" and live.status == 200:
            before, after = [list(before[0])], [list(after[0])]
        name = path.strip("/").replace("warden/groups", "policies")
        differences += session.difference(
            [
                [session.in_order(part, name, recorded=True) for part in before],
                comparable_headers(recorded["headers"]),
            ],
            [
                [session.in_order(part, name, recorded=False) for part in after],
                comparable_headers(dict(live.getheaders())),
            ],
        )
        yield exchange["name"], differences
    connection.close()


@pytest.mark.parametrize("recording", RECORDINGS)
def test_every_response_equals_the_recorded_one(recording: str) -> None:
    version, store, port = VARIANTS[Path(recording).stem]
    hydra = HydraEmulator(
        version,
        store,
        issuer=f"http://127.0.0.1:{port}",
        consent_url="http://127.0.0.1:4900/consent",
    )
    with hydra:
        outcomes = list(replay(recording, hydra.port))
        assert {name: diff for name, diff in outcomes if diff} == {}
        assert len(outcomes) == LENGTHS[Path(recording).parent.name]
        if version == "0.10":
            # After a reset, the same exchanges work again.
            hydra.reset()
            assert [diff for _, diff in replay(recording, hydra.port) if diff] == []


@pytest.mark.parametrize("folder", LENGTHS)
def test_the_replay_detects_differences(folder: str) -> None:
    with HydraEmulator("0.9", "memory") as hydra:  # another version than recorded
        outcomes = list(replay(f"{folder}/hydra-0.10.10-postgres.json", hydra.port))
    assert sum(bool(diff) for _, diff in outcomes) > 10
