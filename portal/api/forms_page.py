"""The pages of forms: which there are, and for each its template, its upload, its entries and its rows."""

from typing import Annotated, Any

from anyio import to_thread
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect
from msgspec import Struct

from engine.connector import SourceFailed
from engine.running.attachments import take_file
from engine.running.file_kinds import FileRefused
from engine.running.form_entries import Desk, upload
from engine.running.form_template import template_of
from engine.running.form_workbook import WorkbookRefused
from engine.running.forms import Form, form_of, forms_in
from engine.state.forms import entries_of, latest_rows, versions_of
from portal.api.form_desk import MOST_BYTES, desk_of, parts_of, writer
from portal.api.form_words import CellText, EntryLine, FieldLine, cell_text, field_lines, key_words, line_of, moment
from portal.api.page import Page, page_response
from portal.api.parameters import Chosen
from portal.api.problem import refusal
from portal.api.world import World

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Asking = Request[Any, Any, AppState]
DatasetId = Annotated[str, PathParameter(description="数据集标识")]


class FormLine(Struct, frozen=True):
    """One form of the list (填报表行)."""

    dataset: str
    title: str
    one_row_is: str
    waiting: int
    last: str
    trouble: str = ""


class RowLine(Struct, frozen=True):
    """One accepted row (已入库的行)."""

    key: str
    title: str
    cells: list[CellText]


class FormPage(Struct, frozen=True):
    """Values of a form's page (填报页)."""

    dataset: str
    title: str
    one_row_is: str
    note: str
    needs_review: bool
    fields: list[FieldLine]
    entries: list[EntryLine]
    rows: list[RowLine]
    takes_files: bool
    wrong: str = ""


class VersionLine(Struct, frozen=True):
    """One version of a row (行版本)."""

    number: int
    written: str
    decided: str
    entry: str
    origin: str
    cells: list[CellText]


class FormsPageController(Controller):
    """GET /forms and what lies below one form."""

    include_in_schema = False
    path = "/forms"

    @get("/", sync_to_thread=True)
    def list(self, world: NamedDependency[World]) -> Response[str]:
        """Every form."""
        desk = desk_of(world)
        return page_response(
            world, Page("forms.html", "人工填报", "forms", {"forms": [form_line(desk, id) for id in forms_in(desk.catalog)]})
        )

    @get("/{dataset:str}", sync_to_thread=True)
    def page(self, world: NamedDependency[World], dataset: DatasetId) -> Response[str]:
        """One form."""
        return form_page(world, dataset)

    @get("/{dataset:str}/template.xlsx", sync_to_thread=True)
    def template(self, world: NamedDependency[World], dataset: DatasetId) -> Response[bytes]:
        """The Excel template."""
        desk = desk_of(world)
        form = form_found(desk, dataset)
        return xlsx(template_of(form, desk.clock()), f"{dataset}.xlsx")

    @post("/{dataset:str}/upload", request_max_body_size=MOST_BYTES)
    async def upload(self, request: Asking, world: NamedDependency[World], dataset: DatasetId) -> Response[Any]:
        """A filled template, with the attachments its cells name."""
        who, desk = writer(request), desk_of(world)
        files, attachments = await parts_of(request, "file"), await parts_of(request, "attachments")
        return await to_thread.run_sync(uploaded, world, desk, dataset, who, files, attachments)

    @get("/{dataset:str}/history", sync_to_thread=True)
    def history(self, world: NamedDependency[World], dataset: DatasetId, key: Chosen = "") -> Response[str]:
        """Every version of one row: who wrote it when, what stood there before and after."""
        return history_page(world, dataset, key)


def form_found(desk: Desk, dataset: str) -> Form:
    """The form of a dataset; a refusal when it has none."""
    try:
        return form_of(desk.catalog, dataset, desk.warehouse)
    except SourceFailed as failure:
        raise refusal(
            404, "no-form", failure.zh, failure.en, advice_zh="「/forms」列出全部填报表", advice_en="/forms lists all forms"
        ) from None


def form_line(desk: Desk, id: str) -> FormLine:
    """A form in the list; one that can't be filled in says why."""
    try:
        form = form_of(desk.catalog, id, desk.warehouse)
    except SourceFailed as failure:
        return FormLine(id, id, "", 0, "", failure.zh)
    entries = entries_of(desk.store, id)
    last = f"{moment(desk, entries[0].written_at)} {entries[0].written_by}" if entries else ""
    return FormLine(id, form.title, form.one_row_is, sum(one.status == "submitted" for one in entries), last)


def form_page(world: World, dataset: str, wrong: str = "", status: int = 200) -> Response[str]:
    """The page of a form, with what was wrong with an upload."""
    desk = desk_of(world)
    form = form_found(desk, dataset)
    rows = [
        RowLine(row.row_key, key_words(form, row.cells), [cell_text(desk, field, row.cells.get(field.name)) for field in form.fields])
        for row in latest_rows(desk.store, form.name, 50)
    ]
    page = FormPage(
        dataset, form.title, form.one_row_is, form.note, form.needs_review, field_lines(form),
        [line_of(desk, entry) for entry in entries_of(desk.store, dataset)], rows, any(one.type == "attachment" for one in form.fields), wrong,
    )  # fmt: skip
    return page_response(world, Page("form.html", form.title, "forms", page), status)


def uploaded(
    world: World, desk: Desk, dataset: str, who: str, files: list[tuple[str, bytes]], attachments: list[tuple[str, bytes]]
) -> Response[Any]:
    """The entry that an upload has become, or the form's page with what is wrong with the file."""
    form_found(desk, dataset)
    if len(files) != 1:
        return form_page(world, dataset, "先选一个填好的 Excel 文件", 422)
    try:
        kept = {name: take_file(desk.files, desk.store, name, content, who, desk.now()).hash for name, content in attachments}
        entry = upload(desk, dataset, files[0][0], files[0][1], who, kept)
    except (WorkbookRefused, FileRefused) as refused:
        return form_page(world, dataset, refused.zh, 422)
    return Redirect(f"/forms/entries/{entry.id}", status_code=303)


def history_page(world: World, dataset: str, key: str) -> Response[str]:
    """The versions of a row, the newest first, each cell with what stood there before."""
    desk = desk_of(world)
    form = form_found(desk, dataset)
    versions = versions_of(desk.store, form.name, key)
    if not versions:
        raise refusal(
            404, "no-row", "没有这一行", "there is no such row", advice_zh="回到填报表重新选", advice_en="choose it on the form's page"
        )
    lines = []
    for number, version in enumerate(versions):
        before = versions[number - 1].cells if number else version.cells
        cells = [
            cell_text(desk, one, version.cells.get(one.name), (before.get(one.name) or "") if before.get(one.name) != version.cells.get(one.name) else None)
            for one in form.fields
        ]  # fmt: skip
        written, decided = (
            f"{version.written_by} {moment(desk, version.written_at)}",
            f"{version.decided_by} {moment(desk, version.decided_at)}",
        )
        lines.append(VersionLine(number + 1, written, decided, version.entry, version.origin, cells))
    title = key_words(form, versions[-1].cells)
    values = {
        "dataset": dataset,
        "form": form.title,
        "title": title,
        "key": key,
        "versions": lines[::-1],
        "headings": field_lines(form),
    }
    return page_response(world, Page("form_history.html", title, "forms", values))


def xlsx(content: bytes, name: str) -> Response[bytes]:
    """A workbook to be kept under a name."""
    return Response(
        content, media_type=XLSX, headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    )
