"""Files come as people write them: any separator, any encoding, rows that do not fit; each row keeps its number."""

import gzip
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.files import Files, FileStream
from engine.connector import RowBatch, SourceFailed, Surroundings, stream_of

NOW = datetime(2026, 1, 5)


def batches(root: Path, since: str | None = None, **read: Any) -> list[RowBatch]:
    connector = Files(root=".")
    return list(connector.read(stream_of(connector, read), Surroundings(now=NOW, folder=root), since))


def rows(root: Path, **read: Any) -> list[dict[str, Any]]:
    return [row for batch in batches(root, **read) for row in batch.rows.to_pylist()]


def refused(root: Path, **read: Any) -> list[tuple[int, str, str]]:
    return [(row.number, row.raw, row.reason_en) for batch in batches(root, **read) for row in batch.refused]


def test_every_cell_of_a_csv_is_text_and_the_header_is_row_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid,net\n007,1.50\n"a,b","x\ny"\n')
    [batch] = batches(tmp_path, path="a.csv")
    assert batch.rows.to_pylist() == [{"id": "007", "net": "1.50"}, {"id": "a,b", "net": "x\ny"}]
    assert batch.numbers.to_pylist() == [2, 3]
    assert batch.origin == "a.csv"


def test_rows_with_too_many_or_too_few_cells_are_refused_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3\n5,6\n7,8,9\n10,11\n")
    [batch] = batches(tmp_path, path="a.csv")
    assert batch.numbers.to_pylist() == [2, 4, 6]
    assert refused(tmp_path, path="a.csv") == [(3, "3", "it does not have 2 columns"), (5, "7,8,9", "it does not have 2 columns")]


def test_a_row_that_is_no_text_in_the_encoding_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("名称,吨\n朝阳,1\n".encode() + b"\xff\xfe,2\n" + "海淀,3\n".encode())
    assert rows(tmp_path, path="a.csv") == [{"名称": "朝阳", "吨": "1"}, {"名称": "海淀", "吨": "3"}]
    assert refused(tmp_path, path="a.csv") == [(3, "��,2", "it is not text in utf-8-sig")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "utf-16"])
def test_chinese_text_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes("名称,吨\n朝阳区,1\n".encode(encoding))
    assert rows(tmp_path, path="a.csv", encoding=encoding) == [{"名称": "朝阳区", "吨": "1"}]


def test_bytes_that_gb18030_does_not_have_refuse_their_row_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("名称,吨\n朝阳,1\n".encode("gb18030") + b"\xff\xff,2\n" + "海淀,3\n".encode("gb18030"))
    assert [row["名称"] for row in rows(tmp_path, path="a.csv", encoding="gb18030")] == ["朝阳", "海淀"]
    assert [number for number, _, _ in refused(tmp_path, path="a.csv", encoding="gb18030")] == [3]


def test_a_latin_file_keeps_its_accents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name\ncafé\n".encode("latin-1"))
    assert rows(tmp_path, path="a.csv", encoding="latin-1") == [{"name": "café"}]


def test_empty_lines_are_no_rows_but_count_as_rows_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n\n3,4\n\n")
    [batch] = batches(tmp_path, path="a.csv")
    assert batch.numbers.to_pylist() == [2, 4]


def test_digits_in_groups_become_numbers_only_when_the_stream_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('n,note\n"1,234,567.5","1,2"\n')
    assert rows(tmp_path, path="a.csv", thousands=",") == [{"n": "1234567.5", "note": "1,2"}]
    assert rows(tmp_path, path="a.csv") == [{"n": "1,234,567.5", "note": "1,2"}]


def test_a_header_below_a_title_and_a_file_without_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("过磅台账\nid;net\n1;2\n")
    [batch] = batches(tmp_path, path="a.csv", header=2, delimiter=";")
    assert (batch.rows.to_pylist(), batch.numbers.to_pylist()) == ([{"id": "1", "net": "2"}], [3])
    (tmp_path / "b.tsv").write_text("1\t2\n")
    [batch] = batches(tmp_path, path="b.tsv", header=None, columns=["id", "net"])
    assert (batch.rows.to_pylist(), batch.numbers.to_pylist()) == ([{"id": "1", "net": "2"}], [1])


def test_files_are_read_in_the_order_of_their_names_also_compressed(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "2.csv.gz").write_bytes(gzip.compress(b"a\n2\n"))
    (tmp_path / "day" / "1.csv").write_text("a\n1\n")
    (tmp_path / "day" / "3.txt").write_text("not asked for")
    assert [batch.origin for batch in batches(tmp_path, path="day/*.csv*")] == ["day/1.csv", "day/2.csv.gz"]
    assert rows(tmp_path, path="day/*.csv*") == [{"a": "1"}, {"a": "2"}]


def test_a_later_reading_opens_only_newer_files(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a\n1\n")
    cursor = batches(tmp_path, path="*.csv")[-1].cursor
    assert batches(tmp_path, since=cursor, path="*.csv") == []
    (tmp_path / "2.csv").write_text("a\n2\n")
    assert [batch.origin for batch in batches(tmp_path, since=cursor, path="*.csv")] == ["2.csv"]


def test_a_file_that_arrives_late_with_an_old_time_is_read_and_one_that_was_written_anew_is_read_again(tmp_path: Path) -> None:
    for name in "12":
        (tmp_path / f"{name}.csv").write_text("a\n1\n")
    cursors = [batch.cursor for batch in batches(tmp_path, path="*.csv")]
    assert [batch.origin for batch in batches(tmp_path, since=cursors[0], path="*.csv")] == [
        "2.csv"
    ]  # a reading that ended after the first
    (tmp_path / "0.csv").write_text("a\n0\n")
    os.utime(tmp_path / "0.csv", (1_000_000_000, 1_000_000_000))
    (tmp_path / "1.csv").write_text("a\n1\n11\n")
    again = batches(tmp_path, since=cursors[-1], path="*.csv")
    assert [batch.origin for batch in again] == ["0.csv", "1.csv"]
    assert batches(tmp_path, since=again[-1].cursor, path="*.csv") == []


def test_files_that_hold_no_rows_are_not_opened_again_and_gone_files_are_forgotten(tmp_path: Path) -> None:
    for name in "123":
        (tmp_path / f"{name}.csv").write_text("a\n")
    first = batches(tmp_path, path="*.csv")[-1].cursor
    assert batches(tmp_path, since=first, path="*.csv") == []
    (tmp_path / "2.csv").unlink()
    (tmp_path / "4.csv").write_text("a\n1\n")
    second = batches(tmp_path, since=first, path="*.csv")[-1].cursor
    assert first is not None and second is not None and len(second) == len(first)


def test_a_cursor_of_many_files_is_not_written_out_after_each(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}.csv").write_text(f"a\n{number}\n")
    read = batches(tmp_path, path="*.csv")
    assert sum(batch.rows.num_rows for batch in read) == 1000
    assert sum(batch.cursor is not None for batch in read) < 250
    assert batches(tmp_path, since=read[-1].cursor, path="*.csv") == []


@pytest.mark.parametrize("name", ["a.csv.part", "a.csv.tmp", ".a.csv", "~$a.csv", "a.csv.filepart"])
def test_a_file_whose_name_says_that_it_is_being_written_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "b.csv").write_text("a\n2\n")
    assert rows(tmp_path, path="*", format="csv") == [{"a": "2"}]


def test_a_file_that_grows_while_it_settles_is_left_for_later(tmp_path: Path) -> None:
    for name in ("still.csv", "grows.csv"):
        (tmp_path / name).write_text("a\n1\n")
    stop = threading.Event()

    def grow() -> None:
        with (tmp_path / "grows.csv").open("a") as file:
            while not stop.wait(0.02):
                file.write("2\n")
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        found = list(Files(root=".", settle=1).read(FileStream(path="*.csv"), Surroundings(now=NOW, folder=tmp_path)))
    finally:
        stop.set()
        writer.join()
    assert [batch.origin for batch in found] == ["still.csv"]
    assert [batch.origin for batch in batches(tmp_path, since=found[-1].cursor, path="*.csv")] == ["grows.csv"]


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    reading = Files(root=".").read(FileStream(path="*.csv"), Surroundings(now=NOW, folder=tmp_path))
    first = next(reading)
    assert first.cursor is not None
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    assert [batch.origin for batch in batches(tmp_path, since=first.cursor, path="*.csv")] == ["a.csv"]
    reading.close()


@pytest.mark.parametrize("cursor", ["1767585600000000000", "v1:123", "x"])
def test_a_cursor_that_is_no_list_of_files_is_said(tmp_path: Path, cursor: str) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(SourceFailed, match="no list of files"):
        batches(tmp_path, since=cursor, path="*.csv")


def test_parquet_brings_its_types_and_nested_columns_get_dots(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "at": [datetime(2026, 1, 5), None], "place": [{"lon": 116.4}, None]})
    pq.write_table(table, tmp_path / "a.parquet")
    [batch] = batches(tmp_path, path="a.parquet")
    assert batch.rows.to_pylist()[0] == {"id": 1, "at": datetime(2026, 1, 5), "place.lon": 116.4}
    assert batch.numbers.to_pylist() == [1, 2]


def test_json_rows_are_found_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"result": {"items": [{"id": 1, "at": {"lon": 1.5}}, {"id": "x", "tags": [1, 2]}, 7]}}')
    assert rows(tmp_path, path="a.json", rows_at="result.items") == [
        {"id": "1", "at.lon": 1.5, "tags": None},
        {"id": "x", "at.lon": None, "tags": [1, 2]},
    ]
    assert refused(tmp_path, path="a.json", rows_at="result.items") == [(3, "7", "it is not a JSON object, or larger than 4 MB")]


def test_a_broken_line_of_json_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": \n\n{"id": 3}\n')
    [batch] = batches(tmp_path, path="a.jsonl")
    assert (batch.rows.to_pylist(), batch.numbers.to_pylist()) == ([{"id": 1}, {"id": 3}], [1, 4])
    assert [row.number for row in batch.refused] == [2]


def test_a_sheet_is_read_by_its_name_and_empty_rows_are_left_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("过磅")
    for line in (["单号", "净重", "日期"], [1001, 2.5, datetime(2026, 1, 5)], [None, None, None], ["x", 3, None]):
        sheet.append(line)
    book.save(tmp_path / "a.xlsx")
    [batch] = batches(tmp_path, path="a.xlsx", sheet="过磅")
    assert batch.numbers.to_pylist() == [2, 4]
    assert [row["净重"] for row in batch.rows.to_pylist()] == [2.5, 3.0]
    with pytest.raises(SourceFailed, match="there are Sheet, 过磅"):
        batches(tmp_path, path="a.xlsx", sheet="进场")


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "a/../../b.csv", "a\0b", "a\\b", ""])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceFailed, match="leaves the folder"):
        batches(tmp_path, path=path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
    (outside / "a.csv").write_text("a\n1\n")
    (inside / "a.csv").symlink_to(outside / "a.csv")
    (inside / "deep").symlink_to(outside)
    for path in ("a.csv", "deep/a.csv"):
        with pytest.raises(SourceFailed, match="no file matches"):
            batches(inside, path=path)


def test_a_root_outside_the_project_is_read_only_when_the_platform_allows_it(tmp_path: Path) -> None:
    project, data = tmp_path / "project", tmp_path / "exports"
    for folder in (project, data):
        folder.mkdir()
    (data / "a.csv").write_text("a\n1\n")
    connector = Files(root="../exports")
    stream = stream_of(connector, {"path": "a.csv"})
    with pytest.raises(SourceFailed, match="outside the folders"):
        list(connector.read(stream, Surroundings(now=NOW, folder=project)))
    [batch] = connector.read(stream, Surroundings(now=NOW, folder=project, roots=(data,)))
    assert batch.rows.num_rows == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("twice.csv", b"a,a\n1,2\n"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00x"),
        ("a.parquet", b"PAR1"),
        ("a.json", b"{"),
        ("number.json", b"7"),
        ("a.xlsx", b"PK"),
        ("a.dat", b"x"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_failure_that_names_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceFailed) as failure:
        batches(tmp_path, path=name)
    assert name in failure.value.en
    assert name in failure.value.zh
