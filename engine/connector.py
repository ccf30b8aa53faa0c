"""Contract of a connector: it turns a place outside into batches of raw rows, and knows nothing of datasets."""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
import pyarrow as pa
from msgspec import Meta, Struct

from engine.part import PluginPart
from engine.parts import AtLeastOne

Settings = Mapping[str, Any]
SECRET_PREFIX = "secret:"  # under which the environment that a connector is opened with knows a stored secret


class Written(Struct, frozen=True):
    """A row that somebody wrote by hand and that was accepted (填报行): its place among those of its form, and its cells as text."""

    number: int
    cells: Mapping[str, str | None]


class Surroundings(Struct, frozen=True):
    """What a connector may see of the world (环境): it reads no clock, no environment variable and no folder beyond these."""

    now: datetime  # wall clock of the project's zone, no tzinfo
    folder: Path = Path()  # where relative paths start
    roots: tuple[Path, ...] = ()  # folders that may be named by an absolute path
    hosts: frozenset[str] | None = None  # hosts that may be reached; None: any
    written: Callable[[str, int], Iterator[Written]] | None = None  # accepted rows of a form after a number; None: nobody keeps them here


class RefusedRow(Struct, frozen=True):
    """A row that could not even be read (不可读的行)."""

    number: int
    raw: str
    reason_zh: str
    reason_en: str


class RowBatch(Struct, frozen=True):
    """Raw rows in the order of the source (原始行批).

    `rows` has the source's own columns, of any Arrow type. `numbers` counts the rows of one origin as a reader would: from 1, a header
    being row 1. `cursor` is the place from which a later reading goes on once this batch and all before it are stored, as text; None
    when there is no such place after this batch: intake then stores nothing before one comes, or the reading ends.
    `is_sparse`: a column for which no row has a value may be missing, as in JSON; it is empty then, not lost.
    `receipt` is what a Following connector needs in order to acknowledge the batch; nobody else looks into it.
    """

    rows: pa.Table
    numbers: pa.Array  # int64, one for each row
    origin: str
    cursor: str | None = None
    refused: tuple[RefusedRow, ...] = ()
    receipt: object = None
    is_sparse: bool = False


class SourceFailed(Exception):
    """A source could not be read: it is away, refuses us, or is not what its settings say. Carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Connector(PluginPart, frozen=True):
    """Code that reads a source; its fields are the settings of the source (连接器)."""

    stream: ClassVar[type[Struct]]  # the shape of a stream's `read`
    is_by_hand: ClassVar[bool] = False  # whether people write its rows one by one

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The rows of a stream (`stream` is one of `self.stream`), only those from the cursor `since` on when it is given.

        A row at the cursor itself may come again where `comes_again` says so. Raises SourceFailed.
        """
        raise NotImplementedError

    def comes_again(self, stream: Any) -> bool:
        """Whether a row at the cursor may come again, and then with it all rows that say the same."""
        return False

    def check(self, around: Surroundings) -> None:
        """Try the way to the source without reading rows. Raises SourceFailed with what is in the way."""
        raise NotImplementedError


class Following(Connector, frozen=True, kw_only=True):
    """Code that is sent rows and never comes to an end (推送连接器).

    `read` only looks: what is there within a short while, nothing acknowledged, so that a sample takes nothing from anybody.
    """

    batch: Annotated[
        AtLeastOne, Meta(title="批行数", description="Messages taken together at most; they are stored in one transaction")
    ] = 5_000
    linger: Annotated[AtLeastOne, Meta(title="攒批毫秒", description="Milliseconds a message waits for others before it is stored")] = 500

    def follow(self, stream: Any, around: Surroundings, since: str | None, stop: threading.Event) -> Generator[RowBatch]:
        """New rows as they come, from the stored cursor `since` on where the source has a cursor, until `stop` is set: it then ends
        within a second. A batch comes when it is full or has lingered; it may hold refused rows only. While nothing comes, nothing is yielded.

        Short outages are bridged by the connector; raises SourceFailed when the source stays away. Closing it leaves what was
        not acknowledged with the source, which sends it again. One thread at a time drives a generator.
        """
        raise NotImplementedError

    def stored(self, batch: RowBatch) -> None:
        """Called once a batch's rows, its cursor and its refused rows are committed, in the order of the batches, by the thread that
        drives the generator, which may still run or be closed: acknowledges what the batch stands for.

        Never raises for a source that is away: what could not be acknowledged comes again, and its identity or cursor tells it apart.
        """
        raise NotImplementedError


def sample(connector: Connector, stream: Any, around: Surroundings, rows: int) -> pa.Table:
    """The first rows of a stream, raw; an empty table when it has none."""
    with closing(connector.read(stream, around)) as batches:  # a reading left halfway holds its connection until it is closed
        for batch in batches:
            if batch.rows.num_rows:
                return batch.rows.slice(0, rows)
    return pa.table({})


def open_connector(kind: type[Connector], settings: Settings, environment: Mapping[str, str]) -> Connector:
    """The connector with its settings; `{env: NAME}` is replaced by the value of that name, `{secret: name}` by the stored secret. Raises SourceFailed."""
    try:
        return msgspec.convert(_resolved(settings, environment), kind)
    except msgspec.ValidationError as error:
        raise SourceFailed(f"连接器 {kind.tag} 的设置不对：{error}", f"the settings of connector {kind.tag} do not fit: {error}") from None


def stream_of(connector: Connector, read: Settings) -> Any:
    """A stream's `read` in the connector's shape. Raises SourceFailed."""
    try:
        return msgspec.convert(dict(read), connector.stream)
    except msgspec.ValidationError as error:
        raise SourceFailed(f"数据流的 read 不对：{error}", f"`read` of the stream does not fit: {error}") from None


def _resolved(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"env"}:
            return _secret(str(value["env"]), environment)
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            return _stored(value["secret"], environment)
        return {key: _resolved(inner, environment) for key, inner in value.items()}
    return [_resolved(inner, environment) for inner in value] if isinstance(value, list | tuple) else value


def _secret(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise SourceFailed(f"环境变量 {name} 没有设置", f"the environment has no variable {name}")
    return environment[name]


def _stored(name: str, environment: Mapping[str, str]) -> str:
    if SECRET_PREFIX + name not in environment:
        raise SourceFailed(
            f"没有存放密钥「{name}」：用 chengmai secret set {name} 存入",
            f"no secret '{name}' is stored: `chengmai secret set {name}` does it",
        )
    return environment[SECRET_PREFIX + name]
