"""Every proof of every definitions folder holds on DuckDB, on PostgreSQL and on Spark; rows, question and answer stand in the *.test.yaml files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pytest

from engine.loading.catalog import Catalog
from engine.proving.prove import ProofResult, Prover
from engine.question import Question, Viewer
from engine.running.ask import Answer, ask
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse
from tests.warehouse_fixtures import EVERY, fresh_warehouse

ROOT = Path(__file__).parent.parent
FOLDERS = [ROOT / "definitions", *sorted(path.parent for path in (ROOT / "tests/projects").glob("*/project.yaml"))]


@lru_cache
def catalog_of(folder: Path) -> Catalog:
    """The definitions of a folder; what is wrong with them is for other tests to say."""
    return load_checked(folder).catalog


PROOFS = [pytest.param(folder, id_, id=f"{folder.name}-{id_}") for folder in FOLDERS for id_ in catalog_of(folder).ids("test")]


def asked(catalog: Catalog, warehouse: Warehouse, questions: Sequence[Question], viewer: Viewer, now: datetime) -> Iterator[Answer]:
    """As the command line and the server ask."""
    return ask(catalog, warehouse, questions, viewer, now)


@pytest.fixture(scope="module")
def prover_of(request: pytest.FixtureRequest) -> Iterator[Callable[[Path, str], Prover]]:
    """A prover for a folder and a warehouse; each pair has one database, in which a case overwrites the rows of the case before."""
    made: dict[tuple[Path, str], Prover] = {}
    with ExitStack() as stack:

        def prover(folder: Path, tag: str) -> Prover:
            if (folder, tag) not in made:
                made[folder, tag] = Prover(catalog_of(folder), stack.enter_context(fresh_warehouse(tag, request)), asked)
            return made[folder, tag]

        yield prover


@pytest.mark.parametrize("tag", EVERY)
@pytest.mark.parametrize(("folder", "proof"), PROOFS)
def test_a_proof_holds(folder: Path, proof: str, tag: str, prover_of: Callable[[Path, str], Prover]) -> None:
    results = prover_of(folder, tag).prove(proof)

    failed = "\n\n".join(told(result) for result in results if not result.is_passed)
    assert not failed, failed


def told(result: ProofResult) -> str:
    """A failed case as a person reads it."""
    said = [finding.text("en") for finding in result.findings]
    return "\n".join([f"{result.test} case {result.case + 1}: {result.title}", result.difference, *said])


@pytest.mark.parametrize("folder", [pytest.param(folder, id=folder.name) for folder in FOLDERS])
def test_a_folder_has_no_findings(folder: Path) -> None:
    assert [finding.text("en") for finding in load_checked(folder).findings] == []
