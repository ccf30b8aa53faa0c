"""What Prometheus is told: counted where it happens, or read from the state store and the warehouse when somebody looks."""

from collections.abc import Iterable
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from psycopg_pool import ConnectionPool

from engine.running.freshness import GRAVITY
from engine.state.health import EndedRun

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one process, in a registry of its own; safe to share between threads (运行度量)."""

    def __init__(self) -> None:
        self.registry = of = CollectorRegistry()
        self.questions = Counter("chengmai_questions", "Questions answered, by result", ["result"], registry=of)
        self.question_seconds = Histogram("chengmai_question_seconds", "Seconds to answer one question", buckets=SECONDS, registry=of)
        self.answers = Counter("chengmai_answers", "Answers given, from those kept or computed anew", ["origin"], registry=of)
        self.requests = Counter("chengmai_http_requests", "HTTP requests, by method and status", ["method", "status"], registry=of)
        self.request_seconds = Histogram("chengmai_http_request_seconds", "Seconds to the end of an answer", buckets=SECONDS, registry=of)
        self.rows = Counter("chengmai_intake_rows", "Rows of finished readings: in, loaded, set_aside", ["stream", "outcome"], registry=of)
        self.runs = Counter("chengmai_runs", "Runs that ended, by kind and status", ["kind", "status"], registry=of)
        self.run_seconds = Histogram("chengmai_run_seconds", "Seconds of a run, by kind", ["kind"], buckets=SECONDS, registry=of)
        self.lag = Gauge("chengmai_lag_seconds", "Seconds between now and the newest row of a dataset", ["dataset"], registry=of)
        self.freshness = Gauge(
            "chengmai_freshness", "How many are in each state of freshness", ["kind", "state"], registry=of
        )  # fmt: skip
        self.quarantined = Gauge("chengmai_quarantine_rows", "Rows that wait in quarantine, by dataset", ["dataset"], registry=of)
        self.slots_late = Gauge("chengmai_slots_late", "Slots that are due and not begun for over a minute", registry=of)
        self.pool = Gauge("chengmai_state_connections", "Connections to the state store: in_use, idle, waiting", ["use"], registry=of)
        self.up = Gauge("chengmai_up", "Whether a part of the platform is ready (1) or down (0)", ["part"], registry=of)
        self._lock = Lock()
        self._counted: dict[str, None] = {}

    def asked(self, result: str, seconds: float) -> None:
        """One question was computed: answered, refused, timed_out or failed."""
        self.questions.labels(result).inc()
        self.answers.labels("computed").inc()
        self.question_seconds.observe(seconds)

    def kept(self, count: int) -> None:
        """Questions whose answer still held."""
        self.questions.labels("answered").inc(count)
        self.answers.labels("kept").inc(count)

    def ended(self, runs: Iterable[EndedRun], remembers: int = 100_000) -> None:
        """Count runs that have ended; one that was handed in before is not counted again."""
        with self._lock:
            for run in runs:
                if run.id in self._counted:
                    continue
                self._counted[run.id] = None
                self.runs.labels(run.kind, run.status).inc()
                self.run_seconds.labels(run.kind).observe(run.seconds)
                if run.kind == "intake":
                    for outcome, rows in (("in", run.rows_in), ("loaded", run.rows_loaded), ("set_aside", run.rows_set_aside)):
                        self.rows.labels(run.subject, outcome).inc(rows or 0)
            while len(self._counted) > remembers:
                del self._counted[next(iter(self._counted))]

    def judged(self, kind: str, states: Iterable[str]) -> None:
        """How many of a kind are in each state; a state that nobody is in is told as 0."""
        found = list(states)
        for state in GRAVITY:
            self.freshness.labels(kind, state).set(found.count(state))

    def pooled(self, pool: ConnectionPool) -> None:
        """Who has the connections to the state store."""
        stats = pool.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        for use, count in (("in_use", size - idle), ("idle", idle), ("waiting", stats.get("requests_waiting", 0))):
            self.pool.labels(use).set(count)

    def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self.registry)
