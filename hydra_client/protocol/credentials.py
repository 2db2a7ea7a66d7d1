"""Writes Basic and bearer credentials as the Authorization header."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

from hydra_client.exceptions import ApiValueError
from hydra_client.protocol.redaction import Secret


def basic_header(username: str | None, password: str | None, form_encoded: bool) -> str:
    """Write client id and secret (RFC 7617).

    Args:
        username: The OAuth 2.0 client id.
        password: The client secret.
        form_encoded: Whether id and secret are form-encoded first, which the token endpoint
            expects (RFC 6749 section 2.3.1). Hydra's other endpoints do not decode them.

    Raises:
        ApiValueError: The id or the secret is not configured, or the id contains a ':'.
    """
    if username is None or password is None:
        missing = "username" if username is None else "password"
        raise ApiValueError(
            f"no credential for Basic: the setting {missing} is missing (HYDRA_CLIENT_ID and "
            "HYDRA_CLIENT_SECRET in the environment)"
        )
    if form_encoded:
        username, password = quote_plus(username), quote_plus(password)
    elif ":" in username:
        raise ApiValueError(
            f"the client id {username!r} contains a ':', which ends the id in Basic (RFC "
            "7617): such a client can authenticate at the token endpoint only"
        )
    return Secret("Basic " + b64encode(f"{username}:{password}".encode()).decode("ascii"))


def bearer_header(token: str) -> str:
    """Write a bearer token (RFC 6750)."""
    return Secret(f"Bearer {token}")
