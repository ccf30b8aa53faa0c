"""Rules that rows must keep, looked at before they reach the warehouse; each broken rule is a flaw of named rows."""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.compiling.tables import stored_columns
from engine.expression.grammar import parse
from engine.findings import DefinitionsAreWrong, Place
from engine.kinds.dataset import Column, Dataset, Quality
from engine.running.cells import Bad
from engine.running.formulas import Rows, false_rows
from engine.running.quarantine import Flaw

# The known keys that a column must be among, or None when nothing is known about them yet.
KnownKeys = Callable[[str], pa.Array | None]


def missing_values(dataset: Dataset, rows: pa.Table, already_bad: dict[str, Bad]) -> Iterator[Flaw]:
    """Rows without a value in a required column or in the key; a cell that was bad is not missing too."""
    for column in stored_columns(dataset):
        if column.required or column.name in dataset.key:
            missing = np.asarray(rows[column.name].is_null()) & ~already_bad[column.name]
            if missing.any():
                yield Flaw(missing, column.name, "not_null", f"缺少「{column.title}」", f"'{column.name}' has no value")


def broken_rules(dataset: Dataset, rows: pa.Table, known_keys: KnownKeys, seen: dict[str, set[object]]) -> Iterator[Flaw]:
    """The flaws that a dataset's quality rules find in typed rows. `seen` remembers values of `unique` columns between batches.

    `volume` compares whole loads and finds nothing here. Null breaks no rule but not_null.
    """
    for rule in dataset.quality:
        column = next((one for one in dataset.columns if one.name == rule.column), None)
        flaw = _condition(rule, rows) if rule.rule == "condition" else _of_column(rule, column, rows, known_keys, seen) if column else None
        if flaw is not None and flaw.rows.any():
            yield flaw


def _of_column(rule: Quality, column: Column, rows: pa.Table, known_keys: KnownKeys, seen: dict[str, set[object]]) -> Flaw | None:
    values = rows[column.name].combine_chunks()
    name, title = column.name, column.title
    match rule.rule:
        case "not_null":
            return _flaw(rule, name, np.asarray(values.is_null()), values, f"缺少「{title}」", f"'{name}' has no value")
        case "range":
            span_zh = "、".join(f"{word} {limit:g}" for word, limit in (("不小于", rule.min), ("不大于", rule.max)) if limit is not None)
            span_en = " and ".join(
                f"{word} {limit:g}" for word, limit in (("at least", rule.min), ("at most", rule.max)) if limit is not None
            )
            return _flaw(
                rule,
                name,
                _outside(values, rule),
                values,
                f"「{title}」是 {{value}}，应{span_zh}",
                f"'{name}' is {{value}}, it must be {span_en}",
            )
        case "enum":
            codes = pa.array([code.code for code in column.of], pa.string())
            return _flaw(rule, name, _not_among(values, codes), values, f"「{title}」没有代码 {{value}}", f"'{name}' has no code {{value}}")
        case "unique":
            bad = _repeated(values, seen.setdefault(name, set()))
            return _flaw(rule, name, bad, values, f"「{title}」{{value}} 重复", f"'{name}' {{value}} is repeated")
        case "reference":
            keys = known_keys(name)
            bad = _not_among(values, keys) if keys is not None else np.zeros(len(values), dtype=np.bool_)
            return _flaw(
                rule, name, bad, values, f"「{title}」{{value}} 在对照表里不存在", f"'{name}' {{value}} does not exist where it refers to"
            )
        case _:
            return None


def _flaw(rule: Quality, column: str, bad: Bad, values: pa.Array, zh: str, en: str) -> Flaw:
    return Flaw(bad, column, rule.rule, zh, en, values, rule.otherwise == "warn")


def _outside(values: pa.Array, rule: Quality) -> Bad:
    numbers = values.cast(pa.float64())
    low = pc.less(numbers, rule.min) if rule.min is not None else pa.repeat(False, len(values))
    high = pc.greater(numbers, rule.max) if rule.max is not None else pa.repeat(False, len(values))
    return np.asarray(pc.or_kleene(low, high).fill_null(False), dtype=np.bool_)


def _not_among(values: pa.Array, known: pa.Array) -> Bad:
    return np.asarray(pc.and_(values.is_valid(), pc.invert(pc.is_in(values, value_set=known))), dtype=np.bool_)


def _repeated(values: pa.Array, seen: set[object]) -> Bad:
    """Every value after the first of its kind."""
    bad = np.zeros(len(values), dtype=np.bool_)
    for row, value in enumerate(values.to_pylist()):
        if value is not None:
            bad[row] = value in seen
            seen.add(value)
    return bad


def _condition(rule: Quality, rows: pa.Table) -> Flaw:
    text = rule.where or ""
    parsed, findings = parse(text, Place("quality"))
    if parsed is None:
        raise DefinitionsAreWrong(findings)
    column = rule.column or ""
    bad = false_rows(Rows(rows).condition(parsed.expr))
    values = rows[column].combine_chunks() if column in rows.column_names else None
    return Flaw(bad, column, "condition", f"不满足 {text}", f"does not satisfy {text}", values, rule.otherwise == "warn")
