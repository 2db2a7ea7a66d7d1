"""Bearer tokens: client credentials that renew tokens, and protocols for your own token sources."""

from hydra_client.protocol.client_credentials import (
    AsyncTokenSource,
    ClientCredentials,
    TokenSource,
)

__all__ = ["AsyncTokenSource", "ClientCredentials", "TokenSource"]
