"""`/clients`: create, list, get, update, delete.

The order of checks is Hydra's: it parses the body and looks up the client before it checks the
token.
"""

from __future__ import annotations

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import decode_struct
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import (
    GO_FIELDS,
    MIN_SECRET_BYTES,
    Client,
    new_secret,
)

SCOPE = "hydra.clients"
RESOURCE = "rn:hydra:clients"

_TOO_SHORT = "The client secret must be at least 6 characters long"


def create(state: State, request: Request) -> Response:
    """POST /clients."""
    client = _read(request)
    state.authorize(request, SCOPE, "create", RESOURCE, client.owner)
    client.client_secret = client.client_secret or new_secret()
    if _is_too_short(client.client_secret):
        request.reported.append(PlainError(_TOO_SHORT))
    state.clients.create(client)
    return json_response(client.to_json(), 201, f"/clients/{client.id}")


def list_all(state: State, request: Request) -> Response:
    """GET /clients."""
    state.authorize(request, SCOPE, "get", RESOURCE)
    return json_response([client.to_json() for client in state.clients.all()])


def get(state: State, request: Request, id: str) -> Response:
    """GET /clients/{id}."""
    client = state.clients.get(id)
    state.authorize(request, SCOPE, "get", f"{RESOURCE}:{id}", client.owner)
    return json_response(client.to_json())


def update(state: State, request: Request, id: str) -> Response:
    """PUT /clients/{id}."""
    client = _read(request)
    owner = state.clients.get(id).owner
    state.authorize(request, SCOPE, "update", RESOURCE, owner)
    if client.client_secret and _is_too_short(client.client_secret):
        raise PlainError(_TOO_SHORT)
    client.id = id
    state.clients.update(client)
    return json_response(client.to_json(), 201, f"/clients/{id}")


def delete(state: State, request: Request, id: str) -> Response:
    """DELETE /clients/{id}."""
    owner = state.clients.get(id).owner
    state.authorize(request, SCOPE, "delete", f"{RESOURCE}:{id}", owner)
    state.clients.delete(id)
    return Response(204)


def _is_too_short(secret: str) -> bool:
    return len(secret.encode("utf-8", "surrogateescape")) < MIN_SECRET_BYTES


def _read(request: Request) -> Client:
    return Client(**decode_struct(request.body, "client.Client", GO_FIELDS))
