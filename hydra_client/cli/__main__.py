"""Lets `python -m hydra_client.cli` do what hydra-client does."""

from hydra_client.cli import main

main()
