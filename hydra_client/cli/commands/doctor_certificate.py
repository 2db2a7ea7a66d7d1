"""`hydra-client doctor --save-ca`: saves the certificate that Hydra makes for itself."""

from __future__ import annotations

import hashlib
import ssl
from urllib.parse import urlsplit

import click

from hydra_client.cli.context import Invocation, confirm
from hydra_client.cli.errors import Failure
from hydra_client.cli.secret_files import SecretOut
from hydra_client.cli.text import echo

_TIMEOUT = 30.0  # seconds, unless --timeout says otherwise


def save_certificate(invocation: Invocation, path: str, yes: bool) -> None:
    """Save the server's certificate to a new file, after the user has compared its fingerprint.

    Nothing can vouch for the certificate before that, so this run sends nothing to the server.
    """
    url = urlsplit(invocation.configuration().host)
    if url.scheme != "https":
        raise click.UsageError("--save-ca needs an https URL")
    place = (url.hostname or "", url.port or 443)
    try:
        pem = ssl.get_server_certificate(place, timeout=invocation.settings.timeout or _TIMEOUT)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", "the name of the host is not valid")
        if isinstance(error, ssl.SSLError):
            reason = "no TLS on this port"
        raise Failure(f"cannot read the certificate of {url.netloc}: {reason or error}") from None
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    echo(f"SHA-256 fingerprint of the certificate of {url.netloc}:\n  {digest.hex(':').upper()}")
    echo("Compare it with the server's own: its log, or openssl on that machine.", err=True)
    confirm(f"Save the certificate to {path}?", yes)
    with SecretOut(path) as out:
        out.write(pem.rstrip("\n"))
    invocation.remark(f"Saved. Next: hydra-client doctor --ca-cert {path}")
