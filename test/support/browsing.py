"""A browser for tests that look at every step."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import requests


class Browser:
    """Keeps cookies, and shows each redirect instead of following it."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(self, url: str) -> str:
        response = self.session.get(url, allow_redirects=False, timeout=30)
        assert response.status_code == 302, response.text
        return response.headers["Location"]


def parameters_of(url: str) -> dict[str, str]:
    """What an address says in query and fragment."""
    parts = urlsplit(url)
    return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))
