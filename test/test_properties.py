"""Properties that hold for all inputs: random responses, clients, ids, secrets and headers."""

from __future__ import annotations

import copy
import json
import pickle
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loopback import LONG, OPERATIONS, Server, api, raw_response

from hydra_client import (
    ApiTypeError,
    ApiValueError,
    ConsentRequestAcceptance,
    HydraException,
    OAuth2Api,
    OAuth2Client,
)
from hydra_client.protocol.decoding import decode, many, one
from hydra_client.protocol.encoding import encode
from hydra_client.protocol.error_mapping import error_for
from hydra_client.protocol.model import Model
from hydra_client.protocol.operation import Operation, Response
from hydra_client.protocol.redaction import redact

FOR_BOTH_CLIENTS = True

# All examples of a test share one client.
few = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])

# UTF-8 cannot contain unpaired surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def near(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that have a model's names, with right and wrong values."""
    names = st.sampled_from([*model._by_wire, "audience", "unknown"])
    values = documents | st.lists(texts) | st.just("2018-03-01T12:00:00Z") | st.just({})
    return st.dictionaries(names, values, max_size=12)


MODELS = {model.__name__: model for model in Model.__subclasses__()}


def test_all_models_are_looked_at() -> None:
    assert len(MODELS) == 21


@pytest.mark.parametrize("name", MODELS)
@few
@given(data=st.data())
def test_a_document_is_a_model_or_an_error_of_ours(name: str, data: st.DataObject) -> None:
    model = MODELS[name]
    document = data.draw(near(model) | documents)
    try:
        made = model.from_json(json.dumps(document))
    except HydraException:
        with pytest.raises(HydraException):
            model.from_dict(document)
        return
    assert made == model.from_dict(document)
    assert made.to_dict() == document
    assert model.from_json(made.to_json()) == made
    assert repr(made).startswith(f"{name}(")
    for field in model._fields:
        getattr(made, field)


@few
@given(st.binary(max_size=50) | texts.map(str.encode) | documents.map(json.dumps).map(str.encode))
def test_any_bytes_are_a_response_or_an_error_of_ours(body: bytes) -> None:
    for reader in (one(OAuth2Client), many(OAuth2Client)):
        operation = Operation("any", "GET", "/any", read=reader, success=(200,))
        call = encode(operation)
        try:
            decode(call, Response(200, "OK", {}, body))
        except HydraException as error:
            said = str(error)
        else:
            said = "any: a model"
        assert said.startswith("any: ")


@few
@given(
    status=st.integers(100, 999),
    reason=texts,
    headers=st.dictionaries(texts, texts, max_size=3),
    body=st.binary(max_size=60) | documents.map(json.dumps).map(str.encode),
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12),
    data=st.data(),
)
def test_any_failure_is_an_error_that_hides_the_secret(
    status: int,
    reason: str,
    headers: dict[str, str],
    body: bytes,
    secret: str,
    data: st.DataObject,
) -> None:
    place = data.draw(st.integers(0, len(body)))
    body = body[:place] + secret.encode() + body[place:]
    operation = Operation("any", "GET", "/any", read=one(OAuth2Client), success=(200,))
    call = encode(operation)
    error = error_for(
        call, Response(status, reason + secret, {**headers, "x-echo": secret}, body), (secret,)
    )
    # A secret may be part of what is always said; those letters tell nothing.
    empty = error_for(call, Response(status, reason, headers, b""))
    if secret in f"{empty} {vars(empty)} {type(empty)} *** x-echo":
        return
    for shown in (error.body, error.reason, error.headers["x-echo"], str(error)):
        assert shown is not None
        assert secret not in shown.replace("***", "\0")
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


@few
@given(before=texts, secret=texts.filter(lambda text: len(text) >= 4), after=texts)
def test_no_form_of_a_secret_survives(before: str, secret: str, after: str) -> None:
    for form in (secret, urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1]):
        masked = redact(before + form + after, [secret])
        assert secret not in masked or secret in "***" or secret in f"{before}***{after}"


# -- over the wire


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all examples; each sets the step it needs."""
    with Server(raw_response({})) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[OAuth2Api]:
    with api(server, username="admin", password="demo-password", retries=0) as client:
        yield client


@pytest.mark.parametrize("name", OPERATIONS)
@settings(few, max_examples=20)
@given(status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 500]), data=st.data())
def test_any_response_to_any_operation_is_a_model_or_an_error_of_ours(
    server: Server, client: OAuth2Api, name: str, status: int, data: st.DataObject
) -> None:
    kinds = [near(model) for model in MODELS.values()]
    document = data.draw(st.one_of(*kinds, st.lists(near(OAuth2Client), max_size=3), documents))
    body = b"" if status == 204 else json.dumps(document).encode()
    server.steps = [raw_response(body, status, "Whatever")]
    try:
        made = OPERATIONS[name].call(client)
    except HydraException:
        return
    if isinstance(made, Model):
        assert made.to_dict() == document
    elif isinstance(made, list):
        assert [item.to_dict() for item in made] == (document or [])


clients = st.builds(
    dict,
    id=texts,
    client_name=texts,
    client_secret=st.none() | texts,
    redirect_uris=st.none() | st.lists(texts, max_size=3),
    public=st.booleans(),
    unknown=documents,
)


@few
@given(clients)
def test_a_client_survives(document: dict[str, Any]) -> None:
    client = OAuth2Client.from_dict(document)
    for twin in (
        OAuth2Client.from_dict(client.to_dict()),
        OAuth2Client.from_json(client.to_json()),
        pickle.loads(pickle.dumps(client)),
        copy.copy(client),
        copy.deepcopy(client),
    ):
        assert twin == client
        assert twin.to_dict() == document
    if document["client_secret"] is not None:
        other = OAuth2Client.from_dict({**document, "client_secret": "something else"})
        assert repr(other) == repr(client)


@few
@given(clients)
def test_a_client_that_is_sent_arrives(
    server: Server, client: OAuth2Api, document: dict[str, Any]
) -> None:
    server.steps = [lambda peer: peer.send(raw_response(peer.last.body, 201, "Created"))]
    before = len(server.requests)
    try:
        created = client.create_oauth2_client(OAuth2Client.from_dict(document))
    except ApiValueError:
        secret, id = document["client_secret"], document["id"]
        short = secret is not None and len(secret) < 6
        assert short or id in (".", "..") or "/" in id or any(map(is_control, id))
        assert len(server.requests) == before
        return
    assert server.requests[-1].json == document
    assert created.to_dict() == document


def is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"


@few
@given(st.text(max_size=20))
def test_an_id_arrives_as_it_was_meant(server: Server, client: OAuth2Api, id: str) -> None:
    server.steps = [lambda peer: peer.send(raw_response({"id": peer.last.id}))]
    before = len(server.requests)
    try:
        arrived = client.get_oauth2_client(id).id
    except ApiValueError:
        surrogate = any("\ud800" <= character <= "\udfff" for character in id)
        assert surrogate or id in ("", ".", "..") or "/" in id or any(map(is_control, id))
        assert len(server.requests) == before
        return
    assert arrived == id
    assert server.requests[-1].target.count("/") == 2


@few
@given(user=texts, secret=texts)
def test_credentials_arrive_as_they_were_meant(server: Server, user: str, secret: str) -> None:
    server.steps = [raw_response({"access_token": "t", "active": True})]
    before = len(server.requests)
    try:
        with api(server, username=user, password=secret, access_token=None) as client:
            client.oauth_token(grant_type="client_credentials")
            decoded = tuple(map(urllib.parse.unquote_plus, server.requests[-1].basic))
            assert decoded == (user, secret)
            if ":" in user:
                with pytest.raises(ApiValueError):
                    client.revoke_oauth2_token("t")
            else:
                client.introspect_oauth2_token("t")
                client.revoke_oauth2_token("t")
                assert server.requests[-1].basic == server.requests[-2].basic == (user, secret)
    except ApiValueError:
        assert any(character < " " or character == "\x7f" for character in user + secret)
        assert len(server.requests) == before


parameters = st.dictionaries(
    st.sampled_from(["client_id", "state", "scope", "display", "ü x", "code"]),
    st.none() | texts,
    max_size=5,
)


@few
@given(parameters)
def test_forms_and_queries_arrive_as_they_were_meant(
    server: Server, client: OAuth2Api, sent: dict[str, str | None]
) -> None:
    meant = {name: value for name, value in sent.items() if value is not None}
    server.steps = [raw_response({"access_token": "t"})]
    client.oauth_token(**sent)
    assert server.requests[-1].form == meant
    server.steps = [raw_response(status=302, reason="Found", Location="/x")]
    client.oauth_auth(**sent)
    assert server.requests[-1].query == meant


@few
@given(
    st.dictionaries(
        st.text("abcXYZ-_!019: \r\n\0ä", min_size=1, max_size=8).map(lambda name: f"X-{name}"),
        st.text(st.characters(max_codepoint=0x120), max_size=12) | st.none(),
        max_size=3,
    )
)
def test_headers_arrive_as_they_were_meant_or_not_at_all(
    server: Server, client: OAuth2Api, headers: dict[str, Any]
) -> None:
    server.steps = [raw_response({})]
    before = len(server.requests)
    try:
        client.get_oauth2_client("photos", headers=headers)
    except (ApiValueError, ApiTypeError):
        assert len(server.requests) == before
        return
    assert len(server.requests) == before + 1
    lines = server.requests[-1].head.split(b"\r\n")
    for name, value in headers.items():
        assert f"{name}: {value}".encode("latin-1") in lines
    # And nothing else came in with them.
    ours = {"host", "accept", "accept-encoding", "user-agent", "authorization", "x-request-id"}
    assert {*server.requests[-1].headers} == ours | {name.lower() for name in headers}


@few
@given(st.dictionaries(texts, documents, max_size=4))
def test_claims_arrive_as_they_were_meant(
    server: Server, client: OAuth2Api, claims: dict[str, Any]
) -> None:
    server.steps = [raw_response(status=204, reason="No Content")]
    client.accept_oauth2_consent_request(
        "c1", ConsentRequestAcceptance(subject="alice", id_token_extra=claims), timeout=LONG
    )
    assert server.requests[-1].json == {"subject": "alice", "idTokenExtra": claims}
