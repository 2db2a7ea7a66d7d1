"""`consent`: shows, accepts and rejects consent requests."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import yaml
from support.command import Run

from hydra_client.emulator import HydraEmulator

CALLBACK = "http://127.0.0.1/callback"


class Browser:
    """A browser on its way through a code flow."""

    def __init__(self, hydra: HydraEmulator) -> None:
        hydra.add_client(
            id="my-app",
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code"],
            response_types=["code", "id_token"],
            scope="openid photos",
        )
        self.session = requests.Session()
        response = self.visit(
            f"{hydra.url}/oauth2/auth?client_id=my-app&redirect_uri={CALLBACK}&response_type=code"
            "&scope=openid+photos&state=some-state&nonce=some-nonce"
        )
        (self.id,) = response["consent"]

    def visit(self, url: str) -> dict[str, list[str]]:
        response = self.session.get(url, allow_redirects=False, timeout=30)
        return parse_qs(urlsplit(response.headers["Location"]).query)


@pytest.fixture
def browser(root: HydraEmulator) -> Browser:
    return Browser(root)


def test_accept(run: Run, every_root: HydraEmulator) -> None:
    browser = Browser(every_root)
    asked = json.loads(run("consent", "get", browser.id, "-o", "json", "--show-secret").output)
    assert asked["requestedScopes"] == ["openid", "photos"]
    assert asked["clientId"] == "my-app"
    result = run("consent", "accept", browser.id, "--subject", "alice", "--grant-all")
    assert result.exit_code == 0
    assert result.stdout == f"id           {browser.id}\nredirectUrl  ***\n"
    assert result.stderr == "Use --show-secret to print the URL to send the browser to.\n"
    response = browser.visit(asked["redirectUrl"])
    assert response["scope"] == ["openid photos"]
    assert "code" in response


def test_accept_a_part(run: Run, browser: Browser, root: HydraEmulator, tmp_path: Path) -> None:
    (tmp_path / "extra.yaml").write_text("role: editor\n")
    result = run(
        *("consent", "accept", browser.id, "--subject", "alice", "--grant-scope", "openid"),
        *("--access-token-extra", str(tmp_path / "extra.yaml"), "--id-token-extra", "-"),
        "--quiet",
        input='{"email": "alice@example.com"}',
    )
    assert result.stderr == ""
    assert browser.visit(result.stdout.strip())["scope"] == ["openid"]
    assert json.loads(root.requests[-2].body) == {
        "subject": "alice",
        "grantScopes": ["openid"],
        "accessTokenExtra": {"role": "editor"},
        "idTokenExtra": {"email": "alice@example.com"},
    }


def test_reject(run: Run, every_root: HydraEmulator) -> None:
    browser = Browser(every_root)
    result = run("consent", "reject", browser.id, "--reason", "No, thanks.", "-q")
    response = browser.visit(result.stdout.strip())
    assert response["error"] == ["rejected_consent_request"]
    assert response["error_description"] == ["No, thanks."]
    result = run("consent", "reject", browser.id, "--reason", "No.")
    assert "redirectUrl  ***\n" in result.stdout


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_programs_get_the_url(run: Run, browser: Browser, form: str) -> None:
    result = run("consent", "reject", browser.id, "--reason", "No.", "-o", form)
    assert result.stderr == ""
    document = yaml.safe_load(result.stdout)
    assert browser.visit(document["redirectUrl"])["error"] == ["rejected_consent_request"]


def test_a_terminal_does_not_get_the_url(
    run: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("consent", "accept", browser.id, "--subject", "alice", "--grant-all", "-q")
    assert result.stdout == "***\n"


def test_get(run: Run, browser: Browser) -> None:
    assert run("consent", "get", browser.id, "-q").output == "openid photos\n"
    assert "redirectUrl      ***\n" in run("consent", "get", browser.id).output
    assert "some-state" not in run("consent", "get", browser.id, "-o", "yaml").output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["get", "unknown"], 4, "404"),
        (["reject", "unknown", "--reason", "x"], 4, "404"),
        (
            ["accept", "unknown", "--subject", "x", "--grant-all"],
            4,
            "does not know the consent request",
        ),
        (
            ["accept", "ID", "--subject", "x", "--grant-scope", "hydra"],
            2,
            "Invalid value for --grant-scope: 'hydra' was not requested; the requested scopes are "
            "openid photos",
        ),
        (["accept", "ID", "--subject", "", "--grant-all"], 2, "subject"),
        (["accept", "ID", "--subject", "x"], 2, "use either --grant-scope"),
        (["accept", "ID", "--subject", "x", "--grant-all", "--grant-scope", "y"], 2, "use either"),
        (
            ["accept", "ID", "--subject", "x", "--grant-all", "--id-token-extra", "no-such-file"],
            2,
            "No such file",
        ),
    ],
)
def test_refusals(
    run: Run, browser: Browser, arguments: list[str], status: int, message: str
) -> None:
    result = run("consent", *(browser.id if word == "ID" else word for word in arguments))
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == ""


def test_too_late(run: Run, browser: Browser, root: HydraEmulator) -> None:
    root.fail(
        f"/oauth2/consent/requests/{browser.id}",
        status=200,
        body=json.dumps(
            {
                "id": browser.id,
                "clientId": "my-app",
                "expiresAt": "2018-01-01T00:00:00Z",
                "redirectUrl": f"{root.url}/oauth2/auth?x=y",
            }
        ),
    )
    result = run("consent", "accept", browser.id, "--subject", "alice", "--grant-all")
    assert result.exit_code == 1
    assert "has expired" in result.stderr
