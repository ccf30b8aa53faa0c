"""An uploaded workbook is opened only after its size and shape were looked at, so that no file can fill the memory or reach out."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from msgspec import Struct
from openpyxl.utils.exceptions import InvalidFileException

MOST_BYTES = 20_000_000
MOST_UNPACKED = 200_000_000
MOST_OF_ONE_PART = 80_000_000
MOST_PARTS = 2_000


class WorkbookRefused(Exception):
    """A file that is no workbook that can be read; carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Opened(Struct, frozen=True):
    """A workbook twice: as it was calculated, and as it was written (工作簿)."""

    values: Any
    written: Any


def opened_workbook(content: bytes) -> Opened:
    """The workbook of a file. Raises WorkbookRefused."""
    look_inside(content)
    try:
        with unwarned():
            return Opened(
                openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False),
                openpyxl.load_workbook(io.BytesIO(content), keep_links=False),
            )
    except (
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        zipfile.BadZipFile,
        InvalidFileException,
    ) as error:
        raise WorkbookRefused("工作簿已损坏，读不出来；用 Excel 打开并另存后再上传", f"the workbook is broken: {error}") from error


def look_inside(content: bytes) -> None:
    """Refuse by content what is no workbook, or would be too large unpacked. Raises WorkbookRefused."""
    if not content:
        raise WorkbookRefused("文件是空的", "the file is empty")
    if len(content) > MOST_BYTES:
        raise WorkbookRefused(f"文件超过 {MOST_BYTES // 1_000_000} MB，分几次上传", f"the file is larger than {MOST_BYTES} bytes")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise WorkbookRefused(
            "是旧版 .xls，或加了密码：另存为不加密的 .xlsx 再上传", "an old .xls, or locked by a password: save it as .xlsx without one"
        )
    if not content.startswith(b"PK"):
        raise WorkbookRefused("不是 Excel 工作簿（.xlsx）：用下载的模板填写", "not an Excel workbook (.xlsx): fill in the template")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _look_at_parts(packed)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise WorkbookRefused("工作簿不完整（可能没有传完）：重新上传", f"the workbook is not whole: {error}") from error


def _look_at_parts(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/workbook") for name in names):
        raise WorkbookRefused("不是 Excel 工作簿（.xlsx）：用下载的模板填写", "a zip file, but not an Excel workbook")
    if (
        len(parts) > MOST_PARTS
        or sum(part.file_size for part in parts) > MOST_UNPACKED
        or any(part.file_size > MOST_OF_ONE_PART for part in parts)
    ):
        raise WorkbookRefused("解开后太大：删去多余的行、格式和图片", "too large once unpacked")
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue
        with packed.open(part) as stream:  # the size that a part says of itself may be a lie
            head, rest = stream.read(4096), part.file_size
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise WorkbookRefused("工作簿里有不允许的内容（DOCTYPE）", "a part of the workbook declares entities")
            seen = len(head)
            while piece := stream.read(1 << 20):
                seen += len(piece)
                if seen > min(rest + 1, MOST_OF_ONE_PART):
                    raise WorkbookRefused("解开后太大：删去多余的行、格式和图片", "a part is larger than it says")


@contextmanager
def unwarned() -> Iterator[None]:
    """openpyxl warns of extensions that it leaves out: they hold no cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
