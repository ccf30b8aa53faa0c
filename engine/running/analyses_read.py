"""What an analysis reads, read at one state of the data: when a dataset moves meanwhile, all of it is read again."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.input_rows import column_types, factors_of, input_rows
from engine.compiling.modifying import Modifiers
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused
from engine.findings import Finding
from engine.frame import COMPLETE
from engine.kinds.analysis import Analysis, Input
from engine.loading.catalog import Catalog
from engine.operator import Operator, OperatorTable
from engine.question import EVERYTHING
from engine.running.ask import ask, known_modifiers, versions_of
from engine.running.lateness import known_until
from engine.warehouse import Warehouse

TRIES = 5


class AnalysisFailed(Exception):
    """An analysis could not be run; carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Taken(Struct, frozen=True):
    """The tables of all inputs, and the data versions they are of (输入数据)."""

    tables: Mapping[str, pa.Table]
    versions: Mapping[str, int]


def as_of_inputs(catalog: Catalog, warehouse: Warehouse, analysis: Analysis, now: datetime) -> datetime:
    """The instant an analysis is of: the earlier of now and the newest row of its slowest input."""
    newest = [until for id in _counted(catalog, analysis) if (until := known_until(catalog, warehouse, id)) is not None]
    return min([now, *newest])


def versions_read(catalog: Catalog, warehouse: Warehouse, analysis: Analysis, operator: type[Operator], as_of: datetime) -> dict[str, int]:
    """Version of every dataset that the inputs read, joined ones too; raises AnalysisFailed when an input cannot be planned."""
    found: set[str] = set()
    for one in analysis.inputs:
        if one.ask is not None:
            found.update(datasets_of(catalog, one.ask))
            continue
        try:
            found.update(input_rows(catalog, known_modifiers(), one, table_of_input(operator, one), as_of).datasets)
        except Refused as refused:
            raise failed(refused.finding) from refused
    return versions_of(catalog, warehouse, sorted(found))


def read_inputs(
    catalog: Catalog, warehouse: Warehouse, analysis: Analysis, operator: type[Operator], as_of: datetime, now: datetime
) -> Taken:
    """Every input as one state of the data has it. Raises AnalysisFailed, StatementTimedOut."""
    for _ in range(TRIES):
        before = versions_read(catalog, warehouse, analysis, operator, as_of)
        tables: dict[str, pa.Table] = {}
        versions: dict[str, int] = dict(before)
        for one in analysis.inputs:
            tables[one.name], joined = _table(catalog, warehouse, one, table_of_input(operator, one), as_of, now)
            versions |= joined
        if versions_of(catalog, warehouse, sorted(versions)) == versions:
            return Taken(tables, versions)
    raise AnalysisFailed("数据一直在变，没有读到一致的输入", "the data kept moving, so no consistent input was read")


def table_of_input(operator: type[Operator], one: Input) -> OperatorTable:
    """The table of the operator that an input fills; raises AnalysisFailed for one it does not have."""
    found = next((table for table in operator.takes if table.name == one.name), None)
    if found is None:
        raise AnalysisFailed(f"算子没有名为「{one.name}」的输入", f"the operator has no input '{one.name}'")
    return found


def failed(finding: Finding) -> AnalysisFailed:
    """A finding as the reason why an analysis could not be run."""
    return AnalysisFailed(finding.zh, finding.en)


def _table(
    catalog: Catalog, warehouse: Warehouse, one: Input, shape: OperatorTable, as_of: datetime, now: datetime
) -> tuple[pa.Table, dict[str, int]]:
    if one.ask is not None:
        return _answered(catalog, warehouse, one, shape, as_of, now)
    return warehouse.query(input_rows(catalog, known_modifiers(), one, shape, as_of).statement), {}


def _answered(
    catalog: Catalog, warehouse: Warehouse, one: Input, shape: OperatorTable, as_of: datetime, now: datetime
) -> tuple[pa.Table, dict[str, int]]:
    """The finished rows of an answer, its columns under the operator's names, and the versions they were read from."""
    assert one.ask is not None
    question = replace(one.ask, as_of=one.ask.as_of or as_of.isoformat())
    answer = next(ask(catalog, warehouse, [question], EVERYTHING, now))
    if answer.frame is None:
        raise failed(answer.findings[0])
    table = answer.frame.table
    if COMPLETE in table.column_names:
        table = table.filter(pc.fill_null(table.column(COMPLETE), False))
    factors = factors_of(column_types(catalog, Modifiers(known_modifiers().known), one), shape)
    names = {**one.keys, **one.columns}
    if missing := sorted(set(names.values()) - set(table.column_names)):
        raise AnalysisFailed(f"提问的答案没有「{missing[0]}」这一列", f"the answer of the question has no column '{missing[0]}'")
    columns = {name: _scaled(table.column(text), factors.get(name, Fraction(1))) for name, text in names.items()}
    return pa.table(columns), dict(answer.versions)


def _scaled(column: pa.ChunkedArray, factor: Fraction) -> pa.ChunkedArray:
    return column if factor == 1 else pc.multiply(pc.cast(column, pa.float64()), float(factor))


def _counted(catalog: Catalog, analysis: Analysis) -> set[str]:
    found: set[str] = set()
    for one in analysis.inputs:
        found.update(datasets_of(catalog, one.ask) if one.ask is not None else [one.dataset] if one.dataset else [])
    return found
