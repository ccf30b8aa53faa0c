"""Every warehouse stops a statement when told to, and only that one."""

import threading
import time
from datetime import datetime

import pytest
from sqlglot import exp

from engine.compiling import nodes
from engine.warehouse import Cancel, Statement, StatementCancelled, StatementTimedOut, Warehouse
from tests.conformance.statements import endless, select


def test_a_statement_past_its_time_is_stopped_and_the_warehouse_goes_on(warehouse: Warehouse) -> None:
    started = time.monotonic()

    with pytest.raises(StatementTimedOut):
        warehouse.query(Statement(endless()), seconds=0.3)

    assert time.monotonic() - started < 10
    assert warehouse.query(Statement(select(exp.Literal.number(1)))).to_pylist() == [{"c0": 1}]


def test_a_statement_is_cancelled_from_another_thread(warehouse: Warehouse) -> None:
    cancel = Cancel()
    threading.Timer(0.3, cancel.now).start()

    with pytest.raises(StatementCancelled):
        warehouse.query(Statement(endless()), cancel=cancel)

    assert warehouse.query(Statement(select(exp.Literal.number(1)))).to_pylist() == [{"c0": 1}]


def test_one_handle_stops_all_statements_that_run_under_it(warehouse: Warehouse) -> None:
    cancel, stopped = Cancel(), threading.Semaphore(0)

    def run() -> None:
        with pytest.raises(StatementCancelled):
            warehouse.query(Statement(endless()), cancel=cancel)
        stopped.release()

    for _ in range(3):
        threading.Thread(target=run).start()
    time.sleep(0.3)
    cancel.now()

    assert all(stopped.acquire(timeout=20) for _ in range(3))


def test_a_statement_cancelled_before_it_began_never_begins(warehouse: Warehouse) -> None:
    cancel = Cancel()
    cancel.now()

    with pytest.raises(StatementCancelled):
        warehouse.query(Statement(endless()), cancel=cancel)


def test_stopping_one_statement_leaves_the_others_running(warehouse: Warehouse) -> None:
    slow = nodes.series_of_dates(datetime(2000, 1, 1), datetime(2000, 3, 1), "second").subquery("s")
    answers: list[int] = []
    other = threading.Thread(
        target=lambda: answers.append(warehouse.query(Statement(select(exp.Count(this=exp.Star())).from_(slow))).to_pylist()[0]["c0"])
    )
    other.start()

    with pytest.raises(StatementTimedOut):
        warehouse.query(Statement(endless()), seconds=0.1)

    other.join()
    assert answers == [60 * 86400]
