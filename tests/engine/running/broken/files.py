"""Files that are broken as files: encodings, ends cut off, newlines, quotes, archives, workbooks, columns that moved."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.engine.running.broken.case import HEADER, Case, csv, line, row

CHINESE = line("e1", note="厨余垃圾") + "\n" + line("e2")
NAMES = HEADER.split(",")
JSON_ROWS = [row("j1"), row("j2")]


def book(fill: Callable[[Any], None] = lambda sheet: None, *rows: list[Any]) -> Callable[[], bytes]:
    """A workbook with the header, rows, and whatever else is done to its sheet."""

    def made() -> bytes:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.append(NAMES)
        for one in rows:
            sheet.append(one)
        fill(sheet)
        out = io.BytesIO()
        workbook.save(out)
        return out.getvalue()

    return made


def good(id: Any, at: Any = datetime(2026, 1, 5, 8, 30), **cells: Any) -> list[Any]:
    """A row of a workbook that is right but for the given cells."""
    return [{**row(id, at=at), **cells}[name] for name in NAMES]


def parquet(table: pa.Table) -> bytes:
    """The table as Parquet."""
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def typed(**columns: Any) -> pa.Table:
    """Two right rows as a table, with other columns instead."""
    rows = pa.Table.from_pylist([row("p1", at=datetime(2026, 1, 5, 8)), row("p2", at=datetime(2026, 1, 5, 9))])
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


def far_apart() -> bytes:
    """A workbook of a few kilobytes whose last cell is the last there can be."""
    return book(lambda sheet: sheet.cell(row=1_048_576, column=16_384, value="x"), good("w1"))()


def swollen_book() -> bytes:
    """A workbook whose sheet is 400 MB of blanks when it is unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book()())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            with new.open(one.filename, "w") as member:
                member.write(old.read(one))
                for _ in range(400 if one.filename.endswith("sheet1.xml") else 0):
                    member.write(b" " * 1_000_000)
    return out.getvalue()


def lying_book() -> bytes:
    """A workbook that says that its sheet is smaller than it is."""
    content = bytearray(book(lambda sheet: None, good("w1"))())
    place = content.rfind(b"PK\x01\x02", 0, content.rfind(b"xl/worksheets/sheet1.xml"))
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(content)


def with_password() -> bytes:
    """What a workbook with a password begins like: an old compound file that names its encrypted part."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512


def bomb(size: int, unit: bytes = b"0" * 1_000_000) -> bytes:
    """So many megabytes, packed."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(size):
            file.write(unit)
    return out.getvalue()


ENCODINGS = (
    Case("UTF-8 with a mark at its begin", "bom.csv", b"\xef\xbb\xbf" + csv(line("e1")), rows_in=1, loaded=1),
    Case("GB 18030 read as UTF-8", "gb.csv", csv(CHINESE).decode().encode("gb18030"), rows_in=2, loaded=0, rules=("unreadable",)),
    Case("GB 18030, as it is said", "gb2.csv", csv(CHINESE).decode().encode("gb18030"), rows_in=2, loaded=2, read={"encoding": "gb18030"}),
    Case("UTF-8 read as GBK", "gbk.csv", csv(line("e1", note="厨余垃圾桶")), rows_in=1, loaded=0, rules=("unreadable",), read={"encoding": "gbk"}),
    Case("UTF-16 without saying so", "u16.csv", csv(CHINESE).decode().encode("utf-16"), refused="表头不是"),
    Case("UTF-16, as it is said", "u16b.csv", csv(CHINESE).decode().encode("utf-16"), rows_in=2, loaded=2, read={"encoding": "utf-16"}),
    Case("half a sign at the end", "half.csv", csv(line("e1")) + line("e2", note="厨").encode()[:-1], rows_in=2, loaded=1, rules=("unreadable",)),
    Case("one byte that is no text", "byte.csv", csv(line("e1", note="A"), line("e2")).replace(b",A\n", b",\xff\n"),
         rows_in=2, loaded=1, rules=("unreadable",)),
    Case("a surrogate alone", "surrogate.csv", csv(line("e1", note="A")).replace(b",A\n", b",\xed\xa0\x80\n"),
         rows_in=1, loaded=0, rules=("unreadable",)),
    Case("two encodings in one file", "mixed.csv", csv(line("e1", note="厨余")) + line("e2", note="厨余").encode("gb18030") + b"\n",
         rows_in=2, loaded=1, rules=("unreadable",)),
)  # fmt: skip

SEPARATED = (
    Case("an empty file", "empty.csv", b"", refused="empty.csv"),
    Case("a header alone", "header.csv", csv(), rows_in=0, loaded=0),
    Case("no header", "no_header.csv", (line("h1") + "\n" + line("h2") + "\n").encode(), refused="没有"),
    Case("blank lines", "blank.csv", csv("", line("b1"), "", ",,,,,,,,,", line("b2")), rows_in=2, loaded=2),
    Case("newlines of all systems", "newlines.csv", f"{HEADER}\r\n{line('l1')}\n{line('l2')}\r\n{line('l3')}".encode(), rows_in=3, loaded=3),
    Case("newlines of old Macintoshes", "mac.csv", csv(line("l1"), line("l2")).replace(b"\n", b"\r"), rows_in=2, loaded=2),
    Case("a newline in a quoted note", "quoted.csv", csv(line("q1", note='"eins\nzwei"'), line("q2")), rows_in=2, loaded=2),
    Case("a quote that never ends", "quote.csv", csv(line("q1", note='"open'), line("q2"), line("q3")), rows_in=1, loaded=0, rules=("unreadable",)),
    Case("a cell too few", "few.csv", csv("f1,2026-01-05", line("f2")), rows_in=2, loaded=1, rules=("unreadable",)),
    Case("a cell too many", "many.csv", csv(line("f1") + ",x", line("f2")), rows_in=2, loaded=1, rules=("unreadable",)),
    Case("semicolons", "semicolons.csv", csv(line("s1")).replace(b",", b";"), refused="没有"),
    Case("tabs, as they are said", "tabs.tsv", csv(line("s1")).replace(b",", b"\t"), rows_in=1, loaded=1),
    Case("two columns of one name", "twins.csv", csv(line("t1") + ",x", header=HEADER + ",note"), refused="两列都叫「note」"),
    Case("a line of remarks before the header", "remark.csv", b"exported 2026-01-05\n" + csv(line("r1")), rows_in=2, loaded=0, rules=("unreadable",)),
    Case("a line of totals at the end", "total.csv", csv(line("t1"), "合计,,10.25,1,,,,,,"), rows_in=2, loaded=1, rules=("not_null",)),
    Case("a column is gone", "gone.csv", csv(line("g1").removeprefix("g1,"), header=HEADER.removeprefix("id,")), refused="没有"),
    Case("a column that nobody knows", "new.csv", csv(line("n1") + ",x", header=HEADER + ",extra"), rows_in=1, loaded=1),
    Case("columns in another order", "order.csv", csv("2026-01-05,o1,10", header="at,id,ton"), rows_in=1, loaded=1),
    Case("a header in capitals", "capitals.csv", csv(line("c1"), header=HEADER.upper()), refused="没有"),
    Case("a web page", "page.csv", b"<!DOCTYPE html>\n<html><head><title>502</title></head>\n<body>Bad Gateway</body></html>\n", refused="没有"),
    Case("ids in scientific writing", "science.csv", csv(line("1.10105E+17"), line("1.10105E+17")), rows_in=2, loaded=2),
    Case("zeros only", "nothing.csv", b"\0" * 4096, refused="nothing.csv"),
    Case("a picture", "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, refused="表头不是"),
)  # fmt: skip

PACKED = (
    Case("packed and whole", "whole.csv.gz", gzip.compress(csv(line("z1"))), rows_in=1, loaded=1),
    Case("packed and cut off", "cut.csv.gz", lambda: gzip.compress(csv(*(line(f"z{n}") for n in range(500))))[:-40], refused="cut.csv.gz"),
    Case("packed with a wrong sum", "sum.csv.gz", gzip.compress(csv(line("z1")))[:-8] + b"\0" * 8, refused="sum.csv.gz"),
    Case("said to be packed and is not", "plain.csv.gz", csv(line("z1")), refused="plain.csv.gz"),
    Case("packed twice", "twice.csv.gz", gzip.compress(gzip.compress(csv(line("z1")))), refused="表头不是"),
    Case("a bomb of zeros", "bomb.csv.gz", lambda: csv(line("z1"))[:0] + bomb(300), refused="bomb.csv.gz"),
    Case("a bomb of lines", "lines.csv.gz", lambda: bomb(300, csv(*[line("z1")] * 10_000, header="")), refused="lines.csv.gz"),
    Case("a bomb of JSON", "bomb.json.gz", lambda: bomb(300, b"[" * 1_000_000), refused="bomb.json.gz"),
    Case("a bomb of one line of JSON", "line.jsonl.gz", lambda: bomb(300), refused="line.jsonl.gz"),
)  # fmt: skip

DOCUMENTS = (
    Case("JSON cut off", "cut.json", json.dumps(JSON_ROWS).encode()[:-20], refused="cut.json"),
    Case("JSON that is no list", "object.json", json.dumps({"error": "token expired"}).encode(), refused="rows_at"),
    Case("JSON whose rows went elsewhere", "moved.json", json.dumps({"data": JSON_ROWS}).encode(), refused="没有「result」", read={"rows_at": "result"}),
    Case("JSON with NaN", "nan.json", json.dumps([row("j1", ton=float("nan"))]).encode(), refused="nan.json"),
    Case("JSON nested a hundred thousand deep", "deep.json", b"[" * 100_000, refused="deep.json"),
    Case("JSON rows of several sorts", "sorts.json", json.dumps([row("j1"), 7, None, "x", [1]]).encode(), rows_in=5, loaded=1, rules=("unreadable",)),
    Case("JSON that changes its types", "types.json", json.dumps([row("j1"), row("j2", ton="10.5"), row("j3", ton={"value": 1}), row("j4", ton=[1])]).encode(),
         rows_in=4, loaded=3, rules=("type",)),
    Case("JSON of 40 MB", "large.json", lambda: b"[" + b" " * 40_000_000 + b"]", refused="jsonl"),
    Case("lines of JSON, one cut", "cut.jsonl", json.dumps(row("j1")).encode() + b"\n" + json.dumps(row("j2")).encode()[:30],
         rows_in=2, loaded=1, rules=("unreadable",)),
    Case("lines of JSON with commas", "commas.jsonl", json.dumps(row("j1")).encode() + b",\n" + json.dumps(row("j2")).encode() + b"\n",
         rows_in=2, loaded=1, rules=("unreadable",)),
    Case("a line of JSON of 10 MB", "long.jsonl", lambda: json.dumps(row("j1", note="x" * 10_000_000)).encode() + b"\n" + json.dumps(row("j2")).encode(),
         rows_in=2, loaded=1, rules=("unreadable",)),
    Case("a number in JSON of a thousand digits", "digits.jsonl", b'{"id": "j1", "at": "2026-01-05", "ton": ' + b"9" * 1000 + b"}\n",
         rows_in=1, loaded=0, rules=("type",)),
    Case("a name in JSON that comes twice", "twice.jsonl", b'{"id": "j1", "id": "j2", "at": "2026-01-05"}\n', rows_in=1, loaded=1),
    Case("Parquet cut off", "cut.parquet", lambda: parquet(typed())[:-30], refused="cut.parquet"),
    Case("Parquet that is text", "text.parquet", csv(line("p1")), refused="text.parquet"),
    Case("Parquet with NaN and infinity", "nan.parquet", lambda: parquet(typed(ton=pa.array([float("inf"), 1.0]))),
         rows_in=2, loaded=1, rules=("type",)),
    Case("Parquet whose column became text", "drift.parquet", lambda: parquet(typed(ton=pa.array(["10", "ten"]))),
         rows_in=2, loaded=1, rules=("type",)),
    Case("Parquet with times of the year 2262", "far.parquet", lambda: parquet(typed(at=pa.array([2**63 - 1, 0], pa.timestamp("ns")))),
         rows_in=2, loaded=0, rules=("clock", "condition")),
)  # fmt: skip

BOOKS = (
    Case("days of a spreadsheet", "days.xlsx", book(lambda sheet: None, good("w1"), good("w2", date(2026, 1, 5))), rows_in=2, loaded=2),
    Case("days of a spreadsheet as serial numbers", "serial.xlsx", book(lambda sheet: None, good("w1", 46027.35), good("w2")),
         rows_in=2, loaded=1, rules=("type",)),
    Case("a formula that was never computed", "formula.xlsx", book(lambda sheet: None, good("w1", ton="=1+1"), good("w2", at="=NOW()")),
         rows_in=2, loaded=0, rules=("type",)),
    Case("an error in a cell", "error.xlsx", book(lambda sheet: None, good("w1", ton="#N/A"), good("w2")), rows_in=2, loaded=1, rules=("type",)),
    Case("merged cells", "merged.xlsx", book(lambda sheet: sheet.merge_cells("A2:A3"), good("w1"), good("w2")),
         rows_in=2, loaded=1, rules=("not_null",)),
    Case("numbers as text", "texts.xlsx", book(lambda sheet: None, good("w1", ton="10.25", trips="1"), good("w2", ton="十")),
         rows_in=2, loaded=1, rules=("type",)),
    Case("ids that are numbers", "ids.xlsx", book(lambda sheet: None, good(1001), good(1002.0)), rows_in=2, loaded=2),
    Case("a workbook with a password", "password.xlsx", with_password, refused="密码"),
    Case("a workbook cut off", "cut.xlsx", lambda: book()()[:-200], refused="cut.xlsx"),
    Case("a workbook that is a text", "text.xlsx", csv(line("w1")), refused="text.xlsx"),
    Case("a workbook that is a web page", "page.xls", b"<html><table><tr><td>1</td></tr></table></html>", refused="page.xls"),
    Case("a workbook that swells", "swell.xlsx", swollen_book, refused="解压后"),
    Case("a workbook with cells far apart", "far.xlsx", far_apart, refused="表太大"),
    Case("a workbook that lies about its size", "lying.xlsx", lying_book, refused="lying.xlsx"),
    Case("a sheet that is not there", "sheet.xlsx", book(), refused="没有工作表「过磅」", read={"sheet": "过磅"}),
    Case("an empty sheet", "empty.xlsx", lambda: _without_header(), refused="empty.xlsx"),
)  # fmt: skip


def _without_header() -> bytes:
    workbook = openpyxl.Workbook()
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


CASES = (*ENCODINGS, *SEPARATED, *PACKED, *DOCUMENTS, *BOOKS)
