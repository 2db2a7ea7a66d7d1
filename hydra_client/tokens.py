"""Bearer tokens: client credentials that renew themselves, and token sources of your own."""

from hydra_client.protocol.client_credentials import (
    AsyncTokenSource,
    ClientCredentials,
    TokenSource,
)

__all__ = ["AsyncTokenSource", "ClientCredentials", "TokenSource"]
