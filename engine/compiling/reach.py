"""Which road leads from a dataset to a column or a dimension: declared relationships first, the keys of dimensions after."""

from collections.abc import Iterator

from msgspec import Struct

from engine.compiling.refuse import refuse
from engine.findings import did_you_mean
from engine.kinds.dataset import Column, Dataset, Relationship, RowBefore, Validity
from engine.kinds.dimension import Dimension
from engine.loading.catalog import Catalog

LONGEST = 6  # hops a dimension may be away


class Hop(Struct, frozen=True):
    """One join on a road (一跳)."""

    name: str
    target: str
    on: tuple[tuple[str, str], ...]
    cardinality: str = "many_to_one"
    required: bool = False
    drop: bool = False
    where: str | None = None
    valid: Validity | None = None
    dimension: str | None = None  # the dimension whose member table this is, when known


class Road(Struct, frozen=True):
    """The way from a dataset to one column (路径)."""

    hops: tuple[Hop, ...]
    dataset: str  # where it ends
    column: str
    through: tuple[str, ...] = ()  # code-list dimensions whose parent codes are taken, in order
    ragged: str | None = None  # the asked dimension, searched among the ancestors
    before: RowBefore | None = None  # the column of the row before

    @property
    def is_multiplying(self) -> bool:
        """True when rows are met more than once on it."""
        return any(hop.cardinality == "one_to_many" for hop in self.hops)


def column_of(dataset: Dataset, name: str) -> Column | None:
    """The column of that name."""
    return next((column for column in dataset.columns if column.name == name), None)


def dataset_of(catalog: Catalog, id: str) -> Dataset:
    """The dataset, or a refusal that names the nearest one."""
    dataset = catalog.dataset(id)
    if dataset is None:
        advice = did_you_mean(id, catalog.ids("dataset"), "用 chengmai list datasets 查看全部", "`chengmai list datasets` shows all")
        raise refuse("unknown-dataset", f"没有名为「{id}」的数据集", f"no dataset is named '{id}'", advice)
    return dataset


def relationship_hop(dataset_id: str, relationship: Relationship, dataset: Dataset) -> Hop:
    """A relationship as a hop."""
    own = next(iter(relationship.on), None)
    column = column_of(dataset, own) if own else None
    return Hop(
        name=relationship.name,
        target=dataset_id if relationship.to == "self" else relationship.to,
        on=tuple(relationship.on.items()),
        cardinality=relationship.cardinality,
        required=relationship.required and relationship.where is None and relationship.valid is None,
        drop=relationship.unmatched == "drop",
        where=relationship.where,
        valid=relationship.valid,
        dimension=column.dimension if column else None,
    )


def road_by_path(catalog: Catalog, dataset_id: str, path: tuple[str, ...]) -> Road | None:
    """The road that a dotted path spells out (facility.type), or None when a step is not declared."""
    hops: list[Hop] = []
    here = dataset_id
    for step in path[:-1]:
        dataset = dataset_of(catalog, here)
        relationship = next((one for one in dataset.relationships if one.name == step), None)
        if relationship is None:
            return None
        if relationship.previous_by is not None:
            known = column_of(dataset, path[-1]) is not None and len(path) == 2
            return Road(tuple(hops), here, path[-1], before=relationship.previous_by) if known else None
        hops.append(relationship_hop(here, relationship, dataset))
        here = hops[-1].target
    if column_of(dataset_of(catalog, here), path[-1]) is None:
        return None
    return Road(tuple(hops), here, path[-1])


def coarser(catalog: Catalog, dimension_id: str) -> tuple[str, ...]:
    """The dimension and all it rolls up to, finest first."""
    chain: list[str] = []
    here: str | None = dimension_id
    while here is not None and here not in chain:
        chain.append(here)
        dimension = catalog.dimension(here)
        here = dimension.rolls_up_to if dimension else None
    return tuple(chain)


def road_to_dimension(catalog: Catalog, dataset_id: str, dimension_id: str, via: str | None = None) -> Road | None:
    """The shortest road to a dimension's key; None when there is none. Two equally short roads are refused: `via` must say which."""
    dimension = catalog.dimension(dimension_id)
    if dimension is None:
        advice = did_you_mean(
            dimension_id, catalog.ids("dimension"), "用 chengmai list dimensions 查看全部", "`chengmai list dimensions` shows all"
        )
        raise refuse("unknown-dimension", f"没有名为「{dimension_id}」的维度", f"no dimension is named '{dimension_id}'", advice)
    if via is not None:
        own = _via_column(catalog, dataset_id, via, dimension_id)
        if own is not None:
            return own
    for multiplies in (False, True):
        frontier = _starts(catalog, dataset_id, via)
        for _ in range(LONGEST):
            found = [road for hops, here in frontier for road in _ends(catalog, dataset_id, hops, here, dimension_id, dimension)]
            if found:
                return _only(found, dimension_id)
            frontier = [
                step
                for hops, here in frontier
                for step in _steps(catalog, hops, here)
                if multiplies or step[0][-1].cardinality != "one_to_many"
            ]
    return None


def _via_column(catalog: Catalog, dataset_id: str, via: str, dimension_id: str) -> Road | None:
    """`via` may end in a column: the dimension is then reached from that column."""
    road = road_by_path(catalog, dataset_id, tuple(via.split(".")))
    if road is None:
        return None
    column = column_of(dataset_of(catalog, road.dataset), road.column)
    if column is None or column.dimension is None or dimension_id not in coarser(catalog, column.dimension):
        return None
    return _rolled(catalog, road, column.dimension, dimension_id)


def _rolled(catalog: Catalog, road: Road, start: str, goal: str) -> Road:
    """The road from a key of `start` up to `goal`."""
    chain = coarser(catalog, start)
    steps = chain[: chain.index(goal)]
    first = catalog.dimension(start)
    if steps and first is not None and first.is_ragged:
        hops = road.hops
        column = road.column
        for _ in range(len(steps) + 1):
            hops, column = (*hops, _member_hop(start, first, column)), first.parent or ""
        return Road(hops, first.dataset or "", first.key or "", ragged=goal)
    for step in steps:
        dimension = catalog.dimension(step)
        assert dimension is not None
        if dimension.codes:
            road = Road(road.hops, road.dataset, road.column, (*road.through, step))
        else:
            hop = _member_hop(step, dimension, road.column)
            road = Road((*road.hops, hop), dimension.dataset or "", dimension.parent or "")
    return road


def _member_hop(id: str, dimension: Dimension, column: str) -> Hop:
    return Hop(name=f"{id.rpartition('.')[2]}_member", target=dimension.dataset or "", on=((column, dimension.key or ""),), dimension=id)


def _starts(catalog: Catalog, dataset_id: str, via: str | None) -> list[tuple[tuple[Hop, ...], str]]:
    if via is None:
        return [((), dataset_id)]
    hops: tuple[Hop, ...] = ()
    here = dataset_id
    for step in via.split("."):
        dataset = dataset_of(catalog, here)
        relationship = next((one for one in dataset.relationships if one.name == step), None)
        if relationship is None:
            break  # the last step may be a column: handled by _via_column
        hops = (*hops, relationship_hop(here, relationship, dataset))
        here = hops[-1].target
    return [(hops, here)]


def _ends(catalog: Catalog, origin: str, hops: tuple[Hop, ...], here: str, goal: str, dimension: Dimension) -> Iterator[Road]:
    dataset = dataset_of(catalog, here)
    if dimension.dataset == here and dimension.key and (dimension.where is None or not hops or hops[-1].dimension == goal):
        yield _shortened(origin, hops, here, dimension.key)
        return
    for column in dataset.columns:
        if column.dimension and goal in coarser(catalog, column.dimension):
            yield _rolled(catalog, Road(hops, here, column.name), column.dimension, goal)


def _shortened(origin: str, hops: tuple[Hop, ...], here: str, key: str) -> Road:
    """The own column stands for the key of the member table: no join is needed to group by it."""
    if hops and not hops[-1].where and not hops[-1].valid and hops[-1].cardinality == "many_to_one":
        own = next((own for own, theirs in hops[-1].on if theirs == key), None)
        if own is not None and len(hops[-1].on) == 1:
            return Road(hops[:-1], hops[-2].target if len(hops) > 1 else origin, own)
    return Road(hops, here, key)


def _steps(catalog: Catalog, hops: tuple[Hop, ...], here: str) -> Iterator[tuple[tuple[Hop, ...], str]]:
    dataset = dataset_of(catalog, here)
    for relationship in dataset.relationships:
        if relationship.previous_by is None and relationship.to != "self":
            yield (*hops, relationship_hop(here, relationship, dataset)), relationship.to
    related = {tuple(relationship.on) for relationship in dataset.relationships}
    for column in dataset.columns:
        dimension = catalog.dimension(column.dimension) if column.dimension else None
        if dimension is not None and dimension.dataset and dimension.dataset != here and (column.name,) not in related:
            yield (*hops, _member_hop(column.dimension or "", dimension, column.name)), dimension.dataset


def _only(found: list[Road], dimension_id: str) -> Road:
    roads = list({(road.hops, road.column, road.through): road for road in found}.values())
    fewest = min(len(road.hops) for road in roads)
    roads = [road for road in roads if len(road.hops) == fewest]
    if len(roads) > 1:
        ways = sorted(".".join([*(hop.name for hop in road.hops), road.column]) for road in roads)
        raise refuse(
            "two-roads",
            f"维度「{dimension_id}」有多条路可到：{'、'.join(ways)}",
            f"dimension '{dimension_id}' can be reached by {len(ways)} roads: {', '.join(ways)}",
            ("在提问里用 via 说明走哪条", "say which in the question's `via`"),
        )
    return roads[0]
