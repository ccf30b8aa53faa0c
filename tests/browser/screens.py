"""`make screens`: pictures of the pages as they are now, for the documentation and for whoever wants to judge them."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.visiting import ROOT, city_server, launched, visit

FOLDER = ROOT / "docs" / "screens"
BENCH = "i=sanitation.msw_day&i=sanitation.kw_rate&i=city.population&f=sanitation.msw_day+*+sanitation.kw_rate&grain=month"
# name: (address, window, scheme, whole page)
SCREENS = {
    "catalogue": ("/app/", "hall", "dark", False),
    "catalogue-desk": ("/app/", "desk", "light", False),
    "catalogue-phone": ("/app/", "phone", "dark", False),
    "found": ("/app/?q=shljqyl", "desk", "dark", False),
    "indicator": ("/app/indicators/sanitation.msw_day?vs=yoy", "hall", "dark", True),
    "indicator-desk": ("/app/indicators/sanitation.transfer_load_rate", "desk", "light", True),
    "indicator-phone": ("/app/indicators/sanitation.msw_day?vs=yoy", "phone", "dark", True),
    "drilled": ("/app/indicators/sanitation.msw_day?cut=city.district:110105&by=city.street", "desk", "dark", False),
    "members": ("/app/indicators/sanitation.msw_day?pick=110105&pick=110108&pick=110106", "hall", "light", False),
    "table": ("/app/indicators/sanitation.msw_day?grain=month&vs=yoy&show=table", "desk", "light", False),
    "workbench": (f"/app/workbench?{BENCH}", "hall", "dark", False),
    "workbench-pivot": (f"/app/workbench?{BENCH}&see=pivot", "desk", "dark", True),
    "workbench-scatter": ("/app/workbench?i=sanitation.msw_day&i=sanitation.transfer_load_rate&see=scatter", "desk", "light", False),
    "workbench-phone": ("/app/workbench?i=sanitation.msw_day&see=share", "phone", "light", False),
    "plain-catalogue": ("/?plain=1", "desk", "light", False),
    "plain-formula": ("/indicators/sanitation.transfer_load_rate", "desk", "dark", True),
    "reference": ("/reference#indicator", "hall", "dark", False),
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
