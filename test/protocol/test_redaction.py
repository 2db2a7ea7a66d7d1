"""Secrets are masked in every form in which they are sent, and other text stays readable."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from hydra_client.protocol.redaction import MASK, SECRET_PARAMETERS, redact, redact_headers

SECRET = 'p+q%41 r:s"<&>\\ü\n'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        urllib.parse.quote(SECRET),
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1]
        .replace("&", r"\u0026")
        .replace("<", r"\u003c")
        .replace(">", r"\u003e"),
    ],
)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    assert redact(f"before {form} after {form}", [SECRET]) == f"before {MASK} after {MASK}"


def test_of_secrets_that_begin_alike_no_end_stays() -> None:
    text = "password password-of-another"
    assert redact(text, ["password", "password-of-another"]) == f"{MASK} {MASK}"
    assert redact(text, ["password-of-another", "password"]) == f"{MASK} {MASK}"


def test_what_is_too_short_to_be_a_secret_stays() -> None:
    assert redact("a cat sat", ["a", "cat", ""]) == "a cat sat"
    assert redact("a lion sat", ["lion"]) == f"a {MASK} sat"
    assert redact("a lone \ud800 stays", ["lone \ud800"]) == f"a {MASK} stays"


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS))
def test_what_is_labelled_as_a_secret_is_masked(name: str) -> None:
    assert (
        redact(f'{{"a":1,"{name}" : "hush","b":"c"}}') == f'{{"a":1,"{name}" : "{MASK}","b":"c"}}'
    )
    assert redact(f'{{"{name}":"hu\\"sh\\\\"}}') == f'{{"{name}":"{MASK}"}}'
    assert redact(f'{{"{name}":"hush and the text was cut') == f'{{"{name}":"{MASK}"'
    assert redact(f"GET /x?a=b&{name}=hush&c=d HTTP") == f"GET /x?a=b&{name}={MASK}&c=d HTTP"
    assert redact(f"{name.upper()}=hush") == f"{name.upper()}={MASK}"


@pytest.mark.parametrize(
    "text",
    [
        '{"error":{"code":403,"status":"Forbidden","message":"Request was denied"}}',
        "error_code=17&status_code=200",
        "a basic idea, and the bearer of it",
        '{"scope":"openid offline"}',
    ],
)
def test_what_is_not_a_secret_stays(text: str) -> None:
    assert redact(text, ["unrelated"]) == text


def test_an_authorization_value_is_masked() -> None:
    basic = base64.b64encode(b"admin:demo-password").decode()
    assert redact(f"Authorization: Basic {basic}") == f"Authorization: Basic {MASK}"
    assert redact("sent 'bearer  abcdefghijklmnop.qr-s'") == f"sent 'bearer  {MASK}'"


def test_a_secret_that_was_cut_in_two_is_masked_too() -> None:
    text = "the secret is p+q%41 r:"
    assert redact(text, [SECRET], cut=True) == f"the secret is {MASK}"
    assert redact(text, [SECRET]) == text
    assert redact("the secret is p%2Bq%2541", [SECRET], cut=True) == f"the secret is {MASK}"
    assert redact("the secret is päss\ufffd", ["pässwörd"], cut=True) == f"the secret is {MASK}"
    assert redact("nothing of it here", [SECRET], cut=True) == "nothing of it here"
    assert redact("half a character: \ufffd", [SECRET]) == "half a character: \ufffd"


def test_headers() -> None:
    assert redact_headers(
        {
            "Content-Type": "application/json",
            "Authorization": "Bearer hush",
            "COOKIE": "hush",
            "Proxy-Authorization": "hush",
            "Set-Cookie": "session=hush",
            "Location": "https://photos.example.com/callback?code=hush#access_token=hush",
            "X-Echo": "is it? #1: hush-hush",
        },
        ["hush-hush"],
    ) == {
        "content-type": "application/json",
        "authorization": MASK,
        "cookie": MASK,
        "proxy-authorization": MASK,
        "set-cookie": MASK,
        "location": "https://photos.example.com/callback?…",
        "x-echo": f"is it? #1: {MASK}",
    }
    fragment = redact_headers({"location": "https://photos.example.com/#token=hush"})
    assert fragment == {"location": "https://photos.example.com/?…"}
    assert redact_headers({"location": "/clients/photos"}) == {"location": "/clients/photos"}


@pytest.mark.parametrize(
    "form",
    [
        "a&amp;b&lt;c&#x27;d/e",
        "a&amp;b&lt;c&#39;d/e",
        "a%26b%3Cc%27d%2Fe",
        "a%26b%3cc%27d%2fe",
        r"a\u0026b\u003cc'd/e",
        r"a&b<c'd\/e",
        r"a\u0026b\u003cc'd\/e",
    ],
)
def test_a_secret_is_masked_as_others_write_it(form: str) -> None:
    assert redact(f"before {form} after", ["a&b<c'd/e"]) == f"before {MASK} after"
