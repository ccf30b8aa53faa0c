"""What must not be guessed about a row is worked out beside its value: for each word, a tree that is true where it holds."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.divided import met_zeros
from engine.compiling.extent import is_clamped
from engine.compiling.leaves import Beginning, Cell, Clamped, Fold, Pairs, Reading, Seam, Straddling, Sum
from engine.compiling.periods import day_offset
from engine.compiling.reach import dataset_of
from engine.compiling.tables import default_time
from engine.expression.tree import Binary, Case, Column, Expr, Literal
from engine.loading.catalog import Catalog
from engine.modifier import Across, Formula, Tree

SHORT = {"divided_by_zero": "zero"}  # how a word is called in SQL, where it is not by itself
Condition = tuple[str, Tree]  # a word, and where it holds


class Flag(Struct, frozen=True):
    """A column of the statement that is true in rows that bear a word (标记列)."""

    column: str
    value: str  # the column it is about
    word: str
    tree: Tree


def flags_of(catalog: Catalog, columns: Sequence[tuple[str, Tree]]) -> tuple[Flag, ...]:
    """The flags of an answer's columns, each by its name in the statement."""
    found: list[Flag] = []
    for name, tree in columns:
        holding: dict[str, dict[Tree, None]] = {}
        for word, condition in _conditions(catalog, tree):
            holding.setdefault(word, {})[condition] = None
        found += [Flag(f"{name}__{SHORT.get(word, word)}", name, word, _any(list(conditions))) for word, conditions in holding.items()]
    return tuple(found)


def _conditions(catalog: Catalog, tree: Tree) -> Iterator[Condition]:
    match tree:
        case Formula(arguments=arguments):
            if not all(_is_pairs(one) for _, one in arguments):  # no base with a finished window is no division: it is incomplete
                yield from (("divided_by_zero", one) for one in met_zeros(tree))
            for _, inner in arguments:
                yield from _conditions(catalog, inner)
        case Seam(until=until, old=old, new=new, shape=shape, at_end=at_end):
            if not at_end:
                yield "seam", Straddling(until, shape)
            yield from _conditions(catalog, old)
            yield from _conditions(catalog, new)
        case Across(tree=inner):
            yield from _conditions(catalog, inner)
        case Cell(leaf=leaf):
            if is_clamped(leaf.shape) is not None:
                yield "clamped", Clamped(leaf.shape)
            yield from _of_leaf(catalog, leaf)


def _of_leaf(catalog: Catalog, leaf: object) -> Iterator[Condition]:
    match leaf:
        case Reading(carry=str()):
            yield from _carried(catalog, leaf)
        case Pairs(give=give) if give not in ("rows", "complete", "credited"):
            yield from _unfinished(catalog, leaf)
        case Fold(inner=inner):
            # A period is marked when one of its steps is; what a comparison looks back on is said of the period itself.
            for word, condition in _conditions(catalog, inner):
                if word != "clamped":
                    one = Formula(Case(((Column(("is",)), Literal(1)),), Literal(0)), (("is", condition),))
                    steps = Cell(replace(leaf, inner=one, how="sum", condition=None))
                    yield word, Formula(Binary(">", Column(("steps",)), Literal(0)), (("steps", steps),))


def _is_pairs(tree: Tree) -> bool:
    return isinstance(tree, Cell) and isinstance(tree.leaf, Pairs)


def _carried(catalog: Catalog, reading: Reading) -> Iterator[Condition]:
    """The oldest of the readings that count lies before the period."""
    dataset = dataset_of(catalog, reading.dataset)
    time = next((one for one in dataset.times if one.name == reading.time), None) or default_time(dataset)
    if time is not None:
        oldest = Cell(replace(reading, sum=Sum("oldest", None, reading.sum.where)))
        zone = catalog.project.zone
        begins = Beginning(reading.shape, (zone, time.zone or zone), int(day_offset(time).total_seconds()))
        yield "carried", Formula(Binary("<", Column(("oldest",)), Column(("begins",))), (("oldest", oldest), ("begins", begins)))


def _unfinished(catalog: Catalog, pairs: Pairs) -> Iterator[Condition]:
    """Some base may still be followed: its window is not over."""
    indicator = catalog.indicator(pairs.indicator)
    conversion = indicator.conversion if indicator is not None else None
    if conversion is not None and conversion.count in ("ratio_of_base", "then"):
        arguments = tuple((give, Cell(replace(pairs, give=give))) for give in ("rows", "complete"))
        yield "incomplete", Formula(Binary(">", Column(("rows",)), Column(("complete",))), arguments)


def _any(conditions: Sequence[Tree]) -> Tree:
    if len(conditions) == 1:
        return conditions[0]
    whole: Expr = Column(("c1",))
    for i in range(1, len(conditions)):
        whole = Binary("or", whole, Column((f"c{i + 1}",)))
    return Formula(whole, tuple((f"c{i + 1}", one) for i, one in enumerate(conditions)))
