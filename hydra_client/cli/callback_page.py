"""The page that a browser shows when it comes back to the command. It has no scripts."""

from __future__ import annotations

import base64
import hashlib
from html import escape

_STYLE = """
:root {
  color-scheme: light dark;
  --page: #f1f2f7; --card: #fff; --text: #1b1d2a; --line: #d5d8e6; --accent: #4350c4;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #11131b; --card: #1b1e2a; --text: #eceef7; --line: #343950; --accent: #aeb7ff; }
}
body {
  margin: 0; min-height: 100vh; padding: 1rem; box-sizing: border-box;
  display: grid; place-items: center; background: var(--page); color: var(--text);
  font: 100%/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
main {
  box-sizing: border-box; width: 100%; max-width: 27rem; padding: 1.5rem;
  border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 1rem;
  background: var(--card);
}
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – hydra-client</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What to send with the page. Only its own stylesheet applies."""


def page(title: str, text: str) -> bytes:
    """Return a page that says what has happened."""
    return _PAGE.format(title=escape(title), text=escape(text), style=_STYLE).encode()
