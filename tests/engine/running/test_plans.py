"""A plan is reused only for the same question, viewer, instant and definitions: anything else would show one reader another's numbers."""

from datetime import datetime

from engine.compiling.modifying import Modifiers
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question, Viewer
from engine.running.ask import known_modifiers
from engine.running.definitions import load_texts_checked
from engine.running.plan_text import LEAST_BYTES, Plan
from engine.running.plans import MOST_BYTES, Plans
from engine.warehouses.duckdb import DuckDbWarehouse

NEW_YEAR = datetime(2026, 1, 1)
TONS = Question(indicators=("w.tons",))
STRANGER = Viewer(name="stranger")


def catalog(column: str = "ton") -> Catalog:
    """A dataset of two numbers and a sum of one of them."""
    files = {
        "project.yaml": "title: 过磅\nzone: Asia/Shanghai\n",
        "w/rows.dataset.yaml": (
            "title: 过磅\none_row_is: 一次\nkey: [id]\nregion: public\ncolumns:\n"
            "  - {name: id, title: 号, type: text}\n  - {name: ton, title: 重, type: decimal, unit: t}\n  - {name: tare, title: 皮, type: decimal, unit: t}\n"
        ),
        "w/tons.indicator.yaml": f"title: 吨\nunit: t\ndataset: w.rows\nmeasure: {{agg: sum, of: {column}}}\n",
    }
    return load_texts_checked(files).catalog


class Asking:
    """Plans beside the texts that were written, so that a test sees what was compiled."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.plans, self.catalog, self.warehouse = Plans(most_bytes), catalog(), DuckDbWarehouse()
        self.modifiers: Modifiers = known_modifiers()

    def plan(self, question: Question = TONS, viewer: Viewer = EVERYTHING, as_of: datetime = NEW_YEAR) -> Plan:
        """The plan of a question."""
        return self.plans.plan(self.catalog, self.modifiers, question, viewer, as_of, self.warehouse.write)


def test_the_same_question_has_the_same_plan() -> None:
    asking = Asking()

    assert asking.plan() is asking.plan(Question(indicators=("w.tons",)))


def test_another_viewer_another_instant_and_another_question_have_their_own() -> None:
    asking = Asking()
    first = asking.plan()

    others = [asking.plan(viewer=STRANGER), asking.plan(as_of=datetime(2026, 1, 2)), asking.plan(Question(indicators=("w.tons",), limit=1))]

    assert all(other is not first for other in others)


def test_changed_definitions_are_compiled_anew() -> None:
    asking = Asking()
    before = asking.plan().sql

    asking.catalog = catalog("tare")

    assert "SUM(rows.ton)" in before
    assert "SUM(rows.tare)" in asking.plan().sql


def test_the_longest_unused_plan_is_forgotten() -> None:
    asking = Asking(most_bytes=2 * Asking().plan().nbytes + LEAST_BYTES)
    first = asking.plan()
    second = asking.plan(viewer=STRANGER)
    asking.plan()

    asking.plan(as_of=datetime(2026, 1, 2))

    assert asking.plan() is first
    assert asking.plan(viewer=STRANGER) is not second
    assert asking.plans.held <= 2 * first.nbytes + LEAST_BYTES


def test_a_wrong_question_is_remembered_with_its_findings() -> None:
    asking = Asking()

    plan = asking.plan(Question(indicators=("w.tens",)))

    assert [finding.code for finding in plan.compiled.findings] == ["unknown-indicator"]
    assert plan.sql == ""
