"""State of one run of the command: its options, settings and API, and what the user confirms."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

import hydra_client
from hydra_client.cli.errors import USAGE, Failure, failure_of
from hydra_client.cli.text import echo, plain

if TYPE_CHECKING:
    from hydra_client.cli.settings import Settings

A = TypeVar("A")


class Invocation:
    """One run of the command, with the common options as they were given."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    @cached_property
    def settings(self) -> Settings:
        """Settings from the options, the environment and the profile, in this order."""
        from hydra_client.cli.settings import resolve

        return resolve(self.options)

    @property
    def quiet(self) -> bool:
        """Whether to print only the result."""
        return bool(self.options.get("quiet"))

    @property
    def shortest(self) -> bool:
        """Whether to print the result in its shortest form, such as an id."""
        return self.quiet and self.output == "table"

    @property
    def show_secret(self) -> bool:
        """Whether secrets may be printed."""
        return bool(self.options.get("show_secret"))

    @property
    def for_program(self) -> bool:
        """Whether a program gets the result: it is not printed to a terminal, nor as a table."""
        return (self.quiet or self.output != "table") and not sys.stdout.isatty()

    @property
    def output(self) -> str:
        """Format of the result: `table`, `json` or `yaml`."""
        return self.settings.output

    def remark(self, text: str) -> None:
        """Print a remark on stderr, unless the run is quiet."""
        if not self.quiet:
            echo(text, err=True)

    @property
    def names_a_server(self) -> bool:
        """Whether this run names a server explicitly, not only by a default profile."""
        names = ("url", "profile")
        return any(
            self.options.get(name) or os.environ.get(f"HYDRA_{name.upper()}") for name in names
        )

    def refuse_overridden_profile(self) -> None:
        """Refuse to delete or replace anything if HYDRA_URL overrides the chosen profile.

        Raises:
            click.UsageError: It does.
        """
        if self.settings.overrides_profile:
            raise click.UsageError(
                "HYDRA_URL names another server than the chosen profile: unset HYDRA_URL, or name "
                "the server with --url"
            )

    def configuration(self, **changed: Any) -> hydra_client.Configuration:
        """Build the configuration of the SDK. `changed` overrides the settings.

        Raises:
            Failure: No server is configured.
        """
        settings = self.settings
        if settings.url is None:
            raise Failure("no server: use --url, HYDRA_URL or a profile", USAGE)
        given = {
            "host": settings.url,
            "username": settings.client_id,
            "password": settings.client_secret,
            "access_token": settings.access_token,
            "scopes": settings.scopes,
            "ssl_ca_cert": settings.ca_cert,
            **({} if settings.timeout is None else {"timeout": settings.timeout}),
        }
        configuration = hydra_client.Configuration(**(given | changed))
        if configuration.origin.scheme == "https" and settings.ca_cert is not None:
            _check_ca(settings.ca_cert)
        return configuration

    def api(self, **changed: Any) -> AbstractContextManager[hydra_client.OAuth2Api]:
        """Open the API of the configured server. `changed` overrides the settings."""
        return self.open(hydra_client.OAuth2Api, **changed)

    @contextmanager
    def open(self, kind: Callable[[hydra_client.ApiClient], A], **changed: Any) -> Iterator[A]:
        """Open another API, such as PolicyApi, or several that share a connection."""
        with hydra_client.ApiClient(self.configuration(**changed)) as client:
            client.default_headers.update(self.settings.headers)
            yield kind(client)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def _check_ca(path: str) -> None:
    """Reject a file without certificates, which OpenSSL would not name."""
    import ssl  # slow to import

    if os.path.isdir(path):
        return
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        no_pem = isinstance(error, ssl.SSLError)
        reason = "contains no certificate in PEM format" if no_pem else error.strerror
        raise Failure(f"--ca-cert (HYDRA_CA_CERT) '{path}': {reason}", USAGE) from None


def confirm(question: str, yes: bool = False) -> None:
    """Ask for confirmation before something is deleted or changed, unless --yes was given.

    Raises:
        Failure: The user said no, or there is no terminal to ask on.
        click.UsageError: --yes is not enough, because HYDRA_URL overrides the chosen profile.
    """
    if yes:
        click.get_current_context().ensure_object(Invocation).refuse_overridden_profile()
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question} Without a terminal, confirm with --yes", USAGE)
    if not click.confirm(plain(question), err=True):
        raise Failure("cancelled: nothing was changed")


def delete_each(
    invocation: Invocation, ids: Sequence[str], yes: bool, delete: Callable[[str], Any]
) -> None:
    """Delete each object, after a confirmation; exit with the status of the first failure."""
    confirm(f"Delete {' '.join(ids)}?", yes)
    failures = []
    for id in ids:
        try:
            delete(id)
        except hydra_client.HydraException as error:
            failures.append(failure_of(error))
            failures[-1].show()
        else:
            echo(id if invocation.shortest else f"Deleted {id}.")
    if failures:
        click.get_current_context().exit(failures[0].exit_code)
