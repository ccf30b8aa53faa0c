"""A question compiled for one warehouse, and how much memory keeping it takes."""

from msgspec import Struct

from engine.compiling.plan import Compiled

BYTES_OF_SQL = 55  # a plan's trees take about so many bytes for each character of its SQL (40 to 54 over the shapes of tests/bench)
LEAST_BYTES = 20_000  # of a plan that has no SQL: findings, and what was read of the question


class Plan(Struct, frozen=True):
    """A compiled question with its SQL text (计划)."""

    compiled: Compiled
    sql: str = ""  # empty when the question is wrong

    @property
    def nbytes(self) -> int:
        """About what it holds in memory."""
        return LEAST_BYTES + BYTES_OF_SQL * len(self.sql)
