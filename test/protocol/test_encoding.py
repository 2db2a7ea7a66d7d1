"""Encoding calls and decoding their responses, without a network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.operations import AUTH, CREATE, GET, LIST, REVOKE, TOKEN, UPDATE

from hydra_client import (
    ApiTypeError,
    ApiValueError,
    ConsentRequestRejection,
    OAuth2Client,
)
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.operation import Operation

# -- the path


@pytest.mark.parametrize(
    ("id", "segment"),
    [
        ("photos", "photos"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("a:b@c;d=e&f+g,h!$'()*", "a%3Ab%40c%3Bd%3De%26f%2Bg%2Ch%21%24%27%28%29%2A"),
        ("ünï-_.~", "%C3%BCn%C3%AF-_.~"),
        ("...", "..."),
        (".a", ".a"),
        ("\u2028𝄞", "%E2%80%A8%F0%9D%84%9E"),
        ("\\..\\", "%5C..%5C"),
    ],
)
def test_an_id_becomes_one_segment(id: str, segment: str) -> None:
    call = encode(GET, id=id)
    assert call.target == f"/things/{segment}/part"
    assert call.ids == {"id": id}
    assert call.body is None
    assert list(call.headers) == ["X-Request-ID"]


@pytest.mark.parametrize(
    "id", [".", "..", "a/b", "/", "a\x00b", "a\nb", "a\x7fb", "a\x85b", "a\ud800b", "\udcff"]
)
def test_an_id_that_cannot_be_addressed_is_refused(id: str) -> None:
    for refused in (
        lambda: encode(GET, id=id),
        lambda: encode(CREATE, body=OAuth2Client(id=id)),
    ):
        with pytest.raises(ApiValueError, match="cannot be addressed: an id must not be ") as error:
            refused()
        str(error.value).encode()


def test_an_id_is_a_string_that_is_not_empty() -> None:
    with pytest.raises(ApiValueError, match="get_thing: id is empty; it would address another"):
        encode(GET, id="")
    for id in (None, 5, b"photos"):
        with pytest.raises(ApiTypeError, match="get_thing: id must be a string, got "):
            encode(GET, id=id)  # type: ignore[arg-type]


def test_an_id_in_a_body_may_be_left_out_or_empty_and_does_not_count_on_update() -> None:
    for client in (OAuth2Client(), OAuth2Client(id=None), OAuth2Client(id="")):
        assert encode(CREATE, body=client).body == client.to_json().encode()
    # The id in the path wins over it.
    assert encode(UPDATE, id="photos", body=OAuth2Client(id="a/b")).target == "/things/photos"


# -- the body


def test_a_body_is_written_as_ascii_json() -> None:
    client = OAuth2Client.from_dict({"client_name": "Fotos für 𝄞", "unknown": None})
    call = encode(CREATE, body=client)
    assert call.body == b'{"client_name": "Fotos f\\u00fcr \\ud834\\udd1e", "unknown": null}'
    assert call.headers["Content-Type"] == "application/json"
    assert call.secrets == ()
    assert not call.repeatable


@pytest.mark.parametrize(
    "body", [None, {}, {"client_name": "Photos"}, ConsentRequestRejection(), OAuth2Client, "{}"]
)
def test_a_body_of_the_wrong_model_is_refused(body: Any) -> None:
    with pytest.raises(ApiTypeError, match="create_thing: body must be OAuth2Client, got "):
        encode(CREATE, body=body)


def test_a_subclass_of_the_model_will_do() -> None:
    class Extended(OAuth2Client):
        pass

    assert encode(CREATE, body=Extended(id="a")).body == b'{"id": "a"}'


@pytest.mark.parametrize("secret", ["", "12345", "é" * 5])
@pytest.mark.parametrize("operation", [CREATE, UPDATE])
def test_a_client_secret_that_is_too_short_is_refused(
    operation: Operation[Any], secret: str
) -> None:
    with pytest.raises(ApiValueError, match="client_secret must have at least 6 characters") as e:
        encode(operation, id="a", body=OAuth2Client(client_secret=secret))
    assert not secret or secret not in str(e.value)


def test_a_client_secret_that_utf_8_cannot_carry_is_refused() -> None:
    with pytest.raises(ApiValueError, match="client_secret has an unpaired surrogate") as e:
        encode(CREATE, body=OAuth2Client(client_secret="hush-hush\ud800"))
    assert "hush" not in str(e.value)


def test_a_client_secret_is_kept_from_being_shown() -> None:
    assert encode(CREATE, body=OAuth2Client(client_secret="123456")).secrets == ("123456",)
    assert encode(CREATE, body=OAuth2Client(client_secret=None)).secrets == ()


def test_a_list_that_holds_something_else_is_refused() -> None:
    client = OAuth2Client(redirect_uris=["https://photos.example.com"])
    assert client.redirect_uris is not None
    client.redirect_uris.append(None)  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match=r"OAuth2Client\.redirect_uris: expected a list of str"):
        encode(CREATE, body=client)


# -- forms and queries


def test_a_form_holds_what_is_not_none() -> None:
    call = encode(TOKEN, form={"grant_type": "client_credentials", "scope": "a b", "code": None})
    assert call.body == b"grant_type=client_credentials&scope=a+b"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.parameters["scope"] == "a b"
    assert encode(TOKEN, form={"code": None}).body == b""


def test_a_query_holds_what_is_not_none() -> None:
    call = encode(AUTH, query={"client_id": "ü&=", "state": "a b", "nonce": None})
    assert call.target == "/auth?client_id=%C3%BC%26%3D&state=a+b"
    assert encode(AUTH, query={"nonce": None}).target == "/auth"
    assert call.path == "/auth"


def test_values_are_strings() -> None:
    with pytest.raises(ApiTypeError, match="get_token: scope must be a string, got list"):
        encode(TOKEN, form={"scope": ["a", "b"]})
    with pytest.raises(ApiTypeError, match="revoke: token must be a string, got NoneType"):
        encode(REVOKE, form={"token": None})
    with pytest.raises(ApiTypeError, match="begin: max_age must be a string, got int"):
        encode(AUTH, query={"max_age": 5})


@pytest.mark.parametrize("parameters", [{"state": "hush\ud800"}, {"st\ud800te": "hush"}])
def test_values_are_what_utf_8_can_carry(parameters: dict[str, object]) -> None:
    for refused in (
        lambda: encode(TOKEN, form=parameters),
        lambda: encode(AUTH, query=parameters),
    ):
        with pytest.raises(ApiValueError, match="has an unpaired surrogate") as caught:
            refused()
        assert "hush" not in str(caught.value)
        str(caught.value).encode()


def test_secrets_in_forms_and_queries_are_known_as_such() -> None:
    form = {"grant_type": "x", "code": "c", "refresh_token": "r", "client_secret": "s"}
    assert encode(TOKEN, form=form).secrets == ("c", "r", "s")
    assert encode(REVOKE, form={"token": "t"}).secrets == ("t",)
    assert encode(AUTH, query={"id_token_hint": "h", "state": "x"}).secrets == ("h",)


@pytest.mark.parametrize(
    ("form", "repeatable"),
    [
        ({"grant_type": "client_credentials"}, True),
        ({"grant_type": "authorization_code", "code": "c"}, False),
        ({"grant_type": "refresh_token", "refresh_token": "r"}, False),
        ({"grant_type": "urn:something:new"}, False),
        ({}, False),
    ],
)
def test_what_uses_something_up_is_not_repeatable(
    form: dict[str, object], repeatable: bool
) -> None:
    assert encode(TOKEN, form=form).repeatable is repeatable


def test_what_is_repeatable() -> None:
    assert encode(GET, id="a").repeatable
    assert encode(UPDATE, id="a", body=OAuth2Client()).repeatable
    assert encode(REVOKE, form={"token": "t"}).repeatable
    assert encode(AUTH, query={"client_id": "photos"}).repeatable
    # The browser's return uses the consent up.
    assert not encode(AUTH, query={"client_id": "photos", "consent": "c1"}).repeatable


# -- headers


def test_every_call_has_a_request_id_of_its_own() -> None:
    first, second = encode(GET, id="a"), encode(GET, id="a")
    assert first.request_id == first.headers["X-Request-ID"] != second.request_id
    assert re.fullmatch("[0-9a-f]{32}", first.request_id)


@pytest.mark.parametrize("name", ["X-Request-ID", "x-request-id"])
def test_a_request_id_may_be_given(name: str) -> None:
    call = encode(GET, id="a", headers={name: "mine", "X-More": "1"})
    assert call.request_id == "mine"
    assert call.headers == {name: "mine", "X-More": "1"}


def test_other_headers_leave_the_request_id_alone() -> None:
    call = encode(LIST, headers={"Accept-Language": "de"})
    assert call.headers == {"Accept-Language": "de", "X-Request-ID": call.request_id}
    assert list(encode(LIST, headers={}).headers) == ["X-Request-ID"]


@pytest.mark.parametrize(
    ("headers", "kind", "message"),
    [
        ({"Authorization": "Bearer hush"}, ApiValueError, "the client sets Authorization"),
        ({"authorization": "hush"}, ApiValueError, "configure credentials in the Configuration"),
        ({"Host": "evil.example"}, ApiValueError, "the client sets Host"),
        ({"CONTENT-LENGTH": "0"}, ApiValueError, "the client sets CONTENT-LENGTH"),
        ({"Transfer-Encoding": "chunked"}, ApiValueError, "the client sets Transfer-Encoding"),
        ({"X-A": "hush\r\nX-B: c"}, ApiValueError, "the value of X-A contains a line break or NUL"),
        ({"X-A": "hush\n"}, ApiValueError, "the value of X-A contains a line break or NUL"),
        ({"X-A": "hush\r"}, ApiValueError, "the value of X-A contains a line break or NUL"),
        ({"X-A": "hush\0"}, ApiValueError, "the value of X-A contains a line break or NUL"),
        ({"X-A": "hush €"}, ApiValueError, "the value of X-A has characters outside Latin-1"),
        ({"X-A\r\nX-B": "hush"}, ApiValueError, "is not a header name"),
        ({"X A": "hush"}, ApiValueError, "'X A' is not a header name"),
        ({"X-A:": "hush"}, ApiValueError, "'X-A:' is not a header name"),
        ({"": "hush"}, ApiValueError, "'' is not a header name"),
        ({"X-Ä": "hush"}, ApiValueError, "is not a header name"),
        ({"X-A": 5}, ApiTypeError, "names and values must be strings"),
        ({"X-A": None}, ApiTypeError, "names and values must be strings"),
        ({"X-A": b"hush"}, ApiTypeError, "names and values must be strings"),
        ({5: "hush"}, ApiTypeError, "names and values must be strings"),
        ([("X-A", "hush")], ApiTypeError, "headers must be a mapping, got list"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_and_not_shown(
    headers: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        encode(GET, id="a", headers=headers)
    assert str(caught.value).startswith("headers")
    assert message in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_latin_1_header_is_fine() -> None:
    assert encode(GET, id="a", headers={"X-A": "für\tdich"}).headers["X-A"] == "für\tdich"
