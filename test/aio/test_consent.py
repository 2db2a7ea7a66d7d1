"""`consent` for asyncio; test/protocol/test_browser_binding.py runs the flows with both clients."""

from __future__ import annotations

import asyncio

from support.browsing import Browser, parameters_of

import hydra_client
from hydra_client import aio, consent
from hydra_client.aio import consent as aio_consent
from hydra_client.emulator import HydraEmulator


def test_it_has_what_the_other_has() -> None:
    assert aio_consent.__all__ == consent.__all__
    assert repr(aio_consent.ConsentApp(aio.connect("http://127.0.0.1:1", access_token="x"))) == (
        "ConsentApp(aio.ApiClient('http://127.0.0.1:1'))"
    )


def test_a_user_decides() -> None:
    async def decide(api: aio.OAuth2Api, url: str) -> tuple[str | None, str, str]:
        async with api:
            consents = aio_consent.ConsentApp(api)
            challenge = await consents.challenge(url, consent.NO_BROWSER)
            # Many at once need the discovery document once.
            await asyncio.gather(*(consents.challenge(url, consent.NO_BROWSER) for _ in range(9)))
            refused = await challenge.reject("no")
            granted = await challenge.accept("alice", ["openid"])
            return (await challenge.client()).client_name, refused, granted

    with HydraEmulator() as hydra:
        client = hydra.add_client(
            client_name="Photo app",
            redirect_uris=["http://127.0.0.1/callback"],
            response_types=["code", "id_token"],
            scope="openid",
        )
        browser = Browser()
        link = browser(
            hydra_client.authorization_url(
                hydra.url, client["id"], "http://127.0.0.1/callback", "openid", "some-state"
            )
        )
        name, refused, granted = asyncio.run(decide(aio.connect(hydra.url, *hydra.root), link))
        assert (name, refused) == ("Photo app", granted)
        assert parameters_of(browser(granted))["scope"] == "openid"
        paths = [request.path for request in hydra.requests]
        assert paths.count("/.well-known/openid-configuration") == 1
