"""`ensure_client` and `patch_client`: create or change one OAuth 2.0 client."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hydra_client.api import OAuth2Api
from hydra_client.exceptions import ApiValueError, ConflictException
from hydra_client.models import OAuth2Client
from hydra_client.protocol import checks
from hydra_client.provisioning.check_secret import has_secret
from hydra_client.provisioning.compare import differing
from hydra_client.provisioning.reconcile import find, reconcile
from hydra_client.provisioning.results import ClientResult, ProvisioningError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client.provisioning.results import Change


def ensure_client(
    api: OAuth2Api, client: OAuth2Client, new_secret: Callable[[], str] | None = None
) -> ClientResult:
    """Create a client, or update the one with its id, if the server does not have it like that.

    Fields that you leave out do not change, and neither do fields that this version does not know.
    None, `""` and `[]` empty a field.

    If you leave out `client_secret`, it does not change; a new client that is not public gets a
    random one, which the result holds. A `client_secret` that you set is checked on the server,
    with a request that changes nothing, and written if the client has a different one.

    To store a new secret before the server has it, pass `new_secret` in place of `client_secret`.
    The client gets the secret that it returns, whether the client is new or not.

    Two scripts that create the same client at the same time overwrite each other's on memory
    stores, which report no conflict.

    Args:
        api: The API of the server.
        client: The fields that you want. It needs an `id`.
        new_secret: Returns a secret that the client does not have yet. It is called at most once,
            right before the first write.

    Scope: hydra.clients.
    Policy: actions "create" and "update" on "rn:hydra:clients"; action "get" on
        "rn:hydra:clients:{id}".

    Returns:
        What was done. `unchanged` means that nothing was written.

    Raises:
        ApiTypeError, ApiValueError: `api` is not an `OAuth2Api`, `client` not an `OAuth2Client`
            with an `id`, or `new_secret` not callable. Nothing was sent. Or `new_secret` returned
            something other than a string with at least one character. Nothing was written.
        ProvisioningError: The server did not store what was sent. Memory stores cannot empty a
            field by an update; they can if you set `client_secret`.
        ApiConnectionError: The server cannot be reached. A client that was being written is either
            as it was or as you want it. Call again to find out; if you rely on a generated secret,
            delete the client first.
        HydraException: The errors of `get_oauth2_client`, `create_oauth2_client` and
            `update_oauth2_client`, and of `revoke_oauth2_token` or `oauth_token`, which check a
            secret.
    """
    run = ClientRun(api, client, new_secret)
    result = reconcile(run.id, run.examine, run.write)
    if result.action == "created" and run.is_foreign:
        return ClientResult(run.id, "unchanged")
    secret = run.generated if result.action == "created" else None
    return ClientResult(result.id, result.action, result.fields, secret)


def patch_client(api: OAuth2Api, id: str, changes: OAuth2Client) -> OAuth2Client:
    """Change some fields of a client: fetch it, change them, and update it.

        patch_client(api, "photo-app", OAuth2Client(client_name="Photos"))

    Fields that you leave out do not change; `update_oauth2_client` would empty them on SQL stores.
    None, `""` and `[]` empty a field. If someone else updates the client between the two requests,
    their change is lost.

    Args:
        api: The API of the server.
        id: Id of the client.
        changes: The fields to change. Its `id` is ignored.

    Scope: hydra.clients.
    Policy: action "update" on "rn:hydra:clients"; action "get" on "rn:hydra:clients:{id}".

    Returns:
        The updated client, including its secret if you set one.

    Raises:
        ApiTypeError: `api` is not an `OAuth2Api`, or `changes` not an `OAuth2Client`. Nothing was
            sent.
        NotFoundException: No client has this id.
        ProvisioningError: The server did not store what was sent. Memory stores cannot empty a
            field by an update.
        HydraException: The errors of `get_oauth2_client` and `update_oauth2_client`.
    """
    checks.threaded_api(api, OAuth2Api)
    wanted = _fields_of("changes", changes)
    body = OAuth2Client.from_dict({**api.get_oauth2_client(id).to_dict(), **wanted, "id": id})
    updated = api.update_oauth2_client(id, body)
    visible = {name: value for name, value in wanted.items() if name not in ("id", "client_secret")}
    if ignored := differing(visible, updated, OAuth2Client._fields):
        raise _not_stored(id, ignored, "")
    return updated


class ClientRun:
    """The requests for one client.

    Attributes:
        id: Its id.
        generated: The secret that was sent with a creation if the caller chose none.
        is_foreign: Whether someone else turned out to have created it.
    """

    def __init__(
        self, api: OAuth2Api, client: OAuth2Client, new_secret: Callable[[], str] | None
    ) -> None:
        checks.threaded_api(api, OAuth2Api)
        self._wanted = _fields_of("client", client)
        if not client.id:
            raise ApiValueError("the client has no id: set one, so that it can be found again")
        self.id = client.id
        self.generated: str | None = None
        self.is_foreign = False
        self._api = api
        self._new_secret = new_secret
        if new_secret is not None:
            checks.function("new_secret", new_secret)
        self._secret: str | None = self._wanted.pop("client_secret", None)
        del self._wanted["id"]

    def examine(self) -> tuple[OAuth2Client | None, tuple[str, ...]]:
        """Fetch the client and name the fields that differ. Changes nothing."""
        current = find(self._api.get_oauth2_client, self.id)
        fields = tuple(change.field for change in self.changes(current))
        if self.differs_in_secret(current):
            fields = (*fields, "client_secret")
        if current and self.generated and not has_secret(self._api, self.id, self.generated):
            self.generated, self.is_foreign = None, True
        return current, fields

    def changes(self, current: OAuth2Client | None) -> tuple[Change, ...]:
        """Return the fields that differ, except for the secret."""
        return differing(self._wanted, current, OAuth2Client._fields)

    def differs_in_secret(self, current: OAuth2Client | None) -> bool:
        """Return whether the client has another secret than the one that is wanted."""
        if not self._secret:
            return self._new_secret is not None
        if current is None:
            return True
        if current.public:
            # It accepts any secret. Whether it has this one matters once it is no longer public.
            return not self._wanted.get("public", True)
        return not has_secret(self._api, self.id, self._secret)

    def write(self, current: OAuth2Client | None, fields: tuple[str, ...]) -> None:
        """Create or update the client."""
        if self._new_secret is not None:
            self._secret = checks.nonempty("the result of new_secret", self._new_secret())
            self._new_secret = None
        if current is None:
            if not self._secret and not self._wanted.get("public"):
                self.generated = self.generated or secrets.token_urlsafe()
            self.is_foreign = False
            body = self._body(self._wanted, self._secret or self.generated)
            ignored = self.changes(self._api.create_oauth2_client(body))
        else:
            members = {**current.to_dict(), **self._wanted}
            body = self._body(members, self._secret if "client_secret" in fields else None)
            ignored = self.changes(self._api.update_oauth2_client(self.id, body))
            if ignored and (self._secret or members.get("public")):
                # A memory store empties no field by an update, but a creation overwrites the
                # client; a SQL store rejects that. No secret is lost: it is known, or not needed.
                body = self._body(members, self._secret)
                with suppress(ConflictException):
                    ignored = self.changes(self._api.create_oauth2_client(body))
        if ignored:
            raise _not_stored(self.id, ignored, ", unless the secret is written with it")

    def _body(self, members: dict[str, Any], secret: str | None) -> OAuth2Client:
        with_secret = {} if secret is None else {"client_secret": secret}
        return OAuth2Client.from_dict({**members, "id": self.id, **with_secret})


def _fields_of(name: str, client: OAuth2Client) -> dict[str, Any]:
    if not isinstance(client, OAuth2Client):
        raise checks.wrong_type(name, "an OAuth2Client", client)
    return client.to_dict()


def _not_stored(id: str, changes: tuple[Change, ...], unless: str) -> ProvisioningError:
    fields = tuple(change.field for change in changes)
    return ProvisioningError(
        f"client {id!r}: the server stored different values of {', '.join(fields)}. "
        f"Memory stores cannot empty a field by an update{unless}.",
        id,
        fields,
    )
