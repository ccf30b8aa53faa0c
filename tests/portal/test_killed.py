"""A server of which everything is killed at once comes back with all that it had said was done, and backs itself up while it runs."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from engine.running.backup import read_backup
from engine.state.runs import begin_run, end_run, runs_of
from engine.state.store import open_store
from portal import wiring
from portal.cli.main import run
from tests.portal.small_city import write_definitions
from tests.portal.test_serve import free_port, get, said_until, serving

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.xdist_group("serve")]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that PostgreSQL's own account may walk to, with the small city's definitions."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with TemporaryDirectory(prefix="chengmai-", ignore_cleanup_errors=True) as name:
        write_definitions(Path(name) / "definitions")
        yield Path(name)
        with wiring.opened_state(wiring.read_settings({}, var=Path(name) / "var")):
            pass  # whatever outlived the test is taken over, and stopped


def state_server(folder: Path) -> int:
    """Process number of the private PostgreSQL."""
    return int((folder / "var" / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])


def test_after_everything_was_killed_a_new_start_is_ready_and_no_run_that_had_ended_is_lost(folder: Path) -> None:
    port = free_port()
    with serving(folder, port) as process:
        assert "就绪" in said_until(process, "就绪")
        status, said = get(port, "/readyz")
        assert (status, {part["name"] for part in json.loads(said)["parts"] if part["is_up"]} >= {"state", "warehouse"}) == (status, True)
        socket = folder / "var" / "postgres"
        store = open_store(f"host={socket} port=5432 user=chengmai dbname=chengmai", largest=1)
        written = begin_run(store, "intake", "s/rows", datetime.now(UTC))
        assert end_run(store, written, replace(written, status="done", ended_at=datetime.now(UTC)))
        store.close()
        os.kill(state_server(folder), signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    with serving(folder, port) as again:
        assert "就绪" in said_until(again, "就绪")
        assert {part["name"]: part["is_up"] for part in json.loads(get(port, "/readyz")[1])["parts"]}["state"]
        assert run(["backup", str(folder / "safe"), "--definitions", str(folder / "definitions"), "--var", str(folder / "var")]) == 0
        assert {piece.path.partition("/")[0] for piece in read_backup(folder / "safe").pieces} == {"state.dump", "warehouse", "definitions"}
    with wiring.opened_state(wiring.read_settings({}, var=folder / "var")) as store:
        assert written.id in {one.id for one in runs_of(store, subject="s/rows") if one.status == "done"}
