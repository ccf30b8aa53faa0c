"""What a file may grow to when it is unpacked: a few kilobytes that become gigabytes are refused before they fill the memory."""

import io
import re
import zipfile
import zlib
from typing import IO, Any

from engine.connector import SourceFailed

WHOLE = 32 * 1024 * 1024  # bytes of a document that has to be read as a whole
LINE = 4 * 1024 * 1024  # bytes of one line of JSON
SHEETS = 128 * 1024 * 1024  # bytes of a workbook when unpacked
CELLS = 4_000_000  # cells of the rectangle that a sheet's outermost cells span
SUSPECT, RATIO = 16 * 1024 * 1024, 200  # real tables pack 3 to 30 times; beyond this, and larger than that, it is a bomb
_COMPOUND, _ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
_CELL = re.compile(rb'<c\s[^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="([0-9]+)"[^>]*?office:value')


class Unpacked(io.RawIOBase):
    """A packed stream that is refused as soon as it swells beyond reason (解压流). `packed` is the file under it."""

    def __init__(self, stream: Any, packed: IO[bytes]) -> None:
        self._stream, self._packed, self._read = stream, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = self._stream.readinto(buffer)
        self._read += got
        if self._read > SUSPECT and self._read > RATIO * max(self._packed.tell(), 1):
            raise SourceFailed(
                f"解压后膨胀到 {RATIO} 倍以上，像是压缩炸弹，没有读",
                f"it swells more than {RATIO} times when unpacked, like a bomb, and was not read",
            )
        return int(got)


def read_whole(file: IO[bytes]) -> bytes:
    """All bytes of a document. Raises SourceFailed for one that is too large to be read as a whole."""
    content = file.read(WHOLE + 1)
    if len(content) > WHOLE:
        size = f"{WHOLE >> 20} MB"
        raise SourceFailed(
            f"整份文档超过 {size}，请改成一行一个对象（jsonl）", f"the document is larger than {size}: write one object a line (jsonl)"
        )
    return content


def refuse_bad_workbook(content: bytes) -> None:
    """Raises SourceFailed for a workbook with a password, and for one that would fill the memory: by its size, or by cells far apart."""
    if content.startswith(_COMPOUND) and _ENCRYPTED in content:
        raise SourceFailed("工作簿有密码，打不开：请去掉密码再交", "the workbook has a password: remove it")
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            _refuse_swollen(book)
            for one in book.infolist():
                _refuse_wide(book.read(one) if one.filename.endswith((".xml", ".bin")) else b"")  # a size that lies fails on its checksum
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise SourceFailed(f"工作簿坏了：{error}", f"the workbook is damaged: {error}") from error
    except RuntimeError as error:  # zipfile's word for a member that wants a password
        raise SourceFailed("工作簿有密码，打不开：请去掉密码再交", "the workbook has a password: remove it") from error


def _refuse_swollen(book: zipfile.ZipFile) -> None:
    total, packed = sum(one.file_size for one in book.infolist()), sum(one.compress_size for one in book.infolist())
    if total > SHEETS or (total > SUSPECT and total > RATIO * max(packed, 1)):
        raise SourceFailed(f"工作簿解压后有 {total >> 20} MB，没有读", f"the workbook has {total >> 20} MB when unpacked and was not read")


def _refuse_wide(text: bytes) -> None:
    rows, columns = 0, 0
    for letters, digits in set(_CELL.findall(text)):
        rows, columns = max(rows, int(digits)), max(columns, _number(letters))
    repeated = max((int(number) for number in _REPEATED.findall(text)), default=0)
    if rows * columns > CELLS or repeated > CELLS:
        raise SourceFailed(
            f"表太大：有内容的格子铺开到 {rows} 行 {columns} 列", f"the sheet is too large: its cells span {rows} rows by {columns} columns"
        )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
