"""Misspelled attributes of APIs and models, and the generator's own names."""

from __future__ import annotations

import copy
import pickle

import pytest

import hydra_client
from hydra_client import ApiClient, Configuration, OAuth2Api, OAuth2Client
from hydra_client.protocol.names import nearest

API = OAuth2Api(ApiClient(Configuration("http://127.0.0.1:9")))


@pytest.mark.parametrize(
    ("owner", "name", "meant"),
    [
        (API, "listOAuth2Clients", "list_oauth2_clients"),
        (API, "list_clients", "list_oauth2_clients"),
        (API, "getWellKnown", "get_well_known"),
        (API.with_http_info, "createOAuth2Client", "create_oauth2_client"),
        (OAuth2Client(), "clientname", "client_name"),
        (OAuth2Client(), "redirect_uri", "redirect_uris"),
        (OAuth2Client(), "toDict", "to_dict"),
        (OAuth2Client(), "client_id", "id"),
    ],
)
def test_a_misspelled_attribute_names_the_one_that_was_meant(
    owner: object, name: str, meant: str
) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert str(caught.value) == (
        f"{type(owner).__name__!r} object has no attribute {name!r}; did you mean {meant!r}?"
    )
    assert caught.value.name == name
    assert not hasattr(owner, name)


def test_an_attribute_like_no_other_has_no_suggestion() -> None:
    with pytest.raises(AttributeError, match=r"'OAuth2Api' object has no attribute 'zz'$"):
        API.zz  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match=r"'OAuth2Api' object has no attribute '_call'$"):
        API._call  # type: ignore[attr-defined]  # noqa: B018


def test_a_misspelled_field_cannot_be_set() -> None:
    client = OAuth2Client()
    with pytest.raises(AttributeError, match="attribute 'clientname'; did you mean 'client_name'"):
        client.clientname = "Photos"  # type: ignore[attr-defined]
    assert client == OAuth2Client()


def test_a_subclass_of_a_model_has_attributes_of_its_own() -> None:
    class Extended(OAuth2Client):
        __slots__ = ("note",)
        note: str

        @property
        def label(self) -> str:
            return f"{self.id} ({self.note})"

    client = Extended(id="photos")
    client.note = "ours"
    assert client.label == "photos (ours)"
    with pytest.raises(AttributeError, match="label"):
        client.label = "photos"  # type: ignore[misc]


def test_copies_and_pickles_need_no_attribute_that_is_missing() -> None:
    client = OAuth2Client(id="photos")
    assert copy.copy(client) == copy.deepcopy(client) == pickle.loads(pickle.dumps(client))
    assert copy.copy(API).api_client is API.api_client


def test_the_generators_own_names_are_not_listed() -> None:
    assert "create_oauth2_client" in dir(API)
    assert "create_o_auth2_client" not in dir(API)
    assert API.create_o_auth2_client.__doc__ == "Call `create_oauth2_client`."
    assert {"create_oauth2_client"} < {*dir(API.with_http_info)}


def test_the_package_lists_none_of_its_imports() -> None:
    assert not {"Any", "TYPE_CHECKING", "import_module", "overload"} & {*dir(hydra_client)}


def test_the_spelling_decides_before_the_likeness() -> None:
    assert nearest("getJWKSet", ["get_jwk", "get_jwk_set", "get_jwk_sets"]) == "get_jwk_set"
    assert nearest("zz", ["get"]) is None
