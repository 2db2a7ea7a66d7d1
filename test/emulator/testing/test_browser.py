"""The browser that goes through a consent app."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.emulator import CALLBACK, Wire, make_wire
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from hydra_client.emulator import Callback, ConsentFlow, HydraEmulator
from hydra_client.emulator.testing.browser import BrowserStuckError

LOGIN = """<p>Who?</p><form method=post action=/login>
<input type=hidden name=back value="{back}"><input name=user><input name=empty>
<input type=submit value="no name"></form><form action=/other><input name=x></form>"""
SCOPES = """<form method="POST"><input name="id" value="{id}" type="hidden"/>
<input type="checkbox" name="scope" value="openid" checked>
<input type="checkbox" name="scope" value="foo">
<input type="radio" name="remember" value="yes"><input type=checkbox name=all checked>
<button name="answer" value="no">No</button><button name="answer" value="yes">Yes</button></form>"""


class App:
    """A login and consent app that calls the emulator directly."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.forms: list[dict[str, list[str]]] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        response = self.respond(Request(environ))
        return response(environ, start_response)

    def respond(self, request: Request) -> Response:
        user = request.cookies.get("user")
        if request.method == "POST":
            self.forms.append({name: request.form.getlist(name) for name in request.form})
        if request.path == "/login":
            response = redirect(request.form["back"], 303)
            response.set_cookie("user", request.form["user"])
            response.set_cookie("gone", "x")
            return response
        if request.path == "/lost":
            return Response("nothing here", 404)
        if request.path == "/empty":
            return Response("no form")
        if request.path == "/circle":
            return redirect("/circle")
        id = request.args.get("consent", "")
        if user is None:
            back = request.full_path.replace("&", "&amp;")
            return Response(LOGIN.format(back=back), mimetype="text/html")
        if request.method == "GET":
            return Response(SCOPES.format(id=id), mimetype="text/html")
        if request.form["answer"] == "yes":
            url = self.wire.hydra.accept_consent(id, user, request.form.getlist("scope"))
        else:
            url = self.wire.admin("GET", f"/oauth2/consent/requests/{id}").json["redirectUrl"]
            self.wire.admin("PATCH", f"/oauth2/consent/requests/{id}/reject", {"reason": "no"})
        response = redirect(url)
        response.delete_cookie("user")
        response.delete_cookie("gone")
        return response


@pytest.fixture
def wire() -> Wire:
    return make_wire()


@pytest.fixture
def flow(wire: Wire) -> ConsentFlow:
    return ConsentFlow(wire.hydra)


def test_the_default_user_grants_everything(flow: ConsentFlow) -> None:
    callback = flow()
    assert callback.params["state"] == "a-state-of-the-test"
    tokens = callback.exchange()
    assert tokens["scope"] == "openid offline"
    assert "id_token" in tokens
    assert callback.params["code"] not in repr(callback)
    assert callback.client_secret not in repr(callback)
    assert callback.exchange()["error"] == "authorization_code_inactive"


def test_another_subject_and_other_parameters(wire: Wire, flow: ConsentFlow) -> None:
    callback = flow(
        subject="bob", scope="photos.read", response_type="token", state="my-own-state-is-long"
    )
    assert callback.params["state"] == "my-own-state-is-long"
    token = wire.introspect(callback.params["access_token"]).json
    assert (token["sub"], token["scope"]) == ("bob", "photos.read")


def test_a_given_client(wire: Wire, flow: ConsentFlow) -> None:
    client = wire.hydra.add_client(
        redirect_uris=["https://a.example/1", "https://a.example/2"], scope="foo"
    )
    assert flow(client=client, scope="foo").url.startswith("https://a.example/1?")
    second = flow(client=client, scope="foo", redirect_uri="https://a.example/2")
    assert second.url.startswith("https://a.example/2?")
    assert second.exchange()["scope"] == "foo"


def test_a_consent_app_as_a_function(wire: Wire, flow: ConsentFlow) -> None:
    seen = []

    def decide(url: str) -> str:
        seen.append(url)
        id = parse_qs(urlsplit(url).query)["consent"][0]
        consent = wire.admin("GET", f"/oauth2/consent/requests/{id}").json
        wire.admin("PATCH", f"/oauth2/consent/requests/{id}/reject", {"reason": "no"})
        return str(consent["redirectUrl"])

    callback = flow(decide=decide)
    assert len(seen) == 1
    assert callback.params["error"] == "rejected_consent_request"
    assert "error" in callback.exchange()


def test_an_authorization_that_hydra_rejects(wire: Wire, flow: ConsentFlow) -> None:
    with pytest.raises(BrowserStuckError, match="invalid_client"):
        flow(client={"id": "nobody", "redirect_uris": [CALLBACK]})


def test_forms_are_filled_in(wire: Wire, flow: ConsentFlow) -> None:
    app = App(wire)
    fields = {"user": "carol", "scope": ["openid", "foo"], "answer": "yes", "nothing": "x"}
    callback = flow(wsgi=app, fields=fields, scope=["openid", "foo"])
    assert callback.exchange()["scope"] == "openid foo"
    login, consent = app.forms
    assert login["user"] == ["carol"]
    assert login["empty"] == [""]
    assert consent == {
        "id": consent["id"], "scope": ["openid", "foo"], "all": ["on"], "answer": ["yes"],
    }  # fmt: skip


def test_a_form_without_values_is_sent_with_its_first_button(wire: Wire, flow: ConsentFlow) -> None:
    app = App(wire)
    callback = flow(wsgi=app, fields={"user": "carol", "remember": "yes"})
    assert callback.params["error_description"] == "no"
    assert app.forms[1]["answer"] == ["no"]
    assert app.forms[1]["scope"] == ["openid"]
    assert app.forms[1]["remember"] == ["yes"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/lost", "/lost.* has status 404:\n"),
        ("/empty", "/empty.* has no form to submit:\n"),
        ("/circle", "not reached within"),
    ],
)
def test_a_browser_that_is_stuck(wire: Wire, flow: ConsentFlow, path: str, message: str) -> None:
    wire.hydra.consent_url = f"http://127.0.0.1:4900{path}"
    with pytest.raises(BrowserStuckError, match=message):
        flow(wsgi=App(wire))
    assert wire.hydra.consent_url == f"http://127.0.0.1:4900{path}"


def test_a_form_with_the_method_get_and_a_page_without_a_form(
    wire: Wire, flow: ConsentFlow
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.args.get("step") == "2":
            return Response("<p>the end</p>", mimetype="text/html")(environ, start_response)
        page = "<form action='?x=1'><input name=step value=2><input type=text></form>"
        return Response(page, mimetype="text/html")(environ, start_response)

    with pytest.raises(BrowserStuckError, match="the end"):
        flow(wsgi=app)


@pytest.fixture
def served(wire: Wire) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, App(wire))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/consent"
    server.shutdown()
    thread.join()


def test_a_consent_app_at_a_url(served: str, wire: Wire, flow: ConsentFlow) -> None:
    callback = flow(url=served, fields={"user": "dave", "answer": "yes"})
    assert callback.params["scope"] == "openid"
    assert wire.hydra.consent_url == "http://127.0.0.1:4900/consent"


def test_with_a_running_server() -> None:
    with HydraEmulator() as hydra:
        assert isinstance(ConsentFlow(hydra)(), Callback)
