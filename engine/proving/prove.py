"""A proof is run as any question is asked, with the production planner and a real warehouse; only the rows are given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from engine.compiling.tables import table_of
from engine.findings import Finding, Place
from engine.frame import QUALITY, Frame
from engine.kinds.test import Case, Given, Test
from engine.loading.catalog import Catalog
from engine.proving.comparing import Row, difference
from engine.proving.given import UnreadableRow, batch_of, rows_of
from engine.question import EVERYTHING, Question, Viewer
from engine.warehouse import Warehouse

# A question that names no as_of is asked long after its rows, so that nothing in it is unfinished.
NOW = datetime(2100, 1, 1)


class Answered(Protocol):
    """What a question comes back as; `running.ask.Answer` is one (答案)."""

    @property
    def frame(self) -> Frame | None:
        """Rows of the answer."""

    @property
    def totals(self) -> Frame | None:
        """The value over all groups, when asked for."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Why there is no answer."""


Ask = Callable[[Catalog, Warehouse, Sequence[Question], Viewer, datetime], Iterator[Answered]]


class ProofResult(Struct, frozen=True):
    """How one case of a proof came out (验证结果)."""

    test: str
    case: int
    title: str
    is_passed: bool
    difference: str = ""  # a table of what was expected and what came; empty when passed
    findings: tuple[Finding, ...] = ()


class Prover:
    """Proofs of one catalog in one warehouse that was empty; remembers which rows lie in it, so that a case writes only the tables that differ."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse, ask: Ask) -> None:
        self.catalog = catalog
        self.warehouse = warehouse
        self.ask = ask
        self.given: dict[str, list[dict[str, Any]]] = {}
        for id in catalog.ids("dataset"):
            dataset = catalog.dataset(id)
            if dataset is not None:
                warehouse.create(table_of(id, dataset))

    def prove(self, test_id: str) -> list[ProofResult]:
        """Every case of the proof, in order. KeyError when no proof has that id."""
        test = self.catalog.spec("test", test_id)
        if not isinstance(test, Test):
            raise KeyError(test_id)
        return [self._case(test_id, i, test, case) for i, case in enumerate(cases_of(test))]

    def _case(self, test_id: str, index: int, test: Test, case: Case) -> ProofResult:
        place = self.catalog.place("test", test_id, *(("cases", index) if test.cases else ()))
        title = case.title or ""
        try:
            self._load((*test.given, *case.given), place)
            question = question_of(case.ask, test.of or test_id)
        except UnreadableRow as unreadable:
            return ProofResult(test_id, index, title, False, findings=(unreadable.finding,))
        except msgspec.ValidationError as error:
            return ProofResult(test_id, index, title, False, findings=(_unreadable_question(error, place),))
        answer = next(iter(self.ask(self.catalog, self.warehouse, (question,), viewer_of(case.viewer), datetime.max)))  # a proof has no clock: nothing is late
        said = _judge(case, question, answer)
        return ProofResult(test_id, index, title, said is None, said or "", tuple(answer.findings) if said else ())

    def _load(self, given: Sequence[Given], place: Place) -> None:
        rows = rows_of(self.catalog, given, place)
        for id in sorted(self.given.keys() | rows.keys()):
            if rows.get(id, []) == self.given.get(id, []):
                continue
            dataset = self.catalog.dataset(id)
            assert dataset is not None
            table = table_of(id, dataset)
            self.warehouse.load(table, [batch_of(table, rows.get(id, []))], "replace")
            self.given[id] = rows.get(id, [])


def prove(catalog: Catalog, test_id: str, warehouse: Warehouse, ask: Ask) -> list[ProofResult]:
    """Every case of one proof, in an empty warehouse. KeyError when no proof has that id."""
    return Prover(catalog, warehouse, ask).prove(test_id)


def cases_of(test: Test) -> tuple[Case, ...]:
    """The cases; a proof that states its question at the top is one case."""
    return test.cases or (Case(ask=test.ask or {}, viewer=test.viewer, expect=test.expect),)


def question_of(written: Mapping[str, Any], indicator: str) -> Question:
    """The question of a case: of the given indicator when it names none, at NOW without as_of. Raises msgspec.ValidationError."""
    question = msgspec.convert(dict(written), Question)
    if not question.indicators and not question.values:
        question = msgspec.structs.replace(question, indicators=(indicator,))
    return question if question.as_of else msgspec.structs.replace(question, as_of=f"{NOW:%Y-%m-%d}")


def viewer_of(written: Mapping[str, Any] | None) -> Viewer:
    """Who asks: {access: [...], attributes: {name: [...]}}; nobody said means the one who sees everything."""
    if written is None:
        return EVERYTHING
    attributes = tuple((name, tuple(str(value) for value in values)) for name, values in written.get("attributes", {}).items())
    return Viewer(name="proof", access=tuple(written.get("access", ())), attributes=attributes)


def _judge(case: Case, question: Question, answer: Answered) -> str | None:
    """None when the answer is the expected one, else what differs."""
    codes = [finding.code for finding in answer.findings]
    if case.expect_finding is not None:
        return None if case.expect_finding in codes else f"expected the finding {case.expect_finding}, got {codes or 'an answer'}"
    if answer.frame is None or codes:
        return "\n".join(["expected an answer, got findings", *(finding.text("en") for finding in answer.findings)])
    is_silent = case.expect is None and (case.expect_totals is not None or case.expect_marks is not None)
    said = None if is_silent else _compare(case.expect or (), answer.frame, bool(question.order))
    if said is None and case.expect_totals is not None:
        totals = answer.totals
        said = "expected totals, got none" if totals is None else _compare(case.expect_totals, totals, False)
        said = said and f"totals\n{said}"
    if said is None and case.expect_marks is not None and sorted(case.expect_marks) != sorted(answer.frame.marks):
        return f"expected the marks {sorted(case.expect_marks)}, got {sorted(answer.frame.marks)}"
    return said


def _compare(expected: Sequence[Row], frame: Frame, is_ordered: bool) -> str | None:
    keys = [column.name for column in frame.of_role("dimension", "time")]
    values = [column.name for column in frame.of_role("value")]
    alone = values[0] if len(values) == 1 and values[0] not in {name for row in expected for name in row} else None
    wanted = [{(alone if alone and name == "value" else name): value for name, value in row.items()} for row in expected]
    asked = {name for row in wanted for name in row} & set(QUALITY)
    shown = [*keys, *values, *(name for name in QUALITY if name in asked)]
    got = [{name: row.get(name) for name in shown} for row in frame.table.to_pylist()]
    return difference(wanted, got, keys, is_ordered)


def _unreadable_question(error: msgspec.ValidationError, place: Place) -> Finding:
    return Finding(
        place=place, code="unreadable-question", zh=f"这个提问读不懂：{error}", en=f"this question cannot be read: {error}",
        advice_zh="字段见 chengmai schema question", advice_en="`chengmai schema question` shows the fields",
    )  # fmt: skip
