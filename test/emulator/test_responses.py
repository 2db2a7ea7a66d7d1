"""The shapes of responses."""

from __future__ import annotations

import pytest

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import (
    Response,
    go_redirect,
    json_response,
    oauth_response,
    plain_error,
    redirect,
)


@pytest.mark.parametrize(("status", "reason"), [(200, "OK"), (404, "Not Found"), (599, "")])
def test_reason(status: int, reason: str) -> None:
    assert Response(status).reason == reason


def test_content_length() -> None:
    assert Response(200, [("A", "b")], b"xy").all_headers() == [("A", "b"), ("Content-Length", "2")]
    assert Response(204, [("A", "b")]).all_headers() == [("A", "b")]
    assert Response(304).all_headers() == []


def test_json() -> None:
    created = json_response({"a": "<"}, 201, "/ä")
    assert created.body == b'{"a":"\\u003c"}'
    assert created.headers == [("Content-Type", "application/json"), ("Location", "/Ã¤")]
    response = oauth_response({}, end="\n")
    assert response.body == b"{}\n"
    assert response.headers == [("Content-Type", "application/json;charset=UTF-8")]
    assert plain_error(404, "404 page not found").body == b"404 page not found\n"


def test_redirects() -> None:
    assert redirect("/a").headers == [("Location", "/a")]
    assert go_redirect(Request("GET", "/"), "/a?b&c", 301).body == (
        b'<a href="/a?b&amp;c">Moved Permanently</a>.\n\n'
    )
    assert go_redirect(Request("POST", "/"), "/a", 307) == Response(307, [("Location", "/a")])
