"""One row filled in on a page: the web form, which is checked by the same rules as a file."""

from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.datastructures import UploadFile as Upload
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from engine.running.attachments import hashes_in, take_file
from engine.running.file_kinds import FileRefused
from engine.running.form_entries import Desk, write_row
from engine.running.form_sheet import FormFinding
from engine.running.form_template import hint
from engine.running.forms import Choice, Form, FormField
from engine.state.forms import versions_of
from portal.api.form_desk import MOST_BYTES, desk_of, parts_of, writer
from portal.api.form_words import FileLink, file_link
from portal.api.forms_page import DatasetId, form_found
from portal.api.page import Page, page_response
from portal.api.parameters import Chosen
from portal.api.world import World

Asking = Request[Any, Any, AppState]
INPUTS = {"date": "date", "timestamp": "datetime-local"}


class Input(Struct, frozen=True):
    """One field of the web form (输入项)."""

    name: str
    heading: str
    hint: str
    kind: str  # text, number, date, datetime-local, choice, file
    value: str
    is_required: bool
    choices: list[Choice]
    wrong: str
    files: list[FileLink]


class FormRowPageController(Controller):
    """GET and POST of one row."""

    include_in_schema = False
    path = "/forms/{dataset:str}/write"

    @get("/", sync_to_thread=True)
    def page(self, world: NamedDependency[World], dataset: DatasetId, key: Chosen = "") -> Response[str]:
        """An empty form, or that of a row to be corrected."""
        desk = desk_of(world)
        form = form_found(desk, dataset)
        versions = versions_of(desk.store, form.name, key) if key else []
        return row_page(world, desk, form, versions[-1].cells if versions else {}, [])

    @post("/", request_max_body_size=MOST_BYTES)
    async def write(self, request: Asking, world: NamedDependency[World], dataset: DatasetId) -> Response[Any]:
        """One row."""
        who, desk = writer(request), desk_of(world)
        form = await request.form()
        said = {name: value for name, value in form.items() if isinstance(value, str)}
        fields = [name for name in dict.fromkeys(form) if any(isinstance(one, Upload) for one in form.getall(name))]
        files = {name: await parts_of(request, name) for name in fields}
        return await to_thread.run_sync(written, world, desk, dataset, who, said, files)


def written(
    world: World, desk: Desk, dataset: str, who: str, said: Mapping[str, str], files: Mapping[str, list[tuple[str, bytes]]]
) -> Response[Any]:
    """The entry that the row has become, or the form again with what is wrong."""
    form = form_found(desk, dataset)
    cells, wrong = dict(said), []
    for field in form.fields:
        if field.type == "attachment":
            try:
                kept = [
                    take_file(desk.files, desk.store, name, content, who, desk.now()).hash for name, content in files.get(field.name, [])
                ]
            except FileRefused as refused:
                wrong.append(FormFinding(field.name, 1, field.title, refused.zh))
                continue
            cells[field.name] = "\n".join([*hashes_in(said.get(f"{field.name}:kept")), *kept])
    entry, findings = write_row(desk, dataset, cells, who) if not wrong else (None, ())
    if entry is None:
        return row_page(world, desk, form, cells, [*wrong, *findings], 422)
    return Redirect(f"/forms/entries/{entry.id}", status_code=303)


def row_page(
    world: World, desk: Desk, form: Form, cells: Mapping[str, str | None], findings: list[FormFinding], status: int = 200
) -> Response[str]:
    """The web form, each field with what is wrong with it."""
    wrong = {one.address: one.zh for one in reversed(findings) if not one.is_warning}
    inputs = [input_of(desk, field, cells.get(field.name) or "", wrong.get(field.name, "")) for field in form.fields]
    names = {field.name for field in form.fields}
    others = [one.zh for one in findings if one.address not in names and not one.is_warning]
    values = {
        "dataset": form.dataset,
        "form": form.title,
        "one_row_is": form.one_row_is,
        "inputs": inputs,
        "others": others,
        "count": len(wrong),
    }
    return page_response(world, Page("form_row.html", f"填写{form.title}", "forms", values), status)


def input_of(desk: Desk, field: FormField, value: str, wrong: str) -> Input:
    """One field as the page draws it."""
    choices = list(field.choices) if field.type != "boolean" else [Choice("true", "是"), Choice("false", "否")]
    kind = "choice" if choices else "file" if field.type == "attachment" else INPUTS.get(field.type, "text")
    if kind in ("date", "datetime-local") and field.format:
        kind = "text"
    if field.type in ("integer", "decimal", "float"):
        kind = "number"
    if kind == "datetime-local":
        value = value.replace(" ", "T")[:16]
    files = [file_link(desk, hash) for hash in hashes_in(value)] if kind == "file" else []
    return Input(field.name, field.heading.rstrip("*"), hint(field), kind, value, field.is_required, choices, wrong, files)
