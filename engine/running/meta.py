"""The meta columns of incoming rows: whose they are, when they came, what time they tell of, and whether that was late."""

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from engine.compiling.periods import bucket_start, moved
from engine.compiling.tables import default_time
from engine.connector import RowBatch, SourceFailed
from engine.kinds.dataset import Dataset, Time
from engine.loading.catalog import Catalog
from engine.loading.meta import DATA_TIME, INGEST_TIME, LATE, MANUAL, OK, QUALITY_FLAG, SOURCE_ID, SOURCE_SYSTEM, SUSPECT, is_meta
from engine.parts import span_of
from engine.running.cells import Bad, none_bad, typed_cells, whole
from engine.running.contents import Contents
from engine.running.field_map import StreamOf
from engine.running.quarantine import Flaw
from engine.warehouse import ARROW_TYPES

DAY = timedelta(days=1)


class Marking(Struct, frozen=True):
    """How the rows of one reading are marked (元列)."""

    dataset: Dataset
    source_id: str
    identity: tuple[str, ...]
    now: datetime
    time: Time | None
    zone: str  # the project's
    late_before: datetime | None  # rows that tell of an earlier time came later than promised
    closed_before: datetime | None  # rows that tell of an earlier time are not taken any more
    accept: str  # how long late rows are taken, as it was declared
    is_by_hand: bool = False
    contents: Contents | None = None  # names the rows that nothing else tells apart


def marking(
    catalog: Catalog, dataset_id: str, dataset: Dataset, stream: StreamOf, now: datetime, *,
    is_history: bool, is_by_hand: bool, contents: Contents | None = None,
) -> Marking:  # fmt: skip
    """How rows that come at `now` are marked. Rows of a history are never late: nobody knows when they would have come."""
    time = default_time(dataset)
    promised, accept = stream.stream.promised_delay, _accepted(catalog, dataset_id, stream)
    return Marking(
        dataset=dataset, source_id=stream.source_id, identity=stream.stream.identity, now=now, time=time, zone=catalog.project.zone,
        late_before=None if is_history or promised is None else _edge(dataset, time, moved(now, -span_of(promised))),
        closed_before=None if is_history or accept is None else _edge(dataset, time, moved(now, -span_of(accept))),
        accept=accept or "", is_by_hand=is_by_hand, contents=contents,
    )  # fmt: skip


def _accepted(catalog: Catalog, dataset_id: str, stream: StreamOf) -> str | None:
    """How late rows may be: what the stream says, or the most that an indicator over the dataset accepts."""
    if stream.stream.accept_late is not None:
        return stream.stream.accept_late
    spans = [
        one.late.accept
        for id in catalog.ids("indicator")
        if (one := catalog.indicator(id)) is not None and one.dataset == dataset_id and one.late is not None and one.late.accept is not None
    ]
    return max(spans, key=lambda span: span_of(span).months * 30 * 86400 + span_of(span).seconds, default=None)


def _edge(dataset: Dataset, time: Time | None, moment: datetime | None) -> datetime | None:
    """The time before which a row's period had ended at the moment: a row of a day is due when the day is over."""
    column = next((one for one in dataset.columns if time is not None and one.name == time.column), None)
    if moment is None or column is None or column.type != "date":
        return moment
    return bucket_start(moment, "month") if dataset.partition == "month" else bucket_start(moment, "day")


def marked(marking: Marking, rows: pa.Table, batch: RowBatch) -> tuple[pa.Table, list[Flaw]]:
    """The typed rows with their meta columns but the flag, and the rows that can't be told apart or came too late. Raises SourceFailed."""
    dataset, flaws, own = marking.dataset, [], {}
    own[SOURCE_SYSTEM] = pa.repeat(pa.scalar(marking.source_id, pa.string()), rows.num_rows)
    own[SOURCE_ID], nameless = _identity(marking, rows, batch)
    own[INGEST_TIME] = pa.repeat(pa.scalar(marking.now, ARROW_TYPES["timestamp"]), rows.num_rows)
    own[DATA_TIME] = _told(marking, rows)
    for name, values in own.items():
        if is_meta(dataset, name) and name not in rows.column_names:
            rows = rows.append_column(name, values)
    if SOURCE_ID in dataset.key and nameless.any():
        named = "、".join(marking.identity)
        flaws.append(
            Flaw(nameless, SOURCE_ID, "not_null", f"缺少去重键「{named}」", f"its identity ({', '.join(marking.identity)}) has no value")
        )
    if marking.closed_before is not None and (old := _before(own[DATA_TIME], marking.closed_before)).any():
        flaws.append(_too_late(marking, old, own[DATA_TIME]))
    return rows, flaws


def _too_late(marking: Marking, old: Bad, times: pa.Array) -> Flaw:
    assert marking.closed_before is not None and marking.time is not None
    return Flaw(
        old, marking.time.column, "too_late",
        f"来得太迟：是 {{value}} 的行，{marking.closed_before:%Y-%m-%d %H:%M} 以前的不再接受（期限 {marking.accept}）",
        f"it came too late: a row of {{value}}, while those before {marking.closed_before:%Y-%m-%d %H:%M} are not taken any more"
        f" (accepted for {marking.accept})",
        times,
    )  # fmt: skip


def flagged(marking: Marking, rows: pa.Table, suspect: Bad) -> pa.Table:
    """The rows with their quality flag: by hand before suspect (a rule that warns was broken) before late."""
    if not is_meta(marking.dataset, QUALITY_FLAG) or QUALITY_FLAG in rows.column_names:
        return rows
    words = np.zeros(rows.num_rows, dtype=np.int8)
    if marking.late_before is not None and DATA_TIME in rows.column_names:
        words[_before(rows[DATA_TIME].combine_chunks(), marking.late_before)] = 1
    words[suspect] = 2
    if marking.is_by_hand:
        words[:] = 3
    flags = pa.array([OK, LATE, SUSPECT, MANUAL], pa.string()).take(pa.array(words))
    return rows.append_column(QUALITY_FLAG, flags)


def _before(times: pa.Array, edge: datetime) -> Bad:
    return np.asarray(pc.fill_null(pc.less(times, pa.scalar(edge, times.type)), False), dtype=np.bool_)


def _told(marking: Marking, rows: pa.Table) -> pa.Array:
    """The default time of each row, wall clock of the project."""
    time, kind = marking.time, ARROW_TYPES["timestamp"]
    if time is None or time.column not in rows.column_names:
        return pa.nulls(rows.num_rows, kind)
    values = whole(rows[time.column]).cast(kind)
    if time.zone is None or time.zone == marking.zone:
        return values
    instants = pc.assume_timezone(values, time.zone, ambiguous="earliest", nonexistent="earliest")
    return pc.local_timestamp(instants.cast(pa.timestamp("us", marking.zone)))


def _identity(marking: Marking, rows: pa.Table, batch: RowBatch) -> tuple[pa.Array, Bad]:
    """What the source calls each row, and which rows it does not name; where nothing tells them apart, their place in it."""
    if marking.contents is not None:
        return marking.contents.names(batch.rows, batch.cursor), none_bad(rows.num_rows)
    if marking.identity:
        cells = [_raw(batch.rows, name) for name in marking.identity]
    else:
        cells = [typed_cells(rows[name], "text").values for name in marking.dataset.key if name in rows.column_names]
    if not cells:
        return pc.binary_join_element_wise(pa.scalar(batch.origin), batch.numbers.cast(pa.string()), "#"), none_bad(rows.num_rows)
    if len(cells) == 1:
        return cells[0], np.asarray(cells[0].is_null())
    joined = pc.binary_join_element_wise(*(_plain(one) for one in cells), "|")
    return joined, np.asarray(joined.is_null())


def _raw(raw: pa.Table, name: str) -> pa.Array:
    if name not in raw.column_names:
        names = "、".join(raw.column_names[:40])
        raise SourceFailed(
            f"来源没有去重键「{name}」；有：{names}", f"the source has no column '{name}', which is to tell rows apart; it has {names}"
        )
    return typed_cells(pc.utf8_trim_whitespace(typed_cells(raw[name], "text").values), "text").values


def _plain(cells: pa.Array) -> pa.Array:
    """Texts in which the mark between two of them means only itself."""
    if not pc.any(pc.match_substring_regex(cells, r"[|\\]")).as_py():
        return cells
    return pc.replace_substring_regex(cells, r"([|\\])", r"\\\1")
