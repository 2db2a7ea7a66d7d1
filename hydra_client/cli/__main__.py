"""Runs the command as `python -m hydra_client.cli`."""

from hydra_client.cli import main

main()
