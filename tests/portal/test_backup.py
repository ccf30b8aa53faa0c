"""What was backed up while rows came in comes back whole, and a damaged backup is refused before anything is touched."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from msgspec.structs import replace
from sqlglot import exp

from engine.running.backup import DEFINITIONS, FILES, MANIFEST, STATE, WAREHOUSE, BackupIsDamaged, Whole, back_up, read_backup
from engine.state import server
from engine.state.backup import address_of
from engine.state.migrate import migrate
from engine.state.runs import begin_run, end_run, runs_of
from engine.state.store import Store, open_store
from engine.warehouse import Statement, Table, TableColumn, table_node
from engine.warehouses.duckdb import DuckDbWarehouse
from portal import wiring
from portal.cli.main import run
from tests.portal.small_city import fill, read_catalog, write_definitions

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
ROWS = Table(schema="t", name="rows", columns=(TableColumn("run", "text"),))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The private server is used, whatever is set around the tests."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A folder that PostgreSQL's own account may walk to; those of pytest are closed to it again and again."""
    with TemporaryDirectory(prefix="chengmai-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def safe() -> Iterator[Path]:
    """A backup, and nothing else left of what it was made from."""
    with TemporaryDirectory(prefix="chengmai-") as name, pytest.MonkeyPatch.context() as patched:
        patched.delenv("DATABASE_URL", raising=False)
        place = filled(Path(name))
        assert command(place, "backup", str(place / "safe")) == 0
        shutil.rmtree(place / "var")
        shutil.rmtree(place / "definitions")
        yield place / "safe"


@pytest.fixture
def place(open_path: Path) -> Path:
    """A folder of its own for each test; see `filled`."""
    return filled(open_path)


def filled(tmp_path: Path) -> Path:
    """A folder with a city's definitions, rows, one kept file and one run that has ended."""
    catalog = read_catalog(write_definitions(tmp_path / "definitions"))
    (tmp_path / "var" / FILES / "ab").mkdir(parents=True)
    (tmp_path / "var" / FILES / "ab" / "abcd").write_bytes(b"a picture")
    with closing(DuckDbWarehouse(str(tmp_path / "var" / "warehouse.duckdb"))) as warehouse:
        fill(catalog, warehouse)
    with wiring.opened_state(settings(tmp_path)) as store:
        ended(store, "s/first")
    return tmp_path


def settings(place: Path) -> wiring.Settings:
    return wiring.read_settings({}, place / "definitions", place / "var")


def ended(store: Store, subject: str) -> str:
    """A run that has ended well."""
    run = begin_run(store, "intake", subject, datetime(2026, 1, 1, tzinfo=UTC))
    end_run(store, run, replace(run, status="done", ended_at=datetime(2026, 1, 1, 1, tzinfo=UTC), rows_in=1, rows_loaded=1))
    return run.id


def command(place: Path, *words: str) -> int:
    return run([*words, "--definitions", str(place / "definitions"), "--var", str(place / "var")])


def known(place: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, list[object], bytes]:
    """Every number of the city, every run, the kept file."""
    capsys.readouterr()
    assert command(place, "query", "waste.tons", "--by", "city.district", "--grain", "day", "--format", "json") == 0
    numbers = capsys.readouterr().out
    with wiring.opened_state(settings(place)) as store:
        runs: list[object] = list(runs_of(store))
    return numbers, runs, (place / "var" / FILES / "ab" / "abcd").read_bytes()


def test_everything_is_as_it_was_after_all_was_destroyed_and_brought_back(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = known(place, capsys)
    assert "33" in before[0]
    assert command(place, "backup", str(place / "safe")) == 0
    shutil.rmtree(place / "var")
    shutil.rmtree(place / "definitions")
    assert command(place, "restore", str(place / "safe")) == 0
    assert known(place, capsys) == before


def test_what_is_there_already_is_not_overwritten_unless_told_and_then_kept_beside(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, "backup", str(place / "safe")) == 0
    before = known(place, capsys)
    with wiring.opened_state(settings(place)) as store:
        ended(store, "s/second")
    assert command(place, "restore", str(place / "safe")) == 1
    assert "不是空的" in capsys.readouterr().err
    assert len(known(place, capsys)[1]) == 2
    assert command(place, "restore", str(place / "safe"), "--replace") == 0
    assert known(place, capsys) == before
    assert [path.name.partition("-")[0] for path in sorted(place.glob("*.before-*"))] == ["definitions.before", "var.before"]


def test_a_backup_is_not_written_over_another(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, "backup", str(place / "safe")) == 0
    assert command(place, "backup", str(place / "safe")) == 1
    assert "已经存在" in capsys.readouterr().err


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: truncate(folder / STATE), "state.dump"),
        (lambda folder: alter(folder / STATE), "state.dump：内容被改过"),
        (lambda folder: alter(folder / WAREHOUSE / "warehouse.duckdb"), "warehouse/warehouse.duckdb：内容被改过"),
        (lambda folder: (folder / FILES / "ab" / "abcd").unlink(), "files/ab/abcd：缺失"),
        (lambda folder: (folder / DEFINITIONS / "more.yaml").write_text("x", encoding="utf-8"), "definitions/more.yaml：清单里没有它"),
        (lambda folder: alter(folder / MANIFEST), MANIFEST),
        (lambda folder: truncate(folder / MANIFEST), MANIFEST),
        (lambda folder: (folder / MANIFEST).unlink(), "这不是备份"),
    ],
)
def test_a_damaged_backup_is_refused_with_what_is_wrong_and_nothing_is_touched(
    damage: Callable[[Path], None], said: str, safe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(safe, tmp_path / "safe")
    damage(tmp_path / "safe")
    assert command(tmp_path, "restore", str(tmp_path / "safe")) == 1
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["safe"]


def test_a_forged_list_is_refused_though_each_checksum_fits(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(
        '{"format":1,"made_at":"2026-01-01T00:00:00Z","migration":1,"definition_version":"x","pieces":[],"seal":"00"}', encoding="utf-8"
    )
    with pytest.raises(BackupIsDamaged, match="校验和不符"):
        read_backup(tmp_path)


@pytest.fixture
def storing(open_path: Path) -> Iterator[tuple[str, DuckDbWarehouse, Store]]:
    """A private server of its own, a warehouse on disk, and the store."""
    with server.running(open_path / "var" / "postgres", durable=False) as private:
        warehouse = DuckDbWarehouse(str(open_path / "var" / "warehouse.duckdb"))
        warehouse.create(ROWS)
        with closing(open_store(private.dsn())) as store, closing(warehouse):
            migrate(store)
            yield private.dsn(), warehouse, store


def test_backups_taken_while_rows_come_in_hold_the_rows_of_every_run_that_they_say_is_done(
    storing: tuple[str, DuckDbWarehouse, Store], open_path: Path
) -> None:
    _, warehouse, store = storing
    is_over, stored = threading.Event(), []

    def take_in() -> None:
        while not is_over.is_set():
            run = begin_run(store, "intake", "s/rows", datetime.now(UTC))
            warehouse.load(ROWS, [pa.record_batch({"run": [run.id]})], "append")
            end_run(store, run, replace(run, status="done", ended_at=datetime.now(UTC)))
            stored.append(run.id)

    writing = threading.Thread(target=take_in)
    writing.start()
    whole = Whole(address_of(store), warehouse.still, ((DEFINITIONS, open_path / "none"),))
    counts = []
    for nth in range(3):
        while len(stored) < 20 * (nth + 1):
            is_over.wait(0.01)
        back_up(whole, open_path / f"safe{nth}", datetime.now(UTC), 8, "v")
        counts.append(compared(open_path, nth))
    is_over.set()
    writing.join()
    assert [done for done, _ in counts] == sorted({done for done, _ in counts})
    assert all(0 <= more <= 1 for _, more in counts)  # a run whose rows were in and whose end was not written yet


def compared(open_path: Path, nth: int) -> tuple[int, int]:
    """How many runs a backup says are done, all of whose rows it holds, and how many rows it holds beside those."""
    place = open_path / f"back{nth}"
    assert command(place, "restore", str(open_path / f"safe{nth}")) == 0
    with closing(DuckDbWarehouse(str(place / "var" / "warehouse.duckdb"))) as warehouse:
        state = warehouse.state(ROWS)
        assert state is not None
        rows = set(rows_of(warehouse))
        assert state.rows == state.version == len(rows)
    with wiring.opened_state(settings(place)) as store:
        done = {run.id for run in runs_of(store, limit=100_000) if run.status == "done"}
    assert done <= rows
    return len(done), len(rows - done)


def rows_of(warehouse: DuckDbWarehouse) -> list[str]:
    """The run of each row."""
    tree = exp.Select(expressions=[exp.column("run")]).from_(table_node(ROWS))
    return [str(row["run"]) for row in warehouse.query(Statement(tree)).to_pylist()]


def test_health_at_the_terminal_says_what_has_failed_and_leaves_with_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, "health") == 0
    assert "指标：及时 2" in capsys.readouterr().out
    with wiring.opened_state(settings(place)) as store:
        run = begin_run(store, "intake", "waste.weighings", datetime(2026, 1, 2, tzinfo=UTC))
        end_run(store, run, replace(run, status="failed", ended_at=run.started_at, reason_zh="文件读不开", reason_en="unreadable"))
    assert command(place, "health", "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["indicator"]["failed"] == 2
    assert told["entries"][0]["freshness"]["zh"] == "文件读不开"
