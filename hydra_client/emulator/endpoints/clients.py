"""`/clients`: create, list, get, update, delete.

The order of checks is the server's: a body is read, and a client looked for, before the token is
looked at.
"""

from __future__ import annotations

from hydra_client.emulator.errors import HydraError, PlainError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import GoJsonError, decode_struct
from hydra_client.emulator.responses import Answer, admin_error, json_answer
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import (
    GO_FIELDS,
    SHORTEST_SECRET,
    Client,
    hashed,
    new_secret,
)

SCOPE = "hydra.clients"
ALL = "rn:hydra:clients"

_TOO_SHORT = "The client secret must be at least 6 characters long"


def create(state: State, request: Request, id: str) -> Answer:
    """POST /clients."""
    client, secret = _read(request)
    state.authorize(request, SCOPE, "create", ALL)
    error: Answer | None = None
    if not secret:
        secret = new_secret()
    elif len(secret.encode("utf-8", "surrogateescape")) < SHORTEST_SECRET:
        # The server forgets to stop here: it answers with the error and then with the client.
        error = admin_error(PlainError(_TOO_SHORT), state.variant, request)
    client.secret_hash = hashed(secret)
    try:
        state.clients.create(client)
        created = json_answer(client.to_json(secret), 201, f"/clients/{client.id}")
    except HydraError as failure:
        created = admin_error(failure, state.variant, request)
    if error is None:
        return created
    error.body += created.body
    return error


def list_all(state: State, request: Request, id: str) -> Answer:
    """GET /clients."""
    state.authorize(request, SCOPE, "get", ALL)
    return json_answer([client.to_json() for client in state.clients.all()])


def get(state: State, request: Request, id: str) -> Answer:
    """GET /clients/{id}."""
    client = state.clients.get(id)
    state.authorize(request, SCOPE, "get", f"{ALL}:{id}")
    return json_answer(client.to_json())


def update(state: State, request: Request, id: str) -> Answer:
    """PUT /clients/{id}."""
    client, secret = _read(request)
    state.clients.get(id)
    state.authorize(request, SCOPE, "update", ALL)
    if secret and len(secret.encode("utf-8", "surrogateescape")) < SHORTEST_SECRET:
        raise PlainError(_TOO_SHORT)
    client.id = id
    client.secret_hash = hashed(secret) if secret else b""
    state.clients.update(client)
    return json_answer(client.to_json(secret), 201, f"/clients/{id}")


def delete(state: State, request: Request, id: str) -> Answer:
    """DELETE /clients/{id}."""
    state.clients.get(id)
    state.authorize(request, SCOPE, "delete", f"{ALL}:{id}")
    state.clients.delete(id)
    return Answer(204)


def _read(request: Request) -> tuple[Client, str]:
    try:
        members = decode_struct(request.body, "client.Client", GO_FIELDS)
    except GoJsonError as error:
        raise PlainError(str(error)) from None
    return Client.from_json(members), members.get("client_secret", "")
