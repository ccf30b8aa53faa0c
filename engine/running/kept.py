"""From when on rows and states are still there: what retention removed is remembered, so that it is never missed silently."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from engine.compiling.periods import day_offset
from engine.compiling.rollup import Ready
from engine.compiling.tables import default_time
from engine.kinds.dataset import Dataset
from engine.running.quarantine import Flaw
from engine.running.touched import Reader
from engine.warehouse import Statement, Table, TableColumn, Transaction, Warehouse, arrow_schema

KEPT = Table(
    schema="chengmai",
    name="kept_from",
    columns=(
        TableColumn("id", "text"),  # of a dataset, or of a state
        TableColumn("since", "timestamp"),  # the first period that is still there; business days begin later on the clock
    ),
    key=("id",),
)


def kept_from(warehouse: Warehouse) -> dict[str, datetime]:
    """First period still there, of each dataset and state of which older ones were removed."""
    return kept_in(warehouse) if warehouse.state(KEPT) is not None else {}


def kept_in(reader: Reader) -> dict[str, datetime]:
    """The same where the table is known to be there."""
    book = exp.Table(this=exp.to_identifier(KEPT.name), db=exp.to_identifier(KEPT.schema))
    rows = reader.query(Statement(exp.Select(expressions=[exp.column(one.name) for one in KEPT.columns]).from_(book))).to_pylist()
    return {row["id"]: row["since"] for row in rows}


def keep_from(transaction: Transaction, since: Mapping[str, datetime]) -> None:
    """Remember that nothing older is there any more."""
    columns = {"id": pa.array(list(since), pa.string()), "since": pa.array(list(since.values()), pa.timestamp("us"))}
    if since:
        transaction.load(KEPT, [pa.record_batch(columns, schema=arrow_schema(KEPT))], "upsert")


def without_states(warehouse: Warehouse) -> Ready:
    """What who reads no states must know of the rows all the same: from when on they are there."""
    return Ready(stamp=(kept_version(warehouse),), kept_from=kept_from(warehouse))


def too_old(dataset: Dataset, rows: pa.Table, since: datetime | None) -> list[Flaw]:
    """Rows of periods whose rows were removed: states hold what those said, and one row would not count there."""
    time = default_time(dataset)
    if since is None or time is None or time.column not in rows.column_names:
        return []
    first = pa.scalar(since + day_offset(time), pa.timestamp("us"))
    old = pc.fill_null(pc.less(rows.column(time.column).cast(pa.timestamp("us")), first), False)
    if not pc.any(old).as_py():
        return []
    said = (
        f"早于 {since:%Y-%m-%d}，那时的原始行已按保留期删除，预聚合不再重算",
        f"before {since:%Y-%m-%d}: rows of that time were removed, and states are not counted again there",
    )
    return [Flaw(old.combine_chunks().to_numpy(zero_copy_only=False), time.column, "kept", *said)]


def kept_version(warehouse: Warehouse) -> int:
    """Moves whenever something was removed; 0 before that."""
    state = warehouse.state(KEPT)
    return state.version if state is not None else 0
