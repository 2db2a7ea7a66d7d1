"""`/keys`: sets of JSON Web Keys, and `/.well-known/jwks.json`."""

from __future__ import annotations

from hydra_client.emulator.errors import HydraError, PlainError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import GoJsonError, decode_struct, parse
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.jwk import Jwk, read_jwk
from hydra_client.emulator.store.key_sets import OWN_SET, generate
from hydra_client.emulator.store.keys import KEY_ID

RESOURCE = "rn:hydra:keys"


def well_known(state: State, request: Request) -> Response:
    """GET /.well-known/jwks.json, for an authorized token or if a policy allows everyone."""
    return get_key(state, request, OWN_SET, KEY_ID)


def get_set(state: State, request: Request, set: str) -> Response:
    """GET /keys/{set}. Hydra checks the token for each key, so not at all for a set without any."""
    keys = state.key_sets.get(set)
    for key in keys:
        state.authorize(request, "hydra.keys.get", "get", f"{RESOURCE}:{set}:{key.kid}")
    return _set_response(state, keys)


def get_key(state: State, request: Request, set: str, kid: str) -> Response:
    """GET /keys/{set}/{kid}, for an authorized token or if a policy allows everyone."""
    resource = f"{RESOURCE}:{set}:{kid}"
    try:
        state.authorize(request, "hydra.keys.get", "get", resource)
    except HydraError:
        # Whatever is wrong with the token, Hydra reports the result of the second attempt.
        state.check_policies("", "get", resource)
    return _set_response(state, state.key_sets.get_key(set, kid))


def create_set(state: State, request: Request, set: str) -> Response:
    """POST /keys/{set}: generate keys and add them to the set."""
    state.authorize(request, "hydra.keys.create", "create", f"{RESOURCE}:{set}")
    try:
        fields = {"alg": "string", "kid": "string"}
        asked = decode_struct(request.body, "jwk.createRequest", fields)
    except GoJsonError as error:
        request.reported.append(error)
        asked = error.decoded
    keys = generate(state.variant, asked.get("alg", ""), asked.get("kid", ""))
    state.key_sets.add(set, keys)
    # Hydra builds the URL from parts that a request to a server does not have.
    return _set_response(state, keys, 201, f":///keys/{set}")


def update_set(state: State, request: Request, set: str) -> Response:
    """PUT /keys/{set}: add keys to the set."""
    state.authorize(request, "hydra.keys.update", "update", f"{RESOURCE}:{set}")
    fields = {"keys": "[]json.RawMessage"}
    asked = decode_struct(request.body, "jwk.joseWebKeySetRequest", fields)
    keys: list[Jwk] = []
    for value in asked.get("keys") or []:
        try:
            keys.append(read_jwk(value, is_0_9=state.variant.is_0_9))
        except PlainError as error:
            request.reported.append(error)
            keys.append(Jwk())  # as Hydra does
    state.key_sets.add(set, keys)
    return _set_response(state, keys)


def update_key(state: State, request: Request, set: str, kid: str) -> Response:
    """PUT /keys/{set}/{kid}: add the key to the set. The id in the body counts."""
    key = read_jwk(parse(request.body), is_0_9=state.variant.is_0_9)
    state.authorize(request, "hydra.keys.update", "update", f"{RESOURCE}:{set}:{key.kid}")
    state.key_sets.add(set, [key])
    return json_response(key.to_json(is_0_9=state.variant.is_0_9))


def delete_set(state: State, request: Request, set: str) -> Response:
    """DELETE /keys/{set}."""
    state.authorize(request, "hydra.keys.delete", "delete", f"{RESOURCE}:{set}")
    state.key_sets.delete(set)
    return Response(204)


def delete_key(state: State, request: Request, set: str, kid: str) -> Response:
    """DELETE /keys/{set}/{kid}."""
    state.authorize(request, "hydra.keys.delete", "delete", f"{RESOURCE}:{set}:{kid}")
    state.key_sets.delete_key(set, kid)
    return Response(204)


def _set_response(state: State, keys: list[Jwk], status: int = 200, location: str = "") -> Response:
    members = [key.to_json(is_0_9=state.variant.is_0_9) for key in keys]
    return json_response({"keys": members or None}, status, location)
