"""Rows of a simulated city, so that the platform can be seen at work before any business system is connected."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from connectors.simulation.streams import SERIES, TABLES
from engine.connector import Connector, RowBatch, SourceFailed, Surroundings
from engine.findings import did_you_mean
from engine.parts import AtLeastOne, Part


class SimulatedStream(Part, frozen=True):
    """One stream of the simulated city (模拟数据流)."""

    stream: Annotated[str, Meta(title="数据流", description="Which rows", examples=["weighings"])]
    days: Annotated[AtLeastOne | None, Meta(title="历史天数", description="Days of history at the first load")] = None


class Simulator(Connector, frozen=True):
    """Rows of a seeded, deterministic Beijing (模拟数据)."""

    tag: ClassVar[str] = "simulator"
    stream: ClassVar[type[Struct]] = SimulatedStream
    seed: Annotated[int, Meta(title="种子", description="Another seed is another city", ge=0)] = 2026

    def read(self, stream: Any, around: Surroundings, since: str | None = None) -> Generator[RowBatch]:
        """The rows up to `around.now`; the cursor is that instant. Tables without a time come whole and have no cursor."""
        if stream.stream in TABLES:
            yield _batch(TABLES[stream.stream](self.seed), stream.stream, None)
            return
        series = SERIES.get(stream.stream)
        if series is None:
            known = ", ".join([*TABLES, *SERIES])
            zh, en = did_you_mean(stream.stream, [*TABLES, *SERIES], f"可用：{known}", f"there are {known}")
            raise SourceFailed(f"模拟城市没有数据流「{stream.stream}」；{zh}", f"the simulated city has no stream '{stream.stream}'; {en}")
        midnight = around.now.replace(hour=0, minute=0, second=0, microsecond=0)
        first = datetime.fromisoformat(since) if since else midnight - timedelta(days=stream.days or series.days)
        if first < around.now:
            yield _batch(series.rows(self.seed, first, around.now), stream.stream, around.now.isoformat())

    def check(self, around: Surroundings) -> None:
        """The simulated city is always there."""


def _batch(rows: pa.Table, origin: str, cursor: str | None) -> RowBatch:
    return RowBatch(rows, pa.array(np.arange(1, rows.num_rows + 1)), origin, cursor)
