"""Checks of arguments; no message shows the value of a string."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hydra_client
from hydra_client import aio, consent, introspection, resource_server
from hydra_client.aio import consent as aio_consent
from hydra_client.aio import introspection as aio_introspection
from hydra_client.aio import resource_server as aio_resource_server
from hydra_client.exceptions import ApiTypeError, ApiValueError
from hydra_client.protocol import checks

URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.string, "a"),
        (checks.utf8, "ü"),
        (checks.nonempty, "a"),
        (checks.credential, "a:b"),
        (checks.password, "a b"),
        (checks.token, "a.b-c"),
        (checks.path, "a.pem"),
        (checks.boolean, False),
        (checks.function, print),
        (checks.whole_number, 0),
        (checks.seconds, 0.0),
        (checks.timeout, 86400.0),
        (checks.base_url, "https://hydra.example.com/prefix"),
        (checks.proxy_url, "http://user:password@127.0.0.1:3128"),
    ],
)
def test_what_is_valid_is_returned(check: Callable[[str, Any], Any], value: object) -> None:
    assert check("it", value) == value
    with pytest.raises(ApiTypeError, match=r"^it must be .+, got object$"):
        check("it", object())


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.utf8, "hush\ud800"),
        (checks.nonempty, ""),
        (checks.credential, "hush\n"),
        (checks.password, "hush\x00"),
        (checks.token, "hush hush"),
        (checks.token, ""),
        (checks.token, "Bearer hush"),
        (checks.whole_number, -1),
        (checks.seconds, -0.1),
        (checks.seconds, math.inf),
        (checks.timeout, 0),
        (checks.timeout, math.nan),
        (checks.base_url, "http://user:hush@127.0.0.1"),
        (checks.proxy_url, "socks5://user:hush@127.0.0.1"),
    ],
)
def test_what_is_not_valid_is_refused_and_not_shown(
    check: Callable[[str, Any], Any], value: object
) -> None:
    with pytest.raises(ApiValueError, match=r"^it ") as refused:
        check("it", value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("check", [checks.timeout, checks.seconds])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_is_no_float(check: Callable[[str, Any], Any], sign: int) -> None:
    with pytest.raises(ApiValueError, match=f"^it must be .*, got {sign * math.inf:g}$"):
        check("it", sign * 10**5000)


def test_secrets_stay_out_of_repr() -> None:
    assert repr(checks.password("it", "hush")) == repr(checks.token("it", "hush")) == "'***'"


def test_a_path_may_be_an_object() -> None:
    assert checks.path("it", Path("a.pem")) == "a.pem"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("::1", True),
        ("127.1.2.3", True),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_what_can_only_be_this_machine(host: str, loopback: bool) -> None:
    assert checks.is_loopback(host) is loopback


USERS: dict[str, Callable[[Any, Any], object]] = {
    "code_flow.CodeFlow": lambda user, api: user(api, redirect_uri=URL, scope="openid"),
    "consent.ConsentApp": lambda user, api: user(api),
    "id_token.IdTokenVerifier": lambda user, api: user(api, "my-app"),
    "introspection.CachedIntrospection": lambda user, api: user(api),
    "resource_server.Guard": lambda user, api: user(api),
}


@pytest.mark.parametrize("path", USERS)
def test_threads_and_asyncio_do_not_mix(path: str) -> None:
    module, name = path.split(".")
    threads = getattr(pytest.importorskip(f"hydra_client.{module}"), name)
    asyncio = getattr(pytest.importorskip(f"hydra_client.aio.{module}"), name)
    api, aio_api = hydra_client.connect(URL, "my-app"), aio.connect(URL, "my-app")
    USERS[path](threads, api)
    USERS[path](asyncio, aio_api)
    with pytest.raises(ApiTypeError, match=f"^{name} cannot use an asyncio API: use the {name} of"):
        USERS[path](threads, aio_api)
    with pytest.raises(ApiTypeError, match=f"^{name} of hydra_client.aio needs an asyncio API"):
        USERS[path](asyncio, api)


@pytest.mark.parametrize("path", set(USERS) - {"resource_server.Guard"})
def test_what_is_no_api(path: str) -> None:
    module, name = path.split(".")
    threads = getattr(pytest.importorskip(f"hydra_client.{module}"), name)
    asyncio = getattr(pytest.importorskip(f"hydra_client.aio.{module}"), name)
    client = hydra_client.connect(URL, "my-app").api_client
    for wrong in (client, hydra_client.PolicyApi(client), URL, None):
        given = type(wrong).__name__
        for user in (threads, asyncio):
            with pytest.raises(ApiTypeError, match=f"^api must be an OAuth2Api, .*, got {given}$"):
                USERS[path](user, wrong)


@pytest.mark.parametrize("path", USERS)
def test_the_class_of_an_api(path: str) -> None:
    module, name = path.split(".")
    user = getattr(pytest.importorskip(f"hydra_client.{module}"), name)
    message = f"^{name} needs an instance of OAuth2Api, not the class itself$"
    with pytest.raises(ApiTypeError, match=message):
        USERS[path](user, hydra_client.OAuth2Api)


def test_an_api_may_be_of_any_class() -> None:
    class Stub:
        def get_oauth2_consent_request(self, id: str) -> object:
            raise AssertionError

    stub: Any = Stub()
    consent.ConsentApp(stub, URL)
    aio_consent.ConsentApp(stub, URL)


def test_an_api_of_another_kind() -> None:
    checks.threaded_api(hydra_client.connect(URL), hydra_client.OAuth2Api)
    with pytest.raises(
        ApiTypeError, match=r"^api must be a hydra_client\.PolicyApi, got hydra_client\.api\."
    ):
        checks.threaded_api(hydra_client.connect(URL), hydra_client.PolicyApi)


def test_a_guard_needs_a_source() -> None:
    message = "source must be an OAuth2Api or a CachedIntrospection, got str"
    with pytest.raises(ApiTypeError, match=message):
        resource_server.Guard(URL)  # type: ignore[arg-type]


def test_a_guard_and_its_cache_are_of_one_kind() -> None:
    api, aio_api = hydra_client.connect(URL), aio.connect(URL)
    with pytest.raises(ApiTypeError, match=r"^Guard cannot use an asyncio API"):
        resource_server.Guard(aio_introspection.CachedIntrospection(aio_api))  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match="needs an asyncio API"):
        aio_resource_server.Guard(introspection.CachedIntrospection(api))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["OAuth2Api", "PolicyApi", "WardenApi"])
def test_an_api_takes_the_client_of_another(name: str) -> None:
    api, aio_api = hydra_client.connect(URL), aio.connect(URL)
    threads, asyncio = getattr(hydra_client, name), getattr(aio, name)
    assert threads(api.api_client).api_client is api.api_client
    assert asyncio(aio_api.api_client).api_client is aio_api.api_client
    for made in (threads, asyncio):
        for wrong in (hydra_client.Configuration(), URL, ""):
            given = type(wrong).__name__
            with pytest.raises(
                ApiTypeError, match=rf"^api_client must be an ApiClient, .*, got {given}$"
            ):
                made(wrong)
        with pytest.raises(ApiTypeError, match=f"^{name} needs an instance of ApiClient, not the"):
            made(hydra_client.ApiClient)
        with pytest.raises(ApiTypeError, match=rf"not an API: use {name}\(api\.api_client\)"):
            made(api)
    with pytest.raises(ApiTypeError, match=f"{name} cannot use an asyncio API"):
        threads(aio_api.api_client)
    with pytest.raises(ApiTypeError, match=f"{name} of hydra_client.aio needs an asyncio API"):
        asyncio(api.api_client)
