"""What a response is decoded into: a model, a list, a URL, or an error."""

from __future__ import annotations

from typing import Any

import pytest
from support.operations import AUTH, DELETE, GET, LIST

from hydra_client import (
    ApiDecodeError,
    ApiException,
    JsonWebKeySet,
    NotFoundException,
    OAuth2Client,
    OAuth2ConsentRequest,
)
from hydra_client.protocol.decoding import decode, one
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.operation import Operation, Response


def test_a_response_becomes_a_model() -> None:
    call = encode(GET, id="a")
    assert decode(call, Response(200, "OK", {}, b'{"id": "a"}')) == OAuth2Client(id="a")


def test_a_list_becomes_models() -> None:
    call = encode(LIST)
    assert decode(call, Response(200, "OK", {}, b'[{"id": "a"}, {}]')) == [
        OAuth2Client(id="a"),
        OAuth2Client(),
    ]
    assert decode(call, Response(200, "OK", {}, b"[]")) == []
    assert decode(call, Response(200, "OK", {}, b" null\n")) == []


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        (LIST, b"{}", "list_things: expected a list of OAuth2Client "),
        (LIST, b"[[]]", "list_things: OAuth2Client: expected an object, got a list "),
        (LIST, b"[null]", "list_things: OAuth2Client: expected an object, got null "),
        (GET, b"[]", "get_thing: OAuth2Client: expected an object, got a list "),
        (GET, b"null", "get_thing: OAuth2Client: expected an object, got null "),
        (GET, b"", "get_thing: not JSON: at character 0 "),
        (GET, b"<html>", "get_thing: not JSON: at character 0 "),
        (GET, b"{} {}", "get_thing: not JSON: at character 3 "),
        (GET, b"\xff{}", "get_thing: not JSON: byte 0 is not UTF-8 "),
        (GET, '{"id": "ä"}'.encode("utf-16"), "get_thing: not JSON: byte 0 is not UTF-8 "),
        (GET, b'{"id": "a", "x": Infinity}', "get_thing: not JSON: a number that is not valid, or"),
    ],
)
def test_a_success_that_is_not_what_was_promised(
    operation: Operation[Any], body: bytes, message: str
) -> None:
    call = encode(operation, id="a")
    with pytest.raises(ApiDecodeError) as caught:
        decode(call, Response(200, "OK", {"Content-Type": "application/json"}, body))
    assert str(caught.value).startswith(message)
    assert f"(status 200 from GET {call.target}, X-Request-ID {call.request_id})" in str(
        caught.value
    )


def test_required_fields_count_in_responses() -> None:
    operation = Operation("keys", "GET", "/keys", read=one(JsonWebKeySet), success=(200,))
    with pytest.raises(ApiDecodeError, match=r"keys: JsonWebKeySet\.keys: missing in the response"):
        decode(encode(operation), Response(200, "OK", {}, b"{}"))


def test_a_response_whose_status_says_it_all_is_not_a_page() -> None:
    call = encode(DELETE, id="a")
    for body in (b"", b"\n", b"{}"):
        assert decode(call, Response(204, "No Content", {}, body)) is None
    with pytest.raises(ApiDecodeError, match="not JSON"):
        decode(call, Response(204, "No Content", {}, b"<html>"))


def test_a_redirect_is_its_address() -> None:
    call = encode(AUTH, query={})
    assert decode(call, Response(302, "Found", {"Location": "/x"}, b"")) == "/x"
    for headers in ({}, {"Location": ""}):
        with pytest.raises(ApiDecodeError, match="begin: no Location header"):
            decode(call, Response(302, "Found", headers, b""))


def test_a_deletion_whose_response_was_lost_has_happened() -> None:
    call = encode(DELETE, id="a")
    gone = Response(404, "Not Found", {}, b"404 page not found")
    with pytest.raises(NotFoundException):
        decode(call, gone)
    gone.repeated = True
    assert decode(call, gone) is None
    # Nothing else that is repeated succeeds by failing.
    with pytest.raises(NotFoundException):
        decode(encode(GET, id="a"), gone)
    with pytest.raises(ApiException):
        decode(call, Response(500, "", {}, b"", repeated=True))


def test_errors_know_what_was_sent_and_hide_what_must_not_be_seen() -> None:
    call = encode(AUTH, query={"state": "state-0001", "id_token_hint": "hint-0001"})
    response = Response(
        500, "no hint-0001", {"X-Echo": "credential-1"}, b"state-0001 hint-0001 credential-1", 7.5
    )
    with pytest.raises(ApiException) as caught:
        decode(call, response, ("credential-1",))
    error = caught.value
    assert error.body == "state-0001 *** ***"
    assert error.reason == "no ***"
    assert error.headers == {"x-echo": "***"}
    assert error.retry_after == 7.5
    assert str(error) == (f"begin: 500 no *** (GET /auth, X-Request-ID {call.request_id})")


def test_models_of_responses_read_times_and_aliases() -> None:
    operation = Operation("c", "GET", "/c", read=one(OAuth2ConsentRequest), success=(200,))
    body = b'{"audience": "photos", "expiresAt": "2018-03-01T12:00:00Z"}'
    request = decode(encode(operation), Response(200, "OK", {}, body))
    assert request.client_id == "photos"
    assert request.expires_at.tzinfo is not None
