"""Verification of ID tokens (OpenID Connect Core section 3.1.3.7) against the server's keys.

Needs the extra `jwt`. PyJWT reads keys and computes signatures; this module decides what to accept.

    verifier = IdTokenVerifier(api, "my-app")
    claims = verifier.verify(tokens.id_token, nonce=nonce)

No error holds the token, or any of its content except short values of `alg`, `kid` and `iss`.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hydra_client.exceptions import ApiValueError, HydraException
from hydra_client.protocol import checks
from hydra_client.protocol.cache import Cache, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.protocol.extras import extra
from hydra_client.transport.waiting import Alarm, drive

with extra("jwt"):
    import jwt

    # PyJWT can be imported without it, but then does not support RSA.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra_client import api  # noqa: F401 - for the base class of `IdTokenVerifier`
    from hydra_client.models import JsonWebKey, JsonWebKeySet, WellKnown
    from hydra_client.protocol import effects
    from hydra_client.protocol.effects import Steps

# That of threads or of asyncio. `help` and `inspect.signature` show this name.
OAuth2Api = TypeVar("OAuth2Api", bound=Any)

__all__ = ["ExpiredError", "IdTokenClaims", "IdTokenVerifier", "InvalidIdTokenError"]

# The server signs with RSA keys. With a symmetric algorithm, the public key would be the secret.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_SMALLEST_KEY = 2048
_LONGEST_TOKEN = 256 * 1024
_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
# Seconds for which a key that the server has withdrawn may still be trusted.
_KEY_LIFETIME = 3600.0
# Seconds without another fetch, after a token caused one for nothing.
_COOL_DOWN = 30.0
# Seconds without another fetch, after a second failure.
_PAUSE = 1.0
# Seconds that a fetch of newer keys may take.
_LONGEST_DETOUR = 2.0


class InvalidIdTokenError(HydraException):
    """An ID token must not be trusted.

    Attributes:
        reason: Why, as a word that stays the same:

            - "malformed": not a signed JWT in compact form (RFC 7515 section 7.1)
            - "duplicate_member": a name occurs twice in the header or the claims
            - "critical_header": the header has `crit` or `b64`; no extension is understood
            - "embedded_key": the header has a key or the address of one
            - "token_type": `typ` names another kind of token
            - "algorithm": `alg` is missing, `none`, or not allowed
            - "unknown_key": `kid` is missing, or the server has no such key
            - "signature": the signature matches no key of the server
            - "missing_claim", "claim_type": a claim is missing, or has a value it cannot have
            - "issuer": `iss` is not the issuer in the discovery document
            - "audience", "authorized_party": `aud` or `azp` is not this client
            - "subject": `sub` is not the expected user
            - "expired": `exp` has passed
            - "not_yet_valid": `iat` or `nbf` is in the future
            - "auth_time": `auth_time` is longer ago than `max_age`
            - "nonce": `nonce` is not the one that was sent
            - "at_hash", "c_hash": it belongs to another access token or code
        claim: The claim or header member at fault, if it is one.
    """

    def __init__(self, message: str = "", reason: str = "", claim: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.claim = claim


class ExpiredError(InvalidIdTokenError):
    """The ID token has expired: the user has to log in again."""


class IdTokenClaims(Mapping[str, Any]):
    """Claims of a verified ID token. Immutable; also a mapping of all claims by name.

    Attributes:
        iss: The server that issued it.
        sub: Who the user is.
        aud: Who it is meant for; this client is among them.
        exp: When it expires, in seconds since 1970-01-01 UTC.
        iat: When it was issued, in seconds since 1970-01-01 UTC.
        auth_time: When the browser returned from the consent app, in seconds since 1970-01-01 UTC,
            even if the user logged in earlier: Hydra does not know when.
        nonce: The nonce of the authorization request; the server makes one up if none was sent.
        azp: The client that it was issued to.
        at_hash: Hash of the access token that came with it.
        c_hash: Hash of the code that came with it.
    """

    iss: str
    sub: str
    aud: tuple[str, ...]
    exp: float
    iat: float
    auth_time: float | None
    nonce: str | None
    azp: str | None
    at_hash: str | None
    c_hash: str | None
    _claims: Mapping[str, Any]

    def __init__(self, claims: Mapping[str, Any]) -> None:
        vars(self).update({name: claims.get(name) for name in IdTokenClaims.__annotations__})
        vars(self).update(aud=_audience(claims), _claims=MappingProxyType(dict(claims)))

    def __getitem__(self, name: str) -> Any:
        return self._claims[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name}: claims cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name}: claims cannot be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return IdTokenClaims, (dict(self._claims),)

    def __repr__(self) -> str:
        others = ", ".join(sorted(set(self._claims) - {"iss", "sub", "aud", "exp"}))
        return (
            f"IdTokenClaims(iss={self.iss!r}, sub={self.sub!r}, aud={self.aud!r}, "
            f"exp={self.exp!r}, and {others})"
        )


class BaseVerifier(Generic[OAuth2Api]):
    """Verifies ID tokens that one server issued to one client. Create one and reuse it.

    Args:
        api: The API, with a credential for `hydra.keys.get`.
        client_id: The client that the tokens are meant for.
        algorithms: Values of `alg` that are allowed (RFC 7518 section 3.1).
        leeway: Seconds by which the server's clock may differ from this one. A token is accepted
            until that long after its `exp`, and from that long before its `nbf` and `iat`.
        clock: Returns the time, in seconds since 1970-01-01 UTC.

    Raises:
        ApiTypeError, ApiValueError: A setting is not valid.
    """

    def __init__(
        self,
        api: OAuth2Api,
        client_id: str,
        algorithms: Sequence[str] = ("RS256",),
        leeway: float = 5.0,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        allowed = checks.strings("algorithms", algorithms)
        unknown = [algorithm for algorithm in allowed if algorithm not in _ALGORITHMS]
        if unknown or not allowed:
            raise ApiValueError(
                f"algorithms: {', '.join(unknown) or 'none given'}; supported: "
                f"{', '.join(sorted(_ALGORITHMS))}"
            )
        checks.oauth2_api(self, api, "well_known")
        self.api = api
        self.client_id = checks.nonempty("client_id", client_id)
        self.algorithms = tuple(allowed)
        self.leeway = checks.seconds("leeway", leeway)
        self._clock = checks.function("clock", clock)
        self._cache: Cache[Server] = Cache()
        # The server as it was at the last fetch.
        self._known: Server | None = None
        self._refetched_at = -math.inf
        self._failed_at = -math.inf
        self._failures = 0
        self._failure: HydraException | None = None

    def fetch_keys(self) -> Any:
        """Fetch the server's keys and its issuer, unless they are known.

        `verify` does so by itself. Call this first if `verify` must not fail because the keys are
        missing: when an application starts, or before a code is redeemed.

        Scope: hydra.keys.get. Policy: action "get" on
        "rn:hydra:keys:hydra.openid.id-token:public".

        Raises:
            HydraException: They could not be fetched; see `well_known` and `get_well_known`.
        """
        raise NotImplementedError

    def verify(
        self,
        id_token: str,
        *,
        nonce: str | None,
        access_token: str | None = None,
        code: str | None = None,
        max_age: float | None = None,
        subject: str | None = None,
    ) -> Any:
        """Verify an ID token: its signature, and that it is meant for this client and valid now.

        Args:
            id_token: The ID token as it was received.
            nonce: The nonce of the authorization request. Pass None only if none was sent. In that
                case the server generates one, which is not compared.
            access_token: The access token that came with it. `at_hash` must exist and match it.
                Leave it out for tokens from the token endpoint, which have no `at_hash`.
            code: The code that came with it. `c_hash` must exist and match it.
            max_age: Seconds that may have passed since `auth_time`. This bounds the age of the
                authorization, not of the login, which only the consent app can check.
            subject: The expected user: `sub` of an earlier ID token.

        Returns:
            The claims.

        Scope: hydra.keys.get. Policy: action "get" on
        "rn:hydra:keys:hydra.openid.id-token:public".

        Raises:
            InvalidIdTokenError: The token must not be trusted; `reason` says why.
            ApiTypeError, ApiValueError: An argument is not valid.
            HydraException: The server's keys or its issuer could not be fetched; see `well_known`
                and `get_well_known`.

        Source: OpenID Connect Core sections 3.1.3.7, 3.2.2.9 and 3.3.2.10.
        """
        raise NotImplementedError

    def _host(self) -> str:
        host: str = self.api.api_client.configuration.host
        return host

    def _deadline(self) -> Deadline:
        return Deadline(self.api.api_client.configuration.timeout)

    def _verified(self, token: Token, alarm: Callable[[], effects.Alarm]) -> Steps[IdTokenClaims]:
        deadline = self._deadline()
        server = yield from self._current(deadline, alarm)
        while not (claims := token.judge(server)):
            detour = Deadline(_LONGEST_DETOUR, deadline)
            work = self._newer(server, detour)
            server = yield from shared(self._cache, "newer", work, detour.left(), alarm())
        return claims

    def _current(self, deadline: Deadline, alarm: Callable[[], effects.Alarm]) -> Steps[Server]:
        """Return what is known, unless its keys may have been withdrawn since."""
        host = self._host()
        known = self._known
        if known is not None and known.host != host:
            known = None  # the keys of another server
        if known is not None and not self._is_old(known.fetched_at, _KEY_LIFETIME):
            return known
        work = self._fetched(known, deadline)
        return (yield from shared(self._cache, ("current", host), work, deadline.left(), alarm()))

    def _newer(self, known: Server, deadline: Deadline) -> Steps[Server]:
        """Return the latest keys if there are newer ones, or if they must not be fetched now.

        A token must not be refused because keys are out of date. But anyone can send tokens with a
        bad signature. So these cause at most one request in 30 seconds and wait for it at most two
        seconds, and tokens with a good signature do not wait.
        """
        latest = self._known or known
        if latest is not known or not self._is_old(self._refetched_at, _COOL_DOWN):
            return latest
        # Noted before the attempt, so that one that fails cools down as well.
        self._refetched_at = self._clock()
        latest = yield from self._fetched(known, deadline)
        if latest.differs(known):
            # A server may change its keys twice, for example at two restarts.
            self._refetched_at = -math.inf
        return latest

    def _fetched(self, known: Server | None, deadline: Deadline) -> Steps[Server]:
        """Return the keys that another caller fetched since `known` was looked up, or fetch them.

        For a while after a failure, others fail by the same error.
        """
        host = self._host()
        latest = self._known
        if latest is not None and latest is not known and latest.host == host:
            return latest
        if self._failure is not None and not self._is_old(self._failed_at, _PAUSE):
            raise copy.copy(self._failure)
        try:
            keys: JsonWebKeySet = yield from ask(Invoke(self.api.well_known, (), deadline))
            discovery: WellKnown = yield from ask(Invoke(self.api.get_well_known, (), deadline))
        except HydraException as error:
            if self._failures:
                # Otherwise forged tokens would hammer a server that is down, or that refuses.
                self._failed_at, self._failure = self._clock(), copy.copy(error)
            self._failures += 1
            raise
        self._failures, self._failure = 0, None
        latest = self._known = Server(host, discovery.issuer, keys.keys, self._clock())
        return latest

    def _is_old(self, since: float, lifetime: float) -> bool:
        # A clock that was set back says nothing about age.
        return not 0 <= self._clock() - since < lifetime

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_known": None}  # keys of cryptography cannot be pickled

    def __repr__(self) -> str:
        return f"IdTokenVerifier({self.api.api_client!r}, {self.client_id!r}, {self.algorithms!r})"


class IdTokenVerifier(BaseVerifier["api.OAuth2Api"]):
    __doc__ = BaseVerifier.__doc__  # `help` shows no inherited one

    def fetch_keys(self) -> None:
        drive(self._current(self._deadline(), Alarm))

    def verify(
        self,
        id_token: str,
        *,
        nonce: str | None,
        access_token: str | None = None,
        code: str | None = None,
        max_age: float | None = None,
        subject: str | None = None,
    ) -> IdTokenClaims:
        token = Token(self, id_token, nonce, access_token, code, max_age, subject)
        return drive(self._verified(token, Alarm))


class Token:
    """One ID token on its way through the checks; not a tuple, which tracebacks would show.

    Raises:
        ApiTypeError, ApiValueError: An argument is not valid.
        InvalidIdTokenError: No key can make it valid.
    """

    def __init__(
        self,
        verifier: BaseVerifier[Any],
        id_token: str,
        nonce: str | None,
        access_token: str | None,
        code: str | None,
        max_age: float | None,
        subject: str | None,
    ) -> None:
        for name, value in (
            ("nonce", nonce),
            ("access_token", access_token),
            ("code", code),
            ("subject", subject),
        ):
            if value is not None:
                checks.nonempty(name, value)
        self._verifier = verifier
        self._known = verifier._known
        self._nonce = nonce
        self._subject = subject
        self._max_age = None if max_age is None else checks.seconds("max_age", max_age)
        header, self._content, self._signed, self._signature = _split(id_token)
        self._kid, self._algorithm = _check_header(header, verifier.algorithms)
        # Hashes, because tracebacks would show what is in local variables below.
        self._hashes = {
            claim: _half_hash(value, self._algorithm)
            for claim, value in (("at_hash", access_token), ("c_hash", code))
            if value is not None
        }
        self._claims: IdTokenClaims | None = None
        self._may_have_new_issuer = True

    def judge(self, server: Server) -> IdTokenClaims | None:
        """Return its claims, or None if only newer keys can say whether it is valid.

        Raises:
            InvalidIdTokenError: It must not be trusted.
        """
        if self._claims is None:
            keys = server.candidates(self._kid, self._algorithm)
            verify = jwt.get_algorithm_by_name(self._algorithm).verify
            if not any(verify(self._signed, key, self._signature) for key in keys):
                if server is self._known:
                    # The kid stays the same when the keys are rotated, so there may be newer keys
                    # with or without this kid. Keys that were just fetched are the newest.
                    self._known = None
                    return None
                if keys:
                    raise InvalidIdTokenError(
                        "the signature matches no key of the server", "signature"
                    )
                raise InvalidIdTokenError(
                    f"the server has no key {_shown(self._kid)} for {self._algorithm}",
                    "unknown_key",
                    "kid",
                )
            self._claims = _typed(_members(self._content))
        issuer = self._claims.iss
        if issuer != server.issuer:
            if self._may_have_new_issuer:
                # The server signed it, so it may have a new issuer.
                self._may_have_new_issuer = False
                return None
            raise InvalidIdTokenError(
                f"iss is {_shown(issuer)}, not {server.issuer!r}", "issuer", "iss"
            )
        self._check(self._claims)
        return self._claims

    def _check(self, claims: IdTokenClaims) -> None:
        _check_parties(claims, self._verifier.client_id)
        _check_times(claims, self._verifier._clock(), self._verifier.leeway, self._max_age)
        if self._subject is not None and claims.sub != self._subject:
            raise InvalidIdTokenError("sub is not the expected user", "subject", "sub")
        if self._nonce is not None and not _same(self._nonce, claims.get("nonce", "")):
            raise InvalidIdTokenError(
                "nonce is missing, or is not the one that was sent", "nonce", "nonce"
            )
        for claim, expected in self._hashes.items():
            if claim not in claims:
                raise _missing(claim)
            if not _same(claims[claim], expected):
                raise InvalidIdTokenError(
                    f"{claim} is not the hash of the value that came with it", claim, claim
                )


class Server:
    """The server's issuer and keys as they were at one time, the keys parsed when needed."""

    def __init__(
        self, host: str, issuer: str, keys: Sequence[JsonWebKey], fetched_at: float
    ) -> None:
        self.host = host
        self.issuer = issuer
        self.fetched_at = fetched_at
        self._keys = tuple(keys)
        self._parsed: dict[int, RSAPublicKey | None] = {}

    def differs(self, other: Server) -> bool:
        """Whether the server has another issuer or other keys than at that time."""
        return (self.issuer, self._keys) != (other.issuer, other._keys)

    def candidates(self, kid: str, algorithm: str) -> list[RSAPublicKey]:
        """Return the keys that may have signed. A rotation may leave several with the same kid."""
        return [
            parsed
            for number, key in enumerate(self._keys)
            if key.kid == kid
            and key.kty == "RSA"
            and key.use in (None, "", "sig")
            and key.alg in (None, "", algorithm)
            and (parsed := self._parse(number, key)) is not None
        ]

    def _parse(self, number: int, key: JsonWebKey) -> RSAPublicKey | None:
        if number not in self._parsed:
            parsed = None
            try:
                # Only the public members: a set that shows private ones still has public keys.
                parsed = jwt.get_algorithm_by_name("RS256").from_jwk(
                    {"kty": "RSA", "n": key.n or "", "e": key.e or ""}
                )
            except (jwt.PyJWTError, ValueError, TypeError):
                pass  # a key that cannot be read does not make the others useless
            weak = parsed is not None and parsed.key_size < _SMALLEST_KEY
            self._parsed[number] = None if weak else parsed
        return self._parsed[number]


def _split(token: object) -> tuple[dict[str, Any], bytes, bytes, bytes]:
    """Split a token into header, claims (still bytes), signed bytes, and signature."""
    token = checks.string("id_token", token)
    if len(token) > _LONGEST_TOKEN:
        raise InvalidIdTokenError(f"longer than {_LONGEST_TOKEN // 1024} KiB", "malformed")
    parts = _PARTS.fullmatch(token)
    if parts is None:
        raise InvalidIdTokenError("not three parts of base64url, separated by dots", "malformed")
    header, content, signature = (_decoded(part) for part in parts.groups())
    return _members(header), content, token.rpartition(".")[0].encode("ascii"), signature


def _decoded(part: str) -> bytes:
    # The unused bits of the last character must be zero, or one token had several spellings.
    raw = b"" if len(part) % 4 == 1 else base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if _encoded(raw) != part:
        raise InvalidIdTokenError("a part is not valid base64url (RFC 7515 section 2)", "malformed")
    return raw


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _members(document: bytes) -> dict[str, Any]:
    members = None
    try:
        members = json.loads(
            document.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        pass  # the error would contain the document
    if not isinstance(members, dict):
        raise InvalidIdTokenError("the header or the claims are not a JSON object", "malformed")
    return members


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidIdTokenError(
            "a name occurs twice in the header or the claims", "duplicate_member"
        )
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _missing(claim: str) -> InvalidIdTokenError:
    return InvalidIdTokenError(f"{claim} is missing", "missing_claim", claim)


def _mistyped(claim: str, problem: str) -> InvalidIdTokenError:
    return InvalidIdTokenError(f"{claim} {problem}", "claim_type", claim)


def _typed(claims: Mapping[str, Any]) -> IdTokenClaims:
    for name in ("iss", "sub", "aud", "exp", "iat"):
        if name not in claims:
            raise _missing(name)
    for name in ("iss", "sub", "nonce", "azp", "at_hash", "c_hash"):
        if not isinstance(claims.get(name, ""), str):
            raise _mistyped(name, "must be a string")
    if not claims["sub"]:
        raise _mistyped("sub", "is empty")
    for name in ("exp", "iat", "nbf", "auth_time"):
        if name in claims and not _is_time(claims[name]):
            raise _mistyped(name, "must be a number of seconds since 1970")
    if not all(isinstance(name, str) for name in _audience(claims)):
        raise _mistyped("aud", "must be a string or a list of strings")
    return IdTokenClaims(claims)


def _check_header(header: Mapping[str, Any], algorithms: tuple[str, ...]) -> tuple[str, str]:
    """Return the id of the key and the algorithm."""
    if "crit" in header or "b64" in header:
        raise InvalidIdTokenError(
            "the header has crit or b64, but no extension is supported", "critical_header", "crit"
        )
    embedded = [name for name in ("jwk", "jku", "x5c", "x5u") if name in header]
    if embedded:
        raise InvalidIdTokenError(
            f"the header has {embedded[0]}, but a key in the token is not accepted",
            "embedded_key",
            embedded[0],
        )
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise InvalidIdTokenError("the header's typ is not JWT", "token_type", "typ")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidIdTokenError(
            f"alg is {_shown(algorithm)}, not {' or '.join(algorithms)}", "algorithm", "alg"
        )
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise InvalidIdTokenError("the header has no kid", "unknown_key", "kid")
    return kid, algorithm


def _check_parties(claims: IdTokenClaims, client_id: str) -> None:
    if client_id not in claims.aud:
        raise InvalidIdTokenError(f"aud does not name {client_id!r}", "audience", "aud")
    if claims.azp is None and len(set(claims.aud)) > 1:
        raise InvalidIdTokenError(
            "aud names several clients, but azp is missing", "authorized_party", "azp"
        )
    if claims.azp not in (None, client_id):
        raise InvalidIdTokenError(f"azp is not {client_id!r}", "authorized_party", "azp")


def _check_times(claims: IdTokenClaims, now: float, leeway: float, max_age: float | None) -> None:
    if now >= claims.exp + leeway:
        raise ExpiredError(f"expired {now - claims.exp:.0f} s ago", "expired", "exp")
    for name in ("iat", "nbf"):
        ahead = claims.get(name, now) - now
        if ahead > leeway:
            raise InvalidIdTokenError(f"{name} is {ahead:.0f} s ahead", "not_yet_valid", name)
    if max_age is not None:
        if claims.auth_time is None:
            raise _missing("auth_time")
        age = now - claims.auth_time
        if not -leeway <= age <= max_age + leeway:
            raise InvalidIdTokenError(
                f"auth_time is {age:.0f} s ago, not within {max_age}", "auth_time", "auth_time"
            )


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53


def _audience(claims: Mapping[str, Any]) -> tuple[str, ...]:
    audience = claims["aud"]
    return tuple(audience) if isinstance(audience, list) else (audience,)


def _half_hash(value: str, algorithm: str) -> str:
    """Hash a value as at_hash and c_hash do (OpenID Connect Core section 3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[2:]}", value.encode(errors="surrogatepass")).digest()
    return _encoded(digest[: len(digest) // 2])


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )


def _shown(value: object) -> str:
    return f"{value!r:.100}" if isinstance(value, str) else f"of type {type(value).__name__}"
