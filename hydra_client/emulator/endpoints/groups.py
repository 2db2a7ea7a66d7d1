"""`/warden/groups`: find, create, get, delete, and members.

The order of checks is Hydra's: it parses the body, or looks up the group, before it checks the
token.
"""

from __future__ import annotations

from hydra_client.emulator.go.http import Request
from hydra_client.emulator.go.json import decode_struct
from hydra_client.emulator.responses import Response, json_response
from hydra_client.emulator.state import State
from hydra_client.emulator.store.groups import GO_FIELDS, Group

RESOURCE = "rn:hydra:warden:groups"


def find(state: State, request: Request) -> Response:
    """GET /warden/groups: the groups of a member."""
    groups = state.groups.of(request.form.get("member"))
    _authorize(state, request, "list", RESOURCE)
    return json_response([group.to_json() for group in groups])


def create(state: State, request: Request) -> Response:
    """POST /warden/groups."""
    group = Group(**decode_struct(request.body, "group.Group", GO_FIELDS))
    _authorize(state, request, "create", RESOURCE)
    state.groups.create(group)
    return json_response(group.to_json(), 201, f"/warden/groups/{group.id}")


def get(state: State, request: Request, id: str) -> Response:
    """GET /warden/groups/{id}."""
    group = state.groups.get(id)
    _authorize(state, request, "get", f"{RESOURCE}:{id}")
    return json_response(group.to_json())


def delete(state: State, request: Request, id: str) -> Response:
    """DELETE /warden/groups/{id}."""
    _authorize(state, request, "delete", f"{RESOURCE}:{id}")
    state.groups.delete(id)
    return Response(204)


def add_members(state: State, request: Request, id: str) -> Response:
    """POST /warden/groups/{id}/members."""
    members = _members(request)
    _authorize(state, request, "members.add", f"{RESOURCE}:{id}")
    state.groups.add_members(id, members)
    return Response(204)


def remove_members(state: State, request: Request, id: str) -> Response:
    """DELETE /warden/groups/{id}/members."""
    members = _members(request)
    _authorize(state, request, "members.remove", f"{RESOURCE}:{id}")
    state.groups.remove_members(id, members)
    return Response(204)


def _members(request: Request) -> list[str]:
    fields = decode_struct(request.body, "group.membersRequest", {"members": "[]string"})
    return fields.get("members") or []


def _authorize(state: State, request: Request, action: str, resource: str) -> None:
    scope = "hydra.groups" if state.variant.is_0_9 else "hydra.warden.groups"
    state.authorize(request, scope, action, resource)
