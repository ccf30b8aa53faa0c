"""Text with separators, as spreadsheets and old systems export it: every encoding, and rows that do not fit are told with their number."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from msgspec import Struct
from numpy.typing import NDArray

from connectors.formats.piece import Opener, Piece, told_apart
from engine.connector import RefusedRow, SourceFailed

BLOCK = 1 << 24
_UNDECODED = re.compile("[\udc80-\udcff]")
_MARK = "\ufdd0"  # for what no text has: Unicode keeps this sign free for such uses
_ENDLESS = ("引号没有结束：后面的内容全落进了这一格", "a quote is not closed: all that follows is in this cell")
_GROUPED = r"^\s*[-+]?\d{1,3}(,\d{3})+(\.\d+)?\s*$"


class Separated(Struct, frozen=True):
    """How the text is written (分隔文本)."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    header: int | None = 1  # row that names the columns
    columns: tuple[str, ...] = ()  # their names when there is no such row
    groups_digits: bool = False  # numbers are written 1,234,567


class _Recoded(io.RawIOBase):
    """A byte stream in another encoding, read as UTF-8; what cannot be decoded becomes _MARK. Counts quotes on the way (转码流)."""

    def __init__(self, file: IO[bytes], encoding: str, quote: str = "") -> None:
        self._file, self._decoder, self._ready = file, codecs.getincrementaldecoder(encoding)("surrogateescape"), b""
        self._quote, self.quotes = quote, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            chunk = self._file.read(1 << 20)
            text = self._decoder.decode(chunk, final=not chunk)
            self.quotes += text.count(self._quote) if self._quote else 0
            try:
                self._ready = text.encode()
            except UnicodeEncodeError:
                self._ready = _UNDECODED.sub(_MARK, text).encode("utf-8", "replace")
            if not chunk:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


def as_utf8(file: IO[bytes], encoding: str) -> IO[bytes]:
    """The file as UTF-8; what cannot be decoded becomes a mark that is no character."""
    return file if encoding in ("utf-8", "utf-8-sig") else io.BufferedReader(_Recoded(file, encoding), 1 << 20)


def read_separated(opened: Opener, how: Separated) -> Iterator[Piece]:
    """The rows as text columns. A row with too many or too few cells, or with a cell that is no text in the encoding, is refused."""
    names = _names(opened, how)
    invalid: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        invalid.append((row.number, row.text))
        return "skip"

    first = 1 if how.header is None else how.header + 1
    with opened() as file:
        plain = _Recoded(file, how.encoding, how.quote)
        reader = arrow_csv.open_csv(
            io.BufferedReader(plain, 1 << 20),
            # One thread: only then does Arrow know the number of a row that does not fit.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows=first - 1),
            parse_options=_parse_options(how, keep),
            convert_options=arrow_csv.ConvertOptions(check_utf8=False, column_types=dict.fromkeys(names, pa.binary())),
        )
        told, last = 0, None
        for batch in _batches(reader):
            numbers = _numbers(first, batch.num_rows, [number for number, _ in invalid[told:]])
            refused = [_refused(number, text, len(names)) for number, text in invalid[told:] if not len(numbers) or number < numbers[-1]]
            told += len(refused)
            first = int(numbers[-1]) + 1 if len(numbers) else first
            if last is not None:
                yield last
            last = _decoded(pa.Table.from_batches([batch]), numbers, refused, how)
        if last is not None:
            yield _without_endless(last, how) if plain.quotes % 2 else last
        if invalid[told:]:
            rest = tuple(_refused(number, text, len(names)) for number, text in invalid[told:])
            yield Piece(pa.table({name: pa.array([], pa.string()) for name in names}), [], rest)


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except pa.ArrowInvalid as error:
        raise _too_long(error) from error


def _too_long(error: Exception) -> Exception:
    """Arrow's error about its blocks in words."""
    if "straddling" not in str(error):
        return error
    return SourceFailed(f"有一行超过 {BLOCK >> 20} MB", f"a row is longer than {BLOCK >> 20} MB")


def _without_endless(piece: Piece, how: Separated) -> Piece:
    """The piece without its last row where a cell of that ran over the end of its line: its quote was never closed."""
    if not piece.rows.num_rows:
        return piece
    row = piece.rows.slice(piece.rows.num_rows - 1).to_pylist()[0]
    if not any("\n" in (cell or "") or "\r" in (cell or "") for cell in row.values()):
        return piece
    raw = how.delimiter.join(cell or "" for cell in row.values())
    refused = (*piece.refused, RefusedRow(piece.numbers[-1], raw[:2000], *_ENDLESS))
    return Piece(piece.rows.slice(0, piece.rows.num_rows - 1), piece.numbers[:-1], refused)


def _parse_options(how: Separated, keep: Callable[[Any], str]) -> arrow_csv.ParseOptions:
    return arrow_csv.ParseOptions(
        delimiter=how.delimiter, quote_char=how.quote, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
    )


def _names(opened: Opener, how: Separated) -> list[str]:
    if how.columns:
        return list(how.columns)
    with opened() as file:
        options = arrow_csv.ReadOptions(
            use_threads=False, block_size=BLOCK, skip_rows=(how.header or 1) - 1, autogenerate_column_names=how.header is None
        )
        plain = io.BufferedReader(_Recoded(file, how.encoding), 1 << 20)
        try:
            names = arrow_csv.open_csv(plain, read_options=options, parse_options=_parse_options(how, lambda row: "skip")).schema.names
        except pa.ArrowInvalid as error:
            raise _too_long(error) from error
    if any(_MARK in name or "\0" in name for name in names):
        raise SourceFailed(
            f"表头不是 {how.encoding} 编码的文字，写明 encoding", f"the header is not text in {how.encoding}: say `encoding`"
        )
    return told_apart([name.strip() for name in names])


def _numbers(first: int, rows: int, skipped: list[int]) -> NDArray[np.int64]:
    """The numbers of so many rows from `first` on, past the numbers of rows that were refused."""
    span = np.arange(first, first + rows + len(skipped), dtype=np.int64)
    return np.setdiff1d(span, np.array(skipped, dtype=np.int64), assume_unique=True)[:rows]


def _refused(number: int, text: str, wanted: int) -> RefusedRow:
    return RefusedRow(number, text[:2000], f"列数不是 {wanted}", f"it does not have {wanted} columns")


def _decoded(rows: pa.Table, numbers: NDArray[np.int64], refused: list[RefusedRow], how: Separated) -> Piece:
    """The cells as text; rows with a cell that is no text are refused, rows without any content are dropped."""
    columns = [column.cast(pa.string()) for column in rows.columns]
    bad = np.zeros(rows.num_rows, dtype=np.bool_)
    for column in columns:
        bad |= np.asarray(pc.fill_null(pc.match_substring(column, _MARK), False))
    if how.groups_digits:
        columns = [_ungrouped(column) for column in columns]
    for row in np.flatnonzero(bad).tolist():
        raw = how.delimiter.join(column[row].as_py().replace(_MARK, "\ufffd") for column in columns)
        refused.append(RefusedRow(int(numbers[row]), raw[:2000], f"不是 {how.encoding} 编码的文字", f"it is not text in {how.encoding}"))
    blank = np.logical_and.reduce([np.asarray(pc.fill_null(pc.equal(column, ""), False)) for column in columns])
    keep = ~(bad | blank)
    kept = pa.table(columns, names=rows.column_names).filter(pa.array(keep))
    return Piece(kept, numbers[keep].tolist(), tuple(refused))


def _ungrouped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    grouped = pc.match_substring_regex(column, _GROUPED)
    if not pc.any(grouped).as_py():
        return column
    return pc.if_else(grouped, pc.replace_substring(column, ",", ""), column)
