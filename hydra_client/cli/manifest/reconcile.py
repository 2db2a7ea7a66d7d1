"""Make one client what the manifest says, whatever becomes of an answer on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hydra_client.cli.errors import Failure
from hydra_client.cli.manifest.check_secret import is_right
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

if TYPE_CHECKING:
    from hydra_client import OAuth2Api
    from hydra_client.cli.manifest.reader import Entry

_TRIES = 3


class Outcome(NamedTuple):
    """What became of one client.

    Attributes:
        id: Its id.
        result: `created`, `updated`, `unchanged`, `deleted`, `failed`; `unknown` where the answer
            to a write was lost; `not tried`.
        fields: What an update changed, the secret included.
        error: Why it failed.
        hopeless: Whether the next client would fare no better.
    """

    id: str
    result: str
    fields: tuple[str, ...] = ()
    error: HydraException | Failure | None = None
    hopeless: bool = False


def find(api: OAuth2Api, id: str) -> OAuth2Client | None:
    """Look for a client."""
    try:
        return api.get_oauth2_client(id)
    except NotFoundException:
        return None


def examine(api: OAuth2Api, entry: Entry, kept: OAuth2Client | None) -> Step | None:
    """Find out what is to be done about a client; its secret is tried, and nothing changed.

    Raises:
        HydraException: It could not be found out.
    """
    return step_for(entry, kept, kept is not None and _has_its_secret(api, entry, kept))


def _has_its_secret(api: OAuth2Api, entry: Entry, kept: OAuth2Client) -> bool:
    if entry.secret is None or entry.secret.value is None:
        return entry.secret is None
    if kept.public:
        # It takes any secret; whether it has this one would show once it is no longer public.
        return bool(entry.fields.get("public", True))
    return is_right(api, entry.id, entry.secret.value)


def settle(api: OAuth2Api, entry: Entry, kept: OAuth2Client | None) -> Outcome:
    """Make a client what the manifest says.

    Args:
        api: The server's API.
        entry: What the manifest says.
        kept: The client as the server told it a while ago; None where it had none.
    """
    settling = _Settling(api, entry)
    try:
        return settling.settled(kept)
    except (HydraException, Failure) as error:
        hopeless = (ApiConnectionError, UnauthorizedException)
        result = "unknown" if settling.unsure else "failed"
        return Outcome(entry.id, result, (), error, isinstance(error, hopeless))


def remove(api: OAuth2Api, id: str, owner: str | None) -> Outcome:
    """Delete a client, if it belongs to this owner still."""
    try:
        kept = find(api, id)
        if kept is not None and kept.owner != owner:
            return Outcome(id, "unchanged")
        if kept is not None:
            api.delete_oauth2_client(id)
    except NotFoundException:
        pass  # somebody else was faster
    except HydraException as error:
        hopeless = (ApiConnectionError, UnauthorizedException)
        result = "unknown" if isinstance(error, ApiConnectionError) else "failed"
        return Outcome(id, result, (), error, isinstance(error, hopeless))
    return Outcome(id, "deleted")


class _Settling:
    """One client on its way; `unsure` while a write may have been carried out or not."""

    def __init__(self, api: OAuth2Api, entry: Entry) -> None:
        self._api = api
        self._entry = entry
        self.unsure = False

    def settled(self, kept: OAuth2Client | None) -> Outcome:
        tries = _TRIES
        lost = False
        while True:
            tries -= 1
            try:
                if kept is None:
                    return self._create()
                outcome = self._update(kept)
                created = lost and outcome.result == "unchanged"
                return Outcome(self._entry.id, "created") if created else outcome
            except (ConflictException, NotFoundException):
                # Somebody else was faster.
                if not tries:
                    raise
                kept = find(self._api, self._entry.id)
            except (ApiConnectionError, ApiDecodeError, ServiceException) as error:
                # An update may run twice, and did: what is sent again by itself is not sent here.
                if kept is not None or not tries:
                    raise
                kept = find(self._api, self._entry.id)
                self.unsure = False
                lost = kept is not None
                if kept is None and not isinstance(error, ApiConnectionError):
                    raise

    def _create(self) -> Outcome:
        entry = self._entry
        members: dict[str, Any] = {"id": entry.id, **entry.fields}
        if entry.secret is not None:
            members["client_secret"] = entry.secret.made()
        left = self._write(members, anew=True)
        if left:
            raise Failure(f"the server did not take {_names(left)} as it is given")
        return Outcome(entry.id, "created")

    def _update(self, kept: OAuth2Client) -> Outcome:
        api, entry = self._api, self._entry
        step = examine(api, entry, kept)
        if step is None:
            return Outcome(entry.id, "unchanged")
        # What others changed since the list was fetched is not to be undone.
        members = api.get_oauth2_client(entry.id).to_dict()
        changes = differences(entry.fields, members)
        members |= entry.fields
        members.pop("client_secret", None)
        fields = tuple(change.field for change in changes)
        if step.secret is not None and entry.secret is not None:
            members["client_secret"] = entry.secret.made()
            fields = (*fields, "secret")
        if not fields:
            return Outcome(entry.id, "unchanged")
        left = self._write(members)
        if left and (entry.secret is not None or members.get("public")):
            # A memory store empties no field by an update, and overwrites by a creation, which a
            # SQL store refuses. The secret is known, or nobody asks for it: nothing gets lost.
            if entry.secret is not None:
                members["client_secret"] = entry.secret.made()
            try:
                left = self._write(members, anew=True)
            except ConflictException:
                pass
        if left:
            raise Failure(
                f"the server keeps {_names(left)}: its memory store empties no field "
                "by an update. Name the client's secret in the manifest, and it can be done."
            )
        return Outcome(entry.id, "updated", fields)

    def _write(self, members: dict[str, Any], *, anew: bool = False) -> list[Change]:
        """Send the client; give what the server holds otherwise than it is wanted."""
        client = OAuth2Client.from_dict(members)
        try:
            if anew:
                answer = self._api.create_oauth2_client(client)
            else:
                answer = self._api.update_oauth2_client(self._entry.id, client)
        except (ApiConnectionError, ApiDecodeError):
            self.unsure = True
            raise
        except ServiceException as error:
            self.unsure = error.status != 500  # which is the server's own word
            raise
        return differences(self._entry.fields, answer.to_dict())


def _names(changes: list[Change]) -> str:
    return ", ".join(change.field for change in changes)
