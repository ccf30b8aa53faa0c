"""Every indicator of the two projects over real data gives what hand-written SQL over the files as published gives.

The SQL stands beside the definitions (`check/<indicator>.sql`, or `check/<indicator>.<what>.sql`); its first lines say what it shows and the
question that must have the same answer. `check/views.sql` makes the files readable. The files are not part of this repository.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import yaml
from msgspec import Struct

from engine.connector import Connector, Surroundings
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog
from engine.proving.comparing import difference
from engine.question import EVERYTHING, Question
from engine.registry import members
from engine.running.ask import ask
from engine.running.definitions import load_checked
from engine.running.intake import IntakeResult, intake
from engine.warehouse import Warehouse
from tests.warehouse_fixtures import BOTH, fresh_warehouse

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
PROJECTS = {"hotline311": ("hotline", "2016-02-01"), "waste_tonnage": ("waste", "2024-11-01")}  # the folder of ids, and as of when
READERS = {
    "hotline311": {"cases_file": "read_parquet('{data}/boston311_2015/boston311_2015.parquet')"},
    "waste_tonnage": {
        "tonnage_file": "read_csv('{data}/dsny_monthly_tonnage/dsny_monthly_tonnage.csv.gz', all_varchar = true)",
        "population_file": "read_csv('{data}/dsny_monthly_tonnage/Dem_19-23_CDTA.csv', all_varchar = true)",
    },
}
ROWS = {  # rows read, rows kept: what SOURCE.md says of the files
    "hotline.cases": (121_145, 121_145),
    "hotline.neighborhoods": (121_145, 23),
    "waste.tonnage": (23_939, 23_939),
    "waste.districts": (71, 71),
    "waste.population": (71, 71),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("real data"),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"not run: the real data is not there, it is looked for in {DATA}"),
]


class Loaded(Struct, frozen=True):
    """A project with its real rows, and the files beside it as views (真实数据)."""

    catalog: Catalog
    warehouse: Warehouse
    files: duckdb.DuckDBPyConnection
    results: dict[str, IntakeResult]


@lru_cache
def catalog_of(project: str) -> Catalog:
    """The definitions of a project."""
    return load_checked(ROOT / "tests/projects" / project).catalog


def checks() -> list[Any]:
    """Every check/*.sql of both projects, as (project, file)."""
    found = [(name, path) for name in PROJECTS for path in sorted((ROOT / "tests/projects" / name / "check").glob("*.sql"))]
    return [pytest.param(name, path, id=f"{name}-{path.stem}") for name, path in found if path.stem != "views"]


@pytest.fixture(scope="module", params=BOTH)
def loaded_of(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Loads a project when it is first asked for."""
    with fresh_warehouse(request.param, request) as warehouse:
        made: dict[str, Loaded] = {}

        def loaded(project: str) -> Loaded:
            if project not in made:
                made[project] = load(project, warehouse)
            return made[project]

        yield loaded


def load(project: str, warehouse: Warehouse) -> Loaded:
    """All streams of the project read by the connector, and the same files opened by DuckDB."""
    catalog = catalog_of(project)
    connectors = members("connectors", Connector, "chengmai.connectors")[0]
    around = Surroundings(now=datetime(2026, 1, 1), folder=ROOT, roots=(DATA,))
    results = {id: intake(catalog, id, warehouse, connectors, around, {}) for id in catalog.ids("dataset")}
    files = duckdb.connect()
    for view, reader in READERS[project].items():
        files.execute(f"CREATE VIEW {view} AS SELECT * FROM {reader.format(data=DATA)}")
    files.execute((ROOT / "tests/projects" / project / "check/views.sql").read_text(encoding="utf-8"))
    return Loaded(catalog, warehouse, files, results)


def question_of(path: Path, folder: str, as_of: str) -> Question:
    """The question in the header of a check; about the indicator that names the file."""
    header = "\n".join(line[3:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("-- "))
    written = yaml.load(header[header.index("ask:") :].splitlines()[0], yaml.BaseLoader)["ask"]
    return msgspec.convert({"indicators": [f"{folder}.{path.stem.partition('.')[0]}"], "as_of": as_of, **written}, Question)


@pytest.mark.parametrize(("project", "path"), checks())
def test_the_engine_and_the_hand_written_sql_agree(project: str, path: Path, loaded_of: Any) -> None:
    loaded = loaded_of(project)
    by_hand = loaded.files.sql(path.read_text(encoding="utf-8")).to_arrow_table().to_pylist()

    answer = next(ask(loaded.catalog, loaded.warehouse, [question_of(path, *PROJECTS[project])], EVERYTHING, datetime(2026, 1, 1)))

    assert [finding.text("en") for finding in answer.findings] == []
    assert answer.frame is not None
    keys = [column.name for column in answer.frame.of_role("dimension", "time")]
    (value,) = (column.name for column in answer.frame.of_role("value"))
    table = answer.frame.table.select([*keys, value]).rename_columns([*keys, "value"])
    assert len(by_hand) > 0
    differs = difference(by_hand, table.to_pylist(), keys, is_ordered=False) or ""
    assert not differs, "\n".join([*differs.splitlines()[:20], f"{len(by_hand)} rows by hand, {table.num_rows} by the engine"])


@pytest.mark.parametrize("project", PROJECTS)
def test_all_rows_of_the_files_arrive(project: str, loaded_of: Any) -> None:
    results = loaded_of(project).results

    assert {id: (result.rows_in, result.rows) for id, result in results.items()} == {id: ROWS[id] for id in results}
    assert all(result.rows_in == result.loaded + result.quarantined for result in results.values())


@pytest.mark.parametrize("project", PROJECTS)
def test_every_indicator_has_a_check_on_the_real_data(project: str) -> None:
    catalog = catalog_of(project)
    checked = {f"{PROJECTS[project][0]}.{param.values[1].stem.partition('.')[0]}" for param in checks()}

    assert [id for id in catalog.ids("indicator") if isinstance(catalog.indicator(id), Indicator) and id not in checked] == []
