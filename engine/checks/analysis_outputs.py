"""A dataset that takes what an analysis gives has its columns, or stays empty without anybody knowing why."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.check import Check
from engine.compiling.input_rows import column_types
from engine.compiling.modifying import Modifiers
from engine.compiling.refuse import Refused
from engine.expression.alike import Typed
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.analysis import FROM, Analysis, output_of
from engine.kinds.dataset import Column, Dataset
from engine.loading.catalog import Catalog
from engine.loading.members import modifiers, operators
from engine.loading.results import STAMPS
from engine.loading.source_map import Path
from engine.operator import OperatorColumn, OperatorTable
from engine.unit import ONE, Unit, conversion, parse_unit, symbol

HOLDS = {
    "number": ("decimal", "float"), "integer": ("integer", "decimal", "float"), "time": ("timestamp", "date"), "text": ("text", "enum"),
    "boolean": ("boolean",),
}  # fmt: skip


class AnalysisOutputs(Check, frozen=True):
    """`from: analysis/<id>/<output>` names an output of the operator, and each column is one of its columns, a key, or of the run's stamp (分析结果)."""

    tag: ClassVar[str] = "analysis-outputs"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for an unknown output, for columns that nothing fills, and for types and units that do not fit."""
        spec = definition.spec
        source = output_of(spec.source) if isinstance(spec, Dataset) else None
        analysis = catalog.analysis(source[0]) if source is not None else None
        operator = operators().get(analysis.operator) if analysis is not None else None
        if not isinstance(spec, Dataset) or source is None or analysis is None or operator is None:
            return
        table = next((one for one in operator.gives if one.name == source[1]), None)
        if table is None:
            names = [f"{FROM}{source[0]}/{one.name}" for one in operator.gives]
            advice = did_you_mean(spec.source or "", names, f"可写：{'、'.join(names)}", f"known: {', '.join(names)}")
            zh, en = f"分析「{source[0]}」没有名为「{source[1]}」的结果", f"the analysis '{source[0]}' has no output '{source[1]}'"
            yield self.at(catalog, definition, ("from",), (zh, en, *advice), offset=len(FROM) + len(source[0]) + 1)
            return
        types = _types(catalog, analysis)
        keys = list(dict.fromkeys(name for one in analysis.inputs for name in one.keys)) if table.has_keys else []
        yield from self._columns(catalog, definition, spec, table, keys, types)
        for key in keys:
            if not any(column.name == key for column in spec.columns):
                said = (
                    f"缺少键「{key}」，各组的结果分不开", f"the key '{key}' is missing, so results of different groups cannot be told apart",
                    f"在 columns 里加上 {key}", f"add {key} to columns",
                )  # fmt: skip
                yield self.at(catalog, definition, ("columns",), said, of_key=True)

    def _columns(
        self, catalog: Catalog, definition: Definition, spec: Dataset, table: OperatorTable, keys: list[str], types: Mapping[str, Typed]
    ) -> Iterator[Finding]:
        stamps = {stamp.name: stamp.type for stamp in STAMPS}
        known = [*keys, *(column.name for column in table.columns), *stamps]
        for i, column in enumerate(spec.columns):
            if column.expr is not None or column.name in keys:
                continue
            given = table.column(column.name)
            if given is None and column.name not in stamps:
                advice = did_you_mean(column.name, known, f"可用的列：{'、'.join(known)}", f"columns: {', '.join(known)}")
                said = (
                    f"结果「{table.name}」没有名为「{column.name}」的列",
                    f"the output '{table.name}' has no column '{column.name}'",
                    *advice,
                )
                yield self.at(catalog, definition, ("columns", i, "name"), said)
                continue
            fits = HOLDS[given.type] if given is not None else (stamps[column.name],)
            if column.type not in fits:
                said = (
                    f"「{column.name}」的类型要是 {' 或 '.join(fits)}", f"'{column.name}' is of type {' or '.join(fits)}",
                    f"改为 type: {fits[0]}", f"write type: {fits[0]}",
                )  # fmt: skip
                yield self.at(catalog, definition, ("columns", i, "type"), said)
            elif given is not None:
                yield from self._unit(catalog, definition, ("columns", i), column, given, types)

    def _unit(
        self, catalog: Catalog, definition: Definition, path: Path, column: Column, given: OperatorColumn, types: Mapping[str, Typed]
    ) -> Iterator[Finding]:
        """The operator's numbers are stored as they are, so the unit must be exactly the one they come in."""
        wanted = _unit_of(given, types)
        declared = parse_unit(column.unit) if column.unit else ONE
        if wanted is None or declared is None or conversion(wanted, declared) == 1:
            return
        word = symbol(wanted)
        said = (
            f"「{column.name}」的数值以「{word or '无单位'}」给出", f"the values of '{column.name}' come in '{word or 'no unit'}'",
            f"写 unit: {word}" if word else "删除 unit", f"write unit: {word}" if word else "delete unit",
        )  # fmt: skip
        yield self.at(catalog, definition, (*path, "unit") if column.unit else path, said)


def _unit_of(given: OperatorColumn, types: Mapping[str, Typed]) -> Unit | None:
    """The unit of an output's column; None when nobody says it."""
    if given.like:
        typed = types.get(given.like)
        return typed.unit if typed is not None and typed.type in ("integer", "decimal", "float") else None
    return parse_unit(given.unit) if given.unit else None


def _types(catalog: Catalog, analysis: Analysis) -> dict[str, Typed]:
    """Type and unit of each column of each input that can be told, by `input.column`."""
    found: dict[str, Typed] = {}
    for one in analysis.inputs:
        try:
            found |= {f"{one.name}.{name}": typed for name, typed in column_types(catalog, Modifiers(modifiers()), one).items()}
        except Refused:
            continue
    return found
