"""Every indicator that is shipped has a page, by the day and by the month, whose number explains itself."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from litestar.testing import TestClient

from engine.compiling.tables import table_of
from engine.loading.catalog import Catalog
from engine.running.analyses import run_analysis
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse, arrow_schema
from portal import wiring
from portal.app import create_app

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serve")]
DEFINITIONS = Path(__file__).parents[2] / "definitions"
IDS = load_checked(DEFINITIONS).catalog.ids("indicator")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """HTTP to the shipped definitions over a freshly loaded city."""
    settings = wiring.read_settings({}, DEFINITIONS, tmp_path_factory.mktemp("var"))
    catalog = wiring.sound_definitions(settings)
    with wiring.opened_warehouse(settings, "duckdb") as warehouse:
        wiring.first_load(settings, catalog, warehouse, lambda said: None)
        work_done(catalog, warehouse, wiring.clock_of(catalog)())
        with TestClient(create_app(wiring.build_world(settings, catalog, warehouse)), base_url="http://127.0.0.1:8000") as client:
            yield client


def work_done(catalog: Catalog, warehouse: Warehouse, now: datetime) -> None:
    """What the platform would have written of its own work, had it run for a month."""
    ends = [now - timedelta(days=days) for days in range(1, 40)]
    slots = [
        {"work": "intake", "subject": "sources.waste/weighings", "source": "sources.waste", "due_at": end, "ended_at": end, "status": "done",
         "delay_seconds": 1.0}
        for end in ends
    ]  # fmt: skip
    runs = [{"run_id": str(end), "kind": "refresh", "subject": "*", "status": "done", "ended_at": end, "seconds": 1.0} for end in ends]
    scores = [{"source": "sources.waste", "day": end.date(), "score": 90.0, "rows_in": 100, "loaded": 98, "quarantined": 2} for end in ends]
    for id, lines in (("platform.slots", slots), ("platform.runs", runs), ("platform.quality", scores)):
        dataset = catalog.dataset(id)
        assert dataset is not None
        table = table_of(id, dataset)
        warehouse.load(table, [pa.RecordBatch.from_pylist(lines, schema=arrow_schema(table))], "upsert")
    for id in catalog.ids("analysis"):
        run_analysis(catalog, warehouse, id, now)


@pytest.mark.parametrize("grain", ["", "month"])
@pytest.mark.parametrize("id", IDS)
def test_an_indicator_has_a_page_with_a_value_that_explains_itself(city: TestClient[Any], id: str, grain: str) -> None:
    page = city.get(f"/indicators/{id}", params={"grain": grain}, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "不能这样问" not in page.text
    assert "计算失败" not in page.text
    tree = page.text[page.text.index('<ul class="tree">') :]
    assert re.search(r'class="value">[−\d]', tree[: tree.index("</ul>")])


def test_no_indicator_of_the_catalogue_has_failed(city: TestClient[Any]) -> None:
    page = city.get("/?plain=1", headers={"accept": "text/html"}).text
    assert page.count('<span class="id">') == len(IDS)
    assert "计算失败" not in page
