"""A form is made from a dataset: what a person fills in is what its stream reads, with the titles, units and choices the definitions give."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.connector import SourceFailed
from engine.expression.tree import Column as Name
from engine.expression.tree import columns as columns_in
from engine.kinds.dataset import Column, Dataset
from engine.loading.catalog import Catalog
from engine.running.field_map import Filling, StreamOf
from engine.running.taking import stream_for
from engine.warehouse import Statement, Warehouse

CONNECTOR = "manual_form"
MOST_CHOICES = 5_000


class Choice(Struct, frozen=True):
    """One value that may be chosen: what is kept, and what a person reads (选项)."""

    value: str
    title: str


class FormField(Struct, frozen=True):
    """One thing to fill in (填报项)."""

    name: str  # of the source's column, under which intake looks for it
    title: str
    type: str  # of `engine.kinds.dataset.Column`
    unit: str | None = None
    is_required: bool = False
    choices: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None
    format: str | None = None

    @property
    def heading(self) -> str:
        """The title with unit and the mark of what must be filled in."""
        return f"{self.title}{f'（{self.unit}）' if self.unit else ''}{'*' if self.is_required else ''}"

    @property
    def labels(self) -> tuple[str, ...]:
        """What the choices are called in a list: the title, with the value where two share one."""
        times = Counter(one.title for one in self.choices)
        return tuple(f"{one.title}（{one.value}）" if times[one.title] > 1 else one.title for one in self.choices)


class Form(Struct, frozen=True):
    """What is filled in for one dataset (填报表)."""

    dataset: str
    name: str  # under which its rows are kept
    title: str
    one_row_is: str
    fields: tuple[FormField, ...]
    identity: tuple[str, ...]  # names of the fields that tell rows apart
    version: str
    needs_review: bool
    note: str


def forms_in(catalog: Catalog) -> Iterator[str]:
    """The datasets whose rows people write."""
    for id in sorted(catalog.ids("dataset")):
        dataset = catalog.dataset(id)
        source = catalog.source((dataset.source or "").rpartition("/")[0]) if dataset else None
        if source is not None and source.connector == CONNECTOR:
            yield id


def form_of(catalog: Catalog, dataset_id: str, warehouse: Warehouse) -> Form:
    """The form of a dataset. Raises SourceFailed when people do not write its rows, or nothing would tell its rows apart."""
    if dataset_id not in set(forms_in(catalog)):
        raise SourceFailed(f"「{dataset_id}」不是人工填报的数据集", f"the rows of '{dataset_id}' are not written by hand")
    dataset, stream = stream_for(catalog, dataset_id)
    fields = tuple(_fields(catalog, dataset, stream, warehouse))
    identity = stream.stream.identity or tuple(source for key in dataset.key for source in _source_columns(stream, key))
    if not identity:
        raise SourceFailed(
            f"「{dataset_id}」没有主键，也没有去重键：更正一行会变成两行；在数据集写 key，或在数据流写 identity",
            f"'{dataset_id}' has no key and its stream no identity, so a corrected row would count twice; write `key` or `identity`",
        )
    fields = tuple(msgspec.structs.replace(one, is_required=one.is_required or one.name in identity) for one in fields)
    read: Mapping[str, Any] = stream.stream.read
    return Form(
        dataset_id, str(read.get("form", "")), dataset.title, dataset.one_row_is, fields, identity, _version(fields),
        bool(read.get("review", True)), str(read.get("note") or ""),
    )  # fmt: skip


def _fields(catalog: Catalog, dataset: Dataset, stream: StreamOf, warehouse: Warehouse) -> Iterator[FormField]:
    """One field for each source column: a column that is filled as it stands keeps its title; one of a formula is a number of its own name."""
    seen: set[str] = set()
    for filling in stream.fillings:
        is_plain = isinstance(filling.formula, Name)
        for name in dict.fromkeys(one.name for one in columns_in(filling.formula)):
            if name not in seen:
                seen.add(name)
                yield _field(catalog, dataset, stream, filling, name, warehouse) if is_plain else FormField(name, name, "decimal")


def _field(catalog: Catalog, dataset: Dataset, stream: StreamOf, filling: Filling, name: str, warehouse: Warehouse) -> FormField:
    column = filling.column
    low, high = _range(dataset, column.name)
    written = next((one for one in stream.stream.fields if one.to == column.name), None)
    return FormField(
        name, column.title, column.type, (written.unit if written else None) or column.unit,
        is_required=column.required or column.name in dataset.key, choices=_choices(catalog, column, filling, warehouse),
        low=low if filling.factor is None else None, high=high if filling.factor is None else None, format=filling.form,
    )  # fmt: skip


def _choices(catalog: Catalog, column: Column, filling: Filling, warehouse: Warehouse) -> tuple[Choice, ...]:
    dimension = catalog.dimension(column.dimension) if column.dimension else None
    if column.of:
        return tuple(Choice(code.code, code.title) for code in column.of)
    if filling.codes is not None:
        titles = {code.code: code.title for code in (dimension.codes if dimension else ())}
        kept: dict[str, Choice] = {}
        for said, code in filling.codes.items():
            kept.setdefault(code, Choice(said, titles.get(code, said)))
        return tuple(kept.values())
    if dimension is not None and dimension.codes:
        return tuple(Choice(code.code, code.title) for code in dimension.codes)
    if dimension is not None and dimension.dataset and dimension.key:
        return _members(catalog, dimension.dataset, dimension.key, dimension.label or dimension.key, warehouse)
    return ()


def _members(catalog: Catalog, dataset_id: str, key: str, label: str, warehouse: Warehouse) -> tuple[Choice, ...]:
    """The members that are loaded; none when they are too many for a list."""
    dataset = catalog.dataset(dataset_id)
    if dataset is None or warehouse.state(table_of(dataset_id, dataset)) is None:
        return ()
    table = table_of(dataset_id, dataset)
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    columns = [exp.column(exp.to_identifier(name, quoted=True)) for name in dict.fromkeys((key, label))]
    rows = warehouse.query(Statement(exp.Select(expressions=columns, distinct=exp.Distinct()).from_(source))).to_pylist()
    found = {str(row[key]): str(row[label] or row[key]) for row in rows if row[key] is not None}
    return tuple(Choice(value, title) for value, title in sorted(found.items())) if len(found) <= MOST_CHOICES else ()


def _range(dataset: Dataset, column: str) -> tuple[float | None, float | None]:
    rules = [rule for rule in dataset.quality if rule.rule == "range" and rule.column == column and rule.otherwise == "quarantine"]
    lows, highs = [one.min for one in rules if one.min is not None], [one.max for one in rules if one.max is not None]
    return max(lows, default=None), min(highs, default=None)


def _source_columns(stream: StreamOf, column: str) -> tuple[str, ...]:
    filling = next((one for one in stream.fillings if one.column.name == column), None)
    return tuple(one.name for one in columns_in(filling.formula)) if filling is not None else ()


def _version(fields: tuple[FormField, ...]) -> str:
    """Moves when a template of before would not fit any more; members of a dimension come and go without that."""
    said = [
        [one.name, one.title, one.type, one.unit, one.is_required, one.type == "enum" and [c.value for c in one.choices]] for one in fields
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]
