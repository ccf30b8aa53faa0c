"""Advice: what was asked is noted without its values, and the states proposed from it answer the same questions."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question
from engine.running.advise import advise
from engine.running.ask import known_modifiers
from engine.running.asked_log import FILE, AskedLog, read_log
from engine.running.definitions import load_texts_checked
from engine.running.refresh import refresh_states
from engine.running.states import States
from engine.warehouse import Warehouse
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.answering import answers
from portal.api.titles import Titles
from portal.api.world import World
from portal.cli.advising import written
from tests.properties.state_city import FILES, START, Facts, put_facts, put_tables

NOW = datetime(2026, 4, 1)
ROWS = "c/rows.dataset.yaml"
SECRET = "secret-plate"


def without_states(text: str) -> str:
    """A dataset's text as it was before anybody declared a state."""
    return text[: text.index("states:")] if "states:" in text else text


PLAIN = {path: without_states(text) for path, text in FILES.items()}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    """Six thousand weighings in sixty days, and some cases and readings."""
    catalog, warehouse = load_texts_checked(PLAIN).catalog, DuckDbWarehouse(None)
    put_tables(warehouse, catalog)
    moments = [START + timedelta(days=n % 60, hours=n % 24) for n in range(6000)]
    rows = [(n, at, at, f"s{n % 3 + 1}", "ab"[n % 2], f"p{n % 3 + 1}", Decimal(n % 50), 1) for n, at in enumerate(moments)]
    cases = [(n, at, at + timedelta(days=n % 5), f"s{n % 3 + 1}", "d1", n % 10) for n, at in enumerate(moments[:900])]
    gauges = [(f"g{n % 3}", at + timedelta(minutes=n // 60), "s1", Decimal(n % 7), "-") for n, at in enumerate(moments[:900])]
    put_facts(warehouse, catalog, Facts(rows, cases, gauges), "replace")
    yield warehouse
    warehouse.close()


def world_of(catalog: Catalog, warehouse: Warehouse, folder: Path) -> World:
    """A portal that notes what it is asked; it keeps no answers, so that every question costs."""
    states = States(catalog, warehouse, known_modifiers())
    asked = AskedLog(folder / FILE, lambda: NOW)
    return World(catalog, warehouse, lambda: NOW, "v", folder, Titles(catalog, warehouse), states=states, asked=asked)


def two_hundred() -> list[Question]:
    """Screens asked day after day: numbers, series, splits, a filter, backlog, readings."""
    kinds: list[dict[str, Any]] = [
        {"indicators": ["c.sum"], "by": ["c.district"], "grain": "month"},
        {"indicators": ["c.n"], "by": ["c.kind"]},
        {"indicators": ["c.mean", "c.p90"], "by": ["c.street"], "grain": "week"},
        {"indicators": ["c.plates"], "grain": "day", "where": "c.kind = 'a'"},
        {"indicators": ["c.sum"], "where": f"plate = '{SECRET}'"},
        {"indicators": ["c.open"], "by": ["c.street"], "as_of": "2026-03-10"},
        {"indicators": ["c.level"], "by": ["c.street"], "grain": "day", "as_of": "2026-03-10"},
        {"indicators": ["c.sum", "c.n"], "by": ["c.street", "c.kind"], "grain": "day"},
    ]
    # A period of its own for each round: nothing is answered from memory.
    return [msgspec.convert({"period": {"from": f"2026-01-{n + 1:02}"}, **kind}, Question) for n in range(25) for kind in kinds]


def test_two_hundred_questions_are_answered_from_the_states_they_led_to(warehouse: Warehouse, tmp_path: Path) -> None:
    catalog, questions = load_texts_checked(PLAIN).catalog, two_hundred()
    world = world_of(catalog, warehouse, tmp_path)
    for n in range(0, len(questions), 50):
        counted = list(answers(world, questions[n : n + 50]))
        assert all(answer.frame is not None for answer in counted)
    lines = read_log(tmp_path / FILE)
    assert len(lines) == 200
    assert all(line.rows >= 900 for line in lines)

    proposals = advise(catalog, warehouse, known_modifiers(), lines)

    saved = [proposal.seconds for proposal in proposals]
    assert saved == sorted(saved, reverse=True)
    assert {proposal.dataset for proposal in proposals} >= {"c.rows", "c.cases", "c.gauges"}
    files = dict(PLAIN)
    for nth, proposal in enumerate(proposals):
        path = catalog.definitions["dataset", proposal.dataset].file
        text = written(load_texts_checked(files).catalog, proposal, nth)
        files[path] += "\n".join(line for line in text.splitlines() if line and not line.startswith("#")) + "\n"
    checked = load_texts_checked(files)
    assert [finding.text() for finding in checked.findings if finding.code != "unproved"] == []

    refresh_states(checked.catalog, warehouse, known_modifiers())
    again = [answer for n in range(0, 200, 50) for answer in answers(world_of(checked.catalog, warehouse, tmp_path), questions[n : n + 50])]
    unanswered = [answer.question for answer in again if not (answer.compiled and answer.compiled.states)]
    assert unanswered == [question for question in questions if question.where is not None and SECRET in question.where]
    assert advise(checked.catalog, warehouse, known_modifiers(), read_log(tmp_path / FILE)[:200]) == []


def test_the_log_holds_no_value_that_was_filtered_by(warehouse: Warehouse, tmp_path: Path) -> None:
    world = world_of(load_texts_checked(PLAIN).catalog, warehouse, tmp_path)
    question = {
        "indicators": [{"of": "c.n", "where": f"plate = '{SECRET}'"}, "c.sum"],
        "where": f"plate in ('{SECRET}')",
        "having": "c.n > 8",
    }
    assert [answer.frame is not None for answer in answers(world, [msgspec.convert(question, Question)])] == [True]
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert SECRET not in text
    assert read_log(tmp_path / FILE)[0].conditions == ("plate",)


def test_the_log_is_bounded_and_a_torn_line_is_passed_over(warehouse: Warehouse, tmp_path: Path) -> None:
    world = world_of(load_texts_checked(PLAIN).catalog, warehouse, tmp_path)
    (answer,) = answers(world, [msgspec.convert({"indicators": ["c.sum"]}, Question)])
    log = AskedLog(tmp_path / "small.jsonl", lambda: NOW, most_bytes=4000)
    line = (tmp_path / FILE).stat().st_size
    for n in range(100):
        log.note(answer, EVERYTHING, n, 0)
    sizes = sum(path.stat().st_size for path in tmp_path.glob("small.*"))
    assert sizes <= 4000
    kept = read_log(tmp_path / "small.jsonl")
    assert kept[-1].seconds == 99
    assert len(kept) >= 2000 // (line + 20)
    with (tmp_path / "small.jsonl").open("ab") as file:
        file.write(b'{"at": "2026')
    assert read_log(tmp_path / "small.jsonl") == kept


def test_what_states_answer_already_is_not_proposed_again(warehouse: Warehouse, tmp_path: Path) -> None:
    catalog = load_texts_checked(PLAIN).catalog
    world = world_of(catalog, warehouse, tmp_path)
    list(answers(world, [msgspec.convert({"indicators": ["c.sum"], "by": ["c.kind"]}, Question)]))
    (proposal,) = advise(catalog, warehouse, known_modifiers(), read_log(tmp_path / FILE))
    assert (proposal.state.by, proposal.state.of, proposal.questions) == (("c.kind",), ("c.sum",), 1)
    assert re.search(r"states:\n  - \{name: kind_\w+, grain: \w+, by: \[c.kind\], of: \[c.sum\]\}", written(catalog, proposal, 1))
