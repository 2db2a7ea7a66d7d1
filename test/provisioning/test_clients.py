"""One client on each version and store: fields, secrets, faults, and concurrent changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.crowd import Crowd
from support.provisioning import overtaken

from hydra_client import (
    ApiConnectionError,
    ApiException,
    ApiTypeError,
    ApiValueError,
    HydraException,
    NotFoundException,
    OAuth2Api,
    OAuth2Client,
    ServiceException,
    TooManyRequestsException,
)
from hydra_client.emulator import HydraEmulator
from hydra_client.provisioning import (
    Apis,
    ClientResult,
    ProvisioningError,
    ensure_client,
    patch_client,
)

SECRET, OTHER = "a-very-good-secret", "another-good-secret"


@pytest.fixture
def api(apis: Apis) -> OAuth2Api:
    return apis.clients


def sent(hydra: HydraEmulator) -> list[str]:
    """The methods of the requests for clients so far."""
    return [request.method for request in hydra.requests if request.path.startswith("/clients")]


def has_secret(hydra: HydraEmulator, secret: str, id: str = "photos") -> bool:
    return hydra._state.clients.get(id).has_secret(secret)


def photos(**fields: Any) -> OAuth2Client:
    usual = {"id": "photos", "scope": "a b", "redirect_uris": ["https://a", "https://b"]}
    return OAuth2Client(**{**usual, **fields})


def test_a_client_is_created_once(hydra: HydraEmulator, api: OAuth2Api) -> None:
    created = ensure_client(api, photos())
    assert (created.action, created.fields) == ("created", ("scope", "redirect_uris"))
    assert created.client_secret is not None
    assert has_secret(hydra, created.client_secret)
    assert created.client_secret not in repr(created)
    assert sent(hydra) == ["GET", "POST"]
    assert ensure_client(api, photos()) == ClientResult("photos", "unchanged")
    assert sent(hydra) == ["GET", "POST", "GET"]


def test_fields_that_are_left_out_stay(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.add_client(id="photos", client_name="Photos", scope="b a", client_secret=SECRET)
    result = ensure_client(api, photos())
    assert result == ClientResult("photos", "updated", ("redirect_uris",))
    assert sent(hydra) == ["GET", "PUT"]
    assert api.get_oauth2_client("photos").client_name == "Photos"
    assert has_secret(hydra, SECRET)


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": " b  a"},
        {"redirect_uris": ["https://b", "https://a"]},
        {"redirect_uris": ["https://b|https://a"]},
        {"contacts": None, "owner": "", "public": False, "client_secret": None},
        {"contacts": [], "grant_types": [""], "client_secret": ""},
    ],
)
def test_what_the_server_normalizes_is_not_a_difference(
    api: OAuth2Api, fields: dict[str, Any]
) -> None:
    ensure_client(api, photos())
    assert ensure_client(api, photos(**fields)).action == "unchanged"


@pytest.mark.parametrize(
    "call",
    [
        lambda api: ensure_client(api, photos()),
        lambda api: patch_client(api, "photos", photos()),
    ],
)
def test_an_api_for_clients(hydra: HydraEmulator, call: Callable[[Any], object]) -> None:
    with pytest.raises(
        ApiTypeError, match=r"api must be a hydra_client\.OAuth2Api, got hydra_client\.aio\."
    ):
        call(hydra.async_api())


def test_a_client_is_a_model(api: OAuth2Api) -> None:
    with pytest.raises(ApiTypeError, match="client must be an OAuth2Client, got dict"):
        ensure_client(api, {"id": "photos"})  # type: ignore[arg-type]


def test_changes_are_a_model(hydra: HydraEmulator, api: OAuth2Api) -> None:
    with pytest.raises(ApiTypeError, match="changes must be an OAuth2Client, got dict"):
        patch_client(api, "photos", {"scope": "a"})  # type: ignore[arg-type]
    assert hydra.requests == []


def test_new_secret_is_a_function(hydra: HydraEmulator, api: OAuth2Api) -> None:
    with pytest.raises(ApiTypeError, match=r"^new_secret must be callable, got str$"):
        ensure_client(api, photos(), "s3cret")  # type: ignore[arg-type]
    assert hydra.requests == []


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (None, ApiTypeError, "the result of new_secret must be a string, got NoneType"),
        (5, ApiTypeError, "the result of new_secret must be a string, got int"),
        ("", ApiValueError, "the result of new_secret is empty"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_new_secret_returns_a_secret(
    hydra: HydraEmulator,
    api: OAuth2Api,
    returned: Any,
    error: type[Exception],
    message: str,
    is_new: bool,
) -> None:
    if not is_new:
        ensure_client(api, photos())
    sent = len(hydra.requests)
    with pytest.raises(error, match=f"^{message}$"):
        ensure_client(api, photos(), lambda: returned)
    assert set(map(str, hydra.requests[sent:])) <= {"GET /clients/photos", "POST /oauth2/token"}


def test_a_client_needs_an_id(hydra: HydraEmulator, api: OAuth2Api) -> None:
    with pytest.raises(ApiValueError, match="no id"):
        ensure_client(api, OAuth2Client(client_name="Photos"))
    assert hydra.requests == []


class Later(OAuth2Api):
    """A later server, whose clients have one more field."""

    stored: OAuth2Client

    def get_oauth2_client(self, id: str, **_: Any) -> OAuth2Client:
        return self.stored

    def update_oauth2_client(self, id: str, body: OAuth2Client, **_: Any) -> OAuth2Client:
        self.stored = body
        return body


def test_unknown_fields_survive() -> None:
    api = Later()
    api.stored = OAuth2Client.from_dict({**photos().to_dict(), "jwks": {"keys": []}})
    assert ensure_client(api, photos()).action == "unchanged"
    assert ensure_client(api, photos(scope="c")).fields == ("scope",)
    assert api.stored.to_dict()["jwks"] == {"keys": []}
    wanted = OAuth2Client.from_dict({**photos().to_dict(), "jwks": {"keys": [1]}, "more": 1})
    assert ensure_client(api, wanted).fields == ("scope", "jwks")
    assert ensure_client(api, wanted).action == "unchanged"


# --- secrets


@pytest.mark.parametrize("id", ["photos", "photos:web"])
def test_a_secret_is_tried_and_changed_if_it_differs(
    hydra: HydraEmulator, api: OAuth2Api, id: str
) -> None:
    created = ensure_client(api, photos(id=id, client_secret=SECRET))
    assert created == ClientResult(id, "created", ("scope", "redirect_uris", "client_secret"))
    assert ensure_client(api, photos(id=id, client_secret=SECRET)).action == "unchanged"
    assert sent(hydra) == ["GET", "POST", "GET"]
    changed = ensure_client(api, photos(id=id, client_secret=OTHER))
    assert changed == ClientResult(id, "updated", ("client_secret",))
    assert OTHER not in repr(changed)
    assert has_secret(hydra, OTHER, id)
    assert ensure_client(api, photos(id=id, client_secret=OTHER)).action == "unchanged"
    assert sent(hydra)[3:] == ["GET", "PUT", "GET"]


@pytest.mark.parametrize(
    ("id", "path", "status", "kind"),
    [
        ("photos", "/oauth2/revoke", 500, ServiceException),
        ("photos", "/oauth2/revoke", 429, TooManyRequestsException),
        ("photos", "/oauth2/revoke", 418, ApiException),
        ("photos:web", "/oauth2/token", 500, ServiceException),
        ("photos:web", "/oauth2/token", 429, TooManyRequestsException),
        ("photos:web", "/oauth2/token", 418, ApiException),
    ],
)
def test_a_secret_that_cannot_be_tried_is_not_changed(
    hydra: HydraEmulator, api: OAuth2Api, id: str, path: str, status: int, kind: type[Exception]
) -> None:
    ensure_client(api, photos(id=id, client_secret=SECRET))
    hydra.fail(path, status=status)
    with pytest.raises(kind):
        ensure_client(api, photos(id=id, client_secret=OTHER))
    assert has_secret(hydra, SECRET, id)


def test_a_public_client_has_any_secret(hydra: HydraEmulator, api: OAuth2Api) -> None:
    created = ensure_client(api, photos(public=True))
    assert created == ClientResult("photos", "created", ("scope", "redirect_uris", "public"))
    assert ensure_client(api, photos(client_secret=SECRET)).action == "unchanged"
    result = ensure_client(api, photos(client_secret=SECRET, public=False))
    assert result.fields == ("public", "client_secret")
    assert not api.get_oauth2_client("photos").public
    assert has_secret(hydra, SECRET)


@pytest.mark.parametrize("more", [{"client_secret": SECRET}, {"public": True}])
def test_a_field_is_emptied_on_memory_stores_too(
    hydra: HydraEmulator, api: OAuth2Api, more: dict[str, Any]
) -> None:
    ensure_client(api, photos(client_name="Photos", **more))
    wanted = photos(scope="", **more)
    assert ensure_client(api, wanted).fields == ("scope",)
    stored = api.get_oauth2_client("photos")
    assert (stored.scope, stored.client_name) == ("", "Photos")
    assert ensure_client(api, wanted).action == "unchanged"


def test_a_field_that_memory_stores_cannot_empty_is_an_error(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    ensure_client(api, photos())
    if hydra.variant.is_sql:
        assert ensure_client(api, photos(scope="")).action == "updated"
        return
    with pytest.raises(ProvisioningError, match="scope") as raised:
        ensure_client(api, photos(scope=""))
    assert (raised.value.id, raised.value.fields) == ("photos", ("scope",))
    assert sent(hydra) == ["GET", "POST", "GET", "PUT"]


class Stubborn(OAuth2Api):
    """Stores no update, whatever it says; a SQL store."""

    def update_oauth2_client(self, id: str, body: OAuth2Client, **_: Any) -> OAuth2Client:
        return self.get_oauth2_client(id)


def test_a_server_that_stores_nothing_is_an_error() -> None:
    with HydraEmulator(store="sql") as hydra:
        api = Stubborn(hydra.api().api_client)
        ensure_client(api, photos(client_secret=SECRET))
        with pytest.raises(ProvisioningError, match="scope"):
            ensure_client(api, photos(client_secret=SECRET, scope="c"))


# --- faults


@pytest.mark.parametrize("secret", [{}, {"client_secret": SECRET}])
def test_a_creation_that_did_not_arrive_is_sent_again(
    hydra: HydraEmulator, api: OAuth2Api, secret: dict[str, Any]
) -> None:
    hydra.fail("/clients", method="POST", reset=True)
    created = ensure_client(api, photos(**secret))
    assert created.action == "created"
    assert sent(hydra) == ["GET", "POST", "GET", "POST"]
    assert has_secret(hydra, created.client_secret or SECRET)


@pytest.mark.parametrize("secret", [{}, {"client_secret": SECRET}])
def test_a_creation_whose_response_got_lost_loses_no_secret(
    hydra: HydraEmulator, api: OAuth2Api, secret: dict[str, Any]
) -> None:
    hydra.fail("/clients", method="POST", cut=5)
    created = ensure_client(api, photos(**secret))
    assert created.action == "created"
    assert sent(hydra) == ["GET", "POST", "GET"]
    assert has_secret(hydra, created.client_secret or SECRET)


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ({"reset": True}, ["GET", "PUT", "GET", "PUT"]),
        ({"status": 502}, ["GET", "PUT", "GET", "PUT"]),
        ({"cut": 5}, ["GET", "PUT", "GET"]),
    ],
)
def test_an_update_whose_outcome_is_not_known(
    hydra: HydraEmulator, api: OAuth2Api, fault: dict[str, Any], requests: list[str]
) -> None:
    hydra.add_client(id="photos", client_secret=SECRET)
    hydra.fail("/clients/photos", method="PUT", **fault)
    result = ensure_client(api, photos(client_secret=OTHER))
    assert result.fields == ("scope", "redirect_uris", "client_secret")
    assert sent(hydra) == requests
    assert has_secret(hydra, OTHER)


def test_a_server_that_stays_broken_ends_the_attempts(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.fail("/clients", method="POST", reset=True, times=None)
    with pytest.raises(ApiConnectionError):
        ensure_client(api, photos())
    assert sent(hydra) == ["GET", "POST"] * 3 + ["GET"]


# --- others at work


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({}, ClientResult("photos", "unchanged")),
        ({"scope": "c"}, ClientResult("photos", "updated", ("scope",))),
    ],
)
def test_someone_else_created_it_first(
    hydra: HydraEmulator, api: OAuth2Api, theirs: dict[str, Any], expected: ClientResult
) -> None:
    add = partial(hydra.add_client, **photos(client_secret=SECRET, **theirs).to_dict())
    result = ensure_client(overtaken(api, "get_oauth2_client", add), photos())
    if hydra.variant.is_sql:
        assert result == expected
        assert has_secret(hydra, SECRET)
    else:
        assert has_secret(hydra, result.client_secret or "")
    assert ensure_client(api, photos()).action == "unchanged"


def test_someone_else_created_it_while_the_creation_got_lost(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    class Late(OAuth2Api):
        def create_oauth2_client(self, body: OAuth2Client, **_: Any) -> OAuth2Client:
            hydra.add_client(**photos(client_secret=SECRET).to_dict())
            raise ApiConnectionError("lost")

    assert ensure_client(Late(api.api_client), photos()) == ClientResult("photos", "unchanged")


def test_someone_else_deleted_it_first(hydra: HydraEmulator, api: OAuth2Api) -> None:
    hydra.add_client(id="photos", client_secret=SECRET)
    delete = partial(api.delete_oauth2_client, "photos")
    created = ensure_client(overtaken(api, "get_oauth2_client", delete), photos())
    assert created.action == "created"
    assert has_secret(hydra, created.client_secret or "")


def test_many_create_one_client_at_once(api: OAuth2Api) -> None:
    with Crowd() as crowd:
        crowd.send(8, lambda: ensure_client(api, photos(client_secret=SECRET)).action)
    assert crowd.errors == []
    assert "created" in crowd.results
    assert ensure_client(api, photos(client_secret=SECRET)).action == "unchanged"


# --- any client

WORDS = st.text(st.sampled_from("ab |é\n\\\"'"), max_size=3)
LISTS = st.lists(WORDS, max_size=3) | st.none()
CLIENTS = st.fixed_dictionaries(
    {"client_secret": st.sampled_from([SECRET, OTHER])},
    optional={
        "client_name": WORDS | st.none(),
        "scope": WORDS,
        "redirect_uris": LISTS,
        "contacts": LISTS,
        "owner": WORDS,
        "public": st.booleans() | st.none(),
    },
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clients=st.lists(CLIENTS, min_size=1, max_size=3))
def test_a_second_run_writes_nothing(
    hydra: HydraEmulator, api: OAuth2Api, clients: list[dict[str, Any]]
) -> None:
    for fields in clients:
        client = OAuth2Client(id="any", **fields)
        ensure_client(api, client)
        before = len(sent(hydra))
        assert ensure_client(api, client) == ClientResult("any", "unchanged")
        assert sent(hydra)[before:] == ["GET"]


def test_a_patch_changes_nothing_else(hydra: HydraEmulator, api: OAuth2Api) -> None:
    api.create_oauth2_client(photos(client_secret=SECRET, owner="alice"))
    patched = patch_client(api, "photos", OAuth2Client(id="other", client_name="Photos"))
    expected = {"id": "photos", "scope": "a b", "owner": "alice", "client_name": "Photos"}
    stored = api.get_oauth2_client("photos")
    assert patched.to_dict().items() >= expected.items() <= stored.to_dict().items()
    assert stored.redirect_uris == ["https://a", "https://b"]
    assert has_secret(hydra, SECRET)
    assert sent(hydra) == ["POST", "GET", "PUT", "GET"]


def test_a_patch_sets_a_secret(hydra: HydraEmulator, api: OAuth2Api) -> None:
    api.create_oauth2_client(photos(client_secret=SECRET))
    patched = patch_client(api, "photos", OAuth2Client(client_secret=OTHER))
    assert patched.client_secret == OTHER
    assert has_secret(hydra, OTHER)


def test_a_patch_empties_a_field_or_says_that_it_could_not(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    api.create_oauth2_client(photos(owner="alice"))
    if hydra._state.variant.is_sql:
        patch_client(api, "photos", OAuth2Client(owner=""))
        assert not api.get_oauth2_client("photos").owner
    else:
        with pytest.raises(ProvisioningError, match=r"cannot empty a field by an update\.$"):
            patch_client(api, "photos", OAuth2Client(owner=""))


def test_a_patch_creates_nothing(hydra: HydraEmulator, api: OAuth2Api) -> None:
    with pytest.raises(NotFoundException):
        patch_client(api, "photos", OAuth2Client(owner="alice"))
    assert sent(hydra) == ["GET"]


# --- a secret that is saved before it is sent


@pytest.mark.parametrize("exists", [False, True])
def test_a_new_secret_is_called_for_once(
    hydra: HydraEmulator, api: OAuth2Api, exists: bool
) -> None:
    if exists:
        hydra.add_client(id="a", client_secret="an-old-secret", client_name="A")
    made: list[str] = []

    def new_secret() -> str:
        made.append(f"secret-number-{len(made)}")
        return made[-1]

    hydra.fail("/clients/a" if exists else "/clients", method="PUT" if exists else "POST", cut=10)
    result = ensure_client(api, OAuth2Client(id="a", client_name="A"), new_secret)
    assert result.action == ("updated" if exists else "created")
    assert result.fields[-1] == "client_secret"
    assert result.client_secret is None
    assert made == ["secret-number-0"]
    wanted = OAuth2Client(id="a", client_secret=made[0])
    assert ensure_client(api, wanted).action == "unchanged"


def test_an_error_says_whether_a_write_may_have_been_carried_out(
    hydra: HydraEmulator, api: OAuth2Api
) -> None:
    def failed() -> HydraException:
        with pytest.raises(HydraException) as failure:
            ensure_client(api, OAuth2Client(id="a", client_secret="a-secret"))
        return failure.value

    looks = hydra.fail("/clients/a", method="GET", times=None, status=503)
    assert not failed().repeated  # nothing was written
    looks.times = 0
    writes = hydra.fail("/clients", method="POST", times=None, status=500, body="no")
    assert not failed().repeated
    writes.times = 0
    writes = hydra.fail("/clients", method="POST", times=None, status=502)
    assert failed().repeated
