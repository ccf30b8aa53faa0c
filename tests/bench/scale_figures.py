"""What the measurement of scale finds: how long a load took, how long a question."""

from msgspec import Struct


class Loading(Struct, frozen=True):
    """What the rows of one size took on one warehouse (装载计时)."""

    rows: int
    warehouse: str
    seconds: float
    bytes_kept: int


class Asking(Struct, frozen=True):
    """What one question took over them (提问计时)."""

    rows: int
    warehouse: str
    question: str
    seconds: float  # least of the rounds, whole: compiling, computing and framing
    first: float  # the first round: nothing of the table is in the warehouse's own memory yet
    bytes_read: int  # by the first round


class Measured(Struct, frozen=True):
    """Everything one run found (规模计时结果)."""

    machine: str
    loadings: list[Loading]
    askings: list[Asking]
    peak_bytes: int  # most memory of this process, DuckDB in it
