"""Snow is reported by hand: template, three mistakes, mended, confirmed, reviewed, and a number has changed; by keyboard and on a phone too."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.app_visit import serious_faults
from tests.browser.visiting import Server, Visit, visit
from tests.engine.running.form_city import column_of
from tests.engine.running.test_pictures import HERE, photo
from tests.portal.form_texts import write_form_city
from tests.portal.test_serve import free_port, said_until, serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FORM, NUMBER = "/forms/snow.reports", "/indicators/snow.salt"


@pytest.fixture(scope="module")
def snow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose rows people write."""
    folder = tmp_path_factory.mktemp("snow")
    write_form_city(folder / "definitions")
    port = free_port()
    with serving(folder, port, CHENGMAI_CLOCK="2026-01-06T09:00:00") as process:
        said = said_until(process, "就绪")
        assert "就绪" in said, said
        yield Server(f"http://127.0.0.1:{port}")


def template(opened: Visit) -> bytes:
    """What the button of the template gives."""
    with opened.page.expect_download() as download:
        opened.page.get_by_role("link", name="下载模板").click()
    return Path(download.value.path()).read_bytes()


def changed(content: bytes, change: Callable[[Any], None]) -> dict[str, Any]:
    """The workbook changed as a person does, as a file to choose."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    held = io.BytesIO()
    book.save(held)
    return {"name": "一月.xlsx", "mimeType": "application/octet-stream", "buffer": held.getvalue()}


def fill(book: Any, row: int, **cells: object) -> None:
    """Cells of a row by the titles of their columns."""
    for title, value in cells.items():
        book["填报"].cell(row, column_of(book, title), value)


def with_mistakes(book: Any) -> None:
    fill(book, 2, 区="东城区", 日期=datetime(2026, 1, 5), 融雪剂用量=12.5, 出动人数="三百")
    fill(book, 3, 区="朝阳", 日期="2026年1月5日", 融雪剂用量=900)


def mended(book: Any) -> None:
    fill(book, 2, 出动人数="３００")
    fill(book, 3, 区="朝阳区", 融雪剂用量=7.5)


def upload(opened: Visit, file: dict[str, Any]) -> Page:
    """Choose a file and send it."""
    opened.page.get_by_label("填好的文件（.xlsx）").set_input_files(file)  # type: ignore[arg-type]
    opened.page.get_by_role("button", name="上传并校验").click()
    return opened.page


def number(browser: Browser, server: Server) -> str:
    """What the indicator's page says of the fifth."""
    opened = visit(browser, server, "desk").open(NUMBER)
    said = opened.page.locator(".hero .now .value").text_content() or ""
    opened.page.context.close()
    return said.strip()


def test_a_file_with_three_mistakes_is_mended_confirmed_reviewed_and_counted(browser: Browser, snow: Server) -> None:
    # given a filled template with three mistakes
    opened = visit(browser, snow, "desk").open(FORM)
    before = number(browser, snow)
    content = template(opened)
    first = changed(content, with_mistakes)
    # when it is uploaded
    page = upload(opened, first)
    # then they are listed by their cells, and the marked file has them in red
    assert page.locator("#findings tbody tr").count() == 3
    assert page.locator("#findings code").all_text_contents() == ["D2", "A3", "C3"]
    assert page.get_by_role("button", name="确认提交").count() == 0
    assert serious_faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="下载标红的文件").click()
    marked = Path(download.value.path()).read_bytes()
    assert openpyxl.load_workbook(io.BytesIO(marked))["填报"]["C3"].comment.text == "900 超出范围，应不小于 0、不大于 500"
    # when the marked file is mended, uploaded and confirmed by the keyboard alone
    page.get_by_role("link", name="改好后重新上传").click()
    upload(opened, changed(marked, mended))
    assert "将新增 2 行、替换 0 行" in (page.locator("main").text_content() or "")
    assert serious_faults(page) == []
    page.get_by_role("button", name="确认提交").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="通过并入库").wait_for()
    assert number(browser, snow) == before
    assert serious_faults(page) == []
    page.get_by_role("button", name="通过并入库").focus()
    page.keyboard.press("Enter")
    page.get_by_text("已入库").first.wait_for()
    # then the number is another, and nothing went wrong in the browser
    assert (before, number(browser, snow)) == ("—", "20")
    assert (opened.errors, opened.foreign) == ([], [])
    page.context.close()


def test_a_row_is_corrected_on_a_phone_with_a_photo_and_its_versions_are_readable(browser: Browser, snow: Server) -> None:
    opened = visit(browser, snow, "phone").open(f"{FORM}/write")
    page = opened.page
    page.get_by_label("区必填").select_option(label="海淀区")
    page.get_by_label("日期必填").fill("2026-01-05")
    page.get_by_label("融雪剂用量（t）").fill("５01")
    page.get_by_role("button", name="校验并预览").click()
    assert "501 超出范围" in (page.locator("main").text_content() or "")
    assert serious_faults(page) == []
    assert opened.overflow() == []
    page.get_by_label("融雪剂用量（t）").fill("5")
    page.get_by_label("照片").set_input_files({"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo(gps=HERE)})
    page.get_by_role("button", name="校验并预览").click()
    page.get_by_role("button", name="确认提交").click()
    page.get_by_role("button", name="通过并入库").click()
    page.get_by_text("现场.jpg").wait_for()
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert serious_faults(page) == []
    opened.open(FORM)
    assert (serious_faults(page), opened.overflow(), opened.is_wider_than_its_window()) == ([], [], False)
    page.get_by_role("link", name="历次版本：海淀区").click()
    page.get_by_role("link", name="更正这一行").click()
    page.get_by_label("融雪剂用量（t）").fill("6")
    page.get_by_role("button", name="校验并预览").click()
    assert page.locator("del.before").text_content() == "5"
    page.get_by_role("button", name="确认提交").click()
    page.get_by_label("退回原因").fill("再核对")
    page.get_by_role("button", name="退回").click()
    assert "退回原因：再核对" in (page.locator("main").text_content() or "")
    assert [message for message in opened.errors if "422" not in message] == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", ["desk", "hall", "phone"])
@pytest.mark.parametrize("address", ["/forms", FORM, f"{FORM}/write"])
def test_a_page_of_forms_is_open_to_everybody(browser: Browser, snow: Server, address: str, size: str, scheme: str) -> None:
    opened = visit(browser, snow, size, scheme).open(address)
    assert (serious_faults(opened.page), opened.overflow(), opened.errors, opened.foreign) == ([], [], [], [])
    assert opened.page.locator("h1").count() == 1
    opened.page.context.close()
