"""Work by request, kept in PostgreSQL until it is done: whoever dies, a job that was taken on is not forgotten."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct
from procrastinate import App, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from engine.state.job_tables import ensure_job_tables
from engine.state.store import Store

log = logging.getLogger("chengmai")
TRIES = 3
Task = Callable[..., None]


class Job(Struct, frozen=True):
    """One piece of work by request (作业)."""

    id: int
    name: str
    status: str  # todo, doing, failed …; what was done is deleted
    attempts: int
    at: datetime | None  # not before


class Jobs(Protocol):
    """A queue of work by request (作业队列)."""

    def enqueue(self, name: str, arguments: Mapping[str, Any], *, key: str | None = None, at: datetime | None = None) -> bool:
        """Take a job on, to be done not before `at`. False when one with that key is waiting already: it will do."""

    def start(self) -> None:
        """Begin doing jobs in a thread."""

    def stop(self, seconds: float = 5.0) -> None:
        """Begin no more; what is under way has `seconds` to end, and is done again by another otherwise."""


class PostgresJobs:
    """Jobs as tasks of Procrastinate in the state store; `tasks` gives what does each. `most` run at a time."""

    def __init__(self, store: Store, tasks: Mapping[str, Task], most: int = 1) -> None:
        self._store, self._dsn, self._most = store, store.pool.conninfo, most
        self._tasks = dict(tasks)
        ensure_job_tables(store)
        logging.getLogger("procrastinate").setLevel(logging.WARNING)  # it tells of every job twice
        self._sending = App(connector=SyncPsycopgConnector())  # it is handed a connection of the store each time
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # made by the thread that turns it
        self._seconds, self._main = 5.0, list[asyncio.Task[None]]()

    def enqueue(self, name: str, arguments: Mapping[str, Any], *, key: str | None = None, at: datetime | None = None) -> bool:
        """See `Jobs`. Raises StateIsAway."""
        try:
            with self._store.transaction() as connection:
                asked = self._sending.configure_task(
                    name, queueing_lock=key, schedule_at=at, allow_unknown=True, connection=connection
                )  # fmt: skip
                asked.defer(**arguments)
        except AlreadyEnqueued:
            return False
        return True

    def start(self) -> None:
        """See `Jobs`."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """See `Jobs`."""
        self._stopping.set()
        if self._thread is None:
            return
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(self._end)
        self._thread.join(seconds + 5)

    def waiting(self) -> list[Job]:
        """Jobs that are not done, oldest first."""
        rows = self._store.rows(
            "SELECT id, task_name, status::text, attempts, scheduled_at FROM procrastinate_jobs"
            " WHERE status::text IN ('todo', 'doing', 'failed') ORDER BY id LIMIT 500"
        )
        return [Job(*row) for row in rows]

    def _end(self) -> None:
        for task in self._main:
            task.cancel()

    def _run(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            while not self._stopping.is_set():
                try:
                    loop.run_until_complete(self._work())
                except asyncio.CancelledError:
                    return
                except Exception:
                    log.exception("jobs stand still; they are taken up again")
                    self._stopping.wait(2.0)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            loop.close()

    async def _work(self) -> None:
        app = App(connector=PsycopgConnector(conninfo=self._dsn, min_size=1, max_size=4))
        for name, task in self._tasks.items():
            retry = RetryStrategy(max_attempts=TRIES, exponential_wait=5)
            app.task(name=name, retry=retry)(task)
        async with app.open_async():
            main = asyncio.ensure_future(
                app.run_worker_async(
                    concurrency=self._most,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                    shutdown_graceful_timeout=self._seconds,
                    update_heartbeat_interval=5.0,
                    stalled_worker_timeout=20.0,
                )
            )
            sweep = asyncio.ensure_future(self._sweep(app))
            self._main = [main, sweep]
            if self._stopping.is_set():
                main.cancel()
            try:
                await main
            finally:
                sweep.cancel()
                await asyncio.gather(sweep, return_exceptions=True)

    async def _sweep(self, app: App) -> None:
        """Jobs whose worker was killed are done by another."""
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=20.0):
                await app.job_manager.retry_job(job)
            await asyncio.sleep(10.0)
