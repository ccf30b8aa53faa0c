"""Every page on every terminal: no error, no foreign host, nothing sticking out, and the numbers in words beside the drawing."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.app_visit import serious_faults
from tests.browser.visiting import PAGES, SIZES, Server, visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_errors_foreign_requests_or_overflow(browser: Browser, server: Server, name: str, size: str) -> None:
    opened = visit(browser, server, size).open(PAGES[name])
    assert opened.errors == []
    assert opened.foreign == []
    assert opened.overflow() == []
    assert not opened.is_wider_than_its_window()
    assert opened.page.locator("h1").count() == 1
    assert opened.page.get_by_text("演示数据", exact=True).is_visible()
    opened.page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_script_is_open_to_everybody(browser: Browser, server: Server, name: str, size: str, scheme: str) -> None:
    opened = visit(browser, server, size, scheme).open(PAGES[name])
    assert serious_faults(opened.page) == []
    opened.page.context.close()


def test_chinese_is_drawn_with_a_font_of_our_own_loaded_in_slices(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "hall").open(PAGES["catalogue"])
    slices = [url for url in opened.requests if url.endswith(".woff2")]
    assert 0 < len(slices) <= 24
    assert opened.page.evaluate("document.fonts.check('16px \"Noto Sans SC Variable\"', '城脉指标')")
    opened.page.context.close()


def test_the_catalogue_leads_to_an_indicator_whose_table_says_what_the_line_shows(browser: Browser, server: Server) -> None:
    # given the catalogue
    opened = visit(browser, server, "hall").open(PAGES["catalogue"])
    opened.page.get_by_label("搜索指标").fill("清运量")
    opened.page.get_by_role("button", name="搜索").click()
    # when the reader follows an indicator and opens its table
    opened.page.get_by_role("link", name="生活垃圾清运量").click()
    opened.page.get_by_text(re.compile("^数据表")).click()
    rows = opened.page.locator("#series tbody tr")
    drawn = opened.page.locator("svg.line.wide g.point title").all_text_contents()
    # then each drawn point is a row, the newest first
    assert rows.count() == 30
    assert len(drawn) == sum(1 for row in rows.all_text_contents() if "—" not in row)
    assert drawn[-1].split("：")[0] == rows.first.locator("td").first.text_content()
    # and the sixteen districts stand beside it, the greatest first
    members = opened.page.locator("#members tbody tr")
    assert members.count() == 16
    values = [float((text or "").replace(",", "")) for text in opened.page.locator("#members tbody td:nth-child(2)").all_text_contents()]
    assert values == sorted(values, reverse=True)
    opened.page.context.close()


def test_the_name_of_a_member_stands_on_one_line(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open(PAGES["formula"])
    heights = opened.page.evaluate("[...document.querySelectorAll('#members tbody tr')].map(row => row.getBoundingClientRect().height)")
    assert len(heights) == 16
    assert max(heights) <= 64
    opened.page.context.close()


def test_a_choice_of_grain_is_kept_in_the_address_and_needs_no_script(browser: Browser, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{server.address}/indicators/sanitation.msw_day")
    page.get_by_label("粒度").select_option("month")
    page.get_by_role("button", name="查看").click()
    assert "grain=month" in page.url
    assert "年" in (page.locator(".hero .now .muted").text_content() or "")
    context.close()


def test_a_number_explains_itself_down_to_the_sql(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "hall").open(PAGES["formula"])
    nodes = opened.page.locator(".tree .node")
    assert nodes.count() >= 3
    opened.page.locator(".tree summary").first.click()
    assert "SELECT" in (opened.page.locator(".tree pre").first.text_content() or "")
    opened.page.context.close()


def test_the_page_turns_light_and_stays_light(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/reference")
    opened.page.get_by_role("button", name="切换深色与浅色").click()
    opened.open("/api")
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "light"
    assert opened.errors == []
    opened.page.context.close()


def test_the_page_can_be_walked_by_keyboard_and_focus_is_seen(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open(PAGES["catalogue"])
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.textContent") == "跳到正文"
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_has_contrast(browser: Browser, server: Server, scheme: str) -> None:
    opened = visit(browser, server, "hall", scheme).open(PAGES["catalogue"])
    ratios = opened.page.evaluate(CONTRAST)
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}
    opened.page.context.close()


def test_a_wrong_address_is_a_page_that_leads_on(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "phone").open("/indicators/sanitation.msw_dya")
    assert "是否想写「sanitation.msw_day」？" in (opened.page.locator("main").text_content() or "")
    opened.page.get_by_role("link", name="回到指标目录").click()
    assert opened.page.locator("h1").text_content() == "指标目录"
    opened.page.context.close()


# Contrast of each theme colour that carries text, on the panel it stands on.
CONTRAST = """() => {
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const [r, g, b] = [0, 2, 4].map(n => parseInt(hex.slice(n, n + 2), 16) / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
  return Object.fromEntries(['--text', '--muted', '--accent', '--red', '--orange', '--yellow', '--blue', '--green', '--stale'].flatMap(
    name => ['--panel', '--ground'].map(ground => [name + ' on ' + ground, ratio(name, ground)])));
}"""
