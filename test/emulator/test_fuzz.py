"""Random requests: every response is one that Hydra could send."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.emulator import Wire, make_wire
from support.variants import VARIANTS

PATHS = st.sampled_from(
    [
        "/clients", "/clients/", "/clients/admin", "/clients/{}", "/CLIENTS/{}", "//clients/{}",
        "/oauth2/auth", "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/userinfo",
        "/oauth2/consent/requests/{}", "/oauth2/consent/requests/{}/accept",
        "/oauth2/consent/requests/{}/reject", "/.well-known/jwks.json", "/health/status",
        "/.well-known/openid-configuration", "/{}", "/", "/policies", "/policies/{}",
        "/warden/allowed", "/warden/token/allowed", "/warden/groups", "/warden/groups/{}",
        "/warden/groups/{}/members", "/keys/{}", "/keys/{}/{}", "/health/metrics",
    ]
)  # fmt: skip
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
SEGMENTS = st.text(max_size=8) | st.sampled_from(["%2F", "%zz", "..", ".", "%00", "a%20b", "+"])
NAMES = st.sampled_from(
    [
        "client_id", "client_secret", "code", "consent", "grant_type", "max_age", "nonce", "prompt",
        "redirect_uri", "refresh_token", "response_type", "scope", "state", "token", "access_token",
        "token_type_hint", "id", "limit", "offset", "member",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "admin", "authorization_code", "client_credentials", "code", "http://127.0.0.1:4900/cb",
        "id_token token", "openid", "refresh_token", "some-random-state", "%zz", "a b", "",
        "1", "-2",
    ]
) | st.text(max_size=12)  # fmt: skip
FORMS = st.lists(st.tuples(NAMES, WORDS), max_size=8).map(
    lambda pairs: "&".join(f"{name}={word}" for name, word in pairs)
)
# JSON can contain unpaired surrogates; UTF-8 cannot.
TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=7)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "client_secret", "redirect_uris", "public", "subject", "reason",
                         "grantScopes", "accessTokenExtra", "subjects", "effect", "conditions",
                         "members", "alg", "kid", "kty", "keys", "context", "scopes"])
        | st.text(max_size=3),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
BODIES = (
    FORMS.map(lambda form: form.encode("utf-8", "replace"))
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=30)
)
AUTHORIZATION = st.sampled_from(["root", "basic", "odd", "none"])
LABELS = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "x;="])

# Every status that Hydra's code sends.
STATUSES = {0, 200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 405, 500}
ENDLESS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@pytest.fixture(scope="module")
def servers() -> dict[tuple[str, str], Wire]:
    return {variant: make_wire(*variant) for variant in VARIANTS}


@ENDLESS
@given(data=st.data())
def test_any_request(servers: dict[tuple[str, str], Wire], data: st.DataObject) -> None:
    variant = data.draw(st.sampled_from(VARIANTS))
    wire = servers[variant]
    path = data.draw(PATHS).replace("{}", data.draw(SEGMENTS))
    path = path.replace("?", "%3F").replace("#", "%23")
    query = data.draw(FORMS)
    authorization = {
        "root": f"bearer {wire.root}",
        "basic": "Basic YWRtaW46ZGVtby1wYXNzd29yZA==",
        "odd": data.draw(st.text(max_size=10)),
        "none": "",
    }[data.draw(AUTHORIZATION)]
    method = data.draw(METHODS)
    response = wire(
        method,
        f"{path}?{query}" if query else path,
        data.draw(BODIES),
        headers={"Content-Type": data.draw(LABELS), "Authorization": authorization},
    )
    assert response.status in STATUSES
    for name, value in response.headers.items():
        assert "\n" not in f"{name}{value}"
        assert "\r" not in value
    if response.status == 0:
        assert path.startswith("/policies")  # Hydra's code panics
        return
    if response.status == 500:
        first = response.text.partition("\n")[0]
        error = json.loads(first)
        message = error["error"]["message"] if isinstance(error["error"], dict) else error["error"]
        known = (
            "json: ", "invalid character", "EOF", "unexpected EOF", "exceeded max depth",
            "The client secret must be", "pq: ", "A validator returned an error: ",
            "Request was denied by default: ", "server_error", "unknown_error", "error",
            "strconv.ParseInt: ", "Policy exists", "sql: ", "square/go-jose: ", "Could not find ",
        )  # fmt: skip
        assert message.startswith(known)
    if response.status >= 400 and response.headers["Content-Type"].startswith("application/json"):
        assert list(json.loads(response.text)) == ["error", "error_description", "statusCode"]


@ENDLESS
@given(data=st.data())
def test_any_authorization(servers: dict[tuple[str, str], Wire], data: st.DataObject) -> None:
    wire = servers[data.draw(st.sampled_from(VARIANTS))]
    wire.hydra.reset()  # a random request may have deleted the root client
    wire.forget_root()
    app = wire.app(scope=data.draw(st.sampled_from(["openid offline foo", "*", ""])))
    id, _, cookie = wire.start(app)
    wire.accept(id, scopes=data.draw(st.sampled_from(["openid foo", "", "offline openid", "foo"])))
    query = wire.query(
        app,
        response_type=data.draw(
            st.lists(st.sampled_from(["code", "token", "id_token", "x"]), max_size=4).map(" ".join)
        ),
        scope=data.draw(st.sampled_from(["openid foo", "beyond", ""])),
        state=data.draw(st.text(min_size=4, max_size=12).filter(lambda text: text.isprintable())),
        nonce=data.draw(st.sampled_from(["", "short", "long-enough"])),
    )
    response = wire.authorize(f"{query}&consent={id}", cookie)
    assert response.status == 302
    assert response.location.startswith("http://127.0.0.1:4900/cb")
    assert ("error" in response.params) is not bool(
        {"code", "access_token", "id_token"} & set(response.params)
    )
