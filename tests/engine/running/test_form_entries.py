"""An entry goes from its writer over a reviewer into the warehouse once, whatever is clicked twice or dies between."""

import io
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.connector import SourceFailed
from engine.loading.catalog import Catalog
from engine.loading.project import load_texts
from engine.question import EVERYTHING
from engine.running.attachments import collect, read_file, take_file
from engine.running.file_store import FileIsMissing
from engine.running.form_entries import (
    Desk,
    NotAllowedNow,
    accept_entry,
    annotated_file,
    confirm,
    findings_of,
    preview,
    return_entry,
    upload,
    write_row,
)
from engine.running.intake import IntakeResult
from engine.state.forms import entries_of, latest_rows, versions_of
from engine.warehouse import Statement
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.engine.running.form_city import GOOD, PROJECT, REPORTS, city, desk_over, filled_file
from tests.engine.running.test_pictures import photo

pytestmark = pytest.mark.postgres
OTHER = {**GOOD, "区": "朝阳区", "融雪剂用量": 7}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return city()


@pytest.fixture
def desk(catalog: Catalog, postgres_dsn: str, tmp_path: Path) -> Iterator[Desk]:
    warehouse = DuckDbWarehouse(memory_limit="1GB")
    with desk_over(catalog, warehouse, postgres_dsn, tmp_path) as desk:
        yield desk
    warehouse.close()


def stored(desk: Desk) -> list[dict[str, Any]]:
    dataset = desk.catalog.dataset(REPORTS)
    assert dataset is not None
    table = table_of(REPORTS, dataset)
    if desk.warehouse.state(table) is None:
        return []
    source = exp.Table(this=exp.to_identifier(table.name), db=exp.to_identifier(table.schema))
    columns = [exp.column(name) for name in ("district", "salt", "quality_flag", "source_id", "photo")]
    rows: list[dict[str, Any]] = desk.warehouse.query(Statement(exp.Select(expressions=columns).from_(source))).to_pylist()
    return sorted(rows, key=str)


def amounts(desk: Desk) -> list[tuple[str, Decimal]]:
    return [(row["district"], row["salt"]) for row in stored(desk)]


def uploaded(desk: Desk, *rows: dict[str, Any], who: str = "张三") -> str:
    return upload(desk, REPORTS, "一月.xlsx", filled_file(desk.catalog, desk.warehouse, *rows), who).id


def accepted(desk: Desk, *rows: dict[str, Any], who: str = "张三") -> str:
    id = uploaded(desk, *rows, who=who)
    confirm(desk, id, who)
    accept_entry(desk, id, "李四")
    return id


def test_nothing_is_taken_in_before_it_was_confirmed_and_accepted(desk: Desk) -> None:
    id = uploaded(desk, GOOD, OTHER)
    assert stored(desk) == []
    assert confirm(desk, id, "张三").entry.status == "submitted"
    assert stored(desk) == []
    decided = accept_entry(desk, id, "李四")
    assert decided.result is not None
    assert (decided.entry.status, decided.result.loaded, decided.result.quarantined) == ("accepted", 2, 0)
    assert amounts(desk) == [("110101", Decimal("12.5")), ("110105", Decimal(7))]
    assert {row["quality_flag"] for row in stored(desk)} == {"manual"}


def test_confirming_and_accepting_twice_is_doing_it_once(desk: Desk) -> None:
    id = accepted(desk, GOOD)
    assert confirm(desk, id, "张三").entry.status == "accepted"
    accept_entry(desk, id, "李四")
    assert amounts(desk) == [("110101", Decimal("12.5"))]
    assert len(versions_of(desk.store, "snow", '["110101", "2026-01-05"]')) == 1


def test_two_reviewers_at_once_accept_once(desk: Desk) -> None:
    ids = [uploaded(desk, {**GOOD, "融雪剂用量": amount}) for amount in (1, 2)]
    for id in ids:
        confirm(desk, id, "张三")
    threads = [threading.Thread(target=accept_entry, args=(desk, id, "李四")) for id in ids * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.take_in(REPORTS)
    versions = versions_of(desk.store, "snow", '["110101", "2026-01-05"]')
    assert [version.number for version in versions] == [1, 2]
    assert amounts(desk) == [("110101", Decimal(versions[-1].cells["salt"] or ""))]


def test_wrong_cells_stop_an_upload_and_come_back_marked(desk: Desk) -> None:
    entry = upload(desk, REPORTS, "错.xlsx", filled_file(desk.catalog, desk.warehouse, {**GOOD, "融雪剂用量": 900, "区": "西域"}), "张三")
    assert entry.status == "wrong"
    assert [(one.address, one.title) for one in findings_of(entry)] == [("A2", "区"), ("C2", "融雪剂用量")]
    back = openpyxl.load_workbook(io.BytesIO(annotated_file(desk, entry)))
    assert back["填报"]["C2"].comment.text == "900 超出范围，应不小于 0、不大于 500"
    with pytest.raises(NotAllowedNow):
        confirm(desk, entry.id, "张三")
    with pytest.raises(NotAllowedNow):
        accept_entry(desk, entry.id, "李四")
    assert stored(desk) == []


def test_the_preview_tells_new_replaced_and_unchanged_rows_apart(desk: Desk) -> None:
    accepted(desk, GOOD, OTHER)
    third = {**GOOD, "区": "海淀区"}
    entry = upload(desk, REPORTS, "改.xlsx", filled_file(desk.catalog, desk.warehouse, GOOD, {**OTHER, "融雪剂用量": 8}, third), "张三")
    assert (entry.inserted, entry.replaced, entry.unchanged) == (1, 1, 1)
    rows = preview(desk, entry).rows
    assert [(row.row, row.fate, row.before) for row in rows] == [(2, "unchanged", {}), (3, "replaced", {"salt": "7"}), (4, "new", {})]


def test_a_correction_is_a_new_version_and_the_old_one_stays_readable(desk: Desk) -> None:
    accepted(desk, GOOD)
    accepted(desk, {**GOOD, "融雪剂用量": 20}, who="王五")
    versions = versions_of(desk.store, "snow", '["110101", "2026-01-05"]')
    assert [(one.number, one.cells["salt"], one.written_by, one.decided_by) for one in versions] == [
        (1, "12.5", "张三", "李四"),
        (2, "20", "王五", "李四"),
    ]
    assert [row.number for row in latest_rows(desk.store, "snow")] == [2]
    assert amounts(desk) == [("110101", Decimal(20))]


def test_an_entry_is_sent_back_with_a_reason_and_never_taken_in(desk: Desk) -> None:
    id = uploaded(desk, GOOD)
    confirm(desk, id, "张三")
    with pytest.raises(NotAllowedNow):
        return_entry(desk, id, "李四", "  ")
    entry = return_entry(desk, id, "李四", "用量与台账不符")
    assert (entry.status, entry.reason, entry.decided_by) == ("returned", "用量与台账不符", "李四")
    with pytest.raises(NotAllowedNow):
        accept_entry(desk, id, "李四")
    assert stored(desk) == []


def test_the_same_file_is_noticed(desk: Desk) -> None:
    content = filled_file(desk.catalog, desk.warehouse, GOOD)
    first = upload(desk, REPORTS, "一月.xlsx", content, "张三")
    assert upload(desk, REPORTS, "副本.xlsx", content, "王五").id == first.id
    confirm(desk, first.id, "张三")
    accept_entry(desk, first.id, "李四")
    again = upload(desk, REPORTS, "副本.xlsx", content, "王五")
    assert [one.zh for one in findings_of(again)] == ["同一个文件已由 张三 于 2026-01-06 09:00 上传并入库"]
    assert (again.status, again.unchanged) == ("ready", 1)


def test_rows_that_were_accepted_while_the_warehouse_failed_are_taken_in_later(desk: Desk) -> None:
    def fails(dataset: str) -> IntakeResult:
        raise SourceFailed("库在维护", "closed")

    id = uploaded(desk, GOOD)
    confirm(desk, id, "张三")
    decided = accept_entry(replace(desk, take_in=fails), id, "李四")
    assert (decided.entry.status, decided.result, decided.trouble) == ("accepted", None, "库在维护")
    assert stored(desk) == []
    desk.take_in(REPORTS)
    assert amounts(desk) == [("110101", Decimal("12.5"))]


def test_a_new_warehouse_is_filled_with_the_last_version_of_every_row(
    desk: Desk, catalog: Catalog, postgres_dsn: str, tmp_path: Path
) -> None:
    accepted(desk, GOOD, OTHER)
    accepted(desk, {**GOOD, "融雪剂用量": 20})
    fresh = DuckDbWarehouse(memory_limit="1GB")
    with desk_over(catalog, fresh, postgres_dsn, tmp_path) as another:
        another.take_in(REPORTS)
        assert amounts(another) == [("110101", Decimal(20)), ("110105", Decimal(7))]
    fresh.close()


def test_one_row_is_written_in_the_web_form_under_the_same_rules(desk: Desk) -> None:
    said = {"district": "东城区", "day": "2026-01-05", "salt": "９００", "done": "90", "state": "clear"}
    entry, findings = write_row(desk, REPORTS, said, "张三")
    assert entry is None
    assert [(one.address, one.zh) for one in findings] == [("salt", "900 超出范围，应不小于 0、不大于 500")]
    entry, findings = write_row(desk, REPORTS, {**said, "salt": "9", "day": ""}, "张三")
    assert [(one.address, one.zh) for one in findings] == [("day", "缺少「日期」")]
    entry, _ = write_row(desk, REPORTS, {**said, "salt": "9"}, "张三")
    assert entry is not None
    confirm(desk, entry.id, "张三")
    accept_entry(desk, entry.id, "李四")
    assert amounts(desk) == [("110101", Decimal(9))]


def test_an_attachment_is_named_in_a_cell_and_kept_as_long_as_a_row_names_it(desk: Desk) -> None:
    kept = take_file(desk.files, desk.store, "现场.jpg", photo(), "张三", desk.now())
    stray = take_file(desk.files, desk.store, "多余.jpg", photo(colour=(1, 2, 3)), "张三", desk.now())
    row = {**GOOD, "照片": "现场.jpg"}
    missing = upload(desk, REPORTS, "无.xlsx", filled_file(desk.catalog, desk.warehouse, row), "张三")
    assert [(one.address, one.zh) for one in findings_of(missing)] == [("J2", "没有附件「现场.jpg」：和表格一起上传")]
    entry = upload(
        desk, REPORTS, "有.xlsx", filled_file(desk.catalog, desk.warehouse, {**row, "出动人数": 1}), "张三", {"现场.jpg": kept.hash}
    )
    now = 4_000_000_000.0
    assert set(collect(desk.files, desk.store, desk.catalog, desk.warehouse, now)) == {stray.hash, stray.thumbnail}
    confirm(desk, entry.id, "张三")
    accept_entry(desk, entry.id, "李四")
    assert [one["photo"] for one in stored(desk)] == [kept.hash]
    assert collect(desk.files, desk.store, desk.catalog, desk.warehouse, now) == []
    assert read_file(desk.files, desk.store, EVERYTHING, kept.hash).content == photo()
    with pytest.raises(FileIsMissing):
        read_file(desk.files, desk.store, EVERYTHING, stray.hash)
    with pytest.raises(FileIsMissing):
        read_file(desk.files, desk.store, replace(EVERYTHING, sees_all=False), kept.hash)


def test_a_young_file_that_nothing_names_yet_is_left_alone(desk: Desk) -> None:
    kept = take_file(desk.files, desk.store, "现场.jpg", photo(), "张三", desk.now())
    assert collect(desk.files, desk.store, desk.catalog, desk.warehouse, 0.0) == []
    assert read_file(desk.files, desk.store, EVERYTHING, kept.hash, small=True).kind.name == "jpeg"


def test_rules_that_changed_after_handing_in_stop_the_acceptance(desk: Desk) -> None:
    id = uploaded(desk, {**GOOD, "融雪剂用量": 400})
    confirm(desk, id, "张三")
    stricter = load_texts(
        {**PROJECT, "snow/reports.dataset.yaml": PROJECT["snow/reports.dataset.yaml"].replace("max: 500", "max: 300")}
    ).catalog
    with pytest.raises(NotAllowedNow) as refused:
        accept_entry(replace(desk, catalog=stricter), id, "李四")
    assert "「融雪剂用量」是 400" in refused.value.zh
    assert [entry.status for entry in entries_of(desk.store, REPORTS)] == ["submitted"]
    assert stored(desk) == []
