"""How many proofs hold on which warehouse stands in docs/warehouses.md as the tests collect them; `make golden` writes it anew."""

from pathlib import Path

import pytest

from engine.kinds.test import Test
from engine.proving.prove import cases_of
from tests.docs.pages import ROOT, with_region
from tests.spark_gaps import GAPS
from tests.test_proofs import FOLDERS, catalog_of

PAGE = ROOT / "docs" / "warehouses.md"
TAGS = ("duckdb", "postgres", "spark")


def gap(folder: Path, proof: str, tag: str) -> str | None:
    """Why a proof is known not to hold on a warehouse."""
    id = f"test_a_proof_holds[{folder.name}-{proof}-{tag}]"
    return next((reason for part, reason in GAPS.items() if part in id), None) if tag == "spark" else None


def counts(folder: Path, tag: str) -> tuple[int, int]:
    """Cases of a folder that are not under a mark, and all of them."""
    catalog = catalog_of(folder)
    sizes = {id: len(cases_of(test)) for id in catalog.ids("test") if isinstance(test := catalog.spec("test", id), Test)}
    return sum(size for id, size in sizes.items() if gap(folder, id, tag) is None), sum(sizes.values())


def table() -> str:
    """A line for each folder, one for their sum, and the gaps with their reasons."""
    lines = [f"| cases of proofs | {' | '.join(TAGS)} |", f"|---|{'---:|' * len(TAGS)}"]
    found = {(folder, tag): counts(folder, tag) for folder in FOLDERS for tag in TAGS}
    lines += [
        f"| `{folder.relative_to(ROOT)}` | {' | '.join('{} of {}'.format(*found[folder, tag]) for tag in TAGS)} |" for folder in FOLDERS
    ]
    sums = [" of ".join(str(sum(found[folder, tag][n] for folder in FOLDERS)) for n in (0, 1)) for tag in TAGS]
    lines += [f"| all | {' | '.join(sums)} |", ""]
    return "\n".join([*lines, *(f"* `{part}`: {reason}" for part, reason in GAPS.items()), *([] if GAPS else ["There is no gap."])])


def test_the_count_of_proofs_is_what_the_tests_collect(request: pytest.FixtureRequest) -> None:
    made = with_region(PAGE.read_text(encoding="utf-8"), "proofs", table())

    if request.config.getoption("--update-golden"):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made, "docs/warehouses.md is not what the tests collect: `make golden` writes it"
