"""The front end on every terminal and in both themes: nothing broken, nothing foreign, nothing out of anybody's reach, and light enough."""

import pytest
from playwright.sync_api import Browser

from tests.browser.app_visit import APP, scripts_of, serious_faults, shifts, watch_shifts, weight
from tests.browser.visiting import SIZES, Server, visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", APP)
def test_a_page_is_whole_light_and_open_to_everybody(browser: Browser, server: Server, name: str, size: str, scheme: str) -> None:
    opened = visit(browser, server, size, scheme)
    watch_shifts(opened.page)
    opened.open(APP[name])
    fonts = [url for url in opened.requests if url.endswith(".woff2")]
    assert opened.errors == []
    assert opened.foreign == []
    assert opened.overflow() == []
    assert not opened.is_wider_than_its_window()
    assert opened.page.locator("h1").count() == 1
    assert opened.page.get_by_text("演示数据", exact=True).is_visible()
    assert len(opened.requests) <= 20, opened.requests
    assert len(fonts) <= 6, fonts
    assert shifts(opened.page) <= 0.02
    assert serious_faults(opened.page) == []
    opened.page.context.close()


@pytest.mark.parametrize("name", ["catalogue", "indicator", "workbench"])
def test_a_first_visit_loads_little_script(browser: Browser, server: Server, name: str) -> None:
    opened = visit(browser, server, "desk").open(APP[name])
    assert 0 < weight(scripts_of(opened)) <= 330_000
    opened.page.context.close()


def test_the_first_address_leads_to_the_front_end_and_without_script_to_the_pages_that_need_none(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/")
    assert opened.page.url.endswith("/app/")
    opened.page.context.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address + "/")
    page.wait_for_url("**/?plain=1")
    assert page.get_by_role("button", name="搜索").is_visible()
    context.close()


@pytest.mark.parametrize("q", ["清运", "shljqyl", "shenghuolaji qingyun", "msw_day"])
def test_an_indicator_is_found_by_name_by_initials_by_pinyin_and_by_id(browser: Browser, server: Server, q: str) -> None:
    opened = visit(browser, server, "desk").open("/app/")
    opened.page.get_by_label("搜索指标").fill(q)
    opened.page.wait_for_url("**q=*")
    opened.page.get_by_role("heading", name="搜索结果").wait_for()
    assert "生活垃圾清运量" in opened.page.locator("a.row b").all_text_contents()
    opened.page.context.close()


def test_what_is_shown_stands_in_the_address_and_the_way_back_is_kept(browser: Browser, server: Server) -> None:
    # given an indicator whose grain, comparison and form were chosen
    opened = visit(browser, server, "desk").open("/app/indicators/sanitation.msw_day")
    page = opened.page
    page.get_by_role("button", name="月", exact=True).click()
    page.get_by_role("button", name="去年同期", exact=True).click()
    page.get_by_role("button", name="表", exact=True).click()
    page.get_by_role("rowheader", name="2026年10月", exact=True).wait_for()
    page.get_by_role("columnheader", name="去年同期（万t）", exact=True).wait_for()
    rows = page.locator("#series tbody tr").all_text_contents()
    # when somebody else opens the same address
    other = visit(browser, server, "desk").open(page.url.removeprefix(server.address))
    # then they see the same
    assert other.page.locator("#series tbody tr").all_text_contents() == rows
    assert "去年同期" in (other.page.locator("#series thead").text_content() or "")
    # and the way back undoes one choice at a time
    page.go_back()
    page.locator("#series").wait_for(state="detached")
    assert page.get_by_role("button", name="去年同期", exact=True).get_attribute("aria-pressed") == "true"
    page.context.close()
    other.page.context.close()


def test_streets_are_one_step_below_their_district_and_sum_to_it(browser: Browser, server: Server) -> None:
    # given the districts
    opened = visit(browser, server, "hall").open("/app/indicators/sanitation.msw_day")
    page = opened.page
    district = page.locator("#members tbody tr").filter(has_text="朝阳区")
    whole = number(district.locator("td.number").first.text_content())
    # when the reader goes down into one
    district.get_by_role("button").click()
    page.get_by_role("heading", level=2, name="按街道（乡镇）").wait_for()
    page.locator("#members tbody tr").filter(has_text="街道").first.wait_for()
    parts = [number(text) for text in page.locator("#members tbody tr td:nth-child(3)").all_text_contents()]
    # then its streets sum to it, and Escape leads back up
    assert len(parts) >= 16
    assert abs(sum(parts) - whole) <= len(parts) / 2
    assert "朝阳区" in (page.locator("h1").text_content() or "")
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=2, name="按区").wait_for()
    page.context.close()


def test_a_wrong_formula_is_underlined_where_it_is_wrong_and_heals_while_it_is_written(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/app/workbench")
    line = opened.page.get_by_role("combobox", name="算式：指标之间加减乘除")
    # given a name that is not there
    line.fill("sanitation.msw_dya / 100")
    fault = opened.page.locator(".faults li")
    fault.wait_for()
    assert "sanitation.msw_day" in (fault.text_content() or "")
    assert opened.page.locator(".mirror .wrong").text_content() == "sanitation.msw_dya"
    assert line.get_attribute("aria-invalid") == "true"
    # when it is corrected
    line.fill("sanitation.msw_day / 100")
    # then it is read back in words
    opened.page.locator(".echo em").wait_for()
    assert opened.page.locator(".echo em").text_content() == "生活垃圾清运量"
    assert opened.errors == []
    opened.page.context.close()


def test_a_name_is_completed_from_its_initials(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/app/workbench")
    line = opened.page.get_by_role("combobox", name="算式：指标之间加减乘除")
    line.press_sequentially("shljqyl")
    opened.page.get_by_role("option").first.wait_for()
    line.press("Enter")
    assert line.input_value() == "sanitation.msw_day"
    opened.page.context.close()


def test_a_server_that_is_gone_is_told_and_asked_again(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk")
    opened.page.route("**/api/catalog/search**", lambda route: route.abort())
    opened.open("/app/")
    assert "连接不上服务器" in (opened.page.get_by_role("alert").text_content() or "")
    opened.page.unroute("**/api/catalog/search**")
    opened.page.get_by_role("button", name="重试").click()
    opened.page.locator("a.row").first.wait_for()
    opened.page.context.close()


def number(text: str | None) -> float:
    """A number as it is written on the page."""
    return float((text or "").replace(",", "").replace("−", "-"))
