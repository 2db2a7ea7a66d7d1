"""What is specific to the asyncio client: its event loop, closing it, and its token sources."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from support.crowd import seconds_left
from support.crowded import CrowdedServer, run
from support.loopback import ONE, Server, raw_response, refusing_port, within

import hydra_client
from hydra_client import (
    ApiConnectionError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    InsecureTransportWarning,
    UnauthorizedException,
    aio,
)
from hydra_client.tokens import ClientCredentials

TOKENS = raw_response({"access_token": "fetched", "token_type": "bearer", "expires_in": 3600})
REFUSED = raw_response({"error": {"code": 401}}, 401, "Unauthorized")


def connect(server: Server | CrowdedServer, **settings: Any) -> aio.OAuth2Api:
    settings.setdefault("access_token", "token")
    return aio.connect(server.url, timeout=settings.pop("timeout", 10), **settings)


# -- loading


def test_it_loads_neither_requests_nor_urllib3() -> None:
    program = "import hydra_client.aio, sys; print({'requests', 'urllib3'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"


# -- life


def test_it_is_made_before_its_loop_and_closed_for_good() -> None:
    with Server(ONE) as server:
        api = connect(server)

        async def main() -> None:
            async with api as entered:
                assert entered is api
                assert (await api.get_oauth2_client("photos")).id == "photos"
                assert (await api.get_o_auth2_client("photos")).id == "photos"
            with pytest.raises(ApiValueError, match="the client is closed"):
                await api.get_oauth2_client("photos")
            with pytest.raises(ApiValueError, match="the client is closed"):
                async with api.api_client:
                    raise AssertionError

        run(main())
    assert repr(api.api_client) == f"aio.ApiClient({server.url!r})"


def test_it_belongs_to_the_loop_of_its_first_call() -> None:
    with Server(ONE) as server:
        api = connect(server)

        async def first() -> None:
            await api.get_oauth2_client("photos")
            await api.api_client.close()
            api.api_client._transport._closed = False

        run(first())

        async def second() -> None:
            with pytest.raises(ApiValueError, match="another event loop"):
                await api.get_oauth2_client("photos")

        run(second())


def test_it_can_be_closed_after_its_loop() -> None:
    with Server(ONE) as server:
        api = connect(server)

        async def main() -> None:
            await api.get_oauth2_client("photos")

        asyncio.run(main())
        ((connection,),) = api.api_client._transport._idle.values()
        sock = connection.sock
        assert sock.fileno() >= 0
        asyncio.run(api.api_client.close())
        assert sock.fileno() == -1
        del connection
        with pytest.warns(ResourceWarning, match="unclosed transport"):  # from asyncio itself
            gc.collect()


def test_it_is_not_used_after_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(ONE) as server:

        async def main() -> None:
            async with connect(server) as api:
                await api.get_oauth2_client("photos")
                own = os.getpid()
                monkeypatch.setattr(os, "getpid", lambda: own + 1)
                with pytest.raises(ApiValueError, match="before a fork"):
                    await api.get_oauth2_client("photos")
                monkeypatch.undo()

        run(main())


def test_a_call_that_is_under_way_when_the_client_is_closed_ends_by_itself() -> None:
    with CrowdedServer(delay=0.1) as server:

        async def main() -> None:
            api = connect(server)
            task = asyncio.ensure_future(api.introspect_oauth2_token("a"))
            while not server.paths:
                await asyncio.sleep(0.005)
            await api.api_client.close()
            assert (await task).sub == "a"

        run(main())


def test_a_copy_shares_the_connections() -> None:
    with Server(ONE) as server:

        async def main() -> None:
            async with connect(server) as api:
                other = aio.OAuth2Api(api.api_client.copy(access_token="other"))
                await api.get_oauth2_client("photos")
                await other.get_oauth2_client("photos")
                found = await other.with_http_info.get_oauth2_client("photos")
                assert (found.data.id, found.status) == ("photos", 200)
                assert found.headers["content-length"] == found.headers["Content-Length"]
                assert "Content-Length" in list(found.headers)
                assert len(found.headers) == 1
                assert repr(found.headers) == "Headers(['Content-Length'])"

        run(main())
    assert server.connections == 1
    assert server.requests[1].headers["authorization"] == "Bearer other"


def test_wrong_arguments_send_nothing() -> None:
    with pytest.raises(ApiTypeError, match="configuration must be a Configuration"):
        aio.ApiClient("http://127.0.0.1:1")  # type: ignore[arg-type]
    with pytest.raises(ApiValueError, match="does not exist"):
        aio.connect("https://127.0.0.1:1", ssl_ca_cert="no-such-file")
    with Server(ONE) as server:

        async def main() -> None:
            async with connect(server) as api:
                with pytest.raises(ApiValueError):
                    await api.get_oauth2_client("..")
                with pytest.raises(AttributeError, match="did you mean 'get_oauth2_client'"):
                    await api.get_oauth_client("photos")  # type: ignore[attr-defined]

        run(main())
    assert server.requests == []


def test_plain_http_to_another_machine_is_warned_of_where_the_call_is() -> None:
    async def main() -> None:
        api = aio.connect("http://192.0.2.1", access_token="t", timeout=0.05)
        with (
            pytest.warns(InsecureTransportWarning, match="use https") as caught,
            pytest.raises((ApiTimeoutError, ApiConnectionError)),
        ):
            await api.get_oauth2_client("photos")
        ours = [warning for warning in caught if warning.category is InsecureTransportWarning]
        assert [warning.filename for warning in ours] == [__file__]
        await api.api_client.close()

    run(main())


def test_it_can_be_pickled_before_it_is_used() -> None:
    with Server(ONE) as server:
        api = pickle.loads(pickle.dumps(connect(server)))

        async def main() -> None:
            async with api:
                assert (await api.get_oauth2_client("photos")).id == "photos"

        run(main())


# -- token sources


class Vault:
    """An asynchronous source, as a user would write it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.dropped: list[str] = []

    async def token(self, scopes: tuple[str, ...], /) -> str:
        await asyncio.sleep(0)
        self.asked.append(scopes)
        return f"token-{len(self.dropped)}"

    async def drop(self, token: str) -> None:
        await asyncio.sleep(0)
        self.dropped.append(token)


def test_a_source_may_be_asynchronous() -> None:
    vault = Vault()
    with Server(ONE, REFUSED, ONE) as server:

        async def fetch() -> str:
            return "awaited"

        async def main() -> None:
            async with connect(server, access_token=vault) as api:
                await api.get_oauth2_client("photos")
                await api.get_oauth2_client("photos")
                assert await api.api_client.token(("a",)) == "token-1"
            async with connect(server, access_token=fetch) as api:
                await api.get_oauth2_client("photos")
            async with connect(server, access_token=lambda: "called") as api:
                await api.get_oauth2_client("photos")

        run(main())
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {t}" for t in ("token-0", "token-0", "token-1", "awaited", "called")]
    assert vault.dropped == ["token-0"]
    assert vault.asked[-1] == ("a",)


def test_a_source_that_takes_too_long_is_ended_by_the_deadline() -> None:
    ended: list[str] = []

    async def slow() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("slow")
        raise AssertionError

    class Slow(Vault):
        async def drop(self, token: str) -> None:
            await slow()

    async def own_error() -> str:
        raise TimeoutError("of its own")

    with Server(REFUSED) as server:

        async def main() -> None:
            for source in (slow, Slow()):
                async with connect(server, access_token=source, timeout=0.2) as api:
                    with (
                        within(0.2),
                        pytest.raises(
                            ApiTimeoutError, match="waiting for the token source"
                        ) as late,
                    ):
                        await api.get_oauth2_client("photos")
                    assert late.value.__cause__ is late.value.__context__ is None
            async with connect(server, access_token=slow, timeout=0.2) as api:
                with within(0.2), pytest.raises(ApiTimeoutError, match="token source"):
                    await api.api_client.token()
            async with connect(server, access_token=own_error) as api:
                with pytest.raises(TimeoutError, match="of its own"):
                    await api.get_oauth2_client("photos")

        run(main())
    assert ended == ["slow"] * 3
    assert len(server.requests) == 1


def test_a_task_that_a_source_begins_outlives_the_call() -> None:
    """It inherits the context of the call, but not its deadline."""
    renewals: list[asyncio.Task[str]] = []

    class Renewing(Vault):
        def __init__(self, login: aio.OAuth2Api) -> None:
            super().__init__()
            self.login = login

        async def renew(self) -> str:
            await asyncio.sleep(0.3)
            return (await self.login.get_oauth2_client("photos")).id or ""

        async def token(self, scopes: tuple[str, ...], /) -> str:
            renewals.append(asyncio.create_task(self.renew()))
            return await super().token(scopes)

        async def drop(self, token: str) -> None:
            renewals.append(asyncio.create_task(self.renew()))
            await super().drop(token)

    with Server(REFUSED, ONE) as server:

        async def main() -> None:
            async with connect(server, access_token="own") as login:
                source = Renewing(login)
                async with connect(server, access_token=source, timeout=0.2) as api:
                    await api.get_oauth2_client("photos")
                assert await asyncio.gather(*renewals) == ["photos"] * 3

        run(main())


def test_a_future_that_calls_share_outlives_the_one_that_times_out() -> None:
    with Server(ONE) as server:

        async def main() -> None:
            shared = asyncio.get_running_loop().create_future()
            async with connect(server, access_token=lambda: shared) as api:
                patient = asyncio.ensure_future(api.get_oauth2_client("photos"))
                with pytest.raises(ApiTimeoutError, match="token source"):
                    await api.get_oauth2_client("photos", timeout=0.1)
                shared.set_result("token")
                assert (await patient).id == "photos"

        run(main())


def test_the_error_of_a_source_is_in_no_cycle() -> None:
    async def failing() -> str:
        raise ApiValueError("of its own")

    async def wrong() -> Any:
        return b"token"

    async def main() -> None:
        for source in (failing, wrong):
            async with aio.connect("http://127.0.0.1:1", access_token=source) as api:
                try:
                    await api.list_oauth2_clients()
                except (ApiValueError, ApiTypeError) as error:
                    caught = weakref.ref(error)
                await asyncio.sleep(0)
                assert caught() is None

    run(main())


def test_a_cancellation_reaches_the_source() -> None:
    started = asyncio.Event()
    seen: list[type[BaseException]] = []

    async def slow() -> str:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            seen.append(type(error))
            raise
        raise AssertionError

    async def main() -> None:
        async with aio.connect("http://127.0.0.1:1", access_token=slow) as api:
            call = asyncio.ensure_future(api.list_oauth2_clients())
            await started.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    run(main())
    assert seen == [asyncio.CancelledError]


def test_a_source_that_needs_its_own_token() -> None:
    apis: list[aio.OAuth2Api] = []

    async def listed() -> str:
        return str(await apis[-1].list_oauth2_clients())

    class Source:
        async def token(self, scopes: tuple[str, ...], /) -> str:
            return "for-the-vault" if scopes == ("vault",) else await of_the_vault()

    async def of_the_vault() -> str:
        return await apis[-1].api_client.token(("vault",))

    async def asked() -> str:
        return await apis[-1].api_client.token()

    async def main() -> None:
        for source in (asked, listed):
            async with aio.connect("http://127.0.0.1:1", access_token=source) as api:
                apis.append(api)
                for _ in range(2):
                    with pytest.raises(ApiValueError, match="needs a token from this same source"):
                        await api.list_oauth2_clients()
        async with aio.connect("http://127.0.0.1:1", access_token=Source()) as api:
            apis.append(api)
            assert await api.api_client.token(("photos",)) == "for-the-vault"

    run(main())


def test_the_threaded_client_refuses_an_asynchronous_source() -> None:
    class Promise:
        def __await__(self) -> Any:
            raise AssertionError

    async def fetch() -> str:
        raise AssertionError

    with Server(ONE) as server:
        for source in (Vault(), fetch, Promise):
            with (
                hydra_client.connect(server.url, access_token=source) as api,  # type: ignore[arg-type]
                pytest.raises(ApiTypeError, match=r"only the clients of hydra_client\.aio"),
            ):
                api.get_oauth2_client("photos")
    assert server.requests == []


def test_the_deadline_covers_what_a_source_awaits() -> None:
    with Server(lambda peer: peer.stall()) as server:

        async def main() -> None:
            async with connect(server, timeout=30) as other:

                async def fetch() -> str:
                    assert 0 < (seconds_left() or 0) <= 0.5
                    await other.get_oauth2_client("vault")
                    raise AssertionError

                async with connect(server, access_token=fetch, timeout=0.5) as api:
                    with within(0.5), pytest.raises(ApiTimeoutError):
                        await api.get_oauth2_client("photos")
                assert seconds_left() is None

        run(main())


def test_deadlines_of_tasks_stay_apart() -> None:
    left: dict[float, float | None] = {}
    with Server(ONE) as server:

        async def main() -> None:
            async def call(timeout: float) -> None:
                async def fetch() -> str:
                    await asyncio.sleep(0.01)
                    left[timeout] = seconds_left()
                    return "token"

                async with connect(server, access_token=fetch) as api:
                    await api.get_oauth2_client("photos", timeout=timeout)

            await asyncio.gather(call(50), call(500), call(5000))

        run(main())
    assert all(timeout - 45 < (left[timeout] or 0) <= timeout for timeout in (50, 500, 5000))


def test_client_credentials_are_fetched_kept_and_renewed(tmp_path: Path) -> None:
    with Server(TOKENS, ONE, REFUSED, TOKENS, ONE) as server:

        async def main() -> None:
            source = ClientCredentials("id", "secret", cache=tmp_path / "tokens")
            async with connect(server, access_token=source) as api:
                assert (await api.get_oauth2_client("photos")).id == "photos"
                with pytest.raises(UnauthorizedException):
                    await api.get_oauth2_client("photos")
                bound = source.bind(api.api_client)
                assert await bound.token(("hydra.clients",)) == "fetched"

        run(main())
    assert server.paths == ["/oauth2/token", *["/clients/photos"] * 2, "/oauth2/token"]

    async def kept() -> None:
        source = ClientCredentials("id", "secret", cache=tmp_path / "tokens")
        async with connect(server, access_token=source) as api:
            assert await api.api_client.token(("hydra.clients",)) == "fetched"

    run(kept())


def test_files_are_read_and_written_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = []
    replace = os.replace

    def note(*arguments: Any, **how: Any) -> None:
        where.append(threading.current_thread())
        replace(*arguments, **how)

    monkeypatch.setattr(os, "replace", note)
    with Server(TOKENS, ONE) as server:

        async def main() -> None:
            source = ClientCredentials("id", "secret", cache=tmp_path / "tokens")
            async with connect(server, access_token=source) as api:
                await api.get_oauth2_client("photos")

        run(main())
    assert len(where) == 1
    assert where[0] is not threading.main_thread()


# -- what libraries do by themselves


def test_no_cookie_is_kept_and_nothing_is_decoded_unasked() -> None:
    cookie = raw_response({"id": "photos"}, Set_Cookie="session=secret; Path=/")
    with Server(cookie, ONE) as server:

        async def main() -> None:
            async with connect(server) as api:
                found = await api.with_http_info.get_oauth2_client("photos")
                assert found.headers["set-cookie"].startswith("session=")
                await api.get_oauth2_client("photos")

        run(main())
    assert "cookie" not in server.requests[1].headers
    assert server.requests[1].headers["accept-encoding"] == "identity"
    assert [name for name in server.requests[1].headers if name.startswith("accept")] == [
        "accept-encoding",
        "accept",
    ]


def test_both_clients_send_the_same_bytes() -> None:
    with Server(ONE) as server:
        with hydra_client.connect(server.url, access_token="token") as api:
            api.get_oauth2_client("photos", headers={"X-Request-ID": "1"})
            api.update_oauth2_client(
                "photos", hydra_client.OAuth2Client(id="photos"), headers={"X-Request-ID": "1"}
            )

        async def main() -> None:
            async with connect(server) as api:
                await api.get_oauth2_client("photos", headers={"X-Request-ID": "1"})
                await api.update_oauth2_client(
                    "photos", hydra_client.OAuth2Client(id="photos"), headers={"X-Request-ID": "1"}
                )

        run(main())
    threaded, ours = server.requests[:2], server.requests[2:]
    assert [sorted(request.head.split(b"\r\n")) for request in threaded] == [
        sorted(request.head.split(b"\r\n")) for request in ours
    ]
    assert [request.body for request in threaded] == [request.body for request in ours]


def test_no_request_is_repeated_that_may_have_been_carried_out() -> None:
    def hang_up(peer: Any) -> None:
        peer.close()

    with Server(ONE, hang_up) as server:

        async def main() -> None:
            async with connect(server) as api:
                await api.get_oauth2_client("photos")
                with pytest.raises(ApiConnectionError):
                    await api.create_oauth2_client(hydra_client.OAuth2Client())
                with pytest.raises(ApiConnectionError):
                    await api.get_oauth2_client("photos")

        run(main())
    assert len(server.requests) == 1 + 1 + 3


def test_a_netrc_file_authorizes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Server(raw_response({"keys": []})) as server:

        async def main() -> None:
            async with aio.connect(server.url, timeout=10) as api:
                await api.get_well_known(timeout=5)

        with pytest.raises(hydra_client.ApiDecodeError):
            run(main())
    assert "authorization" not in server.requests[0].headers


def test_it_says_what_it_does_in_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "hydra_client")

    async def main(url: str) -> None:
        async with aio.connect(url, access_token="hush", timeout=10, retries=0) as api:
            try:
                await api.get_oauth2_client("photos", headers={"X-Request-ID": "one"})
            except ApiConnectionError:
                pass

    with Server(ONE) as server:
        run(main(server.url))
    run(main(f"http://127.0.0.1:{refusing_port()}"))
    ours = [record.getMessage() for record in caplog.records if record.name == "hydra_client"]
    assert len(ours) == 2
    assert ours[0].startswith("GET /clients/photos: 200 in ")
    assert ours[0].endswith(" ms, X-Request-ID one")
    assert ours[1].startswith("GET /clients/photos: ApiConnectionError in ")
    assert "hush" not in caplog.text
