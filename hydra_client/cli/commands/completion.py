"""`hydra-client completion`: prints shell completion scripts."""

from __future__ import annotations

import click

from hydra_client.cli.options import Command


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script that makes a shell complete commands, options, ids, and grant types.

    Ids are fetched from the server that the command line or the environment names.

    Examples:
      hydra-client completion bash > ~/.local/share/bash-completion/completions/hydra-client
      eval "$(hydra-client completion zsh)"
      hydra-client completion fish > ~/.config/fish/completions/hydra-client.fish
    """
    from click import shell_completion

    app = click.get_current_context().find_root().command
    kinds = {
        "bash": shell_completion.BashComplete,
        "zsh": shell_completion.ZshComplete,
        "fish": shell_completion.FishComplete,
    }
    click.echo(kinds[shell](app, {}, "hydra-client", "_HYDRA_CLIENT_COMPLETE").source())
