"""`hydra-client token user` with a browser: the page that it shows at the end."""

from __future__ import annotations

import threading
from queue import Queue

import pytest
import run
from click.testing import CliRunner, Result
from support.chromium import DESKTOP, PHONE, Page
from support.steps import log_in

from hydra_client.cli.app import app


@pytest.mark.parametrize(
    ("decision", "title", "status"), [("Allow", "Logged in", 0), ("Deny", "Login failed", 1)]
)
def test_the_page_at_the_end(
    example: run.Example,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
    decision: str,
    title: str,
    status: int,
) -> None:
    assert example.hydra
    client = example.hydra.add_client(
        client_name="A command", response_types=["code", "id_token"], scope="openid"
    )
    opened: Queue[str] = Queue()
    results: Queue[Result] = Queue()
    monkeypatch.setattr("webbrowser.open", lambda url: opened.put(url) or True)
    environment = {
        "HYDRA_URL": example.hydra_url,
        "HYDRA_CLIENT_ID": example.hydra.root[0],
        "HYDRA_CLIENT_SECRET": example.hydra.root[1],
        "S": client["client_secret"],
    }
    arguments = ["token", "user", "--as", client["id"], "--secret-env", "S", "--register", "-q"]
    command = threading.Thread(
        target=lambda: results.put(
            CliRunner().invoke(app, [*arguments, "--show-secret"], env=environment)
        )
    )
    command.start()
    page.go(opened.get(timeout=60))
    log_in(page)
    page.press(decision)
    assert page.title == f"{title} – hydra-client"
    for size in (PHONE, DESKTOP):
        for dark in (False, True):
            page.look(size, dark)
            assert page.violations() == []
    command.join(60)
    result = results.get(timeout=60)
    assert result.exit_code == status, result.output
