"""`make screens`: pictures of the pages as they are now, and the page of the documentation that shows them."""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.visiting import ROOT, SIZES, city_server, launched, visit

FOLDER = ROOT / "docs" / "screens"
BENCH = "i=sanitation.msw_day&i=sanitation.kw_rate&i=city.population&f=sanitation.msw_day+*+sanitation.kw_rate&grain=month"
# name: (address, window, scheme, whole page, what is to be seen)
SCREENS = {
    "catalogue": ("/app/", "hall", "dark", False, "指标目录：每个指标的最新值、走势与状态"),
    "catalogue-desk": ("/app/", "desk", "light", False, "同上，1366 像素，浅色"),
    "catalogue-phone": ("/app/", "phone", "dark", False, "同上，手机"),
    "found": ("/app/?q=shljqyl", "desk", "dark", False, "用拼音首字母查找"),
    "indicator": ("/app/indicators/sanitation.msw_day?vs=yoy", "hall", "dark", True, "指标页：走势、各区、为什么变了、口径与来源"),
    "indicator-desk": ("/app/indicators/sanitation.transfer_load_rate", "desk", "light", True, "比率：公式树上每个成分有值、单位与来源"),
    "indicator-phone": ("/app/indicators/sanitation.msw_day?vs=yoy", "phone", "dark", True, "指标页，手机"),
    "levels": ("/app/indicators/sanitation.pit_eta", "desk", "dark", False, "有阈值、有缺数的指标"),
    "drilled": ("/app/indicators/sanitation.msw_day?cut=city.district:110105&by=city.street", "desk", "dark", False, "从区下钻到街道（乡镇）"),
    "members": ("/app/indicators/sanitation.msw_day?pick=110105&pick=110108&pick=110106", "hall", "light", False, "几个区画在一张图上"),
    "table": ("/app/indicators/sanitation.msw_day?grain=month&vs=yoy&show=table", "desk", "light", False, "图的数据表；数据起点之前不计、不比"),
    "workbench": (f"/app/workbench?{BENCH}", "hall", "dark", False, "综合分析：几个指标与一个即席算式"),
    "workbench-pivot": (f"/app/workbench?{BENCH}&see=pivot", "desk", "dark", True, "透视"),
    "workbench-scatter": ("/app/workbench?i=sanitation.msw_day&i=sanitation.transfer_load_rate&see=scatter", "desk", "light", False, "相关"),
    "workbench-phone": ("/app/workbench?i=sanitation.msw_day&see=share", "phone", "light", False, "占比，手机"),
    "fault": ("/app/workbench?f=sanitation.msw_dya+*+sanitation.kw_rate", "desk", "light", False, "算式写错：错在哪里，改成什么"),
    "not-there": ("/app/indicators/sanitation.msw_dya", "desk", "dark", False, "没有这个指标：最近的一个"),
    "plain-catalogue": ("/?plain=1", "desk", "light", False, "不需要脚本的目录"),
    "plain-formula": ("/indicators/sanitation.transfer_load_rate", "desk", "dark", True, "不需要脚本的指标页"),
    "reference": ("/reference#indicator", "hall", "dark", False, "参考手册"),
}  # fmt: skip


def take_screens(folder: Path) -> None:
    """Write one PNG a screen, and the page beside the folder that shows them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, city_server(Path(scratch)) as server, sync_playwright() as playwright:
        browser = launched(playwright)
        for name, (address, size, scheme, whole, _) in SCREENS.items():
            opened = visit(browser, server, size, scheme).open(address)
            opened.page.screenshot(path=folder / f"{name}.png", full_page=whole)
            lighten(folder / f"{name}.png")
            opened.page.context.close()
            print(folder / f"{name}.png")
        browser.close()
    (folder.parent / "screens.md").write_text(page_of_screens(), encoding="utf-8")


def lighten(picture: Path) -> None:
    """A page has few colours: 256 of them look the same and weigh a third. The octree keeps rare ones, such as the green of a tick."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(picture, optimize=True)


def page_of_screens() -> str:
    """docs/screens.md: every picture with what it shows and the address it was taken at."""
    told = [
        f"## {words}\n\n{SIZES[size][0]} 像素，{'深色' if scheme == 'dark' else '浅色'}：`{address}`\n\n![{words}](screens/{name}.png)\n"
        for name, (address, size, scheme, _, words) in SCREENS.items()
    ]
    head = "由 `make screens` 在演示数据上生成，时钟停在固定的一刻。\nTaken by `make screens` from the demonstration city, its clock stopped."
    return f"# 页面 · Pages\n\n{head}\n\n" + "\n".join(told)


if __name__ == "__main__":
    take_screens(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
