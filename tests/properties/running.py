"""Random cities in a warehouse: loaded, asked, and answers as dicts that compare."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from hypothesis import settings

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Period, Question, Viewer
from engine.running.ask import Answer, ask
from engine.running.definitions import load_texts_checked
from engine.warehouse import ARROW_TYPES, Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.properties.city import Asking, City, condition

NOW = datetime(2100, 1, 1)
Table = dict[tuple[Any, ...], dict[str, Any]]


def catalog_of(files: Mapping[str, str]) -> Catalog:
    """The checked project; that an indicator has no proof is the only finding allowed here."""
    checked = load_texts_checked(files)
    wrong = [finding.text() for finding in checked.findings if finding.code != "unproved"]
    assert not wrong, "\n".join(wrong)
    return checked.catalog


def load(warehouse: Warehouse, catalog: Catalog, dataset_id: str, rows: Any) -> None:
    """Makes the table hold exactly these rows."""
    dataset = catalog.dataset(dataset_id)
    assert dataset is not None
    table = table_of(dataset_id, dataset)
    warehouse.create(table)
    columns = {column.name: pa.array([row.get(column.name) for row in rows], ARROW_TYPES[column.type]) for column in table.columns}
    warehouse.load(table, [pa.record_batch(columns)], "replace")


def load_city(warehouse: Warehouse, catalog: Catalog, city: City) -> None:
    """Every dataset's rows."""
    for one, rows in zip(city.sets, city.rows, strict=True):
        load(warehouse, catalog, one.id, rows)


def a_part(nth: int) -> settings:
    """An nth of the examples, for properties that cost more than the others."""
    return settings(max_examples=max(settings().max_examples // nth, 1))


@contextmanager
def duckdb() -> Iterator[Warehouse]:
    """A DuckDB in memory."""
    warehouse = DuckDbWarehouse(None)
    try:
        yield warehouse
    finally:
        warehouse.close()


def question_of(asking: Asking, **more: Any) -> Question:
    """The question as the engine takes it."""
    period = Period(start=asking.period[0].isoformat(), end=asking.period[1].isoformat()) if asking.period else None
    by = tuple(axis if isinstance(axis, str) else ".".join(axis) for axis in asking.by)
    where = " and ".join(condition(atom) for atom in asking.where) or None
    return Question(
        indicators=asking.indicators,
        by=by,
        grain=asking.grain,
        period=period,
        where=where,
        via={name: road for name, road in dict(asking.via).items() if name in by or name in (where or "")},  # an idle road is refused
        as_of=NOW.isoformat(),
        **more,
    )


def answered(catalog: Catalog, warehouse: Warehouse, question: Question, viewer: Viewer = EVERYTHING) -> Answer:
    """The answer; the question must have been understood."""
    found = next(ask(catalog, warehouse, [question], viewer, NOW))
    assert not found.findings, (question, [finding.text() for finding in found.findings])
    return found


def table(answer: Answer, *, totals: bool = False) -> Table:
    """Key -> values by name; a key that stands twice fails."""
    frame = answer.totals if totals else answer.frame
    assert frame is not None, answer.findings
    keys = [column.name for column in frame.of_role("dimension", "time")]
    named = [column.name for column in frame.of_role("value")]
    columns = {name: frame.table.column(name).to_pylist() for name in (*keys, *named)}
    found: Table = {}
    for i in range(frame.table.num_rows):
        key = tuple(columns[name][i] for name in keys)
        assert key not in found, f"{key} twice in\n{answer.sql}"
        found[key] = {name: columns[name][i] for name in named}
    return found


def plain(found: Table) -> Table:
    """Exact numbers as floats, so that answers of different makers compare; 1e-9 relative is taken off when compared."""
    return {key: {name: _plain(value) for name, value in row.items()} for key, row in found.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | date | datetime):
        return value
    number = float(value)
    return 0.0 if number == 0 else number


def differences(left: Table, right: Table) -> list[str]:
    """What two answers do not agree in; floats may differ by 1e-9 of their size."""
    left, right = plain(left), plain(right)
    found = [f"only left: {key} {left[key]}" for key in left if key not in right]
    found += [f"only right: {key} {right[key]}" for key in right if key not in left]
    for key in left.keys() & right.keys():
        for name in left[key].keys() | right[key].keys():
            a, b = left[key].get(name), right[key].get(name)
            close = isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)
            if not close and a != b:
                found.append(f"{key} {name}: {a} and {b}")
    return found
