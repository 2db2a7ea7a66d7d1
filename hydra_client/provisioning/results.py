"""The results and errors of provisioning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from hydra_client.exceptions import HydraException

Action = Literal["created", "updated", "unchanged", "deleted"]


class Change(NamedTuple):
    """A field of an object that differs from what you asked for. It never holds a secret.

    Attributes:
        field: The name of the field.
        old: Its value on the server; None if it has none.
        new: The value that you asked for.
    """

    field: str
    old: Any
    new: Any


class ProvisioningError(HydraException):
    """The server carried out a write, but did not store what was sent.

    Attributes:
        id: The id of the object.
        fields: The fields that the server stored differently.
    """

    def __init__(self, message: str, id: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.id = id
        self.fields = fields


@dataclass(frozen=True)
class Result:
    """The result for one object.

    Attributes:
        id: The id of the object.
        action: `created`, `updated` or `unchanged`; `deleted` by `apply` only.
        fields: The fields that differed from what you asked for. For a new object, those that are
            not empty.
    """

    id: str
    action: Action
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClientResult(Result):
    """The result for a client.

    Attributes:
        client_secret: The secret that was generated for a new client; None if you chose the secret,
            or if the client is public or existed before. `repr` does not show it. Store it: the
            server cannot show it again.
    """

    client_secret: str | None = field(default=None, repr=False)
