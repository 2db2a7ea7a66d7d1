"""Bearer tokens: client credentials that renew themselves, and token sources of your own."""

from hydra_client.protocol.client_credentials import ClientCredentials, TokenSource

__all__ = ["ClientCredentials", "TokenSource"]
