"""Other tools see the calls: those that replace `Session.send`, and those below it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from support.loopback import LONG, Server, api, raw_response

from hydra_client import NotFoundException

requests_mock = pytest.importorskip("requests_mock", reason="needs requirements/test.txt")
vcr = pytest.importorskip("vcr", reason="needs requirements/test.txt")

PHOTOS = {"id": "photos"}
FOUND = raw_response(PHOTOS)
MOVED = raw_response(b"", 302, "Found", Location="http://a/b")
NOWHERE = "http://127.0.0.1:9"


def test_requests_mock_responds_to_every_call() -> None:
    with requests_mock.Mocker() as mock, api(NOWHERE) as client:
        mock.get(f"{NOWHERE}/clients/photos", json=PHOTOS)
        mock.get(f"{NOWHERE}/clients/other", status_code=404, json={"error": "not_found"})
        assert client.get_oauth2_client("photos").id == "photos"
        with pytest.raises(NotFoundException):
            client.get_oauth2_client("other")
        assert mock.last_request.headers["Authorization"] == "Bearer access-token-0001"
        with pytest.raises(requests_mock.NoMockAddress):
            client.list_oauth2_clients()


def test_requests_mock_can_replace_one_session() -> None:
    with api(NOWHERE) as client, requests_mock.Mocker(session=client.api_client.session) as mock:
        mock.get(f"{NOWHERE}/clients/photos", json=PHOTOS)
        assert client.get_oauth2_client("photos").id == "photos"


def test_requests_mock_follows_no_redirect() -> None:
    with requests_mock.Mocker() as mock, api(NOWHERE) as client:
        mock.get(f"{NOWHERE}/oauth2/auth", status_code=302, headers={"Location": "http://a/b"})
        assert client.oauth_auth(client_id="photos") == "http://a/b"
        assert mock.call_count == 1


def test_requests_mock_lets_a_call_through_that_is_not_mocked() -> None:
    with Server(FOUND) as server, api(server) as client:
        with requests_mock.Mocker(real_http=True):
            assert client.get_oauth2_client("photos").id == "photos"
        assert client.get_oauth2_client("photos").id == "photos"
        assert len(server.requests) == 2


def test_vcr_records_and_plays_back(tmp_path: Path) -> None:
    cassette = str(tmp_path / "photos.yaml")
    with Server(FOUND) as server, api(server) as client:
        for _ in range(2):
            with vcr.use_cassette(cassette) as recorded:
                assert client.get_oauth2_client("photos").id == "photos"
        assert recorded.play_count == 1
        assert len(server.requests) == 1
        assert recorded.requests[0].headers["Authorization"] == "Bearer access-token-0001"
        client.get_oauth2_client("photos")  # after the cassette, to the server again
        assert len(server.requests) == 2


def test_connections_of_another_class_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection(urllib3.connection.HTTPConnection):
        used = 0

        def request(self, *arguments: Any, **keywords: Any) -> None:
            Connection.used += 1
            super().request(*arguments, **keywords)

    with Server(FOUND) as server, api(server) as client:
        client.get_oauth2_client("photos")
        with monkeypatch.context() as patch:
            patch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", Connection)
            client.get_oauth2_client("photos")
        client.get_oauth2_client("photos")
    assert Connection.used == 1


def test_instrumentation_of_send_sees_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instrumentation of OpenTelemetry wraps `send` in this way, and adds a header."""
    seen: list[tuple[str | None, int, list[Any], int]] = []
    send = requests.Session.send

    @functools.wraps(send)
    def instrumented(
        self: requests.Session, request: requests.PreparedRequest, **keywords: Any
    ) -> requests.Response:
        request.headers["traceparent"] = "00-1-2-01"
        response = send(self, request, **keywords)
        seen.append((request.method, response.status_code, response.history, len(response.cookies)))
        return response

    with Server(FOUND, MOVED) as server, api(server) as client:
        monkeypatch.setattr(requests.Session, "send", instrumented)
        assert client.get_oauth2_client("photos").id == "photos"
        assert client.oauth_auth(client_id="photos") == "http://a/b"
    assert seen == [("GET", 200, [], 0), ("GET", 302, [], 0)]
    assert {request.headers["traceparent"] for request in server.requests} == {"00-1-2-01"}


def test_a_users_own_requests_follow_redirects() -> None:
    moved = raw_response(b"", 302, "Found", Location="/b")
    with Server(moved, FOUND) as server, api(server) as client:
        session = client.api_client.session
        assert session.get(f"{server.url}/a", timeout=LONG).json() == PHOTOS
        assert server.paths == ["/a", "/b"]
