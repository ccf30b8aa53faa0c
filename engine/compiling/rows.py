"""What an expression over a dataset's row means: its names resolved to typed columns, its units converted."""

from functools import lru_cache

from engine.compiling.reach import column_of, dataset_of, road_by_path
from engine.compiling.refuse import QUESTION, Refused, refuse
from engine.compiling.tables import column_type
from engine.expression.alike import Inferred, Typed
from engine.expression.canonical import canonical
from engine.expression.grammar import Parsed, parse
from engine.expression.tree import Expr, IndicatorCall
from engine.expression.types import infer
from engine.kinds.dataset import Column
from engine.loading.catalog import Catalog
from engine.unit import parse_unit


def typed_of(column: Column) -> Typed:
    """Type and unit of a declared column."""
    unit = parse_unit(column.unit) if column.unit else None
    return Typed(column_type(column), unit)


def typed_column(catalog: Catalog, dataset_id: str, path: tuple[str, ...]) -> Typed | None:
    """Type and unit of a name as seen from a dataset, or None when it means nothing there."""
    if path == ("at",):
        return Typed("timestamp", None)
    road = road_by_path(catalog, dataset_id, path)
    if road is not None:
        column = column_of(dataset_of(catalog, road.dataset), road.column)
        return typed_of(column) if column else None
    if len(path) > 1:
        owner = road_by_path(catalog, dataset_id, path[:-1])
        column = column_of(dataset_of(catalog, owner.dataset), owner.column) if owner else None
        attribute = _attribute(catalog, column, path[-1]) if column else None
        if attribute is not None:
            return attribute
    return _dimension_key(catalog, ".".join(path))


def _attribute(catalog: Catalog, column: Column, name: str) -> Typed | None:
    dimension = catalog.dimension(column.dimension) if column.dimension else None
    values = [code.attributes[name] for code in (dimension.codes if dimension else column.of) if name in code.attributes]
    if not values:
        return None
    return Typed("text" if all(isinstance(value, str) for value in values) else "float", None)


def _dimension_key(catalog: Catalog, name: str) -> Typed | None:
    dimension = catalog.dimension(name)
    if dimension is None:
        return None
    dataset = catalog.dataset(dimension.dataset) if dimension.dataset else None
    column = column_of(dataset, dimension.key) if dataset and dimension.key else None
    return typed_of(column) if column else Typed("text", None)


@lru_cache(maxsize=8192)
def parsed(text: str) -> Parsed:
    """The tree of a text that definitions or a question carry; refused with the grammar's own finding."""
    found, findings = parse(text, QUESTION, aggregates=True)
    if found is None:
        raise Refused(findings[0])
    return found


def row_expression(catalog: Catalog, dataset_id: str, text: str) -> Inferred:
    """The expression with its type, unit, and conversions written in."""
    found = parsed(text)
    return inferred(catalog, dataset_id, found.expr, found.offsets)


def inferred(catalog: Catalog, dataset_id: str, expr: Expr, offsets: dict[str, int] | None = None) -> Inferred:
    """The typed expression; refused when types or units do not fit."""

    def indicator(call: IndicatorCall) -> Typed | None:
        spec = catalog.indicator(call.id)
        return Typed("float", parse_unit(spec.unit) if spec.unit else None) if spec else None

    result, findings = infer(expr, lambda path: typed_column(catalog, dataset_id, path), QUESTION, offsets or {}, indicator)
    if result is None or findings:
        raise Refused(findings[0])
    return result


def condition(catalog: Catalog, dataset_id: str, expr: Expr) -> Expr:
    """A condition that the asker wrote, typed; refused when it is none."""
    found = inferred(catalog, dataset_id, expr)
    if found.typed.type not in ("boolean", "null"):
        raise refuse(
            "no-condition", f"where 不是条件：{canonical(expr)}", f"`where` is no condition: {canonical(expr)}",
            ("例如 kind = 'kitchen'", "for example kind = 'kitchen'"),
        )  # fmt: skip
    return found.expr
