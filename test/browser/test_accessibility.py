"""axe-core finds nothing on any page, at any size, light or dark; and what it does not check."""

from __future__ import annotations

import run
from support.chromium import DESKTOP, PHONE, Page
from support.steps import stations

SMALLEST = 24  # pixels that a finger needs (WCAG 2.2, 2.5.8)
SIZES = """
return [...document.querySelectorAll('a, button, input:not([type=hidden]), summary')].map(one => {
  const box = one.getBoundingClientRect();
  const isInText = getComputedStyle(one).display === 'inline';
  return [one.outerHTML.slice(0, 80), isInText ? 99 : box.width, isInText ? 99 : box.height];
})
"""
WIDER = "return document.documentElement.scrollWidth > window.innerWidth"


def test_every_page(example: run.Example, page: Page, cookieless: Page) -> None:
    found, titles = {}, set()
    for name, shown in stations(page, example, cookieless):
        for size in (PHONE, DESKTOP):
            for dark in (False, True):
                shown.look(size, dark)
                violations = shown.violations()
                sizes = shown.driver.execute_script(SIZES)
                violations += [one for one, *box in sizes if min(box) < SMALLEST]
                if shown.driver.execute_script(WIDER):
                    violations.append("wider than the window")
                if violations:
                    found[f"{name}, {size}, {'dark' if dark else 'light'}"] = violations
        titles.add((shown.title, name))
    assert found == {}
    assert len({title for title, _ in titles}) >= len(titles) - 3, titles


def test_axe_finds_something_where_there_is_something(example: run.Example, page: Page) -> None:
    page.go(example.client_url)
    page.driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<p>faint <input>');"
        "document.querySelector('main > p').style.cssText = 'color: #bbb; background: #fff'"
    )
    assert {one.partition(":")[0] for one in page.violations()} == {"color-contrast", "label"}
