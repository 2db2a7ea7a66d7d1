"""Chromium, driven by Selenium: what a user sees and does, and what axe-core finds on a page."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
PHONE, DESKTOP = (320, 640), (1280, 900)


def missing() -> str:
    """Say what a browser needs and this machine lacks; empty if it lacks nothing."""
    lacks = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    lacks += [
        name
        for name in ("selenium", "axe_playwright_python")
        if importlib.util.find_spec(name) is None
    ]
    return f"no browser to test with: {', '.join(lacks)} not installed" if lacks else ""


class Page:
    """One window of a browser of its own, with its own cookies."""

    def __init__(self, folder: Path, *, cookies: bool = True) -> None:
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*FLAGS, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        if not cookies:
            options.add_experimental_option(
                "prefs", {"profile.default_content_setting_values.cookies": 2}
            )
        service = webdriver.ChromeService(executable_path=str(shutil.which("chromedriver")))
        self.driver = webdriver.Chrome(options, service)
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(60)
        self.look(DESKTOP)

    def close(self) -> None:
        self.driver.quit()

    def command(self, name: str, **arguments: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def reset(self) -> None:
        """Forget cookies, other tabs and settings."""
        for handle in self.driver.window_handles[1:]:
            self.switch(handle)
            self.driver.close()
        self.switch(self.driver.window_handles[0])
        self.scripts(True)
        self.go("about:blank")
        self.command("Network.clearBrowserCookies")
        self.look(DESKTOP)

    def look(self, size: tuple[int, int], dark: bool = False) -> None:
        """Change the size of the window, and whether the user prefers dark pages."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def scripts(self, on: bool) -> None:
        self.command("Emulation.setScriptExecutionDisabled", value=not on)

    # --- where the user is, and goes

    @property
    def url(self) -> str:
        return str(self.driver.current_url)

    @property
    def title(self) -> str:
        return str(self.driver.title)

    @property
    def text(self) -> str:
        return str(self.one("body").text)

    @property
    def source(self) -> str:
        return str(self.driver.page_source)

    def go(self, url: str) -> None:
        self.driver.get(url)

    def back(self) -> None:
        self.driver.back()

    def reload(self) -> None:
        self.driver.refresh()

    def tab(self) -> str:
        """Open a tab, and return it."""
        self.driver.switch_to.new_window("tab")
        return str(self.driver.current_window_handle)

    @property
    def handle(self) -> str:
        return str(self.driver.current_window_handle)

    def switch(self, handle: str) -> None:
        self.driver.switch_to.window(handle)

    # --- what is on the page

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", selector))

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def has(self, selector: str) -> bool:
        return bool(self.all(selector))

    def fill(self, name: str, value: str) -> None:
        field = self.one(f"[name={name}]")
        field.clear()
        field.send_keys(value)

    def press(self, text: str) -> None:
        """Press a button or follow a link, and wait for the next page."""
        old = self.one("html")
        self.button(text).click()
        self.wait(lambda: _is_gone(old), f"no new page after {text!r}")

    def button(self, text: str) -> Any:
        found = [one for one in self.all("button, a, summary") if one.accessible_name == text]
        assert found, f"{text!r} is not on the page: {self.text}"
        return found[0]

    def keys(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> str:
        """The name of what has the focus."""
        return str(self.driver.switch_to.active_element.accessible_name)

    def wait(self, condition: Callable[[], object], problem: str) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"{problem}; the page is {self.title!r}, {self.url}"
            time.sleep(0.02)

    def cookie(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.driver.get_cookie(name)
        return found

    # --- what others find on it

    def violations(self) -> list[str]:
        """What axe-core finds on the page: the rule, and where."""
        if self.driver.execute_script("return !window.axe"):
            self.driver.execute_script(axe())
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
            "'best-practice']}).then(result => done(result.violations), error => done(`${error}`))"
        )
        assert isinstance(found, list), found
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]

    def picture(self, path: Path) -> None:
        """Write the whole page to a file."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        from base64 import b64decode

        shot = self.command(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={**size, "x": 0, "y": 0, "scale": 1},
        )
        path.write_bytes(b64decode(shot["data"]))


def axe() -> str:
    """The text of axe-core. The package around it is for another driver, and is not imported."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found
    assert found.origin
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def _is_gone(element: Any) -> bool:
    from selenium.common.exceptions import WebDriverException

    try:
        element.is_enabled()
    except WebDriverException:  # several, while one page makes way for the next
        return True
    return False
