"""Which credential a call sends, in which form; and that nothing else replaces it."""

from __future__ import annotations

import urllib.parse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.loopback import CODE, ISSUED, OPERATIONS, Server, api, raw_response

import hydra_client
from hydra_client import (
    ApiClient,
    ApiTypeError,
    ApiValueError,
    Configuration,
    InsecureTransportWarning,
    OAuth2Api,
)
from hydra_client.tokens import ClientCredentials

SECRET = "p+q%41 r:s"
BEARER = [name for name, operation in OPERATIONS.items() if operation.credential == "Bearer"]
BASIC = [name for name, operation in OPERATIONS.items() if operation.credential == "Basic"]
NONE = [name for name, operation in OPERATIONS.items() if operation.credential is None]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(*(operation.success for operation in OPERATIONS.values())) as server:
        yield server


def call(server: Server, name: str, **settings: Any) -> Any:
    """Make one call, and return the request that came."""
    server.steps = [OPERATIONS[name].success]
    with api(server, **settings) as client:
        OPERATIONS[name].call(client)
    return server.requests[-1]


@pytest.mark.parametrize("name", BEARER)
def test_a_bearer_token_goes_with_what_needs_one(server: Server, name: str) -> None:
    request = call(server, name, access_token="token-0001")
    assert request.headers["authorization"] == "Bearer token-0001"


@pytest.mark.parametrize("name", BEARER)
def test_the_same_bearer_token_goes_with_it_when_basic_is_there(server: Server, name: str) -> None:
    request = call(server, name, access_token="token-0001", username="admin", password=SECRET)
    assert request.headers["authorization"] == "Bearer token-0001"


@pytest.mark.parametrize("name", NONE)
def test_what_needs_no_credential_gets_none(server: Server, name: str) -> None:
    request = call(server, name, access_token="token-0001", username="admin", password=SECRET)
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    ("username", "password"),
    [("admin", "demo-password"), ("admin", SECRET), ("ünï", "pässwörd €"), ("", ""), ("a", "%")],
)
def test_basic_is_form_encoded_at_the_token_endpoint_and_raw_elsewhere(
    server: Server, username: str, password: str
) -> None:
    settings = {"username": username, "password": password}
    sent = call(server, "oauth_token", **settings).basic
    assert sent == (urllib.parse.quote_plus(username), urllib.parse.quote_plus(password))
    assert tuple(map(urllib.parse.unquote_plus, sent)) == (username, password)
    for name in ("introspect_oauth2_token", "revoke_oauth2_token"):
        assert call(server, name, **settings, access_token=None).basic == (username, password)


def test_an_id_with_a_colon_works_at_the_token_endpoint_only(server: Server) -> None:
    settings = {"username": "a:b", "password": SECRET, "access_token": None}
    assert call(server, "oauth_token", **settings).basic[0] == "a%3Ab"
    sent = len(server.requests)
    for name in ("introspect_oauth2_token", "revoke_oauth2_token"):
        with pytest.raises(
            ApiValueError, match="'a:b' contains a ':', which ends the id"
        ) as caught:
            call(server, name, **settings)
        assert SECRET not in str(caught.value)
    assert len(server.requests) == sent


def test_introspection_takes_the_bearer_token_when_there_is_one(server: Server) -> None:
    both = {"access_token": "token-0001", "username": "admin", "password": SECRET}
    assert (
        call(server, "introspect_oauth2_token", **both).headers["authorization"]
        == "Bearer token-0001"
    )
    # Unless it is the one that is asked about: 0.9 would refuse that.
    both["access_token"] = ISSUED
    assert call(server, "introspect_oauth2_token", **both).basic == ("admin", SECRET)
    for half in ({}, {"username": "admin"}, {"password": SECRET}):
        only = call(server, "introspect_oauth2_token", access_token=ISSUED, **half)
        assert only.headers["authorization"] == f"Bearer {ISSUED}"


def test_a_public_client_names_itself_and_sends_no_basic(server: Server) -> None:
    server.steps = [OPERATIONS["oauth_token"].success]
    with api(server, access_token=None) as client:
        client.oauth_token(grant_type="authorization_code", code=CODE, client_id="mobile")
    assert "authorization" not in server.requests[-1].headers
    assert server.requests[-1].form["client_id"] == "mobile"
    with api(server, access_token=None, username="half-configured") as client:
        client.oauth_token(grant_type="authorization_code", code=CODE, client_id="mobile")
    assert "authorization" not in server.requests[-1].headers
    with api(server, username="admin", password=SECRET) as client:
        client.oauth_token(grant_type="authorization_code", code=CODE, client_id="mobile")
    assert server.requests[-1].basic[0] == "admin"


@pytest.mark.parametrize("name", BASIC)
@pytest.mark.parametrize(
    ("settings", "missing"),
    [({}, "username"), ({"username": "admin"}, "password"), ({"password": SECRET}, "username")],
)
def test_no_credential_for_basic_says_what_is_missing(
    server: Server, name: str, settings: dict[str, str], missing: str
) -> None:
    with pytest.raises(ApiValueError, match=f"the setting {missing} is missing") as caught:
        call(server, name, **settings)
    assert "HYDRA_CLIENT_SECRET" in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("name", sorted({*BEARER} - {"introspect_oauth2_token", "well_known"}))
def test_no_bearer_token_says_what_is_missing(server: Server, name: str) -> None:
    with pytest.raises(ApiValueError, match=r"access_token .*HYDRA_ACCESS_TOKEN"):
        call(server, name, access_token=None)
    assert server.requests == []


@pytest.mark.parametrize(
    ("token", "kind"), [(lambda: 5, ApiTypeError), (lambda: "a b", ApiValueError)]
)
def test_what_a_callable_returns_is_looked_at(server: Server, token: Any, kind: type) -> None:
    with pytest.raises(kind, match=r"^access_token "):
        call(server, "get_oauth2_client", access_token=token)
    assert server.requests == []


def test_a_callable_is_asked_for_each_call(server: Server) -> None:
    tokens = iter(["one", "two"])
    server.steps = [OPERATIONS["get_oauth2_client"].success]
    with api(server, access_token=lambda: next(tokens)) as client:
        client.get_oauth2_client("photos")
        client.get_oauth2_client("photos")
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer one",
        "Bearer two",
    ]


def test_a_callables_own_error_comes_through(server: Server) -> None:
    def fail() -> str:
        raise LookupError("the vault is closed")

    with pytest.raises(LookupError, match="the vault is closed"):
        call(server, "get_oauth2_client", access_token=fail)


class Source:
    """Hands out numbered tokens, a new one when the old one is dropped."""

    def __init__(self) -> None:
        self.number = 1
        self.asked: list[tuple[str, ...]] = []
        self.dropped: list[str] = []

    def token(self, scopes: tuple[str, ...]) -> str:
        self.asked.append(scopes)
        return f"token-{self.number}"

    def drop(self, token: str) -> None:
        self.dropped.append(token)
        self.number += 1


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [(None, ("hydra.clients",)), ("hydra", ("hydra",)), (["a", "b"], ("a", "b"))],
)
def test_a_source_is_asked_for_the_scopes(
    server: Server, scopes: Any, asked: tuple[str, ...]
) -> None:
    source = Source()
    request = call(server, "get_oauth2_client", access_token=source, scopes=scopes)
    assert request.headers["authorization"] == "Bearer token-1"
    assert source.asked == [asked]


REFUSED = raw_response({"error": {"code": 401, "message": "token_expired"}}, 401, "Unauthorized")
DENIED = raw_response({"error": {"code": 403, "message": "Request was denied"}}, 403, "Forbidden")


@pytest.mark.parametrize("name", BEARER)
def test_a_refused_token_is_replaced_once(server: Server, name: str) -> None:
    source = Source()
    server.steps = [REFUSED, OPERATIONS[name].success]
    with api(server, access_token=source) as client:
        OPERATIONS[name].call(client)
    assert source.dropped == ["token-1"]
    first, second = server.requests
    assert first.headers["authorization"] == "Bearer token-1"
    assert second.headers["authorization"] == "Bearer token-2"
    assert (first.body, first.target) == (second.body, second.target)
    assert first.headers["x-request-id"] == second.headers["x-request-id"]


def test_a_token_that_is_refused_again_is_an_error(server: Server) -> None:
    source = Source()
    server.steps = [REFUSED]
    with (
        api(server, access_token=source) as client,
        pytest.raises(hydra_client.UnauthorizedException) as caught,
    ):
        client.get_oauth2_client("photos")
    assert len(server.requests) == 2
    assert caught.value.__context__ is None


def test_a_source_that_has_no_other_token_gets_the_refusal(server: Server) -> None:
    server.steps = [REFUSED]
    for access_token in ("token-0001", lambda: "token-0001"):
        with (
            api(server, access_token=access_token) as client,
            pytest.raises(hydra_client.UnauthorizedException),
        ):
            client.get_oauth2_client("photos")
    # A string is all there is; a callable is asked once more.
    assert len(server.requests) == 2


def test_a_source_needs_no_more_than_tokens(server: Server) -> None:
    class Plain:
        number = 0

        def token(self, scopes: tuple[str, ...]) -> str:
            self.number += 1
            return f"token-{self.number}"

    server.steps = [REFUSED, OPERATIONS["get_oauth2_client"].success]
    with api(server, access_token=Plain()) as client:
        client.get_oauth2_client("photos")
    assert server.requests[-1].headers["authorization"] == "Bearer token-2"


def test_tokens_are_fetched_for_who_has_a_secret_only(server: Server) -> None:
    tokens = raw_response({"access_token": "fetched", "token_type": "bearer", "expires_in": 3599})
    server.steps = [tokens, OPERATIONS["get_oauth2_client"].success]
    with api(server, username="admin", password=SECRET, access_token=None) as client:
        client.get_oauth2_client("photos")
    fetch, get = server.requests
    assert fetch.path == "/oauth2/token"
    assert fetch.form == {"grant_type": "client_credentials", "scope": "hydra.clients"}
    assert fetch.basic[0] == "admin"
    assert get.headers["authorization"] == "Bearer fetched"


def test_tokens_may_be_fetched_for_another_client_than_basic_names(server: Server) -> None:
    tokens = raw_response({"access_token": "fetched", "token_type": "bearer", "expires_in": 3599})
    server.steps = [tokens, OPERATIONS["get_oauth2_client"].success, raw_response()]
    other = ClientCredentials("other", "other-secret")
    with api(server, username="admin", password=SECRET, access_token=other) as client:
        client.api_client.default_headers["X-Forwarded-Proto"] = "https"
        client.get_oauth2_client("photos")
        client.revoke_oauth2_token("token-0001")
    fetch, get, revoke = server.requests
    assert fetch.basic == ("other", "other-secret")
    assert fetch.headers["x-forwarded-proto"] == "https"
    assert get.headers["authorization"] == "Bearer fetched"
    assert revoke.basic == ("admin", SECRET)
    assert server.connections == 1


def test_a_denial_needs_no_other_token(server: Server) -> None:
    source = Source()
    server.steps = [DENIED]
    with (
        api(server, access_token=source) as client,
        pytest.raises(hydra_client.ForbiddenException),
    ):
        client.get_oauth2_client("photos")
    assert len(server.requests) == 1
    assert source.dropped == []


def test_the_key_endpoint_says_denied_when_it_means_unauthorized(server: Server) -> None:
    source = Source()
    server.steps = [DENIED, OPERATIONS["well_known"].success]
    with api(server, access_token=source) as client:
        assert client.well_known().keys == []
    assert source.dropped == ["token-1"]


def test_a_wrong_client_secret_is_not_tried_twice(server: Server) -> None:
    server.steps = [raw_response({"error": "invalid_client"}, 401, "Unauthorized")]
    for name in BASIC:
        with (
            api(server, username="admin", password=SECRET) as client,
            pytest.raises(hydra_client.UnauthorizedException),
        ):
            OPERATIONS[name].call(client)
    assert len(server.requests) == len(BASIC)


# -- nothing else takes its place


@pytest.mark.parametrize("name", [*BEARER, *NONE])
def test_a_netrc_file_changes_nothing(
    server: Server, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\ndefault login evil password x\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(server.url) == ("evil", "evil")
    headers = call(server, name, access_token="token-0001").headers
    expected = "Bearer token-0001" if name in BEARER else None
    assert headers.get("authorization") == expected


def test_what_the_session_says_changes_nothing(server: Server) -> None:
    server.steps = [OPERATIONS["get_oauth2_client"].success]
    with api(server, access_token="token-0001") as client:
        session = client.api_client.session
        session.auth = ("evil", "evil")
        session.headers["Authorization"] = "Basic ZXZpbDpldmls"
        session.cookies.set("a", "b")
        client.get_oauth2_client("photos")
    assert server.requests[-1].headers["authorization"] == "Bearer token-0001"
    assert "cookie" not in server.requests[-1].headers


# -- the credentials as requests knows them


def test_authentications_can_be_read_and_set_as_the_reference_shows() -> None:
    client = ApiClient(Configuration("http://127.0.0.1:4444"))
    basic, bearer = client.authentications["basic"], client.authentications["oauth2"]
    basic.username, basic.password = "admin", SECRET  # type: ignore[attr-defined]
    bearer.access_token = "token-0001"  # type: ignore[attr-defined]
    assert client.configuration.username == basic.username == "admin"  # type: ignore[attr-defined]
    assert client.configuration.password == basic.password == SECRET  # type: ignore[attr-defined]
    assert (
        client.configuration.access_token
        == bearer.access_token  # type: ignore[attr-defined]
        == "token-0001"
    )
    for shown in (repr(basic), repr(bearer)):
        assert SECRET not in shown
        assert "token-0001" not in shown
    with pytest.raises(ApiValueError, match="access_token is empty"):
        bearer.access_token = ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "user"),
    [("/oauth2/token", "%C3%BC"), ("/x/oauth2/token?a=b", "%C3%BC"), ("/oauth2/revoke", "ü")],
)
def test_authentications_work_with_requests(server: Server, path: str, user: str) -> None:
    server.steps = [raw_response({})]
    client = ApiClient(Configuration(server.url, "ü", SECRET, "token-0001"))
    url = server.url + path
    with requests.Session() as session:
        session.post(url, auth=client.authentications["basic"])
        assert server.requests[-1].basic[0] == user
        session.get(url, auth=client.authentications["oauth2"])
    assert server.requests[-1].headers["authorization"] == "Bearer token-0001"


# -- plain http


def insecure(server: Server, **settings: Any) -> OAuth2Api:
    """Make an API whose host is another machine by name; its packets go to the server's proxy."""
    settings.setdefault("access_token", "token-0001")
    return OAuth2Api(
        ApiClient(
            Configuration("http://hydra.example.com", proxy=server.url, retries=0, **settings)
        )
    )


def test_a_credential_over_plain_http_warns_once(server: Server) -> None:
    server.steps = [OPERATIONS["get_oauth2_client"].success]
    client = insecure(server)
    with pytest.warns(InsecureTransportWarning, match="use https") as caught:
        client.get_oauth2_client("photos")
    ours = [warning for warning in caught if warning.category is InsecureTransportWarning]
    assert [warning.filename for warning in ours] == [__file__]
    client.get_oauth2_client("photos")  # a second warning would be an error here
    assert len(server.requests) == 2
    client.api_client.close()


def test_a_warning_that_is_an_error_keeps_everything_from_being_sent(server: Server) -> None:
    client = insecure(server)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(InsecureTransportWarning):
                client.get_oauth2_client("photos")
    assert server.requests == []


def test_a_secret_in_a_form_is_a_credential_too(server: Server) -> None:
    server.steps = [OPERATIONS["oauth_token"].success]
    client = insecure(server, access_token=None)
    with pytest.warns(InsecureTransportWarning):
        client.oauth_token(grant_type="authorization_code", code=CODE, client_id="mobile")
    assert "authorization" not in server.requests[-1].headers
    client.api_client.close()


def test_no_warning_where_no_credential_travels(server: Server) -> None:
    for name in NONE:
        server.steps = [OPERATIONS[name].success]
        client = insecure(server)
        OPERATIONS[name].call(client)
        client.api_client.close()
    assert len(server.requests) == len(NONE)
