"""What users do with the examples."""

from __future__ import annotations

from collections.abc import Iterator

import run
from support.chromium import Page

ALL = ["openid", "offline", "photos.read", "photos.write"]


def arrive(page: Page, example: run.Example) -> None:
    """Begin a login at the application."""
    page.go(f"{example.client_url}/login")


def log_in(page: Page, user: str = run.USER, password: str = run.PASSWORD) -> None:
    """Fill in the login page."""
    page.fill("user", user)
    page.fill("password", password)
    page.press("Log in")


def ask(page: Page, example: run.Example) -> None:
    """Get to the consent page."""
    arrive(page, example)
    log_in(page)
    assert page.title.startswith("Allow Photo app?"), page.title


def tick(page: Page, *scopes: str) -> None:
    """Tick these scopes, and no others."""
    for box in page.all("[name=scope]"):
        if box.is_selected() != (box.get_attribute("value") in scopes):
            box.click()


def is_in(page: Page, example: run.Example, user: str = run.USER) -> bool:
    """Whether the application knows the user."""
    return page.url == f"{example.client_url}/" and page.title.startswith(f"Logged in as {user}")


def claims(page: Page) -> dict[str, str]:
    """The claims that the application shows."""
    names = [one.text for one in page.all("dt")]
    return dict(zip(names, [one.text for one in page.all("dd")], strict=True))


def api(page: Page, button: str) -> tuple[int, str]:
    """Call the API; return its status and what else is shown."""
    page.press(button)
    return int(page.one("[role=status] strong").text), page.one("pre").text


def stations(page: Page, example: run.Example, cookieless: Page) -> Iterator[tuple[str, Page]]:
    """Go to each page that the examples have, and say its name."""
    assert example.hydra
    page.go(example.client_url)
    yield "client: logged out", page
    arrive(page, example)
    yield "login", page
    log_in(page, password="wrong")
    yield "login: wrong password", page
    for _ in range(5):
        log_in(page, password="wrong")
    yield "login: too many attempts", page
    example.hydra.clock.advance(400)
    log_in(page)
    yield "consent", page
    tick(page, "offline")
    page.press("Allow")
    yield "consent: needed", page
    tick(page, *ALL)
    page.one("[name=remember]").click()
    page.press("Allow")
    api(page, "Add a photo")
    yield "client: logged in", page
    page.go(example.consent_url)
    yield "applications", page
    page.press("Forget Photo app")
    yield "applications: forgotten", page
    page.press("Log out")
    yield "login: of the user's own page", page
    page.go(f"{example.consent_url}/nothing")
    yield "not found", page
    page.go(f"{example.hydra_url}/oauth2/auth?client_id=unknown")
    page.one("summary").click()
    yield "error of the application", page
    page.go(f"{example.consent_url}/consent?consent=unknown")
    yield "unknown request", page
    arrive(page, example)
    example.hydra.clock.advance(700)
    log_in(page)
    yield "expired", page
    page.press("Try again")
    log_in(page)
    page.press("Deny")
    yield "client: denied", page
    example.hydra.fail("/oauth2/consent/requests/*", status=500, times=1)
    page.press("Log in")
    yield "Hydra is away", page
    cookieless.go(example.consent_url)
    yield "no cookies", cookieless
