"""Makes one client match the manifest, whether or not responses get lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli.errors import Failure
from hydra_client.cli.manifest.diff import Change, Step, differences, step_for
from hydra_client.exceptions import (
    ApiConnectionError,
    ApiDecodeError,
    ConflictException,
    HydraException,
    NotFoundException,
    ServiceException,
    UnauthorizedException,
)
from hydra_client.models import OAuth2Client
from hydra_client.provisioning.check_secret import has_secret

if TYPE_CHECKING:
    from hydra_client import OAuth2Api
    from hydra_client.cli.manifest.model import Entry

_ATTEMPTS = 3


class Outcome(NamedTuple):
    """The outcome for one client.

    Attributes:
        id: Its id.
        result: `created`, `updated`, `unchanged`, `deleted` or `failed`; `unknown` if the response
            to a write was lost; `not tried`.
        fields: What an update changed, including the secret.
        error: Why it failed.
        fatal: Whether the other clients would fail for the same reason.
    """

    id: str
    result: str
    fields: tuple[str, ...] = ()
    error: HydraException | Failure | None = None
    fatal: bool = False


def find(api: OAuth2Api, id: str) -> OAuth2Client | None:
    """Fetch a client; return None if it does not exist."""
    try:
        return api.get_oauth2_client(id)
    except NotFoundException:
        return None


def examine(api: OAuth2Api, entry: Entry, current: OAuth2Client | None) -> Step | None:
    """Return what has to be done about a client. Checks its secret, and changes nothing.

    Raises:
        HydraException: The secret could not be checked.
    """
    return step_for(entry, current, current is not None and _secret_matches(api, entry, current))


def _secret_matches(api: OAuth2Api, entry: Entry, current: OAuth2Client) -> bool:
    if entry.secret is None or entry.secret.value is None:
        return entry.secret is None
    if current.public:
        # It accepts any secret. Whether it has this one matters once it is no longer public.
        return bool(entry.fields.get("public", True))
    return has_secret(api, entry.id, entry.secret.value)


def reconcile(api: OAuth2Api, entry: Entry, current: OAuth2Client | None) -> Outcome:
    """Make a client match the manifest.

    Args:
        api: The API of the server.
        entry: The client in the manifest.
        current: The client as it was on the server a while ago; None if it did not exist.
    """
    run = _Reconciliation(api, entry)
    try:
        return run.outcome(current)
    except (HydraException, Failure) as error:
        return _failed(entry.id, error, unknown=run.in_doubt)


def remove(api: OAuth2Api, id: str, owner: str | None) -> Outcome:
    """Delete a client, if it still belongs to this owner."""
    try:
        current = find(api, id)
        if current is not None and current.owner != owner:
            return Outcome(id, "unchanged")
        if current is not None:
            api.delete_oauth2_client(id)
    except NotFoundException:
        pass  # someone else deleted it meanwhile
    except HydraException as error:
        return _failed(id, error, unknown=isinstance(error, ApiConnectionError))
    return Outcome(id, "deleted")


def _failed(id: str, error: HydraException | Failure, *, unknown: bool) -> Outcome:
    fatal = isinstance(error, (ApiConnectionError, UnauthorizedException))
    return Outcome(id, "unknown" if unknown else "failed", (), error, fatal)


class _Reconciliation:
    """The requests for one client; `in_doubt` while a write may or may not have been executed."""

    def __init__(self, api: OAuth2Api, entry: Entry) -> None:
        self._api = api
        self._entry = entry
        self.in_doubt = False

    def outcome(self, current: OAuth2Client | None) -> Outcome:
        """Create or update the client; look again after a conflict or a lost response."""
        created = False
        attempts = 0
        while True:
            attempts += 1
            try:
                if current is None:
                    return self._create()
                outcome = self._update(current)
                if created and outcome.result == "unchanged":
                    return Outcome(self._entry.id, "created")
                return outcome
            except (ConflictException, NotFoundException):
                # Someone else created or deleted it meanwhile.
                if attempts == _ATTEMPTS:
                    raise
                current = find(self._api, self._entry.id)
            except (ApiConnectionError, ApiDecodeError, ServiceException) as error:
                # The SDK itself repeats an update, so that is not repeated here.
                if current is not None or attempts == _ATTEMPTS:
                    raise
                current = find(self._api, self._entry.id)
                self.in_doubt = False
                created = current is not None
                if current is None and not isinstance(error, ApiConnectionError):
                    raise

    def _create(self) -> Outcome:
        entry = self._entry
        members: dict[str, Any] = {"id": entry.id, **entry.fields}
        if entry.secret is not None:
            members["client_secret"] = entry.secret.obtain()
        if ignored := self._write(members, create=True):
            raise Failure(f"the server stored different values for {_names(ignored)}")
        return Outcome(entry.id, "created")

    def _update(self, current: OAuth2Client) -> Outcome:
        api, entry = self._api, self._entry
        step = examine(api, entry, current)
        if step is None:
            return Outcome(entry.id, "unchanged")
        # Fetched again, to keep what others changed since the clients were listed.
        members = api.get_oauth2_client(entry.id).to_dict()
        fields = tuple(change.field for change in differences(entry.fields, members))
        members |= entry.fields
        members.pop("client_secret", None)
        if step.secret is not None and entry.secret is not None:
            members["client_secret"] = entry.secret.obtain()
            fields = (*fields, "secret")
        if not fields:
            return Outcome(entry.id, "unchanged")
        ignored = self._write(members)
        if ignored and (entry.secret is not None or members.get("public")):
            # A memory store empties no field by an update, but a creation overwrites the client; a
            # SQL store rejects that. No secret is lost: it is known, or the client has none.
            if entry.secret is not None:
                members["client_secret"] = entry.secret.obtain()
            try:
                ignored = self._write(members, create=True)
            except ConflictException:
                pass
        if ignored:
            raise Failure(
                f"the server did not change {_names(ignored)}: its memory store cannot empty a "
                "field by an update. Add the client's secret to the manifest to make it possible."
            )
        return Outcome(entry.id, "updated", fields)

    def _write(self, members: dict[str, Any], *, create: bool = False) -> list[Change]:
        """Send the client; return the fields that the server stored differently."""
        client = OAuth2Client.from_dict(members)
        try:
            if create:
                stored = self._api.create_oauth2_client(client)
            else:
                stored = self._api.update_oauth2_client(self._entry.id, client)
        except (ApiConnectionError, ApiDecodeError):
            self.in_doubt = True
            raise
        except ServiceException as error:
            self.in_doubt = error.status != 500  # with 500, Hydra itself says that it failed
            raise
        return differences(self._entry.fields, stored.to_dict())


def _names(changes: list[Change]) -> str:
    return ", ".join(change.field for change in changes)
