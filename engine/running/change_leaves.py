"""The parts a number can be said to have moved by: the explained formula flattened to leaves that a reader knows by name."""

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.explain import Node
from engine.compiling.leaves import Cell, Elapsed, Flow, Fold, Level, Pairs, Reading, Sum
from engine.expression.tree import Binary, Call, Case, Column, Expr, IsNull, Literal, Unary
from engine.modifier import Axis, Computed, Formula, Tree


class Leaf(Struct, frozen=True):
    """One part of a flattened formula (叶子)."""

    name: str
    title: str
    formula: str
    unit: str
    tree: Tree

    @property
    def is_additive(self) -> bool:
        """Whether the values of members add up to the value of all."""
        return adds_up(self.tree)


class Spot(Computed, frozen=True):
    """The place of leaf n in a skeleton (叶位)."""

    number: int


class Skeleton(Struct, frozen=True):
    """The formula with a spot in the place of each leaf (骨架)."""

    tree: Tree
    leaves: tuple[Leaf, ...]


def skeleton(root: Node) -> Skeleton:
    """The root's formula over the leaves of its explanation; averages and ratios of pairs are taken apart into sums and counts."""
    flattener = _Flattener(root)
    tree = flattener.walk(root.tree, root, "")
    return Skeleton(tree, tuple(flattener.leaves.values()))


class _Flattener:
    """Carries the leaves found so far; the same leaf met twice is one leaf."""

    def __init__(self, root: Node) -> None:
        self.leaves: dict[Tree, Leaf] = {}
        self.numbers: dict[Tree, int] = {}
        self.nodes: dict[Tree, Node] = {}
        self._know(root)

    def _know(self, node: Node) -> None:
        self.nodes.setdefault(node.tree, node)
        for child in node.children:
            self._know(child)

    def walk(self, tree: Tree, near: Node, label: str) -> Tree:
        """The tree with each leaf replaced by its spot; `near` is the explained step it stands in, `label` its name in the formula."""
        node = self.nodes.get(tree)
        if node is not None:
            near = node
            if not node.children and not _is_taken_apart(tree):
                return self.spot(tree, node, "")
        match tree:
            case Formula(expr=expr, arguments=arguments):
                return Formula(expr, tuple((name, self.walk(inner, near, name)) for name, inner in arguments))
            case Cell(leaf=Flow(sum=total) as flow) if total.agg in ("avg", "weighted_avg"):
                return self.walk(_average(flow, total), near, "")
        return self.spot(tree, near, label)

    def spot(self, tree: Tree, node: Node, label: str) -> Tree:
        """The leaf's spot; a leaf that no node explains is named for its place in the formula."""
        if tree not in self.leaves:
            self.numbers[tree] = len(self.leaves)
            self.leaves[tree] = self.leaf(tree, node, label)
        return Spot(self.numbers[tree])

    def leaf(self, tree: Tree, node: Node, label: str) -> Leaf:
        """The leaf with the words a reader knows it by."""
        name = self.unique(f"{node.label}.{label}" if label else node.label)
        if label:
            return Leaf(name, f"{node.title}·{PLACES.get(label, label)}", node.formula, "", tree)
        return Leaf(name, node.title, node.formula, node.unit, tree)

    def unique(self, name: str) -> str:
        """The name, or the name with a number when two leaves would share it."""
        taken = {leaf.name for leaf in self.leaves.values()}
        unique, n = name, 2
        while unique in taken:
            unique, n = f"{name}_{n}", n + 1
        return unique


PLACES = {"total": "合计", "number": "个数", "part": "转化数", "whole": "基数", "value": "值", "elapsed": "时长", "now": "本期", "then": "基期"}


def _is_taken_apart(tree: Tree) -> bool:
    match tree:
        case Formula(arguments=arguments):
            return any(_is_taken_apart(inner) for _, inner in arguments)
        case Cell(leaf=Flow(sum=total)):
            return total.agg in ("avg", "weighted_avg")
        case Cell(leaf=Pairs()):
            return True
    return False


def _average(flow: Flow, total: Sum) -> Formula:
    """An average as a sum over a number: those two add up over members, their quotient does not."""
    assert total.of is not None
    above, over = Sum("sum", total.of, total.where), Sum("count", total.of, total.where)
    if total.weight is not None:
        above = Sum("sum", Binary("*", total.of, total.weight), total.where)
        over = Sum("sum", Case(((IsNull(total.of, negated=True), total.weight),)), total.where)
    arguments = (("total", Cell(replace(flow, sum=above))), ("number", Cell(replace(flow, sum=over))))
    return Formula(Binary("/", Column(("total",)), Column(("number",))), arguments)


# -- what adds up ------------------------------------------------------------------------------------------------------


def adds_up(tree: Tree) -> bool:
    """Whether the values of the members of a dimension sum to the value of the whole, when every row has one member."""
    match tree:
        case Cell(leaf=Flow(sum=total) | Level(sum=total) | Reading(sum=total)):
            return total.agg in ("sum", "count")
        case Cell(leaf=Fold(inner=inner, how=how)):
            return how in ("sum", "avg", "last", "first") and adds_up(inner)
        case Cell(leaf=Pairs(give=give)):
            return give in ("base", "then", "credited", "converted")
        case Formula(expr=expr, arguments=arguments):
            return _is_linear(expr, {name: _sort(inner) for name, inner in arguments})
    return False


def _sort(tree: Tree) -> str:
    if isinstance(tree, Elapsed):
        return "constant"
    return "additive" if adds_up(tree) else "other"


def _is_linear(expr: Expr, sorts: dict[str, str]) -> bool:
    """Sums of additive parts, times or over what is the same for every member; nothing counted may stand for zero."""
    match expr:
        case Column():
            return sorts.get(expr.name) == "additive"
        case Unary(op="-", of=of):
            return _is_linear(of, sorts)
        case Binary(op="+" | "-", left=left, right=right):
            return _is_linear(left, sorts) and _is_linear(right, sorts)
        case Binary(op="*", left=left, right=right):
            return (_is_linear(left, sorts) and _is_constant(right, sorts)) or (_is_constant(left, sorts) and _is_linear(right, sorts))
        case Binary(op="/", left=left, right=right):
            return _is_linear(left, sorts) and _is_constant(right, sorts)
        case Call(name="coalesce" | "nullif", args=(of, Literal(value=0))):
            return _is_linear(of, sorts)
        case Case(whens=whens, otherwise=otherwise):
            return otherwise is not None and all(then == Literal(None) for _, then in whens) and _is_linear(otherwise, sorts)
    return False


def _is_constant(expr: Expr, sorts: dict[str, str]) -> bool:
    if isinstance(expr, Column):
        return sorts.get(expr.name) == "constant"
    return isinstance(expr, Literal) or (isinstance(expr, Binary) and _is_constant(expr.left, sorts) and _is_constant(expr.right, sorts))


def is_cut_by(tree: Tree, axis: Axis) -> bool:
    """Whether every part of a leaf is split along the axis; one that is not stands whole beside each member."""
    match tree:
        case Formula(arguments=arguments):
            return all(is_cut_by(inner, axis) for _, inner in arguments)
        case Cell(leaf=leaf):
            return axis in leaf.shape.axes
        case Elapsed():
            return True
    return False

