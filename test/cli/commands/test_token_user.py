"""`token user`: the code flow with a real callback; only the right response counts."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.command import Run, Start, add_caller, calling, inherited, name_root, tell
from support.loopback import refusing_port

from hydra_client import ConsentRequestRejection
from hydra_client.emulator import HydraEmulator

AS = ("--as", "my-app", "--secret-env", "S")


def add(hydra: HydraEmulator, **members: Any) -> None:
    hydra.add_client(
        **{
            "id": "my-app",
            "client_secret": "a-secret",
            "redirect_uris": [
                "https://app.example.com/cb",
                "http://127.0.0.1/cb",
                "http://127.0.0.1:0/cb",
                "http://[::1/cb",
                f"http://127.0.0.1:{refusing_port()}/cb",
            ],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code", "id_token"],
            "scope": "openid offline",
            **members,
        }
    )


class User:
    """Somebody with a browser, who logs in when it opens."""

    def __init__(self, hydra: HydraEmulator) -> None:
        self.hydra = hydra
        self.callbacks: list[str] = []
        self.pages: list[requests.Response] = []
        self.threads: list[threading.Thread] = []
        self.decide: Callable[[str], str] = lambda id: hydra.accept_consent(id, "alice")
        self.arrive: Callable[[str], None] = self.visit

    def visit(self, url: str) -> None:
        self.pages.append(requests.get(url, timeout=30))

    def open(self, url: str) -> bool:
        self.threads.append(threading.Thread(target=self.log_in, args=(url,), daemon=True))
        self.threads[-1].start()
        return True

    def log_in(self, url: str) -> None:
        session = requests.Session()
        at = session.get(url, allow_redirects=False, timeout=30).headers["Location"]
        (id,) = parse_qs(urlsplit(at).query)["consent"]
        back = session.get(self.decide(id), allow_redirects=False, timeout=30)
        self.callbacks.append(back.headers["Location"])
        self.arrive(back.headers["Location"])


Person = Callable[[HydraEmulator], User]


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Gives a server a user, who reads the last page before the test ends."""
    users: list[User] = []

    def person(hydra: HydraEmulator) -> User:
        user = User(hydra)
        users.append(user)
        monkeypatch.setattr("webbrowser.open", user.open)
        return user

    yield person
    for thread in [thread for user in users for thread in user.threads]:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def user(root: HydraEmulator, person: Person) -> User:
    return person(root)


def test_log_in(run: Run, every_root: HydraEmulator, person: Person, tmp_path: Path) -> None:
    user = person(every_root)
    add(every_root)
    file = tmp_path / "tokens.json"
    arguments = ("--scope", "openid", "--scope", "offline", "--secret-out", str(file))
    result = run("token", "user", *AS, *arguments, S="a-secret")
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "Continue in the browser.\nThe ID token is valid; the user is alice.\n"
        f"Saved the tokens to {file}.\n"
    )
    tokens = json.loads(file.read_text())
    assert set(tokens) >= {"access_token", "refresh_token", "id_token"}
    assert not any(secret in result.output for secret in tokens.values() if len(str(secret)) > 20)
    user.threads[-1].join()
    (page,) = user.pages
    assert "<h1>Logged in</h1>" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Location" not in page.headers
    active = run("token", "introspect", "-q", "--token-file", str(file))
    assert active.output == "active\n"


def test_the_calling_client_itself(run: Run, user: User, root: HydraEmulator) -> None:
    """Without openid there is no ID token to verify, and no key is needed."""
    add(
        root, scope="photos hydra.clients", grant_types=["authorization_code", "client_credentials"]
    )
    root.allow("my-app", actions="get")
    asked = ("token", "user", "--scope", "photos", "--quiet", "--show-secret")
    result = run(*asked, **calling(root, "my-app"))
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert run("token", "introspect", "-q", input=result.stdout).output == "active\n"


def test_a_redirect_uri_that_the_client_does_not_have(
    run: Run, user: User, root: HydraEmulator
) -> None:
    """The browser is not opened: nobody would come back."""
    add(root, redirect_uris=["http://127.0.0.1:5555/callback"])
    result = run(
        "token", "user", "--as", "my-app", "--redirect-uri", "http://localhost:5555/callback"
    )
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: the client my-app has no redirect URI http://localhost:5555/callback; it has "
        "http://127.0.0.1:5555/callback. They must match exactly\n"
    )
    root.add_client(id="bare", scope="openid")
    result = run("token", "user", "--as", "bare", "--redirect-uri", "http://127.0.0.1:5555/")
    assert "; it has none." in result.stderr
    missing = run("token", "user", "--as", "nope", "--redirect-uri", "http://127.0.0.1:5555/")
    assert missing.exit_code == 4
    assert not any(request.path.startswith("/oauth2/auth") for request in root.requests)


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_a_caller_that_may_not_read_the_client_is_believed(
    run: Run, monkeypatch: pytest.MonkeyPatch, person: Person, version: str
) -> None:
    with HydraEmulator(version=version) as hydra:
        name_root(hydra, monkeypatch)
        user = person(hydra)
        uri = f"http://127.0.0.1:{refusing_port()}/callback"
        for scope in ("photos", "photos hydra.clients"):
            add(
                hydra,
                redirect_uris=[uri],
                scope=scope,
                grant_types=["authorization_code", "client_credentials"],
            )
            caller = {"HYDRA_CLIENT_ID": "my-app", "HYDRA_CLIENT_SECRET": "a-secret"}
            result = run("token", "user", "--scope", "photos", "--redirect-uri", uri, **caller)
            assert result.exit_code == 0, result.output
            user.threads[-1].join()


def test_a_client_with_no_secret(run: Run, every_root: HydraEmulator, person: Person) -> None:
    person(every_root)
    add(every_root, public=True)
    assert run("token", "user", "--as", "my-app").exit_code == 0


@pytest.mark.parametrize("uri", ["http://localhost:{}", "http://127.0.0.1:{}/cb?x=y"])
def test_a_given_redirect_uri(run: Run, user: User, root: HydraEmulator, uri: str) -> None:
    uri = uri.format(refusing_port())
    add(root, redirect_uris=[uri])
    result = run("token", "user", *AS, "--redirect-uri", uri, S="a-secret")
    assert result.exit_code == 0, result.output
    place, _, query = uri.partition("?")
    assert user.callbacks[0].startswith(f"{place}?")
    assert query in user.callbacks[0]


def test_register(run: Run, every_root: HydraEmulator, person: Person) -> None:
    """A port of its own choosing, which the client has for as long as it takes."""
    user = person(every_root)
    add(every_root, redirect_uris=["https://app.example.com/cb"])
    before = run("clients", "get", "my-app", "-o", "json").output
    result = run("token", "user", *AS, "--register", S="a-secret")
    assert result.exit_code == 0, result.output
    assert re.match(r"http://127\.0\.0\.1:\d+/callback\?", user.callbacks[0])
    assert run("clients", "get", "my-app", "-o", "json").output == before


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_tokens_stay_where_the_redirect_uri_could_not_be_taken_back(
    run: Run, root: HydraEmulator, user: User, tmp_path: Path, status: int
) -> None:
    add(root)

    def decide(id: str) -> str:
        root.fail("/clients/my-app", method="PUT", status=status, times=None)
        return root.accept_consent(id, "alice")

    user.decide = decide
    file = tmp_path / "t.json"
    arguments = ("--register", "--secret-out", str(file))
    result = run("token", "user", *AS, *arguments, S="a-secret")
    assert result.exit_code != 0
    assert "may still be registered" in result.stderr
    assert f"so {file} was kept" in result.stderr
    root._faults.clear()
    assert run("token", "introspect", "-q", "--token-file", str(file)).output == "active\n"


def test_register_the_only_one(run: Run, every_root: HydraEmulator, person: Person) -> None:
    person(every_root)
    add(every_root, redirect_uris=[])
    result = run("token", "user", *AS, "--register", S="a-secret")
    assert result.exit_code == 0
    assert ("remains registered" in result.stderr) == (not every_root.variant.is_sql)


def test_the_address_is_printed(start: Start, root: HydraEmulator) -> None:
    add(root)
    process = start("token", "user", *AS, "--no-browser", env={"S": "a-secret"})
    assert process.stderr is not None
    assert process.stderr.readline() == "Open this URL in a browser:\n"
    User(root).log_in(process.stderr.readline().strip())
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("access_token  ***\n")
    assert "the user is alice" in err


def test_the_address_is_printed_where_there_is_no_browser(
    run: Run, user: User, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(root)
    monkeypatch.setattr("webbrowser.open", lambda url: not user.open(url))
    result = run("token", "user", *AS, S="a-secret")
    assert result.exit_code == 0
    assert result.stderr.startswith(f"Open this URL in a browser:\n{root.url}/oauth2/auth?")


def test_only_the_right_response_counts(run: Run, user: User, root: HydraEmulator) -> None:
    add(root)

    def arrive(url: str) -> None:
        place, _, query = url.partition("?")
        user.visit(place.replace("/cb", "/favicon.ico"))
        user.visit(place)
        user.visit(f"{place}?code=forged&state=forged-state")
        user.visit(f"{place}?{query}&{query}")
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as browser:
            browser.sendall(f"GET {url.removeprefix('http://127.0.0.1')} HTTP/1.1\r\n".encode())
        user.visit(url)
        try:
            user.visit(url)
        except requests.ConnectionError:
            pass  # it has ended already

    user.arrive = arrive
    result = run("token", "user", *AS, S="a-secret")
    user.threads[-1].join()
    assert result.exit_code == 0
    assert [page.status_code for page in user.pages[:5]] == [404, 400, 400, 400, 200]
    assert [page.status_code for page in user.pages[5:]] in ([], [400])
    exchanges = [request for request in root.requests if "authorization_code" in request.body]
    assert len(exchanges) == 1


def test_a_browser_that_goes_away_too_soon(run: Run, user: User, root: HydraEmulator) -> None:
    """The response is there; whether the browser still shows the page does not matter."""
    import struct

    add(root)
    root.fail("/oauth2/token", delay=0)

    def arrive(url: str) -> None:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port)) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(f"GET {parts.path}?{parts.query} HTTP/1.0\r\n\r\n".encode())

    user.arrive = arrive
    assert run("token", "user", *AS, "--wait", "60", S="a-secret").exit_code == 0


def test_no(run: Run, user: User, root: HydraEmulator, tmp_path: Path) -> None:
    add(root)

    def decide(id: str) -> str:
        # By the API: two commands at once in one process would share their output.
        with root.api() as api:
            api.reject_oauth2_consent_request(
                id, ConsentRequestRejection(reason="The user said no.")
            )
            return api.get_oauth2_consent_request(id).redirect_url or ""

    user.decide = decide
    file = tmp_path / "tokens.json"
    result = run("token", "user", *AS, "--secret-out", str(file), S="a-secret")
    user.threads[-1].join()
    assert result.exit_code == 1
    assert "Error: rejected_consent_request: The user said no.\n" in result.stderr
    assert "<h1>Login failed</h1>" in user.pages[0].text
    assert not file.exists()


def test_an_id_token_that_is_not_good(
    run: Run, user: User, root: HydraEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was issued a day ahead: no token of this response is shown."""
    add(root)
    root.clock.advance(86400)
    result = run("token", "user", *AS, "--show-secret", S="a-secret")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "iat" in result.stderr


def test_nobody_comes(run: Run, root: HydraEmulator) -> None:
    add(root)
    result = run("token", "user", *AS, "--no-browser", "--wait", "0.1", S="a-secret")
    assert result.exit_code == 1
    assert result.stderr.endswith("Error: the browser did not come back within 0.1 seconds\n")


def test_interrupted(start: Start, root: HydraEmulator) -> None:
    add(root, redirect_uris=["https://app.example.com/cb"])
    process = start("token", "user", *AS, "--no-browser", "--register", env={"S": "a-secret"})
    assert process.stderr is not None
    process.stderr.readline()
    tell(process)
    assert "Interrupted." in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    updates = [json.loads(request.body) for request in root.requests if request.method == "PUT"]
    assert [len(client["redirect_uris"]) for client in updates] == [2, 1]


def test_a_caller_who_may_not_read_the_keys(run: Run, user: User, root: HydraEmulator) -> None:
    """Told before a user is sent anywhere."""
    add(root)
    caller = add_caller(root)
    root.allow("caller", resources="rn:hydra:clients:<.*>")
    result = run("token", "user", *AS, S="a-secret", **caller)
    assert result.exit_code == 5
    assert "hydra.keys.get" in result.stderr
    assert user.callbacks == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--register", "--redirect-uri", "x"], 2, "cannot be used together"),
        (["--redirect-uri", "https://127.0.0.1:1/cb"], 2, "cannot be listened on"),
        (["--redirect-uri", "http://[::1]:1/cb"], 2, "cannot be listened on"),
        (["--redirect-uri", "http://192.0.2.1:1/cb"], 2, "cannot be listened on"),
        (["--redirect-uri", "http://127.0.0.1:99999/cb"], 2, "cannot be listened on"),
        (["--redirect-uri", "http://127.0.0.1:1234/cb#x"], 2, "cannot be listened on"),
        (["--as", "nobody"], 4, "404"),
        (["--as", "remote", "--secret-env", "S"], 2, "no redirect URI on a loopback address"),
        (["--wait", "0"], 2, "--wait"),
    ],
)
def test_usage(
    run: Run, root: HydraEmulator, arguments: list[str], status: int, message: str
) -> None:
    root.add_client(id="remote", redirect_uris=["https://app.example.com/cb"])
    result = run("token", "user", *arguments, S="a-secret")
    assert result.exit_code == status, result.output
    assert message in result.stderr


def test_which_client(run: Run, hydra: HydraEmulator) -> None:
    result = run("token", "user", "--url", hydra.url)
    assert result.exit_code == 2
    assert "no client: use --as" in result.stderr


def test_a_port_that_is_taken(run: Run, root: HydraEmulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        uri = f"http://127.0.0.1:{taken.getsockname()[1]}/cb"
        add(root, redirect_uris=[uri])
        result = run("token", "user", *AS, "--redirect-uri", uri, S="a-secret")
    assert result.exit_code == 1
    assert "Address already in use" in result.stderr


@pytest.mark.parametrize(
    ("number", "status"), [(errno.EADDRINUSE, 1), (errno.EAFNOSUPPORT, 0), (errno.EADDRNOTAVAIL, 0)]
)
def test_a_machine_where_ipv6_is_taken_or_missing(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    user: User,
    root: HydraEmulator,
    number: int,
    status: int,
) -> None:
    class Socket(socket.socket):
        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(number, os.strerror(number))
            super().bind(address)

    monkeypatch.setattr("socket.socket", Socket)
    port = refusing_port()
    uri = f"http://localhost:{port}/cb"
    add(root, redirect_uris=[uri])
    result = run("token", "user", *AS, "--redirect-uri", uri, S="a-secret")
    assert result.exit_code == status, result.output
    refusal = f"cannot reserve [::1]:{port}: Address already in use. The browser might send the"
    assert (refusal in result.stderr) == bool(status)
    assert len(user.callbacks) == 1 - status


def test_nobody_else_gets_the_code_for_localhost(
    monkeypatch: pytest.MonkeyPatch, run: Run, user: User, root: HydraEmulator
) -> None:
    port = refusing_port()
    add(root, redirect_uris=[f"http://localhost:{port}/cb"])
    try:
        socket.create_server(("::1", port), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    seen: list[OSError] = []

    def try_to_listen(url: str) -> bool:
        with pytest.raises(OSError, match="in use") as refused:
            socket.create_server(("::1", port), family=socket.AF_INET6)
        seen.append(refused.value)
        return user.open(url)

    monkeypatch.setattr("webbrowser.open", try_to_listen)
    result = run("token", "user", *AS, S="a-secret")
    assert result.exit_code == 0, result.output
    assert seen


def test_a_redirect_uri_on_127_0_0_1_is_preferred(
    run: Run, user: User, root: HydraEmulator
) -> None:
    port = refusing_port()
    uris = ["https://a.example/cb", f"http://localhost:{port}/cb", f"http://127.0.0.1:{port}/cb"]
    add(root, redirect_uris=uris)
    result = run("token", "user", *AS, S="a-secret")
    assert result.exit_code == 0, result.output
    assert user.callbacks[0].startswith(uris[2])


@pytest.mark.parametrize(
    ("sent", "inherits", "status"),
    [
        ([signal.SIGINT], signal.SIG_DFL, 130),
        ([signal.SIGTERM], signal.SIG_DFL, 143),
        ([signal.SIGHUP], signal.SIG_DFL, 129),
        ([signal.SIGHUP, signal.SIGTERM], signal.SIG_IGN, 143),  # as under nohup
    ],
)
def test_a_run_that_is_stopped_leaves_no_redirect_uri(
    start: Start,
    root: HydraEmulator,
    sent: list[signal.Signals],
    inherits: signal.Handlers,
    status: int,
) -> None:
    add(root)
    before = root.api().get_oauth2_client("my-app").redirect_uris
    asked = ("token", "user", *AS, "--no-browser", "--register")
    with inherited(signal.SIGHUP, inherits):
        process = start(*asked, env={"S": "a-secret"})
    assert process.stderr is not None
    assert process.stderr.readline() == "Open this URL in a browser:\n"
    assert root.api().get_oauth2_client("my-app").redirect_uris != before
    for number in sent:
        tell(process, number)
    process.communicate(timeout=60)
    assert process.returncode == status
    assert root.api().get_oauth2_client("my-app").redirect_uris == before
