"""The timing of a new minute counts one period of each state, however much history there is."""

from tests.bench.measure import Figure
from tests.bench.minutes import time_minutes, written


def test_a_minute_is_timed_over_more_and_more_history_and_told_in_a_table() -> None:
    told: list[Figure] = []
    figures = time_minutes(2, told.append, history=(2, 4), sensors=50)
    assert figures == told
    assert [figure.detail["rows_before"] for figure in figures] == [100, 200]
    assert written(figures).count("\n| ") == 3
