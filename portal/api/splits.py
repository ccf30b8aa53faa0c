"""Which dimensions an indicator may be split by, and how they drill up and down into each other."""

from msgspec import Struct

from engine.compiling.reach import coarser, road_to_dimension
from engine.compiling.reads import datasets_of
from engine.compiling.refuse import Refused
from engine.kinds.indicator import Indicator
from engine.question import Question
from portal.api.world import World


class Split(Struct, frozen=True):
    """A dimension an indicator may be split by (可用维度). `coarser` has the nearest first; `finer` ones roll up to it."""

    id: str
    title: str
    coarser: list[str]
    finer: list[str]
    has_labels: bool
    is_region: bool


def splits_of(world: World, id: str, indicator: Indicator) -> list[Split]:
    """The dimensions it says or can reach, the project's region first; a level with a single member splits nothing and is left out."""
    catalog = world.catalog
    if indicator.by is not None:
        ids = list(dict.fromkeys(level for finest in indicator.by for level in coarser(catalog, finest)))
    else:
        ids = [one for one in catalog.ids("dimension") if is_reached(world, id, one)]
    kept = [one for one in ids if catalog.dimension(one) is not None and not is_alone(world, one)]
    kept.sort(key=lambda one: one != catalog.project.region)
    return [
        Split(
            one, title_of(world, one), [up for up in coarser(catalog, one)[1:] if up in kept],
            [other for other in kept if rolls_up(world, other) == one], bool(world.titles.of(one)), one == catalog.project.region,
        )
        for one in kept
    ]  # fmt: skip


def is_reached(world: World, id: str, dimension: str) -> bool:
    """Whether a road without a choice leads there from every dataset the indicator counts."""
    datasets = datasets_of(world.catalog, Question(indicators=(id,)))
    try:
        return bool(datasets) and all(road_to_dimension(world.catalog, dataset, dimension) is not None for dataset in datasets)
    except Refused:
        return False


def is_alone(world: World, dimension: str) -> bool:
    """Whether a coarse level has one member only, such as the whole city."""
    is_coarse = any(rolls_up(world, other) == dimension for other in world.catalog.ids("dimension"))
    return is_coarse and len(world.titles.of(dimension)) == 1


def rolls_up(world: World, dimension: str) -> str | None:
    """The next coarser dimension."""
    spec = world.catalog.dimension(dimension)
    return spec.rolls_up_to if spec is not None else None


def title_of(world: World, dimension: str) -> str:
    """What screens call a dimension."""
    spec = world.catalog.dimension(dimension)
    return spec.title if spec is not None else dimension
