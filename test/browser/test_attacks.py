"""Attacks in the attacker's browser or in the user's: none succeeds."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlsplit

import run
from support.chromium import Page
from support.steps import ALL, arrive, ask, is_in, log_in, tick

Site = Callable[[str], str]


def form(action: str, **fields: str) -> str:
    """A page that sends a form as soon as it is loaded."""
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<!doctype html><title>Prizes!</title><form method="post" action="{action}">{inputs}'
        "<button>Win</button></form>"
    )


def ticket(page: Page) -> str:
    return str(page.one("[name=ticket]").get_attribute("value"))


def decided(example: run.Example) -> list[str]:
    """The decisions that Hydra received."""
    assert example.hydra
    return [one.path for one in example.hydra.requests if one.method == "PATCH"]


def test_swapped_browsers(any_example: run.Example, page: Page, other: Page) -> None:
    """An attacker begins, the user consents, and the attacker's browser ends at neither."""
    example = any_example
    arrive(other, example)
    link = other.url
    page.go(link)
    log_in(page)
    page.press("Allow")
    # The user ends where they are known to nobody's flow but their own.
    assert page.title == "This login is not known – Photo app"
    # And the attacker is where they began.
    assert other.title.startswith("Log in to ")
    other.reload()
    assert other.title.startswith("Log in to ")
    other.go(example.client_url)
    assert other.title == "Logged out – Photo app"
    assert not any(
        urlsplit(link).query.removeprefix("consent=") in path for path in decided(example)
    )


def test_a_form_of_another_site(example: run.Example, page: Page, site: Site) -> None:
    ask(page, example)
    mine = ticket(page)
    tab = page.handle
    session = page.cookie("consent_app")
    for action in ("decide", "login", "logout", "forget", "decide?consent=unknown"):
        page.tab()
        fields = {"ticket": "x.1." + "A" * 43, "decision": "allow", "csrf": "guess", "user": "bob"}
        page.go(site(form(f"{example.consent_url}/{action}", **fields)))
        page.press("Win")
        assert decided(example) == []
        assert "logged out" not in page.text
    page.switch(tab)
    assert page.cookie("consent_app") == session
    # From the same machine the cookie comes along, and helps as little.
    page.tab()
    same = site(form(f"{example.consent_url}/logout", csrf="guess"))
    page.go(same.replace("localhost", run.HOST))
    page.press("Win")
    assert "That page was out of date" in page.text
    page.switch(tab)
    assert ticket(page) == mine
    page.press("Allow")
    assert is_in(page, example)
    for action in ("photos", "refresh", "logout"):
        page.go(site(form(f"{example.client_url}/{action}", csrf="guess", what="add")))
        page.press("Win")
        assert page.title == "Forbidden – Photo app"
    page.go(example.client_url)
    assert is_in(page, example)


def test_forged_and_replayed_forms(example: run.Example, page: Page, other: Page) -> None:
    example.users.add("mallory", "password-of-mallory")
    arrive(other, example)
    log_in(other, "mallory", "password-of-mallory")
    theirs = ticket(other)
    ask(page, example)
    mine = ticket(page)
    id = mine.partition(".")[0]
    their_id = theirs.partition(".")[0]
    field = "document.querySelector('[action^=\"/decide\"] [name=ticket]').value = arguments[0]"
    for forged in (theirs, mine.replace(id, their_id), f"{mine[:-1]}{'AB'[mine[-1] == 'A']}", ""):
        ask_again(page, example)
        page.driver.execute_script(field, forged)
        page.press("Allow")
        assert "Photo app –" not in page.title
        assert decided(example) == []
    # A form that was used is of no more use: another user's flow goes on unharmed.
    ask_again(page, example)
    used = ticket(page)
    page.press("Allow")
    assert is_in(page, example)
    assert len(decided(example)) == 1
    assert example.hydra
    example.hydra.clock.advance(5)
    ask_again(page, example)
    page.driver.execute_script(field, used)
    page.press("Allow")
    assert len(decided(example)) == 1
    other.press("Allow")
    assert is_in(other, example, "mallory")


def ask_again(page: Page, example: run.Example) -> None:
    arrive(page, example)
    assert page.title.startswith("Allow "), page.title


def test_another_users_session(example: run.Example, page: Page, other: Page) -> None:
    """A copied cookie ends with the session, at the consent app and at the application."""
    ask(page, example)
    page.press("Allow")
    cookies = [page.cookie(name) for name in ("consent_app", "client_app")]
    page.press("Log out")
    page.go(example.consent_url)
    page.press("Log out")
    other.go(example.consent_url)
    for cookie in cookies:
        assert cookie
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        other.driver.add_cookie(
            {"name": cookie["name"], "value": cookie["value"], "path": cookie["path"]}
        )
    other.go(example.consent_url)
    assert other.title == "Log in – Example accounts"
    other.go(example.client_url)
    assert other.title == "Logged out – Photo app"


def test_a_planted_session(example: run.Example, page: Page, other: Page) -> None:
    """The id of a session changes with the login, so one that somebody planted stays empty."""
    for url, name in (
        (example.consent_url, "consent_app"),
        (f"{example.client_url}/", "client_app"),
    ):
        other.go(url)
        planted = other.cookie(name)
        assert planted
        page.go(url)
        page.driver.add_cookie({"name": name, "value": planted["value"], "path": "/"})
    # The attacker has begun a login in the planted session, too.
    arrive(other, example)
    page.go(other.url)
    assert page.title.startswith("Log in to ")
    log_in(page)
    assert page.cookie("consent_app") != planted
    other.go(example.consent_url)
    assert other.title == "Log in – Example accounts"
    arrive(other, example)
    assert other.title.startswith("Log in to ")
    tick(page, *ALL)
    page.press("Allow")
    assert page.cookie("client_app") != planted
    other.go(example.client_url)
    assert other.title == "Logged out – Photo app"


def test_a_scope_that_nobody_asked_for(example: run.Example, page: Page) -> None:
    ask(page, example)
    page.driver.execute_script(
        "document.querySelector('[name=scope][value=\"photos.write\"]').value = 'hydra'"
    )
    page.press("Allow")
    assert is_in(page, example)
    assert "allowed: openid offline photos.read." in page.text


def test_markup_is_text(example: run.Example, page: Page) -> None:
    assert example.hydra
    markup = "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
    client = example.hydra.add_client(
        client_name=f"App {markup}",
        redirect_uris=[f"{example.client_url}/callback"],
        response_types=["code", "id_token"],
        scope="openid <b>bold</b>",
        logo_uri="javascript:document.title='taken'",
        policy_uri="javascript:document.title='taken'",
        tos_uri="data:text/html,<script>alert(1)</script>",
        client_uri="https://app.example/?a=\"><script>document.title='taken'</script>",
    )
    page.go(
        f"{example.hydra_url}/oauth2/auth?client_id={client['id']}&response_type=code"
        f"&redirect_uri={example.client_url}/callback&scope=openid%20%3Cb%3Ebold%3C%2Fb%3E"
        "&state=state-state&nonce=nonce-nonce"
    )
    log_in(page)
    assert page.title.startswith("Allow App <script>")
    assert "<b>bold</b>" in page.text
    assert not page.has("main script, main img, main b")
    assert [one.get_attribute("href")[:20] for one in page.all("main a")] == [
        "https://app.example/"
    ]
    page.one("[name=remember]").click()
    page.press("Allow")
    page.go(example.consent_url)
    assert f"App {markup}"[:60] in page.text
    assert not page.has("main script, main img, main b")
    for query in (f"error={markup}&error_description={markup}", "error=%3Cb%3E%0A&consent=a"):
        page.go(f"{example.consent_url}/consent?{query}")
        page.one("summary").click()
        assert not page.has("main script, main img, main b")
    page.go(f"{example.client_url}/callback?error={markup}&state=x")
    page.go(f"{example.client_url}/login")
    begun = [one.query for one in example.hydra.requests if one.path == "/oauth2/auth"]
    state = parse_qs(begun[-1])["state"][0]
    page.go(f"{example.client_url}/callback?error=a&error_description={markup}&state={state}")
    assert not page.has("main script, main img, main b")
    assert page.title == "You are not logged in – Photo app"


def test_open_redirects(example: run.Example, page: Page, site: Site) -> None:
    evil = site("<title>Evil</title>")
    for query in (
        f"redirect_uri={evil}",
        f"next={evil}",
        f"consent=x&redirect_uri={evil}",
        f"consent={evil}",
        f"consent=//{urlsplit(evil).netloc}",
        "_external=1&_scheme=ftp&_anchor=x",
    ):
        for path in ("", "consent", "login", "logout"):
            page.go(f"{example.consent_url}/{path}?{query}")
            assert urlsplit(page.url).netloc == urlsplit(example.consent_url).netloc
    page.go(f"{example.hydra_url}/oauth2/auth?client_id=example-client-app&redirect_uri={evil}")
    assert page.title == "The application made a mistake – Example accounts"
    page.go(example.consent_url)
    log_in(page)
    action = f"{example.consent_url}/logout?consent={evil}&next={evil}"
    script = "document.querySelector('[action^=\"/logout\"]').action = arguments[0]"
    page.driver.execute_script(script, action)
    page.press("Log out")
    assert urlsplit(page.url).netloc == urlsplit(example.consent_url).netloc


def test_a_frame(example: run.Example, page: Page, site: Site) -> None:
    ask(page, example)
    frame = site(f'<title>Frame</title><iframe src="{example.consent_url}/"></iframe>')
    for url in (frame, frame.replace("localhost", run.HOST)):
        page.go(url)
        page.driver.switch_to.frame(0)
        assert "Your applications" not in page.source
        assert not page.has("form")
        page.driver.switch_to.default_content()


def test_guessed_passwords(example: run.Example, page: Page, other: Page) -> None:
    """Five for an account, from wherever; the address is slowed as well."""
    arrive(page, example)
    for guess in range(5):
        log_in(page, password=f"guess {guess}")
        assert "password is wrong" in page.text
    arrive(other, example)
    log_in(other, "ALICE", run.PASSWORD)
    assert "Too many attempts." in other.text
    log_in(other, "bob", "guess")
    assert "password is wrong" in other.text
    for guess in range(24):
        example.store.attempt(f"user {guess}", run.HOST)
    log_in(other, "carol", "guess")
    assert "Too many attempts." in other.text


def test_no_page_allows_a_script(example: run.Example, page: Page) -> None:
    """The policy holds in the browser: what is injected does not run."""
    ask(page, example)
    page.driver.execute_script(
        "document.body.insertAdjacentHTML('beforeend', arguments[0])",
        "<img src=x onerror=\"document.title='taken'\"><style>body{display:none}</style>",
    )
    assert page.title.startswith("Allow ")
    assert page.one("body").is_displayed()


def test_nothing_of_the_flow_reaches_the_application(example: run.Example, page: Page) -> None:
    """The browser's value stays between Hydra and the consent app."""
    assert example.hydra
    ask(page, example)
    page.press("Deny")
    assert "hydra_client_browser" not in page.url
    begun = [one.query for one in example.hydra.requests if one.path == "/oauth2/auth"]
    assert "hydra_client_browser" in begun[-1]
