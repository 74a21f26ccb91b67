"""Chromium through Playwright, and what a page in it may not do: log errors, or fetch from elsewhere."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from support.servers.running import ROOT

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
# Test machines may be busy with other tests; nothing here is slow by itself.
expect.set_options(timeout=15_000)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# What the browser itself says of a service that is down; nothing that a script could keep from the console.
_NETWORK = ("net::ERR_CONNECTION", "net::ERR_INTERNET", "net::ERR_NETWORK", "net::ERR_EMPTY_RESPONSE")


def chromium() -> str:
    """Return the path of the browser, or fail with what to install."""
    # The shell is Chromium without its windows: the same engine, at less than half of the processor's time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise RuntimeError("No Chromium: `apt-get install chromium-headless-shell`, or name one in CHROMIUM.")
    return found


def openseadragon() -> Path:
    """Return the file of the viewer that `make viewer` unpacks, or fail with what to do."""
    unpacked = ROOT / ".venv/openseadragon/package/build/openseadragon/openseadragon.min.js"
    found = Path(os.environ.get("OPENSEADRAGON") or unpacked)
    if not found.is_file():
        raise RuntimeError("No OpenSeadragon: `make viewer`, or name its file in OPENSEADRAGON.")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


# An empty page asks for photographs where others take more.
_ADD = re.compile("^(Choose|Add) photographs$")


@dataclass
class Visit:
    """One visitor: a fresh profile, the page, and what it complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    refusals_expected: tuple[int, ...] = ()

    def listen(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type not in {"error", "warning"} or any(word in message.text for word in _NETWORK):
            return
        # Chromium logs every answer from 400 on by itself; a test says which ones it provokes.
        if any(f"status of {status}" in message.text for status in self.refusals_expected):
            return
        self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.foreign.append(request.url)

    def choose(self, *files: Path | dict[str, Any], button: str | re.Pattern[str] = _ADD) -> None:
        # Some buttons of the bar go once the page knows that it has no photographs.
        self.page.locator("main > section:visible").first.wait_for()
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=button).first.click()
        chooser.value.set_files([*files])

    def assert_clean(self) -> None:
        assert not self.complaints, self.complaints
        assert not self.foreign, self.foreign


@contextmanager
def visit(on: Browser, url: str, *, expect: tuple[int, ...] = (), **context: Any) -> Iterator[Visit]:
    """Open the page in a new profile; at the end it must have been quiet and have stayed at home."""
    opened: BrowserContext = on.new_context(
        viewport=context.pop("viewport", {"width": 1280, "height": 800}), **context
    )
    visiting = Visit(opened.new_page(), url, refusals_expected=expect)
    visiting.listen()
    try:
        visiting.page.goto(url)
        yield visiting
        visiting.assert_clean()
    finally:
        opened.close()


def findings(page: Page) -> list[str]:
    """Return what axe-core holds against what the page shows now."""
    page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']} at {[node['target'] for node in violation['nodes']]}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical", "moderate"}
    ]
