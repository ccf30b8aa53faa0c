"""What a file is, told by its content and never by its name: a name is only what its owner called it."""

import io
import zipfile
from typing import Any
from xml.etree.ElementTree import ParseError, XMLPullParser

from msgspec import Struct


class FileRefused(Exception):
    """A file that is not kept; carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class FileKind(Struct, frozen=True):
    """A sort of file that is kept (文件类型)."""

    name: str
    media_type: str
    most_bytes: int
    is_picture: bool = False


MB = 1_000_000
KINDS = {
    kind.name: kind
    for kind in (
        FileKind("jpeg", "image/jpeg", 20 * MB, True),
        FileKind("png", "image/png", 20 * MB, True),
        FileKind("webp", "image/webp", 20 * MB, True),
        FileKind("pdf", "application/pdf", 50 * MB),
        FileKind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 20 * MB),
        FileKind("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 20 * MB),
        FileKind("csv", "text/csv; charset=utf-8", 20 * MB),
    )
}
_OFFICE = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx"}
_REFUSED = (
    (b"MZ", "可执行文件", "a program"),
    (b"\x7fELF", "可执行文件", "a program"),
    (b"#!", "脚本", "a script"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件，或加了密码", "an old or locked Office file"),
    (b"Rar!", "压缩包", "an archive"),
    (b"7z\xbc\xaf", "压缩包", "an archive"),
    (b"\x1f\x8b", "压缩包", "an archive"),
)
ACCEPTED_ZH, ACCEPTED_EN = "可以上传：JPEG、PNG、WebP、PDF、xlsx、docx、csv", "kept are JPEG, PNG, WebP, PDF, xlsx, docx, csv"


def kind_of(content: bytes) -> FileKind:
    """The kind of a content within its size. Raises FileRefused."""
    kind = _recognized(content)
    if len(content) > kind.most_bytes:
        most = kind.most_bytes // MB
        raise FileRefused(f"文件有 {len(content) / MB:.1f} MB，{kind.name} 最多 {most} MB", f"a {kind.name} may have {most} MB")
    return kind


def _recognized(content: bytes) -> FileKind:
    if not content:
        raise FileRefused("文件是空的", "the file is empty")
    if content.startswith(b"\xff\xd8\xff"):
        return KINDS["jpeg"]
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return KINDS["png"]
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return KINDS["webp"]
    if content.startswith(b"%PDF-"):
        return KINDS["pdf"]
    if content.startswith(b"PK\x03\x04"):
        return _packed(content)
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        raise FileRefused("是 HEIC 照片：在手机的相机设置里选「兼容性最佳」，或转成 JPEG", "a HEIC picture: convert it to JPEG")
    for head, zh, en in _REFUSED:
        if content.startswith(head):
            raise FileRefused(f"是{zh}，不能上传；{ACCEPTED_ZH}", f"{en} is not kept; {ACCEPTED_EN}")
    return _text(content)


def _packed(content: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise FileRefused("文件不完整（可能没有传完）", f"the file is not whole: {error}") from error
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused("含有宏，不能上传：另存为不带宏的格式", "it holds macros: save it without them")
    found = next((kind for part, kind in _OFFICE.items() if part in names and "[Content_Types].xml" in names), None)
    if found is None:
        raise FileRefused(f"是压缩包，不能上传；{ACCEPTED_ZH}", f"an archive is not kept; {ACCEPTED_EN}")
    return KINDS[found]


def _text(content: bytes) -> FileKind:
    """Text with separators is CSV; a page or a drawing that could carry code is not taken for one."""
    head = content[:4096].removeprefix(b"\xef\xbb\xbf")
    refused = FileRefused(f"认不出的文件；{ACCEPTED_ZH}", f"not recognized; {ACCEPTED_EN}")
    if b"\x00" in content[:65536]:
        raise refused
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise refused from None
    if head.lstrip().startswith(b"<") or is_markup(head) or not any(mark in text for mark in ",;\t"):
        raise refused
    return KINDS["csv"]


def is_markup(head: bytes) -> bool:
    """Whether a text begins as a page or a drawing does."""
    parser: XMLPullParser[Any] = XMLPullParser(["start"])
    try:
        parser.feed(head)
        return any(True for _ in parser.read_events())
    except ParseError:
        return any(tag in head.lower() for tag in (b"<html", b"<script", b"<svg"))
