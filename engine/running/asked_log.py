"""What was asked, how long it took and how many rows were read: the shape of questions, never a value they filter by."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Lock
from time import monotonic

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.refuse import Refused
from engine.compiling.rows import parsed
from engine.compiling.tables import table_of
from engine.expression.tree import columns
from engine.question import Asked, Question, Viewer
from engine.running.ask import Answer
from engine.running.states import States
from engine.warehouse import Warehouse

FILE = "questions.jsonl"  # below var/
MOST_BYTES = 4_000_000
OLDER = ".old"


class Noted(Struct, frozen=True):
    """One line of the log (提问记录)."""

    at: str
    question: Question  # without conditions, sorting and limit
    conditions: tuple[str, ...]  # names that its conditions compare, without what they are compared with
    as_of: str
    access: tuple[str, ...]  # rules of the viewer, without the viewer
    sees_all: bool
    seconds: float
    rows: int
    states: tuple[str, ...] = ()


class AskedLog:
    """JSON lines in a file and the one before it, both bounded; the older half is forgotten. Safe to share between threads."""

    def __init__(self, path: Path, now: Callable[[], datetime], most_bytes: int = MOST_BYTES) -> None:
        self._path, self._now, self._most = path, now, most_bytes
        self._lock = Lock()

    def note(self, answer: Answer, viewer: Viewer, seconds: float, rows: int) -> None:
        """A line for an answer that has a frame; wrong questions and lists of values are not noted."""
        line = noted(answer, viewer, self._now(), seconds, rows)
        if line is None:
            return
        text = msgspec.json.encode(line) + b"\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size + len(text) > self._most // 2:
                self._path.replace(self._path.with_suffix(OLDER))
            with self._path.open("ab") as file:
                file.write(text)


def noted(answer: Answer, viewer: Viewer, now: datetime, seconds: float, rows: int) -> Noted | None:
    """The line of an answer, None where there is nothing to learn."""
    question = answer.question
    if answer.frame is None or answer.compiled is None or question.values or answer.as_of is None:
        return None
    texts = [question.where, *(one.where for one in question.indicators if isinstance(one, Asked))]
    try:
        names = {column.name for text in texts if text for column in columns(parsed(text).expr)}
    except Refused:
        return None
    asked = tuple(replace(one, where=None) if isinstance(one, Asked) else one for one in question.indicators)
    shape = replace(question, indicators=asked, where=None, having=None, order=(), limit=None)
    return Noted(
        now.isoformat(sep=" ", timespec="seconds"), shape, tuple(sorted(names)), answer.as_of.isoformat(), viewer.access, viewer.sees_all,
        round(seconds, 6), rows, answer.compiled.states,
    )  # fmt: skip


def read_log(path: Path) -> list[Noted]:
    """The lines, oldest first; one that was cut off by a crash, or written by another version, is passed over."""
    found: list[Noted] = []
    for file in (path.with_suffix(OLDER), path):
        for line in file.read_bytes().splitlines() if file.is_file() else ():
            try:
                found.append(msgspec.json.decode(line, type=Noted))
            except msgspec.MsgspecError:
                continue
    return found


def rows_read(warehouse: Warehouse, states: States | None, answer: Answer) -> int:
    """Rows of the tables that an answer was read from: of the stored states where those were read."""
    if answer.compiled is None or states is None:
        return 0
    if answer.compiled.states:
        rows = states.ready().rows
        return sum(rows.get(id, 0) for id in set(answer.compiled.states))
    tables = [table_of(id, dataset) for id in answer.compiled.tables if (dataset := states.catalog.dataset(id)) is not None]
    return sum(held.rows for table in tables if (held := warehouse.state(table)) is not None)


def timed(answers: Iterable[Answer]) -> Iterator[tuple[Answer, float]]:
    """Each answer with the seconds it took to come; what a reader does in between is not counted."""
    waiting = iter(answers)
    while True:
        begun = monotonic()
        answer = next(waiting, None)
        if answer is None:
            return
        yield answer, monotonic() - begun
