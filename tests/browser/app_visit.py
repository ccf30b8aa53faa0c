"""What the front end's tests measure on a page: accessibility, weight, shifts of the layout, requests."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.visiting import ROOT, Visit

WEB = ROOT / "portal" / "web"
APP = {
    "catalogue": "/app/",
    "found": "/app/?q=shljqyl",
    "indicator": "/app/indicators/sanitation.msw_day?vs=yoy",
    "ratio": "/app/indicators/sanitation.transfer_load_rate?grain=week&show=table",
    "drilled": "/app/indicators/sanitation.msw_day?cut=city.district:110105&by=city.street&form=bar",
    "empty": "/app/indicators/sanitation.pit_eta",
    "workbench": "/app/workbench?i=sanitation.msw_day&i=sanitation.kw_rate&f=sanitation.msw_day+*+sanitation.kw_rate",
    "pivot": "/app/workbench?i=sanitation.msw_day&i=sanitation.kw_rate&see=pivot",
    "series": "/app/workbench?i=sanitation.msw_day&i=sanitation.kw_rate&show=table",
    "scatter": "/app/workbench?i=sanitation.msw_day&i=sanitation.transfer_load_rate&see=scatter",
    "share": "/app/workbench?i=sanitation.msw_day&see=share",
    "nothing": "/app/workbench",
    "hundredth": "/app/workbench?f=sanitation.msw_day+*+sanitation.kw_rate+%2F+100",
    "missing": "/app/no/such/page",
}
# Layout shifts are noted from the first paint on.
SHIFTS = """() => { window.shifts = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value })
  .observe({type: 'layout-shift', buffered: true}); }"""


def watch_shifts(page: Page) -> None:
    """Note layout shifts on every page opened from now on."""
    page.add_init_script(f"({SHIFTS})()")


def shifts(page: Page) -> float:
    """The sum of all layout shifts so far."""
    return float(page.evaluate("window.shifts"))


def serious_faults(page: Page) -> list[str]:
    """What axe finds on a page that keeps somebody out, each with the first element it stands on."""
    page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ×{len(each['nodes'])}: {each['nodes'][0]['html'][:160]} {each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def small_targets(page: Page, least: int = 40) -> list[str]:
    """What a finger may press and is too small for one: controls lower or narrower than `least` pixels. Links inside a text are exempt."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll('button, select, input, summary, a[href]')]
            .map(e => e.matches('input[type=checkbox]') ? e.closest('label') ?? e : e)
            .filter(e => e.checkVisibility() && !e.closest('.skip, p, dd, svg, pre') && !e.matches('.skip'))
            .filter(e => { const box = e.getBoundingClientRect(); return box.height < least || box.width < least; })
            .map(e => e.outerHTML.slice(0, 90) + ' ' + Math.round(e.getBoundingClientRect().width) + 'x' + Math.round(e.getBoundingClientRect().height))""",
        least,
    )
    return found


def scripts_of(visit: Visit) -> list[Path]:
    """The files of script that a visit loaded."""
    names = {url.rpartition("/")[2] for url in visit.requests if url.endswith(".js") and "/app/assets/" in url}
    return [WEB / "dist" / "assets" / name for name in sorted(names)]


def weight(files: list[Path]) -> int:
    """How many bytes travel, compressed."""
    return sum(len(gzip.compress(file.read_bytes(), compresslevel=6)) for file in files)
