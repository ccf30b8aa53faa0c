"""Rows from a source reach the warehouse typed, coded and converted, or reach the quarantine with a reason; none is lost on the way."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any

from msgspec import Struct

from engine.connector import Connector, Following, RowBatch, SourceFailed, Surroundings, open_connector, stream_of
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.loading.meta import SOURCE_ID, SOURCE_SYSTEM, is_meta
from engine.running.cursors import Cursor, cursor_of, mark_of
from engine.running.field_map import StreamOf
from engine.running.taking import Taking, Terms, stream_for
from engine.warehouse import LoadMode, Warehouse

MOST = 1_000_000  # rows of one transaction, where the source has places to go on from
PUSHED = SourceFailed(
    "推送的数据流由 chengmai serve 随到随取，不能这样读",
    "a stream that is pushed is taken in as it comes by `chengmai serve`, not read like this",
)
Seen = Callable[[Taking], None]


def _anything(taking: Taking) -> None:
    """Columns are taken as they come."""


class IntakeResult(Struct, frozen=True):
    """What became of the rows of one reading (取数结果): rows_in = loaded + quarantined."""

    dataset: str
    rows_in: int
    loaded: int  # sent to the warehouse; a repeated key replaces its row there
    quarantined: int  # rows, however many flaws each has
    warned: int  # loaded though a rule that only warns was broken
    rows: int  # rows of the dataset afterwards
    version: int
    cursor: str | None


def intake(
    catalog: Catalog,
    dataset_id: str,
    warehouse: Warehouse,
    connectors: Mapping[str, type[Connector]],
    around: Surroundings,
    environment: Mapping[str, str],
    *,
    from_start: bool = False,
    seen: Seen = _anything,
    most: int = MOST,
) -> IntakeResult:
    """Read the stream that a dataset comes from, from where its rows end, and load it. Raises SourceFailed, DefinitionsAreWrong, Overtaken.

    With a key, rows replace rows of the same key; without one, a reading from the start replaces everything and a later one appends.
    How far the stream was read is written with the rows: after a crash it goes on there, and neither loses nor repeats any.
    `seen` is shown what was read before it is stored, and may refuse it by raising SourceFailed.
    """
    dataset, stream = stream_for(catalog, dataset_id)
    source = catalog.source(stream.source_id)
    assert source is not None
    connector, read = opened(source, stream, connectors, environment)
    if isinstance(connector, Following):
        raise SourceFailed(PUSHED.zh, PUSHED.en)
    held = None if from_start else cursor_of(warehouse, f"{stream.source_id}/{stream.stream.name}", dataset_id)
    shaped, reads = stream_of(connector, read), mark_of(read)
    if held is not None and held.reads != reads:
        held = _of_another_reading(dataset_id, is_keyed=bool(dataset.key))
    by_content = connector.comes_again(shaped) and not dataset.key and is_meta(dataset, SOURCE_ID) and is_meta(dataset, SOURCE_SYSTEM)
    mode: LoadMode = "upsert" if dataset.key else "replace" if held is None else "upsert" if by_content else "append"
    terms = Terms(
        now=around.now, mode=mode, is_history=held is None, is_by_hand=connector.is_by_hand, begun_at=held.cursor if held else None,
        is_resumed=held is not None, by_content=by_content, reads=reads,
    )  # fmt: skip
    with closing(connector.read(shaped, around, terms.begun_at)) as batches:
        return _taken(Taking(catalog, dataset_id, warehouse, terms), batches, warehouse, seen, most, is_whole=from_start)


def take_in(
    catalog: Catalog, dataset_id: str, batches: Iterable[RowBatch], warehouse: Warehouse, terms: Terms, *, most: int = MOST
) -> IntakeResult:
    """Load raw rows that somebody has read for the stream of a dataset. Raises SourceFailed, DefinitionsAreWrong, Overtaken."""
    return _taken(Taking(catalog, dataset_id, warehouse, terms), batches, warehouse, _anything, most, is_whole=False)


def opened(
    source: Source, stream: StreamOf, connectors: Mapping[str, type[Connector]], environment: Mapping[str, str]
) -> tuple[Connector, dict[str, Any]]:
    """The connector of a source with its settings, and what it is to read. Raises SourceFailed."""
    kind = connectors.get(source.connector)
    if kind is None:
        names = "、".join(sorted(connectors))
        raise SourceFailed(
            f"没有连接器「{source.connector}」；有：{names}", f"there is no connector '{source.connector}'; there are {names}"
        )
    read: dict[str, Any] = dict(stream.stream.read)
    if stream.stream.encoding is not None:
        read["encoding"] = stream.stream.encoding
    return open_connector(kind, source.settings, environment), read


def _of_another_reading(dataset_id: str, *, is_keyed: bool) -> Cursor | None:
    """What another `read` remembered is no place in this one: rows with a key are read again, others would be doubled or lost."""
    if is_keyed:
        return None
    raise SourceFailed(
        "数据流的 read 改过，原来的游标不再适用，而这个数据集没有主键；用 chengmai intake --from-start 从头读并替换全部行",
        "`read` of the stream was changed, so its cursor means nothing any more, and the dataset has no key;"
        " `chengmai intake --from-start` reads from the start and replaces all rows",
    )


def _taken(taking: Taking, batches: Iterable[RowBatch], warehouse: Warehouse, seen: Seen, most: int, *, is_whole: bool) -> IntakeResult:
    """Store batch after batch, in one transaction or, where the source has places to go on from, in several."""
    with closing(taking):
        for batch in batches:
            try:
                taking.add(batch)
            except SourceFailed:
                seen(taking)  # a column that is missing is told as what has changed
                raise
            if taking.waiting >= most and batch.cursor is not None and not is_whole:
                seen(taking)
                store([taking], warehouse)
        seen(taking)
        store([taking], warehouse)
    return result_of(taking)


def store(takings: Iterable[Taking], warehouse: Warehouse) -> None:
    """Write what waits in one transaction, for however many datasets. Raises Overtaken."""
    waiting = [one for one in takings if one.has_news() or one.is_further()]
    if waiting:
        with warehouse.transaction() as transaction:
            for one in waiting:
                one.store_in(transaction)
    for one in waiting:
        one.stored()


def result_of(taking: Taking) -> IntakeResult:
    """What has become of the rows so far."""
    state = taking.state
    rows, version = (state.rows, state.version) if state is not None else (0, 0)
    return IntakeResult(
        taking.id, taking.rows_in, taking.loaded, taking.quarantined, taking.warned, rows, version, taking.cursor
    )  # fmt: skip
