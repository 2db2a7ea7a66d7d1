"""The content of a manifest: the desired clients, policies and groups, and expectations."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.secret_files import new_secret
from hydra_client.cli.text import plain
from hydra_client.models import OAuth2Client, Policy
from hydra_client.provisioning import Desired, Expectation
from hydra_client.provisioning.planning import unaddressable

if sys.platform != "win32":  # pragma: no branch
    import fcntl

FIELDS = {
    name: field.json_type
    for name, field in OAuth2Client._by_wire.items()
    if name not in ("id", "client_secret")
}
_LONGEST_LOCK = 10  # seconds; another run holds it while it writes one secret
NOT_STORED = re.compile("[\0\ud800-\udfff]")
NOT_STORABLE = "contains NUL or an unpaired surrogate, which SQL stores reject"


@dataclass
class Secret:
    """The secret of a client, which a manifest refers to by its place.

    Attributes:
        source: The place, for messages.
        value: The secret; None if it still has to be generated.
        out: The file for a generated secret.
    """

    source: str
    value: str | None = field(repr=False)
    out: Path = field(default=Path(), repr=False)

    def obtain(self) -> str:
        """Return the secret. Generate it and save it to disk first, if there is none yet.

        Raises:
            Failure: It cannot be saved.
        """
        if self.value is None:
            try:
                self.value = _generate(self.out)
            except OSError as error:
                raise Failure(f"{plain(str(self.out))}: {error.strerror}", USAGE) from None
        return self.value


class Entry(NamedTuple):
    """A client as the manifest describes it.

    Attributes:
        id: Its id.
        fields: The fields that the manifest sets, defaults included, by the API's names. An empty
            value empties the field.
        secret: Its secret, if the manifest refers to one.
    """

    id: str
    fields: dict[str, Any]
    secret: Secret | None


class Expected(NamedTuple):
    """An expectation, and its place in the manifest for messages."""

    place: str
    expectation: Expectation


class Manifest(NamedTuple):
    """The content of a manifest.

    Attributes:
        kinds: Which of `clients`, `policies` and `groups` it has. The others are not pruned.
        entries: The clients, in order.
        policies: The policies, in order.
        groups: The members of each group.
        removed_groups: Groups to delete when pruning.
        expectations: What the server should allow and deny afterwards.
        owner: The owner of the clients and policies, if the manifest names one.
        warnings: What Hydra would accept although it can never work.
        subjects: The place of each subject of a policy that is not a template.
    """

    kinds: frozenset[str]
    entries: list[Entry]
    policies: list[Policy]
    groups: dict[str, list[str]]
    removed_groups: list[str]
    expectations: list[Expected]
    owner: str | None
    warnings: list[str]
    subjects: dict[str, str]

    def keys(self) -> list[tuple[str, str]]:
        """Return the kind and the id of each object, in order."""
        return [
            *(("client", entry.id) for entry in self.entries),
            *(("policy", policy.id or "") for policy in self.policies),
            *(("group", id) for id in self.groups),
        ]

    def desired(self, *, prune: bool = False) -> Desired:
        """Return the state that the server should have."""
        clients, new_secrets = [], {}
        for id, fields, secret in self.entries:
            client = OAuth2Client.from_dict({"id": id, **fields})
            if secret is not None and secret.value is not None:
                client.client_secret = secret.value
            elif secret is not None:
                new_secrets[id] = secret.obtain
            clients.append(client)
        return Desired(
            clients=clients,
            policies=self.policies,
            groups=self.groups,
            removed_groups=self.removed_groups if prune else (),
            owner=self.owner,
            new_secrets=new_secrets,
        )


def unfit(id: str, fields: Mapping[str, Any]) -> str | None:
    """Return why an object cannot be in a manifest; None if it can."""
    if why := unaddressable(id):
        return why
    for name, value in fields.items():
        if not isinstance(value, bool) and NOT_STORED.search("".join(value)):
            return f"{name} {NOT_STORABLE}"
    return None


def _generate(path: Path) -> str:
    """Generate a secret and save it, unless another process has saved one meanwhile.

    A lock on the file makes the other process wait until the secret is saved. Windows and some
    network file systems do not have such locks: there, do not run two at the same time.

    An empty file was left by a process that was killed before it could write. Nothing was sent
    then, so the file can be filled.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o600), "r+", encoding="utf-8") as file:
        if sys.platform != "win32":  # pragma: no branch
            _lock(file)
        saved = file.read()
        if saved:
            return saved.removesuffix("\n")
        secret = new_secret()
        os.chmod(path, 0o600)
        file.write(f"{secret}\n")
        file.flush()
        os.fsync(file.fileno())
    if hasattr(os, "O_DIRECTORY"):  # pragma: no branch - Windows cannot sync a directory
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return secret


def _lock(file: TextIO) -> None:
    end = time.monotonic() + _LONGEST_LOCK
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise OSError(error.errno, "another run has locked it; try again later") from None
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return
