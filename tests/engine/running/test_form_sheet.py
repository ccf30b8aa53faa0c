"""Whatever people do to a template is read, or told by the address of the cell."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.form_annotated import annotated
from engine.running.form_sheet import FormFinding, filled_of
from engine.running.form_template import HIDDEN, template_of
from engine.running.form_trial import tried
from engine.running.form_workbook import WorkbookRefused
from engine.running.forms import Form, form_of
from engine.warehouse import Warehouse
from tests.engine.running.form_city import GOOD, NOW, PROJECT, REPORTS, city, column_of, filled_file


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return city()


@pytest.fixture
def form(catalog: Catalog, duckdb_warehouse: Warehouse) -> Form:
    return form_of(catalog, REPORTS, duckdb_warehouse)


def wrong_in(catalog: Catalog, warehouse: Warehouse, content: bytes) -> list[tuple[str, str]]:
    """Address and sentence of everything that stops an upload, by the cells and by the rules of intake."""
    form = form_of(catalog, REPORTS, warehouse)
    filled = filled_of(form, content)
    found: list[FormFinding] = list(filled.findings)
    if filled.rows:
        found += tried(catalog, form, filled, warehouse, NOW).findings
    return [(one.address, one.zh) for one in found if not one.is_warning]


def test_a_template_says_title_unit_duty_choices_and_which_form_it_is(form: Form) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_of(form, NOW)))
    sheet = book["填报"]
    assert [cell.value for cell in sheet[1]][:5] == ["区*", "日期*", "融雪剂用量（t）", "出动人数（人）", "完成率（%）"]
    assert book[HIDDEN].sheet_state == "veryHidden"
    assert [book[HIDDEN].cell(1, column).value for column in (2, 3)] == [REPORTS, form.version]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert (rules["A2"].type, rules["A2"].formula1) == ("list", "'_codes'!$A$1:$A$3")
    assert [cell.value for cell in book["_codes"]["A"]][:3] == ["东城区", "朝阳区", "海淀区"]
    assert (rules["B2"].type, rules["D2"].type) == ("date", "whole")
    assert (rules["C2"].formula1, rules["C2"].formula2) == ("0", "500")
    assert sheet["B2"].number_format == "yyyy-mm-dd"


def test_a_filled_template_is_read_without_a_finding(catalog: Catalog, form: Form, duckdb_warehouse: Warehouse) -> None:
    content = filled_file(catalog, duckdb_warehouse, GOOD, {**GOOD, "区": "110105"})
    assert wrong_in(catalog, duckdb_warehouse, content) == []
    rows = filled_of(form, content).rows
    assert [row.cells["district"] for row in rows] == ["110101", "110105"]
    assert rows[0].cells == {
        "district": "110101", "day": "2026-01-05", "salt": "12.5", "people": "300", "done": "90", "state": "clear", "is_over": "true",
        "checked_at": "2026-01-05 16:30:00", "phone": "010-12345678", "photo": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("title", "cell", "name", "text"),
    [
        ("日期", "2026/1/5", "day", "2026-01-05"),
        ("日期", "２０２６年１月５日", "day", "2026-01-05"),
        ("日期", "2026.01.05", "day", "2026-01-05"),
        ("日期", "20260105", "day", "2026-01-05"),
        ("日期", 46027, "day", "2026-01-05"),
        ("日期", " 2026-01-05 00:00:00\u3000", "day", "2026-01-05"),
        ("日期", date(2026, 1, 5), "day", "2026-01-05"),
        ("核查时间", "2026-1-5 8:05", "checked_at", "2026-01-05 08:05:00"),
        ("核查时间", "2026年1月5日8点30分", "checked_at", "2026-01-05 08:30:00"),
        ("核查时间", 46027.6875, "checked_at", "2026-01-05 16:30:00"),
        ("融雪剂用量", "１２．５", "salt", "12.5"),
        ("融雪剂用量", "12.5t", "salt", "12.5"),
        ("融雪剂用量", " 12.5 ", "salt", "12.5"),
        ("融雪剂用量", 0.1 + 0.2, "salt", "0.3"),
        ("出动人数", "1,300", "people", "1300"),
        ("出动人数", 300.0, "people", "300"),
        ("完成率", "95%", "done", "95"),
        ("路况", "clear", "state", "clear"),
        ("路况", " 畅 通 ", "state", "clear"),
        ("区", 110101, "district", "110101"),
        ("是否结束", True, "is_over", "true"),
        ("是否结束", "否", "is_over", "false"),
        ("联系电话", 13800138000, "phone", "13800138000"),
        ("联系电话", "  李四\u3000", "phone", "李四"),
    ],
)
def test_what_is_meant_is_understood(
    catalog: Catalog, form: Form, duckdb_warehouse: Warehouse, title: str, cell: object, name: str, text: str
) -> None:
    filled = filled_of(form, filled_file(catalog, duckdb_warehouse, {**GOOD, title: cell}))
    assert filled.findings == ()
    assert filled.rows[0].cells[name] == text


@pytest.mark.parametrize(
    ("title", "cell", "wanted"),
    [
        ("区", "东域区", ("A2", "没有「东域区」这一项，可选：东城区、朝阳区、海淀区")),
        ("日期", "明天", ("B2", "「明天」不是日期，写成 2026-05-01")),
        ("日期", "2026-02-30", ("B2", "「2026-02-30」不是日期，写成 2026-05-01")),
        ("日期", "26/1/5", ("B2", "「26/1/5」不是日期，写成 2026-05-01")),
        ("日期", datetime(2026, 1, 5, 8), ("B2", "「2026-01-05 08:00」带了钟点，这一项只填日期")),
        ("日期", time(8, 30), ("B2", "「08:30:00」不是日期，写成 2026-05-01")),
        ("日期", "", ("B2", "缺少「日期」")),
        ("融雪剂用量", "十二吨", ("C2", "「十二吨」不是数")),
        ("融雪剂用量", "12500 kg", ("C2", "「12500 kg」带了单位「kg」，应按「t」填数")),
        ("融雪剂用量", 501, ("C2", "501 超出范围，应不小于 0、不大于 500")),
        ("融雪剂用量", datetime(2026, 1, 5), ("C2", "应是数，这里是日期或时间（2026-01-05 00:00:00）：把单元格设为「常规」后重填")),
        ("融雪剂用量", "1,2", ("C2", "「1,2」不是数")),
        ("融雪剂用量", True, ("C2", "应是数，这里是「是/否」")),
        ("融雪剂用量", "50%", ("C2", "写成了百分数，这一项的单位是「t」")),
        ("融雪剂用量", "=1/0", ("C2", "公式还没有算出值：在 Excel 里打开、保存后再上传，或粘贴为数值")),
        ("融雪剂用量", "#N/A", ("C2", "单元格是 Excel 的错误值 #N/A，改成数值或清空")),
        ("出动人数", 3.5, ("D2", "3.5 不是整数")),
        ("完成率", 40, ("E2", "不满足 state <> 'clear' or done >= 50")),
        ("是否结束", "可能", ("G2", "「可能」应填「是」或「否」")),
        ("核查时间", 20260105, ("H2", "单元格显示为 #### 或错误值，不是日期：写成 2026-05-01，或先把单元格设为「文本」")),
        ("联系电话", 1234567890123456789, ("I2", "超过 15 位的号码被当成数，后面几位已丢失：把单元格设为「文本」后重填")),
        ("联系电话", "x" * 10_001, ("I2", "有 10,001 个字，最多 10,000 个")),
    ],
)
def test_a_wrong_cell_is_told_by_its_address(
    catalog: Catalog, duckdb_warehouse: Warehouse, title: str, cell: object, wanted: tuple[str, str]
) -> None:
    assert wrong_in(catalog, duckdb_warehouse, filled_file(catalog, duckdb_warehouse, {**GOOD, title: cell})) == [wanted]


def merged(book: Any) -> None:
    book["填报"].merge_cells("A2:A3")


def heading_gone(book: Any) -> None:
    book["填报"].delete_cols(column_of(book, "日期"))


def heading_twice(book: Any) -> None:
    book["填报"].cell(1, 12, "日期")


def all_gone(book: Any) -> None:
    book["填报"].delete_rows(2, 10)


@pytest.mark.parametrize(
    ("then", "wanted"),
    [
        (merged, ("A2", "A2:A3 是合并单元格，只有第一格有值：取消合并，每行分别填写")),
        (heading_gone, ("", "缺少必填的列「日期*」")),
        (heading_twice, ("L1", "表头重复：同一项只留一列")),
        (all_gone, ("", "没有填写任何一行")),
    ],
)
def test_a_sheet_that_was_bent_is_told(
    catalog: Catalog, duckdb_warehouse: Warehouse, then: Callable[[Any], None], wanted: tuple[str, str]
) -> None:
    assert wanted in wrong_in(catalog, duckdb_warehouse, filled_file(catalog, duckdb_warehouse, GOOD, {**GOOD, "区": "朝阳区"}, then=then))


def test_two_rows_of_one_thing_are_told(catalog: Catalog, duckdb_warehouse: Warehouse) -> None:
    content = filled_file(catalog, duckdb_warehouse, GOOD, {**GOOD, "融雪剂用量": 1})
    assert ("A3", "与第 2 行重复（区、日期相同），只留一行") in wrong_in(catalog, duckdb_warehouse, content)


def moved(book: Any) -> None:
    """Rows above, columns in another order, a renamed sheet, an empty row between, a note."""
    sheet = book["填报"]
    sheet.move_range("A1:A9", cols=20)
    sheet.insert_rows(1, 2)
    sheet["A1"] = "一月扫雪"
    sheet["B4"].comment = Comment("看过", "我")
    sheet.title = "sheet1"


def in_1904(book: Any) -> None:
    book.epoch = CALENDAR_MAC_1904


@pytest.mark.parametrize("then", [moved, in_1904])
def test_a_sheet_that_was_moved_about_is_still_read(
    catalog: Catalog, form: Form, duckdb_warehouse: Warehouse, then: Callable[[Any], None]
) -> None:
    content = filled_file(catalog, duckdb_warehouse, GOOD, {}, {**GOOD, "区": "海淀区"}, then=then)
    filled = filled_of(form, content)
    assert [(row.cells["district"], row.cells["day"]) for row in filled.rows] == [("110101", "2026-01-05"), ("110108", "2026-01-05")]


def test_a_formula_counts_by_the_value_that_it_had_when_it_was_saved(catalog: Catalog, form: Form, duckdb_warehouse: Warehouse) -> None:
    content = filled_file(catalog, duckdb_warehouse, {**GOOD, "融雪剂用量": "=5*2.5"})
    parts = unpacked(content)
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = re.sub(rb"(<f>5\*2\.5</f>)<v ?(/>|></v>)", rb"\1<v>12.5</v>", sheet)
    filled = filled_of(form, packed(parts))
    assert (filled.rows[0].cells["salt"], filled.findings) == ("12.5", ())


def test_a_number_shown_in_percent_is_what_is_shown(catalog: Catalog, form: Form, duckdb_warehouse: Warehouse) -> None:
    def shown(book: Any) -> None:
        book["填报"].cell(2, column_of(book, "完成率")).number_format = "0.0%"

    filled = filled_of(form, filled_file(catalog, duckdb_warehouse, {**GOOD, "完成率": 0.905}, then=shown))
    assert filled.rows[0].cells["done"] == "90.5"


def test_a_template_of_before_is_told_and_of_another_form_refused(catalog: Catalog, form: Form, duckdb_warehouse: Warehouse) -> None:
    def of_before(book: Any) -> None:
        book[HIDDEN]["C1"] = "000000000000"
        book[HIDDEN].cell(12, 1, "wind")
        book[HIDDEN].cell(12, 2, "风力")

    def of_another(book: Any) -> None:
        book[HIDDEN]["B1"] = "snow.roads"

    [finding] = filled_of(form, filled_file(catalog, duckdb_warehouse, GOOD, then=of_before)).findings
    assert finding.is_warning
    assert finding.zh == "模板是旧版（2026-01-06 下载），此后去掉 风力；核对无误可以继续，否则下载新模板"
    with pytest.raises(WorkbookRefused, match=r"of 'snow\.roads'"):
        filled_of(form, filled_file(catalog, duckdb_warehouse, GOOD, then=of_another))


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return held.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    return packed({**unpacked(content), name: part})


@pytest.mark.parametrize(
    ("bend", "zh"),
    [
        (lambda good: b"", "文件是空的"),
        (lambda good: b"a,b\n1,2\n", "不是 Excel 工作簿（.xlsx）：用下载的模板填写"),
        (lambda good: b"<html><table><tr><td>1</td></tr></table></html>", "不是 Excel 工作簿（.xlsx）：用下载的模板填写"),
        (lambda good: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "是旧版 .xls，或加了密码：另存为不加密的 .xlsx 再上传"),
        (lambda good: good[: len(good) // 2], "工作簿不完整（可能没有传完）：重新上传"),
        (lambda good: packed({"a.txt": b"x"}), "不是 Excel 工作簿（.xlsx）：用下载的模板填写"),
        (lambda good: with_part(good, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"), "工作簿已损坏，读不出来；用 Excel 打开并另存后再上传"),
        (lambda good: with_part(good, "xl/workbook.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"), "工作簿里有不允许的内容（DOCTYPE）"),
        (lambda good: with_part(good, "xl/media/x.xml", b" " * 90_000_000), "解开后太大：删去多余的行、格式和图片"),
        (lambda good: good + b"\0" * 20_000_001, "文件超过 20 MB，分几次上传"),
        (lambda good: with_part(good, "xl/styles.xml", b""), "工作簿已损坏，读不出来；用 Excel 打开并另存后再上传"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_workbook_is_refused_in_words(
    catalog: Catalog, form: Form, duckdb_warehouse: Warehouse, bend: Callable[[bytes], bytes], zh: str
) -> None:
    with pytest.raises(WorkbookRefused) as refused:
        filled_of(form, bend(filled_file(catalog, duckdb_warehouse, GOOD)))
    assert refused.value.zh == zh
    assert refused.value.en


def test_the_file_comes_back_with_red_cells_notes_and_a_list(catalog: Catalog, form: Form, duckdb_warehouse: Warehouse) -> None:
    content = filled_file(catalog, duckdb_warehouse, {**GOOD, "融雪剂用量": "=HYPERLINK(1)", "出动人数": 3.5})
    filled = filled_of(form, content)
    back = openpyxl.load_workbook(io.BytesIO(annotated(content, filled.sheet, filled.findings)))
    assert back["填报"]["D2"].fill.fgColor.rgb == "00FF9B9B"
    assert back["填报"]["D2"].comment.text == "3.5 不是整数"
    assert back["填报"]["D2"].value == 3.5
    assert [row[0].value for row in back["问题清单"]] == ["单元格", "C2", "D2"]
    assert back["填报"]["A2"].comment is None


def test_the_version_of_a_form_moves_with_its_fields_only(form: Form, duckdb_warehouse: Warehouse) -> None:
    widened = PROJECT["snow/reports.dataset.yaml"].replace("unit: t}", "unit: kg}")
    other = load_texts({**PROJECT, "snow/reports.dataset.yaml": widened}).catalog
    assert form_of(other, REPORTS, duckdb_warehouse).version != form.version
    assert form_of(city(), REPORTS, duckdb_warehouse).version == form.version
