"""The way of an entry: written, checked, confirmed by its writer, accepted or sent back by a reviewer, and only then taken in."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from engine.connector import SourceFailed
from engine.loading.catalog import Catalog
from engine.running.attachments import hashes_in
from engine.running.cursors import Overtaken
from engine.running.file_store import FileStore
from engine.running.form_annotated import annotated
from engine.running.form_sheet import Filled, FilledRow, FormFinding, filled_of
from engine.running.form_trial import Tried, row_key, tried
from engine.running.form_values import read_value
from engine.running.forms import Form, form_of
from engine.running.intake import IntakeResult
from engine.state.files import file_of
from engine.state.forms import Entry, EntryRow, accept, add_entry, entry_of, entry_of_file, rows_of, send_back, submit
from engine.state.store import Store
from engine.warehouse import Warehouse

STATUS_WORDS = {"wrong": "有错误", "ready": "待确认", "submitted": "待复核", "accepted": "已入库", "returned": "已退回"}
PAGE = "网页填写"


class Desk(Struct, frozen=True):
    """What forms are worked with (填报台)."""

    catalog: Catalog
    warehouse: Warehouse
    store: Store
    files: FileStore
    clock: Callable[[], datetime]  # wall clock of the project
    take_in: Callable[[str], IntakeResult]  # reads the accepted rows of a dataset's form; raises SourceFailed

    def now(self) -> datetime:
        """The instant."""
        return self.clock().replace(tzinfo=ZoneInfo(self.catalog.project.zone))


class NotAllowedNow(Exception):
    """An entry is not where the step begins; carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Decided(Struct, frozen=True):
    """What became of an accepted entry (复核结果). `result` is None when its rows wait for the next reading; `trouble` says why."""

    entry: Entry
    result: IntakeResult | None = None
    trouble: str = ""


def upload(desk: Desk, dataset_id: str, name: str, content: bytes, who: str, attachments: Mapping[str, str] | None = None) -> Entry:
    """Check a filled template and keep it as an entry; nothing is taken in. The same file again, while it waits, is the entry that waits.

    `attachments` are hashes of kept files by the name under which cells speak of them. Raises WorkbookRefused, SourceFailed.
    """
    form = form_of(desk.catalog, dataset_id, desk.warehouse)
    hash = hashlib.sha256(content).hexdigest()
    before = entry_of_file(desk.store, dataset_id, hash)
    if before is not None and before.status in ("ready", "submitted"):
        return before
    filled = filled_of(form, content)
    if before is not None and before.status == "accepted":
        said = f"同一个文件已由 {before.written_by} 于 {_local(desk, before.written_at)} 上传并入库"
        filled = msgspec.structs.replace(filled, findings=(*filled.findings, FormFinding("", 0, "", said, is_warning=True)))
    desk.files.put(content)
    return _kept(desk, form, _attached(desk, form, filled, attachments or {}), who, name, hash)


def write_row(desk: Desk, dataset_id: str, said: Mapping[str, str], who: str) -> tuple[Entry | None, tuple[FormFinding, ...]]:
    """One row of the web form: an entry when it is right, else None with what is wrong, field by field. Raises SourceFailed."""
    form = form_of(desk.catalog, dataset_id, desk.warehouse)
    readings = {field.name: read_value(field, said.get(field.name)) for field in form.fields}
    wrong = [
        FormFinding(field.name, 1, field.title, readings[field.name].wrong or "") for field in form.fields if readings[field.name].wrong
    ]
    row = FilledRow(1, {name: reading.text for name, reading in readings.items()})
    filled = Filled((row,), tuple(wrong), {field.name: field.name for field in form.fields})
    filled = _attached(desk, form, filled, {})
    found = _with_trial(desk, form, filled)[1]
    named = tuple(msgspec.structs.replace(one, address=re.sub(r"1$", "", one.address)) for one in found)
    if any(not one.is_warning for one in found):
        return None, named
    return _kept(desk, form, filled, who, PAGE, None), named


def confirm(desk: Desk, id: str, who: str) -> Decided:
    """The writer hands an entry in. Doing it twice is doing it once. Without a review it is accepted at once. Raises NotAllowedNow."""
    entry = _entry(desk, id)
    if not submit(desk.store, id, desk.now()) and entry.status not in ("submitted", "accepted"):
        raise NotAllowedNow(f"这份填报是「{STATUS_WORDS[entry.status]}」，不能提交", f"the entry is {entry.status}; it can't be handed in")
    if form_of(desk.catalog, entry.dataset, desk.warehouse).needs_review:
        return Decided(_entry(desk, id))
    return accept_entry(desk, id, who)


def accept_entry(desk: Desk, id: str, who: str) -> Decided:
    """The reviewer accepts: the rows get their numbers and are taken in. Twice is once. Raises NotAllowedNow, also when rules have changed."""
    entry = _entry(desk, id)
    if entry.status == "submitted":
        found = [one for one in preview(desk, entry).findings if not one.is_warning]
        if found:
            raise NotAllowedNow(
                f"提交以后规则或对照表变了：{found[0].title}第 {found[0].row} 行，{found[0].zh}；退回让填报人改",
                "the rules have changed since it was handed in",
            )
        accept(desk.store, id, who, desk.now())
    entry = _entry(desk, id)
    if entry.status != "accepted":
        raise NotAllowedNow(f"这份填报是「{STATUS_WORDS[entry.status]}」，不能通过", f"the entry is {entry.status}; it can't be accepted")
    return taken_in(desk, entry)


def taken_in(desk: Desk, entry: Entry, tries: int = 5) -> Decided:
    """Read the accepted rows into the warehouse. What fails is left for the next reading: the rows are kept and have their place."""
    trouble = ""
    for _ in range(tries):
        try:
            return Decided(entry, desk.take_in(entry.dataset))
        except Overtaken:  # somebody else's reading was quicker and has probably taken our rows along
            trouble = "别的取数正在进行，下一次取数会接着读"
        except SourceFailed as failure:
            return Decided(entry, None, failure.zh)
    return Decided(entry, None, trouble)


def return_entry(desk: Desk, id: str, who: str, reason: str) -> Entry:
    """The reviewer sends an entry back and says why. Raises NotAllowedNow."""
    if not reason.strip():
        raise NotAllowedNow("退回要写原因", "say why it is sent back")
    entry = _entry(desk, id)
    if not send_back(desk.store, id, who, reason.strip()[:500], desk.now()) and entry.status != "returned":
        raise NotAllowedNow(f"这份填报是「{STATUS_WORDS[entry.status]}」，不能退回", f"the entry is {entry.status}; it can't be sent back")
    return _entry(desk, id)


def preview(desk: Desk, entry: Entry) -> Tried:
    """What taking an entry in would insert, replace and leave as it is, by the rules and rows of now."""
    form = form_of(desk.catalog, entry.dataset, desk.warehouse)
    rows = tuple(FilledRow(row.place, row.cells) for row in rows_of(desk.store, entry.id))
    return tried(desk.catalog, form, Filled(rows, (), {field.name: "" for field in form.fields}), desk.warehouse, desk.clock())


def findings_of(entry: Entry) -> list[FormFinding]:
    """What was found when the entry was checked."""
    return msgspec.json.decode(entry.findings, type=list[FormFinding])


def annotated_file(desk: Desk, entry: Entry) -> bytes:
    """The entry's own file with its wrong cells marked. Raises FileIsMissing, WorkbookRefused."""
    content = desk.files.get(entry.file_hash or "")
    form = form_of(desk.catalog, entry.dataset, desk.warehouse)
    return annotated(content, filled_of(form, content).sheet, findings_of(entry))


def _kept(desk: Desk, form: Form, filled: Filled, who: str, name: str, hash: str | None) -> Entry:
    trial, findings = _with_trial(desk, form, filled)
    is_wrong = any(not one.is_warning for one in findings)
    fates = [row.fate for row in trial.rows] if trial is not None else []
    entry = Entry(
        uuid4().hex, form.name, form.dataset, name[:200], hash, form.version, "wrong" if is_wrong else "ready", who, desk.now(),
        findings=msgspec.json.encode(findings[:2_000]).decode(),
        inserted=fates.count("new"), replaced=fates.count("replaced"), unchanged=fates.count("unchanged"),
    )  # fmt: skip
    rows = [EntryRow(row.row, row_key(form, row.cells), row.cells) for row in filled.rows] if not is_wrong else []
    add_entry(desk.store, entry, rows)
    return entry


def _with_trial(desk: Desk, form: Form, filled: Filled) -> tuple[Tried | None, list[FormFinding]]:
    """The findings of the cells and of intake's rules, those of the sheet first, then by row."""
    if not filled.rows:
        return None, list(filled.findings)
    trial = tried(desk.catalog, form, filled, desk.warehouse, desk.clock())
    return trial, sorted((*filled.findings, *trial.findings), key=lambda one: (one.row, len(one.address), one.address))


def _attached(desk: Desk, form: Form, filled: Filled, attachments: Mapping[str, str]) -> Filled:
    """Cells of attachments name kept files by their hash from here on."""
    fields = [field for field in form.fields if field.type == "attachment"]
    if not fields:
        return filled
    rows, findings = [], list(filled.findings)
    for row in filled.rows:
        cells = dict(row.cells)
        for field in fields:
            hashes, missing = _hashes(desk, cells.get(field.name), attachments)
            cells[field.name] = " ".join(hashes) or None
            if missing:
                address = f"{filled.columns.get(field.name, '')}{row.row}"
                findings.append(FormFinding(address, row.row, field.title, f"没有附件「{'、'.join(missing)[:80]}」：和表格一起上传"))
        rows.append(FilledRow(row.row, cells))
    return msgspec.structs.replace(filled, rows=tuple(rows), findings=tuple(findings))


def _hashes(desk: Desk, text: str | None, attachments: Mapping[str, str]) -> tuple[list[str], Sequence[str]]:
    hashes, missing = [], []
    for name in re.split(r"[;；、\n]|(?<=[0-9a-f]{64}) ", text or ""):
        said = name.strip()
        hash = attachments.get(said) or (said if hashes_in(said) == [said] and file_of(desk.store, said) is not None else None)
        if hash is not None:
            hashes.append(hash)
        elif said:
            missing.append(said)
    return list(dict.fromkeys(hashes)), missing


def _entry(desk: Desk, id: str) -> Entry:
    entry = entry_of(desk.store, id)
    if entry is None:
        raise NotAllowedNow("没有这份填报", "there is no such entry")
    return entry


def _local(desk: Desk, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(desk.catalog.project.zone)):%Y-%m-%d %H:%M}"
