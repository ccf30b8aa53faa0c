"""Entries and rows in the words of the pages of forms."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.running.attachments import hashes_in
from engine.running.form_entries import STATUS_WORDS, Desk
from engine.running.form_template import hint
from engine.running.forms import Form, FormField
from engine.state.files import file_of
from engine.state.forms import Entry
from portal.api.state import State

TONES = {
    "wrong": ("red", "triangle"),
    "ready": ("blue", "ring"),
    "submitted": ("yellow", "diamond"),
    "accepted": ("fresh", "circle"),
    "returned": ("stale", "cross"),
}
FATES = {"new": "新增", "replaced": "替换", "unchanged": "不变"}


class EntryLine(Struct, frozen=True):
    """One entry in a list (填报单行)."""

    id: str
    origin: str
    state: State
    written_by: str
    written_at: str
    said: str


class FileLink(Struct, frozen=True):
    """An attachment as a page shows it (附件)."""

    hash: str
    name: str
    is_picture: bool
    said: str


class FieldLine(Struct, frozen=True):
    """What is filled in, as a page heads and explains it (填报项)."""

    heading: str
    hint: str
    is_number: bool


class CellText(Struct, frozen=True):
    """One cell as a page shows it (单元格)."""

    text: str
    files: list[FileLink] = []
    before: str | None = None  # what stood there, where it changes
    is_number: bool = False


def field_lines(form: Form) -> list[FieldLine]:
    """The fields of a form."""
    return [FieldLine(one.heading, hint(one), is_number(one)) for one in form.fields]


def is_number(field: FormField) -> bool:
    """Whether a field holds a number."""
    return field.type in ("integer", "decimal", "float") and not field.choices


def state_of(entry: Entry) -> State:
    """How far an entry got, as a page draws it."""
    tone, shape = TONES[entry.status]
    return State(tone, shape, STATUS_WORDS[entry.status])


def line_of(desk: Desk, entry: Entry) -> EntryLine:
    """An entry in the list."""
    counts = [f"{word} {count}" for word, count in (("新增", entry.inserted), ("替换", entry.replaced), ("不变", entry.unchanged)) if count]
    said = entry.reason or "，".join(counts)
    return EntryLine(entry.id, entry.origin, state_of(entry), entry.written_by, moment(desk, entry.written_at), said)


def moment(desk: Desk, at: datetime | None) -> str:
    """An instant as the project's wall clock."""
    return f"{at.astimezone(ZoneInfo(desk.catalog.project.zone)):%Y-%m-%d %H:%M}" if at is not None else ""


def cell_text(desk: Desk, field: FormField, text: str | None, before: str | None = None) -> CellText:
    """A cell with the title of its code, or its attachments."""
    if field.type == "attachment":
        return CellText("" if text else "—", [file_link(desk, hash) for hash in hashes_in(text)], before)
    return CellText(titled(field, text) or "—", [], None if before is None else titled(field, before) or "空", is_number(field))


def titled(field: FormField, text: str | None) -> str:
    """The title of a code, 是/否 of a yes, else the text itself."""
    if field.type == "boolean":
        return {"true": "是", "false": "否"}.get((text or "").lower(), text or "")
    return next((choice.title for choice in field.choices if choice.value == text), text or "")


def file_link(desk: Desk, hash: str) -> FileLink:
    """What a page says of an attachment: name, size, when and where it was taken."""
    file = file_of(desk.store, hash)
    if file is None:
        return FileLink(hash, "已删除的附件", False, "")
    place = f"，{file.longitude:.5f}, {file.latitude:.5f}" if file.longitude is not None and file.latitude is not None else ""
    taken = f"，摄于 {file.taken_at[:16]}" if file.taken_at else ""
    return FileLink(hash, file.name, file.thumbnail is not None, f"{file.size / 1000:,.0f} kB{taken}{place}")


def key_words(form: Form, cells: Mapping[str, str | None]) -> str:
    """What a row is called: the values that tell it apart."""
    fields = {field.name: field for field in form.fields}
    return " · ".join(titled(fields[name], cells.get(name)) for name in form.identity if name in fields)
