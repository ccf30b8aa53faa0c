"""One real server with the shipped definitions, and a browser that notes everything a page does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from playwright.sync_api import Browser, Page, Playwright

from tests.portal.test_serve import free_port, said_until, serving

ROOT = Path(__file__).parents[2]
CLOCK = "2026-11-20T10:00:00"
SIZES = {"desk": (1366, 768), "hall": (1920, 1080), "phone": (390, 844)}
PAGES = {
    "catalogue": "/?plain=1",
    "domain": "/?domain=sanitation&search=垃圾",
    "indicator": "/indicators/sanitation.msw_day",
    "formula": "/indicators/sanitation.transfer_load_rate?grain=week",
    "reference": "/reference",
    "api": "/api",
}


class Visit:
    """A page that was opened, with what it said and asked for meanwhile (访问)."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.note(request.url))

    def note(self, url: str) -> None:
        """Remember a request, and whether it left this server."""
        self.requests.append(url)
        if not url.startswith((self.server, "data:")):
            self.foreign.append(url)

    def open(self, address: str) -> "Visit":
        """Go to an address and wait until all is drawn, fonts included."""
        self.page.goto(self.server + address, wait_until="networkidle")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        return self

    def overflow(self) -> list[str]:
        """Elements that stick out of the window sideways, outside of boxes that scroll on their own."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest('.scroll, pre, .hidden, svg, .toc'))
                .map(e => e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + Math.round(e.getBoundingClientRect().right))"""
        )
        return found

    def is_wider_than_its_window(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


class Server(Struct, frozen=True):
    """A running server (服务)."""

    address: str


@contextmanager
def city_server(folder: Path) -> Iterator[Server]:
    """`chengmai serve` with the shipped definitions and a fresh data folder, its clock stopped: the seeded city is the same at every run."""
    (folder / "definitions").symlink_to(ROOT / "definitions", target_is_directory=True)
    port = free_port()
    with serving(folder, port, CHENGMAI_CLOCK=CLOCK) as process:
        said = said_until(process, "就绪")
        assert "就绪" in said, said
        yield Server(f"http://127.0.0.1:{port}")


def launched(playwright: Playwright) -> Browser:
    """The machine's own Chromium: a browser is never downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert program is not None, "no Chromium; on Debian: apt-get install chromium"
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])


def visit(browser: Browser, server: Server, size: str, scheme: str = "dark") -> Visit:
    """A fresh window of a size, with nothing remembered."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light" if scheme == "light" else "dark", locale="zh-CN"
    )
    return Visit(context.new_page(), server.address)
