"""Row scope: which rows a viewer may count, as a predicate for the scan of each dataset."""

from msgspec import Struct

from engine.compiling.reach import dataset_of, road_to_dimension
from engine.compiling.rows import parsed
from engine.expression.tree import Binary, Column, Expr, In, InColumn, Literal, columns, rebuild
from engine.loading.catalog import Catalog
from engine.question import Viewer

NOTHING: Expr = Literal(False)


class Scope(Struct, frozen=True):
    """A viewer's rules, ready to be put into a scan (行级范围)."""

    viewer: Viewer

    def predicate(self, catalog: Catalog, dataset_id: str) -> tuple[Expr | None, str | None]:
        """The condition on the dataset's rows (None: all rows) and the road `region` takes; deny where no rule applies."""
        if self.viewer.sees_all:
            return None, None
        dataset = dataset_of(catalog, dataset_id)
        if dataset.region == "public":
            return None, None
        rules: list[Expr] = []
        for access_id in self.viewer.access:
            access = catalog.access(access_id)
            if access is None:
                continue
            if access.rows is None:
                return None, None
            rules.append(self._rule(catalog, dataset_id, access.rows, dataset.region))
        if not rules:
            return NOTHING, None
        whole = rules[0]
        for rule in rules[1:]:
            whole = Binary("or", whole, rule)
        return whole, dataset.region

    def _rule(self, catalog: Catalog, dataset_id: str, text: str, region: str | None) -> Expr:
        attributes = dict(self.viewer.attributes)

        def known(expr: Expr) -> Expr:
            if isinstance(expr, InColumn) and expr.column.path[0] == "viewer":
                values = attributes.get(expr.column.path[-1], ())
                return In(known(expr.of), tuple(Literal(value) for value in values)) if values else NOTHING
            if isinstance(expr, Column):
                return self._column(catalog, expr, attributes)
            return rebuild(expr, known)

        whole = known(parsed(text).expr)
        reachable = all(self._reaches(catalog, dataset_id, column, region) for column in _dimensions(catalog, whole))
        return whole if reachable else NOTHING

    def _column(self, catalog: Catalog, column: Column, attributes: dict[str, tuple[str, ...]]) -> Expr:
        if column.path == ("region",):
            return Column(tuple((catalog.project.region or "").split(".")))
        if column.path[0] == "viewer":
            values = attributes.get(column.path[-1], ())
            return Literal(values[0]) if values else Literal(None)
        return column

    def _reaches(self, catalog: Catalog, dataset_id: str, dimension_id: str, region: str | None) -> bool:
        return road_to_dimension(catalog, dataset_id, dimension_id, region) is not None


def _dimensions(catalog: Catalog, expr: Expr) -> list[str]:
    return [column.name for column in columns(expr) if catalog.dimension(column.name) is not None]
