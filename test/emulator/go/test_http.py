"""Forms, URLs and headers as Go handles them."""

from __future__ import annotations

import pytest

from hydra_client.emulator.go.http import (
    GoUrlError,
    Request,
    Values,
    clean_path,
    escape_path,
    header_value,
    html_escape,
    parse_query,
    query_escape,
    query_of,
    unescape,
    with_fragment,
    with_query,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_escapes() -> None:
    assert unescape("a+b%2Bc%C3%A9%ff", plus=True) == "a b+cé\udcff"
    assert unescape("a+b%2B", plus=False) == "a+b+"
    assert query_escape("a b/é~_.-\udcff") == "a+b%2F%C3%A9~_.-%FF"
    for bad in ("%", "%1", "%zz", "a%"):
        with pytest.raises(GoUrlError):
            unescape(bad, plus=True)


def test_parse_query_keeps_valid_pairs() -> None:
    values, valid = parse_query("a=1&b=%zz&a=2&&c&=d")
    assert values.lists == {"a": ["1", "2"], "c": [""], "": ["d"]}
    assert not valid
    assert values.get("a") == "1"
    assert values.get("nothing") == ""


def test_parse_query_rejects_semicolons() -> None:
    values, valid = parse_query("a=1;b=2&c=3%3B4")
    assert values.lists == {"c": ["3;4"]}
    assert not valid
    assert query_of("/x?a=1;b&c=2").lists == {"c": ["2"]}


def test_values_are_encoded_in_order_of_their_keys() -> None:
    values = Values([("b", "2"), ("a", "x y"), ("b", "1")])
    assert values.encode() == "a=x+y&b=2&b=1"
    values.set("b", "3")
    assert values.encode() == "a=x+y&b=3"


def test_forms() -> None:
    posted = Request("POST", "/x?a=query&b=2", FORM, b"a=body")
    assert posted.form.lists == {"a": ["body", "query"], "b": ["2"]}
    assert posted.post_form.lists == {"a": ["body"]}
    assert Request("GET", "/x?a=1", FORM, b"a=body").form.lists == {"a": ["1"]}
    assert Request("POST", "/x", {}, b"a=body").form.lists == {}
    assert Request("POST", "/x", {"content-type": "application/json"}, b"a=1").form.lists == {}
    charset = {"content-type": "Application/X-WWW-Form-URLencoded; charset=utf-8"}
    assert Request("PUT", "/x", charset, b"a=1").form.lists == {"a": ["1"]}
    assert not Request("POST", "/x?b=%", FORM, b"a=1").form_is_valid
    assert not Request("POST", "/x", FORM, b"a=%").form_is_valid


@pytest.mark.parametrize(
    ("rest", "valid"),
    [
        ("", True),
        (";", True),
        ("; ", True),
        (";charset=utf-8;", True),
        (' ; charset = "a;\\"b" ; x=y', True),
        ("; charset", False),
        ("; charset=", False),
        ("; =utf-8", False),
        ("; a=b c", False),
        ('; a="b', False),
        (";;", False),
    ],
)
def test_content_type_parameters(rest: str, valid: bool) -> None:
    request = Request("POST", "/", {"content-type": f"{FORM['content-type']}{rest}"}, b"a=1")
    # Go reports an error, but still parses the form.
    assert request.form.lists == {"a": ["1"]}
    assert request.form_is_valid is valid


@pytest.mark.parametrize(
    ("content_type", "valid"),
    [("", True), ("text", True), ("a/b; c", False), ("a/", False), ("a b", False), (";", False)],
)
def test_content_types_of_other_bodies(content_type: str, valid: bool) -> None:
    headers = {"content-type": content_type}
    assert Request("POST", "/", headers).form_is_valid is valid
    assert Request("GET", "/", headers).form_is_valid


@pytest.mark.parametrize(
    ("header", "basic"),
    [
        ("Basic YTpi", ("a", "b")),
        ("Basic YTpiOmM=", ("a", "b:c")),
        ("Basic OmI=", ("", "b")),
        ("Basic YQ==", None),
        ("Basic YTpi=", None),
        ("Basic YT!i", None),
        ("Basic YTéi", None),
        ("basic YTpi", ("a", "b")),
        ("BASIC YTpi", ("a", "b")),
        ("Bearer YTpi", None),
        ("", None),
    ],
)
def test_basic(header: str, basic: tuple[str, str] | None) -> None:
    assert Request("GET", "/", {"authorization": header}).basic == basic


@pytest.mark.parametrize(
    ("header", "target", "token"),
    [
        ("bearer a.b", "/", "a.b"),
        ("BEARER a b", "/", "a b"),
        ("Bearer ", "/?access_token=c", ""),
        ("Bearer", "/?access_token=c", "c"),
        ("", "/?access_token=c", "c"),
        ("", "/?access_token=c&x=%", ""),
        ("", "/", ""),
    ],
)
def test_bearer(header: str, target: str, token: str) -> None:
    assert Request("GET", target, {"authorization": header}).bearer == token


def test_cookies() -> None:
    request = Request("GET", "/", {"cookie": "a=1; b=x=y;c; a=2"})
    assert request.cookies == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ('"1 2"', "1 2"),
        ('""', ""),
        ('"1', None),
        ('1"', None),
        ('"', None),
        ('""1""', None),
        ("a\\b", None),
        ("ä", None),
    ],
)
def test_cookie_values(value: str, read: str | None) -> None:
    request = Request("GET", "/", {"cookie": f"a={value}; a=second"})
    assert request.cookies == {"a": "second" if read is None else read}


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"REQUEST_URI": "/a%2Fb?x=1", "PATH_INFO": "/a/b"}, "/a%2Fb?x=1"),
        ({"RAW_URI": "/a"}, "/a"),
        ({"REQUEST_URI": "http://proxy/a?b"}, "/a?b"),
        ({"PATH_INFO": "/Ã©", "QUERY_STRING": "x=1"}, "/%C3%A9?x=1"),
        ({"SCRIPT_NAME": "/base", "PATH_INFO": "/a"}, "/base/a"),
    ],
)
def test_a_wsgi_environment(environ: dict[str, str], target: str) -> None:
    environ |= {
        "REQUEST_METHOD": "GET",
        "HTTP_X_A": "Ã©",
        "CONTENT_TYPE": "t",
        "CONTENT_LENGTH": "",
    }
    request = Request.from_environ(environ, b"body")
    assert request == Request("GET", target, {"x-a": "é", "content-type": "t"}, b"body")
    assert request.header("X-A") == "é"


def test_with_query_and_with_fragment() -> None:
    url = "https://a.example/cb?b=2&a=1"
    assert with_query(url, query_of(url)) == "https://a.example/cb?a=1&b=2"
    assert with_query(url, Values()) == "https://a.example/cb"
    # A fragment is escaped as a query, and its percent signs are escaped again.
    assert with_fragment("/x", Values([("state", "a b&c")])) == "/x#state=a+b%2526c"
    assert with_fragment("/x", Values()) == "/x"


def test_other_functions() -> None:
    assert header_value(" é\r\nx ") == "Ã©  x"
    assert html_escape("<a href=\"'&") == "&lt;a href=&#34;&#39;&amp;"
    assert [clean_path(path) for path in ("//a//b/", "/a/../b", "/", "/a/.", "/..")] == [
        "/a/b/", "/b", "/", "/a", "/",
    ]  # fmt: skip
    assert escape_path("/a b/é;@") == "/a%20b/%C3%A9;@"
