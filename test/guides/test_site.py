"""The site has every page, and an entry for every error."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import hydra_client
from hydra_client.cli.findings import ADVICE
from hydra_client.exceptions import HydraException

DOCS = Path(__file__).parents[2] / "docs"


def headings(page: str) -> set[str]:
    text = (DOCS / "guides" / f"{page}.md").read_text(encoding="utf-8")
    return {*re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def errors() -> Iterator[type[Exception]]:
    """Yield the public errors and warnings: those that a module of the package defines."""
    for found in pkgutil.iter_modules(hydra_client.__path__):
        if found.name.startswith("_") or found.name in ("cli", "emulator", "protocol", "transport"):
            continue
        module = importlib.import_module(f"hydra_client.{found.name}")
        public = getattr(module, "__all__", [name for name in vars(module) if name[0] != "_"])
        for item in map(vars(module).get, public):
            if inspect.isclass(item) and issubclass(item, (HydraException, Warning)):
                yield item


def test_every_page_is_in_the_contents() -> None:
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in [*(DOCS / "guides").glob("*.md"), *(DOCS / "api").glob("*.rst")]:
        name = page.relative_to(DOCS).with_suffix("").as_posix()
        assert re.search(rf"^(.* <)?{name}>?$", contents, re.MULTILINE), name


def test_the_readme_leads_to_every_guide() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    for page in (DOCS / "guides").glob("*.md"):
        assert f"](docs/guides/{page.name}" in readme, page.name


def test_every_error_has_an_entry() -> None:
    """The reference links to it."""
    assert {error.__name__ for error in errors()} <= headings("errors")


def test_the_entries_of_errors_lead_to_symptoms() -> None:
    """A link to a heading that does not exist fails when the site is built."""
    page = (DOCS / "guides" / "errors.md").read_text(encoding="utf-8")
    assert page.count("](troubleshooting.md#") > 10


def test_every_finding_of_doctor_has_an_entry() -> None:
    assert {*ADVICE} <= headings("troubleshooting")


def slug(heading: str) -> str:
    """Return the anchor that code hosts give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_links_of_pages_outside_the_site_lead_somewhere() -> None:
    """Building the site checks those of its own pages."""
    root = DOCS.parent
    for page in [*root.glob("*.md"), *(root / "examples").rglob("*.md")]:
        links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        for link in links:
            path, _, anchor = link.partition("#")
            if not link.startswith(("https:", "http:")):
                target = page.parent / path if path else page
                assert target.exists(), f"{page.name}: {link}"
                if anchor:
                    found = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
                    assert anchor in map(slug, found), f"{page.name}: {link}"
