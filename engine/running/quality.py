"""Rules that rows must keep, looked at before they reach the warehouse; each broken rule is a flaw of named rows."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.compiling.tables import default_time, stored_columns
from engine.expression.grammar import parse
from engine.findings import DefinitionsAreWrong, Place
from engine.kinds.dataset import Column, Dataset, Quality
from engine.loading.meta import INGEST_TIME
from engine.running.cells import Bad
from engine.running.formulas import Rows, false_rows
from engine.running.points import misplaced
from engine.running.quarantine import Flaw
from engine.running.rate_of_change import Step, microseconds, unsteady
from engine.running.stored import Stored
from engine.running.uniqueness import repeated

# The known keys that a column must be among, or None when nothing is known about them yet.
KnownKeys = Callable[[str], pa.Array | None]


def missing_values(dataset: Dataset, rows: pa.Table, already_bad: dict[str, Bad]) -> Iterator[Flaw]:
    """Rows without a value in a required column or in the key; a cell that was bad is not missing too."""
    for column in stored_columns(dataset):
        if (column.required or column.name in dataset.key) and column.name in already_bad:
            missing = np.asarray(rows[column.name].is_null()) & ~already_bad[column.name]
            if missing.any():
                yield Flaw(missing, column.name, "not_null", f"缺少「{column.title}」", f"'{column.name}' has no value")


def broken_rules(
    dataset: Dataset, rows: pa.Table, known_keys: KnownKeys, seen: dict[str, Any], stored: Stored | None = None
) -> Iterator[Flaw]:
    """The flaws that a dataset's quality rules find in typed rows. Null breaks no rule but not_null.

    `seen` starts empty and is handed in again with every batch of a reading: what rules remember of earlier batches.
    `stored` reads the rows that are in the warehouse already; without it, `unique` and `rate_of_change` know only this reading.
    `volume` compares whole days, see `engine.running.volume`, and finds nothing here.
    """
    for place, rule in enumerate(dataset.quality):
        for flaw in _of_rule(dataset, place, rule, rows, known_keys, seen, stored):
            if flaw.rows.any():
                yield flaw


def _of_rule(
    dataset: Dataset, place: int, rule: Quality, rows: pa.Table, known_keys: KnownKeys, seen: dict[str, Any], stored: Stored | None
) -> Iterable[Flaw]:
    column = next((one for one in dataset.columns if one.name == rule.column), None)
    memory = seen.setdefault(f"{rule.rule} {place}", {})
    match rule.rule:
        case "condition":
            return [_condition(rule, rows)]
        case "geometry":
            return [_said(rule, flaw) for flaw in misplaced(dataset, rows, rule.box)]
        case "rate_of_change" if column is not None and (time := default_time(dataset)) is not None:
            bad = unsteady(Step(rule, column.name, time.column), rows, memory, stored)
            return [_flaw(rule, column, bad, rows, _change_zh(rule, column), _change_en(rule, column))]
        case "clock" if column is not None and INGEST_TIME in rows.column_names:
            zh, en = (
                f"「{column.title}」{{value}} 比到达的时间还晚，来源的时钟不准",
                f"'{column.name}' {{value}} is after the arrival: the source's clock is off",
            )
            return [_flaw(rule, column, _after_arrival(rows, column.name, rule), rows, zh, en)]
        case "unique" if column is not None:
            bad = repeated(dataset, column.name, rows, memory, stored)
            return [_flaw(rule, column, bad, rows, f"「{column.title}」{{value}} 重复", f"'{column.name}' {{value}} is repeated")]
        case _ if column is not None:
            return _of_column(rule, column, rows, known_keys)
    return []


def _of_column(rule: Quality, column: Column, rows: pa.Table, known_keys: KnownKeys) -> Iterator[Flaw]:
    values = rows[column.name].combine_chunks()
    name, title = column.name, column.title
    match rule.rule:
        case "not_null":
            yield _flaw(rule, column, np.asarray(values.is_null()), rows, f"缺少「{title}」", f"'{name}' has no value")
        case "range":
            zh, en = f"「{title}」是 {{value}}，应{_span_zh(rule)}", f"'{name}' is {{value}}, it must be {_span_en(rule)}"
            yield _flaw(rule, column, _outside(values, rule), rows, zh, en)
        case "enum":
            bad = _not_among(values, pa.array([code.code for code in column.of], pa.string()))
            yield _flaw(rule, column, bad, rows, f"「{title}」没有代码 {{value}}", f"'{name}' has no code {{value}}")
        case "reference" if (keys := known_keys(name)) is not None:
            zh, en = f"「{title}」{{value}} 在对照表里不存在", f"'{name}' {{value}} does not exist where it refers to"
            yield _flaw(rule, column, _not_among(values, keys), rows, zh, en)


def _flaw(rule: Quality, column: Column, bad: Bad, rows: pa.Table, zh: str, en: str) -> Flaw:
    return _said(rule, Flaw(bad, column.name, rule.rule, zh, en, rows[column.name].combine_chunks()))


def _said(rule: Quality, flaw: Flaw) -> Flaw:
    """The flaw in the author's own words where there are some, and as hard as the rule says."""
    zh, en = (rule.reason, rule.reason) if rule.reason else (flaw.zh, flaw.en)
    return Flaw(flaw.rows, flaw.column, flaw.rule, zh, en, flaw.values, rule.otherwise == "warn")


def _span_zh(rule: Quality) -> str:
    return "、".join(f"{word} {limit:.12g}" for word, limit in (("不小于", rule.min), ("不大于", rule.max)) if limit is not None)


def _span_en(rule: Quality) -> str:
    return " and ".join(f"{word} {limit:.12g}" for word, limit in (("at least", rule.min), ("at most", rule.max)) if limit is not None)


def _change_zh(rule: Quality, column: Column) -> str:
    every = f"每 {rule.per} " if rule.per else "比前一行"
    return f"「{column.title}」变到 {{value}} 太快：{every}的变化应{_span_zh(rule)}"


def _change_en(rule: Quality, column: Column) -> str:
    every = f"in {rule.per}" if rule.per else "from the row before"
    return f"'{column.name}' went to {{value}} too fast: its change {every} must be {_span_en(rule)}"


def _outside(values: pa.Array, rule: Quality) -> Bad:
    numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)  # null is NaN, which is neither less nor more
    low = numbers < rule.min if rule.min is not None else np.zeros(len(numbers), dtype=np.bool_)
    return low | (numbers > rule.max) if rule.max is not None else low


def _after_arrival(rows: pa.Table, column: str, rule: Quality) -> Bad:
    latest = pc.add(rows[INGEST_TIME].combine_chunks(), pa.scalar(timedelta(microseconds=microseconds(rule.gap)), pa.duration("us")))
    times = rows[column].combine_chunks().cast(pa.timestamp("us"))
    return np.asarray(pc.fill_null(pc.greater(times, latest), False), dtype=np.bool_)


def _not_among(values: pa.Array, known: pa.Array) -> Bad:
    return np.asarray(pc.and_(values.is_valid(), pc.invert(pc.is_in(values, value_set=known))), dtype=np.bool_)


def _condition(rule: Quality, rows: pa.Table) -> Flaw:
    text = rule.where or ""
    parsed, findings = parse(text, Place("quality"))
    if parsed is None:
        raise DefinitionsAreWrong(findings)
    column = rule.column or ""
    bad = false_rows(Rows(rows).condition(parsed.expr))
    values = rows[column].combine_chunks() if column in rows.column_names else None
    return _said(rule, Flaw(bad, column, "condition", f"不满足 {text}", f"does not satisfy {text}", values))
