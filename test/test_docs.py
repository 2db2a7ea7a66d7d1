"""Runs the documentation: each Python block and each shell line of a page is a test.

The blocks of the README and of each guide run in order, in one namespace. Each block of the
reference (docs/*.md) runs separately. Every run gets a new emulator, which HYDRA_URL,
HYDRA_CLIENT_ID and HYDRA_CLIENT_SECRET name. It has a client "my-app", with a pending consent
request whose id is in CONSENT_ID. The browser that began it has the secret BROWSER_SECRET.

A `yaml` block that begins with `# NAME.yaml` is written to that file for the lines after it.

The output that a page shows is compared with the real one: the lines after a shell line in its
block, and a `text` block right after a Python block. "…" stands for anything within a line, or on
a line of its own for any number of lines.

To leave a block out, put this line before it:

    <!-- not run: reason -->

`make` lines are dry runs, except for `make demo`, whose recipe runs.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from support.browsing import Browser as Visitor
from support.frameworks import need_frameworks
from support.loopback import refusing_port

from hydra_client import OAuth2Client, authorization_url
from hydra_client.emulator import HydraEmulator
from hydra_client.protocol.browser_binding import Browser

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]

# How many blocks of each page are left out, so that nobody leaves one out by accident.
NOT_RUN = {
    "CONTRIBUTING.md": 2,
    "README.md": 1,
    "docs/guides/command.md": 1,
    "docs/guides/quick-start.md": 1,
    "examples/README.md": 2,
    "examples/consent_app/README.md": 3,
}

BROWSER_SECRET = "a-secret-of-the-session-of-a-browser"

SHELL = ("console", "sh")
SHOWN_ONLY = ("html", "http", "ini", "javascript", "json", "text", "toml", "yaml")
FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,})(?P<language>\S*)[^`]*$")
YAML_FILE = re.compile(r"# (?P<name>[\w-]+\.yaml)\n")
REASON = re.compile(r"<!-- not run: *(?P<reason>.*?) *-->")


class Block(NamedTuple):
    """A fenced block: where it is, its text, why it is left out, and the output it shows."""

    page: Path
    line: int
    language: str
    text: str
    reason: str | None
    output: str | None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name of the file that the block is written to, if it has one."""
        found = YAML_FILE.match(self.text) if self.language == "yaml" else None
        return found and found["name"]


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    ends: list[int] = []
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        number += 1
        if not fence:
            continue
        start = number
        while lines[number].strip() != fence["mark"]:
            number += 1
        text = textwrap.dedent("\n".join(lines[start:number])) + "\n"
        before = next((line for line in reversed(lines[: start - 1]) if line.strip()), "")
        reason = REASON.search(before)
        found.append(Block(page, start, fence["language"], text, reason and reason["reason"], None))
        right_after = ends and not "".join(lines[ends[-1] : start - 1]).strip()
        if fence["language"] == "text" and right_after and found[-2].language == "python":
            found[-2] = found[-2]._replace(output=text)
        number += 1
        ends.append(number)
    yield from found


BLOCKS = [block for page in PAGES for block in blocks(page)]


def units() -> Iterator[object]:
    """Yield what runs together: a whole page, or one block of the reference."""
    for page in PAGES:
        runs = [
            block
            for block in BLOCKS
            if block.page == page
            and block.reason is None
            and (block.language in ("python", *SHELL) or block.file is not None)
        ]
        if page.parent == DOCS:
            for block in runs:
                yield pytest.param([block], id=block.place)
        elif runs:
            yield pytest.param(runs, id=str(page.relative_to(ROOT)))


def test_every_block_names_its_language() -> None:
    """Otherwise the block would not run."""
    known = ("python", *SHELL, *SHOWN_ONLY)
    unknown = {block.place: block.language for block in BLOCKS if block.language not in known}
    assert unknown == {}
    unmarked = [
        block.place
        for block in BLOCKS
        if block.language in SHELL and not block.text.startswith("$ ")
    ]
    assert unmarked == [], "a shell block begins with '$ '"


def test_blocks_that_are_left_out_are_counted_and_have_a_reason() -> None:
    left_out = [block for block in BLOCKS if block.reason is not None]
    for block in left_out:
        print(f"{block.place}: {block.reason}")
    assert all(block.reason for block in left_out)
    assert Counter(str(block.page.relative_to(ROOT)) for block in left_out) == NOT_RUN


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Start a server with a client and a consent request, and change to an empty folder."""
    with HydraEmulator(version="0.10", store="memory") as hydra:
        variables = {
            "HYDRA_URL": hydra.url,
            "HYDRA_CLIENT_ID": "admin",
            "HYDRA_CLIENT_SECRET": "demo-password",
            "CONSENT_ID": consent_request(hydra),
            "BROWSER_SECRET": BROWSER_SECRET,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "examples").symlink_to(ROOT / "examples")
        monkeypatch.chdir(tmp_path)
        yield variables


def consent_request(hydra: HydraEmulator) -> str:
    """Start an authorization, and return the id of its consent request."""
    api = hydra.api()
    api.create_oauth2_client(
        OAuth2Client(
            id="my-app",
            client_secret="my-app-secret",
            redirect_uris=["http://127.0.0.1:9010/callback"],
            grant_types=["authorization_code", "refresh_token", "client_credentials", "implicit"],
            response_types=["code", "token", "id_token"],
            scope="openid offline photos.read",
        )
    )
    url = authorization_url(
        hydra.url,
        "my-app",
        "http://127.0.0.1:9010/callback",
        "openid offline photos.read",
        "some-long-state",
        None,
    )
    bound = Browser(BROWSER_SECRET.encode()).with_value(url, hydra.clock())
    return parse_qs(urlsplit(Visitor()(bound)).query)["consent"][0]


# Slow, because each shell line of a page starts a process.
@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("unit", list(units()))
def test_pages_run(unit: list[Block]) -> None:
    code = "\n".join(block.text for block in unit)
    need_frameworks(code)
    if "import django" in code or "from django" in code:
        # Each page configures Django, which a process can do once.
        nothing = importlib.import_module("django.utils.functional").empty
        importlib.import_module("django.conf").settings._wrapped = nothing
    if any("hydra-client serve" in block.text for block in unit):
        unit = elsewhere(unit)
    namespace: dict[str, object] = {"__name__": "__main__"}
    with contextlib.ExitStack() as background:
        shell = Shell(background)
        for block in unit:
            if block.language == "python":
                run_python(block, namespace)
            elif block.file is not None:
                Path(block.file).write_text(block.text, encoding="utf-8")
            else:
                shell.run(block)


def elsewhere(unit: list[Block]) -> list[Block]:
    """Return the blocks with another port than Hydra's, which may be in use on this machine."""
    port = str(refusing_port())

    def moved(text: str) -> str:
        return re.sub(r"\b4444\b", port, text)

    return [
        block._replace(
            text=re.sub(
                r"(hydra-client serve)\b(?!.*--port)", rf"\1 --port {port}", moved(block.text)
            ),
            output=block.output and moved(block.output),
        )
        for block in unit
    ]


def run_python(block: Block, namespace: dict[str, object]) -> None:
    if re.search(r"^def test_", block.text, re.MULTILINE):
        run_tests(block)
        return
    # The empty lines make tracebacks show line numbers of the page.
    code = compile("\n" * block.line + block.text, str(block.page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    if block.output is not None:
        compare(block.place, block.output, printed.getvalue())


def run_tests(block: Block) -> None:
    """Run the tests in a block with pytest, as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_shown.py").write_text(block.text, encoding="utf-8")
        finished = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-W", "error", folder],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    assert finished.returncode == 0, f"{block.place}\n{finished.stdout}"


class Shell:
    """Runs the shell lines of one page. `export` and `cd` affect all lines after them."""

    def __init__(self, background: contextlib.ExitStack) -> None:
        self.background = background
        self.setup = ""
        self.environment = {
            **os.environ,
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }

    def run(self, block: Block) -> None:
        for shown in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, expected = split(shown)
            if command.startswith("hydra-client serve"):
                self.serve(block.place, command, expected)
                continue
            if command.startswith(("export ", "cd ")):
                self.setup += f"{command}\n"
                continue
            finished = subprocess.run(
                ["bash", "-c", self.setup + as_tested(command)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
            assert finished.returncode == 0, f"{block.place}: {command}\n{finished.stdout}"
            if expected:
                compare(f"{block.place}: {command}", expected, finished.stdout)

    def serve(self, place: str, command: str, expected: str) -> None:
        """Start a server that runs until the page ends, and check that Ctrl-C stops it cleanly."""
        process = subprocess.Popen(
            ["bash", "-c", f"{self.setup}exec {command}"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        guard = threading.Timer(120, process.kill)
        guard.start()
        try:
            printed = "".join(
                process.stdout.readline() for _ in range(max(1, expected.count("\n")))
            )
        finally:
            guard.cancel()
        self.background.callback(interrupt, process, f"{place}: {command}")
        assert process.poll() is None, f"{place}: {command}\n{printed}"
        if expected:
            compare(f"{place}: {command}", expected, printed)


def interrupt(process: subprocess.Popen[str], place: str) -> None:
    process.send_signal(signal.SIGINT)
    try:
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, f"{place}\n{rest}"


def split(shown: str) -> tuple[str, str]:
    """Return a command with its continuation lines, and the output shown after it."""
    lines = shown.splitlines(keepends=True)
    count = 1
    while lines[count - 1].endswith("\\\n"):
        count += 1
    return "".join(lines[:count]).strip(), "".join(lines[count:])


def as_tested(command: str) -> str:
    """Return the command to run in place of a shown one: `make test` would run this test again."""
    if not command.startswith("make "):
        return command
    if command == "make demo":
        recipe = re.search(r"^demo:.*\n\t@?\$\(BIN\)/(.+)$", makefile(), re.MULTILINE)
        assert recipe
        # In a fresh clone, no variable names a server.
        return f"unset ${{!HYDRA_*}}; {recipe[1]}"
    goals = command.removeprefix("make ")
    return f"make --dry-run --directory='{ROOT}' PYTHON=python3 PYTHONS= {goals} >/dev/null"


def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def compare(place: str, shown: str, printed: str) -> None:
    """Compare output as shown and as printed, where "…" stands for what differs between runs."""
    pattern = ""
    for line in shown.rstrip().splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r" *\n"
    matches = re.fullmatch(pattern, printed.rstrip() + "\n") is not None
    assert matches, f"{place} prints\n{printed}\nnot\n{shown}"


@pytest.mark.parametrize(
    ("shown", "printed", "matches"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("id …, 3599 s\n", "id 4f, 3599 s\n", True),
        ("id …, 3599 s\n", "id 4f, 3600 s\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
    ],
)
def test_shown_output_is_compared(shown: str, printed: str, matches: bool) -> None:
    if matches:
        compare("here", shown, printed)
    else:
        with pytest.raises(AssertionError, match="here prints"):
            compare("here", shown, printed)
