"""Where a number comes from and where it goes, as nodes and edges that a page can draw without knowing definitions."""

from collections.abc import Iterable

from msgspec import Struct

from engine.compiling.lineage import own_uses
from engine.compiling.reads import used_indicators
from engine.loading.catalog import Catalog
from portal.api.named import Named

DEEPEST = 12
Key = tuple[str, str]  # kind and id


class LineageNode(Struct, frozen=True):
    """An indicator, dataset or source; `depth` counts steps upstream, below zero downstream (血缘节点).

    `id` is that of the definition; where another kind has the same id in this picture, its kind stands before it.
    """

    id: str
    kind: str
    title: str
    depth: int
    detail: list[str] = []  # titles of the columns read


class LineageEdge(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """One node feeds the other (血缘边)."""

    start: str
    end: str


class LineageGraph(Struct, frozen=True):
    """The picture of an indicator's lineage (血缘图)."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]


def lineage_graph(catalog: Catalog, id: str) -> LineageGraph:
    """Everything upstream of an indicator, down to sources, and the indicators made of it."""
    drawn = _Drawn(catalog)
    drawn.upstream(id, 0)
    drawn.downstream(id, 0)
    names = {key: name_in_picture(key, drawn.depths) for key in drawn.depths}
    nodes = [
        LineageNode(names[kind, one], kind, title_of(catalog, kind, one), depth, list(drawn.columns.get(one, ())) if kind == "dataset" else [])
        for (kind, one), depth in sorted(drawn.depths.items(), key=lambda each: (each[1], each[0]))
    ]
    return LineageGraph(nodes, [LineageEdge(names[start], names[end]) for start, end in drawn.edges if start in names and end in names])


def name_in_picture(key: Key, drawn: Iterable[Key]) -> str:
    """The id; an indicator keeps it, another kind of the same id is told apart."""
    kind, id = key
    return f"{kind}:{id}" if kind != "indicator" and any(other == id and named != kind for named, other in drawn) else id


class _Drawn:
    """What has been drawn so far: how deep each node lies, and what feeds what."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.depths: dict[Key, int] = {}
        self.edges: dict[tuple[Key, Key], None] = {}
        self.columns: dict[str, dict[str, None]] = {}

    def place(self, kind: str, id: str, depth: int) -> None:
        """The node as far from the indicator as its longest way."""
        known = self.depths.get((kind, id))
        self.depths[kind, id] = depth if known is None or abs(depth) > abs(known) else known

    def upstream(self, id: str, depth: int) -> None:
        """An indicator and all that feeds it."""
        indicator = self.catalog.indicator(id)
        if indicator is None or depth > DEEPEST:
            return
        self.place("indicator", id, depth)
        for below in used_indicators(indicator):
            self.edges[("indicator", below), ("indicator", id)] = None
            self.upstream(below, depth + 1)
        for use in own_uses(self.catalog, indicator):
            self.columns.setdefault(use.dataset, {})[column_title(self.catalog, use.dataset, use.column)] = None
            self.dataset(use.dataset, id, depth + 1)

    def dataset(self, dataset_id: str, reader: str, depth: int) -> None:
        """A dataset and the source its rows come from."""
        dataset = self.catalog.dataset(dataset_id)
        self.place("dataset", dataset_id, depth)
        self.edges[("dataset", dataset_id), ("indicator", reader)] = None
        if dataset is not None and dataset.source:
            source = source_id(dataset.source)
            self.place("source", source, depth + 1)
            self.edges[("source", source), ("dataset", dataset_id)] = None

    def downstream(self, id: str, depth: int) -> None:
        """The indicators made of an indicator."""
        if depth < -DEEPEST:
            return
        for user in users_of(self.catalog, id):
            self.place("indicator", user, depth - 1)
            self.edges[("indicator", id), ("indicator", user)] = None
            self.downstream(user, depth - 1)


def users_of(catalog: Catalog, id: str) -> list[str]:
    """Indicators directly made of an indicator."""
    every = ((other, catalog.indicator(other)) for other in catalog.ids("indicator"))
    return [other for other, spec in every if spec is not None and id in used_indicators(spec)]


def source_id(stream: str) -> str:
    """The source that a stream belongs to."""
    return stream.partition("/")[0]


def title_of(catalog: Catalog, kind: str, id: str) -> str:
    """What screens call a definition."""
    return str(getattr(catalog.spec(kind, id), "title", None) or id)


def column_title(catalog: Catalog, dataset_id: str, name: str) -> str:
    """What screens call a column."""
    dataset = catalog.dataset(dataset_id)
    return next((column.title for column in (dataset.columns if dataset is not None else ()) if column.name == name and column.title), name)


def named(catalog: Catalog, ids: Iterable[str]) -> list[Named]:
    """Indicators by id with their titles."""
    return [Named(id, title_of(catalog, "indicator", id)) for id in ids]
