"""The front end on every terminal and in both themes: nothing broken, nothing foreign, nothing out of anybody's reach, and light enough."""

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.app_visit import APP, scripts_of, serious_faults, shifts, small_targets, watch_shifts, weight
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
    assert size != "phone" or small_targets(opened.page) == []
    opened.page.context.close()


@pytest.mark.parametrize("name", ["catalogue", "indicator", "workbench"])
def test_a_first_visit_loads_little_script(browser: Browser, server: Server, name: str) -> None:
    opened = visit(browser, server, "desk").open(APP[name])
    assert 0 < weight(scripts_of(opened)) <= 250_000 + (0 if name == "catalogue" else 80_000)
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
    # and when it is the second name, the mark stands under it, on the line that is written
    line.fill("sanitation.msw_day / sanitation.kw_rat")
    second = opened.page.locator(".mirror .wrong").filter(has_text="kw_rat")
    second.wait_for()
    mark, written = second.bounding_box(), line.bounding_box()
    assert mark is not None and written is not None
    assert written["y"] <= mark["y"] and mark["y"] + mark["height"] <= written["y"] + written["height"]
    assert mark["x"] > written["x"] + 180
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


def test_an_indicator_that_is_not_there_leads_to_the_one_that_was_meant(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/app/indicators/sanitation.msw_dya")
    assert opened.page.locator("h1").text_content() == "没有这个指标"
    assert opened.page.get_by_role("button", name="重试").count() == 0
    opened.page.get_by_role("link", name="打开 sanitation.msw_day", exact=True).click()
    opened.page.get_by_role("heading", level=1, name="生活垃圾清运量").wait_for()
    opened.page.context.close()


def test_who_may_not_see_an_indicator_is_told_so_and_not_asked_to_try_again(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk")
    said = {"status": 403, "code": "not-allowed", "title": "Forbidden", "zh": "您的角色不能查看这个指标", "en": "no", "advice_zh": "向负责单位申请"}
    opened.page.route("**/api/indicators/sanitation.msw_day", lambda route: route.fulfill(status=403, content_type="application/problem+json", json=said))
    opened.open("/app/indicators/sanitation.msw_day")
    assert opened.page.locator("h1").text_content() == "无权查看"
    assert "您的角色不能查看这个指标" in (opened.page.get_by_role("alert").text_content() or "")
    assert opened.page.get_by_role("button", name="重试").count() == 0
    assert serious_faults(opened.page) == []
    opened.page.context.close()


def test_a_slow_server_is_said_to_be_slow_and_its_answer_is_shown_when_it_comes(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk")
    held: list[Route] = []
    opened.page.route("**/api/indicators/sanitation.msw_day", lambda route: held.append(route))
    opened.page.goto(server.address + "/app/indicators/sanitation.msw_day")
    opened.page.get_by_role("status").filter(has_text="仍在读取").wait_for()
    assert serious_faults(opened.page) == []
    held[0].continue_()
    opened.page.get_by_role("heading", level=1, name="生活垃圾清运量").wait_for()
    assert opened.errors == []
    opened.page.context.close()


def test_months_before_the_rows_begin_are_neither_drawn_nor_compared_with(browser: Browser, server: Server) -> None:
    # given rows since the middle of October 2025
    opened = visit(browser, server, "desk").open("/app/indicators/sanitation.msw_day?grain=month&vs=yoy&show=table")
    rows = opened.page.locator("#series tbody tr")
    # then the table begins with November, and October 2026 is compared with nothing
    assert rows.last.get_by_role("rowheader").text_content() == "2025年11月"
    october = rows.filter(has_text="2026年10月").locator("td").all_text_contents()
    assert october[1:3] == ["—", "—"]
    assert "较去年同期" not in (opened.page.locator(".number-now").text_content() or "")
    assert "数据自 2025-10-16 起" in (opened.page.locator("#trend .summary").text_content() or "")
    opened.page.context.close()


def test_every_part_of_a_formula_has_its_value_its_unit_and_where_its_rows_come_from(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open("/app/indicators/sanitation.kw_rate")
    parts = opened.page.locator("#source .formula-node .formula-node > .node")
    parts.nth(1).wait_for()
    assert parts.count() == 2
    texts = parts.all_inner_texts()
    assert all("净重合计" in text and " t" in text.replace("\n", " ") and "垃圾过磅记录" in text for text in texts), texts
    assert "净重合计（other）」合并为一次扫描" in texts[0]
    opened.page.context.close()


def test_a_change_is_divided_by_the_dimension_that_was_chosen_and_its_parts_sum_to_it(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "hall").open("/app/indicators/sanitation.msw_day?why=wow")
    page = opened.page
    page.get_by_role("combobox", name="再按哪个维度归因").select_option(label="垃圾品类")
    page.wait_for_url("**whyBy=*")
    fall = page.get_by_role("table", name="按垃圾品类", exact=True)
    fall.wait_for()
    steps = [number(text) for text in fall.locator("td.number:not(.share)").all_text_contents()]
    assert abs(steps[0] + sum(steps[1:-1]) - steps[-1]) <= len(steps)
    opened.page.context.close()


def test_the_order_of_a_pivot_and_the_table_beside_a_picture_stand_in_the_address(browser: Browser, server: Server) -> None:
    opened = visit(browser, server, "desk").open(APP["pivot"])
    page = opened.page
    heading = page.get_by_role("columnheader", name="家庭厨余分出率")
    heading.get_by_role("button").click()
    heading.get_by_role("button").click()
    page.wait_for_url("**sort=-*")
    first = page.locator("#pivot tbody th").first.text_content()
    other = visit(browser, server, "desk").open(page.url.removeprefix(server.address))
    assert other.page.locator("#pivot tbody th").first.text_content() == first
    assert heading.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="走势", exact=True).click()
    page.get_by_role("group", name="图或表").wait_for()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("t")
    page.get_by_role("region", name="生活垃圾清运量的数据表").wait_for()
    page.wait_for_url("**show=table*")
    page.context.close()
    other.page.context.close()


def number(text: str | None) -> float:
    """A number as it is written on the page."""
    return float((text or "").replace(",", "").replace("−", "-"))
