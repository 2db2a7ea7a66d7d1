"""ID tokens, and the parameters of the request that affect them."""

from __future__ import annotations

import jwt
from support.emulator import (
    Wire,
)


def test_max_age(wire: Wire) -> None:
    app = wire.app()
    late, fresh = ("login_required", 400), None
    if wire.is_0_9:  # where every request with `max_age` fails
        late = fresh = ("unknown_error", 500)  # type: ignore[assignment]
    ignored = ("0", "x", "-1", "\u0663", "9" * 5000)  # Go reads ASCII digits of 64-bit numbers only
    for max_age, error in (("10", late), ("1000", fresh), *((text, None) for text in ignored)):
        code = wire.code(app, max_age=max_age)
        wire.hydra.clock.advance(20)
        response = wire.redeem(app, code)
        if error is None:
            assert response.status == 200
        else:
            assert (response.json["error"], response.status) == error


def test_prompt(wire: Wire) -> None:
    app = wire.app()
    assert wire.redeem(app, wire.code(app, prompt="none")).status == 200
    response = wire.redeem(app, wire.code(app, prompt="login"))
    assert response.status == (200 if wire.is_0_9 else 400)


def test_acr_values(wire: Wire) -> None:
    app = wire.app()
    for acr_values, acr in (("2 1", None if wire.is_0_9 else "0"), ("", None)):
        id_token = wire.redeem(app, wire.code(app, acr_values=acr_values)).json["id_token"]
        claims = jwt.decode(id_token, options={"verify_signature": False})
        assert claims.get("acr") == acr


def test_id_token_hint(wire: Wire) -> None:
    app = wire.app()
    good = wire.redeem(app, wire.code(app)).json["id_token"]
    foreign = jwt.encode({"sub": "bob"}, "x" * 32, algorithm="HS256")
    id, query, cookie = wire.start(app)
    wire.accept(id, subject="alice")
    code = wire.authorize(query, cookie).params["code"]
    others = wire.redeem(app, code).json["id_token"]
    for hint, status in ((good, 200), (others, 400), (foreign, 500), ("x", 500), ("", 200)):
        response = wire.redeem(app, wire.code(app, id_token_hint=hint))
        assert response.status == (200 if wire.is_0_9 else status), hint
