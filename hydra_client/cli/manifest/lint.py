"""Finds what Hydra accepts in a client although it can never work. Pure functions.

`plan`, `apply` and the commands that write a client all use it, so that they give the same advice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hydra_client.cli.text import plain
from hydra_client.protocol.checks import is_loopback

if TYPE_CHECKING:
    from hydra_client import OAuth2Client

MAX_SECRET = 72  # bytes; bcrypt ignores the rest
_MAX_ID = 255
_GRANTS = ("authorization_code", "implicit", "refresh_token", "client_credentials")
_RESPONSES = ("code", "token", "id_token")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
# Of shells, Jinja and Python. URIs contain neither braces nor angle brackets.
_PLACEHOLDER = re.compile(r"\$[A-Z_(]|[{}<>]")
_SECOND_URI = re.compile(r"[,;]\s*[A-Za-z][A-Za-z0-9+.-]*:")
# Names in other APIs that are too different to be guessed by their spelling.
_ELSEWHERE = {
    "client_id": "id",
    "name": "client_name",
    "offline_access": "offline",
    "token_endpoint_auth_method": "public",
}


class Finding(NamedTuple):
    """A questionable value in a client.

    Attributes:
        field: The field, by the API's name.
        text: What is wrong with it, and what to do. It quotes no secret.
        refused: Whether commands reject the client, unless an option allows it.
    """

    field: str
    text: str
    refused: bool = False


def lint(client: OAuth2Client) -> list[Finding]:
    """Return what the server would accept although it has no effect."""
    return [*_identity(client), *_scopes(client), *_types(client), *_redirects(client)]


def too_long(secret: str) -> str | None:
    """Return why a secret is too long; None if it is not."""
    size = len(secret.encode("utf-8", "surrogatepass"))
    if size <= MAX_SECRET:
        return None
    return (
        f"{size} bytes of UTF-8, of which Hydra checks only the first {MAX_SECRET}. Use a shorter "
        "secret, or --allow-long-secret"
    )


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a hint: the known name that was probably meant, or all of them if they are few."""
    from difflib import get_close_matches

    other = _ELSEWHERE.get(name)
    near = [other] if other in known else get_close_matches(name.lower(), known, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known: {', '.join(known)}" if len(known) < 9 else ""


def _identity(client: OAuth2Client) -> Iterator[Finding]:
    if len(client.id or "") > _MAX_ID:
        yield Finding("id", f"SQL stores reject more than {_MAX_ID} characters")
    secret = client.client_secret
    if not secret:
        return
    if why := too_long(secret):
        yield Finding("client_secret", why, refused=True)
    if not _UNRESERVED.fullmatch(secret):
        yield Finding(
            "client_secret",
            "must be encoded for the token endpoint, but not for other endpoints; use only "
            "letters, digits and -._~ to avoid that",
        )
    if client.public:
        yield Finding("client_secret", "not used by a public client, so it cannot be checked")


def _scopes(client: OAuth2Client) -> Iterator[Finding]:
    scopes = [scope for scope in (client.scope or "").split(" ") if scope]
    for scope in scopes:
        if why := _doubtful_scope(scope):
            yield Finding("scope", f"'{plain(scope)}': {why}")
    grants = client.grant_types or ["authorization_code"]
    if "openid" in scopes and not {"code", "id_token"} <= set(client.response_types or ["code"]):
        yield Finding("scope", "openid fails unless response_types has both code and id_token")
    if "refresh_token" in grants and not {"offline", "*"}.intersection(scopes):
        yield Finding("grant_types", "refresh_token has no effect without the scope offline")
    if "offline" in scopes and "refresh_token" not in grants:
        yield Finding("scope", "offline has no effect without the grant type refresh_token")


def _doubtful_scope(scope: str) -> str | None:
    if re.search(r"[,;\s]", scope):
        return "scopes are separated by spaces only; this is one scope"
    if any("*" in part and part != "*" for part in scope.split(".")):
        return (
            "a * matches a whole part between dots, as in photos.*; within a part it matches "
            "nothing"
        )
    if scope == "offline_access":
        return "Hydra 0.9 and 0.10 call it offline"
    if scope.lower() in ("openid", "offline") and scope != scope.lower():
        return f"did you mean {scope.lower()}? Scopes are case-sensitive"
    return None


def _types(client: OAuth2Client) -> Iterator[Finding]:
    # Hydra ignores the case of these.
    grants = [grant.lower() for grant in client.grant_types or []]
    responses = [response.lower() for response in client.response_types or []]
    for field, kind, given, known in (
        ("grant_types", "grant type", client.grant_types, _GRANTS),
        ("response_types", "response type", client.response_types, _RESPONSES),
    ):
        for item in given or []:
            if item and item.lower() not in known and "|" not in item:
                yield Finding(field, f"'{plain(item)}': {_unknown(kind, item, known)}")
    if "token" in responses and "implicit" not in grants:
        yield Finding("response_types", "token has no effect without the grant type implicit")
    if client.public and "client_credentials" in grants:
        yield Finding("grant_types", "a public client cannot use client_credentials")
    for field in ("redirect_uris", "grant_types", "response_types", "contacts"):
        if any("|" in item or not item for item in getattr(client, field) or []):
            yield Finding(field, "SQL stores split items at '|' and drop empty ones")
    if any(contact.count("@") > 1 for contact in client.contacts or []):
        yield Finding("contacts", "several addresses in one item; use one item for each")


def _unknown(kind: str, item: str, known: Collection[str]) -> str:
    words = [word for word in re.split(r"[\s,;]+", item) if word]
    if words != [item]:
        return f"never matches as one item; use one item for each: {plain(', '.join(words))}"
    return f"unknown {kind}{did_you_mean(item, known)}"


def _redirects(client: OAuth2Client) -> Iterator[Finding]:
    for uri in client.redirect_uris or []:
        if uri and (why := _doubtful_redirect(uri)):
            yield Finding("redirect_uris", f"'{plain(uri)}': {why}")


def _doubtful_redirect(uri: str) -> str | None:
    if _PLACEHOLDER.search(uri):
        return "contains a placeholder"
    if "*" in uri:
        return "URIs are compared exactly; a * matches only itself"
    if uri != uri.strip():
        return "URIs are compared exactly, so the spaces around it never match"
    if _SECOND_URI.search(uri) or re.search(r"\s", uri):
        return "an item must be one URI, without spaces"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return "not a valid URI"
    if not parts.scheme or "#" in uri:
        return "must be an absolute URI without a fragment (RFC 6749 section 3.1.2)"
    if parts.scheme == "http" and host != "127.0.0.1" and not host.endswith("localhost"):
        if not is_loopback(host):
            return "codes and tokens would be sent over plain http"
        return "over plain http, Hydra sends codes only to 127.0.0.1 and localhost"
    if "%" in uri or "+" in uri:
        return "Hydra decodes the requested URI twice, so one with % or + must be encoded twice"
    return None
