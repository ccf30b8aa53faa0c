"""A new user's first minute: find an indicator, split it, compare it, see why it changed and where it comes from, take it home. By mouse; by keyboard."""

from pathlib import Path
from time import monotonic

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Download, Page

from tests.browser.visiting import Server, visit

pytestmark = pytest.mark.browser
MINUTE = 60


def test_the_first_minute_by_mouse_alone(browser: Browser, server: Server, tmp_path: Path) -> None:
    opened = visit(browser, server, "hall").open("/app/")
    page, began = opened.page, monotonic()
    # find: by domain, then by name
    page.get_by_role("region", name="领域").get_by_text("环境卫生").click()
    page.wait_for_url("**domain=sanitation*")
    page.locator("a.row").filter(has=page.get_by_text("生活垃圾清运量", exact=True)).click()
    page.get_by_role("heading", level=1, name="生活垃圾清运量").wait_for()
    # split by district
    page.get_by_role("combobox", name="切分").select_option(label="区")
    page.locator("#members tbody tr").nth(15).wait_for()
    # compare with last year
    page.get_by_role("button", name="去年同期", exact=True).click()
    page.get_by_text("较去年同期").wait_for()
    # why it changed
    page.get_by_role("link", name="为什么变了").click()
    page.get_by_role("button", name="与去年同日").click()
    page.locator("#why .sentence").filter(has_text="比去年同期").wait_for()
    # where it comes from
    page.get_by_role("link", name="口径与来源").click()
    assert page.locator("#source svg .box.source").count() >= 1
    assert page.locator("#source .node").count() >= 1
    # take it home
    page.get_by_role("button", name="下载").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="按区，Excel").click()
    assert monotonic() - began < MINUTE
    check_download(coming.value, tmp_path)
    assert opened.errors == []
    page.context.close()


def test_the_first_minute_by_keyboard_alone(browser: Browser, server: Server, tmp_path: Path) -> None:
    opened = visit(browser, server, "desk").open("/app/")
    page, began = opened.page, monotonic()
    press = page.keyboard.press
    find_by_initials(page)
    split_by_keyboard(page)
    # compare with last year, look at the table and back
    press("c")
    page.get_by_text("较去年同期").wait_for()
    press("t")
    page.locator("#series tbody tr").first.wait_for()
    press("t")
    # why it changed
    press("w")
    assert page.evaluate("document.activeElement.id") == "why"
    page.locator("#why .sentence").wait_for()
    assert page.locator("#why .fall tbody tr").count() > 2
    # where it comes from
    press("e")
    assert page.evaluate("document.activeElement.id") == "source"
    page.locator("#source .node").first.wait_for()
    # take it home
    press("d")
    assert "走势，Excel" in focused(page)
    press("Tab")
    press("Tab")
    assert "按区，Excel" in focused(page)
    with page.expect_download() as coming:
        press("Enter")
    assert monotonic() - began < MINUTE
    check_download(coming.value, tmp_path)
    assert opened.errors == []
    page.context.close()


def find_by_initials(page: Page) -> None:
    """The first letters of a name, typed; what is found for fewer of them would be another list."""
    press = page.keyboard.press
    press("/")
    page.keyboard.type("shljqyl")
    page.wait_for_url("**q=shljqyl*")
    page.locator('.board[aria-busy="false"]').wait_for()
    page.locator("a.row").first.filter(has_text="生活垃圾清运量").wait_for()
    press("ArrowDown")
    assert "生活垃圾清运量" in focused(page)
    press("Enter")
    page.get_by_role("heading", level=1, name="生活垃圾清运量").wait_for()


def split_by_keyboard(page: Page) -> None:
    """The members of the split are reached by Tab; one goes down a level and comes up again."""
    press = page.keyboard.press
    page.locator("#members tbody tr").nth(15).wait_for()
    tab_to(page, "button.member")
    first = focused(page)
    press("ArrowDown")
    assert focused(page) != first
    press("Enter")
    page.get_by_role("heading", level=2, name="按街道（乡镇）").wait_for()
    press("Escape")
    page.get_by_role("heading", level=2, name="按区").wait_for()


def focused(page: Page) -> str:
    """The text of what has the focus."""
    return str(page.evaluate("document.activeElement.textContent"))


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is on an element of a kind; a focus that is not seen on the way fails."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"{selector} is not reached by {most} tabs")


def check_download(download: Download, folder: Path) -> None:
    """The file carries the sixteen districts, the meaning and the as-of."""
    file = folder / "values.xlsx"
    download.save_as(file)
    book = load_workbook(file)
    districts = {row[0] for row in book["数据"].iter_rows(min_row=2, values_only=True)}
    said = {str(row[0]): str(row[1]) for row in book["说明"].iter_rows(values_only=True) if row and row[0]}
    assert "朝阳区" in {str(cell) for row in book["数据"].iter_rows(values_only=True) for cell in row}
    assert len(districts) >= 16 or len(list(book["数据"].iter_rows())) > 16
    assert {"含义", "截至"} <= said.keys()
