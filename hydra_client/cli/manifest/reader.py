"""Reads manifests, and reports everything that is wrong with one at once, by line."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from hydra_client.cli import yaml_nodes
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.manifest.access_reader import AccessReader
from hydra_client.cli.manifest.lint import lint, too_long
from hydra_client.cli.manifest.model import FIELDS, Entry, Manifest, Secret
from hydra_client.cli.manifest.values import PLACES, is_mapping
from hydra_client.cli.secret_files import new_secret, read_secret
from hydra_client.cli.text import plain
from hydra_client.cli.yaml_nodes import position
from hydra_client.models import OAuth2Client
from hydra_client.provisioning.planning import COLON_IN_OWNER

_KINDS_OF_OBJECTS = ("clients", "policies", "groups")
_TOP = (*_KINDS_OF_OBJECTS, "defaults", "owner", "removed", "expect", "$schema")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read(path: str, *, long_secrets: bool = False) -> Manifest:
    """Read a manifest, `-` for stdin, and the secrets that it refers to.

    Files that it names are relative to it. A secret that is longer than Hydra checks is a fault,
    unless `long_secrets` allows it.

    Raises:
        Failure: The manifest is faulty. The message lists every fault with its line and column.
    """
    document = yaml_nodes.read(path, "a manifest", all_numbers=True)
    if document.root is None:
        raise Failure(f"{document.place}:1:1: the manifest is empty", USAGE)
    folder = Path() if path == "-" else Path(path).parent
    reader = _Reader(document.place, folder, long_secrets)
    manifest = reader.manifest(document.root)
    if faults := reader.lines(reader.faults):
        count = "1 error" if len(faults) == 1 else f"{len(faults)} errors"
        header = f"{count} in {document.place}; nothing was sent"
        raise Failure("\n".join([header, *faults]), USAGE)
    return manifest


class _Reader(AccessReader):
    """Reads the nodes of a manifest."""

    def __init__(self, place: str, folder: Path, long_secrets: bool) -> None:
        super().__init__(place)
        self._folder = folder
        self._long_secrets = long_secrets
        self._outs: dict[str, int] = {}

    def manifest(self, root: yaml.Node) -> Manifest:
        """Read the whole document."""
        top = self._mapping(root, "a manifest", _TOP, ignored=lambda name: name.startswith("x-"))
        # What applies to every client: the defaults and the owner.
        defaults = self._mapping(top["defaults"], "defaults", FIELDS) if "defaults" in top else {}
        if "owner" in top:
            self._non_empty(top["owner"], "owner")
            if "owner" in defaults:
                self._fault(top["owner"], "owner: already set in the defaults")
            defaults["owner"] = top["owner"]
        owner = self._fields(defaults).get("owner") or None
        if owner and ":" in owner:
            self._fault(defaults["owner"], f"owner: {COLON_IN_OWNER}")
        kinds = frozenset(_KINDS_OF_OBJECTS).intersection(top)
        if is_mapping(root) and not kinds | top.keys() & {"expect", "removed"}:
            self._fault(root, "one of the keys `clients`, `policies` and `groups` is missing")
        entries = [self._entry(node, defaults) for node in self._list(top, "clients")]
        policies = [self._policy(node, owner) for node in self._list(top, "policies")]
        groups = dict(self._group(node) for node in self._list(top, "groups"))
        return Manifest(
            kinds,
            entries,
            policies,
            groups,
            self._removed(top),
            [self._expected(node) for node in self._list(top, "expect")],
            owner,
            self.lines(self.doubts),
            self.subjects,
        )

    def _entry(self, node: yaml.Node, defaults: Mapping[str, yaml.Node]) -> Entry:
        members = self._mapping(node, "a client", ("id", "secret", *FIELDS), ("id",))
        nodes = {**defaults, **members}
        id = self._id(members.get("id"), "client")
        secret = self._secret(members["secret"]) if "secret" in members else None
        entry = Entry(id, self._fields(nodes), secret)
        if not self.faults:
            self._lint(entry, nodes, node)
        return entry

    def _lint(self, entry: Entry, nodes: Mapping[str, yaml.Node], default: yaml.Node) -> None:
        secret = entry.secret
        # A secret still to be generated is like any that is generated.
        value = None if secret is None else secret.value or new_secret()
        client = OAuth2Client.from_dict({"id": entry.id, "client_secret": value, **entry.fields})
        for field, text, refused in lint(client):
            if refused:
                continue  # either a fault already or allowed
            if field == "client_secret" and secret is not None:
                self._doubt(nodes["secret"], f"secret ({secret.source}): {text}")
            else:
                self._doubt(nodes.get(field, default), f"{field}: {text}")

    def _fields(self, nodes: Mapping[str, yaml.Node]) -> dict[str, Any]:
        readers: dict[type, Callable[[yaml.Node, str], Any]] = {
            str: self._string,
            list: self._strings,
            bool: self._boolean,
        }
        return {
            name: readers[kind](nodes[name], name) for name, kind in FIELDS.items() if name in nodes
        }

    # --- secrets

    def _secret(self, node: yaml.Node) -> Secret | None:
        if not is_mapping(node):
            self._fault(node, f"secret: must not be in a manifest; say where it is: {PLACES}")
            return None
        members = self._mapping(node, "secret", ("env", "file", "generate"))
        if len(members) != 1:
            if members or not node.value:  # otherwise its keys were reported as unknown
                self._fault(node, f"secret: expected one of {PLACES}")
            return None
        ((kind, place),) = members.items()
        if kind == "generate":
            return self._generated_secret(place)
        name = self._non_empty(place, f"secret: {kind}")
        if name is None:
            return None
        if kind == "file":
            return self._secret_in_file(place, self._folder / name)
        value = os.environ.get(name)
        if not value:
            shown = name if _VARIABLE.fullmatch(name) else "(not shown: it may be a secret)"
            problem = "is not set" if value is None else "is empty"
            self._fault(place, f"secret: the environment variable {shown} {problem}")
            return None
        return self._checked(place, Secret(f"from environment variable {plain(name)}", value))

    def _generated_secret(self, node: yaml.Node) -> Secret | None:
        members = self._mapping(node, "secret: generate", ("out",))
        if "out" not in members:
            if is_mapping(node) and not node.value:
                self._fault(node, "secret: generate: expected `{out: FILE}`")
            return None
        node = members["out"]
        name = self._non_empty(node, "secret: generate: out")
        if name is None:
            return None
        path = self._folder / name
        shown = plain(str(path))
        # os.path, because what pathlib raises for some names depends on the Python version.
        if not os.path.isdir(path.parent):
            self._fault(node, f"secret: the directory {plain(str(path.parent))} does not exist")
            return None
        real = os.path.realpath(path)
        if real in self._outs:
            self._fault(node, f"secret: {plain(name)} is already used on line {self._outs[real]}")
        self._outs[real] = position(node)[0]
        try:
            found = path.stat()
        except FileNotFoundError:
            found = None
        except OSError as error:
            self._fault(node, f"secret: {shown}: {error.strerror}")
            return None
        if found is not None and (found.st_size or not stat.S_ISREG(found.st_mode)):
            if os.name != "nt" and found.st_mode & 0o077:
                self._doubt(node, f"secret: {shown} can be read by others; run chmod 600 {shown}")
            return self._secret_in_file(node, path)
        if path.is_symlink():
            self._fault(node, f"secret: {shown} must not be a symbolic link")
            return None
        return Secret(f"generated in file {shown}", None, path)

    def _secret_in_file(self, node: yaml.Node, path: Path) -> Secret | None:
        try:
            value = read_secret(str(path))
        except Failure as error:
            self._fault(node, f"secret: {plain(error.message)}")
            return None
        return self._checked(node, Secret(f"from file {plain(str(path))}", value))

    def _checked(self, node: yaml.Node, secret: Secret) -> Secret:
        value = secret.value or ""
        why = None if self._long_secrets else too_long(value)
        shortest = OAuth2Client._fields["client_secret"].min_length
        if len(value) < shortest:
            why = f"must have at least {shortest} characters"
        elif _CONTROL.search(value):
            why = "must not contain control characters"
        if why:
            self._fault(node, f"secret ({secret.source}): {why}")
        return secret
