"""Rows that wait to be loaded: in memory while they are few, in a file that nobody else sees when they are many."""

import tempfile
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

MEMORY = 96 * 1024 * 1024  # bytes of rows that wait in memory; more go to disk


class Spool:
    """Record batches of one schema, in their order; those read from a slow source wait here, so that nobody waits for the source."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory, self._held, self._bytes = memory, list[pa.RecordBatch](), 0
        self._file: IO[bytes] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch."""
        self.rows += batch.num_rows
        self._held.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > self._memory:
            self._spill()

    @property
    def held(self) -> list[pa.RecordBatch]:
        """The batches that are in memory."""
        return list(self._held)

    def _spill(self) -> None:
        if self._writer is None:
            self._file = tempfile.TemporaryFile(prefix="chengmai-")  # noqa: SIM115 (closed by `close`)
            self._writer = pa.ipc.new_stream(self._file, self._held[0].schema)
        for batch in self._held:
            self._writer.write_batch(batch)
        self._held, self._bytes = [], 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All batches in their order; may be asked once, after the last `add`."""
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._writer = None
            self._file.seek(0)
            with pa.ipc.open_stream(self._file) as reader:
                yield from reader
        yield from self._held

    def close(self) -> None:
        """Let memory and file go."""
        self._held = []
        if self._writer is not None:
            self._writer.close()
        if self._file is not None:
            self._file.close()
