"""Numbers as files: what Excel opens is typed, carries its meaning, and runs nothing."""

import csv
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from litestar.testing import TestClient
from openpyxl import load_workbook

from portal.api.sheet import Cell, Sheet
from portal.api.sheet_files import csv_file, xlsx_file

Client = TestClient[Any]
Rows = list[list[Any]]


def downloaded(client: Client, ending: str, **query: Any) -> bytes:
    """The file of an address."""
    response = client.get(f"/api/indicators/waste.tons/values.{ending}", params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"].startswith(f"attachment; filename=\"waste.tons.{ending}\"; filename*=UTF-8''%E6%B8%85")
    return response.content


def csv_rows(content: bytes) -> Rows:
    """The rows of a CSV file, its byte order mark taken off."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def book_rows(content: bytes, page: str) -> Rows:
    """The rows of a page of a workbook."""
    return [list(row) for row in load_workbook(BytesIO(content))[page].iter_rows(values_only=True)]


def test_csv_has_rows_first_and_then_what_they_mean(client: Client) -> None:
    rows = csv_rows(downloaded(client, "csv", by="city.district", grain="day", **{"from": "2026-01-05"}))
    gap = rows.index([])
    assert rows[0] == ["区", "区代码", "时间", "清运量（t）", "本期是否完整"]
    assert rows[1] == ["东城区", "110101", "2026-01-05", "13", "完整"]
    assert rows[gap - 1] == ["海淀区", "110108", "2026-01-06", "3", "未完整"]
    notes = {row[0]: row[1] for row in rows[gap + 2 :]}
    assert rows[gap + 1] == ["说明"]
    assert (notes["指标"], notes["含义"], notes["单位"], notes["计算"]) == ("清运量（waste.tons）", "每日清运的净重", "t", "sum(tons)")
    assert (notes["截至"], notes["数据版本"], notes["标记"]) == ("2026-01-06 09:30", "waste.weighings 第 1 版", "无")
    assert notes["提问"] == '{"indicators":["waste.tons"],"by":["city.district"],"grain":"day","period":{"from":"2026-01-05"}}'
    assert len(notes["定义版本"]) == 12


def test_xlsx_has_numbers_as_numbers_and_dates_as_dates(client: Client) -> None:
    content = downloaded(client, "xlsx", grain="day", modifier="prev", also="waste.loads", to="2026-01-06")
    rows = book_rows(content, "数据")
    assert rows[0] == ["时间", "清运量（t）", "清运量·前 n 期（t）", "车次（车次）"]
    assert rows[1][0] == datetime(2026, 1, 1)
    assert rows[2][1:] == [63, 60, 3]
    labels = [row[0] for row in book_rows(content, "说明")]
    assert labels.count("指标") == 3
    assert {"含义", "单位", "截至", "定义版本", "数据版本", "提问", "下载时间"} <= set(labels)


DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")')


def sheet(*cells: Cell) -> Sheet:
    """One row of cells, with the first among the notes and titles too."""
    return Sheet("表", [str(cells[0]), *("列" for _ in cells[1:])], [list(cells)], [("提问", str(cells[0]))])


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    rows = csv_rows(csv_file(sheet(text)))
    assert [rows[0][0], rows[1][0], rows[-1][1]] == [f"'{text}"] * 3
    book = load_workbook(BytesIO(xlsx_file(sheet(text))))
    cells = [book["数据"]["A1"], book["数据"]["A2"], book["说明"]["B1"]]
    assert [(cell.value, cell.data_type) for cell in cells] == [(text, "s")] * 3


def test_a_negative_number_is_a_number_and_nothing_is_empty() -> None:
    rows = csv_rows(csv_file(sheet("甲", -1.5, None, True, date(2026, 1, 5), datetime(2026, 1, 5, 8))))
    assert rows[1] == ["甲", "-1.5", "", "是", "2026-01-05", "2026-01-05 08:00:00"]
    (_, row) = book_rows(xlsx_file(sheet("甲", -1.5, None, True, date(2026, 1, 5), datetime(2026, 1, 5, 8))), "数据")
    assert row == ["甲", -1.5, None, "是", datetime(2026, 1, 5), datetime(2026, 1, 5, 8)]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"by": "city.distric"}, 422, "unknown-split"),
        ({"grain": "hour"}, 422, "grain-too-fine"),
        ({"edge": "torn"}, 400, "wrong-parameter"),
        ({"also": "waste.tonz"}, 404, "unknown-definition"),
        ({"modifier": "{"}, 400, "wrong-parameter"),
    ],
)
def test_a_file_that_cannot_be_made_is_a_problem_and_no_file(client: Client, query: dict[str, str], status: int, code: str) -> None:
    for ending in ("csv", "xlsx"):
        response = client.get(f"/api/indicators/waste.tons/values.{ending}", params=query)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["content-type"] == "application/problem+json"
