"""Random steps in several tabs: no login ends with an error of Hydra's or in a redirect loop.

Hypothesis takes random walks: it begins logins, reloads and goes back to any page, submits any
form, logs in and out, closes tabs midway, and lets time pass.
"""

from __future__ import annotations

import secrets

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from support.browsing import Browser, parameters_of

from hydra_client.code_flow import authorization_url
from hydra_client.consent import Challenge, ConsentApp, ConsentExpired, WrongBrowser
from hydra_client.emulator import HydraEmulator

CALLBACK = "http://127.0.0.1/callback"
HYDRA = HydraEmulator()


@pytest.fixture(autouse=True, scope="module")
def _hydra() -> object:
    with HYDRA:
        yield


class Walk(RuleBasedStateMachine):
    """One browser with its tabs, and one consent app."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Challenge] = []
        self.links: list[str] = []

    @initialize()
    def start(self) -> None:
        self.visit = Browser()
        self.consents = ConsentApp(HYDRA.api(), clock=HYDRA.clock)
        self.client = HYDRA.add_client(redirect_uris=[CALLBACK], response_types=["code"])
        self.secret = secrets.token_urlsafe(32)

    def open(self, query: object) -> Challenge | None:
        """Open a page, or submit its form, and go where the browser is redirected."""
        for _ in range(3):
            try:
                page = self.consents.challenge(query, self.secret)
            except WrongBrowser as error:
                query = self.visit(error.redirect_url)
            except ConsentExpired as error:
                query = self.visit(error.restart_url)
            else:
                self.pages.append(page)
                return page
        raise AssertionError("the browser is redirected in circles")

    def arrive(self) -> str:
        url = authorization_url(
            HYDRA.url, self.client["id"], CALLBACK, "", secrets.token_urlsafe(9)
        )
        link = self.visit(url)
        self.links.append(link)
        return link

    @rule()
    def begin(self) -> None:
        self.open(self.arrive())

    @rule(data=st.data(), how=st.sampled_from(["before Hydra", "after Hydra"]))
    def close_a_tab_midway(self, data: st.DataObject, how: str) -> None:
        with pytest.raises(WrongBrowser) as sent:
            self.consents.challenge(self.arrive(), self.secret)
        if how == "after Hydra":
            self.links.append(self.visit(sent.value.redirect_url))

    @rule(data=st.data())
    def reload(self, data: st.DataObject) -> None:
        if self.pages:
            page = data.draw(st.sampled_from(self.pages[-3:]))
            self.open({"consent": page.id})

    @rule(data=st.data())
    def go_back_to_a_link(self, data: st.DataObject) -> None:
        HYDRA.clock.advance(10)  # sooner, it is taken for a proxy that changes URLs
        if self.links:
            self.open(data.draw(st.sampled_from(self.links[-3:])))

    @rule(data=st.data(), allow=st.booleans())
    def submit(self, data: st.DataObject, allow: bool) -> None:
        if not self.pages:
            return
        page = data.draw(st.sampled_from(self.pages[-3:]))
        try:
            current = self.consents.challenge({"ticket": page.ticket}, self.secret)
        except WrongBrowser as error:
            self.open(self.visit(error.redirect_url))
            return
        except ConsentExpired as error:
            self.open(self.visit(error.restart_url))
            return
        url = current.accept("alice", []) if allow else current.reject("no")
        arrived = parameters_of(self.visit(url))
        assert arrived.get("error") == (None if allow else "rejected_consent_request"), arrived

    @rule(data=st.data())
    def decide_at_once(self, data: st.DataObject) -> None:
        page = self.open(self.arrive())
        assert page is not None
        assert "code" in parameters_of(self.visit(page.accept("alice", [])))

    @rule()
    def log_in_or_out(self) -> None:
        self.secret = secrets.token_urlsafe(32)

    @rule(seconds=st.sampled_from([1, 9, 30, 61, 601]))
    def wait(self, seconds: int) -> None:
        HYDRA.clock.advance(seconds)


Walk.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestWalk = Walk.TestCase
