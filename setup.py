"""The distribution: its name, requirements, extras, commands and description."""

import os
import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent

# The address of the documentation, where a release is built.
SITE = os.environ.get("DOCS_URL", "").rstrip("/")


def absolute(link: re.Match[str]) -> str:
    """Point a link to the site. Other links into the repository cannot work on an index page."""
    before, text, target = link.groups()
    page = target.removeprefix("docs/")
    if not SITE or page == target:
        return text
    return f"{before}{text}]({SITE}/{page.replace('.md', '.html')})"


README = re.sub(
    r"(!?\[)([^\]]*)\]\((?!https?:|#)([^)]*)\)",
    absolute,
    (ROOT / "README.md").read_text(encoding="utf-8"),
)

about: dict[str, str] = {}
exec((ROOT / "hydra_client" / "version.py").read_text(encoding="utf-8"), about)

# Each lower bound is in requirements/lowest.txt too, where `tox -e lowest` tests it.
REQUIRES = [
    "requests>=2.32.2",
    "urllib3>=2.2.3",
    # The CA certificates that requests trusts: a bound of our own keeps out those that were
    # withdrawn since its own bound.
    "certifi>=2024.7.4",
    "python-dateutil>=2.9.0",
    # python-dateutil needs it, and allows releases that fail on Python 3.12.
    "six>=1.16.0",
]

EXTRAS = {
    # Empty, because hydra_client.aio needs only the core; it exists so that the name works.
    "async": [],
    "jwt": ["PyJWT[crypto]>=2.10.0", "cryptography>=43.0.0"],
    "cli": [
        "click>=8.2.1",
        "rich>=13.0.0",
        "PyYAML>=6.0.1",
        "tomli>=2.0.0; python_version < '3.11'",
    ],
    "emulator": [
        "Werkzeug>=3.0.0",
        "PyJWT[crypto]>=2.10.0",
        "cryptography>=43.0.0",
        "bcrypt>=4.2.0",
    ],
}
EXTRAS["all"] = sorted({requirement for extra in EXTRAS.values() for requirement in extra})

setup(
    name="hydra-legacy-client",
    version=about["__version__"],
    description="Client for ORY Hydra 0.9 and 0.10, an OAuth 2.0 and OpenID Connect server",
    long_description=README,
    long_description_content_type="text/markdown",
    author="The hydra-client contributors",
    license="Apache-2.0",
    keywords=["oauth2", "openid-connect", "ory", "hydra", "consent", "introspection"],
    project_urls={
        **({"Documentation": SITE} if SITE else {}),
        "ORY Hydra": "https://github.com/ory/hydra",
        "OAuth 2.0 (RFC 6749)": "https://www.rfc-editor.org/rfc/rfc6749",
    },
    packages=find_packages(include=["hydra_client", "hydra_client.*"]),
    package_data={"hydra_client": ["py.typed"], "hydra_client.cli.manifest": ["schema.json"]},
    zip_safe=False,
    # Type checkers cannot follow the other modes of an editable install.
    options={"editable_wheel": {"mode": "compat"}},
    python_requires=">=3.10",
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": ["hydra-client = hydra_client.cli:main"],
        "pytest11": ["hydra_client = hydra_client.emulator.testing.pytest_plugin"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Pytest",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
        "Topic :: Internet :: WWW/HTTP",
        "Topic :: Security",
        "Topic :: System :: Systems Administration :: Authentication/Directory",
        "Typing :: Typed",
    ],
)
