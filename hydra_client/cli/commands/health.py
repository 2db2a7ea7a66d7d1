"""`hydra-client health`: checks whether the server is running."""

from __future__ import annotations

import click

import hydra_client
from hydra_client.cli.context import Invocation, pass_invocation
from hydra_client.cli.options import Command
from hydra_client.cli.output import print_model, print_result


@click.command("health", cls=Command)
@click.option("--metrics", is_flag=True, help="Show the server's metrics instead.")
@pass_invocation
def command(invocation: Invocation, metrics: bool) -> None:
    """Check whether the server is running. Needs no credentials.

    The metrics need the scope hydra.health and a policy for "get" on rn:hydra:health:stats.

    Examples:
      hydra-client health --url https://hydra.example.com
      hydra-client health --metrics --output json
    """
    with invocation.open(hydra_client.HealthApi) as api:
        if metrics:
            print_result(api.get_instance_metrics(), invocation.output)
            return
        health = api.get_instance_status()
    print_model(invocation, health, health.status)
