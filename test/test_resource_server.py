"""A guard in front of an API: which requests it lets through, and how it refuses the others."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
from collections.abc import Awaitable, Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.both import twin
from support.loopback import refusing_port
from support.variants import hydra_settings  # noqa: F401 - for the fixture `hydra`

import hydra_client
from hydra_client import (
    ApiTypeError,
    ApiValueError,
    HydraException,
    OAuth2Api,
    OAuth2TokenIntrospection,
    aio,
)
from hydra_client.aio import resource_server as aio_resource_server
from hydra_client.emulator import Callback, ConsentFlow, HydraEmulator
from hydra_client.introspection import CachedIntrospection
from hydra_client.resource_server import AccessError, CredentialsError, Guard, WsgiGuard
from hydra_client.tokens import ClientCredentials

# What is refused before the server is asked.
ONE_SERVER = pytest.mark.parametrize("hydra_settings", [("0.10", "sql")], indirect=True)


@pytest.fixture(params=["plain", "cached", "asyncio", "cached asyncio"])
def guard(request: pytest.FixtureRequest, hydra: HydraEmulator) -> Any:
    api: Any = hydra_client.connect(hydra.url, *hydra.root, retries=0)
    if "asyncio" in request.param:
        cached = "cached" in request.param
        api = twin("introspection", "CachedIntrospection", api) if cached else api
        return twin("resource_server", "Guard", api)
    return Guard(CachedIntrospection(api) if request.param == "cached" else api)


@pytest.fixture
def callback(hydra: HydraEmulator) -> Callback:
    return ConsentFlow(hydra)(scope="openid offline photos.read")


@pytest.fixture
def tokens(callback: Callback) -> dict[str, Any]:
    return callback.exchange()


@pytest.fixture
def token(tokens: dict[str, Any]) -> str:
    return str(tokens["access_token"])


def refusal(work: Callable[[], object], status: int, error: str) -> AccessError:
    """Check what every refusal has to be."""
    with pytest.raises(AccessError) as caught:
        work()
    refused = caught.value
    assert (refused.status, refused.error) == (status, error)
    body = json.loads(refused.body)
    assert body == {"error": error, "error_description": str(refused)}
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.headers["Content-Length"] == str(len(refused.body))
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.status_line.startswith(f"{status} ")
    challenge = refused.headers.get("WWW-Authenticate")
    if status == 503:
        assert challenge is None
    else:
        assert challenge
        assert challenge.startswith('Bearer realm="api"')
        assert ("error=" in challenge) == (error != "unauthorized")
        assert challenge.isascii()
        assert challenge.isprintable()
        assert "Retry-After" not in refused.headers
    assert refused.__context__ is None or refused.__suppress_context__
    assert refused.__cause__ is None
    copy = pickle.loads(pickle.dumps(refused))
    assert vars(copy) == vars(refused)
    return refused


# --- what passes


def test_a_valid_token(guard: Any, token: str) -> None:
    for header in (f"Bearer {token}", f"bearer {token}", [f"BEARER  {token} "]):
        introspection = guard.check(header)
        assert (introspection.active, introspection.sub) == (True, "alice")
    for scopes in ("openid", ["openid", "photos.read"], "openid  photos.read", (), {"openid"}):
        assert guard.check(f"Bearer {token}", scopes).sub == "alice"
    assert guard.check(f"Bearer {token}", scopes="openid", query="a=b&access=x").sub == "alice"


def test_a_token_without_scopes(hydra: HydraEmulator, guard: Any) -> None:
    client = hydra.add_client(grant_types=["client_credentials"], scope="")
    api = hydra_client.connect(hydra.url, client["id"], client["client_secret"])
    own = api.oauth_token(grant_type="client_credentials").access_token
    assert guard.check(f"Bearer {own}").client_id == client["id"]
    refusal(lambda: guard.check(f"Bearer {own}", "openid"), 403, "insufficient_scope")


# --- 401


@ONE_SERVER
@pytest.mark.parametrize("header", [None, "", [], (), " ", "Basic YWxhZGRpbg==", "Digest x", "x"])
def test_no_token(guard: Any, hydra: HydraEmulator, header: Any) -> None:
    refused = refusal(lambda: guard.check(header), 401, "unauthorized")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert asked(hydra) == 0


def asked(hydra: HydraEmulator) -> int:
    return sum(request.path == "/oauth2/introspect" for request in hydra.requests)


@ONE_SERVER
def test_a_token_in_the_query_does_not_count(guard: Any, hydra: HydraEmulator, token: str) -> None:
    for query in (f"access_token={token}", f"a=b&access%5Ftoken={token}".encode()):
        refused = refusal(lambda query=query: guard.check(None, query=query), 401, "unauthorized")  # type: ignore[misc]
        assert "error" not in refused.headers["WWW-Authenticate"]
    assert asked(hydra) == 0


def test_a_token_that_is_not_active(
    guard: Any, hydra: HydraEmulator, tokens: dict[str, Any], callback: Callback
) -> None:
    forged = tokens["access_token"][:-4] + "AAAA"
    for bad in ("made-up", tokens["refresh_token"], forged, "a" * 8000):
        refused = refusal(lambda bad=bad: guard.check(f"Bearer {bad}"), 401, "invalid_token")  # type: ignore[misc]
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        for shown in (refused.headers["WWW-Authenticate"], str(refused.body), repr(refused)):
            assert bad not in shown
    application = hydra_client.connect(hydra.url, callback.client_id, callback.client_secret)
    application.revoke_oauth2_token(tokens["access_token"])
    header = f"Bearer {tokens['access_token']}"
    refusal(lambda: guard.check(header), 401, "invalid_token")


def test_an_expired_token(guard: Any, hydra: HydraEmulator, token: str) -> None:
    hydra.clock.advance(3601)
    refusal(lambda: guard.check(f"Bearer {token}"), 401, "invalid_token")


# --- 400


@ONE_SERVER
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,Bearer b",
        "Bearer a, Bearer b",
        "Bearer ä",
        'Bearer "a"',
        "Bearer a\r\nX: y",
        "Bearer =a",
        "Bearer a\x00",
        "Bearer " + "a" * 8186,
        "x" * 8193,
        ["Bearer a", "Bearer a"],
        ["Bearer a", "Basic b"],
        ["Basic a", "Bearer b"],
    ],
)
def test_malformed_requests(guard: Any, hydra: HydraEmulator, header: Any) -> None:
    refused = refusal(lambda: guard.check(header), 400, "invalid_request")
    assert 'error="invalid_request"' in refused.headers["WWW-Authenticate"]
    assert asked(hydra) == 0


@ONE_SERVER
def test_two_tokens(guard: Any, hydra: HydraEmulator, token: str) -> None:
    for query in ("access_token=", f"a=b&access_token={token}", b"access_token=x"):
        refusal(
            lambda query=query: guard.check(f"Bearer {token}", query=query),  # type: ignore[misc]
            400,
            "invalid_request",
        )
    assert asked(hydra) == 0


@ONE_SERVER
@pytest.mark.parametrize(
    "header",
    [
        b"Bearer a",
        [b"Bearer a"],
        [None],
        7,
        {"Authorization": "Bearer a"},
        {"Authorization": "Bearer a", "Host": "b"},
        [("Authorization", "Bearer a")],
    ],
)
def test_what_cannot_be_a_header(guard: Any, header: Any) -> None:
    with pytest.raises(ApiTypeError, match="authorization must be a header"):
        guard.check(header)


@ONE_SERVER
def test_what_cannot_be_a_query(guard: Any, hydra: HydraEmulator, token: str) -> None:
    for query in ({"access_token": "a"}, {}, [("a", "b")], 7):
        for header in (None, f"Bearer {token}"):
            with pytest.raises(ApiTypeError, match="query must be the request's query string, got"):
                guard.check(header, query=query)
    assert asked(hydra) == 0
    assert guard.check(f"Bearer {token}", query=None).sub == "alice"


class Source:
    """An API that knows one token."""

    def introspect_oauth2_token(self, token: str) -> OAuth2TokenIntrospection:
        return OAuth2TokenIntrospection(active=token == "good", scope="a b.c")


headers = (
    st.text()
    | st.binary().map(lambda raw: raw.decode("latin-1"))
    | st.text("Bearer good,=\t", max_size=16)
    | st.from_regex(r"\A ?[Bb]earer +[a-z]{0,5}=*.?\Z")
    | st.sampled_from(["Bearer good", "bearer  good "])
)


@given(
    st.none() | headers | st.lists(headers, max_size=3),
    st.lists(st.sampled_from(["a", "b.c", "b", "b.*", "c"]), max_size=3),
    st.sampled_from(["", "x=y", "access_token=good"]) | st.binary(max_size=30),
)
@settings(deadline=None)
def test_whatever_comes_only_the_right_token_passes(
    header: Any, scopes: list[str], query: str | bytes
) -> None:
    refused: AccessError | None = None
    try:
        Guard(Source()).check(header, scopes, query=query)  # type: ignore[arg-type]
    except AccessError as error:
        refused = error
    if refused is None:
        (only,) = [header] if isinstance(header, str) else header
        assert only.split()[1:] == ["good"]
        assert {"a", "b.c"}.issuperset(scopes)
        assert query != "access_token=good"
        return
    assert refused.status in (400, 401, 403)
    for name, value in refused.headers.items():
        assert f"{name}: {value}".isascii()
        assert f"{name}: {value}".isprintable()
    if refused.status == 403:
        assert not {"a", "b.c"}.issuperset(scopes)


# --- 403


@pytest.mark.parametrize(
    "scopes",
    ["photos", "photos.write", "photos.*", "Openid", "photos.read admin", ["photos.read."]],
)
def test_scopes_are_whole_words(guard: Any, token: str, scopes: Any) -> None:
    refused = refusal(lambda: guard.check(f"Bearer {token}", scopes), 403, "insufficient_scope")
    words = scopes if isinstance(scopes, str) else " ".join(scopes)
    assert refused.headers["WWW-Authenticate"].endswith(f', scope="{words}"')


@ONE_SERVER
@pytest.mark.parametrize(
    ("scopes", "error"),
    [
        (None, ApiTypeError),
        (7, ApiTypeError),
        (b"openid", ApiTypeError),
        ({"openid": 1}, ApiTypeError),
        ([None], ApiTypeError),
        (["openid offline"], ApiValueError),
        ([""], ApiValueError),
        ('a"b', ApiValueError),
        ("a\\b", ApiValueError),
        ("ä", ApiValueError),
        # They would ask for nothing: the iterator from the second request on.
        (iter(["openid"]), ApiTypeError),
        (map(str.strip, ["openid"]), ApiTypeError),
        (" ", ApiValueError),
        ("\t", ApiValueError),
        ("\u00a0", ApiValueError),
    ],
)
def test_what_cannot_be_scopes(guard: Any, scopes: Any, error: type[Exception]) -> None:
    for work in (
        lambda: guard.check("Bearer a", scopes),
        lambda: WsgiGuard(lambda *_: [], Stub(None), scopes),  # type: ignore[arg-type]
        lambda: aio_resource_server.AsgiGuard(asgi_app, AsyncStub(None), scopes),  # type: ignore[arg-type]
    ):
        with pytest.raises(error, match="scopes"):
            work()


@ONE_SERVER
@pytest.mark.parametrize("realm", ["", 'a"b', "a\\b", "ä", "a\nb"])
def test_what_cannot_be_a_realm(hydra_api: OAuth2Api, realm: str) -> None:
    with pytest.raises(ApiValueError, match="realm"):
        Guard(hydra_api, realm=realm)


@ONE_SERVER
def test_another_realm(hydra_api: OAuth2Api) -> None:
    with pytest.raises(AccessError) as refused:
        Guard(hydra_api, realm="the photos").check(None)
    assert refused.value.headers["WWW-Authenticate"] == 'Bearer realm="the photos"'


# --- 503


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        ({"status": 500}, "5"),
        ({"status": 502, "body": "<html>"}, "5"),
        ({"status": 503, "headers": {"Retry-After": "17"}}, "18"),
        ({"status": 429, "headers": {"Retry-After": "99999"}}, "3600"),
        ({"status": 404, "body": "404 page not found"}, "5"),
        ({"status": 302, "headers": {"Location": "/"}}, "5"),
        ({"status": 200, "body": "<html>"}, "5"),
        ({"status": 200, "body": '{"active": "yes"}'}, "5"),
        ({"status": 200, "body": "[true]"}, "5"),
        ({"cut": 9}, "5"),
        ({"reset": True}, "5"),
    ],
)
def test_hydra_cannot_be_asked(
    guard: Any,
    hydra: HydraEmulator,
    token: str,
    fault: dict[str, Any],
    retry_after: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "hydra_client")
    hydra.fail("/oauth2/introspect", times=None, **fault)
    refused = refusal(lambda: guard.check(f"Bearer {token}"), 503, "temporarily_unavailable")
    assert refused.headers["Retry-After"] == retry_after
    assert "could not be checked" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("body", ["{}", '{"active": null}', "null"])
def test_no_word_that_a_token_is_active(
    guard: Any, hydra: HydraEmulator, token: str, body: str
) -> None:
    hydra.fail("/oauth2/introspect", status=200, body=body)
    with pytest.raises(AccessError) as refused:
        guard.check(f"Bearer {token}")
    assert refused.value.status in (401, 503)


def test_hydra_is_away(token: str) -> None:
    url = f"http://127.0.0.1:{refusing_port()}"
    guard = Guard(hydra_client.connect(url, "admin", "a-secret", retries=0))
    refusal(lambda: guard.check(f"Bearer {token}"), 503, "temporarily_unavailable")


def test_whatever_a_source_raises(
    hydra_api: OAuth2Api, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(CachedIntrospection):
        def __call__(self, token: str, scope: str | None = None) -> Any:
            raise RuntimeError(f"no way with {token}")

    refused = refusal(
        lambda: Guard(Broken(hydra_api)).check(f"Bearer {token}"), 503, "temporarily_unavailable"
    )
    assert refused.headers["Retry-After"] == "5"
    assert "RuntimeError: no way with ***" in caplog.text
    assert token not in caplog.text


# --- the API's own credential


def api_of(hydra: HydraEmulator, **more: Any) -> OAuth2Api:
    """An API with a client of its own, which may introspect."""
    client = hydra.add_client(grant_types=["client_credentials"], scope="hydra.introspect")
    hydra.allow(client["id"], resources="rn:hydra:oauth2:tokens", actions="introspect")
    return hydra_client.connect(hydra.url, client["id"], client["client_secret"], **more)


def test_a_good_credential(hydra: HydraEmulator, guard: Any, token: str) -> None:
    guard.check_credentials()
    api = api_of(hydra)
    Guard(api).check_credentials()
    Guard(CachedIntrospection(api)).check_credentials()
    assert Guard(api).check(f"Bearer {token}").sub == "alice"
    # The tokens that it made are given back.
    assert sum(request.path == "/oauth2/revoke" for request in hydra.requests) == 3
    bearer = api_of(hydra, access_token=ClientCredentials())
    Guard(bearer).check_credentials()
    assert Guard(bearer).check(f"Bearer {token}").sub == "alice"


def test_a_wrong_secret(hydra: HydraEmulator, token: str, caplog: pytest.LogCaptureFixture) -> None:
    api = api_of(hydra)
    api.api_client.configuration.password = "another-secret"
    with pytest.raises(hydra_client.UnauthorizedException):
        Guard(api).check_credentials()
    with pytest.raises(AccessError) as refused:
        Guard(api).check(f"Bearer {token}")
    if hydra.variant.version == "0.9":
        assert refused.value.status == 503
        assert "Retry-After" not in refused.value.headers
        assert "rejects the credential that this API introspects with" in caplog.text
    else:  # which the server does not say
        assert refused.value.status == 401


def test_a_wrong_bearer_token(
    hydra: HydraEmulator, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    api = hydra_client.connect(hydra.url, access_token="made-up")
    with pytest.raises(hydra_client.UnauthorizedException):
        Guard(api).check_credentials()
    refused = refusal(lambda: Guard(api).check(f"Bearer {token}"), 503, "temporarily_unavailable")
    assert "Retry-After" not in refused.headers
    assert "rejects the credential that this API introspects with" in caplog.text
    assert token not in caplog.text


def test_a_credential_that_may_not_introspect(
    hydra: HydraEmulator, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = hydra.add_client(grant_types=["client_credentials"], scope="photos")
    api = hydra_client.connect(hydra.url, client["id"], client["client_secret"])
    if hydra.variant.version == "0.9":
        Guard(api).check_credentials()  # any client may
        return
    with pytest.raises(hydra_client.ForbiddenException):
        Guard(api).check_credentials()
    refusal(lambda: Guard(api).check(f"Bearer {token}"), 503, "temporarily_unavailable")
    assert "rn:hydra:oauth2:tokens" in caplog.text


def test_a_credential_that_cannot_be_checked(hydra: HydraEmulator) -> None:
    client = hydra.add_client(grant_types=["authorization_code"])
    api = hydra_client.connect(hydra.url, client["id"], client["client_secret"])
    with pytest.raises(CredentialsError, match="grant type client_credentials"):
        Guard(api).check_credentials()


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_a_token_of_its_own_that_is_not_active(hydra: HydraEmulator, kind: str) -> None:
    hydra.fail("/oauth2/introspect", status=200, body='{"active": false}')
    hydra.fail("/oauth2/revoke", status=500, times=None)
    api = hydra.api(retries=0)
    guard: Any = Guard(api) if kind == "threads" else twin("resource_server", "Guard", api)
    with pytest.raises(CredentialsError, match="just issued is not active"):
        guard.check_credentials()


def test_hydra_is_away_at_the_start(hydra: HydraEmulator) -> None:
    hydra.fail("/oauth2/token", reset=True, times=None)
    with pytest.raises(HydraException):
        Guard(hydra_client.connect(hydra.url, *hydra.root, retries=0)).check_credentials()


def test_a_guard_shows_no_secret(hydra: HydraEmulator) -> None:
    guard = Guard(hydra.api())
    assert repr(guard) == f"Guard(ApiClient('{hydra.url}'))"
    aio_guard = aio_resource_server.Guard(aio.connect(hydra.url, *hydra.root))
    assert repr(aio_guard) == f"Guard(aio.ApiClient('{hydra.url}'))"


# --- whole applications


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["hydra_client.introspection"].sub.encode()]


def test_a_wsgi_application(hydra_api: OAuth2Api, token: str) -> None:
    from werkzeug.test import Client

    client = Client(WsgiGuard(wsgi_app, Guard(hydra_api), "photos.read"))
    response = client.get("/", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.text) == (200, "alice")
    response = client.get("/")
    assert response.status == "401 Unauthorized"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json["error"] == "unauthorized"
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/?access_token=x", headers=headers).status_code == 400
    client = Client(WsgiGuard(wsgi_app, Guard(hydra_api), ["photos.write"]))
    assert client.get("/", headers=headers).status_code == 403


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    body = scope["hydra_client.introspection"].sub.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def test_an_asgi_application(hydra: HydraEmulator, token: str) -> None:
    bearer = [(b"host", b"x"), (b"authorization", f"Bearer {token}".encode())]

    async def visit(type: str, headers: list[Any], query: bytes = b"", scopes: str = "") -> Any:
        return await enter({"type": type, "headers": headers, "query_string": query}, scopes)

    async def enter(scope: dict[str, Any], scopes: str = "") -> Any:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async with aio.connect(hydra.url, *hydra.root) as api:
            guard = aio_resource_server.Guard(api)
            app = aio_resource_server.AsgiGuard(asgi_app, guard, scopes)
            await app(scope, receive, send)
        return sent

    async def receive() -> Any:
        raise AssertionError("nobody asks")

    def run(work: Awaitable[Any]) -> Any:
        async def main() -> Any:
            return await work

        return asyncio.run(main())

    start, body = run(visit("http", bearer, scopes="photos.read"))
    assert (start["status"], body["body"]) == (200, b"alice")
    start, body = run(visit("http", []))
    assert start["status"] == 401
    assert (b"www-authenticate", b'Bearer realm="api"') in start["headers"]
    assert json.loads(body["body"])["error"] == "unauthorized"
    for headers, query, scopes, status in (
        (bearer, b"access_token=x", "", 400),
        (bearer + bearer, b"", "", 400),
        (bearer, b"", "photos.write", 403),
        ([(b"authorization", b"Bearer \xff")], b"", "", 400),
    ):
        assert run(visit("http", headers, query, scopes))[0]["status"] == status
    assert run(visit("websocket", [])) == [{"type": "websocket.close", "code": 1008}]
    assert run(visit("lifespan", [])) == [{"type": "lifespan.startup.complete"}]
    # Of a WebSocket, servers may leave these out.
    refused = [{"type": "websocket.close", "code": 1008}]
    assert run(enter({"type": "websocket"})) == refused
    assert run(enter({"type": "websocket", "headers": [], "query_string": None})) == refused
    with pytest.raises(ApiValueError, match="cannot check a scope of type 'webtransport'"):
        run(visit("webtransport", bearer))


# --- what was put together wrongly


async def later(*_: object, **__: object) -> OAuth2TokenIntrospection:
    return OAuth2TokenIntrospection(active=True)


class Stub:
    """A guard of a user's own."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def check(self, *_: object, **__: object) -> Any:
        return self.result() if callable(self.result) else self.result


class AsyncStub(Stub):
    async def check(self, *_: object, **__: object) -> Any:
        return self.result


def passes(app: WsgiGuard, **environ: Any) -> bool:
    """Whether a request reaches the application; otherwise it gets a whole response."""
    statuses: list[str] = []
    body = app({"QUERY_STRING": "", **environ}, lambda status, _: statuses.append(status))
    assert len(statuses) == (body != ["inside"])
    return body == ["inside"]


def inside(environ: dict[str, Any], start_response: object) -> Any:
    assert environ["hydra_client.introspection"].active is True
    return ["inside"]


@ONE_SERVER
def test_a_guard_and_an_application_that_do_not_match(hydra: HydraEmulator) -> None:
    api = hydra.api()
    guard: Any = Guard(api)
    async_guard: Any = aio_resource_server.Guard(aio.connect(hydra.url, *hydra.root))
    cached: Any = CachedIntrospection(api)
    asgi_guard: Any = aio_resource_server.AsgiGuard
    for make, app, wrong, message in (
        (WsgiGuard, inside, async_guard, "a hydra_client.resource_server.Guard, got hydra_client"),
        (WsgiGuard, inside, AsyncStub(None), "a hydra_client.resource_server.Guard, got test"),
        (asgi_guard, asgi_app, guard, "a hydra_client.aio.resource_server.Guard, got hydra_client"),
        (WsgiGuard, inside, api, "guard must be a Guard, got OAuth2Api"),
        (WsgiGuard, inside, cached, "guard must be a Guard, got CachedIntrospection"),
        (asgi_guard, asgi_app, None, "guard must be a Guard, got NoneType"),
        (WsgiGuard, guard, inside, "app must be callable, got Guard"),
        (asgi_guard, async_guard, asgi_app, "app must be callable, got Guard"),
    ):
        with pytest.raises(ApiTypeError, match=message.replace(".", r"\.")):
            make(app, wrong, "photos.read")


def test_a_plain_function_around_an_asynchronous_check() -> None:
    introspection = OAuth2TokenIntrospection(active=True)

    class Wrapped(aio_resource_server.Guard):
        def check(self, *arguments: Any, **keywords: Any) -> Any:
            return super().check(*arguments, **keywords)

    source: Any = Mock(introspect_oauth2_token=AsyncMock(return_value=introspection))
    mocked = Mock(spec=aio_resource_server.Guard, **{"check.return_value": introspection})
    for guard in (Wrapped(source), mocked):
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any, seen: list[Any] = seen) -> None:
            seen.append(scope["hydra_client.introspection"].active)

        guarded: Any = aio_resource_server.AsgiGuard(app, guard)
        scope = {"type": "http", "headers": [(b"authorization", b"Bearer good")]}
        asyncio.run(guarded(scope, None, None))
        assert seen == [True]
        with pytest.raises(ApiTypeError, match=r"guard must be a hydra_client\.resource_server"):
            WsgiGuard(inside, guard)


def test_an_inactive_introspection_needs_no_scope() -> None:
    source = Mock(**{"introspect_oauth2_token.return_value": SimpleNamespace(active=False)})
    refusal(lambda: Guard(source).check("Bearer good"), 401, "invalid_token")


@ONE_SERVER
@pytest.mark.parametrize("name", ["Guard", "CachedIntrospection"])
def test_an_api_that_returns_whole_responses(hydra: HydraEmulator, name: str) -> None:
    module = "resource_server" if name == "Guard" else "introspection"
    for prefix, api in (
        ("hydra_client", hydra.api()),
        ("hydra_client.aio", aio.connect(hydra.url, *hydra.root)),
    ):
        make = getattr(import_module(f"{prefix}.{module}"), name)
        with pytest.raises(ApiTypeError, match=f"{name} needs the API itself, not its with_http"):
            make(api.with_http_info)


NO_INTROSPECTIONS = [
    *(None, True, "active", {"active": True}, object(), later),
    hydra_client.ApiResponse(OAuth2TokenIntrospection(active=True), 200, {}),
    SimpleNamespace(active=True),
    SimpleNamespace(active=True, scope=["photos.read"]),
]


@pytest.mark.parametrize("result", NO_INTROSPECTIONS, ids=repr)
def test_a_source_of_a_users_own_that_returns_no_introspection(
    result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd:
        def introspect_oauth2_token(self, token: str) -> Any:
            return Stub(result).check()

    class AsyncOdd:
        async def introspect_oauth2_token(self, token: str) -> Any:
            return Stub(result).check()

    guards: list[Any] = [Guard(Odd()), aio_resource_server.Guard(AsyncOdd())]  # type: ignore[arg-type]
    if result is not later:
        guards.append(aio_resource_server.Guard(Odd()))  # type: ignore[arg-type]
    for guard in guards:

        def check(guard: Any = guard) -> object:
            checked = guard.check("Bearer good")
            return asyncio.run(checked) if inspect.isawaitable(checked) else checked

        refusal(check, 503, "temporarily_unavailable")
        assert "TypeError: " in caplog.text


@pytest.mark.parametrize(
    "result", [*NO_INTROSPECTIONS, OAuth2TokenIntrospection(active=False)], ids=repr
)
def test_a_guard_of_a_users_own_that_returns_no_introspection(
    result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert not passes(WsgiGuard(inside, Stub(result)))  # type: ignore[arg-type]
    assert "could not be checked" in caplog.text
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def enter() -> None:
        app: Any = aio_resource_server.AsgiGuard(asgi_app, AsyncStub(result))  # type: ignore[arg-type]
        await app({"type": "http"}, None, send)

    asyncio.run(enter())
    assert sent[0]["status"] == 503


@ONE_SERVER
def test_the_credentials_of_an_asyncio_api_of_a_users_own(hydra: HydraEmulator) -> None:
    class Own:
        api_client = hydra.api(access_token="a").api_client

        async def introspect_oauth2_token(self, token: str) -> Any:
            raise AssertionError

    with pytest.raises(ApiTypeError, match="introspect_oauth2_token is asynchronous, which only"):
        Guard(Own()).check_credentials()  # type: ignore[arg-type]


def test_a_guard_of_a_users_own() -> None:
    introspection = OAuth2TokenIntrospection(active=True)
    assert passes(WsgiGuard(inside, Stub(introspection)))  # type: ignore[arg-type]
    assert passes(WsgiGuard(inside, Stub(SimpleNamespace(active=True, scope=None))))  # type: ignore[arg-type]

    class InAThread(Guard):
        async def check(self, *arguments: Any, **keywords: Any) -> Any:  # type: ignore[override]
            return await asyncio.to_thread(super().check, *arguments, **keywords)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(scope["hydra_client.introspection"].active)

    guarded = aio_resource_server.AsgiGuard(app, InAThread(Source()))  # type: ignore[arg-type]
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer good")]}
    asyncio.run(guarded(scope, None, send))  # type: ignore[arg-type]
    assert sent == [True]
