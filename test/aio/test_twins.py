"""Tasks that are cancelled while they fetch keys, refresh tokens or introspect."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hydra_client import ApiConnectionError, BadRequestException, aio
from hydra_client.aio.code_flow import CodeFlow
from hydra_client.aio.id_token import IdTokenVerifier
from hydra_client.aio.introspection import CachedIntrospection
from hydra_client.emulator import ConsentFlow, HydraEmulator
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.responses import Response

# More of them: HYDRA_TEST_CANCELLATIONS=10000 pytest test/aio
CANCELLATIONS = int(os.environ.get("HYDRA_TEST_CANCELLATIONS", "1000")) // 5
NONCE = "a-nonce-of-the-test"
KEYS, TOKEN, INTROSPECT = "/.well-known/jwks.json", "/oauth2/token", "/oauth2/introspect"


def received(hydra: HydraEmulator, path: str) -> int:
    return sum(request.path == path for request in hydra.requests)


async def requests_to(hydra: HydraEmulator, path: str, count: int) -> None:
    """Wait until the server has received so many requests."""
    for _ in range(3000):
        if received(hydra, path) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no request arrived")


async def cancel_the_first(
    work: Callable[[], Awaitable[Any]], hydra: HydraEmulator, path: str, count: int
) -> list[Any]:
    """Let four tasks work at the same time, cancel the one that sent the request."""
    tasks = [asyncio.ensure_future(work()) for _ in range(4)]
    await requests_to(hydra, path, count)
    tasks[0].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return outcomes[1:]


def run(program: Callable[[HydraEmulator, aio.OAuth2Api], Awaitable[None]]) -> None:
    async def main() -> None:
        async with aio.connect(hydra.url, *hydra.root) as api:
            await api.api_client.token(("hydra.keys.get",))
            await api.api_client.token(("hydra.introspect",))
            await program(hydra, api)

    with HydraEmulator() as hydra:
        asyncio.run(main())


def test_another_task_takes_over_the_fetch_of_keys() -> None:
    async def program(hydra: HydraEmulator, api: aio.OAuth2Api) -> None:
        callback = await asyncio.to_thread(ConsentFlow(hydra))
        id_token = callback.exchange()["id_token"]
        verifier = IdTokenVerifier(api, callback.client_id)
        hydra.fail(KEYS, delay=60)  # until the server stops
        outcomes = await cancel_the_first(
            lambda: verifier.verify(id_token, nonce=NONCE), hydra, KEYS, 1
        )
        assert [claims.sub for claims in outcomes] == ["alice"] * 3
        assert received(hydra, KEYS) == 2

    run(program)


def test_another_task_takes_over_an_introspection() -> None:
    async def program(hydra: HydraEmulator, api: aio.OAuth2Api) -> None:
        token = await api.api_client.token(("hydra.keys.get",))
        introspect = CachedIntrospection(api)
        hydra.fail(INTROSPECT, delay=60)  # until the server stops
        outcomes = await cancel_the_first(lambda: introspect(token), hydra, INTROSPECT, 1)
        assert [response.active for response in outcomes] == [True] * 3
        assert received(hydra, INTROSPECT) == 2

    run(program)


def test_a_cancelled_refresh_may_have_used_up_the_token() -> None:
    """So nobody takes over, and the next refusal says what may have happened."""

    async def program(hydra: HydraEmulator, api: aio.OAuth2Api) -> None:
        callback = await asyncio.to_thread(ConsentFlow(hydra), scope="openid offline")
        own = aio.OAuth2Api(
            api.api_client.copy(username=callback.client_id, password=callback.client_secret)
        )
        flow = CodeFlow(
            own,
            callback.url.partition("?")[0],
            "openid offline",
            verifier=IdTokenVerifier(api, callback.client_id),
            state=callback.params["state"],
            nonce=NONCE,
        )
        await flow.exchange(callback.url)
        sent = received(hydra, TOKEN)
        was_cancelled, carried_out = threading.Event(), threading.Event()
        dispatch = hydra._dispatch

        def dispatch_later(request: Request) -> Response:
            assert was_cancelled.wait(30)
            response = dispatch(request)
            carried_out.set()
            return response

        hydra._dispatch = dispatch_later  # type: ignore[method-assign]
        outcomes = await cancel_the_first(flow.refresh, hydra, TOKEN, sent + 1)
        assert [type(outcome) for outcome in outcomes] == [ApiConnectionError] * 3
        was_cancelled.set()
        assert await asyncio.to_thread(carried_out.wait, 30)
        with pytest.raises(BadRequestException, match="may have succeeded"):
            await flow.refresh()

    run(program)


def test_whatever_is_cancelled_at_any_moment_the_next_caller_gets_its_own_response() -> None:
    luck = random.Random(0)
    ahead = 0.0

    def clock() -> float:
        return time.time() + ahead

    async def program(hydra: HydraEmulator, api: aio.OAuth2Api) -> None:
        nonlocal ahead
        cancelled = 0
        callback = await asyncio.to_thread(ConsentFlow(hydra))
        tokens = callback.exchange()
        verifier = IdTokenVerifier(api, callback.client_id, leeway=1e9, clock=clock)
        introspect = CachedIntrospection(api, clock=clock)

        async def verify() -> object:
            return (await verifier.verify(tokens["id_token"], nonce=NONCE)).sub

        async def ask() -> object:
            return (await introspect(tokens["access_token"])).sub

        async def one(work: Callable[[], Awaitable[object]]) -> None:
            nonlocal cancelled
            task = asyncio.ensure_future(work())
            await asyncio.sleep(luck.choice([0, luck.uniform(0, 0.004), luck.uniform(0, 0.03)]))
            task.cancel()
            try:
                assert await task == "alice"
            except asyncio.CancelledError:
                cancelled += 1
            assert await work() == "alice"

        while cancelled < CANCELLATIONS:
            ahead += 3600  # nothing that is kept is good any more
            await asyncio.gather(*(one(luck.choice([verify, ask])) for _ in range(6)))
        assert verifier._cache._flights == introspect._cache._flights == {}
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(program)
