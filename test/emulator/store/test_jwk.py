"""JSON Web Keys as go-jose reads and writes them."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from hydra_client.emulator.errors import PlainError
from hydra_client.emulator.go.json import parse
from hydra_client.emulator.store.jwk import Jwk, ec_keys, read_jwk, rsa_keys
from hydra_client.emulator.store.keys import load_test_key

JOSE = "square/go-jose: "
SMALL = {"n": 3233, "e": 17, "d": 2753, "p": 61, "q": 53}


def number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def rsa(**changed: int | None) -> dict[str, str]:
    members = {**SMALL, **changed}
    return {"kty": "RSA", **{k: number(v) for k, v in members.items() if v is not None}}


def read(value: Any, *, is_0_9: bool = False) -> Jwk:
    text = value if isinstance(value, str) else json.dumps(value)
    return read_jwk(parse(text.encode()), is_0_9=is_0_9)


def written(value: Any) -> dict[str, Any]:
    return read(value).to_json(is_0_9=False)


def test_generated_keys_read_back() -> None:
    for key in (*rsa_keys(load_test_key(), "one", "sig"), *ec_keys("two"), *ec_keys("")):
        members = key.to_json(is_0_9=False)
        assert written(members) == members
        assert list(written(dict(reversed(members.items())))) == list(members)


def test_names_of_generated_keys() -> None:
    private, public = ec_keys("two")
    assert (private.kid, public.kid) == ("private:two", "public:two")
    assert list(private.to_json(is_0_9=True)) == ["kty", "kid", "crv", "x", "y", "d"]
    assert list(public.to_json(is_0_9=True)) == ["kty", "kid", "crv", "x", "y"]
    assert [key.kid for key in rsa_keys(load_test_key())] == ["private", "public"]


def test_numbers_are_normalized() -> None:
    assert written({"kty": "RSA", "n": "AAAB", "e": "AAAD", "x": "AA"}) == {
        "kty": "RSA", "n": "AQ", "e": "Aw",
    }  # fmt: skip
    key = written({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AAI", "d": "AAM"})
    assert (len(key["x"]), key["x"][-2:], key["d"]) == (43, "AE", "Aw")
    assert written({"kty": "oct", "k": "", "use": "", "kid": None}) == {"kty": "oct", "k": ""}


def test_optional_parts_of_rsa_keys_are_dropped() -> None:
    assert list(written({**rsa(), "dp": "AQ", "dq": "AQ", "qi": "AQ", "nonsense": 5})) == [
        "kty", "n", "e", "d", "p", "q",
    ]  # fmt: skip


def test_certificates() -> None:
    name = x509.Name([])
    key = generate_private_key(SECP256R1())
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now).sign(key, SHA256())
    ).public_bytes(Encoding.DER)
    text = base64.b64encode(certificate).decode()
    assert written({"kty": "oct", "k": "AQ", "x5c": [text]})["x5c"] == [text]
    assert "x5c" not in written({"kty": "oct", "k": "AQ", "x5c": []})


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("null", f"{JOSE}unknown json web key type ''"),
        ({"kty": "nothing"}, f"{JOSE}unknown json web key type 'nothing'"),
        ({"Kty": "oct"}, f"{JOSE}unknown json web key type ''"),
        ([], "json: cannot unmarshal array into Go value of type jose.rawJSONWebKey"),
        ({"kid": 5}, "json: cannot unmarshal number into Go value of type string"),
        ({"k": {}}, "json: cannot unmarshal object into Go value of type string"),
        ({"x5c": "x"}, "json: cannot unmarshal string into Go value of type []string"),
        ({"x5c": [1]}, "json: cannot unmarshal number into Go value of type string"),
        ('{"kid":"a","kid":"a"}', "json: duplicate key 'kid' in object"),
        ({"kty": "oct"}, f"{JOSE}invalid OCT (symmetric) key, missing k value"),
        ({"kty": "oct", "k": "a+b"}, "illegal base64 data at input byte 1"),
        ({"kty": "oct", "k": "aé"}, "illegal base64 data at input byte 1"),
        ({"kty": "oct", "k": "abcde"}, "illegal base64 data at input byte 5"),
        ({"kty": "oct", "k": "a", "x5c": ["AQ=="]}, "illegal base64 data at input byte 1"),
        ({"kty": "oct", "k": "AQ", "x5c": ["AQ=="]}, "x509: malformed certificate"),
        ({"kty": "oct", "k": "AQ", "x5c": ["?"]}, "illegal base64 data at input byte 0"),
        ({"kty": "EC", "crv": "P-224"}, f"{JOSE}unsupported elliptic curve 'P-224'"),
        ({"kty": "EC", "crv": "P-256", "x": "AQ"}, f"{JOSE}invalid EC key, missing x/y values"),
        (
            {"kty": "EC", "crv": "P-256", "d": "AQ"},
            f"{JOSE}invalid EC private key, missing x/y/d values",
        ),
        (
            {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "Q" * 48},
            f"{JOSE}invalid EC key (X/Y too large)",
        ),
        ({"kty": "RSA", "n": "AQ"}, f"{JOSE}invalid RSA key, missing n/e values"),
        (rsa(p=None, q=None), f"{JOSE}invalid RSA private key, missing P value(s)"),
        (rsa(e=1), "crypto/rsa: public exponent too small"),
        (rsa(e=1 << 31), "crypto/rsa: public exponent too large"),
        (rsa(p=1), "crypto/rsa: invalid prime value"),
        (rsa(n=3234), "crypto/rsa: invalid modulus"),
        (rsa(d=2754), "crypto/rsa: invalid exponents"),
    ],
)
def test_keys_that_are_not_valid(value: Any, error: str) -> None:
    with pytest.raises(PlainError) as raised:
        read(value)
    assert str(raised.value) == error


def test_names_of_types_differ_between_the_versions() -> None:
    with pytest.raises(PlainError, match=r"jose\.rawJsonWebKey$"):
        read([], is_0_9=True)
    for is_0_9, name in ((True, "JsonWebKey"), (False, "JSONWebKey")):
        with pytest.raises(PlainError, match=rf"^json: error calling .* type jose\.{name}: "):
            Jwk().to_json(is_0_9=is_0_9)


def test_rsa_private_key() -> None:
    key = rsa_keys(load_test_key())[0].rsa_private_key()
    assert key.private_numbers() == load_test_key().private_numbers()
    for other in (rsa_keys(load_test_key())[1], ec_keys("")[0]):
        with pytest.raises(ValueError, match="is not a private RSA key"):
            other.rsa_private_key()


def test_secrets_are_not_in_the_repr() -> None:
    assert repr(read({"kty": "oct", "kid": "a", "k": "c2VjcmV0"})) == (
        "Jwk(kid='a', kty='oct', use='', alg='')"
    )
