"""What `hydra-client doctor` finds, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from hydra_client.cli.errors import UNTRUSTED

OK, WARN, BAD = "ok", "warn", "FAILED"

# By the names that the troubleshooting guide has, which stay the same when the texts change.
# Where there is no text, it depends on the case.
ADVICE = {
    "certificate": UNTRUSTED,
    "clock": "Synchronize both with NTP. Otherwise tokens seem to expire too early or too late, "
    "and ID tokens are rejected.",
    "colon-in-id": "It can get tokens, but it can neither revoke nor introspect them with HTTP "
    "Basic.",
    "encoding": "This client does so, but others may not. `clients patch --generate-secret` "
    "generates a secret without such characters.",
    "failed": "",
    "id-token": "Use a file with an ID token, or with the JSON that `token user` saves.",
    "issuer": "Browsers and ID tokens use that URL, so it must lead to the same server.",
    "later-version": "This client supports 0.9 and 0.10. Check the address, or use Ory's own "
    "client for later versions (ory-hydra-client).",
    "log-in": "Check the id and the secret, and that the client exists.",
    "misread-secret": "",
    "no-credentials": "Use --client-id and --client-secret-file, HYDRA_CLIENT_ID and "
    "HYDRA_CLIENT_SECRET, or a profile.",
    "no-grant": "",
    "no-keys": "If the keys were deleted, create them and restart the server: hydra-client keys "
    "create hydra.openid.id-token --alg RS256",
    "not-hydra": "Check the port and the path: the URL must be that of Hydra, not of the consent "
    "app or of the admin API of Hydra 1.x or 2.x.",
    "other-package": "",
    "permission": "",
    "plain-http": "Use https, because secrets and tokens can be intercepted.",
    "plain-port": "Check the port, or use --url http://... instead.",
    "role": "",
    "scope": "",
    "signing-key": "Restart the server: it signs with the key that it read when it started, "
    "although its key set has been replaced since. If you have restarted it, get a new ID token: "
    "earlier ones are no longer valid.",
    "termination": "Use the https URL of the proxy. On a trusted network, you can use --header "
    "'X-Forwarded-Proto: https' instead.",
    "timeout": "Check the address, and firewalls and proxies on the way, or use a longer "
    "--timeout.",
    "tls-port": "Use --url https://..., and --ca-cert if the certificate is self-signed.",
    "unreachable": "Check the address and the port, and that the server is running.",
}


class Finding(NamedTuple):
    """A finding: its state, what was checked, the result, the advice, and its name."""

    state: str
    check: str
    result: str
    advice: str = ""
    name: str = ""


def problem(name: str, check: str, result: str, advice: str = "", *, state: str = BAD) -> Finding:
    """Report a problem. `advice` says what to do about it, unless the table does."""
    return Finding(state, check, result, advice or ADVICE[name], name)
