"""`hydra-client keys`: manages the JSON Web Keys of the server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

import hydra_client
from hydra_client.cli.context import Invocation, delete_each, pass_invocation, yes_option
from hydra_client.cli.document import load_object, model_of
from hydra_client.cli.errors import USAGE, Failure
from hydra_client.cli.options import FILE, Group, file_option
from hydra_client.cli.output import print_documents
from hydra_client.cli.secret_files import SecretOut
from hydra_client.cli.text import warn
from hydra_client.exceptions import BadRequestException, ForbiddenException, NotFoundException
from hydra_client.protocol.redaction import MASK

COLUMNS = ("kid", "kty", "alg", "use")
# Public members that the model does not have (RFC 7517 section 4).
_PUBLIC = frozenset({"key_ops", "x5u", "x5t", "x5t#S256"})
_ID_TOKENS = "hydra.openid.id-token"

_kid_argument = click.argument("kid", required=False)
_out_option = click.option(
    "--out",
    type=FILE,
    metavar="FILE",
    help="Save the keys, with their private parts, to a new file that only you can read.",
)


@click.group("keys", cls=Group)
def command() -> None:
    """Get, generate, store and delete JSON Web Keys.

    Private parts are masked unless you pass --show-secret. --out saves them to a file.
    """


@command.command()
@click.argument("set")
@_kid_argument
@_out_option
@pass_invocation
def get(invocation: Invocation, set: str, kid: str | None, out: str | None) -> None:
    """Show the keys of a set, or one of them.

    Needs the scope hydra.keys.get and a policy for "get" on rn:hydra:keys:SET:KID, for each key of
    the set.

    Examples:
      hydra-client keys get hydra.openid.id-token
      hydra-client keys get my-keys public:1 --output json
      hydra-client keys get my-keys --out my-keys.json
    """
    with SecretOut(out) as file, invocation.open(hydra_client.JsonWebKeyApi) as api:
        keys = api.get_json_web_key_set(set) if kid is None else api.get_json_web_key(set, kid)
        _print(invocation, keys, file, out)


@command.command()
@click.argument("set")
@click.option("--alg", required=True, metavar="ALG", help="Algorithm, such as RS256 or HS256.")
@click.option("--kid", metavar="KID", help="Id of the key.")
@_out_option
@pass_invocation
def create(invocation: Invocation, set: str, alg: str, kid: str | None, out: str | None) -> None:
    """Generate a key, or a pair of keys, on the server.

    Both versions can generate RS256 and HS256, 0.9 also ES521, 0.10 also ES512 and HS512. RSA and
    EC keys come in pairs: private:KID and public:KID, or without --kid, private and public. A kid
    that exists in the set is rejected, even with a memory store, which would keep both keys.

    Needs the scope hydra.keys.create and a policy for "create" on rn:hydra:keys:SET. To check that
    the kid is new, also needs hydra.keys.get and a policy for "get" on rn:hydra:keys:SET:<.*>;
    without them, there is a warning.

    Examples:
      hydra-client keys create my-keys --alg RS256 --kid 1 --out my-keys.json
      hydra-client keys create my-secrets --alg HS256 --kid 1
    """
    request = hydra_client.JsonWebKeySetGeneratorRequest(alg=alg, kid=kid or "")
    with SecretOut(out) as file, invocation.open(hydra_client.JsonWebKeyApi) as api:
        _refuse_existing(api, set, _generated_kids(alg, kid))
        _print(invocation, api.create_json_web_key_set(set, request), file, out)
    _remark_on_restart(invocation, set)


@command.command()
@click.argument("set")
@_kid_argument
@file_option("JSON or YAML file with the set, or with the key KID; - is stdin.", required=True)
@pass_invocation
def update(invocation: Invocation, set: str, kid: str | None, file: str) -> None:
    """Add keys from a file to a set, or one key.

    The server never replaces a key, so a kid that exists in the set is rejected. Delete the old key
    first.

    Needs the scope hydra.keys.update and a policy for "update" on rn:hydra:keys:SET, or
    rn:hydra:keys:SET:KID for one key. To check that the kids are new, also needs hydra.keys.get and
    a policy for "get" on rn:hydra:keys:SET:<.*>; without them, there is a warning.

    Examples:
      hydra-client keys update my-keys --file my-keys.json
      hydra-client keys update my-keys public:2 --file key.json
    """
    document = load_object(file)
    if kid is None:
        keys = model_of(hydra_client.JsonWebKeySet, document, file)
        if not keys.keys:
            raise Failure(f"{file}: expected a set of keys: an object with a list `keys`", USAGE)
    else:
        # What `keys get SET KID` saves is a set with one key.
        listed = document.get("keys")
        only = listed[0] if isinstance(listed, list) and len(listed) == 1 else document
        key = model_of(hydra_client.JsonWebKey, only, file)
        if key.kid != kid:
            raise Failure(f"{file}: the kid of the key is not {kid}", USAGE)
        keys = hydra_client.JsonWebKeySet(keys=[key])
    with invocation.open(hydra_client.JsonWebKeyApi) as api:
        _refuse_existing(api, set, [key.kid or "" for key in keys.keys])
        if kid is None:
            api.update_json_web_key_set(set, keys)
        else:
            api.update_json_web_key(set, kid, keys.keys[0])
    _show(invocation, keys)
    _remark_on_restart(invocation, set)


@command.command()
@click.argument("set")
@click.argument("kids", metavar="[KID]...", nargs=-1)
@yes_option
@pass_invocation
def delete(invocation: Invocation, set: str, kids: tuple[str, ...], yes: bool) -> None:
    """Delete a set of keys, or some of its keys. A set that does not exist is not a failure.

    With a memory store, deleting one key deletes all keys of its set, because of a bug of Hydra.
    Save them first: `keys get SET --out FILE`. Asks for confirmation; without a terminal, it needs
    --yes.

    Needs the scope hydra.keys.delete and a policy for "delete" on rn:hydra:keys:SET, or
    rn:hydra:keys:SET:KID for a key.

    Examples:
      hydra-client keys delete my-keys
      hydra-client keys delete my-keys private:1 public:1 --yes
    """
    with invocation.open(hydra_client.JsonWebKeyApi) as api:
        if kids:
            delete_each(invocation, kids, yes, lambda kid: api.delete_json_web_key(set, kid))
        else:
            delete_each(invocation, (set,), yes, api.delete_json_web_key_set)
    _remark_on_restart(invocation, set)


def _print(
    invocation: Invocation, keys: hydra_client.JsonWebKeySet, file: SecretOut, path: str | None
) -> None:
    """Save the keys if a file is given, and print them."""
    file.write(json.dumps(keys.to_dict(), indent=2))
    hidden = _show(invocation, keys)
    if path is not None:
        invocation.remark(f"Saved the keys to {path}.")
    elif hidden:
        invocation.remark(
            "Use --show-secret to print the private parts, or --out FILE to save them."
        )


def _show(invocation: Invocation, keys: hydra_client.JsonWebKeySet) -> bool:
    """Print the keys. Return whether private parts were masked."""
    documents = [key.to_dict() if invocation.show_secret else _masked(key) for key in keys.keys]
    more = {name for document in documents for name in document} if invocation.show_secret else ()
    columns = (*COLUMNS, *sorted(set(more) - set(COLUMNS)))
    print_documents(invocation, documents, columns, id="kid", whole={"keys": documents})
    return any(MASK in document.values() for document in documents)


def _masked(key: hydra_client.JsonWebKey) -> dict[str, Any]:
    """Return a key with every member masked that is not known to be public."""
    document = key.to_dict()
    for name, value in document.items():
        field = key._by_wire.get(name)
        if value and (name not in _PUBLIC if field is None else field.secret):
            document[name] = MASK
    return document


def _generated_kids(alg: str, kid: str | None) -> tuple[str, ...]:
    """Return the ids that generated keys can get."""
    if alg.startswith("HS"):
        return (kid,) if kid else ("shared", "")
    return (f"private:{kid}", f"public:{kid}") if kid else ("private", "public")


def _refuse_existing(api: hydra_client.JsonWebKeyApi, set: str, kids: Iterable[str]) -> None:
    """Reject ids of keys that exist in the set: a memory store would keep both keys."""
    try:
        existing = {key.kid or "" for key in api.get_json_web_key_set(set).keys}
    except NotFoundException:
        return
    except (ForbiddenException, BadRequestException):
        # Some callers may write keys and not read them; some get no token with the scope to read.
        warn(f"cannot check whether the set {set} has such a key already")
        return
    for kid in kids:
        if kid in existing:
            name = f"the key {kid}" if kid else "a key without a kid"
            raise Failure(f"the set {set} already has {name}; delete it first")


def _remark_on_restart(invocation: Invocation, set: str) -> None:
    if set == _ID_TOKENS:
        invocation.remark(
            "Restart the server: until then, it signs ID tokens with the key that it read when it "
            "started."
        )
