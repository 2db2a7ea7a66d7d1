"""ID tokens made by hand, so that wrong ones can be made too, and a server that has the keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from support.recorded import NAMES, Recording

from hydra_client.id_token import ExpiredError, InvalidIdTokenError

ISSUER = "http://127.0.0.1:4456"
CLIENT = "my-app"
NONCE = "some-random-nonce"
NOW = 1795426711
CODE = "0NtRQI3f_bETxg7F.xFbYJ0vW3fUm"
ACCESS_TOKEN = "EJMnBUW9fiQ3zEFqQx.ksEKyVAjb8ZVUVXA"


@lru_cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: rsa.RSAPrivateKey, **members: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "use": "sig",
        "kty": "RSA",
        "kid": "public",
        "alg": "RS256",
        "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": base64url(numbers.e.to_bytes(3, "big")),
        **members,
    }


def half_hash(value: str, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, value.encode()).digest()
    return base64url(digest[: len(digest) // 2])


HEADER = {"alg": "RS256", "kid": "public", "typ": "JWT"}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "alice",
    "exp": NOW + 3600,
    "iat": NOW,
    "auth_time": NOW,
    "nonce": NONCE,
    "rat": NOW,
    "at_hash": half_hash(ACCESS_TOKEN),
    "c_hash": half_hash(CODE),
    "email": "alice@example.com",
}


def changed(members: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Other members; `...` takes one out."""
    return {name: value for name, value in {**members, **changes}.items() if value != ...}


def signature(content: str, name: str = "server", algorithm: str = "RS256") -> str:
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
    scheme: Any = padding.PKCS1v15()
    if algorithm.startswith("PS"):
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return base64url(private_key(name).sign(content.encode(), scheme, digest))


def compact(
    header: str | bytes | None = None,
    claims: str | bytes | None = None,
    sign: Callable[[str], str] = signature,
) -> str:
    """A token of documents that may be anything."""
    parts = [
        json.dumps(HEADER) if header is None else header,
        json.dumps(CLAIMS) if claims is None else claims,
    ]
    content = ".".join(
        base64url(part.encode() if isinstance(part, str) else part) for part in parts
    )
    return f"{content}.{sign(content)}"


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that the server signed, though with another header or other claims."""
    return compact(
        json.dumps(changed(HEADER, **(header or {}))), json.dumps(changed(CLAIMS, **claims))
    )


class Keys:
    """A server's discovery document and keys; both can be changed, and requests are counted."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.keys: list[dict[str, Any]] = [jwk(private_key("server"))]
        self.status = 200
        self.discovered = self.fetched = 0
        discovery = json.loads(Recording(NAMES[0]).exchanges["discovery"]["response"]["body"])
        self.discovery = {**discovery, "issuer": ISSUER}
        server.assert_all_requests_are_fired = False
        server.add_callback(
            responses.GET, f"{ISSUER}/.well-known/openid-configuration", self._discover
        )
        server.add_callback(responses.GET, f"{ISSUER}/.well-known/jwks.json", self._fetch)

    def _discover(self, _: Any) -> tuple[int, dict[str, str], str]:
        self.discovered += 1
        return 200, {}, json.dumps(self.discovery)

    def _fetch(self, _: Any) -> tuple[int, dict[str, str], str]:
        self.fetched += 1
        return self.status, {}, json.dumps({"keys": self.keys})


@contextmanager
def refused(
    reason: str, match: str | None = None
) -> Iterator[pytest.ExceptionInfo[InvalidIdTokenError]]:
    """Expect an ID token to be refused for this reason."""
    with pytest.raises(InvalidIdTokenError, match=match) as caught:
        yield caught
    assert caught.value.reason == reason
    assert (type(caught.value) is ExpiredError) == (reason == "expired")
