"""How a source's columns fill a dataset's columns, worked out once from the definitions and then applied batch by batch."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.compiling.tables import column_type, default_time, stored_columns
from engine.expression.grammar import parse
from engine.expression.tree import Column as Name
from engine.expression.tree import Expr
from engine.expression.tree import columns as columns_in
from engine.findings import DefinitionsAreWrong
from engine.kinds.dataset import Column, Dataset
from engine.kinds.source import FieldMap, Stream
from engine.loading.catalog import Catalog
from engine.loading.meta import is_meta
from engine.parts import Code
from engine.running.cells import Bad, typed_cells, whole, why_bad
from engine.running.code_lists import coded_by_day, is_versioned
from engine.running.formulas import Rows
from engine.running.quarantine import Flaw
from engine.unit import conversion, parse_unit


class Filling(Struct, frozen=True):
    """How one column of the dataset is filled (填充)."""

    column: Column
    formula: Expr
    is_mapped: bool  # said in the source; otherwise the column may be absent there
    codes: Mapping[str, str] | None
    factor: Fraction | None
    otherwise: Literal["quarantine", "null", "keep"]
    form: str | None
    zone: str
    versions: tuple[Code, ...] = ()  # of a code list whose codes hold for a time


class StreamOf(Struct, frozen=True):
    """The stream that fills a dataset, and how (来源数据流)."""

    source_id: str
    stream: Stream
    fillings: tuple[Filling, ...]
    time: str | None = None  # column that tells the day of a row

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The source's columns that the field map names."""
        return tuple(dict.fromkeys(one.name for filling in self.fillings if filling.is_mapped for one in columns_in(filling.formula)))


def stream_of_dataset(catalog: Catalog, dataset_id: str, dataset: Dataset) -> StreamOf | None:
    """The stream a dataset comes from, or None when it comes from none that is defined. Raises DefinitionsAreWrong."""
    source_id, _, name = (dataset.source or "").rpartition("/")
    source = catalog.source(source_id)
    stream = next((one for one in source.streams if one.name == name), None) if source else None
    if source is None or stream is None:
        return None
    number = source.streams.index(stream)
    fields = {field.to: (place, field) for place, field in enumerate(stream.fields)}
    fillings = []
    for column in stored_columns(dataset):
        place, field = fields.get(column.name, (-1, None))
        if field is None and is_meta(dataset, column.name):
            continue  # intake writes it
        formula: Expr = Name((column.name,))
        if field is not None:
            parsed, findings = parse(field.source, catalog.place("source", source_id, "streams", number, "fields", place, "from"))
            if parsed is None:
                raise DefinitionsAreWrong(findings)
            formula = parsed.expr
        fillings.append(_filling(catalog, dataset, column, field, formula))
    time = default_time(dataset)
    return StreamOf(source_id, stream, tuple(fillings), time.column if time is not None else None)


def _filling(catalog: Catalog, dataset: Dataset, column: Column, field: FieldMap | None, formula: Expr) -> Filling:
    zone = next((time.zone for time in dataset.times if time.column == column.name and time.zone), None)
    return Filling(
        column=column,
        formula=formula,
        is_mapped=field is not None,
        codes=_code_map(catalog, column, field),
        factor=_factor(column, field),
        otherwise=field.otherwise if field else "quarantine",
        form=field.format if field else None,
        zone=zone or catalog.project.zone,
        versions=_versions(catalog, column, field),
    )


def _versions(catalog: Catalog, column: Column, field: FieldMap | None) -> tuple[Code, ...]:
    """The codes of a column where some hold for a time only."""
    if field is not None and isinstance(field.codes, Mapping):
        return ()
    named = field.codes if field is not None and isinstance(field.codes, str) else column.dimension
    dimension = catalog.dimension(named) if named is not None else None
    listed = column.of or (dimension.codes if dimension is not None else ())
    return listed if is_versioned(listed) else ()


def _code_map(catalog: Catalog, column: Column, field: FieldMap | None) -> dict[str, str] | None:
    """What the source may send, to the code it stands for: written out, or codes and titles of a code list."""
    if field is not None and isinstance(field.codes, Mapping):
        return dict(field.codes)
    listed: tuple[Code, ...] = column.of
    if field is not None and isinstance(field.codes, str):
        dimension = catalog.dimension(field.codes)
        listed = dimension.codes if dimension else ()
    if not listed:
        return None
    return {**{code.title: code.code for code in listed}, **{code.code: code.code for code in listed}}


def _factor(column: Column, field: FieldMap | None) -> Fraction | None:
    if field is None or field.unit is None or column.unit is None:
        return None
    of, to = parse_unit(field.unit), parse_unit(column.unit)
    factor = conversion(of, to) if of and to else None
    return None if factor == 1 else factor


def filled(stream: StreamOf, raw: pa.Table) -> tuple[pa.Table, list[Flaw], dict[str, Bad]]:
    """The dataset's rows in its own types, what did not fit, and per column which cells were bad. Raises SourceFailed."""
    columns: dict[str, pa.Array] = {}
    flaws: list[Flaw] = []
    bad: dict[str, Bad] = {}
    for filling in sorted(stream.fillings, key=lambda one: bool(one.versions)):  # those judged by the day of the row come when it is known
        name = filling.column.name
        days = columns[stream.time].cast(pa.date32(), safe=False) if filling.versions and stream.time in columns else None
        columns[name], own = _fill(filling, raw, days)
        flaws += own
        bad[name] = np.logical_or.reduce([np.zeros(raw.num_rows, dtype=np.bool_), *(flaw.rows for flaw in own)])
    return pa.table(columns), flaws, bad


def _fill(filling: Filling, raw: pa.Table, days: pa.Array | None) -> tuple[pa.Array, list[Flaw]]:
    column, kind = filling.column, column_type(filling.column)
    if not filling.is_mapped and column.name not in raw.column_names:
        return typed_cells(pa.nulls(raw.num_rows), kind).values, []
    rows = Rows(raw)
    given = rows.value(filling.formula)
    flaws = list(_unreadable(filling, rows, raw))
    values = given
    if filling.versions:
        values, more = _coded_by_day(filling, given, days)
        flaws += more
    elif filling.codes is not None:
        values, strange = _coded(given, filling.codes, keep=filling.otherwise == "keep")
        if filling.otherwise == "quarantine" and strange.any():
            zh, en = f"「{column.title}」没有代码 {{value}}", f"'{column.name}' has no code {{value}}"
            flaws.append(Flaw(strange, column.name, "code", zh, en, whole(given)))
    cells = typed_cells(values, kind, filling.form, filling.zone)
    if filling.otherwise != "null" and cells.bad.any():
        zh, en = why_bad(kind)
        flaws.append(
            Flaw(cells.bad, column.name, "type", f"「{column.title}」的值 {{value}} {zh}", f"'{column.name}': {{value}} {en}", whole(given))
        )
    if filling.factor is None:
        return cells.values, flaws
    scaled = typed_cells(_scaled(cells.values, filling.factor), kind)
    if filling.otherwise != "null" and scaled.bad.any():
        zh, en = (
            f"「{column.title}」的值 {{value}} 换算成 {column.unit} 后放不下",
            f"'{column.name}': {{value}} is too much once it is in {column.unit}",
        )
        flaws.append(Flaw(scaled.bad, column.name, "type", zh, en, whole(given)))
    return scaled.values, flaws


def _unreadable(filling: Filling, rows: Rows, raw: pa.Table) -> Iterator[Flaw]:
    """Cells that a formula needed as numbers or times and could not read."""
    if rows.bad.any() and filling.otherwise != "null":
        zh, en = why_bad("decimal")
        yield Flaw(
            rows.bad,
            filling.column.name,
            "type",
            f"「{filling.column.title}」算不出：来源里有值{zh}",
            f"'{filling.column.name}': a source value {en}",
        )


def _coded_by_day(filling: Filling, given: pa.Array, days: pa.Array | None) -> tuple[pa.Array, list[Flaw]]:
    texts = _texts(given)
    coded = coded_by_day(texts, days if days is not None else pa.nulls(len(texts), pa.date32()), filling.versions)
    values = pc.coalesce(coded.values, texts) if filling.otherwise == "keep" else coded.values
    if filling.otherwise != "quarantine":
        return values, []
    name, title = filling.column.name, filling.column.title
    flaws = [
        Flaw(coded.strange, name, "code", f"「{title}」没有代码 {{value}}", f"'{name}' has no code {{value}}", texts),
        Flaw(
            coded.untimely,
            name,
            "code",
            f"「{title}」的代码 {{value}} 在这一行的日期不可用",
            f"'{name}': the code {{value}} does not hold on the day of the row",
            coded.said,
        ),
    ]
    return values, [flaw for flaw in flaws if flaw.rows.any()]


def _texts(values: pa.Array) -> pa.Array:
    texts = pc.utf8_trim_whitespace(typed_cells(values, "text").values)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _coded(values: pa.Array, codes: Mapping[str, str], keep: bool) -> tuple[pa.Array, Bad]:
    """Each value's code, and which values have none (they become null, or stay when `keep`)."""
    texts = _texts(values)
    found = pc.index_in(texts, value_set=pa.array(list(codes), pa.string()), skip_nulls=True)
    mapped = pa.array(list(codes.values()), pa.string()).take(found)
    strange = np.asarray(pc.and_(texts.is_valid(), found.is_null()), dtype=np.bool_)
    return (pc.coalesce(mapped, texts) if keep else mapped), strange


def _scaled(values: pa.Array, factor: Fraction) -> pa.Array:
    numbers = values.cast(pa.float64())
    return pc.divide(pc.multiply(numbers, float(factor.numerator)), float(factor.denominator))
