"""Operations on policies, groups, keys, users and health: what they send, return and repeat."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from support.loopback import Peer, Server, raw_response

from hydra_client import (
    ApiClient,
    ApiConnectionError,
    ApiDecodeError,
    ApiException,
    ApiResponse,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    Configuration,
    ConflictException,
    ForbiddenException,
    GroupMembers,
    HealthApi,
    HealthStatus,
    HydraException,
    JsonWebKey,
    JsonWebKeyApi,
    JsonWebKeySet,
    JsonWebKeySetGeneratorRequest,
    NotFoundException,
    OAuth2Api,
    Policy,
    PolicyApi,
    ServiceException,
    UnauthorizedException,
    UserInfo,
    WardenAccessRequest,
    WardenAccessRequestResponse,
    WardenApi,
    WardenGroup,
    WardenTokenAccessRequest,
    WardenTokenAccessRequestResponse,
    operations,
)
from hydra_client.protocol.encoding import encode
from hydra_client.tokens import ClientCredentials

OWN = "the-clients-own-token"
USERS = "the-users-token"


class Case(NamedTuple):
    """One call, the request that it sends, and a response to it."""

    api: Any
    call: Callable[[Any], Any]
    request: str
    body: Any
    response: Any
    returns: type | None
    status: int = 200
    repeatable: bool = True
    token: str | None = OWN


POLICY = {"id": "p 1", "subjects": ["maria"], "effect": "allow", "conditions": {}}
GROUP = {"id": "editors", "members": ["maria"]}
MEMBERS = {"members": ["peter"]}
KEY = {"kty": "oct", "kid": "k:1", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
KEYS = {"keys": [KEY]}
QUESTION = {"subject": "maria", "action": "read", "resource": "rn:x", "context": {"a": [1]}}
TOKEN_QUESTION = {"token": USERS, "scopes": ["a"], "action": "read", "resource": "rn:x"}

CASES = {
    "list_policies": Case(
        PolicyApi,
        lambda api: api.list_policies(limit=10, offset=0),
        "GET /policies?limit=10&offset=0",
        None,
        [POLICY],
        list,
    ),
    "create_policy": Case(
        PolicyApi,
        lambda api: api.create_policy(Policy.from_dict(POLICY)),
        "POST /policies",
        POLICY,
        POLICY,
        Policy,
        status=201,
        repeatable=False,
    ),
    "get_policy": Case(
        PolicyApi, lambda api: api.get_policy("p 1"), "GET /policies/p%201", None, POLICY, Policy
    ),
    "update_policy": Case(
        PolicyApi,
        lambda api: api.update_policy("p 1", Policy.from_dict(POLICY)),
        "PUT /policies/p%201",
        POLICY,
        POLICY,
        Policy,
    ),
    "delete_policy": Case(
        PolicyApi,
        lambda api: api.delete_policy("p 1"),
        "DELETE /policies/p%201",
        None,
        None,
        None,
        status=204,
    ),
    "does_warden_allow_access_request": Case(
        WardenApi,
        lambda api: api.does_warden_allow_access_request(WardenAccessRequest(**QUESTION)),
        "POST /warden/allowed",
        QUESTION,
        {"allowed": True},
        WardenAccessRequestResponse,
    ),
    "does_warden_allow_token_access_request": Case(
        WardenApi,
        lambda api: api.does_warden_allow_token_access_request(
            WardenTokenAccessRequest(**TOKEN_QUESTION)
        ),
        "POST /warden/token/allowed",
        TOKEN_QUESTION,
        {"allowed": True, "expiresAt": "2018-03-01T12:00:00.123456789Z"},
        WardenTokenAccessRequestResponse,
    ),
    "find_groups_by_member": Case(
        WardenApi,
        lambda api: api.find_groups_by_member("maria & peter"),
        "GET /warden/groups?member=maria+%26+peter",
        None,
        [GROUP],
        list,
    ),
    "create_group": Case(
        WardenApi,
        lambda api: api.create_group(WardenGroup.from_dict(GROUP)),
        "POST /warden/groups",
        GROUP,
        GROUP,
        WardenGroup,
        status=201,
        repeatable=False,
    ),
    "get_group": Case(
        WardenApi,
        lambda api: api.get_group("editors"),
        "GET /warden/groups/editors",
        None,
        GROUP,
        WardenGroup,
    ),
    "delete_group": Case(
        WardenApi,
        lambda api: api.delete_group("editors"),
        "DELETE /warden/groups/editors",
        None,
        None,
        None,
        status=204,
    ),
    "add_members_to_group": Case(
        WardenApi,
        lambda api: api.add_members_to_group("editors", GroupMembers(members=["peter"])),
        "POST /warden/groups/editors/members",
        MEMBERS,
        None,
        None,
        status=204,
        repeatable=False,
    ),
    "remove_members_from_group": Case(
        WardenApi,
        lambda api: api.remove_members_from_group("editors", GroupMembers(members=["peter"])),
        "DELETE /warden/groups/editors/members",
        MEMBERS,
        None,
        None,
        status=204,
    ),
    "get_json_web_key_set": Case(
        JsonWebKeyApi,
        lambda api: api.get_json_web_key_set("my set"),
        "GET /keys/my%20set",
        None,
        KEYS,
        JsonWebKeySet,
    ),
    "create_json_web_key_set": Case(
        JsonWebKeyApi,
        lambda api: api.create_json_web_key_set(
            "my set", JsonWebKeySetGeneratorRequest(alg="HS256", kid="k:1")
        ),
        "POST /keys/my%20set",
        {"alg": "HS256", "kid": "k:1"},
        KEYS,
        JsonWebKeySet,
        status=201,
        repeatable=False,
    ),
    "update_json_web_key_set": Case(
        JsonWebKeyApi,
        lambda api: api.update_json_web_key_set("my set", JsonWebKeySet.from_dict(KEYS)),
        "PUT /keys/my%20set",
        KEYS,
        KEYS,
        JsonWebKeySet,
        repeatable=False,
    ),
    "delete_json_web_key_set": Case(
        JsonWebKeyApi,
        lambda api: api.delete_json_web_key_set("my set"),
        "DELETE /keys/my%20set",
        None,
        None,
        None,
        status=204,
    ),
    "get_json_web_key": Case(
        JsonWebKeyApi,
        lambda api: api.get_json_web_key("my set", "k:1"),
        "GET /keys/my%20set/k%3A1",
        None,
        KEYS,
        JsonWebKeySet,
    ),
    "update_json_web_key": Case(
        JsonWebKeyApi,
        lambda api: api.update_json_web_key("my set", "k:1", JsonWebKey.from_dict(KEY)),
        "PUT /keys/my%20set/k%3A1",
        KEY,
        KEY,
        JsonWebKey,
        repeatable=False,
    ),
    "delete_json_web_key": Case(
        JsonWebKeyApi,
        lambda api: api.delete_json_web_key("my set", "k:1"),
        "DELETE /keys/my%20set/k%3A1",
        None,
        None,
        None,
        status=204,
    ),
    "get_instance_status": Case(
        HealthApi,
        lambda api: api.get_instance_status(),
        "GET /health/status",
        None,
        {"status": "ok"},
        HealthStatus,
        token=None,
    ),
    "get_instance_metrics": Case(
        HealthApi,
        lambda api: api.get_instance_metrics(),
        "GET /health/metrics",
        None,
        {"uptime": 7, "memory": {"alloc": 1}},
        dict,
    ),
    "userinfo": Case(
        OAuth2Api,
        lambda api: api.userinfo(USERS),
        "GET /userinfo",
        None,
        {"sub": "maria", "role": "editor"},
        UserInfo,
        token=USERS,
    ),
}


def response_of(case: Case) -> bytes:
    body = b"" if case.response is None else json.dumps(case.response).encode()
    return raw_response(body, case.status)


def api_for(case: Case, server: Server, **settings: Any) -> Any:
    settings = {"access_token": OWN, "timeout": 20.0, **settings}
    return case.api(ApiClient(Configuration(server.url, **settings)))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_what_is_sent_and_returned(case: Case) -> None:
    with Server(response_of(case)) as server:
        api = api_for(case, server)
        data = case.call(api)
        full = case.call(api.with_http_info)
    assert type(full) is ApiResponse
    assert (full.data, full.status) == (data, case.status)
    if case.returns is None:
        assert data is None
    else:
        assert type(data) is case.returns
        items = data if isinstance(data, list) else [data]
        documents = [item if isinstance(item, dict) else item.to_dict() for item in items]
        assert (documents if isinstance(data, list) else documents[0]) == case.response
    assert len(server.requests) == 2
    for request in server.requests:
        assert f"{request.method} {request.target}" == case.request
        assert request.headers.get("authorization") == (case.token and f"Bearer {case.token}")
        if case.body is None:
            assert request.body == b""
            assert "content-type" not in request.headers
        else:
            assert request.json == case.body


def test_what_is_sent_again_when_a_response_was_lost(case: Case) -> None:
    with Server(Peer.close, response_of(case)) as server:
        api = api_for(case, server, retries=1)
        if case.repeatable:
            case.call(api)
        else:
            with pytest.raises(ApiConnectionError) as caught:
                case.call(api)
            assert "secret" not in str(caught.value)
    assert len(server.requests) == 1 + case.repeatable


@pytest.mark.parametrize(
    ("set", "kid", "message"),
    [
        ("a/b", "k", "the set 'a/b' cannot be addressed"),
        ("a", "..", "the kid '..' cannot be addressed"),
        ("", "k", "set is empty; it would address another resource"),
        ("a", "", "kid is empty; it would address another resource"),
    ],
)
def test_both_ids_of_a_path_are_checked(set: str, kid: str, message: str) -> None:
    with pytest.raises(ApiValueError, match=f"get_json_web_key: {message}"):
        JsonWebKeyApi().get_json_web_key(set, kid)
    with pytest.raises(ApiTypeError, match="get_json_web_key: kid must be a string, got NoneType"):
        JsonWebKeyApi().get_json_web_key("a", None)  # type: ignore[arg-type]


def test_an_id_that_could_not_be_addressed_is_not_created() -> None:
    with pytest.raises(ApiValueError, match="create_policy: the id 'a/b' cannot be addressed"):
        PolicyApi().create_policy(Policy(id="a/b"))
    with pytest.raises(ApiValueError, match="create_group: the id 'a/b' cannot be addressed"):
        WardenApi().create_group(WardenGroup(id="a/b"))
    with pytest.raises(ApiValueError, match="set: the kid 'a/b' cannot be addressed"):
        JsonWebKeyApi().create_json_web_key_set(
            "s", JsonWebKeySetGeneratorRequest(alg="HS256", kid="a/b")
        )


@pytest.mark.parametrize(
    ("limit", "kind", "message"),
    [
        ("10", ApiTypeError, "limit must be a whole number, got str"),
        (True, ApiTypeError, "limit must be a whole number, got bool"),
        (1.5, ApiTypeError, "limit must be a whole number, got float"),
        (-1, ApiValueError, "limit must be at least 0, got -1"),
    ],
)
def test_a_page_is_given_in_whole_numbers(limit: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"list_policies: {message}"):
        PolicyApi().list_policies(limit=limit)


@pytest.mark.parametrize("body", [b"[]", b"null", b"7"])
def test_metrics_are_an_object(body: bytes) -> None:
    with (
        Server(raw_response(body)) as server,
        pytest.raises(ApiDecodeError, match="expected an object"),
    ):
        api_for(CASES["get_instance_metrics"], server).get_instance_metrics()


def test_an_empty_set_of_keys_may_come_as_null() -> None:
    with Server(raw_response(b'{"keys": null}')) as server:
        keys = api_for(CASES["get_json_web_key_set"], server).get_json_web_key_set("s")
    assert keys.keys == []


# -- errors


def admin(message: str, status: int = 500) -> str:
    return json.dumps({"error": {"code": status, "message": message}})


DUPLICATE = 'pq: duplicate key value violates unique constraint "x_pkey"'
MYSQL_DUPLICATE = "Error 1062: Duplicate entry 'editors' for key 'PRIMARY'"
NO_ROWS = "sql: no rows in result set"
FOREIGN = 'pq: insert or update on table "x" violates foreign key constraint "y"'
MYSQL_FOREIGN = "Error 1452: Cannot add or update a child row: a foreign key constraint fails"
EFFECT = 'pq: new row violates check constraint "ladon_policy_effect_check"'
CONDITION = "Could not find condition type OddCondition"
TEMPLATE = 'Unbalanced braces in ""a<b""'
ROLLED_BACK = "sql: transaction has already been committed or rolled back"
KEY_TYPE = "square/go-jose: unknown json web key type 'x'"
DENIED = "Request was denied by default: The request is not allowed"

ERRORS: list[tuple[str, int, str, type[ApiException], str | None]] = [
    ("create_policy", 500, "Policy exists", ConflictException, "Update the policy, or delete it"),
    ("create_policy", 500, CONDITION, BadRequestException, "PolicyConditions lists the types"),
    ("create_policy", 500, TEMPLATE, BadRequestException, "Close every < of a template"),
    ("create_policy", 500, EFFECT, BadRequestException, "Set effect to allow or deny"),
    ("create_policy", 500, ROLLED_BACK, ServiceException, "0.9 with SQL says this if a policy"),
    ("create_policy", 500, "pq: connection refused", ServiceException, None),
    ("update_policy", 500, CONDITION, BadRequestException, "PolicyConditions lists the types"),
    ("update_policy", 500, "Policy exists", ServiceException, None),
    ("update_policy", 400, "Payload ID does not match ID from URL", BadRequestException, None),
    ("get_policy", 404, NO_ROWS, NotFoundException, None),
    ("create_group", 500, DUPLICATE, ConflictException, "Add members to the group, or"),
    ("create_group", 500, MYSQL_DUPLICATE, ConflictException, "Add members to the group, or"),
    ("get_group", 500, NO_ROWS, NotFoundException, None),
    ("get_group", 404, "Not found", NotFoundException, None),
    ("add_members_to_group", 500, DUPLICATE, ConflictException, "Add only those that are not"),
    ("add_members_to_group", 500, FOREIGN, NotFoundException, "Create the group first"),
    ("add_members_to_group", 500, MYSQL_FOREIGN, NotFoundException, "Create the group first"),
    ("add_members_to_group", 404, "Not found", NotFoundException, None),
    ("create_json_web_key_set", 400, "Generator X unknown", BadRequestException, "0.9 knows RS256"),
    ("create_json_web_key_set", 500, DUPLICATE, ConflictException, "Delete the key first, or"),
    ("update_json_web_key_set", 500, DUPLICATE, ConflictException, "Delete the key first, or"),
    ("update_json_web_key", 500, DUPLICATE, ConflictException, "Delete the key first, or"),
    ("update_json_web_key", 500, KEY_TYPE, BadRequestException, "Set kty to RSA, EC or oct"),
    ("get_json_web_key", 404, ": Not found", NotFoundException, None),
    ("list_policies", 500, DENIED, ForbiddenException, "hydra.policies"),
]


@pytest.mark.parametrize(("name", "status", "message", "kind", "hint"), ERRORS)
def test_an_error_says_what_happened(
    name: str, status: int, message: str, kind: type[ApiException], hint: str | None
) -> None:
    case = CASES[name]
    response = raw_response(admin(message).encode(), status)
    with Server(response) as server, pytest.raises(ApiException) as caught:
        case.call(api_for(case, server, retries=0))
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert error.error == message
    if hint is None:
        assert error.hint is None
    else:
        assert hint in (error.hint or "")
        assert str(error).endswith(error.hint or "-")


@pytest.mark.parametrize(
    ("name", "scope", "resource", "action"),
    [
        ("delete_policy", "hydra.policies", "rn:hydra:policies:p 1", "get"),
        ("update_policy", "hydra.policies", "rn:hydra:policies:p 1", "update"),
        ("get_json_web_key_set", "hydra.keys.get", "rn:hydra:keys:my set:<.*>", "get"),
        ("create_json_web_key_set", "hydra.keys.create", "rn:hydra:keys:my set", "create"),
        ("update_json_web_key", "hydra.keys.update", "rn:hydra:keys:my set:k:1", "update"),
        (
            "add_members_to_group",
            "hydra.warden.groups (hydra.groups on 0.9)",
            "rn:hydra:warden:groups:editors",
            "members.add",
        ),
        ("get_instance_metrics", "hydra.health", "rn:hydra:health:stats", "get"),
    ],
)
def test_a_denial_names_the_policy_that_is_missing(
    name: str, scope: str, resource: str, action: str
) -> None:
    case = CASES[name]
    response = raw_response(admin(DENIED).encode(), 500)
    with Server(response) as server, pytest.raises(ForbiddenException) as caught:
        case.call(api_for(case, server))
    policy = {
        "subjects": ["the caller's client id"],
        "resources": [resource],
        "actions": [action],
        "effect": "allow",
    }
    assert caught.value.hint == (
        f"The token needs the scope {scope}, and its client a policy such as {json.dumps(policy)}."
    )


def test_private_members_of_keys_do_not_show_in_errors() -> None:
    secret = KEY["k"]
    request = encode(
        operations.UPDATE_JSON_WEB_KEY_SET, body=JsonWebKeySet.from_dict(KEYS), set="s"
    )
    assert request.secrets == (secret,)
    with Server(raw_response(admin(f"no such key: {secret}").encode(), 500)) as server:
        case = CASES["update_json_web_key_set"]
        with pytest.raises(ServiceException) as caught:
            case.call(api_for(case, server))
    assert secret not in f"{caught.value} {caught.value.body} {vars(caught.value)}"


def test_private_members_of_keys_do_not_show_in_unexpected_responses() -> None:
    pair = {"kty": "RSA", "kid": "private:a", "n": "n" * 32, "d": "d" * 32, "dp": "x-_" * 9}
    body = json.dumps({"keys": [KEY, pair]}).encode()
    case = CASES["create_json_web_key_set"]
    for response in (
        raw_response(body, 202),
        raw_response(body[:-8], 202),
        raw_response(body[:-8], 201),
    ):
        with Server(response) as server, pytest.raises(HydraException) as caught:
            case.call(api_for(case, server))
        details = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        ours = [frame.locals for frame in details.stack if "/hydra_client/" in frame.filename]
        shown = f"{caught.value} {vars(caught.value)} {ours}"
        assert len(ours) > 3
        assert KEY["k"] not in shown
        assert "d" * 32 not in shown
        assert "x-_" * 4 not in shown


# -- userinfo


def test_userinfo_never_sends_the_clients_own_token() -> None:
    settings = {"username": "admin", "password": "demo-password", "access_token": None}
    refused = raw_response(admin("request_unauthorized", 401).encode(), 401)
    with Server(refused) as server:
        api = api_for(CASES["userinfo"], server, **settings)
        with pytest.raises(UnauthorizedException) as caught:
            api.userinfo(USERS)
        with pytest.raises(ApiTypeError, match="userinfo: access_token must be a string, got None"):
            api.userinfo(None)
        with pytest.raises(ApiValueError, match="userinfo: access_token is empty, or has spaces"):
            api.userinfo("")
    # No token was fetched, and the refused one was not replaced.
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {USERS}"]
    assert USERS not in "".join(traceback.format_exception(caught.value))


def test_0_9_has_no_userinfo() -> None:
    response = raw_response(b"404 page not found\n", 404)
    with Server(response) as server, pytest.raises(NotFoundException) as caught:
        api_for(CASES["userinfo"], server).userinfo(USERS)
    assert caught.value.hint == (
        "Hydra has this operation since version 0.10, and this server does not know it. If the "
        "server is not older than that, check the base URL."
    )


# -- scopes of groups

NEWER, OLDER = "hydra.warden.groups", "hydra.groups"
NO_SCOPE = {
    "0.9": raw_response(
        admin("A validator returned an error: The requested scope is invalid, unknown").encode(),
        500,
    ),
    "0.10": raw_response(admin("invalid_scope", 400).encode(), 400),
}


class Hydra:
    """A server that checks the scopes of tokens, for clients that may request some of them."""

    def __init__(self, version: str, grants: tuple[str, ...]) -> None:
        self.version = version
        self.grants = grants
        self.success = raw_response(json.dumps(GROUP).encode())
        self.asked: list[str] = []

    def __call__(self, peer: Peer) -> None:
        request = peer.last
        if request.path == "/oauth2/token":
            scope = request.form["scope"]
            self.asked.append(f"token for {scope}")
            if scope in self.grants:
                tokens = {"access_token": scope, "token_type": "bearer", "expires_in": 3599}
                peer.send(raw_response(json.dumps(tokens).encode()))
            else:
                peer.send(raw_response(b'{"error": "invalid_scope"}', 400))
            return
        scope = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(f"call with {scope}")
        accepted = OLDER if self.version == "0.9" else NEWER
        peer.send(self.success if scope == accepted else NO_SCOPE[self.version])


@pytest.fixture
def hydra() -> Hydra:
    return Hydra("0.9", (NEWER, OLDER))


@pytest.fixture
def server(hydra: Hydra) -> Iterator[Server]:
    with Server(hydra) as server:
        yield server


def warden(server: Server, **settings: Any) -> WardenApi:
    credentials = {"username": "clerk", "password": "demo-password"}
    return WardenApi(ApiClient(Configuration(server.url, **credentials, **settings)))


def test_the_newer_scope_is_enough_for_0_10(hydra: Hydra, server: Server) -> None:
    hydra.version = "0.10"
    api = warden(server)
    api.get_group("editors")
    api.get_group("editors")
    call = f"call with {NEWER}"
    assert hydra.asked == [f"token for {NEWER}", call, call]


@pytest.mark.parametrize(
    "settings", [{}, {"access_token": ClientCredentials("clerk", "demo-password")}], ids=list
)
def test_0_9_gets_the_older_scope_and_is_remembered(
    hydra: Hydra, server: Server, settings: dict[str, Any]
) -> None:
    api = warden(server, **settings)
    api.get_group("editors")
    assert hydra.asked == [
        *(f"token for {NEWER}", f"call with {NEWER}"),
        *(f"token for {OLDER}", f"call with {OLDER}"),
    ]
    hydra.asked.clear()
    api.get_group("editors")
    WardenApi(api.api_client.copy(timeout=5)).get_group("editors")
    assert hydra.asked == [f"call with {OLDER}"] * 2


def test_a_client_with_the_older_scope_only(hydra: Hydra, server: Server) -> None:
    hydra.grants = (OLDER,)
    hydra.success = raw_response(status=204)
    warden(server).add_members_to_group("editors", GroupMembers(members=["peter"]))
    assert hydra.asked == [
        f"token for {NEWER}",
        f"token for {OLDER}",
        f"call with {OLDER}",
    ]


def test_a_server_that_was_updated_gets_the_newer_scope_again(hydra: Hydra, server: Server) -> None:
    api = warden(server)
    api.get_group("editors")
    hydra.version = "0.10"
    api.get_group("editors")
    hydra.asked.clear()
    api.get_group("editors")
    assert hydra.asked == [f"call with {NEWER}"]


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_a_client_with_neither_scope(hydra: Hydra, server: Server, version: str) -> None:
    hydra.version, hydra.grants = version, ()
    with pytest.raises(BadRequestException) as caught:
        warden(server).get_group("editors")
    assert "with the scopes 'hydra.warden.groups'" in str(caught.value)
    assert hydra.asked == [f"token for {NEWER}", f"token for {OLDER}"]


def test_an_error_of_another_kind_ends_the_search(hydra: Hydra, server: Server) -> None:
    hydra.success = raw_response(admin(DENIED).encode(), 500)
    for version in ("0.9", "0.10"):
        hydra.version = version
        with pytest.raises(
            ForbiddenException, match=r"hydra\.warden\.groups \(hydra\.groups on 0\.9\)"
        ):
            warden(server).get_group("editors")
    assert hydra.asked == [
        *(f"token for {NEWER}", f"call with {NEWER}"),
        *(f"token for {OLDER}", f"call with {OLDER}"),
        *(f"token for {NEWER}", f"call with {NEWER}"),
    ]


class Source:
    """A token source of a user's own."""

    def token(self, scopes: tuple[str, ...], /) -> str:
        return " ".join(scopes)


def test_a_token_source_is_asked_for_either_scope(hydra: Hydra, server: Server) -> None:
    warden(server, access_token=Source()).get_group("editors")
    assert hydra.asked == [f"call with {NEWER}", f"call with {OLDER}"]


@pytest.mark.parametrize(
    "settings",
    [
        {"scopes": NEWER},
        {"access_token": ClientCredentials("clerk", "demo-password", NEWER)},
        {"access_token": NEWER},
        {"access_token": lambda: NEWER},
    ],
)
def test_scopes_or_tokens_that_are_given_are_sent_as_given(
    hydra: Hydra, server: Server, settings: dict[str, Any]
) -> None:
    with pytest.raises(ForbiddenException):
        warden(server, **settings).get_group("editors")
    assert [asked for asked in hydra.asked if OLDER in asked] == []
    assert hydra.asked[-1] == f"call with {NEWER}"
