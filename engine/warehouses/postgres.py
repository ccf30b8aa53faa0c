"""PostgreSQL, and databases that speak its protocol: the warehouse of several machines, and the second opinion of every proof."""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql as driver_sql
from psycopg_pool import ConnectionPool
from sqlglot import exp

from engine import warehouse
from engine.warehouse import Cancel, LoadMode, RowsDoNotFit, Statement, Table, TableColumn, TableState, Watch

_CREATE_STATE = """
    CREATE SCHEMA IF NOT EXISTS chengmai;
    CREATE TABLE IF NOT EXISTS chengmai.table_state (
        schema text, name text, version bigint NOT NULL, rows bigint NOT NULL, watermark timestamp, loaded_at timestamp NOT NULL,
        PRIMARY KEY (schema, name))"""
_READ_STATE = "SELECT version, rows, watermark, loaded_at FROM chengmai.table_state WHERE schema = %s AND name = %s"
_WRITE_STATE = """
    INSERT INTO chengmai.table_state VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (schema, name)
    DO UPDATE SET version = excluded.version, rows = excluded.rows, watermark = excluded.watermark, loaded_at = excluded.loaded_at"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
_LIMITS = "SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', %s, true)"
# True when text is already ordered by code point and lower() knows more than ASCII; else the collation to give to text columns.
_COLLATION = """
    SELECT 'B' < 'a' AND lower('É') = 'é', coalesce((SELECT collname FROM pg_collation WHERE collname = 'pg_c_utf8' LIMIT 1), 'C')"""
_READ_AS = {  # by type number; 1700 is numeric
    16: pa.bool_(), **dict.fromkeys((20, 21, 23), pa.int64()), **dict.fromkeys((700, 701), pa.float64()), 1082: pa.date32(),
    1114: pa.timestamp("us"),
}  # fmt: skip
_MOST_PLACES = 12  # of a numeric without a declared scale: a quotient has more, and is a double


class PostgresWarehouse:
    """A PostgreSQL database, reached by a DSN (PostgreSQL 数仓).

    Queries run in read-only transactions with a time limit on both sides. Rows come in by COPY of CSV that Arrow writes (three times
    as fast as binary COPY from Python). A table that is replaced is built beside the old one and swapped in, so readers never wait for
    the load; loads of one table wait for each other, in whatever process they run.
    """

    tag = "postgres"
    dialect = "postgres"

    def __init__(self, dsn: str, connections: int = 8, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._pool = ConnectionPool(dsn, min_size=1, max_size=connections, configure=_configure, open=True, timeout=30)
        self._now = now
        with self._pool.connection() as connection:
            connection.execute(_LOCK, ("chengmai",))
            connection.execute(_CREATE_STATE)
            row = connection.execute(_COLLATION).fetchone()
        self._collation = row[1] if row and not row[0] else None

    def write(self, tree: exp.Expression, pretty: bool = False, numbers: dict[str, int] | None = None) -> str:
        """SQL text of a tree; what PostgreSQL says otherwise is rewritten. A placeholder is %(name)s, or $n where it has a number."""
        tree = warehouse.with_safe_names(tree)
        for node in reversed(list(tree.walk())):
            rewrite = _REWRITES.get(type(node))
            if rewrite:
                rewrite(node)
            elif numbers and isinstance(node, exp.Placeholder):
                node.replace(exp.Parameter(this=exp.Literal.number(numbers[node.name])))
        return tree.sql(dialect=self.dialect, comments=False, pretty=pretty, copy=False)

    def query(self, statement: Statement, *, seconds: float = 60.0, cancel: Cancel | None = None) -> pa.Table:
        """Run a SELECT; types as `engine.warehouse.normalised` says. Raises StatementTimedOut, StatementCancelled, NotOneSelect.

        A numeric without a declared scale (a sum, a quotient) takes the places of its values, and is a double when these are
        more than 12 or when there are no values.
        """
        warehouse.refuse_other_than_one_select(statement.tree)
        names, stopped = list(statement.parameters), psycopg.errors.QueryCanceled
        text = self.write(statement.tree, numbers={name: number for number, name in enumerate(names, 1)})
        with self._pool.connection() as connection, Watch(seconds, cancel, partial(connection.cancel_safe, timeout=5), stopped):
            try:
                connection.execute(_LIMITS, (str(int(seconds * 1000) + 1000),))
                cursor = psycopg.RawCursor(connection)
                cursor.execute(driver_sql.SQL(text), [statement.parameters[name] for name in names])
                return warehouse.normalised(_to_arrow(cursor))
            except stopped:
                connection.close()  # a second cancel may still be on its way; the pool opens another
                raise

    def create(self, table: Table) -> None:
        """Make schema and table when missing, add columns that are new, index key and time."""
        with self._pool.connection() as connection:
            self._create(connection, table)

    def _create(self, connection: psycopg.Connection, table: Table) -> None:
        present = {row[0] for row in connection.execute(_COLUMNS, (table.schema, table.name)).fetchall()}
        if present.issuperset(column.name for column in table.columns):
            return
        connection.execute(_LOCK, ("chengmai",))  # two that make the same schema at once would fail
        if not present:
            self._run(connection, exp.Create(this=exp.Table(db=exp.Identifier(this=table.schema)), kind="SCHEMA", exists=True))
            self._run(connection, self._create_table(table))
            self._index(connection, table)
        for column in table.columns if present else ():
            if column.name not in present:
                self._run(connection, exp.Alter(this=warehouse.table_node(table), kind="TABLE", actions=[self._column(column)]))

    def _create_table(self, table: Table) -> exp.Create:
        columns = [self._column(column) for column in table.columns]
        return exp.Create(this=exp.Schema(this=warehouse.table_node(table), expressions=columns), kind="TABLE")

    def _column(self, column: TableColumn) -> exp.ColumnDef:
        definition = warehouse.column_definition(column)
        if column.type == "text" and self._collation:
            collate = exp.CollateColumnConstraint(this=exp.Identifier(this=self._collation, quoted=True))
            definition.set("constraints", [exp.ColumnConstraint(kind=collate)])
        return definition

    def _index(self, connection: psycopg.Connection, table: Table) -> None:
        for names in (table.key, (table.time,) if table.time else ()):
            if names:
                columns = exp.IndexParameters(columns=[exp.Ordered(this=exp.column(name), nulls_first=False) for name in names])
                self._run(connection, exp.Create(this=exp.Index(table=warehouse.table_node(table), params=columns), kind="INDEX"))

    def load(self, table: Table, rows: Iterable[pa.RecordBatch], mode: LoadMode) -> TableState:
        """Write rows and move the table's version in one transaction. Raises RowsDoNotFit; then nothing has changed."""
        batches = (warehouse.fitted(batch, table, mode) for batch in rows)
        with self._pool.connection() as connection:
            connection.execute(_LOCK, (f"{table.schema}.{table.name}",))
            self._create(connection, table)
            try:
                if mode == "append":
                    _copy(connection, table, driver_sql.Identifier(table.schema, table.name), batches)
                elif mode == "replace":
                    self._swap(connection, table, batches)
                else:
                    self._merge(connection, table, batches, mode)
            except psycopg.DataError as error:
                raise RowsDoNotFit(f"{table.schema}.{table.name}: {error}") from error
            connection.execute(driver_sql.SQL("ANALYZE {}").format(driver_sql.Identifier(table.schema, table.name)))
            return self._move_version(connection, table)

    def _swap(self, connection: psycopg.Connection, table: Table, batches: Iterable[pa.RecordBatch]) -> None:
        mark = hashlib.md5(f"{table.schema}.{table.name}".encode(), usedforsecurity=False).hexdigest()[:16]
        fresh = Table(table.schema, f"fresh_{mark}", table.columns, table.key, table.time)
        self._run(connection, self._create_table(fresh))
        in_order = _copy(connection, fresh, driver_sql.Identifier(fresh.schema, fresh.name), batches)
        if not in_order:
            unsorted, fresh = fresh, Table(table.schema, f"sorted_{mark}", table.columns, table.key, table.time)
            self._run(connection, self._create_table(fresh))
            self._run(connection, warehouse.insert_from(fresh, warehouse.table_node(unsorted)))
            self._run(connection, exp.Drop(tables=[warehouse.table_node(unsorted)], kind="TABLE"))
        self._index(connection, fresh)
        self._run(connection, exp.Drop(tables=[warehouse.table_node(table)], kind="TABLE"))
        renamed = exp.AlterRename(this=exp.Table(this=exp.Identifier(this=table.name)))
        self._run(connection, exp.Alter(this=warehouse.table_node(fresh), kind="TABLE", actions=[renamed]))

    def _merge(self, connection: psycopg.Connection, table: Table, batches: Iterable[pa.RecordBatch], mode: LoadMode) -> None:
        staging = exp.Table(this=exp.Identifier(this="staged"))
        arrived = exp.ColumnDef(
            this=exp.Identifier(this=warehouse.ARRIVED),
            kind=exp.DataType(this=exp.DType.BIGINT),
            constraints=[exp.ColumnConstraint(kind=exp.GeneratedAsIdentityColumnConstraint(this=True))],
        )
        shape = exp.Schema(this=staging, expressions=[*(self._column(column) for column in table.columns), arrived])
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        self._run(connection, exp.Create(this=shape, kind="TABLE", properties=temporary))
        _copy(connection, table, driver_sql.Identifier("staged"), batches)
        connection.execute("ANALYZE staged")
        if mode == "upsert":
            self._run(connection, warehouse.delete_matching(table, "staged"))
            self._run(connection, warehouse.insert_latest(table, "staged"))
        else:
            self._run(connection, warehouse.delete_touched(table, "staged"))
            self._run(connection, warehouse.insert_from(table, staging.copy()))
        self._run(connection, exp.Drop(tables=[staging.copy()], kind="TABLE"))

    def _run(self, connection: psycopg.Connection, tree: exp.Expression) -> psycopg.Cursor:
        return connection.execute(driver_sql.SQL(self.write(tree)))

    def _move_version(self, connection: psycopg.Connection, table: Table) -> TableState:
        counted = self._run(connection, warehouse.count_and_watermark(table)).fetchone()
        before = connection.execute(_READ_STATE, (table.schema, table.name)).fetchone()
        assert counted is not None
        state = TableState(version=(before[0] if before else 0) + 1, rows=counted[0], watermark=counted[1], loaded_at=self._now())
        loaded_at = state.loaded_at.astimezone(UTC).replace(tzinfo=None)
        connection.execute(_WRITE_STATE, (table.schema, table.name, state.version, state.rows, state.watermark, loaded_at))
        return state

    def state(self, table: Table) -> TableState | None:
        """Version, row count and watermark of a table, or None when it was never loaded."""
        with self._pool.connection() as connection:
            row = connection.execute(_READ_STATE, (table.schema, table.name)).fetchone()
        return TableState(row[0], row[1], row[2], row[3].replace(tzinfo=UTC)) if row else None

    def close(self) -> None:
        """Give back all connections."""
        self._pool.close()


def _configure(connection: psycopg.Connection) -> None:
    connection.prepare_threshold = None  # a plan made for any value is worse than one made for these
    connection.execute("SET TIME ZONE 'UTC'")  # our times are wall clock; nothing may depend on the server's zone
    connection.commit()


def _copy(connection: psycopg.Connection, table: Table, target: driver_sql.Identifier, batches: Iterable[pa.RecordBatch]) -> bool:
    """COPY the batches into the target; true when their times came in ascending order, NULLs last."""
    names = driver_sql.SQL(", ").join(driver_sql.Identifier(column.name) for column in table.columns)
    options, in_order, last = pyarrow.csv.WriteOptions(include_header=False), True, None
    with connection.cursor() as cursor, cursor.copy(driver_sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, names)) as copy:
        for batch in batches:
            text = io.BytesIO()
            pyarrow.csv.write_csv(batch, text, options)
            copy.write(text.getbuffer())
            if table.time and in_order and batch.num_rows:
                times = batch.column(table.time)
                follows = not times.null_count and (last is None or last <= times[0].as_py())
                in_order, last = follows and not pc.any(pc.less(times[1:], times[:-1])).as_py(), times[-1].as_py()
    return in_order


def _to_arrow(cursor: psycopg.RawCursor[tuple[Any, ...]]) -> pa.Table:
    described = cursor.description or []
    columns: Sequence[Sequence[Any]] = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(described)
    arrays = [_array(column.type_code, column.scale, values) for column, values in zip(described, columns, strict=True)]
    return pa.table(arrays, names=[column.name for column in described])


def _array(type_code: int, scale: int | None, values: Sequence[Any]) -> pa.Array:
    if type_code == 1700:
        if scale is None:
            scale = max((-value.as_tuple().exponent for value in values if value is not None), default=_MOST_PLACES + 1)
        if scale > _MOST_PLACES:
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        return pa.array(values, pa.decimal128(38, max(scale, 0)))
    return pa.array(values, _READ_AS.get(type_code, pa.string()))


# What sqlglot leaves as it is, though PostgreSQL takes it for something else. Each rewrite changes the tree around one node.


def _wrap(node: exp.Expression, kind: exp.DType) -> None:
    while isinstance(node.parent, exp.Filter | exp.Window) and node.parent.this is node:
        node = node.parent
    cast = exp.Cast(to=exp.DataType(this=kind))
    node.replace(cast)
    cast.set("this", node)


def _extract(node: exp.Expression) -> None:
    _wrap(node, exp.DType.DOUBLE if node.name.upper() == "EPOCH" else exp.DType.BIGINT)


def _at_extreme(node: exp.Expression) -> None:
    """The greatest-by and least-by of DuckDB: first of an ordered array, without the rows that have a NULL in either."""
    value, by, descending = node.this, node.expression, isinstance(node, exp.ArgMax)
    condition = exp.and_(*(exp.Not(this=exp.Is(this=part.copy(), expression=exp.Null())) for part in (value, by)))
    outer = node.parent if isinstance(node.parent, exp.Filter) else node
    if outer is not node:
        condition = exp.and_(condition, outer.expression.this)
    order = exp.Order(this=value, expressions=[exp.Ordered(this=by, desc=descending, nulls_first=False)])
    array = exp.Filter(this=exp.ArrayAgg(this=order), expression=exp.Where(this=condition))
    outer.replace(exp.Bracket(this=exp.Paren(this=array), expressions=[exp.Literal.number(1)], offset=1))


def _approximate(node: exp.Expression) -> None:
    order = exp.Order(expressions=[exp.Ordered(this=node.this, nulls_first=False)])
    node.replace(exp.WithinGroup(this=exp.PercentileCont(this=node.args["quantile"]), expression=order))


def _like(node: exp.Expression) -> None:
    if not isinstance(node.parent, exp.Escape) and not (isinstance(node.expression, exp.Literal) and "\\" not in node.expression.this):
        escape = exp.Escape(expression=exp.Literal.string(""))  # or a backslash would be one, which it is not in DuckDB
        node.replace(escape)
        escape.set("this", node)


def _same_key(node: exp.Expression) -> None:
    """IS NOT DISTINCT FROM can't be hashed, and no FULL JOIN takes it; arrays of one are equal when both hold NULL, and can."""
    sides = (node.this, node.expression)
    if isinstance(node.find_ancestor(exp.Join, exp.Select), exp.Join) and all(isinstance(side, exp.Column) for side in sides):
        left, right = (exp.Array(expressions=[side]) for side in sides)
        node.replace(exp.EQ(this=left, expression=right))


_REWRITES: dict[type[exp.Expr], Callable[[Any], None]] = {
    # Of exact numbers PostgreSQL would make exact numbers of arbitrary length.
    **dict.fromkeys((exp.Avg, exp.Stddev, exp.StddevPop, exp.Variance, exp.VariancePop), partial(_wrap, kind=exp.DType.DOUBLE)),
    exp.Extract: _extract,
    exp.ArgMax: _at_extreme,
    exp.ArgMin: _at_extreme,
    exp.ApproxQuantile: _approximate,
    exp.Like: _like,
    exp.ILike: _like,
    exp.NullSafeEQ: _same_key,
}
