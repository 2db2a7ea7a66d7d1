"""`/oauth2/auth`: sends the browser to the consent app, and afterwards back to the client."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from urllib.parse import urlsplit
from uuid import uuid4

from hydra_client.emulator.errors import (
    MINIMUM_ENTROPY,
    HydraError,
    NotFoundError,
    OAuthError,
    PlainError,
    RejectedConsentError,
    oauth_fields,
)
from hydra_client.emulator.go.http import (
    GoUrlError,
    Request,
    Values,
    query_of,
    unescape,
    with_fragment,
    with_query,
)
from hydra_client.emulator.responses import Response, go_redirect, redirect
from hydra_client.emulator.state import State
from hydra_client.emulator.store.clients import Client
from hydra_client.emulator.store.consent import COOKIE, COOKIE_LIFETIME, ConsentRequest
from hydra_client.emulator.store.consent import LIFETIME as CONSENT_LIFETIME
from hydra_client.emulator.store.id_tokens import id_token
from hydra_client.emulator.store.keys import half_hash
from hydra_client.emulator.store.scopes import covers, has, words
from hydra_client.emulator.store.tokens import CODE_LIFETIME, LIFETIME, Grant

_HYBRID = (["code", "id_token", "token"], ["code", "token"], ["code", "id_token"])


def authorize(state: State, request: Request) -> Response:
    """GET or POST /oauth2/auth."""
    authorization = _Authorization(state, request)
    try:
        authorization.read()
        if consent_id := request.form.get("consent"):
            return authorization.complete(consent_id)
        return authorization.ask_for_consent()
    except HydraError as error:
        return authorization.error(error)


class _Authorization:
    """An authorization request. After an error, fields that were not read yet are empty."""

    def __init__(self, server: State, request: Request) -> None:
        self.server, self.request, self.form = server, request, request.form
        self.now = server.clock()
        self.client = Client()
        self.redirect_uri = ""
        self.response_types: list[str] = []
        self.scopes: list[str] = []
        self.state = ""

    # --- reading the request

    def read(self) -> None:
        """Read the request in Hydra's order, which decides where errors go."""
        if not self.request.form_is_valid:
            raise OAuthError("invalid_request")
        try:
            self.client = self.server.clients.get(self.form.get("client_id"))
        except (NotFoundError, PlainError):
            raise OAuthError("invalid_client") from None
        self.redirect_uri = self._read_redirect_uri()
        self.response_types = words(self.form.get("response_type"))
        state = self.form.get("state")
        if len(state.encode("utf-8", "surrogateescape")) < MINIMUM_ENTROPY:
            raise OAuthError("invalid_state")
        self.state = state
        self.scopes = list(dict.fromkeys(words(self.form.get("scope"))))

    def _read_redirect_uri(self) -> str:
        try:
            # Hydra decodes it once more than the rest of the form.
            uri = unescape(self.form.get("redirect_uri"), plus=True)
        except GoUrlError:
            raise OAuthError("invalid_request") from None
        registered = self.client.redirect_uris or []
        if not uri and len(registered) == 1:
            uri = registered[0]
        if not uri or not has(registered, uri) or not _is_valid(uri):
            raise OAuthError("invalid_request")
        return uri

    # --- the way to the consent app and back

    def ask_for_consent(self) -> Response:
        """Store a consent request, and send the browser to the consent app."""
        id = str(uuid4())
        query = f"?{self.request.raw_query}" if self.request.raw_query else ""
        consent = ConsentRequest(
            id=id,
            client_id=self.client.id,
            requested_scopes=self.scopes,
            expires_at=self.now + CONSENT_LIFETIME,
            redirect_url=f"{self.server.issuer}/oauth2/auth{query}&consent={id}",
            csrf=str(uuid4()),
        )
        self.server.consents.add(consent)
        app_query = query_of(self.server.consent_url)
        app_query.set("consent", id)
        response = go_redirect(self.request, with_query(self.server.consent_url, app_query), 302)
        response.headers.append(self._cookie(consent.csrf))
        return response

    def complete(self, consent_id: str) -> Response:
        """Send the browser to the client, after the consent app has decided."""
        grant = self._grant(consent_id)
        # From here on, errors come with a new cookie too.
        try:
            response = self._issue(grant)
        except HydraError as error:
            response = self.error(error)
        response.headers.append(self._cookie(""))
        return response

    def _grant(self, consent_id: str) -> Grant:
        try:
            cookie = self.request.cookies.get(COOKIE)
            csrf = "" if cookie is None else self.server.cookies.read(cookie, self.now)
        except ValueError:
            raise OAuthError("server_error") from None
        consent = self.server.consents.get(consent_id)
        if not consent.accepted:
            raise RejectedConsentError(consent.deny_reason)
        if (
            self.now > consent.expires_at
            or consent.client_id != self.client.id
            or not consent.subject
        ):
            raise PlainError("the consent request has expired, or belongs to another client")
        if csrf != consent.csrf:
            raise PlainError("the session cookie belongs to another consent request")
        return Grant(
            client_id=self.client.id,
            requested_at=self.now,
            scopes=list(dict.fromkeys(consent.granted_scopes)),
            form=self.form,
            subject=consent.subject,
            # Those of the consent app never replace the server's own.
            claims={
                **(consent.id_token_extra or {}),
                "sub": consent.subject,
                "iss": self.server.issuer,
                "aud": self.client.id,
                "exp": int(self.now + LIFETIME),
                "auth_time": int(self.now),
                **({} if self.server.variant.is_0_9 else {"rat": int(self.now)}),
            },
            extra=consent.access_token_extra,
        )

    def _cookie(self, csrf: str) -> tuple[str, str]:
        value = self.server.cookies.write(csrf, self.now)
        expires = formatdate(int(self.now) + COOKIE_LIFETIME, usegmt=True)
        cookie = f"{COOKIE}={value}; Path=/; Expires={expires}; Max-Age={COOKIE_LIFETIME}"
        return "Set-Cookie", cookie

    def error(self, error: HydraError) -> Response:
        """Send the error to the client, or to the consent app if the client is not known."""
        name, description, _ = oauth_fields(error, self.server.variant.is_0_9)
        fields = Values([("error", name), ("error_description", description)])
        if not self.redirect_uri:
            query = query_of(self.server.consent_url)
            query.add_all(fields)
            return redirect(with_query(self.server.consent_url, query))
        fields.set("state", self.state)
        if self.response_types == ["token"] or len(self.response_types) > 1:
            return redirect(with_fragment(self.redirect_uri, fields))
        fields.add_all(query_of(self.redirect_uri))
        return redirect(with_query(self.redirect_uri, fields))

    # --- the flows, one for each set of response types

    def _issue(self, grant: Grant) -> Response:
        """Issue what the response types ask for."""
        query = query_of(self.redirect_uri)
        fragment: dict[str, str] = {}
        requested = sorted(word.lower() for word in self.response_types)
        if self.response_types == ["code"]:
            for name, value in self._code_flow(grant).items():
                query.set(name, value)
        elif self.response_types == ["token"]:
            fragment = self._token_flow(grant)
        elif requested in _HYBRID:
            fragment = self._hybrid_flow(grant, requested)
        elif has(grant.scopes, "openid") and "code" not in requested:
            fragment = self._openid_implicit_flow(grant)
        else:
            raise OAuthError("unsupported_response_type")
        url = with_query(self.redirect_uri, query)
        return redirect(with_fragment(url, Values(fragment.items())).replace("+", "%20"))

    def _code_flow(self, grant: Grant) -> dict[str, str]:
        self._require(responses=["code"])
        if not _is_secure(self.redirect_uri):
            raise OAuthError("invalid_request")
        self._check_scopes()
        grant.expires_at = self.now + CODE_LIFETIME
        code = self.server.tokens.codes.issue(grant)
        if has(grant.scopes, "openid"):
            if not has(self.client.responses, "id_token", "code"):
                raise OAuthError("invalid_request")
            self.server.tokens.openid[code] = grant
        return {"code": code, "state": self.state, "scope": " ".join(grant.scopes)}

    def _token_flow(self, grant: Grant) -> dict[str, str]:
        self._require(grants=["implicit"], responses=["token"])
        self._check_scopes()
        return self._issue_access_token(grant)

    def _hybrid_flow(self, grant: Grant, requested: list[str]) -> dict[str, str]:
        self._check_scopes()
        self._require(grants=["authorization_code"])
        code = self.server.tokens.codes.issue(grant)  # Hydra forgets to let it expire
        fields = {"code": code, "state": self.state}
        grant.claims["c_hash"] = half_hash(code)
        if "token" in requested:
            self._require(grants=["implicit"])
            fields |= self._issue_access_token(grant)
        if "id_token" in requested and has(grant.scopes, "openid"):
            fields["id_token"] = self._id_token(grant)
        return fields

    def _openid_implicit_flow(self, grant: Grant) -> dict[str, str]:
        with_token = has(self.response_types, "token", "id_token")
        if not with_token and self.response_types != ["id_token"]:
            raise OAuthError("unsupported_response_type")
        supported = ["token", "id_token"] if with_token else ["id_token"]
        self._require(grants=["implicit"], responses=supported)
        self._check_scopes()
        fields = self._issue_access_token(grant) if with_token else {"state": self.state}
        fields["id_token"] = self._id_token(grant)
        if not has(supported, *self.response_types):
            raise OAuthError("unsupported_response_type")
        return fields

    def _issue_access_token(self, grant: Grant) -> dict[str, str]:
        grant.expires_at = self.now + LIFETIME
        token = self.server.tokens.access.issue(grant)
        grant.claims["at_hash"] = half_hash(token)
        return {
            "access_token": token,
            "expires_in": str(LIFETIME - 1),
            "token_type": "bearer",
            "state": self.state,
            "scope": " ".join(grant.scopes),
        }

    def _id_token(self, grant: Grant) -> str:
        return id_token(self.server.variant, self.server.signing_key, grant, self.now)

    def _require(self, *, grants: Iterable[str] = (), responses: Iterable[str] = ()) -> None:
        """Raise OAuthError unless the client may use these grant types and response types."""
        if not has(self.client.grants, *grants) or not has(self.client.responses, *responses):
            raise OAuthError("invalid_grant")

    def _check_scopes(self) -> None:
        if not all(covers(self.client.scopes, scope) for scope in self.scopes):
            raise OAuthError("invalid_scope")


def _is_valid(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme) and not parts.fragment and bool(parts.netloc or parts.path)


def _is_secure(uri: str) -> bool:
    parts = urlsplit(uri)
    # Case-sensitive, unlike `parts.hostname`.
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    return parts.scheme != "http" or host.endswith("localhost") or host == "127.0.0.1"
