"""The tables of the job queue lie in the state store's schema; its own package makes them, once."""

from procrastinate.schema import SchemaManager

from engine.state.store import Store

_LOCK = 7_316_021_115  # beside that of the migrations: one process makes them


def ensure_job_tables(store: Store) -> bool:
    """Make the queue's tables if they are missing; whether they were."""
    with store.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        row = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NULL").fetchone()
        if row is None or not row[0]:
            return False
        connection.execute(SchemaManager.get_schema())
    return True
