"""Fixtures that run all the examples, with browsers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import run
from support.chromium import Page, missing
from support.variants import IDS, VARIANTS


@pytest.fixture(autouse=True, scope="session")
def _needs_browser() -> None:
    if reason := missing():
        pytest.skip(reason)


@contextmanager
def running(version: str = "0.10", store: str = "memory") -> Iterator[run.Example]:
    with run.running(run.Ports(0, 0, 0, 0), version, store) as example:
        yield example


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Logins are tried on each variant, what concerns the pages on one."""
    if "_example" in metafunc.fixturenames:
        each = metafunc.module.__name__.endswith("test_login")
        variants = (
            dict(zip(IDS, VARIANTS, strict=True)) if each else {"0.10-memory": ("0.10", "memory")}
        )
        metafunc.parametrize(
            "_example", variants.values(), ids=list(variants), indirect=True, scope="session"
        )


@pytest.fixture(scope="session")
def _example(request: pytest.FixtureRequest, _needs_browser: None) -> Iterator[run.Example]:
    with running(*request.param) as example:
        yield example


@pytest.fixture
def example(_example: run.Example) -> Iterator[run.Example]:
    """All examples on one variant, as if they had just started."""
    assert _example.hydra
    yield _example
    _example.hydra.clock.reset()
    _example.hydra._faults.clear()
    _example.hydra._requests.clear()
    with closing(sqlite3.connect(_example.store.path)) as database, database:
        for table in ("attempts", "memory", "consents"):
            database.execute(f"DELETE FROM {table}")


@pytest.fixture(params=VARIANTS, ids=IDS)
def any_example(request: pytest.FixtureRequest, _needs_browser: None) -> Iterator[run.Example]:
    """All examples, on each variant."""
    with running(*request.param) as example:
        yield example


@pytest.fixture(scope="session")
def _page(
    _needs_browser: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Page]]:
    pages: dict[str, Page] = {}

    def make(name: str) -> Page:
        if name not in pages:
            pages[name] = Page(tmp_path_factory.mktemp(name), cookies=name != "cookieless")
        pages[name].reset()
        return pages[name]

    yield make
    for page in pages.values():
        page.close()


@pytest.fixture
def page(_page: Callable[[str], Page]) -> Page:
    """A user's browser."""
    return _page("user")


@pytest.fixture
def other(_page: Callable[[str], Page]) -> Page:
    """Somebody else's browser."""
    return _page("other")


@pytest.fixture
def cookieless(_page: Callable[[str], Page]) -> Page:
    """A browser that refuses cookies."""
    return _page("cookieless")


@pytest.fixture
def site() -> Iterator[Callable[[str], str]]:
    """Somebody else's site, on another host: call it with a page, and get the address."""
    pages: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = pages[int(self.path[1:])].encode() if self.path[1:].isdigit() else b""
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def add(page: str) -> str:
        pages.append(page)
        return f"http://localhost:{server.server_port}/{len(pages) - 1}"

    yield add
    server.shutdown()
    thread.join()
    server.server_close()
