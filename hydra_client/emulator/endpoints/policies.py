"""`/policies`: list, create, get, update, delete."""

from __future__ import annotations

from hydra_client.emulator.errors import BadRequestError, PlainError
from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.strings import parse_int
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.policies import Policy

SCOPE = "hydra.policies"
RESOURCE = "rn:hydra:policies"


def list_all(state: State, request: Request) -> Response:
    """GET /policies."""
    state.authorize(request, SCOPE, "list", RESOURCE)
    try:
        offset = parse_int(request.form.get("offset") or "0")
        limit = parse_int(request.form.get("limit") or "500")
    except ValueError as error:
        raise PlainError(str(error)) from None
    return json_response([policy.to_json() for policy in state.policies.page(limit, offset)])


def create(state: State, request: Request) -> Response:
    """POST /policies."""
    state.authorize(request, SCOPE, "create", RESOURCE)
    policy = Policy.from_json(request.body)
    state.policies.create(policy)
    return json_response(policy.to_json(), 201, f"/policies/{policy.id}")


def get(state: State, request: Request, id: str) -> Response:
    """GET /policies/{id}."""
    state.authorize(request, SCOPE, "get", f"{RESOURCE}:{id}")
    return json_response(state.policies.get(id).to_json())


def update(state: State, request: Request, id: str) -> Response:
    """PUT /policies/{id}. Creates a policy that does not exist."""
    state.authorize(request, SCOPE, "update", f"{RESOURCE}:{id}")
    policy = Policy.from_json(request.body)
    if policy.id != id:
        raise BadRequestError("Payload ID does not match ID from URL")
    state.policies.update(policy)
    return json_response(policy.to_json())


def delete(state: State, request: Request, id: str) -> Response:
    """DELETE /policies/{id}."""
    state.authorize(request, SCOPE, "get", f"{RESOURCE}:{id}")  # a mistake of Hydra
    state.policies.delete(id)
    return Response(204)
