"""Contract of a connector: it turns a place outside into batches of raw rows, and knows nothing of datasets."""

from collections.abc import Generator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pyarrow as pa
from msgspec import Struct

from engine.part import PluginPart

Settings = Mapping[str, Any]


class Surroundings(Struct, frozen=True):
    """What a connector may see of the world (环境): it reads no clock, no environment variable and no folder beyond these."""

    now: datetime  # wall clock of the project's zone, no tzinfo
    folder: Path = Path()  # where relative paths start
    roots: tuple[Path, ...] = ()  # folders that may be named by an absolute path
    hosts: frozenset[str] | None = None  # hosts that may be reached; None: any


class RefusedRow(Struct, frozen=True):
    """A row that could not even be read (不可读的行)."""

    number: int
    raw: str
    reason_zh: str
    reason_en: str


class RowBatch(Struct, frozen=True):
    """Raw rows in the order of the source (原始行批).

    `rows` has the source's own columns, of any Arrow type. `numbers` counts the rows of one origin as a reader would: from 1, a header
    being row 1. `cursor` is the place from which a later reading goes on, as text; None when the source has no such place.
    """

    rows: pa.Table
    numbers: pa.Array  # int64, one for each row
    origin: str
    cursor: str | None = None
    refused: tuple[RefusedRow, ...] = ()


class SourceFailed(Exception):
    """A source could not be read: it is away, refuses us, or is not what its settings say. Carries a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Connector(PluginPart, frozen=True):
    """Code that reads a source; its fields are the settings of the source (连接器)."""

    stream: ClassVar[type[Struct]]  # the shape of a stream's `read`

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The rows of a stream (`stream` is one of `self.stream`), only those from the cursor `since` on when it is given.

        A row at the cursor itself may come again. Raises SourceFailed.
        """
        raise NotImplementedError

    def check(self, around: Surroundings) -> None:
        """Try the way to the source without reading rows. Raises SourceFailed with what is in the way."""
        raise NotImplementedError


def sample(connector: Connector, stream: Any, around: Surroundings, rows: int) -> pa.Table:
    """The first rows of a stream, raw; an empty table when it has none."""
    with closing(connector.read(stream, around)) as batches:  # a reading left halfway holds its connection until it is closed
        for batch in batches:
            if batch.rows.num_rows:
                return batch.rows.slice(0, rows)
    return pa.table({})


def open_connector(kind: type[Connector], settings: Settings, environment: Mapping[str, str]) -> Connector:
    """The connector with its settings; `{env: NAME}` is replaced by the value of that name. Raises SourceFailed."""
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
        return {key: _resolved(inner, environment) for key, inner in value.items()}
    return [_resolved(inner, environment) for inner in value] if isinstance(value, list | tuple) else value


def _secret(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise SourceFailed(f"环境变量 {name} 没有设置", f"the environment has no variable {name}")
    return environment[name]
