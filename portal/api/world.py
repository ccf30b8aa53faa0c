"""What every controller is handed: definitions, the warehouse, the clock; built once by wiring, so that no controller looks for its own."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from engine.findings import Finding
from engine.loading.catalog import Catalog
from engine.running.ask import Standing
from engine.running.asked_log import AskedLog
from engine.running.form_entries import Desk
from engine.running.health import Trails
from engine.running.plans import Plans
from engine.running.results import Results
from engine.running.states import States
from engine.state.store import Store
from engine.warehouse import Warehouse
from portal.api.answer_line import KeptLine
from portal.api.metrics import Metrics
from portal.api.titles import Titles

STATIC = Path(__file__).parents[1] / "static"
FONTS = Path(__file__).parents[1] / "web" / "node_modules" / "@fontsource-variable" / "noto-sans-sc"


LINE_BYTES = 64_000_000


class Limits(Struct, frozen=True):
    """How much one request may ask for (限额)."""

    rows: int = 10_000  # of one answer; more are cut and the answer says so
    questions: int = 100  # of one batch
    body_bytes: int = 1_000_000
    seconds: float = 30.0  # of one batch in the warehouse
    patience: float = 20.0  # seconds that a request waits for its turn
    turns: int = 4  # requests that compute at the same time; two cores are busy with less, and each takes memory
    waiting: int = 200  # requests that wait for a turn; whoever comes after them is sent away at once
    unread_bytes: int = 2_000_000  # of one batch that its client has not read yet; then no further answer is computed for it


class World(Struct, frozen=True):
    """Everything the controllers know about the world (运行环境)."""

    catalog: Catalog
    warehouse: Warehouse
    clock: Callable[[], datetime]
    definition_version: str
    folder: Path  # the definitions, for showing their text
    titles: Titles
    is_demo: bool = True
    limits: Limits = Limits()
    plans: Plans = field(default_factory=Plans)
    states: States | None = None
    results: Results[Standing] = field(default_factory=Results)
    asked: AskedLog | None = None  # what was asked, for `chengmai advise`
    lines: Results[KeptLine] = field(default_factory=lambda: Results(LINE_BYTES))
    findings: tuple[Finding, ...] = ()  # what is wrong with the definitions on disk; then those that are served are the last sound ones
    desk: Desk | None = None  # at which forms are filled in; None where no state store is open
    store: Store | None = None  # the state store; None only where nothing is remembered, as in tests of questions
    trails: Trails = field(default_factory=Trails)
    metrics: Metrics = field(default_factory=Metrics)  # of the process: a world of new definitions goes on counting
    var: Path | None = None  # what the program writes lies here; None where nothing is written
