"""What all tests share: hypothesis profiles, and golden files that one option rewrites."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tests.hypothesis_profiles  # noqa: F401 (registers the profiles `ci`, `fast` and `fuzz`)
from tests.spark_gaps import GAPS
from tests.warehouse_fixtures import (  # noqa: F401
    duckdb_warehouse,
    postgres_dsn,
    postgres_server,
    postgres_warehouse,
    shared_warehouse,
    spark_url,
    warehouse,
)

# PySpark takes a process that was started by `python -c`, as those of a parallel run are, for a run of its own doctests.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option of `make golden`, and that of a Spark other than the one the tests start."""
    parser.addoption("--spark-url", help="run the tests of mark `spark` on this server (sc://host:port), which sees this machine's /tmp")
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what the code says now; then review the diff")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is known not to hold on Spark; strictly, so that a closed gap is noticed."""
    for item in items:
        if item.get_closest_marker("spark"):
            for part, reason in GAPS.items():
                if part in item.nodeid:
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("sql/sum.duckdb.sql", text)`: the text equals the file below tests/golden; a missing file fails."""

    def agrees(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{name} is not there yet: `make golden` writes it"
        assert path.read_text(encoding="utf-8") == text

    return agrees
