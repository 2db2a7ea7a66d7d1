"""What users see and do, from the application through login and consent and back."""

from __future__ import annotations

import pytest
import run
from support.chromium import Page
from support.steps import ALL, api, arrive, ask, claims, is_in, log_in, tick

REJECTED = "You are not logged in"
TAB, ENTER, SPACE = "\ue004", "\ue007", " "


def test_the_whole_circle(any_example: run.Example, page: Page) -> None:
    """On each variant: login, consent, claims, API, refresh, remembered, revoked, logout."""
    example = any_example
    page.go(example.client_url)
    assert page.title == "Logged out – Photo app"
    assert api(page, "Ask without a token")[0] == 401
    page.press("Log in")
    assert page.title == "Log in to Photo app – Example accounts"
    log_in(page, password="wrong")
    assert page.title.startswith("Not logged in: ")
    log_in(page)
    assert page.title == "Allow Photo app? – Example accounts"
    page.reload()
    assert "You are logged in as alice." in page.text
    assert "See your photos" in page.text
    tick(page, "openid", "offline", "photos.read")
    page.one("[name=remember]").click()
    page.press("Allow")
    assert is_in(page, example)
    found = claims(page)
    assert (found["sub"], found["aud"]) == ("user:alice", "example-client-app")
    assert found["iss"] == example.hydra_url
    status, body = api(page, "See photos")
    assert (status, "Sunrise" in body) == (200, True)
    status, body = api(page, "Add a photo")
    assert (status, "insufficient_scope" in body) == (403, True)
    assert example.hydra
    example.hydra.fail("/oauth2/introspect", status=500, times=1)
    assert api(page, "See photos")[0] == 503
    page.press("Refresh the tokens")
    assert "There are new tokens" in page.text
    assert api(page, "See photos")[0] == 200
    seen = len(example.hydra.requests)
    page.press("Log out")
    assert page.title == "Logged out – Photo app"
    paths = [one.path for one in example.hydra.requests[seen:]]
    assert paths == ["/oauth2/revoke"] * 2

    # Remembered: no page in between.
    page.press("Log in")
    assert is_in(page, example)
    assert "photos.write" not in page.text
    # Forgotten: it is asked again, and denied.
    page.go(example.consent_url)
    assert "See your photos" in page.text
    assert "Add photos" not in page.text
    page.press("Forget Photo app")
    assert "Forgotten." in page.text
    arrive(page, example)
    assert page.title == "Allow Photo app? – Example accounts"
    page.press("Deny")
    assert page.title == f"{REJECTED} – Photo app"
    assert "The user declined." in page.text

    # Too late, by the one clock.
    page.press("Log in")
    example.hydra.clock.advance(601)
    page.press("Allow")
    assert page.title == "This login has expired – Example accounts"
    page.press("Try again")
    tick(page, *ALL)
    page.press("Allow")
    assert is_in(page, example)
    assert api(page, "Add a photo")[0] == 200
    # The hour of the access token ends, too; the refresh token goes on.
    example.hydra.clock.advance(3601)
    assert api(page, "See photos")[0] == 401
    page.press("Refresh the tokens")
    assert api(page, "See photos")[0] == 200

    # An older tab, and the error of an unknown client.
    older = page.handle
    arrive(page, example)
    page.tab()
    arrive(page, example)
    newer = page.handle
    page.switch(older)
    page.press("Allow")
    assert "so the request was started again" in page.text
    page.press("Allow")
    assert is_in(page, example)
    page.switch(newer)
    page.press("Allow")
    assert "so the request was started again" in page.text
    page.press("Allow")
    assert is_in(page, example)
    page.go(f"{example.hydra_url}/oauth2/auth?client_id=unknown")
    assert page.title == "The application made a mistake – Example accounts"


def test_a_wrong_password_keeps_the_name(example: run.Example, page: Page) -> None:
    arrive(page, example)
    log_in(page, "Alice ", "wrong")
    assert page.title.startswith("Not logged in: ")
    assert page.one("[role=alert]").text == "The name or the password is wrong."
    assert page.one("[name=user]").get_attribute("value") == "alice"
    assert page.one("[name=password]").get_attribute("value") == ""
    page.wait(lambda: page.focused() == "Password", "the password has no focus")
    log_in(page, "nobody", run.PASSWORD)
    assert page.title.startswith("Not logged in: ")
    log_in(page)
    assert page.title.startswith("Allow ")


def test_too_many_attempts(example: run.Example, page: Page) -> None:
    assert example.hydra
    arrive(page, example)
    for _ in range(5):
        log_in(page, password="wrong")
    log_in(page)
    assert "Too many attempts. Please try again in 5 minutes." in page.text
    example.hydra.clock.advance(301)
    log_in(page)
    assert page.title.startswith("Allow ")


def test_what_is_needed_and_nothing_at_all(example: run.Example, page: Page) -> None:
    ask(page, example)
    assert [one.is_selected() for one in page.all("[name=scope]")] == [True] * 4
    tick(page, "photos.read")
    page.press("Allow")
    assert page.title.startswith("Not allowed yet: ")
    assert "needs what is marked as needed" in page.one("[role=alert]").text
    assert [one.is_selected() for one in page.all("[name=scope]")] == [False, False, True, False]
    tick(page)
    page.press("Deny")
    assert page.title.startswith(REJECTED)


def test_nothing_ticked_where_nothing_is_needed(example: run.Example, page: Page) -> None:
    page.go(
        f"{example.hydra_url}/oauth2/auth?client_id=example-client-app&response_type=code"
        f"&redirect_uri={example.client_url}/callback&scope=photos.read&state=state-state"
    )
    log_in(page)
    tick(page)
    page.press("Allow")
    assert "Nothing is ticked." in page.one("[role=alert]").text


@pytest.mark.parametrize("more", ["prompt=login", "prompt=consent", "max_age=3600"])
def test_remembered_but_asked_for(example: run.Example, page: Page, more: str) -> None:
    assert example.hydra
    ask(page, example)
    page.one("[name=remember]").click()
    page.press("Allow")
    arrive(page, example)
    assert is_in(page, example)
    url = (
        f"{example.hydra_url}/oauth2/auth?client_id=example-client-app&response_type=code"
        f"&redirect_uri={example.client_url}/callback&scope=openid offline photos.read photos.write"
        "&state=state-state&nonce=nonce-nonce"
    )
    page.go(f"{url}&{more}")
    assert page.title.startswith("Allow ")
    example.hydra.clock.advance(300)  # the login is not a new one any more
    page.go(f"{url}&{more}")
    assert page.title.startswith("Log in to ")
    log_in(page)
    assert page.title.startswith("Allow ")


def test_remembered_only_for_these_scopes_and_this_client(example: run.Example, page: Page) -> None:
    assert example.hydra
    ask(page, example)
    page.one("[name=remember]").click()
    page.press("Allow")
    page.go(
        f"{example.hydra_url}/oauth2/auth?client_id=example-client-app&response_type=code"
        f"&redirect_uri={example.client_url}/callback&scope=photos.read&state=state-state"
    )
    assert page.title.startswith("Allow ")
    api = example.hydra.api()
    client = api.get_oauth2_client("example-client-app")
    client.client_name = "Another app"
    api.update_oauth2_client("example-client-app", client)
    arrive(page, example)
    assert page.title.startswith("Allow Another app?")
    client.client_name = "Photo app"
    api.update_oauth2_client("example-client-app", client)
    arrive(page, example)
    assert is_in(page, example)


def test_reload_and_back(example: run.Example, page: Page) -> None:
    arrive(page, example)
    page.reload()
    assert page.title.startswith("Log in to ")
    log_in(page)
    page.reload()
    assert page.title.startswith("Allow ")
    page.back()  # to the login page, which is no longer needed
    page.wait(lambda: page.title.startswith("Allow "), "no fresh page")
    page.press("Allow")
    assert is_in(page, example)
    page.back()
    page.wait(lambda: page.title.startswith("Allow "), "no fresh page")
    page.press("Allow")
    assert is_in(page, example)
    assert "You were already logged in." in page.text
    page.reload()
    assert is_in(page, example)


def test_the_callback_again(example: run.Example, page: Page) -> None:
    page.go(f"{example.client_url}/callback?code=old&state=old-old-old")
    assert page.title == "This login is not known – Photo app"
    page.press("Log in")
    log_in(page)
    page.press("Allow")
    assert is_in(page, example)


def test_two_tabs_at_the_login_page(example: run.Example, page: Page) -> None:
    arrive(page, example)
    first = page.handle
    page.tab()
    arrive(page, example)
    log_in(page)
    page.press("Allow")
    assert is_in(page, example)
    page.switch(first)
    log_in(page)
    assert page.title.startswith("Allow ")
    assert "You have logged in or out since this page was opened" in page.text
    page.press("Allow")
    assert is_in(page, example)


def test_the_session_has_ended(example: run.Example, page: Page) -> None:
    assert example.hydra
    ask(page, example)
    page.driver.delete_cookie("consent_app")
    page.press("Allow")
    assert page.title.startswith("Log in to ")
    log_in(page)
    page.press("Allow")
    assert is_in(page, example)
    page.go(example.consent_url)
    example.hydra.clock.advance(9 * 3600)
    page.press("Log out")
    assert page.title == "Log in – Example accounts"


def test_a_double_click(example: run.Example, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from selenium.webdriver import ActionChains

    assert example.hydra
    ask(page, example)
    now = example.hydra.clock._source()
    # The clock stands still, because a slow machine could take seconds between the two clicks.
    monkeypatch.setattr(example.hydra.clock, "_source", lambda: now)
    ActionChains(page.driver).double_click(page.button("Allow")).perform()
    page.wait(lambda: is_in(page, example), "not logged in")


def test_a_double_click_at_the_login(example: run.Example, page: Page) -> None:
    from selenium.webdriver import ActionChains

    arrive(page, example)
    page.fill("user", run.USER)
    page.fill("password", run.PASSWORD)
    ActionChains(page.driver).double_click(page.button("Log in")).perform()
    page.wait(lambda: page.title.startswith("Allow "), "not logged in")
    page.press("Allow")
    assert is_in(page, example)


def test_another_account(example: run.Example, page: Page) -> None:
    example.users.add("bob", "password-of-bob")
    ask(page, example)
    page.press("Use another account")
    assert page.title.startswith("Log in to ")
    assert "You are logged out." in page.text
    log_in(page, "bob", "password-of-bob")
    assert "You are logged in as bob." in page.text
    page.press("Allow")
    assert is_in(page, example, "bob")


def test_keyboard_only(example: run.Example, page: Page) -> None:
    arrive(page, example)
    # `autofocus` takes effect when the page is first painted.
    page.wait(lambda: page.focused() == "Name", "the first field has no focus")
    page.keys("alice", TAB)
    assert page.focused() == "Password"
    page.keys(run.PASSWORD, ENTER)
    page.wait(lambda: page.title.startswith("Allow "), "not logged in")
    seen = []
    while page.focused() != "Allow":
        page.keys(TAB)
        seen.append(page.focused())
        style = page.one(":focus-visible").value_of_css_property("outline-style")
        assert style == "solid", page.focused()
        if page.focused().startswith("Add photos"):
            page.keys(SPACE)
        assert len(seen) < 20
    names = [name.removesuffix(" needed") for name in seen]
    assert names == [
        "Example accounts",
        "Know who you are",
        "Stay connected while you are away",
        "See your photos",
        "Add photos",
        "Remember my choice for Photo app",
        "Deny",
        "Allow",
    ]
    page.keys(ENTER)
    page.wait(lambda: is_in(page, example), "not logged in")
    assert "allowed: openid offline photos.read." in page.text


def test_scripts_off(example: run.Example, page: Page) -> None:
    page.scripts(False)
    ask(page, example)
    tick(page, "openid")
    page.press("Allow")
    assert is_in(page, example)
    assert not page.has("script")


def test_cookies_off(example: run.Example, cookieless: Page) -> None:
    for begin in (example.consent_url, f"{example.client_url}/login"):
        cookieless.go(begin)
        assert cookieless.title == "This page needs cookies – Example accounts"
        cookieless.press("Try again")
        assert cookieless.title == "This page needs cookies – Example accounts"


def test_an_error_arrives(example: run.Example, page: Page) -> None:
    page.go(f"{example.hydra_url}/oauth2/auth?client_id=unknown")
    assert page.title == "The application made a mistake – Example accounts"
    assert "invalid_client" not in page.one("p").text
    page.one("summary").click()
    assert "invalid_client" in page.text
    page.press("Go to your page")
    assert page.title == "Log in – Example accounts"
    for query in ("", "?consent=", "?consent=a&consent=b", "?consent=unknown"):
        page.go(f"{example.consent_url}/consent{query}")
        assert page.title == "This login cannot continue – Example accounts", query


def test_hydra_is_away(example: run.Example, page: Page) -> None:
    assert example.hydra
    ask(page, example)
    example.hydra.fail("/oauth2/introspect", status=500, times=None)
    page.press("Allow")
    assert api(page, "See photos")[0] == 503
    example.hydra._faults.clear()
    arrive(page, example)
    example.hydra.fail("/oauth2/consent/requests/*", status=500, times=1)
    page.press("Deny")
    assert page.title == "Please try again later – Example accounts"
    page.press("Try again")
    page.press("Allow")
    assert is_in(page, example)


def test_the_users_own_page(example: run.Example, page: Page) -> None:
    page.go(example.consent_url)
    log_in(page)
    assert page.title == "Your applications – Example accounts"
    assert "Nothing is remembered yet." in page.text
    page.press("Log out")
    assert "You are logged out." in page.text
    page.go(f"{example.consent_url}/elsewhere")
    assert page.title == "This page does not exist – Example accounts"
