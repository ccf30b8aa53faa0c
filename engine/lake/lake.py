"""A folder of Parquet files that is loaded all or nothing, several tables at once, without a database: what Spark queries."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from engine.lake import manifest
from engine.lake.loads import Loads
from engine.lake.manifest import Manifest
from engine.warehouse import Table, TableState


class Lake:
    """Tables below `root/<schema>/<table>/<month>/` (数据湖).

    A load writes new files; the end of its transaction puts the manifests that name them in place, so readers see whole transactions
    only, in whatever process they run. Files that no longer count stay for `keep_seconds`, which is to be longer than the longest query.
    """

    def __init__(
        self,
        root: Path,
        keep_seconds: float = 600.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        mark: Callable[[], str] = lambda: token_hex(4),
    ) -> None:
        self.root, self._keep, self._now, self._mark = root.resolve(), keep_seconds, now, mark

    def folder(self, schema: str, name: str) -> Path:
        """Where a table lies, or would."""
        return manifest.folder_of(self.root, Table(schema, name, ()))

    def held(self, names: Sequence[tuple[str, str]]) -> list[Manifest | None]:
        """The manifests of tables as of one moment; None where there is no table."""
        return manifest.current(self.root, [self.folder(*name) for name in names])

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        (found,) = self.held([(table.schema, table.name)])
        return found.state() if found else None

    def create(self, table: Table) -> None:
        """Make the table when it is missing, add columns that are new."""
        (found,) = self.held([(table.schema, table.name)])
        if found is None or not {column.name for column in table.columns} <= {column.name for column in found.columns}:
            with self.transaction() as loads:
                loads.create(table)

    @contextmanager
    def transaction(self) -> Iterator[Loads]:
        """Loads that hold from the end of the block, all or none of them; other transactions wait until then."""
        with manifest.locked(self.root):
            manifest.finish_commit(self.root)
            loads = Loads(self.root, self._keep, self._now, self._mark)
            yield loads
            manifest.commit(self.root, loads.changed)
