"""The only place that reads the environment: it turns settings and folders into the world that commands and controllers are handed."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import msgspec
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from engine.compiling.tables import table_of
from engine.connector import Connector
from engine.findings import DefinitionsAreWrong
from engine.loading.catalog import Catalog
from engine.question import Question
from engine.registry import members
from engine.running.analyses_due import first_results
from engine.running.ask import known_modifiers
from engine.running.asked_log import FILE, AskedLog
from engine.running.definitions import Checked, load_checked
from engine.running.first_load import Step, load_city
from engine.running.refresh import Refreshed, refresh_states
from engine.running.retain import retain as retain_rows
from engine.running.states import States
from engine.state.store import Store
from engine.warehouse import Warehouse
from portal.api.answer_line import AnswerLine
from portal.api.definition_version import definition_version
from portal.api.form_desk import desk_over
from portal.api.titles import Titles
from portal.api.world import World
from portal.opening import DUCKDB_FILE as DUCKDB_FILE  # said twice: commands and tests know these by the wiring's name
from portal.opening import USUAL_MEMORY
from portal.opening import MemoryIsNoSize as MemoryIsNoSize
from portal.opening import Settings as Settings
from portal.opening import SparkIsMissing as SparkIsMissing
from portal.opening import SparkIsUnreachable as SparkIsUnreachable
from portal.opening import WarehouseIsBusy as WarehouseIsBusy
from portal.opening import has_state as has_state
from portal.opening import open_duckdb as open_duckdb
from portal.opening import opened_database as opened_database
from portal.opening import opened_state as opened_state
from portal.opening import opened_warehouse as opened_warehouse
from portal.opening import scratch_warehouse as scratch_warehouse
from portal.opening import secret_key as secret_key
from portal.opening import surroundings as surroundings
from portal.opening import with_secrets as with_secrets

DEFINITIONS, VAR, DATABASE, CLOCK = "CHENGMAI_DEFINITIONS", "CHENGMAI_VAR", "DATABASE_URL", "CHENGMAI_CLOCK"
MEMORY = "CHENGMAI_MEMORY"
HOSTS, HOSTS_FILE = "CHENGMAI_HOSTS", "hosts.txt"
SPARK, LAKE, LAKE_SEEN_AS = "CHENGMAI_SPARK", "CHENGMAI_LAKE", "CHENGMAI_LAKE_SEEN_AS"

REPOSITORY = Path(__file__).parents[1]
SERVER_FILE = "server.address"


def read_settings(environment: Mapping[str, str], definitions: Path | None = None, var: Path | None = None) -> Settings:
    """Settings from the environment; what the command line says comes first."""
    return Settings(
        (definitions or Path(environment.get(DEFINITIONS, "definitions"))).resolve(),
        (var or Path(environment.get(VAR, "var"))).resolve(),
        environment.get(DATABASE) or None,
        environment,
        environment.get(MEMORY) or USUAL_MEMORY,
        environment.get(SPARK) or None,
        Path(environment[LAKE]).resolve() if environment.get(LAKE) else None,
        lake_seen_as=environment.get(LAKE_SEEN_AS) or None,
        hosts=_hosts(environment, (var or Path(environment.get(VAR, "var"))) / HOSTS_FILE),
    )


def _hosts(environment: Mapping[str, str], file: Path) -> frozenset[str]:
    """Hosts that sources may be read from: CHENGMAI_HOSTS, with commas or spaces between, and the lines of var/hosts.txt; never a definition."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    listed = [environment.get(HOSTS, "").replace(",", " "), *(line.partition("#")[0] for line in lines)]
    return frozenset(entry for text in listed for entry in text.split())


def read_this_process(definitions: Path | None = None, var: Path | None = None) -> Settings:
    """Settings from this process's own environment, where the command line says nothing else."""
    return read_settings(os.environ, definitions, var)


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as the server's own process reads them again."""
    return {DEFINITIONS: str(settings.definitions), VAR: str(settings.var), MEMORY: settings.memory}


def read_definitions(settings: Settings) -> Checked:
    """The definitions with all findings. Raises FileNotFoundError for a missing folder."""
    if not settings.definitions.is_dir():
        raise FileNotFoundError(settings.definitions)
    return load_checked(settings.definitions)


def sound_definitions(settings: Settings) -> Catalog:
    """The catalog of definitions without a finding; raises DefinitionsAreWrong with all of them otherwise."""
    return sound(read_definitions(settings))


def sound(checked: Checked) -> Catalog:
    """The catalog of definitions that were read; raises DefinitionsAreWrong with all findings when there are any."""
    if checked.findings:
        raise DefinitionsAreWrong(checked.findings)
    return checked.catalog


def clock_of(catalog: Catalog) -> Callable[[], datetime]:
    """The wall clock in the project's zone, in whole seconds; CHENGMAI_CLOCK stops it at an instant, for pictures and rehearsals."""
    zone, stopped = ZoneInfo(catalog.project.zone), os.environ.get(CLOCK)
    if stopped:
        instant = datetime.fromisoformat(stopped)
        return lambda: instant
    return lambda: datetime.now(zone).replace(tzinfo=None, microsecond=0)


def first_load(
    settings: Settings,
    catalog: Catalog,
    warehouse: Warehouse,
    done: Callable[[str], None],
    begun: Callable[[str], None] = lambda said: None,
) -> None:
    """Load what the sources deliver and the warehouse does not hold yet; one line before and after each step, none when all is there."""
    around = surroundings(settings, clock_of(catalog)())
    connectors, _ = members("connectors", Connector, "chengmai.connectors")

    def told(step: Step) -> None:
        head = f"[{step.number}/{step.of}] {step.title}（{step.dataset}）"
        if step.result is None:
            begun(f"{head} 装入中")
            return
        refused = f"，{step.result.quarantined:,} 行隔离" if step.result.quarantined else ""
        done(f"{head} {step.result.rows:,} 行{refused}，{step.seconds:.1f} 秒")

    create_tables(catalog, warehouse)
    for dataset, failure in load_city(catalog, warehouse, connectors, around, settings.environment, told).failed:
        done(f"{dataset} 没有装入：{failure.zh}")

    first_results(catalog, warehouse, clock_of(catalog)(), done, begun)
    refresh(catalog, warehouse, done)


def refresh(catalog: Catalog, warehouse: Warehouse, done: Callable[[str], None]) -> int:
    """Bring the stored states up to date, a line after each; how many were behind."""

    def kept(state: Refreshed) -> None:
        periods = "全部" if state.partitions is None else f"{state.partitions} 期"
        done(f"预聚合 {state.state}：{periods}，{state.rows:,} 行，{state.seconds:.1f} 秒")

    return len(refresh_states(catalog, warehouse, known_modifiers(), kept))


def retain(catalog: Catalog, warehouse: Warehouse, told: Callable[[str], None]) -> int:
    """Remove the rows that datasets no longer keep, a line for each dataset that says how long; how many rows went."""
    found = retain_rows(catalog, warehouse, known_modifiers(), clock_of(catalog)())
    for one in found:
        told(f"{one.dataset}：没有删除，{one.zh}" if one.zh else f"{one.dataset}：删除 {one.rows:,} 行，{one.since:%Y-%m-%d} 起的还在")
    return sum(one.rows for one in found)


def create_tables(catalog: Catalog, warehouse: Warehouse) -> None:
    """A dataset that nothing was loaded into is an empty table, a column that is new an empty column: numbers are missing, not broken."""
    for id in catalog.ids("dataset"):
        dataset = catalog.dataset(id)
        if dataset is not None:
            warehouse.create(table_of(id, dataset))


def build_world(settings: Settings, catalog: Catalog, warehouse: Warehouse, store: Store | None = None) -> World:
    """What the controllers are handed."""
    return World(
        catalog,
        warehouse,
        clock_of(catalog),
        definition_version(catalog),
        settings.definitions,
        Titles(catalog, warehouse),
        uses_simulator(catalog),
        states=States(catalog, warehouse, known_modifiers()),
        asked=AskedLog(settings.var / FILE, clock_of(catalog)),
        store=store,
        var=settings.var,
        desk=desk_over(catalog, warehouse, store, clock_of(catalog), settings.var) if store is not None else None,
    )


def secrets_of(settings: Settings, catalog: Catalog) -> tuple[str, ...]:
    """The values of all secrets that definitions name as {env: NAME}: what must not stand in any log."""

    def named(value: object) -> Iterator[str]:
        if isinstance(value, Mapping):
            if set(value) == {"env"}:
                yield str(value["env"])
            for one in value.values():
                yield from named(one)
        elif isinstance(value, list | tuple):
            for one in value:
                yield from named(one)

    sources = [source for id in catalog.ids("source") if (source := catalog.source(id)) is not None]
    names = {name for source in sources for name in named(source.settings)}
    return tuple(settings.environment[name] for name in sorted(names) if settings.environment.get(name))


def uses_simulator(catalog: Catalog) -> bool:
    """Whether any rows are made up, so that every page must say so."""
    return any(source is not None and source.connector == "simulator" for source in map(catalog.source, catalog.ids("source")))


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens on the port already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return True
    return False


def run_server(settings: Settings, host: str, port: int, ready: Callable[[], None], application: str = "portal.app:create") -> int:
    """Serve until Ctrl-C; the server's own process builds the application by its name. `ready` is called when the first answer has come."""
    os.environ.update(as_environment(settings))
    granian = Granian(
        application, host, port, interface=Interfaces.ASGI, factory=True, websockets=False, log_access=False,
        log_level=LogLevels.warning, workers_kill_timeout=5,
    )  # fmt: skip
    threading.Thread(target=tell_when_ready, args=(host, port, ready), daemon=True).start()
    note = settings.var / SERVER_FILE  # where the command line finds who holds the data file
    note.write_text(f"{host}:{port}", encoding="utf-8")
    try:
        granian.serve()
    finally:
        note.unlink(missing_ok=True)
    return 0


def ask_running_server(settings: Settings, question: Question) -> AnswerLine | None:
    """The answer of the server that serves this data folder; None when none does."""
    note = settings.var / SERVER_FILE
    if not note.is_file():
        return None
    body = msgspec.json.encode([question])
    with closing(HTTPConnection(note.read_text(encoding="utf-8"), timeout=120)) as connection:
        try:
            connection.request("POST", "/api/query", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return msgspec.json.decode(answer.read(), type=AnswerLine) if answer.status == 200 else None
        except OSError:
            return None


def tell_when_ready(host: str, port: int, ready: Callable[[], None], seconds: float = 60.0) -> None:
    """Knock until the server answers; a server that never does has said why itself."""
    until = monotonic() + seconds
    while monotonic() < until:
        try:
            with closing(HTTPConnection(host, port, timeout=seconds)) as connection:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    ready()
                    return
        except OSError:
            sleep(0.2)


def leave_with_parent(every: float = 1.0) -> None:
    """The server's process ends when the command that started it is gone, however it went: an orphan would hold the port and the data file."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            sleep(every)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
