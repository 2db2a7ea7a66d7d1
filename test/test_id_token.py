"""ID tokens: the recorded ones verify, forged ones do not, and joserfc says the same."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import pickle
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import pytest
import responses
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from support.both import IdTokenVerifier
from support.crowd import Crowd, wait_until, waiting
from support.forge import (
    ACCESS_TOKEN,
    CLAIMS,
    CLIENT,
    CODE,
    HEADER,
    ISSUER,
    NONCE,
    NOW,
    Keys,
    base64url,
    changed,
    compact,
    half_hash,
    jwk,
    private_key,
    refused,
    signature,
    token,
)
from support.loopback import CONFIGURATION, Peer, Server, raw_response, within
from support.recorded import NAMES, Recording

import hydra_client
from hydra_client import (
    ApiTypeError,
    ApiValueError,
    ForbiddenException,
    HydraException,
    ServiceException,
)
from hydra_client.emulator import ConsentFlow, HydraEmulator
from hydra_client.id_token import (
    IdTokenClaims,
    InvalidIdTokenError,
)

FOR_BOTH_CLIENTS = True


def hs256(secret: bytes, content: str) -> str:
    return base64url(hmac.digest(secret, content.encode(), hashlib.sha256))


def public_pem() -> bytes:
    return (
        private_key("server")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.fixture
def server() -> Iterator[Keys]:
    with responses.RequestsMock() as mock:
        yield Keys(mock)


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def make(**settings: Any) -> IdTokenVerifier:
    api = hydra_client.connect(ISSUER, access_token="token-of-this-test", retries=0)
    return IdTokenVerifier(api, CLIENT, **{"clock": Clock(), "leeway": 0, **settings})


# --- the recorded tokens


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def recorded_token(recording: Recording, flow: str) -> tuple[str, str]:
    """The ID token of a flow, and the access token with it."""
    if flow == "D":
        response = recording.parameters("flow D browser goes back")
    else:
        name = {"A": "flow A token: authorization_code", "B": "flow B token"}[flow]
        response = recording.body(name)
    return response["id_token"], response["access_token"]


@pytest.mark.parametrize(("flow", "subject"), [("A", "alice"), ("B", "bob"), ("D", "carol")])
def test_recorded_tokens_verify(recording: Recording, flow: str, subject: str) -> None:
    id_token, access_token = recorded_token(recording, flow)
    client_id = recording.body("clients: create, secret generated")["id"]
    raw = json.loads(base64.urlsafe_b64decode(id_token.split(".")[1] + "=="))
    clock = Clock(raw["iat"])
    with responses.RequestsMock() as mock:
        recording.play(mock, "discovery", "jwks with a bearer token")
        verifier = IdTokenVerifier(recording.api(), client_id, leeway=0, clock=clock)
        # An implicit flow's token has at_hash, one from the token endpoint has not.
        extra = {"access_token": access_token} if flow == "D" else {}
        claims = verifier.verify(id_token, nonce=NONCE, **extra)
        assert dict(claims) == raw
        assert (claims.iss, claims.sub, claims.aud) == (recording.issuer, subject, (client_id,))
        assert (claims.iat, claims.exp, claims.auth_time) == (
            raw["iat"], raw["iat"] + 3600, raw["auth_time"],
        )  # fmt: skip
        assert claims.nonce == NONCE
        if flow == "A":
            assert claims["email"] == "alice@example.com"
        clock.now = raw["exp"] - 1
        assert verifier.verify(id_token, nonce=NONCE, max_age=3600) == claims
        clock.now = raw["exp"]
        with refused("expired"):
            verifier.verify(id_token, nonce=NONCE)
        clock.now = raw["iat"] - 1
        with refused("not_yet_valid"):
            verifier.verify(id_token, nonce=NONCE)
    keys = joserfc.jwk.KeySet.import_key_set(recording.body("jwks with a bearer token"))
    assert joserfc.jwt.decode(id_token, keys, algorithms=["RS256"]).claims == raw


def test_recorded_tokens_of_other_servers_do_not_verify(recording: Recording) -> None:
    """All three servers call their key `public`."""
    for other in map(Recording, NAMES):
        if other.issuer == recording.issuer:
            continue
        id_token, _ = recorded_token(other, "A")
        iat = json.loads(base64.urlsafe_b64decode(id_token.split(".")[1] + "=="))["iat"]
        with responses.RequestsMock() as mock:
            recording.play(mock, "jwks with a bearer token", "discovery")
            verifier = IdTokenVerifier(recording.api(), CLIENT, clock=Clock(iat))
            with refused("signature"):
                verifier.verify(id_token, nonce=NONCE)


def test_recorded_lack_of_a_right_to_the_keys(recording: Recording) -> None:
    id_token, _ = recorded_token(recording, "A")
    with responses.RequestsMock() as mock:
        recording.play(mock, "jwks without a token")
        verifier = IdTokenVerifier(recording.api(), CLIENT)
        with pytest.raises(ForbiddenException):
            verifier.verify(id_token, nonce=NONCE)


# --- forgeries

TAKES_THE_LAST = "takes the last of doubled members"
LEAVES_TYPE = "leaves the header's typ to the caller"
LEAVES_SUBJECT = "leaves sub to the caller"
LEAVES_HASH = "leaves at_hash and c_hash to the caller"
LEAVES_AZP = "leaves azp to the caller"
LEAVES_AGE = "leaves auth_time and max_age to the caller"
LEAVES_KEY_HEADERS = "ignores addresses of other keys; the server's own key signed this token"
LEAVES_TYPES = "leaves the types of this claim to the caller"
TAKES_THE_ONLY_KEY = "takes the only key where kid is missing"
KNOWS_CRIT = "knows b64, and takes an empty crit for none"
READS_UTF_16 = "reads any encoding of JSON"
READS_INFINITY = "reads Infinity and NaN as numbers"


class Forgery(NamedTuple):
    name: str
    forge: Callable[[], str]
    reason: str
    accepted_by_joserfc: str | None = None
    """Why joserfc has no objection, in the releases where it has none."""
    verify: dict[str, Any] = {}


def with_signature(change: Callable[[bytes], bytes]) -> str:
    content, _, signed = token().rpartition(".")
    return f"{content}.{base64url(change(base64.urlsafe_b64decode(signed + '==')))}"


def respelled() -> str:
    """The same bytes: the last character of the signature has bits that decoders leave out."""
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def in_standard_base64() -> str:
    parts = compact(claims=json.dumps(changed(CLAIMS, email="\u00ff>>>???"))).split(".")
    raw = [base64.urlsafe_b64decode(part + "==") for part in parts]
    content = ".".join(base64.b64encode(part).rstrip(b"=").decode() for part in raw[:2])
    assert "+" in content or "/" in content
    return f"{content}.{signature(content).replace('-', '+').replace('_', '/')}"


def swapped_claims() -> str:
    header, _, signed = token().split(".")
    return f"{header}.{token(sub='mallory').split('.')[1]}.{signed}"


def swapped_header() -> str:
    _, claims, signed = token().split(".")
    return f"{token({'typ': 'jwt'}).split('.')[0]}.{claims}.{signed}"


REASONS = {
    word
    for words in re.findall(r'- (".+?"):', InvalidIdTokenError.__doc__ or "")
    for word in re.findall(r'"(\w+)"', words)
}


def reason_of(error: BaseException) -> str:
    return error.reason if isinstance(error, InvalidIdTokenError) else type(error).__name__


FORGERIES = [
    # algorithms
    Forgery("none", lambda: compact('{"alg":"none"}', sign=lambda _: ""), "algorithm"),
    Forgery("none, with a signature", partial(token, {"alg": "none"}), "algorithm"),
    Forgery("nOnE", partial(token, {"alg": "nOnE"}), "algorithm"),
    Forgery(
        "HS256 with the public key, in PEM",
        lambda: compact(json.dumps({**HEADER, "alg": "HS256"}), sign=partial(hs256, public_pem())),
        "algorithm",
    ),
    Forgery(
        "HS256 with the public key, as in the JWK",
        lambda: compact(
            json.dumps({**HEADER, "alg": "HS256"}),
            sign=partial(hs256, jwk(private_key("server"))["n"].encode()),
        ),
        "algorithm",
    ),
    Forgery("HS256 with no key", partial(token, {"alg": "HS256"}), "algorithm"),
    Forgery(
        "RS512, which is not allowed",
        lambda: compact(
            json.dumps({**HEADER, "alg": "RS512"}), sign=partial(signature, algorithm="RS512")
        ),
        "algorithm",
    ),
    Forgery("alg missing", partial(token, {"alg": ...}), "algorithm"),
    Forgery("alg in another case", partial(token, {"alg": "rs256"}), "algorithm"),
    Forgery("alg as a list", partial(token, {"alg": ["RS256"]}), "algorithm"),
    # signatures
    Forgery("other key, same kid",
        lambda: compact(sign=partial(signature, name="other")), "signature"),
    Forgery("PS256 under the name of RS256",
        lambda: compact(sign=partial(signature, algorithm="PS256")), "signature"),
    Forgery("changed claim", swapped_claims, "signature"),
    Forgery("changed header", swapped_header, "signature"),
    Forgery("a bit of the signature flipped",
        lambda: with_signature(lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), "signature"),
    Forgery("no signature", lambda: compact(sign=lambda _: ""), "signature"),
    Forgery("truncated by a byte", lambda: with_signature(lambda raw: raw[:-1]), "signature"),
    Forgery("longer by a byte", lambda: with_signature(lambda raw: raw + b"\0"), "signature"),
    # keys
    Forgery("kid unknown", partial(token, {"kid": "private"}), "unknown_key"),
    Forgery("kid missing", partial(token, {"kid": ...}), "unknown_key", TAKES_THE_ONLY_KEY),
    Forgery("kid as a number", partial(token, {"kid": 1}), "unknown_key"),
    Forgery(
        "jwk of its own",
        lambda: compact(
            json.dumps({**HEADER, "jwk": jwk(private_key("other"))}),
            sign=partial(signature, name="other"),
        ),
        "embedded_key",
    ),
    Forgery(
        "jwk of the server",
        lambda: token({"jwk": jwk(private_key("server"))}),
        "embedded_key",
    ),
    *(
        Forgery(name, partial(token, {name: value}), "embedded_key", LEAVES_KEY_HEADERS)
        for name, value in (
            ("jku", "https://evil.example/keys"),
            ("x5u", "https://evil.example/cert"),
            ("x5c", ["MII="]),
        )
    ),
    # headers
    Forgery("crit", partial(token, {"crit": ["exp"], "exp": 1}), "critical_header"),
    Forgery("crit, empty", partial(token, {"crit": []}), "critical_header", KNOWS_CRIT),
    Forgery("crit with b64", partial(token, {"crit": ["b64"], "b64": True}),
        "critical_header", KNOWS_CRIT),
    Forgery("an access token's typ", partial(token, {"typ": "at+jwt"}),
        "token_type", LEAVES_TYPE),
    Forgery("typ as a number", partial(token, {"typ": 1}), "token_type"),
    # form
    Forgery("empty", lambda: "", "malformed"),
    Forgery("one part", lambda: "eyJhbGciOiJub25lIn0", "malformed"),
    Forgery("two parts", lambda: token().rpartition(".")[0], "malformed"),
    Forgery("four parts", lambda: token() + ".AAAA", "malformed"),
    Forgery("five parts", lambda: token() + ".AAAA.AAAA", "malformed"),
    Forgery("only dots", lambda: "..", "malformed"),
    Forgery("truncated by a character", lambda: token()[:-1], "malformed"),
    Forgery("a blank before", lambda: " " + token(), "malformed"),
    Forgery("a newline after", lambda: token() + "\n", "malformed"),
    Forgery("a newline within", lambda: token().replace(".", ".\n", 1), "malformed"),
    Forgery("a blank within", lambda: token()[:-9] + " " + token()[-9:], "malformed"),
    Forgery("padded", lambda: token() + "==", "malformed"),
    Forgery("in standard base64", in_standard_base64, "malformed"),
    Forgery("respelled", respelled, "malformed"),
    Forgery("not ASCII", lambda: token() + "ä", "malformed"),
    Forgery("endless", lambda: token(email="x" * 300_000), "malformed"),
    Forgery("header is not JSON", lambda: compact("{"), "malformed"),
    Forgery("header is a list", lambda: compact('["alg"]'), "malformed"),
    Forgery("header is not UTF-8", lambda: compact(b'{"alg":"RS256","kid":"\xff"}'),
        "malformed"),
    Forgery("header has levels without end", lambda: compact("[" * 50_000), "malformed"),
    Forgery("claims are not JSON", lambda: compact(claims="{"), "malformed"),
    Forgery("claims are a list", lambda: compact(claims="[]"), "malformed"),
    Forgery("claims are null", lambda: compact(claims="null"), "malformed"),
    Forgery("claims are not UTF-8", lambda: compact(claims=json.dumps(CLAIMS).encode("utf-16")),
        "malformed", READS_UTF_16),
    Forgery("claims with something behind", lambda: compact(claims=json.dumps(CLAIMS) + "{}"),
        "malformed"),
    Forgery("claims with a number without end", partial(token, exp=float("inf")),
        "malformed", READS_INFINITY),
    Forgery("claims with NaN as a number", partial(token, exp=float("nan")),
        "malformed", READS_INFINITY),
    # doubled members
    Forgery(
        "alg twice",
        lambda: compact('{"alg":"none",' + json.dumps(HEADER)[1:]),
        "duplicate_member",
        TAKES_THE_LAST,
    ),
    Forgery(
        "sub twice",
        lambda: compact(claims='{"sub":"mallory",' + json.dumps(CLAIMS)[1:]),
        "duplicate_member",
        TAKES_THE_LAST,
    ),
    Forgery(
        "sub twice, once with escapes",
        lambda: compact(claims='{"\\u0073ub":"mallory",' + json.dumps(CLAIMS)[1:]),
        "duplicate_member",
        TAKES_THE_LAST,
    ),
    Forgery(
        "a member twice, deep within",
        lambda: compact(claims='{"a":[{"b":1,"b":2}],' + json.dumps(CLAIMS)[1:]),
        "duplicate_member",
        TAKES_THE_LAST,
    ),
    # times
    Forgery("expired", partial(token, exp=NOW - 1), "expired"),
    Forgery("expired this second", partial(token, exp=NOW), "expired"),
    Forgery("expired since 1970", partial(token, exp=0), "expired"),
    Forgery("from the future", partial(token, iat=NOW + 1), "not_yet_valid"),
    Forgery("not yet valid", partial(token, nbf=NOW + 1), "not_yet_valid"),
    Forgery("a login too long ago", partial(token, auth_time=NOW - 301),
        "auth_time", LEAVES_AGE, {"max_age": 300}),
    Forgery("a login in the future", partial(token, auth_time=NOW + 1),
        "auth_time", LEAVES_AGE, {"max_age": 300}),
    Forgery("no time of login", partial(token, auth_time=...),
        "missing_claim", LEAVES_AGE, {"max_age": 300}),
    # parties
    Forgery("other issuer", partial(token, iss="https://evil.example"), "issuer"),
    Forgery("issuer with a slash", partial(token, iss=ISSUER + "/"), "issuer"),
    Forgery("issuer of another length", partial(token, iss=ISSUER[:-1]), "issuer"),
    Forgery("other audience", partial(token, aud="other-app"), "audience"),
    Forgery("audience with a prefix", partial(token, aud=CLIENT + "-2"), "audience"),
    Forgery("other audiences", partial(token, aud=["a", "b"], azp=CLIENT), "audience"),
    Forgery("no audience", partial(token, aud=[]), "audience"),
    Forgery("audience is empty", partial(token, aud=""), "audience"),
    Forgery("many audiences and no azp", partial(token, aud=[CLIENT, "other-app"]),
        "authorized_party", LEAVES_AZP),
    Forgery("azp is another", partial(token, aud=[CLIENT, "other-app"], azp="other-app"),
        "authorized_party", LEAVES_AZP),
    Forgery("azp is another, one audience", partial(token, azp="other-app"),
        "authorized_party", LEAVES_AZP),
    # missing and mistyped claims
    *(
        Forgery(f"{claim} missing", partial(token, **{claim: ...}), "missing_claim")
        for claim in ("iss", "sub", "aud", "exp", "iat")
    ),
    Forgery("exp as a string", partial(token, exp=str(NOW + 3600)), "claim_type"),
    Forgery("exp as truth", partial(token, exp=True), "claim_type"),
    Forgery("exp as null", partial(token, exp=None), "claim_type"),
    Forgery("exp as a list", partial(token, exp=[NOW + 3600]), "claim_type"),
    Forgery("exp beyond all time", partial(token, exp=10**18), "claim_type", LEAVES_TYPES),
    Forgery("exp without end",
        lambda: compact(claims=json.dumps(CLAIMS).replace(str(NOW + 3600), "1e999")),
        "claim_type", READS_INFINITY),
    Forgery("exp below all time", partial(token, exp=-1), "claim_type"),
    Forgery("iat as a string", partial(token, iat="0"), "claim_type"),
    Forgery("iat as truth", partial(token, iat=True), "claim_type", LEAVES_TYPES),
    Forgery("nbf as a string", partial(token, nbf="0"), "claim_type"),
    Forgery("auth_time as a string", partial(token, auth_time=""), "claim_type", LEAVES_TYPES),
    Forgery("iss as a list", partial(token, iss=[ISSUER]), "claim_type"),
    Forgery("sub as a number", partial(token, sub=7), "claim_type"),
    Forgery("sub as null", partial(token, sub=None), "claim_type"),
    Forgery("sub is empty", partial(token, sub=""), "claim_type"),
    Forgery("aud as an object", partial(token, aud={CLIENT: 1}), "claim_type"),
    Forgery("aud with a number", partial(token, aud=[CLIENT, 7], azp=CLIENT), "claim_type"),
    Forgery("azp as a list", partial(token, azp=[CLIENT]), "claim_type", LEAVES_TYPES),
    Forgery("nonce as a list", partial(token, nonce=[NONCE]), "claim_type", LEAVES_TYPES),
    # nonce and hashes
    Forgery("other nonce", partial(token, nonce="another-random-nonce"), "nonce"),
    Forgery("nonce missing", partial(token, nonce=...), "nonce"),
    Forgery("nonce is empty", partial(token, nonce=""), "nonce"),
    Forgery("nonce is longer", partial(token, nonce=NONCE + "x"), "nonce"),
    Forgery("at_hash of another token", partial(token, at_hash=half_hash("x")),
        "at_hash", LEAVES_HASH, {"access_token": ACCESS_TOKEN}),
    Forgery("at_hash whole", partial(token, at_hash=base64url(
        hashlib.sha256(ACCESS_TOKEN.encode()).digest())),
        "at_hash", LEAVES_HASH, {"access_token": ACCESS_TOKEN}),
    Forgery("at_hash with another hash", partial(token, at_hash=half_hash(ACCESS_TOKEN, "sha512")),
        "at_hash", LEAVES_HASH, {"access_token": ACCESS_TOKEN}),
    Forgery("at_hash missing", partial(token, at_hash=...),
        "missing_claim", LEAVES_HASH, {"access_token": ACCESS_TOKEN}),
    Forgery("at_hash as a number", partial(token, at_hash=7), "claim_type", LEAVES_HASH),
    Forgery("c_hash of another code", partial(token, c_hash=half_hash("x")),
        "c_hash", LEAVES_HASH, {"code": CODE}),
    Forgery("c_hash for at_hash", partial(token, c_hash=half_hash(ACCESS_TOKEN)),
        "c_hash", LEAVES_HASH, {"code": CODE}),
    Forgery("c_hash missing", partial(token, c_hash=...),
        "missing_claim", LEAVES_HASH, {"code": CODE}),
    Forgery("another user than before", partial(token, sub="mallory"),
        "subject", LEAVES_SUBJECT, {"subject": "alice"}),
    Forgery("b64 without crit", partial(token, {"b64": False}), "critical_header"),
]  # fmt: skip


def joserfc_accepts(text: str) -> bool:
    """A second opinion, with all that joserfc can be asked to check."""
    keys = joserfc.jwk.KeySet.import_key_set({"keys": [jwk(private_key("server"))]})
    registry = joserfc.jwt.JWTClaimsRegistry(
        now=NOW,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": CLIENT},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": NONCE},
    )
    try:
        decoded = joserfc.jwt.decode(text, keys, algorithms=["RS256"])
        registry.validate(decoded.claims)
    except (joserfc.errors.JoseError, ValueError, LookupError, AttributeError, TypeError):
        return False
    # joserfc lets a token expire a second later: RFC 7519 wants "on or after" refused.
    return bool(decoded.claims["exp"] != NOW)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_forgeries_are_refused(server: Keys, forgery: Forgery) -> None:
    forged = forgery.forge()
    with pytest.raises(InvalidIdTokenError) as refused:
        make().verify(forged, **{"nonce": NONCE, **forgery.verify})
    assert refused.value.reason == forgery.reason
    # What a peer takes is refused here knowingly; what it refuses is its releases' affair.
    assert forgery.accepted_by_joserfc or not joserfc_accepts(forged)
    # Neither the error nor what led to it holds the token, or what the user's claims say.
    shown = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
    assert refused.value.__context__ is None
    parts = [part for part in forged.split(".") if len(part) > 40]
    assert not any(part[:40] in shown or part[-40:] in shown for part in parts)
    assert "alice" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_every_class_of_errors_has_a_forgery() -> None:
    assert {forgery.reason for forgery in FORGERIES} == REASONS
    assert len({forgery.name for forgery in FORGERIES}) == len(FORGERIES)
    assert issubclass(InvalidIdTokenError, HydraException)


GOOD: list[tuple[str, Callable[[], str], dict[str, Any]]] = [
    ("plain", token, {}),
    ("with hashes", token, {"access_token": ACCESS_TOKEN, "code": CODE}),
    ("a fraction of a second left", partial(token, exp=NOW + 0.001), {}),
    ("issued a moment ago", partial(token, iat=NOW - 0.5), {}),
    ("valid from now on", partial(token, nbf=NOW), {}),
    ("audience in a list", partial(token, aud=[CLIENT]), {}),
    ("audience twice", partial(token, aud=[CLIENT, CLIENT]), {}),
    ("many audiences, azp", partial(token, aud=["other-app", CLIENT], azp=CLIENT), {}),
    ("one audience, azp", partial(token, azp=CLIENT), {}),
    ("without typ", partial(token, {"typ": ...}), {}),
    ("typ in another case", partial(token, {"typ": "jwt"}), {}),
    ("more in the header", partial(token, {"x5t": "AAAA", "cty": "x"}), {}),
    ("without optional claims", partial(token, auth_time=..., rat=..., at_hash=...), {}),
    ("more claims", partial(token, a={"b": [None, 1.5, "ä😀"]}), {}),
    ("an unpaired surrogate", lambda: compact(
        claims=json.dumps(CLAIMS).replace("alice@", "\\ud800")), {}),
    ("login just in time", partial(token, auth_time=NOW - 300), {"max_age": 300}),
    ("login now", token, {"max_age": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "made", "arguments"), GOOD, ids=[name for name, *_ in GOOD])
def test_good_tokens_are_accepted(
    server: Keys, name: str, made: Callable[[], str], arguments: dict[str, Any]
) -> None:
    text = made()
    claims = make().verify(text, nonce=NONCE, **arguments)
    assert dict(claims) == json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    assert joserfc_accepts(text)


def test_a_nonce_that_was_not_sent_is_not_compared(server: Keys) -> None:
    """The server makes one up then."""
    verifier = make()
    assert verifier.verify(token(nonce="made-by-server"), nonce=None).nonce == "made-by-server"
    assert verifier.verify(token(nonce=...), nonce=None).nonce is None
    with pytest.raises(TypeError):
        verifier.verify(token())  # type: ignore[call-arg]


def test_leeway_on_every_time(server: Keys) -> None:
    verifier = make(leeway=10)
    times = {"exp": NOW - 9, "iat": NOW + 10, "nbf": NOW + 10, "auth_time": NOW - 310}
    assert verifier.verify(token(**times), nonce=NONCE, max_age=300).exp == NOW - 9
    verifier.verify(token(auth_time=NOW + 10), nonce=NONCE, max_age=300)
    for changes, reason in (
        ({"exp": NOW - 10}, "expired"),
        ({"iat": NOW + 11}, "not_yet_valid"),
        ({"nbf": NOW + 11}, "not_yet_valid"),
        ({"auth_time": NOW - 311}, "auth_time"),
        ({"auth_time": NOW + 11}, "auth_time"),
    ):
        with refused(reason):
            verifier.verify(token(**changes), nonce=NONCE, max_age=300)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS384", "PS512"])
def test_other_algorithms_that_are_allowed(server: Keys, algorithm: str) -> None:
    server.keys = [jwk(private_key("server"), alg=algorithm)]
    hash_name = f"sha{algorithm[2:]}"
    made = compact(
        json.dumps({**HEADER, "alg": algorithm}),
        json.dumps({**CLAIMS, "at_hash": half_hash(ACCESS_TOKEN, hash_name)}),
        partial(signature, algorithm=algorithm),
    )
    verifier = make(algorithms=["RS256", algorithm])
    assert verifier.verify(made, nonce=NONCE, access_token=ACCESS_TOKEN).sub == "alice"
    with refused("unknown_key"):  # the key is for the other algorithm
        verifier.verify(token(), nonce=NONCE)


def test_some_seconds_of_skew_are_forgiven(server: Keys) -> None:
    """A server whose clock is two seconds ahead must not end a login whose code is used up."""
    verifier = IdTokenVerifier(
        hydra_client.connect(ISSUER, access_token="token-of-this-test"), CLIENT, clock=Clock()
    )
    assert verifier.leeway == 5
    assert verifier.verify(token(iat=NOW + 5), nonce=NONCE).sub == "alice"
    assert verifier.verify(token(exp=NOW - 4), nonce=NONCE).sub == "alice"
    with refused("not_yet_valid"):
        verifier.verify(token(iat=NOW + 6), nonce=NONCE)
    with refused("expired"):
        verifier.verify(token(exp=NOW - 5), nonce=NONCE)


# --- keys


def test_keys_and_the_servers_name_are_fetched_once(server: Keys) -> None:
    verifier = make()
    for _ in range(3):
        verifier.verify(token(), nonce=NONCE)
    assert (server.fetched, server.discovered) == (1, 1)


def test_a_rotation_keeps_the_kid_and_is_noticed(server: Keys) -> None:
    verifier = make()
    verifier.verify(token(), nonce=NONCE)
    server.keys = [jwk(private_key("other"))]
    after = compact(sign=partial(signature, name="other"))
    assert verifier.verify(after, nonce=NONCE).sub == "alice"
    assert server.fetched == 2
    with refused("signature"):
        verifier.verify(token(), nonce=NONCE)


def test_a_rotation_that_changes_the_kid_is_noticed(server: Keys) -> None:
    verifier = make()
    verifier.verify(token(), nonce=NONCE)
    server.keys.append(jwk(private_key("server"), kid="next"))
    verifier.verify(token({"kid": "next"}), nonce=NONCE)
    assert server.fetched == 2


def test_forged_tokens_cannot_make_it_hammer_the_server(server: Keys) -> None:
    clock = Clock()
    verifier = make(clock=clock)
    forged = compact(sign=partial(signature, name="other")), token({"kid": "x"})
    for _ in range(10):
        for text in forged:
            with pytest.raises(InvalidIdTokenError):
                verifier.verify(text, nonce=NONCE)
    assert server.fetched == 2  # the first time, and once more
    clock.now += 29.9
    for text in forged:
        with pytest.raises(InvalidIdTokenError):
            verifier.verify(text, nonce=NONCE)
    assert server.fetched == 2
    verifier.verify(token(), nonce=NONCE)
    clock.now += 0.2
    for _ in range(3):
        for text in forged:
            with pytest.raises(InvalidIdTokenError):
                verifier.verify(text, nonce=NONCE)
    assert server.fetched == 3
    # What is wrong before any key is needed costs no request at all.
    clock.now += 60
    for text in ("x", token({"alg": "none"}), token({"kid": ...}), token({"jku": "x"})):
        with pytest.raises(InvalidIdTokenError):
            verifier.verify(text, nonce=NONCE)
    assert server.fetched == 3


def test_two_rotations_in_a_row_lock_nobody_out(server: Keys) -> None:
    """A memory server that was restarted twice, say."""
    verifier = make(clock=Clock())
    verifier.verify(token(), nonce=NONCE)
    for name in ("other", "third", "server"):
        server.keys = [jwk(private_key(name))]
        verifier.verify(compact(sign=partial(signature, name=name)), nonce=NONCE)
    assert server.fetched == 4


def test_forged_tokens_do_not_wait_for_keys_that_hang() -> None:
    """24 of them at once, and good ones in between, while the server says nothing of its keys."""
    hang = threading.Event()
    discovery = {**CONFIGURATION, "issuer": ISSUER}

    def respond(peer: Peer) -> None:
        if peer.last.path.endswith("jwks.json"):
            if hang.is_set():
                peer.stall()
                return
            peer.send(raw_response({"keys": [jwk(private_key("server"))]}))
        else:
            peer.send(raw_response(discovery))

    good, forged = token(), compact(sign=partial(signature, name="other"))
    # Threads become tasks of one loop in the background, so that the API is the threaded one.
    with (
        Server(respond) as server,
        hydra_client.connect(server.url, access_token="t", timeout=20) as client,
    ):
        verifier = IdTokenVerifier(client, CLIENT, clock=lambda: NOW)
        verifier.verify(good, nonce=NONCE)
        hang.set()
        with within(2), Crowd() as crowd:
            crowd.send(24, lambda: verifier.verify(forged, nonce=NONCE))
            for _ in range(10):
                assert verifier.verify(good, nonce=NONCE).sub == "alice"
        for _ in range(24):  # and now nobody waits
            with refused("signature"):
                verifier.verify(forged, nonce=NONCE)
    assert len(crowd.errors) == 24
    assert {reason_of(error) for error in crowd.errors} <= {"signature", "ApiTimeoutError"}
    assert server.paths.count("/.well-known/jwks.json") == 2


def test_a_fetch_that_failed_cools_down_too(server: Keys) -> None:
    clock = Clock()
    verifier = make(clock=clock)
    verifier.verify(token(), nonce=NONCE)
    server.status, server.keys = 500, [jwk(private_key("other"))]
    forged = compact(sign=partial(signature, name="other"))
    with pytest.raises(ServiceException):
        verifier.verify(forged, nonce=NONCE)
    for _ in range(5):
        with refused("signature"):
            verifier.verify(forged, nonce=NONCE)
    assert server.fetched == 2
    server.status = 200
    verifier.verify(token(), nonce=NONCE)
    clock.now += 30
    verifier.verify(forged, nonce=NONCE)
    assert server.fetched == 3


def test_a_first_fetch_that_failed_is_tried_again(server: Keys) -> None:
    verifier = make()
    server.status = 500
    with pytest.raises(ServiceException):
        verifier.verify(token(), nonce=NONCE)
    server.status = 200
    verifier.verify(token(), nonce=NONCE)
    assert server.fetched == 2


def test_tokens_do_not_hammer_a_server_that_refuses_its_keys(server: Keys) -> None:
    clock = Clock()
    verifier = make(clock=clock)
    server.status = 403
    for _ in range(20):
        with pytest.raises(ForbiddenException) as refused:
            verifier.verify(token(), nonce=NONCE)
        assert refused.value.status == 403
    assert server.fetched == 2
    clock.now += 1
    server.status = 200
    verifier.verify(token(), nonce=NONCE)
    assert server.fetched == 3


def test_keys_can_be_fetched_ahead(server: Keys) -> None:
    verifier = make()
    for _ in range(2):
        verifier.fetch_keys()
    assert (server.fetched, server.discovered) == (1, 1)
    verifier.verify(token(), nonce=NONCE)
    assert (server.fetched, server.discovered) == (1, 1)


def test_a_server_that_was_given_another_name(server: Keys) -> None:
    """Its own signature is what makes the verifier look, and not too often."""
    clock = Clock()
    verifier = make(clock=clock)
    verifier.verify(token(), nonce=NONCE)
    renamed = token(iss="https://new.example.com/")
    with refused("issuer"):
        verifier.verify(renamed, nonce=NONCE)
    assert server.discovered == 2
    server.discovery["issuer"] = "https://new.example.com/"
    with refused("issuer"):
        verifier.verify(renamed, nonce=NONCE)
    clock.now += 30
    verifier.verify(renamed, nonce=NONCE)
    assert server.discovered == 3
    with refused("issuer"):
        verifier.verify(token(), nonce=NONCE)


def test_the_keys_of_another_server_do_not_count() -> None:
    with HydraEmulator() as here, HydraEmulator() as there:
        api = here.api()
        verifier = IdTokenVerifier(api, CLIENT)
        tokens = {}
        for hydra in (here, there):
            client = hydra.add_client(
                id=CLIENT,
                scope="openid",
                redirect_uris=["http://localhost:5555/callback"],
                response_types=["code", "id_token"],
            )
            tokens[hydra] = ConsentFlow(hydra)(client=client, scope="openid").exchange()["id_token"]
        for hydra, other in ((here, there), (there, here), (here, there)):
            api.api_client.configuration.host = hydra.url
            for _ in range(2):
                assert verifier.verify(tokens[hydra], nonce=None).iss == hydra.url
                with pytest.raises(InvalidIdTokenError):
                    verifier.verify(tokens[other], nonce=None)


def test_keys_that_were_taken_back_do_not_count_for_ever(server: Keys) -> None:
    clock = Clock()
    verifier = make(clock=clock)
    lasting = token(exp=NOW + 10_000)
    verifier.verify(lasting, nonce=NONCE)
    server.keys = []
    clock.now += 3599
    verifier.verify(lasting, nonce=NONCE)
    clock.now += 1
    with refused("unknown_key"):
        verifier.verify(lasting, nonce=NONCE)
    assert server.fetched == 2
    # A clock that was set back says nothing of age.
    server.keys = [jwk(private_key("server"))]
    clock.now = NOW
    verifier.verify(token(), nonce=NONCE)
    assert server.fetched == 3


@pytest.mark.threads_only
def test_who_comes_late_uses_what_another_fetched(server: Keys) -> None:
    """Between its look at the old keys and its own turn somebody else got new ones."""
    moment = Clock()
    others: list[IdTokenClaims] = []
    lasting = token(exp=NOW + 10_000)

    def clock() -> float:
        if moment.now > NOW and not others:
            others.append(claims)
            others.append(verifier.verify(lasting, nonce=NONCE))
        return moment.now

    verifier = make(clock=clock)
    claims = verifier.verify(lasting, nonce=NONCE)
    moment.now += 3600
    assert verifier.verify(lasting, nonce=NONCE) == others[1]
    assert server.fetched == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kid": "Public"},
        {"kid": ...},
        {"kty": "EC"},
        {"kty": "oct", "k": "AAAA"},
        {"n": ""},
        {"n": ...},
        {"e": ...},
        {"n": "!"},
        {"n": "ä"},
        {"e": "AA"},
    ],
    ids=repr,
)
def test_keys_that_do_not_count(server: Keys, changes: dict[str, Any]) -> None:
    key = changed(jwk(private_key("server")), **changes)
    server.keys = [key]
    with refused("unknown_key"):
        make().verify(token(), nonce=NONCE)
    # Nor do they get in the way of the one that counts.
    server.keys = [key, jwk(private_key("other")), jwk(private_key("server")), key]
    make().verify(token(), nonce=NONCE)


def test_keys_that_say_little_count(server: Keys) -> None:
    server.keys = [changed(jwk(private_key("server")), use=..., alg=...)]
    make().verify(token(), nonce=NONCE)


def test_a_weak_key_does_not_count(server: Keys) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    server.keys = [jwk(weak)]

    def sign(content: str) -> str:
        return base64url(weak.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256()))

    with refused("unknown_key"):
        make().verify(compact(sign=sign), nonce=NONCE)


def test_private_keys_that_a_server_shows_verify_all_the_same(server: Keys) -> None:
    server.keys = [jwk(private_key("server"), d="AQAB")]
    make().verify(token(), nonce=NONCE)


def together(count: int, work: Callable[[], object]) -> list[object]:
    barrier = threading.Barrier(count)
    outcomes: list[object] = []

    def run() -> None:
        barrier.wait(30)
        try:
            outcomes.append(work())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@pytest.mark.parametrize("version", ["0.9", "0.10"])
def test_many_threads_ask_once(version: str) -> None:
    with HydraEmulator(version) as hydra, hydra.api().api_client as client:
        api = hydra_client.OAuth2Api(client)
        client.token(("hydra.keys.get",))
        callback = ConsentFlow(hydra)()
        id_token = callback.exchange()["id_token"]
        verifier = IdTokenVerifier(api, callback.client_id, clock=hydra.clock)
        hydra.fail("/.well-known/jwks.json", delay=0.3)
        verify = partial(verifier.verify, id_token, nonce="a-nonce-of-the-test")
        assert all(isinstance(claims, IdTokenClaims) for claims in together(32, verify))
        assert keys_requests(hydra) == 1
        assert sum(r.path == "/.well-known/openid-configuration" for r in hydra.requests) == 1
        # The same when they all meet a forgery.
        forged = compact(sign=partial(signature, name="other"))
        hydra.fail("/.well-known/jwks.json", delay=0.3)
        refused = together(32, partial(verifier.verify, forged, nonce=None))
        assert {reason_of(error) for error in refused} == {"signature"}
        assert keys_requests(hydra) == 2


def test_threads_wait_for_keys_no_longer_than_a_call_may_take() -> None:
    """Not one after another, each with a time-out of its own."""
    with HydraEmulator() as hydra, hydra.api(timeout=2).api_client as client:
        client.token(("hydra.keys.get",))
        verifier = IdTokenVerifier(hydra_client.OAuth2Api(client), CLIENT)
        hydra.fail("/.well-known/jwks.json", delay=60, times=None)
        late = together(8, partial(verifier.verify, token(), nonce=NONCE))
        assert {type(error) for error in late} == {hydra_client.ApiTimeoutError}
        assert keys_requests(hydra) <= 2


def keys_requests(hydra: HydraEmulator) -> int:
    return sum(request.path == "/.well-known/jwks.json" for request in hydra.requests)


def test_genuine_tokens_do_not_wait_for_what_forged_ones_brought_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hydra_client.id_token._LONGEST_DETOUR", 60.0)
    with HydraEmulator() as hydra, hydra.api(timeout=60).api_client as client:
        callback = ConsentFlow(hydra)()
        id_token = callback.exchange()["id_token"]
        verifier = IdTokenVerifier(
            hydra_client.OAuth2Api(client), callback.client_id, clock=hydra.clock
        )
        verifier.verify(id_token, nonce="a-nonce-of-the-test")
        hydra.fail("/.well-known/jwks.json", delay=60)
        forged = compact(sign=partial(signature, name="other"))
        with Crowd() as crowd:
            crowd.send(24, lambda: verifier.verify(forged, nonce=None))
            waiting(verifier._cache, 23)
            wait_until(lambda: keys_requests(hydra) == 2, "the keys are asked for")
            for _ in range(10):
                verifier.verify(id_token, nonce="a-nonce-of-the-test")
            assert crowd.errors == [], "all of them still wait"
            hydra.stop()  # ends all waiting
        assert len(crowd.errors) == 24


# --- with the emulator: all flows that bring an ID token

FLOWS = ["code", "id_token", "token id_token", "code id_token", "code token id_token"]


@pytest.mark.parametrize("version", ["0.9", "0.10"])
@pytest.mark.parametrize("response_type", FLOWS)
def test_every_flow_of_the_server(version: str, response_type: str) -> None:
    with HydraEmulator(version) as hydra:
        callback = ConsentFlow(hydra)(response_type=response_type)
        given = callback.exchange() if response_type == "code" else callback.params
        verifier = IdTokenVerifier(hydra.api(), callback.client_id)
        hashed = {
            name: given[name]
            for name, asked in (("access_token", "token"), ("code", "code"))
            if asked in response_type.split() and response_type != "code"
        }
        claims = verifier.verify(
            given["id_token"], nonce="a-nonce-of-the-test", max_age=60, **hashed
        )
        assert (claims.sub, claims.aud) == ("alice", (callback.client_id,))
        assert (claims.at_hash is not None) == ("access_token" in hashed)
        assert (claims.c_hash is not None) == ("code" in hashed)


def test_a_policy_that_shows_the_keys_to_a_client() -> None:
    with HydraEmulator() as hydra:
        app = hydra.add_client(grant_types=["client_credentials"], scope="hydra.keys.get")
        api = hydra_client.connect(hydra.url, app["id"], app["client_secret"])
        callback = ConsentFlow(hydra)()
        id_token = callback.exchange()["id_token"]
        verifier = IdTokenVerifier(api, callback.client_id)
        with pytest.raises(ForbiddenException):
            verifier.verify(id_token, nonce=None)
        hydra.allow(
            app["id"], resources="rn:hydra:keys:hydra.openid.id-token:public", actions="get"
        )
        assert verifier.verify(id_token, nonce=None).sub == "alice"


# --- claims, arguments, and whatever else


def test_claims_cannot_be_changed(server: Keys) -> None:
    claims = make().verify(token(), nonce=NONCE)
    for change in (
        lambda: setattr(claims, "sub", "mallory"),
        lambda: setattr(claims, "other", "mallory"),
        lambda: delattr(claims, "sub"),
    ):
        with pytest.raises(AttributeError, match="claims cannot be changed"):
            change()
    with pytest.raises(TypeError):
        claims["sub"] = "mallory"  # type: ignore[index]
    assert claims.sub == claims["sub"] == "alice"
    assert len(claims) == len(CLAIMS)
    assert claims.get("missing") is None
    for same in (pickle.loads(pickle.dumps(claims)), copy.deepcopy(claims)):
        assert same == claims
        assert same.aud == (CLIENT,)


def test_claims_show_only_what_says_whose_they_are(server: Keys) -> None:
    claims = make().verify(token(), nonce=NONCE)
    assert repr(claims) == (
        f"IdTokenClaims(iss='{ISSUER}', sub='alice', aud=('my-app',), exp={NOW + 3600}, and "
        "at_hash, auth_time, c_hash, email, iat, nonce, rat)"
    )


def test_repr_of_a_verifier() -> None:
    assert repr(make()) == f"IdTokenVerifier(ApiClient('{ISSUER}'), 'my-app', ('RS256',))"


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"algorithms": "RS256"}, ApiTypeError, "algorithms must be a list"),
        ({"algorithms": []}, ApiValueError, "none given"),
        ({"algorithms": ["none"]}, ApiValueError, "none; supported:"),
        ({"algorithms": ["RS256", "HS256"]}, ApiValueError, "HS256; supported: PS256"),
        (
            {"algorithms": [None]},
            ApiTypeError,
            "algorithms must be of type str, got NoneType",
        ),
        ({"algorithms": None}, ApiTypeError, "algorithms must be a list of strings, got NoneType"),
        ({"clock": 5}, ApiTypeError, "clock must be callable, got int"),
        ({"client_id": ""}, ApiValueError, "client_id is empty"),
        ({"client_id": None}, ApiTypeError, "client_id must be a string"),
        (
            {"leeway": -1},
            ApiValueError,
            "leeway must be a finite number of seconds",
        ),
        ({"leeway": float("nan")}, ApiValueError, "leeway"),
        ({"leeway": float("inf")}, ApiValueError, "leeway"),
        ({"leeway": "1"}, ApiTypeError, "leeway must be a number of seconds, got str"),
        ({"leeway": True}, ApiTypeError, "leeway"),
    ],
)
def test_settings_that_cannot_be_right(
    settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    api = hydra_client.connect(ISSUER, access_token="x")
    with pytest.raises(error, match=words):
        IdTokenVerifier(**{"api": api, "client_id": CLIENT, **settings})


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"id_token": None}, ApiTypeError, "id_token must be a string, got NoneType"),
        ({"id_token": b"a.b.c"}, ApiTypeError, "got bytes"),
        ({"nonce": ""}, ApiValueError, "nonce is empty"),
        ({"nonce": 7}, ApiTypeError, "nonce must be a string"),
        ({"access_token": ""}, ApiValueError, "access_token is empty"),
        ({"code": b"x"}, ApiTypeError, "code must be a string"),
        ({"max_age": "1"}, ApiTypeError, "max_age must be a number"),
        ({"max_age": -1}, ApiValueError, "max_age"),
    ],
)
def test_arguments_that_cannot_be_right(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        make().verify(**{"id_token": "x.y.z", "nonce": NONCE, **arguments})


def test_odd_characters_that_cannot_be_hashed_alike(server: Keys) -> None:
    with refused("at_hash"):
        make().verify(token(), nonce=NONCE, access_token="\ud800")
    with refused("nonce"):
        make().verify(token(), nonce="\ud800-other")


@given(st.data())
def test_whatever_comes_ends_in_an_error_of_its_own(data: st.DataObject) -> None:
    whole = token()
    place = data.draw(st.integers(0, len(whole)))
    characters = st.text(st.sampled_from("AZaz09-_.=+/ \n\x00ä{}"), max_size=3)
    text = data.draw(
        st.text()
        | st.from_regex(r"\A[\w-]{0,9}\.[\w-]{0,9}\.[\w-]{0,9}\Z")
        | st.dictionaries(st.text(), st.none() | st.integers() | st.text()).map(
            lambda header: compact(json.dumps(header))
        )
        | st.dictionaries(
            st.sampled_from(sorted(CLAIMS)), st.none() | st.floats() | st.text(), min_size=1
        ).map(lambda claims: token(**claims))
        | characters.map(lambda text: whole[:place] + text + whole[place + len(text) :])
        | characters.map(lambda text: whole[:place] + text + whole[place:])
    )
    with responses.RequestsMock() as mock:
        Keys(mock)
        try:
            claims = make().verify(text, nonce=NONCE)
        except InvalidIdTokenError:
            return
        # Only what was signed by the server, and says what it has to, gets here.
        assert (claims.iss, claims.aud, claims.nonce) == (ISSUER, (CLIENT,), NONCE)
        assert joserfc_accepts(text)
