"""A headless Chromium that cannot reach a network, and pages whose requests and errors are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
SCREENSHOTS = os.environ.get("CROSSMOST_SCREENSHOTS")
"""Where `make browser` keeps its pictures; other runs keep none."""


@dataclass
class Watched:
    """An open page, the addresses it asked for, and what went wrong in it."""

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def picture(self, name: str, *, full_page: bool = False) -> None:
        """Keep a screenshot, if anyone asked for them."""
        if SCREENSHOTS:
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=full_page)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; every test that needs it is skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: `make browser` installs it where it may (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the dev extra (playwright)")
    with sync_api.sync_playwright() as playwright:
        # Chromium's own sandbox refuses to run as root, which containers are; the pages are ours.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Watched]]:
    """`open_page(address, width=…, height=…, dark=…)`: open it and watch it."""
    contexts = []

    def open_(address: str, *, width: int = 1366, height: int = 900, dark: bool = False) -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        watched.page.on(
            "console", lambda message: watched.errors.append(message.text) if message.type == "error" else None
        )
        watched.page.goto(address)
        return watched

    yield open_
    for context in contexts:
        context.close()
