"""The examples of docs/language.md are one project: it has no findings, its proofs hold, and its questions have answers."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import convert

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.loading.parse import parse_text
from engine.proving.prove import Prover
from engine.question import EVERYTHING, Question
from engine.running.ask import ask
from engine.running.definitions import Checked, load_texts_checked
from engine.warehouses.duckdb import DuckDbWarehouse
from tests.test_proofs import asked, told

PAGE = (Path(__file__).parents[2] / "docs/language.md").read_text(encoding="utf-8")
BLOCKS = {text.split("\n")[0].removeprefix("# "): text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)}
FILES = {name: text for name, text in BLOCKS.items() if name.endswith(".yaml")}
QUESTIONS = {name.removeprefix("question: "): text for name, text in BLOCKS.items() if name.startswith("question: ")}
PROOFS = [name.removesuffix(".test.yaml").replace("/", ".") for name in FILES if name.endswith(".test.yaml")]


def project() -> Checked:
    """The files of the page, read and checked."""
    return load_texts_checked(FILES)


@pytest.fixture
def warehouse() -> Iterator[DuckDbWarehouse]:
    """An empty DuckDB in memory."""
    with closing(DuckDbWarehouse()) as made:
        yield made


def make_tables(catalog: Catalog, warehouse: DuckDbWarehouse) -> None:
    """The project's tables without a row."""
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        assert dataset is not None
        warehouse.create(table_of(id, dataset))


def test_every_block_is_a_file_or_a_question() -> None:
    assert len(FILES) + len(QUESTIONS) == PAGE.count("```yaml")
    assert len(PROOFS) >= 3 and len(QUESTIONS) >= 4


def test_the_project_of_the_page_has_no_findings() -> None:
    assert [finding.text("en") for finding in project().findings] == []


@pytest.mark.parametrize("proof", PROOFS)
def test_a_proof_of_the_page_holds(proof: str, warehouse: DuckDbWarehouse) -> None:
    failed = [told(result) for result in Prover(project().catalog, warehouse, asked).prove(proof) if not result.is_passed]

    assert not failed, "\n\n".join(failed)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_the_page_has_an_answer(name: str, warehouse: DuckDbWarehouse) -> None:
    catalog = project().catalog
    make_tables(catalog, warehouse)
    question = convert(parse_text(QUESTIONS[name], "question.yaml").value, Question)

    answer = next(ask(catalog, warehouse, [question], EVERYTHING, datetime(2026, 3, 1)))

    assert [finding.text("en") for finding in answer.findings] == []
    assert answer.frame is not None
