"""`hydra-client clients`: manages the OAuth 2.0 clients of the server."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import click

import hydra_client
from hydra_client.cli import completion
from hydra_client.cli.context import Invocation, delete_each, pass_invocation, yes_option
from hydra_client.cli.document import client_of, load, load_object
from hydra_client.cli.errors import USAGE, Failure, failure_of
from hydra_client.cli.manifest.lint import Finding, lint
from hydra_client.cli.options import (
    ANY_FILE,
    Group,
    file_option,
    id_option,
    long_secret_option,
    out_option,
    secret_options,
    together,
)
from hydra_client.cli.output import as_json, document_of, print_model, print_models, print_result
from hydra_client.cli.secret_files import SecretOut, given_secret, new_secret
from hydra_client.cli.text import echo, plain, warn

COLUMNS = ("id", "client_name", "owner", "grant_types", "scope")

# Name of each field, its option, the placeholder for its value, and its help.
FIELDS = (
    ("client_name", "--client-name", "TEXT", "Name of the application, as users see it."),
    ("redirect_uris", "--redirect-uri", "URI", "Where users may be sent after login. Repeatable."),
    ("grant_types", "--grant-type", "TYPE", "Such as authorization_code. Repeatable."),
    ("response_types", "--response-type", "TYPE", "Such as code or id_token. Repeatable."),
    ("scope", "--scope", "SCOPE", "Such as openid or photos.*. Repeatable."),
    ("owner", "--owner", "TEXT", "Owner of the client."),
    ("policy_uri", "--policy-uri", "URL", "URL of the privacy policy."),
    ("tos_uri", "--tos-uri", "URL", "URL of the terms of service."),
    ("client_uri", "--client-uri", "URL", "URL of the home page."),
    ("logo_uri", "--logo-uri", "URL", "URL of the logo."),
    ("contacts", "--contact", "TEXT", "Contact address. Repeatable."),
    ("public", "--public/--confidential", None, "Whether the client is public, without a secret."),
)
_WITHOUT_COMMAS = ("grant_types", "response_types", "scope")
_WORDS = {"grant_types": completion.grant_types, "response_types": completion.response_types}
_LISTS = ("redirect_uris", "grant_types", "response_types", "contacts", "scope")


def _refuse_commas(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Reject a list in one value, as Hydra's own command accepts it."""
    for value in values:
        if "," in value:
            option = param.opts[0]
            each = " ".join(f"{option} {item.strip()}" for item in value.split(","))
            raise click.UsageError(f"{option} takes one value; repeat it: {each}")
    return values


_field_options = together(
    file_option("JSON or YAML file with the fields; - is stdin."),
    *(
        click.option(
            option,
            name,
            multiple=name in _LISTS,
            default=None,
            metavar=metavar,
            callback=_refuse_commas if name in _WITHOUT_COMMAS else None,
            shell_complete=_WORDS.get(name),
            help=help,
        )
        for name, option, metavar, help in FIELDS
    ),
)
_change_options = together(
    click.argument("id", shell_complete=completion.client_ids),
    _field_options,
    secret_options("secret", "a new secret"),
    click.option("--generate-secret", is_flag=True, help="Generate a new secret."),
    long_secret_option,
    out_option(),
)


def _members_of(options: dict[str, Any]) -> dict[str, Any]:
    """Combine the fields of a client from the file and the options."""
    members = load_object(options["file"]) if options["file"] else {}
    for name, *_ in FIELDS:
        value = options[name]
        if value is None or value == ():
            continue
        if name == "scope":
            value = " ".join(value)
        elif name in _LISTS:
            value = [item for item in value if item]
        members[name] = value
    return members


@click.group("clients", cls=Group)
def command() -> None:
    """List, create, change, import and delete OAuth 2.0 clients."""


@command.command("list")
@click.option("--owner", metavar="TEXT", help="Only clients of this owner.")
@click.option(
    "--search",
    metavar="TEXT",
    help="Only clients with this text in their id, name, owner or redirect URIs.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    type=click.Choice(["id", *(name for name, *_ in FIELDS)]),
    metavar="FIELD",
    help=f"Field to show in a table. Repeatable. [{' '.join(COLUMNS)}]",
)
@pass_invocation
def list_(
    invocation: Invocation, owner: str | None, search: str | None, columns: tuple[str, ...]
) -> None:
    """List clients, sorted by id.

    On a terminal, each client takes one line, and long values are cut. Other output shows all of
    them.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients.

    Examples:
      hydra-client clients list
      hydra-client clients list --owner team-photos --column id --column redirect_uris
      hydra-client clients list --search example.com --quiet
      hydra-client clients list --output json
    """
    with invocation.api() as api:
        clients = api.list_oauth2_clients()
    if owner is not None:
        clients = [client for client in clients if (client.owner or "") == owner]
    if search is not None:
        clients = [client for client in clients if search.lower() in _searched(client)]
    print_models(invocation, clients, columns or COLUMNS)


def _searched(client: hydra_client.OAuth2Client) -> str:
    texts = (client.id, client.client_name, client.owner, *(client.redirect_uris or ()))
    return "\n".join(filter(None, texts)).lower()


@command.command()
@click.argument("id", shell_complete=completion.client_ids)
@pass_invocation
def get(invocation: Invocation, id: str) -> None:
    """Show a client. Its secret cannot be read from the server.

    Needs the scope hydra.clients and a policy for "get" on rn:hydra:clients:ID.

    Examples:
      hydra-client clients get my-app
      hydra-client clients get my-app --output yaml > my-app.yaml
    """
    with invocation.api() as api:
        _print(invocation, api.get_oauth2_client(id))


@command.command()
@id_option("Id of the client. [generated]")
@_field_options
@secret_options("secret", "the client's secret")
@long_secret_option
@out_option()
@pass_invocation
def create(invocation: Invocation, /, id: str | None, **options: Any) -> None:
    r"""Create a client.

    Without a given secret, one of 43 characters is generated. It is saved to --secret-out before it
    is sent, or printed with --show-secret. A public client gets no secret. An id that exists is
    rejected, even with a memory store, which would overwrite the client.

    Needs the scope hydra.clients and a policy for "create" on rn:hydra:clients.

    Examples:
      hydra-client clients create --id my-app --redirect-uri https://app.example.com/callback \
          --grant-type authorization_code --grant-type refresh_token --response-type code \
          --response-type id_token --scope 'openid offline' --secret-out my-app.secret
      hydra-client clients create --file my-app.yaml --secret-env MY_APP_SECRET
      hydra-client clients create --id my-phone-app --public --redirect-uri my-app://callback
    """
    members = _members_of(options)
    if id is not None:
        members["id"] = id
    client = client_of(members, options["file"] or "options")
    given_id, client.id = client.id, client.id or str(uuid.uuid4())
    if secret := given_secret(options, "secret", "the client's secret"):
        client.client_secret = secret
    elif client.client_secret is None and (options["secret_out"] or not client.public):
        client.client_secret = _generated_secret(invocation, options["secret_out"])
    _warn(lint(client), options["allow_long_secret"])
    with SecretOut(options["secret_out"]) as out, invocation.api() as api:
        if given_id:
            _refuse_existing(api, given_id)
        created = out.send(client.client_secret, lambda: api.create_oauth2_client(client))
    _print(invocation, created, options["secret_out"])


@command.command()
@_change_options
@pass_invocation
def update(invocation: Invocation, /, id: str, **options: Any) -> None:
    """Replace a client with the fields from the file and the options.

    Fields that are not given are emptied, except by a memory store, which keeps them. The secret
    does not change unless you provide or generate a new one. To change some fields, use `patch`.

    Needs the scope hydra.clients and a policy for "update" on rn:hydra:clients.

    Examples:
      hydra-client clients update my-app --file my-app.yaml
      hydra-client clients update my-app --file my-app.yaml --generate-secret --secret-out new
    """
    members = _members_of(options)
    client = client_of(members, options["file"] or "options")
    if secret := _new_secret(invocation, options):
        client.client_secret = secret
    if not any(name in members for name, *_ in FIELDS):
        # An SQL store would empty all of them.
        raise click.UsageError(
            "no fields: add --file FILE or the option of a field; to change only the secret, use "
            "`clients patch`"
        )
    _warn(lint(client), options["allow_long_secret"])
    with SecretOut(options["secret_out"]) as out, invocation.api() as api:
        updated = out.send(client.client_secret, lambda: api.update_oauth2_client(id, client))
    _print(invocation, updated, options["secret_out"])


@command.command()
@_change_options
@pass_invocation
def patch(invocation: Invocation, /, id: str, **options: Any) -> None:
    """Change the given fields of a client, and keep the others.

    An empty value empties a field (not in memory stores). Needs the scope hydra.clients and
    policies for "get" on rn:hydra:clients:ID and "update" on rn:hydra:clients.

    Examples:
      hydra-client clients patch my-app --client-name 'Photo prints' --owner team-photos
      hydra-client clients patch my-app --redirect-uri https://new.example.com/callback
      hydra-client clients patch my-app --generate-secret --secret-out my-app.secret

    The client is fetched, changed and updated. A change that someone else makes at the same time is
    lost.
    """
    given = _members_of(options)
    given.pop("id", None)
    client_of(given, options["file"] or "options")
    secret = _new_secret(invocation, options)
    if secret is not None:
        given["client_secret"] = secret
    if not given:
        raise click.UsageError("nothing to change: add the option of a field, or of a new secret")
    new = [found for found in lint(hydra_client.OAuth2Client.from_dict(given)) if found.refused]
    _warn(new, options["allow_long_secret"])
    with SecretOut(options["secret_out"]) as out, invocation.api() as api:
        client = api.get_oauth2_client(id)
        patched = hydra_client.OAuth2Client.from_dict(client.to_dict() | given)
        # Do not warn about values that were questionable before and do not change.
        old = lint(client)
        new = [found for found in lint(patched) if found.field in given or found not in old]
        _warn(new, options["allow_long_secret"])
        updated = out.send(secret, lambda: api.update_oauth2_client(id, patched))
        if emptied := [name for name, value in given.items() if not value]:
            now = api.get_oauth2_client(id).to_dict()
            for name in filter(now.get, emptied):
                warn(f"the server did not empty {name}")
    _print(invocation, updated, options["secret_out"])


@command.command()
@click.argument(
    "ids", metavar="ID...", nargs=-1, required=True, shell_complete=completion.client_ids
)
@yes_option
@pass_invocation
def delete(invocation: Invocation, ids: tuple[str, ...], yes: bool) -> None:
    """Delete clients. This cannot be undone. Their tokens remain valid.

    Asks for confirmation; without a terminal, it needs --yes. A failure does not stop the others.
    The exit status is that of the first failure.

    Needs the scope hydra.clients and a policy for "delete" on rn:hydra:clients:ID.

    Examples:
      hydra-client clients delete my-app
      hydra-client clients delete my-app my-phone-app --yes
    """
    with invocation.api() as api:
        delete_each(invocation, ids, yes, api.delete_oauth2_client)


@command.command("import")
@click.argument("files", metavar="FILE...", type=ANY_FILE, nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Update clients that exist.")
@long_secret_option
@out_option()
@pass_invocation
def import_(
    invocation: Invocation,
    files: tuple[str, ...],
    replace: bool,
    secret_out: str | None,
    allow_long_secret: bool,
) -> None:
    r"""Create clients from JSON or YAML files, each with a client or a list of them; - is stdin.

    All files are checked before anything is sent. An existing client is not changed and counts as a
    failure, unless you pass --replace. A secret is generated for each new confidential client that
    has none. --secret-out saves all of them as a JSON object of ids and secrets.

    Needs the scope hydra.clients and policies for "get" on rn:hydra:clients:ID and "create" (and
    "update") on rn:hydra:clients.

    Examples:
      hydra-client clients import clients.yaml --secret-out secrets.json
      hydra-client clients import one.json two.json --secret-out secrets.json
      hydra-client clients list --output json --profile old | hydra-client clients import - \
          --profile new --secret-out secrets.json
    """
    clients = _clients_in(files, allow_long_secret)
    with SecretOut(secret_out) as out, invocation.api() as api:
        existing = {client.id for client in api.list_oauth2_clients()}
        made = {}
        for client in clients:
            if client.client_secret is None and not client.public and client.id not in existing:
                made[client.id] = client.client_secret = new_secret()
        if made and secret_out is None:
            raise Failure(
                f"{_count(len(made), 'client')} without a secret: add --secret-out FILE to save "
                "generated ones; nothing was sent",
                USAGE,
            )
        out.write(as_json(made) if made else None)
        done, failures = _import(invocation, api, clients, existing, replace)
    if invocation.output != "table":
        print_result(done, invocation.output, COLUMNS)
    if made:
        invocation.remark(f"Saved the secrets to {secret_out}.")
    if failures:
        click.get_current_context().exit(failures[0].exit_code)


def _import(
    invocation: Invocation,
    api: hydra_client.OAuth2Api,
    clients: list[hydra_client.OAuth2Client],
    existing: set[str | None],
    replace: bool,
) -> tuple[list[dict[str, Any]], list[Failure]]:
    """Create or update clients one by one; stop if the others would fail for the same reason."""
    done = []
    failures: list[Failure] = []
    for number, client in enumerate(clients):
        id = client.id or ""
        known = id in existing
        try:
            if known and not replace:
                raise Failure(f"{id} already exists; use --replace to update it")
            if known:
                result = api.update_oauth2_client(id, client)
            else:
                result = api.create_oauth2_client(client)
        except (Failure, hydra_client.HydraException) as error:
            failures.append(failure_of(error))
            failures[-1].show()
            if isinstance(
                error, (hydra_client.ApiConnectionError, hydra_client.UnauthorizedException)
            ):
                left = len(clients) - number - 1
                echo(f"{_count(left, 'client')} not tried.", err=True)
                break
        else:
            done.append(document_of(result))
            if invocation.output == "table":
                echo(id if invocation.quiet else f"{'Updated' if known else 'Created'} {id}.")
    return done, failures


def _clients_in(files: Iterable[str], allow_long_secret: bool) -> list[hydra_client.OAuth2Client]:
    """Read all clients, and report everything that is wrong with them at once."""
    from hydra_client.operations import CREATE_OAUTH2_CLIENT
    from hydra_client.protocol.encoding import encode

    clients = []
    faults = []
    seen = set()
    for place, entry in _entries(files):
        try:
            client = client_of(entry, place)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the call itself warns
                encode(CREATE_OAUTH2_CLIENT, body=client)
            _warn(lint(client), allow_long_secret, f"{place}: ")
        except Failure as error:
            faults.append(error.message)
            continue
        except (hydra_client.ApiTypeError, hydra_client.ApiValueError) as error:
            faults.append(f"{place}: {error}")
            continue
        client.id = client.id or str(uuid.uuid4())
        if client.id in seen:
            faults.append(f"{place}: duplicate id {client.id!r}")
        seen.add(client.id)
        clients.append(client)
    if faults:
        raise Failure("\n".join([*faults, "Nothing was sent."]), USAGE)
    return clients


def _entries(files: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield the clients in the files, unchecked, and the place of each."""
    for file in files:
        document = load(file)
        for number, entry in enumerate(document if isinstance(document, list) else [document], 1):
            yield f"{file}: client {number}", entry


def _warn(findings: Iterable[Finding], allow_long_secret: bool, place: str = "") -> None:
    """Warn about questionable values in a client.

    Raises:
        Failure: Its secret is too long, and that is not allowed.
    """
    for field, text, refused in findings:
        if not refused:
            warn(f"{place}{field}: {plain(text)}")
        elif not allow_long_secret:
            raise Failure(f"{place}{field}: {text}", USAGE)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _refuse_existing(api: hydra_client.OAuth2Api, id: str) -> None:
    """Reject an id that exists: a memory store would overwrite the client."""
    try:
        api.get_oauth2_client(id)
    except hydra_client.NotFoundException:
        return
    except hydra_client.ForbiddenException as error:
        # Hydra looks the client up before it checks the policy.
        raise Failure(f"the client {id} already exists, and cannot be read: {error}") from None
    raise Failure(
        f"the client {id} already exists; use `clients update` or `clients patch` to change it"
    )


def _generated_secret(invocation: Invocation, secret_out: str | None) -> str:
    """Generate a secret, unless it would be neither saved nor printed."""
    if secret_out is None and (invocation.shortest or not invocation.show_secret):
        raise click.UsageError(
            "the generated secret would be lost: add --secret-out FILE, or --show-secret without "
            "--quiet, or provide a secret with --secret-file, --secret-env or --secret-stdin"
        )
    return new_secret()


def _new_secret(invocation: Invocation, options: dict[str, Any]) -> str | None:
    """Read or generate the new secret of a client that exists, if an option asks for one."""
    secret = given_secret(options, "secret", "the new secret")
    if options["generate_secret"]:
        if secret is not None:
            raise click.UsageError("--generate-secret cannot be used with a given secret")
        return _generated_secret(invocation, options["secret_out"])
    if secret is None and options["secret_out"] is not None:
        raise click.UsageError("--secret-out needs a new secret: add --generate-secret")
    return secret


def _print(
    invocation: Invocation, client: hydra_client.OAuth2Client, secret_out: str | None = None
) -> None:
    print_model(invocation, client, client.id)
    if secret_out is not None and not invocation.shortest:
        invocation.remark(f"Saved the secret to {secret_out}.")
