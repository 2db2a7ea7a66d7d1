"""The commands, one file each; `hydra_client.cli.app` loads a command when it is asked for."""
