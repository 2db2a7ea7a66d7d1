"""The page of `token user`. test/browser opens it in a browser."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from hydra_client.cli.callback_page import HEADERS, page


def test_texts_are_text() -> None:
    text = page("<b>", "</p><script>alert(1)</script>").decode()
    assert "<title>&lt;b&gt; – hydra-client</title>" in text
    assert "<p>&lt;/p&gt;&lt;script&gt;" in text


def test_only_its_own_style_applies() -> None:
    found = re.search("<style>(.*)</style>", page("", "").decode(), re.DOTALL)
    assert found
    digest = b64encode(sha256(found[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in HEADERS["Content-Security-Policy"]
