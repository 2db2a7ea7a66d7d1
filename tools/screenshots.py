"""Takes a picture of every page of the examples: `python tools/screenshots.py FOLDER`.

It needs Chromium, and what requirements/frameworks.txt and requirements/browser.txt name. Look at
the pictures after each change of a template or a stylesheet.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "test")]


def main() -> None:
    """Visit each page, on a phone and a desktop, light and dark."""
    import run
    from support.chromium import DESKTOP, PHONE, Page
    from support.steps import stations

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the pictures")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, run.running(run.Ports(0, 0, 0, 0)) as example:
        page = Page(Path(data) / "user")
        cookieless = Page(Path(data) / "cookieless", cookies=False)
        try:
            for number, (name, shown) in enumerate(stations(page, example, cookieless), 1):
                for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
                    for dark in (False, True):
                        shown.look(size, dark)
                        words = f"{number:02} {name} {device} {'dark' if dark else 'light'}"
                        shown.picture(folder / (re.sub(r"[^a-z0-9]+", "-", words.lower()) + ".png"))
                shown.look(DESKTOP)
                print(f"{name}: {shown.title}")
        finally:
            page.close()
            cookieless.close()


if __name__ == "__main__":
    main()
