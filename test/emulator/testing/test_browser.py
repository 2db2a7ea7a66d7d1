"""The browser that goes through a consent app."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.emulator import CALLBACK, Wire, make_wire
from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from hydra_client import OAuth2Api, OAuth2Client
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


def test_a_client_of_which_little_is_given(wire: Wire, flow: ConsentFlow) -> None:
    class Model:
        def to_dict(self) -> dict[str, Any]:
            return {**client, "contacts": None}

    client = wire.hydra.add_client(id="m", redirect_uris=["https://a.example/1"], scope="foo")
    assert flow(client=Model(), scope="foo").exchange()["scope"] == "foo"
    assert flow(client={"id": "m", "redirect_uris": None}).url.startswith("https://a.example/1?")
    wire.hydra.add_client(id="bare")
    with pytest.raises(BrowserStuckError, match="Hydra rejected the authorization"):
        flow(client={"id": "bare"}, redirect_uri="https://a.example/1")


def test_what_the_sdk_returns_is_a_client() -> None:
    with HydraEmulator() as hydra, hydra.api().api_client as api_client:
        registered = OAuth2Api(api_client).create_oauth2_client(
            OAuth2Client(id="m", redirect_uris=["https://a.example/1"], scope="foo")
        )
        assert ConsentFlow(hydra)(client=registered, scope="foo").exchange()["scope"] == "foo"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"client": "id"}, TypeError, "client must be a mapping or model, .* not str"),
        ({"client": {}}, ValueError, "client must have an id"),
        ({"client": {"id": 5}}, TypeError, "id must be a string, not int"),
        ({"client": {"id": "bare"}}, ValueError, "client has no redirect_uris: register one, or"),
        ({"client": {"id": "bare", "redirect_uris": "http://x"}}, TypeError, "redirect_uris must"),
        ({"decide": "http://x"}, TypeError, "decide must be a function or None, not str"),
        ({"decide": lambda url: None}, TypeError, "decide must return the URL .*, not NoneType"),
        ({"decide": len, "wsgi": len}, ValueError, "pass only one consent app: decide, or wsgi or"),
        ({"decide": len, "url": "http://x"}, ValueError, "pass only one consent app"),
        ({"url": 5}, TypeError, "url must be a string or None, not int"),
        ({"fields": ["user"]}, TypeError, "fields must be a mapping, not list"),
        ({"fields": {"remember": True}}, TypeError, "remember must be a string or a list of str"),
    ],
)
def test_arguments_that_cannot_work(
    wire: Wire,
    flow: ConsentFlow,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    wire.hydra.add_client(id="bare")
    with pytest.raises(error, match=f"^{message}"):
        flow(**arguments)


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


CONTROLS = """<fieldset disabled><legend>No</legend></fieldset></fieldset><form method=post>
<select name=kind><option>first  one</option><option value=2>second</option></select>
<select name=language>
  <option value=de>Deutsch
  <option value=en selected>English
</select>
<select name=scope multiple><option selected>a<option>b<option selected>c</select>
<select name=none multiple><option>a</select>
<select name=listed size=3><option>a</select>
<select name=placeholder><option value="" disabled selected>Choose</option><option>a</select>
<select name=group><optgroup disabled><option>a</optgroup><optgroup><option>b</optgroup></select>
<select name=empty></select> <select name=entered><option>a</select> <select><option>a</select>
<textarea name=note>\r\n\nDear <b>Hydra</b> &amp; co.\n</textarea>
<textarea name=told>old</textarea> <textarea></textarea>
<input name=off value=x disabled> <select name=off disabled><option selected>a</select>
<fieldset disabled><input name=off value=x></fieldset>
<input type=checkbox name=blank value="" checked>
<input type=button name=off value=x> <button type=reset name=off>Reset</button>
<a name=off>x</a> <button name=answer disabled value=no></button> <button name=answer value=yes>
</form><textarea name=off>x</textarea>"""


def test_every_control_of_a_form(wire: Wire, flow: ConsentFlow) -> None:
    sent: list[dict[str, list[str]]] = []

    def app(environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.method == "GET":
            return Response(CONTROLS, mimetype="text/html")(environ, start_response)
        sent.append({name: request.form.getlist(name) for name in request.form})
        id = request.args["consent"]
        return redirect(wire.hydra.accept_consent(id, "alice"))(environ, start_response)

    flow(wsgi=app, fields={"entered": "z", "told": "new\nlines", "off": "y"})
    assert sent == [
        {
            "kind": ["first one"],
            "language": ["en"],
            "scope": ["a", "c"],
            "group": ["b"],
            "note": ["\r\nDear <b>Hydra</b> & co.\r\n"],
            "blank": [""],
            "entered": ["z"],
            "told": ["new\r\nlines"],
            "answer": ["yes"],
        }
    ]


def test_fields_that_no_form_had(wire: Wire, flow: ConsentFlow) -> None:
    app = App(wire)
    wire.hydra.consent_url = "http://127.0.0.1:4900/empty"
    with pytest.raises(BrowserStuckError, match=r"No form had these fields: 'a', 'usr'$"):
        flow(wsgi=app, fields={"usr": "alice", "a": "b"})
    wire.hydra.consent_url = "http://127.0.0.1:4900/consent"
    fields = {"user": "carol", "back": "/lost"}
    with pytest.raises(BrowserStuckError) as raised:
        flow(wsgi=app, fields=fields)
    assert "nothing here" in str(raised.value)
    assert "No form had" not in str(raised.value)


def test_a_consent_app_that_is_down(flow: ConsentFlow) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/consent"
        with pytest.raises(BrowserStuckError, match=f"the page at {url}.* cannot be fetched: "):
            flow(url=url)


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
