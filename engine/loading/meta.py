"""What intake writes beside the columns of a source: whose row it is, when it came, what time it tells of, and how far to trust it."""

from collections.abc import Callable

from msgspec.structs import replace

from engine.kinds.analysis import output_of
from engine.kinds.dataset import Column, Dataset
from engine.kinds.source import Source, Stream
from engine.parts import Code

SOURCE_SYSTEM, SOURCE_ID, INGEST_TIME, DATA_TIME, QUALITY_FLAG = "source_system", "source_id", "ingest_time", "data_time", "quality_flag"
OK, LATE, SUSPECT, MANUAL = "ok", "late", "suspect", "manual"
FLAGS = (
    Code(code=OK, title="正常"), Code(code=LATE, title="迟到"), Code(code=SUSPECT, title="存疑"), Code(code=MANUAL, title="人工"),
)  # fmt: skip
META = (
    Column(name=SOURCE_SYSTEM, title="来源系统", type="text"),
    Column(name=SOURCE_ID, title="来源记录号", type="text"),
    Column(name=INGEST_TIME, title="接入时间", type="timestamp"),
    Column(name=DATA_TIME, title="业务时间", type="timestamp"),
    Column(name=QUALITY_FLAG, title="质量标记", type="enum", of=FLAGS),
)


def with_meta(dataset: Dataset, source_of: Callable[[str], Source | None]) -> Dataset:
    """The dataset with the meta columns that its author has not written himself, where its rows come from a stream; any other as it is.

    One without a key whose stream tells rows apart is keyed by what tells them apart there: a row that comes again replaces itself.
    """
    if dataset.source is None or output_of(dataset.source) is not None:
        return dataset
    own = {column.name for column in dataset.columns}
    whole = replace(dataset, columns=(*dataset.columns, *(column for column in META if column.name not in own)))
    stream = stream_named(dataset.source, source_of)
    return replace(whole, key=(SOURCE_SYSTEM, SOURCE_ID)) if stream is not None and stream.identity and not dataset.key else whole


def is_meta(dataset: Dataset, name: str) -> bool:
    """Whether a column of the dataset is one that intake writes, not its author's."""
    return any(column.name == name and column in META for column in dataset.columns)


def stream_named(name: str, source_of: Callable[[str], Source | None]) -> Stream | None:
    """The stream that a dataset names: source id, slash, stream name."""
    source_id, _, stream = name.rpartition("/")
    source = source_of(source_id)
    return next((one for one in source.streams if one.name == stream), None) if source is not None else None
