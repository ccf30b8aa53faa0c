"""`make screens`: pictures of the pages as they are now, for the documentation and for whoever wants to judge them."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.visiting import ROOT, city_server, launched, visit

FOLDER = ROOT / "docs" / "screens"
# name: (address, window, scheme, whole page)
SCREENS = {
    "catalogue": ("/?plain=1", "hall", "dark", False),
    "catalogue-light": ("/?plain=1", "desk", "light", False),
    "catalogue-phone": ("/?plain=1", "phone", "dark", False),
    "indicator": ("/indicators/sanitation.msw_day", "hall", "dark", True),
    "indicator-phone": ("/indicators/sanitation.msw_day", "phone", "dark", False),
    "formula": ("/indicators/sanitation.transfer_load_rate?last=P90D", "hall", "dark", True),
    "formula-light": ("/indicators/sanitation.transfer_load_rate", "desk", "light", True),
    "reference": ("/reference#indicator", "hall", "dark", False),
    "api": ("/api", "hall", "dark", False),
    "error": ("/indicators/sanitation.msw_dya", "desk", "dark", False),
}


def take_screens(folder: Path) -> None:
    """Write one PNG a screen."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, city_server(Path(scratch)) as server, sync_playwright() as playwright:
        browser = launched(playwright)
        for name, (address, size, scheme, whole) in SCREENS.items():
            opened = visit(browser, server, size, scheme).open(address)
            opened.page.screenshot(path=folder / f"{name}.png", full_page=whole)
            opened.page.context.close()
            print(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take_screens(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
