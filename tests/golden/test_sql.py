"""The SQL of chosen questions is kept and read in review: goldens show intent, proofs show truth."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import Struct, convert

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.loading.parse import parse_text
from engine.proving.prove import viewer_of
from engine.question import Question
from engine.running.ask import ask, known_modifiers
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse
from tests.warehouse_fixtures import fresh_warehouse

HERE = Path(__file__).parent
PROJECTS = HERE.parent / "projects"
AS_OF = "2026-07-01"


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One question whose SQL is kept (样例)."""

    name: str
    shows: str
    project: str
    ask: dict[str, Any]
    viewer: dict[str, Any] | None = None
    on: tuple[Literal["duckdb", "postgres"], ...] = ("duckdb",)


CASES = convert(parse_text((HERE / "questions.yaml").read_text(encoding="utf-8"), "questions.yaml").value, list[Case])
PAIRS = [
    pytest.param(case, tag, id=f"{case.name}-{tag}", marks=[pytest.mark.postgres] if tag == "postgres" else [])
    for case in CASES
    for tag in case.on
]


@lru_cache
def catalog_of(project: str) -> Catalog:
    """The definitions of a project; that they have no findings is for the proofs to say."""
    return load_checked(PROJECTS / project).catalog


@pytest.fixture(scope="module")
def warehouse_of(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Warehouse]]:
    """An empty warehouse with the tables of a project, so that each statement is also run."""
    made: dict[tuple[str, str], Warehouse] = {}
    with ExitStack() as stack:

        def warehouse(project: str, tag: str) -> Warehouse:
            if (project, tag) not in made:
                made[project, tag] = stack.enter_context(fresh_warehouse(tag, request))
                catalog = catalog_of(project)
                datasets = {id: catalog.dataset(id) for id in catalog.ids("dataset")}
                for id, dataset in datasets.items():
                    if dataset is not None:
                        made[project, tag].create(table_of(id, dataset))
            return made[project, tag]

        yield warehouse


@pytest.mark.parametrize(("case", "tag"), PAIRS)
def test_a_question_becomes_this_sql(
    case: Case, tag: str, warehouse_of: Callable[[str, str], Warehouse], golden: Callable[[str, str], None]
) -> None:
    question = convert({"as_of": AS_OF, **case.ask}, Question)
    warehouse = warehouse_of(case.project, tag)

    answer = next(ask(catalog_of(case.project), warehouse, [question], viewer_of(case.viewer), datetime(2026, 7, 1)))

    assert [finding.text("en") for finding in answer.findings] == []
    assert answer.compiled is not None and answer.compiled.statement is not None
    sql = warehouse.write(answer.compiled.statement.tree, pretty=True)
    golden(f"sql/{case.name}.{tag}.sql", f"{head(case)}{sql}\n")


def head(case: Case) -> str:
    """What stands above the SQL: which question of questions.yaml, and what to look for."""
    return f"-- tests/golden/questions.yaml: {case.name}, of tests/projects/{case.project}\n-- {case.shows}\n\n"


def test_no_golden_is_left_over(request: pytest.FixtureRequest) -> None:
    wanted = {f"{case.name}.{tag}.sql" for case in CASES for tag in case.on}
    left_over = sorted(path for path in (HERE / "sql").iterdir() if path.name not in wanted)
    if request.config.getoption("--update-golden"):
        for path in left_over:
            path.unlink()
        left_over = []

    assert [path.name for path in left_over] == []


def test_every_modifier_has_a_golden() -> None:
    assert sorted(known_modifiers().known.keys() - {case.name for case in CASES}) == []


def test_no_two_goldens_have_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
