"""What is done to the rows of an answer: which stay, by a condition on its columns, and in which order."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from engine.compiling.asking import Column
from engine.compiling.names import column_ref
from engine.compiling.nodes import is_date_grain
from engine.compiling.periods import named_grain
from engine.compiling.reach import column_of, dataset_of
from engine.compiling.refuse import QUESTION, Refused, refuse
from engine.compiling.rows import inferred, parsed, typed_of
from engine.compiling.writer import TIME, Writer
from engine.expression.alike import Typed
from engine.expression.build import build
from engine.expression.tree import Column as Name
from engine.expression.types import infer
from engine.findings import did_you_mean
from engine.loading.catalog import Catalog
from engine.modifier import Axis, Shape
from engine.question import Question
from engine.unit import parse_unit


def having_of(
    catalog: Catalog, question: Question, value_columns: Sequence[Column], shape: Shape
) -> Callable[[Writer], exp.Expression] | None:
    """The condition on rows of the answer; names are those of its columns, compared as their types and units say."""
    if question.having is None:
        return None
    places = output_names(question, value_columns, shape)
    types = _types(catalog, question, value_columns, shape)
    found = parsed(question.having)
    result, findings = infer(found.expr, lambda path: types.get(".".join(path)), QUESTION, found.offsets, None, list(places))
    if result is None or findings:
        raise Refused(findings[0])
    if result.typed.type not in ("boolean", "null"):
        raise refuse(
            "no-condition", f"having 不是条件：{question.having}", f"`having` is no condition: {question.having}",
            ("例如 value > 10", "for example value > 10"),
        )  # fmt: skip
    expr = result.expr

    def node(writer: Writer) -> exp.Expression:
        def column(one: Name) -> exp.Expression:
            return exp.Placeholder(this=one.path[1]) if one.path[0] == "?" else column_ref("answer", places[one.name])

        return build(writer.bind(expr), column, None)

    return node


def _types(catalog: Catalog, question: Question, value_columns: Sequence[Column], shape: Shape) -> dict[str, Typed]:
    """What each column of the answer holds, by the names that `having` may use."""
    types = {column.name: _value_type(catalog, column) for column in value_columns}
    for asked, axis in zip(question.by, shape.axes, strict=False):
        types[asked if isinstance(asked, str) else axis.name] = _axis_type(catalog, axis)
    if len(value_columns) == 1:
        types.setdefault("value", types[value_columns[0].name])
    if shape.grain:
        types["time"] = _time_type(shape.grain)
    return types


def _value_type(catalog: Catalog, column: Column) -> Typed:
    indicator = catalog.indicator(column.indicator)
    measure = indicator.measure if indicator is not None and not column.modifiers else None
    if measure is not None and measure.agg in ("any", "all"):
        return Typed("boolean")
    if (
        indicator is not None
        and indicator.dataset
        and measure is not None
        and measure.agg in ("min", "max", "first", "last")
        and measure.of
    ):
        typed = inferred(catalog, indicator.dataset, parsed(measure.of).expr).typed
        if typed.type in ("text", "boolean", "date", "timestamp"):
            return Typed(typed.type)
    return Typed("float", parse_unit(column.unit) if column.unit else None)


def _axis_type(catalog: Catalog, axis: Axis) -> Typed:
    if axis.time is not None:
        return Typed("integer") if axis.part is not None else _time_type(named_grain(axis.grain) or "day")
    dimension = catalog.dimension(axis.dimension) if axis.dimension else None
    dataset_id, name = (dimension.dataset, dimension.key) if dimension is not None else (axis.dataset, axis.column)
    column = column_of(dataset_of(catalog, dataset_id), name) if dataset_id and name else None
    return typed_of(column) if column is not None else Typed("text")


def _time_type(grain: str) -> Typed:
    return Typed("text") if "." in grain else Typed("date" if is_date_grain(grain) else "timestamp")


def output_names(question: Question, value_columns: Sequence[Column], shape: Shape) -> dict[str, str]:
    """Names that `having` and `order` may use, to their SQL columns."""
    places = {column.name: column.sql for column in value_columns}
    for asked, axis in zip(question.by, shape.axes, strict=False):
        places[asked if isinstance(asked, str) else axis.name] = axis.name
    if len(value_columns) == 1:
        places.setdefault("value", value_columns[0].sql)
    if shape.grain:
        places["time"] = TIME
    return places


def order_of(question: Question, value_columns: Sequence[Column], shape: Shape) -> list[tuple[str, bool]]:
    """Sort keys of the answer: those asked, then time and dimensions, so that the order is always the same."""
    places = output_names(question, value_columns, shape)
    order: list[tuple[str, bool]] = []
    for one in question.order:
        if one.by not in places:
            advice = did_you_mean(one.by, places, f"可用：{'、'.join(places)}", f"known: {', '.join(places)}")
            raise refuse("unknown-answer-column", f"答案里没有「{one.by}」这一列", f"the answer has no column '{one.by}'", advice)
        order.append((places[one.by], one.desc))
    sorted_by = {name for name, _ in order}
    shown = [axis.name for axis in shape.axes if not axis.is_hidden]
    rest = [key for key in [*([TIME] if shape.grain else []), *shown] if key not in sorted_by]
    return [*order, *((key, False) for key in rest)]
