"""Models: set and unset fields, unknown fields, `repr`, and what is rejected."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from hydra_client import models as public
from hydra_client.exceptions import ApiDecodeError, ApiTypeError, ApiValueError
from hydra_client.models import (
    ConsentRequestAcceptance,
    ConsentRequestRejection,
    JsonWebKey,
    JsonWebKeySet,
    OAuth2Client,
    OAuth2ConsentRequest,
    OAuth2TokenIntrospection,
    OAuth2TokenResponse,
    Policy,
    PolicyConditionOptions,
    PolicyConditions,
    WellKnown,
)
from hydra_client.protocol.model import Field, Model, boolean, parse_json, string

MODELS: list[type[Model]] = [
    ConsentRequestAcceptance,
    ConsentRequestRejection,
    JsonWebKey,
    JsonWebKeySet,
    OAuth2Client,
    OAuth2ConsentRequest,
    OAuth2TokenIntrospection,
    OAuth2TokenResponse,
    WellKnown,
]


def test_a_field_is_set_by_keyword_and_by_assignment() -> None:
    client = OAuth2Client(client_name="Photos", public=False)
    client.redirect_uris = ["https://photos.example.com/callback"]
    assert client.client_name == "Photos"
    assert client.public is False
    assert client.to_dict() == {
        "client_name": "Photos",
        "public": False,
        "redirect_uris": ["https://photos.example.com/callback"],
    }


def test_a_misspelt_keyword_is_a_type_error_that_knows_better() -> None:
    with pytest.raises(ApiTypeError, match=r"no field 'redirect_uri'; did you mean 'redirect_u"):
        OAuth2Client(redirect_uri=["https://photos.example.com"])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="OAuth2Client has no field 'x'; it has id, client_name, "):
        OAuth2Client(x=1)  # type: ignore[call-arg]


def test_a_misspelt_attribute_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        OAuth2Client().redirect_uri = []  # type: ignore[attr-defined]


def test_unset_differs_from_none() -> None:
    unset, null = OAuth2Client(), OAuth2Client(owner=None)
    assert unset.owner is None
    assert null.owner is None
    assert unset != null
    assert unset.to_json() == "{}"
    assert null.to_json() == '{"owner": null}'
    del null.owner
    assert unset == null
    del null.owner  # once more does no harm


def test_wire_names_are_the_apis() -> None:
    acceptance = ConsentRequestAcceptance(
        subject="alice",
        grant_scopes=["openid"],
        access_token_extra={"role": "admin"},
        id_token_extra={},
    )
    assert json.loads(acceptance.to_json()) == {
        "subject": "alice",
        "grantScopes": ["openid"],
        "accessTokenExtra": {"role": "admin"},
        "idTokenExtra": {},
    }
    with pytest.raises(ApiTypeError, match="did you mean 'grant_scopes'"):
        ConsentRequestAcceptance(grantScopes=["openid"])  # type: ignore[call-arg]


def test_unknown_fields_survive() -> None:
    document = {"id": "a", "token_endpoint_auth_method": "none", "jwks": {"keys": [{"kty": "RSA"}]}}
    client = OAuth2Client.from_dict(document)
    client.client_name = "Photos"
    assert client.to_dict() == {**document, "client_name": "Photos"}
    assert OAuth2Client.from_json(client.to_json()) == client


@pytest.mark.parametrize("document", [{"id": "a"}, None, OAuth2Client(id="a")])
def test_an_object_is_no_json_text(document: Any) -> None:
    given = type(document).__name__
    message = f"OAuth2Client.from_json expects a JSON text, got {given}; use from_dict"
    with pytest.raises(ApiTypeError, match=message):
        OAuth2Client.from_json(document)


def test_a_json_text_may_be_bytes() -> None:
    for text in (b'{"id": "a"}', bytearray(b'{"id": "a"}')):
        assert OAuth2Client.from_json(text) == OAuth2Client(id="a")


def test_a_field_named_after_its_model() -> None:
    with pytest.raises(ApiTypeError, match="no field 'client_id'; did you mean 'id'"):
        OAuth2Client(client_id="a")  # type: ignore[call-arg]
    with pytest.raises(ApiTypeError, match="no field 'policy_id'; did you mean 'id'"):
        Policy(policy_id="a")  # type: ignore[call-arg]


def test_what_goes_in_and_comes_out_are_copies() -> None:
    document: dict[str, Any] = {"id": "a", "contacts": ["a@example.com"], "more": {"x": [1]}}
    client = OAuth2Client.from_dict(document)
    document["contacts"].append("b@example.com")
    client.to_dict()["more"]["x"].append(2)
    assert client.to_dict() == {"id": "a", "contacts": ["a@example.com"], "more": {"x": [1]}}


def test_null_lists_stay_none() -> None:
    client = OAuth2Client.from_json('{"redirect_uris": null, "contacts": [], "scope": ""}')
    assert client.redirect_uris is None
    assert client.contacts == []
    assert client.scope == ""
    assert client.to_dict() == {"redirect_uris": None, "contacts": [], "scope": ""}
    assert OAuth2ConsentRequest.from_json('{"expiresAt": null}').expires_at is None
    assert JsonWebKeySet.from_json('{"keys": null}').keys is None


@pytest.mark.parametrize("name", ["clientId", "audience"])
def test_client_id_and_audience_stand_in_for_each_other(name: str) -> None:
    request = OAuth2ConsentRequest.from_dict({name: "photos"})
    assert request.client_id == request.audience == "photos"
    request.client_id = "mail"
    assert request.audience == "mail"
    request.audience = "news"
    assert request.client_id == "news"
    assert request.to_dict() == {name: "news"}
    del request.client_id
    assert request.to_dict() == {}


def test_client_id_and_audience_may_both_come() -> None:
    request = OAuth2ConsentRequest.from_dict({"clientId": "photos", "audience": "mail"})
    assert (request.client_id, request.audience) == ("photos", "mail")
    assert OAuth2ConsentRequest(client_id="a").to_dict() == {"clientId": "a"}
    assert OAuth2ConsentRequest(audience="a").to_dict() == {"audience": "a"}


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2018-03-01T12:00:00Z", datetime(2018, 3, 1, 12, tzinfo=timezone.utc)),
        ("2018-03-01T12:00:00.5Z", datetime(2018, 3, 1, 12, 0, 0, 500000, timezone.utc)),
        ("2018-03-01T12:00:00.123456789Z", datetime(2018, 3, 1, 12, 0, 0, 123456, timezone.utc)),
        (
            "2018-03-01T12:00:00.123456789+02:00",
            datetime(2018, 3, 1, 12, 0, 0, 123456, timezone(timedelta(hours=2))),
        ),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_a_time_is_aware_and_its_own_text_is_kept(stamp: str, moment: datetime) -> None:
    request = OAuth2ConsentRequest.from_dict({"expiresAt": stamp})
    assert request.expires_at == moment
    assert request.expires_at.utcoffset() == moment.utcoffset()
    assert request.to_dict() == {"expiresAt": stamp}
    assert pickle.loads(pickle.dumps(request)).to_dict() == {"expiresAt": stamp}
    request.expires_at = moment
    assert request.to_dict()["expiresAt"][:19] == stamp[:19]
    assert request.expires_at == moment


def test_a_time_is_assigned_as_an_aware_datetime() -> None:
    request = OAuth2ConsentRequest(expires_at=datetime(2018, 3, 1, tzinfo=timezone.utc))
    assert request.to_dict() == {"expiresAt": "2018-03-01T00:00:00Z"}
    request.expires_at = None
    assert request.to_dict() == {"expiresAt": None}
    with pytest.raises(ApiValueError, match="naive"):
        request.expires_at = datetime(2018, 3, 1)  # noqa: DTZ001 - it is what must be refused
    with pytest.raises(ApiTypeError, match=r"expected a time with its offset from UTC .*, got str"):
        request.expires_at = "2018-03-01T00:00:00Z"  # type: ignore[assignment]


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "soon",
        "2018",
        "2018-03-01T12:00:00",
        "2018-13-01T00:00:00Z",
        "9999-12-31T24:00:00Z",
        "2018-03-01T12:00:00+24:00",
        "1519905600",
        "2018-03-01T12:00:00Z more",
        "é",
    ],
)
def test_an_invalid_time_is_rejected_and_not_shown(stamp: str) -> None:
    with pytest.raises(ApiDecodeError) as caught:
        OAuth2ConsentRequest.from_dict({"expiresAt": stamp})
    assert str(caught.value) == (
        "OAuth2ConsentRequest.expires_at: expected a time with its offset from UTC (RFC 3339), "
        "got a string"
    )
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    ("model", "document", "message"),
    [
        (OAuth2Client, [], "OAuth2Client: expected an object, got a list"),
        (OAuth2Client, None, "OAuth2Client: expected an object, got null"),
        (OAuth2Client, "hush", "OAuth2Client: expected an object, got a string"),
        (OAuth2Client, True, "OAuth2Client: expected an object, got true or false"),
        (OAuth2Client, 1.5, "OAuth2Client: expected an object, got a number"),
        (
            OAuth2Client,
            {"redirect_uris": "hush"},
            "OAuth2Client.redirect_uris: expected a list of strings, got a string",
        ),
        (
            OAuth2Client,
            {"contacts": ["a", {"hush": 1}]},
            "OAuth2Client.contacts: expected a list of strings, got a list",
        ),
        (
            OAuth2Client,
            {"contacts": [None]},
            "OAuth2Client.contacts: expected a list of strings, got a list",
        ),
        (OAuth2Client, {"id": 77}, "OAuth2Client.id: expected a string, got a number"),
        (OAuth2Client, {"public": 1}, "OAuth2Client.public: expected true or false, got a number"),
        (
            OAuth2TokenIntrospection,
            {"exp": True},
            "OAuth2TokenIntrospection.exp: expected a whole number, got true or false",
        ),
        (
            OAuth2TokenIntrospection,
            {"exp": 1.5},
            "OAuth2TokenIntrospection.exp: expected a whole number, got a number",
        ),
        (
            OAuth2TokenIntrospection,
            {"ext": ["hush"]},
            "OAuth2TokenIntrospection.ext: expected an object, got a list",
        ),
        (JsonWebKeySet, {"keys": {}}, "JsonWebKeySet.keys: expected a list of JsonWebKey, got an "),
        (JsonWebKeySet, {"keys": ["hush"]}, "JsonWebKey: expected an object, got a string"),
        (JsonWebKeySet, {"keys": [{"kid": 1}]}, "JsonWebKey.kid: expected a string, got a number"),
        (
            OAuth2ConsentRequest,
            {"audience": ["hush"]},
            "OAuth2ConsentRequest.audience: expected a string, got a list",
        ),
    ],
)
def test_a_wrong_shape_names_the_field_and_no_value(
    model: type[Model], document: Any, message: str
) -> None:
    for attempt in (
        lambda: model.from_dict(document),
        lambda: model.from_json(json.dumps(document)),
        lambda: model.from_json(json.dumps(document).encode()),
    ):
        with pytest.raises(ApiDecodeError) as caught:
            attempt()
        assert str(caught.value).startswith(message)
        assert "hush" not in str(caught.value)
        assert "77" not in str(caught.value)


def test_a_good_shape_does_not_let_a_later_wrong_one_pass() -> None:
    OAuth2Client.from_dict({"id": "a", "contacts": ["a"]})
    with pytest.raises(ApiDecodeError):
        OAuth2Client.from_dict({"id": "a", "contacts": [1]})
    with pytest.raises(ApiDecodeError):
        OAuth2Client.from_dict({"id": 1, "contacts": ["a"]})


def test_names_of_a_dict_are_strings() -> None:
    with pytest.raises(ApiDecodeError, match="OAuth2Client: every name must be a string"):
        OAuth2Client.from_dict({1: "a"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("", "at character 0"),
        ("{", "at character 1"),
        ('{"a": 1} {"b": 2}', "at character 9"),
        ('{"a": NaN}', "a number"),
        ('{"a": -Infinity}', "a number"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * 200_000, "levels"),
        (b'{"a": "hush \xff"}', "byte 12 is not UTF-8"),
        ("<html>hush</html>", "at character 0"),
    ],
)
def test_what_is_not_json_is_refused_and_not_shown(document: str | bytes, problem: str) -> None:
    with pytest.raises(ApiDecodeError, match=r"^not JSON: ") as caught:
        parse_json(document)
    assert problem in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_levels_beyond_python_end_in_an_error_of_ours() -> None:
    document: list[Any] = []
    document.append(document)
    with pytest.raises(ApiDecodeError, match="contains itself"):
        OAuth2Client.from_dict({"x": document})
    acceptance = ConsentRequestAcceptance(id_token_extra={"x": document})
    with pytest.raises(ApiValueError, match="contains itself"):
        acceptance.to_dict()
    with pytest.raises(ApiValueError, match=r"ConsentRequestAcceptance\.id_token_extra: JSON"):
        acceptance.to_json()
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ApiValueError, match=r"ConsentRequestAcceptance\.id_token_extra: JSON"):
        ConsentRequestAcceptance(id_token_extra={"x": deep}).to_json()
    while isinstance(deep, list):  # else Python would take it apart level by level
        deep = deep.pop()


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ({"x": object()}, ApiTypeError),
        ({"x": {1, 2}}, ApiTypeError),
        ({(1, 2): "x"}, ApiTypeError),
        ({"x": float("nan")}, ApiValueError),
        ({"x": float("inf")}, ApiValueError),
    ],
)
def test_what_json_cannot_carry_is_named(extra: dict[Any, Any], kind: type[Exception]) -> None:
    acceptance = ConsentRequestAcceptance(subject="alice", access_token_extra=extra)
    with pytest.raises(kind, match=r"^ConsentRequestAcceptance\.access_token_extra: JSON cannot"):
        acceptance.to_json()
    client = OAuth2Client.from_dict({"x": object()})
    with pytest.raises(ApiTypeError, match=r"^OAuth2Client\.x: JSON cannot represent"):
        client.to_json()


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("id", 5, "OAuth2Client.id: expected a string, got int"),
        ("public", "yes", "OAuth2Client.public: expected true or false, got str"),
        ("contacts", "a@example.com", "OAuth2Client.contacts: expected a list of strings, got str"),
        ("contacts", [b"a"], "OAuth2Client.contacts: expected a list of strings, got list[bytes]"),
        (
            "contacts",
            ["a", None, 5, None],
            "OAuth2Client.contacts: expected a list of strings, got list[str | NoneType | int]",
        ),
        ("contacts", ("a",), "OAuth2Client.contacts: expected a list of strings, got tuple"),
    ],
)
def test_a_field_takes_its_type_only(attribute: str, value: object, message: str) -> None:
    with pytest.raises(ApiTypeError) as caught:
        OAuth2Client(**{attribute: value})  # type: ignore[arg-type]
    assert str(caught.value) == message
    with pytest.raises(ApiTypeError):
        setattr(OAuth2Client(), attribute, value)


def test_numbers_mappings_and_models_take_their_type_only() -> None:
    assert OAuth2TokenIntrospection(active=True, exp=5, ext={"a": 1}).exp == 5
    with pytest.raises(ApiTypeError, match=r"exp: expected a whole number, got bool"):
        OAuth2TokenIntrospection(active=True, exp=True)
    with pytest.raises(ApiTypeError, match=r"ext: expected an object, got list"):
        OAuth2TokenIntrospection(active=True, ext=[])  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match=r"keys: expected a list of JsonWebKey, got list"):
        JsonWebKeySet(keys=[{"kid": "a"}])  # type: ignore[list-item]
    keys = JsonWebKeySet(keys=[JsonWebKey(kid="a")])
    assert keys.to_dict() == {"keys": [{"kid": "a"}]}
    assert keys.to_json() == '{"keys": [{"kid": "a"}]}'
    assert JsonWebKeySet.from_json(keys.to_json()) == keys


def test_a_list_changed_in_place_is_looked_at_before_it_is_sent() -> None:
    client = OAuth2Client(contacts=["a@example.com"])
    assert client.contacts is not None
    client.contacts.append("b@example.com")
    assert json.loads(client._sendable()) == {"contacts": ["a@example.com", "b@example.com"]}
    client.contacts.append(5)  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match=r"OAuth2Client\.contacts: expected a list of strings"):
        client._sendable()
    request = OAuth2ConsentRequest(expires_at=datetime(2018, 3, 1, tzinfo=timezone.utc), id=None)
    assert json.loads(request._sendable()) == {"expiresAt": "2018-03-01T00:00:00Z", "id": None}


def test_models_within_models() -> None:
    document = {
        "id": "office",
        "conditions": {
            "remoteIP": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8", "more": 1}},
            "owner": {"type": "EqualsSubjectCondition", "options": {}},
            "odd": {"type": "OddCondition", "options": None, "unknown": [1]},
        },
    }
    policy = Policy.from_dict(document)
    assert policy.conditions is not None
    assert type(policy.conditions["remoteIP"]) is PolicyConditions
    options = policy.conditions["remoteIP"].options
    assert type(options) is PolicyConditionOptions
    assert (options.cidr, options.equals) == ("10.0.0.0/8", None)
    assert policy.conditions["odd"].options is None
    assert policy.to_dict() == json.loads(policy.to_json()) == document
    assert Policy.from_dict(policy.to_dict()) == policy == copy.deepcopy(policy)
    options.cidr = "192.168.0.0/16"
    assert policy.to_dict()["conditions"]["remoteIP"]["options"]["cidr"] == "192.168.0.0/16"
    assert document != policy.to_dict()
    made = Policy(conditions={"owner": PolicyConditions(type="EqualsSubjectCondition")})
    assert made.to_dict() == {"conditions": {"owner": {"type": "EqualsSubjectCondition"}}}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"conditions": []}, "Policy.conditions: expected a dict of PolicyConditions by name, got"),
        ({"conditions": {"a": []}}, "PolicyConditions: expected an object, got a list"),
        (
            {"conditions": {"a": {"options": "x"}}},
            "PolicyConditions.options: expected PolicyConditionOptions, got a string",
        ),
        (
            {"conditions": {"a": {"options": {"cidr": 7}}}},
            "PolicyConditionOptions.cidr: expected a string, got a number",
        ),
    ],
)
def test_models_within_models_are_checked(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiDecodeError) as caught:
        Policy.from_dict(document)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("conditions", "got"),
    [
        ({"a": {"type": "x"}}, "dict[str, dict]"),
        ({7: PolicyConditions()}, "dict[int, PolicyConditions]"),
        ([PolicyConditions()], "list"),
        ({"a": None}, "dict[str, NoneType]"),
    ],
)
def test_models_by_name_take_their_type_only(conditions: Any, got: str) -> None:
    with pytest.raises(ApiTypeError) as caught:
        Policy(conditions=conditions)
    wanted = "Policy.conditions: expected a dict of PolicyConditions by name"
    assert str(caught.value) == f"{wanted}, got {got}"


def test_a_model_takes_no_dict() -> None:
    with pytest.raises(ApiTypeError, match=r"options: expected PolicyConditionOptions, got dict"):
        PolicyConditions(options={"cidr": "10.0.0.0/8"})  # type: ignore[arg-type]


def test_a_model_within_a_model_is_looked_at_before_it_is_sent() -> None:
    policy = Policy(conditions={"a": PolicyConditions()})
    assert policy.conditions is not None
    policy.conditions["b"] = None  # type: ignore[assignment]
    with pytest.raises(ApiTypeError, match=r"Policy\.conditions: expected a dict of PolicyCond"):
        policy._sendable()
    key = JsonWebKey(x5c=["a"])
    assert key.x5c is not None
    key.x5c.append(None)  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match=r"JsonWebKey\.x5c: expected a list of strings"):
        JsonWebKeySet(keys=[key])._sendable()


def test_repr_shows_models_within_models() -> None:
    policy = Policy.from_dict(
        {"conditions": {"team": {"type": "StringEqualCondition", "options": {"equals": "a"}}}}
    )
    assert repr(policy) == (
        "Policy(conditions={'team': PolicyConditions(type='StringEqualCondition', "
        "options=PolicyConditionOptions(equals='a'))})"
    )


def test_equality() -> None:
    assert OAuth2Client(id="a") == OAuth2Client(id="a")
    assert OAuth2Client(id="a") != OAuth2Client(id="b")
    assert OAuth2Client.from_dict({"x": 1}) != OAuth2Client()
    assert OAuth2Client() != ConsentRequestRejection()
    assert OAuth2Client() != {}
    with pytest.raises(TypeError):
        hash(OAuth2Client())


@pytest.mark.parametrize("model", MODELS)
def test_copies_and_pickles(model: type[Model]) -> None:
    original = model.from_dict({"id": None, "keys": [], "unknown": {"deep": [1]}})
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(original, protocol)) == original
    deep, shallow = copy.deepcopy(original), copy.copy(original)
    assert deep == shallow == original
    deep._data["unknown"]["deep"].append(2)
    assert deep != original
    shallow._data["more"] = 1
    assert shallow != original


def test_repr_shows_fields_and_no_secret() -> None:
    client = OAuth2Client.from_dict(
        {
            "id": "photos",
            "client_secret": "hush-hush",
            "contacts": ["a@example.com"],
            "public": None,
            "registration_access_token": "hush-hush",
        }
    )
    assert repr(client) == (
        "OAuth2Client(id='photos', client_secret='***', contacts=['a@example.com'], public=None, "
        "registration_access_token=…)"
    )
    assert repr(OAuth2Client(client_secret=None)) == "OAuth2Client(client_secret=None)"
    introspection = OAuth2TokenIntrospection(active=True, exp=1519905600)
    assert repr(introspection) == "OAuth2TokenIntrospection(active=True, exp=1519905600)"
    request = OAuth2ConsentRequest.from_dict({"expiresAt": "2018-03-01T12:00:00Z", "audience": "a"})
    assert repr(request) == (
        "OAuth2ConsentRequest(expires_at='2018-03-01T12:00:00Z', audience='a')"
    )
    assert repr(JsonWebKeySet(keys=[JsonWebKey(kid="a", k="hush")])) == (
        "JsonWebKeySet(keys=[JsonWebKey(kid='a', k='***')])"
    )
    acceptance = ConsentRequestAcceptance(access_token_extra={"card": "hush-hush"})
    assert repr(acceptance) == "ConsentRequestAcceptance(access_token_extra={'card': …})"


@pytest.mark.parametrize(
    "model",
    [
        OAuth2TokenResponse.from_dict(
            dict.fromkeys(["access_token", "refresh_token", "id_token"], "hush-hush")
        ),
        JsonWebKeySet.from_dict({"keys": [dict.fromkeys("dpqk", "hush-hush")]}),
        JsonWebKey.from_dict(dict.fromkeys(["d", "p", "q", "dp", "dq", "qi", "k"], "hush-hush")),
        OAuth2ConsentRequest(redirect_url="https://example.com/?state=hush-hush"),
        OAuth2TokenIntrospection(active=True, ext={"card": "hush-hush"}),
    ],
)
def test_repr_shows_no_token_and_no_private_key(model: Model) -> None:
    for shown in (repr(model), str(model), f"{model}", repr([model])):
        assert "hush" not in shown
        assert type(model).__name__ in shown


def test_what_every_response_has_must_be_there() -> None:
    with pytest.raises(ApiDecodeError, match=r"OAuth2TokenResponse\.access_token: missing"):
        OAuth2TokenResponse.from_dict({"token_type": "bearer"})._complete()
    with pytest.raises(ApiDecodeError, match=r"JsonWebKeySet\.keys: missing in the response"):
        JsonWebKeySet.from_dict({})._complete()
    assert JsonWebKeySet.from_dict({"keys": None})._complete().keys == []
    introspection = OAuth2TokenIntrospection.from_dict({"active": False})
    assert introspection._complete() is introspection


def test_a_field_of_the_class_describes_itself() -> None:
    field = OAuth2ConsentRequest.client_id
    assert isinstance(field, Field)
    assert (field.wire, field.also, field.attribute) == ("clientId", "audience", "client_id")


def test_a_subclass_has_the_fields_of_its_base_and_its_own() -> None:
    class Extended(OAuth2Client):
        jwks_uri: str | None = string(default=None)
        public: bool | None = boolean(default=None)

    client = Extended(id="photos", jwks_uri="https://photos.example.com/keys", public=True)
    assert client.to_dict() == {
        "id": "photos",
        "jwks_uri": "https://photos.example.com/keys",
        "public": True,
    }
    assert repr(Extended(client_secret="hush-hush")) == "Extended(client_secret='***')"
    with pytest.raises(ApiDecodeError, match=r"OAuth2Client\.contacts"):
        Extended.from_dict({"contacts": [1]})
    with pytest.raises(ApiDecodeError, match=r"Extended\.jwks_uri"):
        Extended.from_dict({"jwks_uri": 1})
    assert "jwks_uri" not in OAuth2Client._fields


def test_the_models_module_names_what_it_has() -> None:
    assert set(public.__all__) <= set(dir(public))
    for name in public.__all__:
        assert issubclass(getattr(public, name), Model)
    assert public.OAuth2consentRequest is OAuth2ConsentRequest
    assert public.InlineResponse2001 is OAuth2TokenResponse
    with pytest.raises(AttributeError, match="OAuth2Clients"):
        public.OAuth2Clients  # type: ignore[attr-defined]  # noqa: B018
