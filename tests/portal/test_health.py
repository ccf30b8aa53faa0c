"""Whoever watches over the server learns what lives, what is down and how fresh everything is, each with its reason."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from msgspec.structs import replace

from engine.state.migrate import migrate
from engine.state.runs import Run, begin_run, end_run
from engine.state.sources import pause_source
from engine.state.store import Store, open_store
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.definition_version import definition_version
from portal.api.log_lines import log_as_json
from portal.api.titles import Titles
from portal.api.world import World
from portal.app import create_app
from tests.portal.small_city import TEXTS, fill, read_catalog, write_definitions

pytestmark = pytest.mark.postgres
LATE = datetime(2026, 1, 8, 9, 30)  # rows go up to the end of the sixth of January
SOURCES = {
    "sources/scales.source.yaml": "title: 地磅\nconnector: files\nstreams:\n"
    "  - {name: weighings, read: {path: w.csv}, promised_delay: P1D, identity: [id]}\n  - {name: spare, read: {path: s.csv}}\n",
    "waste/weighings.dataset.yaml": TEXTS["waste/weighings.dataset.yaml"] + "from: sources.scales/weighings\n",
}
Http = TestClient[Any]


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[Store]:
    opened = open_store(postgres_dsn)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def watched(store: Store, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The small city, whose weighings come from a source that promises them within a day; it is the eighth, and they are late."""
    folder = write_definitions(tmp_path_factory.mktemp("watched"))
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    catalog, warehouse = read_catalog(folder), DuckDbWarehouse(memory_limit="1GB")
    fill(catalog, warehouse)
    return World(catalog, warehouse, lambda: LATE, definition_version(catalog), folder, Titles(catalog, warehouse), store=store)


@pytest.fixture
def http(watched: World) -> Iterator[Http]:
    with TestClient(create_app(watched), base_url="http://127.0.0.1:8000") as client:
        yield client


def entry(http: Http, kind: str, id: str) -> dict[str, str]:
    """The freshness of one thing as /api/health tells it."""
    (found,) = [one for one in http.get("/api/health").json()["entries"] if (one["kind"], one["id"]) == (kind, id)]
    return dict(found["freshness"])


def failed_reading(store: Store, at: datetime) -> Run:
    """A reading of the weighings that failed."""
    run = begin_run(store, "intake", "sources.scales/weighings", at)
    ended = replace(
        run, status="failed", ended_at=at, rows_in=5, rows_loaded=3, rows_set_aside=2, reason_zh="文件读不开", reason_en="unreadable"
    )
    assert end_run(store, run, ended)
    return run


def test_an_indicator_is_as_bad_as_the_stream_behind_it_and_names_the_dataset(http: Http) -> None:
    assert entry(http, "stream", "sources.scales/weighings")["state"] == "late"
    assert entry(http, "source", "sources.scales")["state"] == "unknown"  # its other stream has delivered nothing
    tons = entry(http, "indicator", "waste.tons")
    assert (tons["state"], tons["since"], tons["of"]) == ("late", "2026-01-08T00:00:00", "dataset:waste.weighings")
    assert "2026-01-07 00:00" in tons["zh"]


def test_a_failing_reading_is_told_to_all_that_stand_on_it_since_the_first_failure_and_until_one_goes_well(
    http: Http, store: Store
) -> None:
    failed_reading(store, datetime(2026, 1, 8, 0, 0, tzinfo=UTC))
    failed_reading(store, datetime(2026, 1, 8, 1, 0, tzinfo=UTC))
    tons = entry(http, "indicator", "waste.tons")
    assert (tons["state"], tons["since"], tons["zh"]) == ("failed", "2026-01-08T08:00:00", "文件读不开")
    facts = http.get("/api/indicators/waste.tons").json()["freshness"]
    assert (facts["state"], facts["word"], facts["of"]) == ("failed", "失败", "dataset:waste.weighings")
    run = begin_run(store, "intake", "sources.scales/weighings", datetime(2026, 1, 8, 1, 20, tzinfo=UTC))
    end_run(store, run, replace(run, status="done", ended_at=run.started_at))
    assert entry(http, "indicator", "waste.tons")["state"] == "late"


def test_a_paused_source_says_who_paused_it_and_why(http: Http, store: Store) -> None:
    failed_reading(store, datetime(2026, 1, 8, 0, 0, tzinfo=UTC))
    pause_source(store, "sources.scales", "李工", "地磅检修", datetime(2026, 1, 8, 0, 30, tzinfo=UTC))
    tons = entry(http, "indicator", "waste.tons")
    assert tons["state"] == "late"
    assert tons["zh"].startswith("已暂停：李工，地磅检修")


def test_the_report_counts_every_state_and_puts_the_gravest_first(http: Http) -> None:
    told = http.get("/api/health").json()
    assert told["counts"]["indicator"] == {"fresh": 0, "late": 2, "stale": 0, "unknown": 0, "failed": 0}
    assert told["state"] == "unknown"
    assert told["entries"][0]["freshness"]["state"] == "unknown"


def test_ready_tells_each_part_on_its_own_line_and_is_down_while_the_state_store_is(http: Http, store: Store) -> None:
    ready = http.get("/readyz")
    assert ready.status_code == 200
    assert {part["name"]: part["is_up"] for part in ready.json()["parts"]} == {
        "definitions": True, "warehouse": True, "state": True, "scheduler": True,
    }  # fmt: skip
    store.run("ALTER TABLE migrations RENAME TO away")
    down = http.get("/readyz")
    assert down.status_code == 503
    assert [part["name"] for part in down.json()["parts"] if not part["is_up"]] == ["state"]
    assert http.get("/healthz").status_code == 200


def test_a_silent_scheduler_is_down(http: Http, store: Store) -> None:
    store.run(
        "INSERT INTO leases (name, holder, fence, beat, beat_at) VALUES ('scheduler', 'one', 1, 1, %(at)s)",
        {"at": datetime.now(UTC) - timedelta(minutes=5)},
    )
    told = http.get("/readyz")
    assert told.status_code == 503
    assert "没有动静" in next(part["zh"] for part in told.json()["parts"] if part["name"] == "scheduler")


def counted(http: Http) -> dict[str, float]:
    """Name with labels to number, as /metrics writes them."""
    lines = [line for line in http.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines)}


def test_metrics_count_questions_kept_answers_rows_and_runs_once_each(http: Http, store: Store) -> None:
    for _ in range(2):
        http.post("/api/query", content=json.dumps([{"indicators": ["waste.tons"]}]), headers={"content-type": "application/json"})
    http.post("/api/query", content=json.dumps([{"indicators": ["no.such"]}]), headers={"content-type": "application/json"})
    failed_reading(store, datetime.now(UTC))
    counted(http)
    found = counted(http)  # a second look counts no run again
    assert found['chengmai_answers_total{origin="kept"}'] == 1
    assert found['chengmai_questions_total{result="answered"}'] == 2
    assert found['chengmai_questions_total{result="refused"}'] == 1
    assert found['chengmai_intake_rows_total{outcome="set_aside",stream="sources.scales/weighings"}'] == 2
    assert found['chengmai_runs_total{kind="intake",status="failed"}'] == 1
    assert found['chengmai_lag_seconds{dataset="waste.weighings"}'] == timedelta(days=1, hours=9, minutes=30).total_seconds()
    assert found['chengmai_freshness{kind="indicator",state="failed"}'] == 2
    assert found['chengmai_up{part="state"}'] == 1
    assert found['chengmai_state_connections{use="waiting"}'] == 0


def test_a_trace_that_comes_in_goes_out_again_and_stands_in_every_log_line(http: Http) -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    log_as_json([handler])
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = http.get("/api/catalog/search?q=a", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    other = http.get("/api/catalog/search?q=a", headers={"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"})
    logging.getLogger("chengmai").removeHandler(handler)
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert answer.headers["x-trace-id"] == trace
    assert answer.headers["traceparent"].startswith(f"00-{trace}-")
    assert lines[0]["trace"] == trace
    assert (lines[0]["event"], lines[0]["status"], lines[0]["path"]) == ("answered", 200, "/api/catalog/search")
    assert lines[1]["trace"] == other.headers["x-trace-id"] != "0" * 32


@pytest.mark.parametrize(
    "logged",
    [
        lambda log: log.warning("cannot open %s", "postgresql://city:p4ssw0rd-secret@db:5432/x"),
        lambda log: log.warning("login with password=p4ssw0rd-secret failed"),
        lambda log: log.warning("asked", extra={"headers": {"Authorization": "Bearer p4ssw0rd-secret", "x-api-key": "p4ssw0rd-secret"}}),
        lambda log: log.warning("asked", extra={"url": "https://feed.example/c?token=p4ssw0rd-secret&page=2"}),
        lambda log: log.error("failed", exc_info=ValueError("Basic p4ssw0rd-secret")),
    ],
)
def test_what_looks_like_a_secret_never_reaches_the_log(logged: Callable[[logging.Logger], None]) -> None:
    line = logged_line(logged, ())
    assert "p4ssw0rd-secret" not in line
    assert json.loads(line)["level"] in ("warning", "error")


def test_a_secret_that_definitions_name_never_reaches_the_log_whatever_stands_around_it() -> None:
    line = logged_line(lambda log: log.warning("the server said 'p4ssw0rd-secret' is wrong"), ("p4ssw0rd-secret",))
    assert json.loads(line)["event"] == "the server said '***' is wrong"


def logged_line(logged: Callable[[logging.Logger], None], secrets: tuple[str, ...]) -> str:
    """What is written when something is logged."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    log_as_json([handler], secrets)
    logged(logging.getLogger("chengmai"))
    logging.getLogger("chengmai").removeHandler(handler)
    return said.getvalue()
