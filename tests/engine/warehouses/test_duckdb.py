"""What holds for DuckDB alone: nothing but its tables can be reached, and a file keeps what was committed."""

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp

from engine.warehouse import Statement, Table, TableColumn, arrow_schema, table_node
from engine.warehouses.duckdb import DuckDbWarehouse

SCANS = Table("lpg", "scans", (TableColumn("id", "integer"), TableColumn("at", "timestamp")), ("id",), "at")


def rows(*numbers: int) -> list[pa.RecordBatch]:
    listed = [{"id": number, "at": datetime(2026, 1, 1, number)} for number in numbers]
    return [pa.RecordBatch.from_pylist(listed, schema=arrow_schema(SCANS))]


def ids(warehouse: DuckDbWarehouse) -> list[int]:
    answer = warehouse.query(Statement(exp.Select(expressions=[exp.column("id")]).from_(table_node(SCANS))))
    return [row["id"] for row in answer.to_pylist()]


@pytest.mark.parametrize(
    "hostile",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/leak.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '/tmp/leak'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "RESET lock_configuration",
        "SET python_enable_replacements = true",
    ],
)
def test_text_that_slipped_through_reaches_no_file_and_no_setting(hostile: str) -> None:
    warehouse = DuckDbWarehouse()

    with pytest.raises(duckdb.Error):
        warehouse._root.cursor().execute(hostile)

    warehouse.close()


def test_a_variable_of_the_program_is_no_table() -> None:
    warehouse = DuckDbWarehouse()
    secret = pa.table({"password": ["x"]})

    with pytest.raises(duckdb.Error, match="secret does not exist"):
        warehouse.query(Statement(exp.Select(expressions=[exp.Star()]).from_("secret")))

    assert secret.num_rows == 1
    warehouse.close()


def test_a_file_keeps_rows_and_versions(tmp_path: Path) -> None:
    warehouse = DuckDbWarehouse(str(tmp_path / "city.duckdb"))
    state = warehouse.load(SCANS, rows(3, 1, 2), "replace")
    warehouse.close()

    again = DuckDbWarehouse(str(tmp_path / "city.duckdb"))

    assert again.state(SCANS) == state
    assert ids(again) == [1, 2, 3]  # clustered by time, as the load left them
    again.close()


def test_a_load_that_was_broken_off_is_not_in_the_file(tmp_path: Path) -> None:
    warehouse = DuckDbWarehouse(str(tmp_path / "city.duckdb"))
    warehouse.load(SCANS, rows(1), "replace")

    def broken() -> object:
        yield from rows(2)
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, duckdb.Error)):
        warehouse.load(SCANS, broken(), "replace")  # type: ignore[arg-type]

    assert ids(warehouse) == [1]
    assert warehouse.load(SCANS, rows(4), "append").version == 2
    warehouse.close()


def test_memory_is_limited() -> None:
    warehouse = DuckDbWarehouse(memory_limit="64MB")
    numbers = exp.Table(this=exp.GenerateSeries(start=exp.Literal.number(1), end=exp.Literal.number(20_000_000)), alias="n")
    sorted_text = exp.Select(expressions=[exp.GroupConcat(this=exp.cast(exp.Star(), exp.DType.TEXT))]).from_(numbers)
    sorted_text.expressions[0].this.set("this", exp.column("generate_series"))

    with pytest.raises(duckdb.OutOfMemoryException):
        warehouse.query(Statement(sorted_text))

    warehouse.close()
