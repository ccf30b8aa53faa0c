"""A city whose snow is reported by hand, for the tests of forms; and files that are filled in as people do."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from connectors.manual_form import ManualForm
from engine.connector import Surroundings, Written
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.running.file_store import FolderStore
from engine.running.form_entries import Desk
from engine.running.form_template import template_of
from engine.running.forms import form_of
from engine.running.intake import IntakeResult, intake
from engine.state.forms import accepted_rows
from engine.state.migrate import migrate
from engine.state.store import Store, open_store
from engine.warehouse import Warehouse

NOW = datetime(2026, 1, 6, 9)
REPORTS = "snow.reports"
PROJECT = {
    "project.yaml": "title: 试验\n",
    "sources/hand.source.yaml": """
title: 人工填报
connector: manual_form
streams:
  - {name: snow, read: {form: snow}, identity: [district, day]}
""",
    "snow/district.dimension.yaml": 'title: 区\ncodes: [{code: "110101", title: 东城区}, {code: "110105", title: 朝阳区}, {code: "110108", title: 海淀区}]\n',
    "snow/reports.dataset.yaml": """
title: 扫雪日报
from: sources.hand/snow
one_row_is: 一个区一天的扫雪
region: public
times: [{name: day, column: day, default: true}]
columns:
  - {name: district, title: 区, type: text, dimension: snow.district, required: true}
  - {name: day, title: 日期, type: date, required: true}
  - {name: salt, title: 融雪剂用量, type: decimal, unit: t}
  - {name: people, title: 出动人数, type: integer, unit: 人}
  - {name: done, title: 完成率, type: decimal, unit: "%"}
  - {name: state, title: 路况, type: enum, of: [{code: clear, title: 畅通}, {code: slow, title: 缓行}]}
  - {name: is_over, title: 是否结束, type: boolean}
  - {name: checked_at, title: 核查时间, type: timestamp}
  - {name: phone, title: 联系电话, type: text}
  - {name: photo, title: 照片, type: attachment}
quality:
  - {rule: range, column: salt, min: 0, max: 500}
  - {rule: reference, column: district}
  - {rule: condition, where: "state <> 'clear' or done >= 50", column: done}
""",
}
GOOD: dict[str, Any] = {
    "区": "东城区", "日期": datetime(2026, 1, 5), "融雪剂用量": 12.5, "出动人数": 300, "完成率": 90, "路况": "畅通", "是否结束": "是",
    "核查时间": datetime(2026, 1, 5, 16, 30), "联系电话": "010-12345678",
}  # fmt: skip


def city() -> Catalog:
    """The definitions, without a finding."""
    loaded = load_texts(PROJECT)
    assert [finding.text("en") for finding in loaded.findings] == []
    return loaded.catalog


def filled_file(catalog: Catalog, warehouse: Warehouse, *rows: dict[str, Any], then: Callable[[Any], None] = lambda book: None) -> bytes:
    """The template with rows by the titles of their fields; `then` does to the workbook what people do."""
    book = openpyxl.load_workbook(io.BytesIO(template_of(form_of(catalog, REPORTS, warehouse), NOW)))
    sheet = book["填报"]
    places = {str(cell.value).rstrip("*").split("（")[0]: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, 2):
        for title, value in row.items():
            sheet.cell(number, places[title], value)
    then(book)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def column_of(book: Any, title: str) -> int:
    """The number of the column under a title."""
    return next(int(cell.column) for cell in book["填报"][1] if str(cell.value).startswith(title))


@contextmanager
def desk_over(catalog: Catalog, warehouse: Warehouse, dsn: str, folder: Path) -> Iterator[Desk]:
    """A desk over a real state store and a folder."""
    store = open_store(dsn)
    migrate(store)
    (folder / "files").mkdir(exist_ok=True)
    try:
        yield Desk(catalog, warehouse, store, FolderStore(folder / "files"), lambda: NOW, taking_in(catalog, warehouse, store))
    finally:
        store.close()


def taking_in(catalog: Catalog, warehouse: Warehouse, store: Store) -> Callable[[str], IntakeResult]:
    """Intake of what was accepted, as the portal wires it."""

    def written(form: str, after: int) -> Iterator[Written]:
        return (Written(row.number or 0, row.cells) for row in accepted_rows(store, form, after))

    def take_in(dataset: str) -> IntakeResult:
        return intake(catalog, dataset, warehouse, {"manual_form": ManualForm}, Surroundings(now=NOW, written=written), {})

    return take_in
