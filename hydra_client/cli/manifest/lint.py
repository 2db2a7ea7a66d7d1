"""What Hydra takes in a client without a word, and what then never works. A pure function.

`plan`, `apply` and the commands that write a client all say the same, because they all ask here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hydra_client.cli.text import plain
from hydra_client.protocol.checks import is_loopback

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hydra_client import OAuth2Client

LONGEST_SECRET = 72  # bytes; bcrypt looks at no more
_LONGEST_ID = 255
_GRANTS = ("authorization_code", "implicit", "refresh_token", "client_credentials")
_RESPONSES = ("code", "token", "id_token")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
# A shell's, Jinja's and Python's; neither braces nor angle brackets belong in a URI.
_PLACEHOLDER = re.compile(r"\$[A-Z_(]|[{}<>]")
_SECOND_URI = re.compile(r"[,;]\s*[A-Za-z][A-Za-z0-9+.-]*:")
# Names that other APIs have for the same thing, too far away to be guessed by their letters.
_ELSEWHERE = {
    "client_id": "id",
    "name": "client_name",
    "offline_access": "offline",
    "token_endpoint_auth_method": "public",
}


class Finding(NamedTuple):
    """What is doubtful in a client.

    Attributes:
        field: The field, by the API's name.
        text: What is wrong with it, and what to do. It holds no secret.
        refused: Whether a command refuses the client, unless told to go on.
    """

    field: str
    text: str
    refused: bool = False


def lint(client: OAuth2Client) -> list[Finding]:
    """Look for what a server would take without a word, and then not do."""
    return [*_identity(client), *_scopes(client), *_types(client), *_redirects(client)]


def too_long(secret: str) -> str | None:
    """Say why a secret is too long; None when it is not."""
    size = len(secret.encode("utf-8", "surrogatepass"))
    if size <= LONGEST_SECRET:
        return None
    return (
        f"{size} bytes of UTF-8, of which Hydra looks at the first {LONGEST_SECRET}: whoever knows "
        "those gets in. Use a shorter secret, or --allow-long-secret"
    )


def guess(name: str, known: Collection[str]) -> str | None:
    """Guess what an unknown name was meant to be."""
    from difflib import get_close_matches

    if (other := _ELSEWHERE.get(name)) in known:
        return other
    near = get_close_matches(name.lower(), known, 1)
    return near[0] if near else None


def _identity(client: OAuth2Client) -> Iterator[Finding]:
    if len(client.id or "") > _LONGEST_ID:
        yield Finding("id", f"SQL stores keep at most {_LONGEST_ID} characters")
    secret = client.client_secret
    if not secret:
        return
    if why := too_long(secret):
        yield Finding("client_secret", why, refused=True)
    if not _UNRESERVED.fullmatch(secret):
        yield Finding(
            "client_secret",
            "it must be encoded for the token endpoint, and must not be for the others; letters, "
            "digits and -._~ are the same for all",
        )
    if client.public:
        yield Finding(
            "client_secret", "a public client is not asked for one, so it cannot be tried"
        )


def _scopes(client: OAuth2Client) -> Iterator[Finding]:
    scopes = [scope for scope in (client.scope or "").split(" ") if scope]
    for scope in scopes:
        if why := _doubtful_scope(scope):
            yield Finding("scope", f"{_quoted(scope)}: {why}")
    grants = client.grant_types or ["authorization_code"]
    if "openid" in scopes and not {"code", "id_token"} <= set(client.response_types or ["code"]):
        yield Finding("scope", "openid fails unless the response_types hold both code and id_token")
    if "refresh_token" in grants and not {"offline", "*"}.intersection(scopes):
        yield Finding("grant_types", "refresh_token does nothing without the scope offline")
    if "offline" in scopes and "refresh_token" not in grants:
        yield Finding("scope", "offline does nothing without the grant type refresh_token")


def _doubtful_scope(scope: str) -> str | None:
    if "," in scope or ";" in scope:
        return "scopes are separated by spaces; this is one scope"
    if re.search(r"\s", scope):
        return "scopes are separated by spaces alone; this is one scope"
    if any("*" in part and part != "*" for part in scope.split(".")):
        return (
            "a * stands for a whole part between dots, as in photos.*; inside a word it matches "
            "nothing"
        )
    if scope == "offline_access":
        return "this is what later Hydras call it; here it is offline"
    if scope.lower() in ("openid", "offline") and scope != scope.lower():
        return f"did you mean {scope.lower()}? Scopes are case-sensitive"
    return None


def _types(client: OAuth2Client) -> Iterator[Finding]:
    # Hydra compares these in any case of letters.
    grants = [grant.lower() for grant in client.grant_types or []]
    responses = [response.lower() for response in client.response_types or []]
    for field, kind, given, known in (
        ("grant_types", "grant type", client.grant_types, _GRANTS),
        ("response_types", "response type", client.response_types, _RESPONSES),
    ):
        for item in given or []:
            if item and item.lower() not in known and "|" not in item:
                yield Finding(field, f"{_quoted(item)}: {_unknown(kind, item, known)}")
    if "token" in responses and "implicit" not in grants:
        yield Finding("response_types", "token does nothing without the grant type implicit")
    if client.public and "client_credentials" in grants:
        yield Finding("grant_types", "client_credentials is refused to a public client")
    for field in ("redirect_uris", "grant_types", "response_types", "contacts"):
        if any("|" in item or not item for item in getattr(client, field) or []):
            yield Finding(field, "SQL stores split items at '|', and lose empty ones")
    if any(contact.count("@") > 1 for contact in client.contacts or []):
        yield Finding("contacts", "several in one entry; list them singly")


def _unknown(kind: str, item: str, known: Collection[str]) -> str:
    words = [word for word in re.split(r"[\s,;]+", item) if word]
    if words != [item]:
        return f"as one entry it never matches; list the words singly: {plain(', '.join(words))}"
    near = guess(item, known)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
    return f"there is no such {kind}; {hint}"


def _redirects(client: OAuth2Client) -> Iterator[Finding]:
    for uri in client.redirect_uris or []:
        if uri and (why := _doubtful_redirect(uri)):
            yield Finding("redirect_uris", f"{_quoted(uri)}: {why}")


def _doubtful_redirect(uri: str) -> str | None:
    if _PLACEHOLDER.search(uri):
        return "a placeholder was left in it"
    if "*" in uri:
        return "URIs are compared character by character; a * matches nothing but itself"
    if uri != uri.strip():
        return "URIs are compared character by character, so the blanks around it never match"
    if _SECOND_URI.search(uri) or re.search(r"\s", uri):
        return "one URI to an entry, without blanks"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return "this is not a URI"
    if not parts.scheme or "#" in uri:
        return "expected an absolute URI without a fragment (RFC 6749 section 3.1.2)"
    if parts.scheme == "http" and host != "127.0.0.1" and not host.endswith("localhost"):
        if not is_loopback(host):
            return "codes and tokens would travel over plain http"
        return "over plain http Hydra sends codes to 127.0.0.1 and localhost alone"
    if "%" in uri or "+" in uri:
        return "Hydra decodes what is asked for twice: with a % or + it matches only encoded twice"
    return None


def _quoted(text: str) -> str:
    return f"'{plain(text)}'"
