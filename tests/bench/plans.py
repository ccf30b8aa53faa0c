"""Rows 2 and 3: what compiling costs, by number of leaves, and whether it grows with the number of indicators and no faster."""

from collections.abc import Callable
from datetime import datetime

from engine.compiling.batch_plan import plan_batch
from engine.compiling.modifying import Modifiers
from engine.compiling.plan import Compiled, compile_question
from engine.compiling.rows import parsed
from engine.compiling.writer import cells_of
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question
from engine.running.definitions import load_texts_checked
from engine.running.plans import Plans
from engine.sharing import Spread
from engine.warehouse import Warehouse
from tests.bench.measure import Figure, least_time
from tests.bench.shape import Shape
from tests.bench.town import AS_OF

FIRST_LEAVES, FIRST_MS, EACH_MS, HIT_BAR, LINEAR_BAR = 3, 2.0, 0.4, 0.1, 10.0
FEW, MANY = 8, 80
UNTIL = datetime.fromisoformat(AS_OF)
SPREADS = {"w.rows": Spread(10**9, datetime(2016, 1, 1), UNTIL, (("kind", 2), ("ton", 30)))}


def time_plans(
    catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, shapes: list[Shape], rounds: int, tell: Callable[[Figure], None]
) -> list[Figure]:
    """A figure for each shape's compile, the one farthest from its bar, a cache hit, and the two linear ones."""
    figures = [_shape(catalog, warehouse, modifiers, shape, rounds) for shape in shapes]
    worst = max(figures, key=lambda figure: (figure.value or 0) / (figure.bar or 1))
    missed = [figure.name.partition(".")[2] for figure in figures if not figure.is_met]
    detail = {"shape": worst.name.partition(".")[2], "leaves": worst.detail["leaves"], "missed": missed}
    figures.append(Figure("compile.worst", worst.value, "ms", worst.bar, detail=detail))
    figures.append(_hit(catalog, warehouse, modifiers, shapes, rounds))
    figures += linear(modifiers, warehouse, rounds)
    for figure in figures:
        tell(figure)
    return figures


def _shape(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, shape: Shape, rounds: int) -> Figure:
    def text() -> Compiled:
        return written(warehouse, compile_question(catalog, modifiers, shape.ask, shape.viewer, UNTIL))

    def text_from_nothing() -> Compiled:
        parsed.cache_clear()
        return text()

    leaves = leaves_of(text())
    first, least = least_time(text_from_nothing, rounds), least_time(text, 4 * rounds)
    bar = FIRST_MS + EACH_MS * max(leaves - FIRST_LEAVES, 0)
    detail = {"leaves": leaves, "wall_ms": least.wall, "expressions_unread_ms": first.cpu}
    return Figure(f"compile.{shape.name}", least.cpu, "ms", bar, detail=detail)


def _hit(catalog: Catalog, warehouse: Warehouse, modifiers: Modifiers, shapes: list[Shape], rounds: int) -> Figure:
    """A plan that is known, for the question that took longest among the shapes."""
    plans = Plans()

    def hit(shape: Shape) -> Callable[[], object]:
        return lambda: plans.plan(catalog, modifiers, shape.ask, shape.viewer, UNTIL, warehouse.write)

    least = max((least_time(hit(shape), rounds) for shape in shapes), key=lambda one: one.cpu)
    return Figure("compile.cache_hit", least.cpu, "ms", HIT_BAR, detail={"wall_ms": least.wall})


def written(warehouse: Warehouse, compiled: Compiled) -> Compiled:
    """The plan, after its SQL text was written."""
    assert compiled.statement is not None, compiled.findings
    warehouse.write(compiled.statement.tree)
    return compiled


def leaves_of(compiled: Compiled) -> int:
    """Different leaves of all columns."""
    return len({cell for tree in compiled.trees for cell in cells_of(tree)})


def linear(modifiers: Modifiers, warehouse: Warehouse, rounds: int) -> list[Figure]:
    """80 indicators against 8: in one question, and as a batch of one question each."""
    checked = load_texts_checked(_texts())
    assert not [finding for finding in checked.findings if finding.code != "unproved"], checked.findings[0].text("en")
    catalog = checked.catalog

    def one(count: int) -> Callable[[], object]:
        question = Question(indicators=tuple(_ids(count)), by=("w.kind",), grain="month", as_of=AS_OF)
        return lambda: written(warehouse, compile_question(catalog, modifiers, question, EVERYTHING, UNTIL))

    def tiles(count: int) -> Callable[[], object]:
        questions = [Question(indicators=(id,), by=("w.kind",), grain="month", as_of=AS_OF) for id in _ids(count)]

        def screen() -> list[Compiled]:
            plan = plan_batch(catalog, modifiers, questions, EVERYTHING, [UNTIL] * count, spreads=SPREADS, schema="temp")
            sharing = {place: compiled for one in plan.shared for place, compiled in one.statements}
            for one in plan.shared:
                assert [warehouse.write(statement.tree) for _, statement in one.pools]
            return [
                written(warehouse, sharing.get(place) or compile_question(catalog, modifiers, group.question, EVERYTHING, UNTIL))
                for place, group in enumerate(plan.groups)
            ]

        return screen

    return [_ratio("screen.one_question", one, rounds), _ratio("screen.tiles", tiles, rounds)]


def _ratio(name: str, work: Callable[[int], Callable[[], object]], rounds: int) -> Figure:
    few, many = least_time(work(FEW), rounds), least_time(work(MANY), rounds)
    detail = {f"ms_{FEW}": few.cpu, f"ms_{MANY}": many.cpu, f"wall_ms_{FEW}": few.wall, f"wall_ms_{MANY}": many.wall}
    return Figure(name, many.cpu / few.cpu, "×", LINEAR_BAR, detail=detail)


def _ids(count: int) -> list[str]:
    return [f"w.{'ratio' if n % 4 == 3 else 'tons'}_{n}" for n in range(count)]


def _texts() -> dict[str, str]:
    texts = {
        "project.yaml": "title: 一屏\nzone: Asia/Shanghai\n",
        "w/kind.dimension.yaml": "title: 类\ncodes: [{code: a, title: 甲}, {code: b, title: 乙}]\n",
        "w/rows.dataset.yaml": (
            "title: 过磅\none_row_is: 一次\nkey: [id]\nregion: public\ntimes: [{name: weighed, column: ts, default: true}]\ncolumns:\n"
            "  - {name: id, title: 号, type: text}\n  - {name: ts, title: 时间, type: timestamp}\n"
            "  - {name: kind, title: 类, type: text, dimension: w.kind}\n  - {name: ton, title: 重, type: decimal, unit: t}\n"
        ),
    }
    for n in range(MANY):
        texts[f"w/tons_{n}.indicator.yaml"] = (
            f"title: 第{n}类吨数\nunit: t\ndataset: w.rows\nmeasure: {{agg: sum, of: ton, where: \"kind = '{'ab'[n % 2]}' and ton > {n}\"}}\n"
        )
        texts[f"w/ratio_{n}.indicator.yaml"] = f"title: 第{n}比\nunit: '%'\nformula: w.tons_{n} / w.tons_{(n + 7) % MANY}\n"
    return texts
