"""Errors for unsuccessful responses: the same class for both versions, with a hint."""

from __future__ import annotations

import copy
import json
import pickle
import re
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from support.loopback import ISSUED, OPERATIONS

import hydra_client
from hydra_client import exceptions
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiException,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    HydraException,
    NotFoundException,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
)
from hydra_client.tokens import ClientCredentials

HOST = "http://127.0.0.1:4444"
SECRET = "p+q%41 r:s&<ü>"
TOKEN = "access-token-0001"


@pytest.fixture
def edge() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as edge:
        yield edge


@pytest.fixture
def api() -> hydra_client.OAuth2Api:
    return hydra_client.OAuth2Api(
        hydra_client.ApiClient(
            hydra_client.Configuration(HOST, "admin", SECRET, access_token=TOKEN, retries=0)
        )
    )


def responding(edge: responses.RequestsMock, **response: Any) -> None:
    """Respond to whatever is requested, once."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        edge.add(method, url=re.compile(".*"), **response)
    edge.assert_all_requests_are_fired = False


def raised(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, name: str, **response: Any
) -> ApiException:
    responding(edge, **response)
    with pytest.raises(ApiException) as caught:
        OPERATIONS[name].call(api)
    assert len(edge.calls) == 1
    return caught.value


def admin(code: int, message: str, **more: str) -> str:
    return json.dumps({"error": {"code": code, "message": message, **more}}) + "\n"


def oauth(error: str, code: int) -> str:
    document = {"error": error, "error_description": f"{error} it is", "statusCode": code}
    return json.dumps(document)


AUTHORIZED = "A validator returned an error: The request could not be authorized"
EXPIRED = "A validator returned an error: Token expired"
DENIED = "Request was denied by default: The request is not allowed"
SCOPE = "A validator returned an error: The requested scope is invalid, unknown, or malformed"
DUPLICATE = 'pq: duplicate key value violates unique constraint "hydra_client_pkey"'
TLS_PORT = "Client sent an HTTP request to an HTTPS server."
INSECURE = "Can not serve request over insecure http"

TABLE: list[tuple[str, int, str, type[ApiException]]] = [
    # any 401, and what 0.9 makes of it
    ("get_oauth2_client", 401, admin(401, "request_unauthorized"), UnauthorizedException),
    ("get_oauth2_client", 401, admin(401, "token_expired"), UnauthorizedException),
    ("get_oauth2_client", 401, "", UnauthorizedException),
    ("get_well_known", 401, "<html>", UnauthorizedException),
    ("get_oauth2_client", 500, admin(500, AUTHORIZED), UnauthorizedException),
    ("get_oauth2_client", 500, admin(500, EXPIRED), UnauthorizedException),
    ("oauth_token", 401, oauth("invalid_client", 401), UnauthorizedException),
    ("oauth_token", 403, oauth("invalid_client", 403), UnauthorizedException),
    ("revoke_oauth2_token", 403, oauth("invalid_client", 403), UnauthorizedException),
    ("introspect_oauth2_token", 401, oauth("request_unauthorized", 401), UnauthorizedException),
    # any other 403, and what else means it
    ("well_known", 403, admin(403, "Request was denied by default: x"), ForbiddenException),
    ("get_oauth2_client", 403, "403 Forbidden", ForbiddenException),
    ("oauth_token", 403, oauth("authorization_code_inactive", 403), ForbiddenException),
    ("get_oauth2_client", 500, admin(500, DENIED), ForbiddenException),
    ("get_oauth2_client", 500, admin(500, SCOPE), ForbiddenException),
    ("get_oauth2_client", 400, admin(400, "invalid_scope"), ForbiddenException),
    ("introspect_oauth2_token", 400, oauth("invalid_scope", 400), ForbiddenException),
    # the rest
    ("get_oauth2_client", 404, admin(404, ": Not found"), NotFoundException),
    ("get_oauth2_client", 404, "404 page not found\n", NotFoundException),
    ("create_oauth2_client", 500, admin(500, DUPLICATE), ConflictException),
    ("update_oauth2_client", 500, admin(500, DUPLICATE), ServiceException),
    ("create_oauth2_client", 409, admin(409, "taken"), ConflictException),
    ("oauth_token", 400, oauth("invalid_scope", 400), BadRequestException),
    ("oauth_token", 400, oauth("invalid_grant", 400), BadRequestException),
    ("accept_oauth2_consent_request", 400, "", BadRequestException),
    ("get_well_known", 400, TLS_PORT, BadRequestException),
    ("get_oauth2_client", 429, "slow down", TooManyRequestsException),
    ("get_oauth2_client", 500, admin(500, "unexpected EOF"), ServiceException),
    ("get_oauth2_client", 502, admin(500, INSECURE), ServiceException),
    ("get_oauth2_client", 503, "", ServiceException),
    ("get_oauth2_client", 599, "<html>", ServiceException),
    ("get_oauth2_client", 405, "Method Not Allowed\n", ApiException),
    ("get_oauth2_client", 418, "", ApiException),
    ("get_oauth2_client", 204, "", ApiException),
    ("get_oauth2_client", 302, "", ApiException),
    ("oauth_auth", 200, "<html>", ApiException),
    ("delete_oauth2_client", 200, "{}", ApiException),
]


@pytest.mark.parametrize("label", ["application/json", "text/plain; charset=utf-8", "x"])
@pytest.mark.parametrize(("name", "status", "body", "kind"), TABLE)
def test_the_class_says_what_happened(
    edge: responses.RequestsMock,
    api: hydra_client.OAuth2Api,
    name: str,
    status: int,
    body: str,
    kind: type[ApiException],
    label: str,
) -> None:
    error = raised(edge, api, name, status=status, body=body, content_type=label)
    assert type(error) is kind
    assert error.status == status
    assert error.body == body
    assert error.headers["content-type"] == label
    assert f"{name}: {status}" in str(error)
    assert error.request_id == edge.calls[0].request.headers["X-Request-ID"]
    assert error.request_id in str(error)


def test_an_oauth_error_has_the_name_of_the_rfc(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    error = raised(edge, api, "oauth_token", status=400, body=oauth("invalid_grant", 400))
    assert error.error == "invalid_grant"
    assert error.error_description == "invalid_grant it is"
    assert str(error).startswith(
        "oauth_token: 400 Bad Request: invalid_grant: invalid_grant it is (POST /oauth2/token, "
    )


@pytest.mark.parametrize(
    "body",
    [
        admin(403, "Request was denied", reason="You may not", request="1", details=""),
        '{"code": 403, "message": "Request was denied", "reason": "You may not"}',
    ],
)
def test_an_admin_error_can_be_wrapped_or_flat(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, body: str
) -> None:
    error = raised(edge, api, "get_oauth2_client", status=403, body=body)
    assert (error.error, error.error_description) == ("Request was denied", "You may not")
    assert "403 Forbidden: Request was denied: You may not" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "\ufeff{}",
        '{"error": null}',
        '{"error": 5}',
        '{"error": ""}',
        '{"error": {"message": 5}}',
        "[" * 100_000,
        "9" * 5000,
    ],
)
def test_a_body_without_information_does_no_harm(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, body: str
) -> None:
    error = raised(edge, api, "get_oauth2_client", status=400, body=body)
    assert error.error is error.error_description is None
    assert str(error).startswith("get_oauth2_client: 400 Bad Request (GET /clients/photos, ")


@pytest.mark.parametrize(
    ("name", "resource", "action", "scope"),
    [
        ("get_oauth2_client", "rn:hydra:clients:photos", "get", "hydra.clients"),
        ("create_oauth2_client", "rn:hydra:clients", "create", "hydra.clients"),
        ("introspect_oauth2_token", "rn:hydra:oauth2:tokens", "introspect", "hydra.introspect"),
        (
            "well_known",
            "rn:hydra:keys:hydra.openid.id-token:public",
            "get",
            "hydra.keys.get",
        ),
    ],
)
@pytest.mark.parametrize(("status", "message"), [(403, DENIED), (500, DENIED), (500, SCOPE)])
def test_a_denial_names_the_scope_and_a_policy_that_would_allow_it(
    edge: responses.RequestsMock,
    api: hydra_client.OAuth2Api,
    name: str,
    resource: str,
    action: str,
    scope: str,
    status: int,
    message: str,
) -> None:
    error = raised(edge, api, name, status=status, body=admin(status, message))
    assert error.hint is not None
    assert f"scope {scope}," in error.hint
    policy = json.loads(error.hint[error.hint.index("{") : error.hint.rindex("}") + 1])
    assert policy["resources"] == [resource]
    assert policy["actions"] == [action]
    assert policy["effect"] == "allow"
    assert str(error).endswith(error.hint)


@pytest.mark.parametrize(
    ("name", "status", "body", "word"),
    [
        ("get_oauth2_client", 401, "", "get a new one"),
        ("get_oauth2_client", 500, admin(500, EXPIRED), "get a new one"),
        ("oauth_token", 401, "", "client id and secret"),
        ("oauth_token", 400, oauth("invalid_scope", 400), "does not cover a requested scope"),
        ("introspect_oauth2_token", 401, "", "is configured, it is missing"),
        ("introspect_oauth2_token", 401, "", "check the client id and secret"),
        ("revoke_oauth2_token", 403, oauth("invalid_client", 403), "client id and secret"),
        ("create_oauth2_client", 500, admin(500, DUPLICATE), "Update the client"),
        ("get_oauth2_client", 502, admin(500, INSECURE), "X-Forwarded-Proto"),
    ],
)
def test_hints(
    edge: responses.RequestsMock,
    api: hydra_client.OAuth2Api,
    name: str,
    status: int,
    body: str,
    word: str,
) -> None:
    error = raised(edge, api, name, status=status, body=body)
    assert error.hint is not None
    assert word in error.hint
    assert str(error).endswith(error.hint)


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, ""), (404, '{"error": "Not found"}'), (500, ""), (502, ""), (418, "")],
)
def test_no_hint_where_none_is_known(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, status: int, body: str
) -> None:
    assert raised(edge, api, "get_oauth2_client", status=status, body=body).hint is None


@pytest.mark.parametrize("word", ["client", "invalid"])
@pytest.mark.parametrize("name", ["oauth_token", "revoke_oauth2_token"])
def test_a_secret_that_is_a_word_of_the_servers_changes_no_class(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, name: str, word: str
) -> None:
    api.api_client.configuration.password = word
    error = raised(edge, api, name, status=403, body=oauth("invalid_client", 403))
    assert type(error) is UnauthorizedException
    assert_hidden(error, "invalid_client")


def test_two_documents_in_one_response_are_read_and_the_fresh_secret_is_masked(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    body = (
        admin(500, "The client secret must be at least 6 characters long")
        + '{"id":"b9432a73","client_name":"","client_secret":"hush","redirect_uris":null}'
    )
    error = raised(edge, api, "create_oauth2_client", status=500, body=body)
    assert type(error) is ServiceException
    assert error.error == "The client secret must be at least 6 characters long"
    assert error.body is not None
    assert '"client_secret":"***"' in error.body
    assert '"id":"b9432a73"' in error.body
    assert_hidden(error, "hush")


def assert_hidden(error: BaseException, *secrets: str) -> None:
    """Hold that neither the error nor what hangs on it shows a secret."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(link)
        link = link.__cause__ or link.__context__
    shown = [
        *(text for link in chain for text in (str(link), repr(link), repr(vars(link)))),
        "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        pickle.dumps(error, protocol=0).decode("latin-1"),
        repr(vars(pickle.loads(pickle.dumps(error)))),
    ]
    for text in shown:
        for secret in secrets:
            assert secret not in text


def echoes() -> list[str]:
    from urllib.parse import quote, quote_plus

    return [SECRET, quote(SECRET, safe=""), quote_plus(SECRET), json.dumps(SECRET)[1:-1]]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_what_the_server_echoes_is_masked(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api, status: int
) -> None:
    body = json.dumps({"error": f"no {SECRET}", "error_description": f"tried {SECRET}, {TOKEN}"})
    body += "".join(echoes()) + f"<p>Authorization: Bearer {TOKEN}</p>"
    error = raised(
        edge,
        api,
        "revoke_oauth2_token",
        status=status,
        body=body,
        headers={
            "X-Echo": ISSUED,
            "Set-Cookie": f"session={ISSUED}",
            "Location": f"https://photos.example.com/?code={ISSUED}",
        },
    )
    basic = edge.calls[0].request.headers["Authorization"].partition(" ")[2]
    assert_hidden(error, *echoes(), ISSUED, basic)
    assert error.error == "no ***"
    assert error.headers["x-echo"] == "***"
    assert error.headers["location"] == "https://photos.example.com/?…"


def test_a_bearer_token_is_masked(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    body = json.dumps({"error": {"message": f"{TOKEN} is not known", "reason": TOKEN}})
    error = raised(edge, api, "get_oauth2_client", status=500, body=body)
    assert_hidden(error, TOKEN)
    assert error.error == "*** is not known"


def test_secrets_of_the_body_are_masked(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    secret = "hush-hush"
    responding(edge, status=500, body=f"cannot hash {secret}")
    with pytest.raises(ServiceException) as caught:
        api.create_oauth2_client(hydra_client.OAuth2Client(client_secret=secret))
    assert_hidden(caught.value, secret)
    with pytest.raises(ServiceException) as caught:
        api.oauth_token(grant_type="refresh_token", refresh_token=secret)
    assert_hidden(caught.value, secret)
    with pytest.raises(ApiException) as refused:
        api.oauth_auth(client_id="photos", id_token_hint=secret)
    assert_hidden(refused.value, secret)


# Slow, because each of many bodies has 64 KiB.
def test_a_long_body_is_cut_and_no_half_of_a_secret_stays(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    for before in range(64 * 1024 - len(TOKEN) - 1, 64 * 1024 + 2):
        edge.reset()
        error = raised(
            edge, api, "get_oauth2_client", status=500, body="x" * before + TOKEN + "y" * 100_000
        )
        assert error.body is not None
        assert len(error.body) <= 64 * 1024 + len("***")
        assert error.body.rstrip("y").rstrip("*").rstrip("x") == ""


def test_a_successful_response_that_is_not_valid_shows_nothing_of_itself(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    body = {"client_secret": "hush-hush", "redirect_uris": "hush-hush"}
    responding(edge, status=200, json=body)
    with pytest.raises(hydra_client.ApiDecodeError) as caught:
        api.get_oauth2_client("photos")
    assert_hidden(caught.value, "hush-hush", TOKEN)
    assert "get_oauth2_client: OAuth2Client.redirect_uris: expected a list" in str(caught.value)
    assert "(status 200 from GET /clients/photos, X-Request-ID " in str(caught.value)


LACKING = "The configured scopes lack "
CALLS = {
    "get_oauth2_client": lambda client: hydra_client.OAuth2Api(client).get_oauth2_client("x"),
    "get_group": lambda client: hydra_client.WardenApi(client).get_group("x"),
}


@pytest.mark.parametrize(
    ("name", "settings", "lacking"),
    [
        ("get_oauth2_client", {"scopes": "a"}, "hydra.clients"),
        (
            "get_oauth2_client",
            {"access_token": ClientCredentials("x", "y", scopes="a")},
            "hydra.clients",
        ),
        (
            "get_oauth2_client",
            {"access_token": ClientCredentials("x", "y"), "scopes": "a"},
            "hydra.clients",
        ),
        ("get_group", {"scopes": "a"}, "hydra.warden.groups (hydra.groups on 0.9)"),
        # They do not lack it, or nothing asked for them.
        ("get_oauth2_client", {"scopes": "a hydra.clients"}, None),
        ("get_oauth2_client", {}, None),
        ("get_oauth2_client", {"scopes": "a", "access_token": TOKEN}, None),
        ("get_oauth2_client", {"scopes": "a", "access_token": lambda: TOKEN}, None),
        ("get_group", {"scopes": "hydra.groups"}, None),
        ("get_group", {}, None),
    ],
)
@pytest.mark.parametrize(("status", "words"), [(500, SCOPE), (400, "invalid_scope")])
def test_configured_scopes_that_lack_the_needed_one(
    edge: responses.RequestsMock,
    name: str,
    settings: dict[str, Any],
    lacking: str | None,
    status: int,
    words: str,
) -> None:
    """Adding the policy, which the hint names otherwise, would not help."""
    edge.add("POST", f"{HOST}/oauth2/token", json={"access_token": TOKEN, "token_type": "bearer"})
    responding(edge, status=status, body=admin(status, words))
    configuration = hydra_client.Configuration(HOST, "admin", SECRET, retries=0, **settings)
    with (
        hydra_client.ApiClient(configuration) as client,
        pytest.raises(ForbiddenException) as caught,
    ):
        CALLS[name](client)
    hint = caught.value.hint or ""
    if lacking is None:
        assert hint.startswith("The token needs the scope ")
    else:
        assert hint == f"{LACKING}{lacking}: add it to the setting scopes, or remove the setting."


def test_errors_can_be_copied_and_pickled(
    edge: responses.RequestsMock, api: hydra_client.OAuth2Api
) -> None:
    error = raised(
        edge, api, "get_oauth2_client", status=429, body="{}", headers={"Retry-After": "7"}
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is TooManyRequestsException
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)
        assert twin.retry_after == 7.0


NAMES = sorted(name for name, kind in vars(exceptions).items() if isinstance(kind, type))


@pytest.mark.parametrize("name", NAMES)
def test_every_class_can_be_made_by_hand_and_pickled(name: str) -> None:
    kind = getattr(exceptions, name)
    error = kind("what went wrong")
    assert str(pickle.loads(pickle.dumps(error))) == "what went wrong"
    if issubclass(kind, ApiException):
        assert error.headers == {}
        assert error.status is error.body is error.hint is error.retry_after is None


def test_one_base_catches_all_and_builtins_catch_what_they_name() -> None:
    errors = [getattr(exceptions, name) for name in NAMES]
    assert [kind for kind in errors if not issubclass(kind, HydraException)] == [
        hydra_client.InsecureTransportWarning,
        hydra_client.LongSecretWarning,
    ]
    assert issubclass(hydra_client.ApiValueError, ValueError)
    assert issubclass(hydra_client.ApiTypeError, TypeError)
    assert issubclass(hydra_client.ApiTlsError, ApiConnectionError)


def test_the_tree_that_is_drawn_is_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = [
        line.lstrip("│├└─ ").split()[0]
        for line in (exceptions.__doc__ or "").splitlines()
        if line.startswith("    ")
    ]
    assert sorted([*drawn, "InsecureTransportWarning", "LongSecretWarning"]) == sorted(NAMES)
