"""The page of one entry: what is wrong with it, what it would change, and the buttons of its writer and its reviewer."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from anyio import to_thread
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect
from msgspec import Struct

from engine.running.file_store import FileIsBroken, FileIsMissing
from engine.running.form_entries import (
    Decided,
    Desk,
    NotAllowedNow,
    accept_entry,
    annotated_file,
    confirm,
    findings_of,
    preview,
    return_entry,
)
from engine.running.form_sheet import FormFinding
from engine.running.form_trial import TriedRow
from engine.running.forms import Form
from engine.state.forms import Entry, entry_of, rows_of
from portal.api.form_desk import desk_of, writer
from portal.api.form_words import FATES, CellText, EntryLine, FieldLine, cell_text, field_lines, line_of, moment
from portal.api.forms_page import form_found, xlsx
from portal.api.page import Page, page_response
from portal.api.problem import refusal
from portal.api.world import World

MOST_SHOWN = 200
Asking = Request[Any, Any, AppState]
EntryId = Annotated[str, PathParameter(description="填报单号")]


class PreviewRow(Struct, frozen=True):
    """One row and what becomes of it (预览行)."""

    row: int
    fate: str
    cells: list[CellText]


class EntryPage(Struct, frozen=True):
    """Values of an entry's page (填报单页)."""

    entry: EntryLine
    dataset: str
    form: str
    status: str
    headings: list[FieldLine]
    wrong: list[FormFinding]
    notices: list[FormFinding]
    rows: list[PreviewRow]
    more: int  # rows that are not shown
    counts: dict[str, int]
    has_file: bool
    submitted_at: str
    decided: str
    reason: str
    trouble: str = ""


class FormEntryPageController(Controller):
    """One entry, and the steps of its way."""

    include_in_schema = False
    path = "/forms/entries/{entry:str}"

    @get("/", sync_to_thread=True)
    def page(self, world: NamedDependency[World], entry: EntryId) -> Response[str]:
        """The page."""
        return entry_page(world, found(desk_of(world), entry))

    @get("/annotated.xlsx", sync_to_thread=True)
    def annotated(self, world: NamedDependency[World], entry: EntryId) -> Response[bytes]:
        """The uploaded file with its wrong cells marked."""
        desk = desk_of(world)
        try:
            return xlsx(annotated_file(desk, found(desk, entry)), f"{entry[:8]}-marked.xlsx")
        except (FileIsMissing, FileIsBroken):
            raise refusal(404, "no-file", "这份填报的文件已不在", "the file of this entry is gone") from None

    @post("/confirm")
    async def confirm(self, request: Asking, world: NamedDependency[World], entry: EntryId) -> Response[Any]:
        """Its writer hands it in."""
        return await step(request, world, entry, lambda desk, who: confirm(desk, entry, who))

    @post("/accept")
    async def accept(self, request: Asking, world: NamedDependency[World], entry: EntryId) -> Response[Any]:
        """A reviewer lets it count."""
        return await step(request, world, entry, lambda desk, who: accept_entry(desk, entry, who))

    @post("/return")
    async def send_back(self, request: Asking, world: NamedDependency[World], entry: EntryId) -> Response[Any]:
        """A reviewer sends it back with a reason."""
        reason = str((await request.form()).get("reason", ""))
        return await step(request, world, entry, lambda desk, who: Decided(return_entry(desk, entry, who, reason)))


def found(desk: Desk, id: str) -> Entry:
    """An entry by its id; a refusal when there is none."""
    entry = entry_of(desk.store, id)
    if entry is None:
        raise refusal(
            404, "no-entry", "没有这份填报", "there is no such entry", advice_zh="「/forms」列出全部填报表", advice_en="see /forms"
        )
    return entry


async def step(request: Asking, world: World, id: str, act: Callable[[Desk, str], Decided]) -> Response[Any]:
    """Do one step, then show the entry again; what stands in the way is said on its page."""
    who, desk = writer(request), desk_of(world)

    def done() -> Response[Any]:
        found(desk, id)
        try:
            decided = act(desk, who)
        except NotAllowedNow as refused:
            return entry_page(world, found(desk, id), refused.zh, 409)
        if decided.trouble:
            return entry_page(world, decided.entry, f"已通过；暂时没有入库，下一次取数会接着读：{decided.trouble}")
        return Redirect(f"/forms/entries/{id}", status_code=303)

    return await to_thread.run_sync(done)


def entry_page(world: World, entry: Entry, trouble: str = "", status: int = 200) -> Response[str]:
    """The page: findings of a wrong entry, the preview of one on its way, the rows of one that was decided."""
    desk = desk_of(world)
    form = form_found(desk, entry.dataset)
    findings = findings_of(entry)
    is_open = entry.status in ("ready", "submitted")
    tried = preview(desk, entry) if is_open else None
    if tried is not None:
        findings = [one for one in findings if one.is_warning] + list(tried.findings)
    rows = previewed(desk, form, tried.rows) if tried is not None else stored(desk, form, entry)
    counts = {"新增": entry.inserted, "替换": entry.replaced, "不变": entry.unchanged}
    if tried is not None:
        counts = {word: sum(row.fate == fate for row in tried.rows) for fate, word in FATES.items()}
    page = EntryPage(
        line_of(desk, entry), entry.dataset, form.title, entry.status, field_lines(form),
        [one for one in findings if not one.is_warning], [one for one in findings if one.is_warning], rows[:MOST_SHOWN],
        max(0, len(rows) - MOST_SHOWN), counts, entry.file_hash is not None, moment(desk, entry.submitted_at),
        f"{entry.decided_by} {moment(desk, entry.decided_at)}" if entry.decided_by else "", entry.reason or "", trouble,
    )  # fmt: skip
    return page_response(world, Page("form_entry.html", entry.origin, "forms", page), status)


def previewed(desk: Desk, form: Form, rows: Sequence[TriedRow]) -> list[PreviewRow]:
    """Rows with what they would replace, those that change something first."""
    order = {"replaced": 0, "new": 1, "unchanged": 2}
    return [
        PreviewRow(
            row.row, FATES[row.fate], [cell_text(desk, one, row.cells.get(one.name), row.before.get(one.name)) for one in form.fields]
        )
        for row in sorted(rows, key=lambda row: (order[row.fate], row.row))
    ]


def stored(desk: Desk, form: Form, entry: Entry) -> list[PreviewRow]:
    """The rows of an entry that was decided."""
    return [
        PreviewRow(row.place, "", [cell_text(desk, one, row.cells.get(one.name)) for one in form.fields])
        for row in rows_of(desk.store, entry.id)
    ]
