"""Tables that people and systems hand over as files: text with separators, Parquet, JSON and spreadsheets, also compressed."""

import csv
import gzip
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import IO, Annotated, Any, ClassVar, Literal

import msgspec
import pyarrow as pa
from msgspec import Meta, Struct
from msgspec.structs import replace
from python_calamine import CalamineError

from connectors.formats.columnar import read_parquet
from connectors.formats.documents import read_document, read_lines
from connectors.formats.limits import Unpacked, read_whole
from connectors.formats.piece import Piece
from connectors.formats.separated import Separated, read_separated
from connectors.formats.sheets import read_sheet
from connectors.outside.found import FilesRead, FoundFile, is_half_written, refuse_leaving
from connectors.outside.sftp import Sftp, SftpLogin, opened_folder
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.parts import AtLeastOne, Part

Encoding = Literal["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "big5", "utf-16", "latin-1", "cp1252"]
ENDINGS = {
    "csv": "csv", "txt": "csv", "tsv": "tsv", "parquet": "parquet", "json": "json", "jsonl": "jsonl", "ndjson": "jsonl",
    "xlsx": "excel", "xls": "excel", "xlsb": "excel", "ods": "excel",
}  # fmt: skip


class FileStream(Part, frozen=True):
    """Which files of the folder, and how they are written (文件流)."""

    path: Annotated[str, Meta(title="路径", description="Relative to the root; * and ** match many files", examples=["weigh/*.csv.gz"])]
    format: Annotated[
        Literal["csv", "tsv", "parquet", "json", "jsonl", "excel"] | None,
        Meta(title="格式", description="Unsaid: by the ending of the name"),
    ] = None
    encoding: Annotated[Encoding, Meta(title="编码", description="Of text files")] = "utf-8-sig"
    delimiter: Annotated[str, Meta(title="分隔符", description="Of csv", min_length=1, max_length=1)] = ","
    quote: Annotated[str, Meta(title="引号", description="Of csv", min_length=1, max_length=1)] = '"'
    header: Annotated[AtLeastOne | None, Meta(title="表头行", description="Row that names the columns; null: there is none")] = 1
    columns: Annotated[tuple[str, ...], Meta(title="列名", description="Names of the columns of a file without a header")] = ()
    thousands: Annotated[Literal[","] | None, Meta(title="千分位", description="Mark that groups the digits of numbers")] = None
    sheet: Annotated[str | int, Meta(title="工作表", description="Name or number, from 0")] = 0
    rows_at: Annotated[
        str | None, Meta(title="行的位置", description="Where in a JSON document the rows are", examples=["result.items"])
    ] = None


class Files(Connector, frozen=True):
    """Rows of files in a folder, here or on an SFTP server: CSV, TSV, Parquet, JSON, JSON lines, Excel, also with .gz (文件)."""

    tag: ClassVar[str] = "files"
    stream: ClassVar[type[Struct]] = FileStream
    root: Annotated[str, Meta(title="目录", description="Folder of the files", examples=["exports"])] = "."
    sftp: Annotated[SftpLogin | None, Meta(title="SFTP", description="The server where the folder is; unsaid: this machine")] = None
    settle: Annotated[
        Annotated[int, Meta(ge=0, le=3600)] | None,
        Meta(title="静置秒数", description="A file that changes within so many seconds is left for later; unsaid: 0 here, 2 on a server"),
    ] = None

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The rows of the files that were not read before, in the order of their names.

        The cursor is the set of files that are read, by name, time and size: a file that arrives late with an old time is read, and one
        that was written anew is read again. What is still being written (.part, .tmp, a file that grows) is left for later.
        """
        with self._place(around) as place:
            found = place.files(stream.path)
            if not found:
                raise SourceFailed(f"没有文件与「{stream.path}」相符", f"no file matches '{stream.path}'")
            read = FilesRead.of(since, found)
            unread = [file for file in found if not read.has(file) and not is_half_written(file.name)]
            settle = self.settle if self.settle is not None else 2 if self.sftp else 0
            if unread and settle:
                sleep(settle)
                unread = [file for file in unread if file in set(place.files(stream.path))]
            for file in unread:
                yield from self._of_file(place, file, stream, read)
            if rest := read.untold():
                yield RowBatch(pa.table({}), pa.array([], pa.int64()), stream.path, rest)

    def check(self, around: Surroundings) -> None:
        """The folder is there and may be read."""
        with self._place(around) as place:
            place.files("*")

    @contextmanager
    def _place(self, around: Surroundings) -> Iterator["Sftp | _Here"]:
        if self.sftp is None:
            yield _Here(_root(self.root, around))
        else:
            with opened_folder(self.sftp, self.root, around) as sftp:
                yield sftp

    def _of_file(self, place: "Sftp | _Here", file: FoundFile, stream: FileStream, read: FilesRead) -> Iterator[RowBatch]:
        """The rows of one file, fetched whole first when it is elsewhere; its last batch bears the cursor."""
        with place.brought(file) as (path, is_whole):
            if not is_whole:  # it was written to while it came
                return
            pieces = _read_file(path, file.name, stream)
            last = next(pieces, None)
            for piece in pieces:
                assert last is not None
                yield last
                last = piece
            cursor = read.add(file) if place.look(file) == file else None
            if last is not None:
                yield replace(last, cursor=cursor)
            elif cursor is not None:
                yield RowBatch(pa.table({}), pa.array([], pa.int64()), file.name, cursor)


class _Here:
    """A folder of this machine, as an SFTP server's is one elsewhere (本机目录)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, pattern: str) -> list[FoundFile]:
        return [self._seen(path) for path in _matching(self.root, pattern)]

    def look(self, file: FoundFile) -> FoundFile:
        return self._seen(self.root / file.name)

    @contextmanager
    def brought(self, file: FoundFile) -> Iterator[tuple[Path, bool]]:
        yield self.root / file.name, True

    def _seen(self, path: Path) -> FoundFile:
        seen = path.stat()
        return FoundFile(path.relative_to(self.root).as_posix(), seen.st_mtime_ns, seen.st_size)


def _root(name: str, around: Surroundings) -> Path:
    """The folder, inside the project's folder or a folder that the platform was told it may read."""
    if "\0" in name:
        raise SourceFailed("目录名里有空字符", "the name of the folder has a NUL in it")
    root = (around.folder / name).resolve()
    allowed = [around.folder.resolve(), *(folder.resolve() for folder in around.roots)]
    if not any(root == folder or folder in root.parents for folder in allowed):
        raise SourceFailed(f"不允许读取目录「{name}」", f"the folder '{name}' is outside the folders that may be read")
    if not root.is_dir():
        raise SourceFailed(f"没有目录「{name}」", f"there is no folder '{name}'")
    return root


def _matching(root: Path, pattern: str) -> list[Path]:
    """Plain files below the root; no step upwards, no absolute path, no link on the way."""
    refuse_leaving(pattern)
    found = []
    for path in sorted(root.glob(pattern)):
        steps = [path, *(parent for parent in path.parents if root in parent.parents)]
        if path.is_file() and not any(step.is_symlink() for step in steps):
            found.append(path)
    return found


def _read_file(path: Path, origin: str, stream: FileStream) -> Iterator[RowBatch]:
    is_sparse = _form(path, stream) in ("json", "jsonl")
    try:
        for piece in _pieces(path, stream):
            yield RowBatch(piece.rows, pa.array(piece.numbers, pa.int64()), origin, None, piece.refused, is_sparse=is_sparse)
    except SourceFailed as failure:
        raise SourceFailed(f"文件「{origin}」：{failure.zh}", f"the file '{origin}': {failure.en}") from failure
    except (pa.ArrowException, OSError, EOFError, msgspec.DecodeError, CalamineError, csv.Error, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SourceFailed(f"文件「{origin}」读不出：{reason}", f"the file '{origin}' cannot be read: {reason}") from error


def _form(path: Path, stream: FileStream) -> str | None:
    return stream.format or ENDINGS.get(path.name.lower().removesuffix(".gz").rpartition(".")[2])


def _pieces(path: Path, stream: FileStream) -> Iterator[Piece]:
    form = _form(path, stream)

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with path.open("rb") as file:
            yield io.BufferedReader(Unpacked(gzip.GzipFile(fileobj=file), file)) if path.name.endswith(".gz") else file

    match form:
        case "csv" | "tsv":
            delimiter = "\t" if form == "tsv" else stream.delimiter
            yield from read_separated(
                opened, Separated(stream.encoding, delimiter, stream.quote, stream.header, stream.columns, stream.thousands is not None)
            )
        case "parquet":
            with opened() as file:
                yield from read_parquet(io.BytesIO(read_whole(file)) if path.name.endswith(".gz") else file)
        case "json":
            yield from read_document(opened, stream.encoding, stream.rows_at)
        case "jsonl":
            yield from read_lines(opened, stream.encoding)
        case "excel":
            yield from read_sheet(opened, stream.sheet, stream.header, stream.columns)
        case _:
            raise SourceFailed("看不出格式，写明 format", "its format is not clear from its name: say `format`")
