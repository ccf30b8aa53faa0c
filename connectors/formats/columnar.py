"""Parquet, whose columns bring their types: read in batches, nested columns named a.b."""

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.formats.piece import BATCH, Piece


def read_parquet(file: IO[bytes]) -> Iterator[Piece]:
    """The rows in batches; numbers count from 1, there is no header."""
    done = 0
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(BATCH):
            rows = pa.Table.from_batches([batch]).flatten()
            yield Piece(rows, list(range(done + 1, done + 1 + rows.num_rows)))
            done += rows.num_rows
