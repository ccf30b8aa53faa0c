"""When something that rises will be full: its recent rate, and how sure that rate is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta

from engine.forecasting.line import Line, fitted_line
from engine.forecasting.series import Numbers
from engine.operator import (
    EXPLAIN,
    STATUS,
    Gap,
    Operator,
    OperatorColumn,
    OperatorTable,
    explanation,
    groups,
    instants,
    key_names,
    made,
    numbers,
)

HOUR = 3_600_000_000  # microseconds
FURTHEST = 24 * 366 * 100  # hours: what is a century away is never
SERIES = OperatorTable(
    "series", "序列",
    (
        OperatorColumn("at", "时间", "time"),
        OperatorColumn("value", "数值", "number"),
        OperatorColumn("limit", "上限", "number", like="series.value"),
    ),
    has_keys=True,
)  # fmt: skip
ETA = OperatorTable(
    "eta", "越限预计",
    (
        OperatorColumn("last_at", "末次读数时间", "time"),
        OperatorColumn("value", "末次读数", "number", like="series.value"),
        OperatorColumn("limit", "上限", "number", like="series.value"),
        OperatorColumn("eta", "预计时长", "number", unit="h"),
        OperatorColumn("eta_early", "最早", "number", unit="h"),
        OperatorColumn("eta_late", "最晚", "number", unit="h"),
        OperatorColumn("reaches_at", "预计到达时间", "time"),
        OperatorColumn("rate", "每小时变化", "number"),
        OperatorColumn("r2", "拟合优度", "number"),
        OperatorColumn("points", "所用读数", "integer"),
        OperatorColumn("is_weak", "趋势不明", "boolean"),
    ),
    has_keys=True,
)  # fmt: skip


class ThresholdEta(Operator, frozen=True):
    """Time until a rising value reaches its limit, from the rate of its last readings (越限预计时间).

    Rate k is the least-squares slope of the last `points` readings; eta = (limit - value) / k in hours, value being the last reading or
    the end of the line. A value that does not rise has no eta, one at its limit has 0. `eta_early` and `eta_late` are the same with the
    ends of the slope's confidence interval; below an R² of 0.5 the trend is weak, and a warning drawn from it is a level milder.
    """

    tag: ClassVar[str] = "threshold_eta"
    takes: ClassVar[tuple[OperatorTable, ...]] = (SERIES,)
    gives: ClassVar[tuple[OperatorTable, ...]] = (ETA,)
    points: Annotated[
        int, Meta(title="窗口", description="How many of the last readings the rate is drawn from", ge=2, le=10_000, examples=[12])
    ] = 12
    fewest: Annotated[int, Meta(title="最少读数", description="Fewer readings give no rate", ge=2, examples=[3])] = 3
    anchor: Annotated[
        Literal["last", "fit"], Meta(title="起点", description="Start from the last reading, or from the end of the line")
    ] = "last"
    confidence: Annotated[
        float, Meta(title="置信度", description="Of the interval between earliest and latest", gt=0, lt=1, examples=[0.8])
    ] = 0.8

    def run(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """One row for each key of the series, of its last reading."""
        series = tables["series"]
        keys = key_names(series, SERIES)
        rows = [{**dict(zip(keys, key, strict=True)), **self._row(rows)} for key, rows in groups(series, keys)]
        return {"eta": made(ETA, [series.schema.field(name) for name in keys], rows)}

    def _row(self, rows: pa.Table) -> dict[str, object]:
        """What is known of one key."""
        dated = rows.filter(rows.column("at").is_valid())
        hours, values, limits = instants(dated.column("at")) / HOUR, numbers(dated.column("value")), numbers(dated.column("limit"))
        there = ~np.isnan(values)
        missing = rows.num_rows - int(there.sum())
        hours, values, limits = (column[there][-self.points :] for column in (hours, values, limits))
        found: dict[str, object] = {"points": len(values)}
        if len(values):
            found |= {"last_at": _instant(hours[-1]), "value": float(values[-1]), "limit": _known(limits[-1])}
        gap = self._gap(hours, limits)
        if gap is not None:
            return {**found, STATUS: "infeasible", EXPLAIN: explanation({"readings": len(values), "missing": missing}, gap)}
        line = fitted_line(hours - hours[-1], values)
        start = float(values[-1]) if self.anchor == "last" else line.end
        early, late = self._bounds(line, len(values))
        eta = reached(start, float(limits[-1]), line.rate)
        reaches = _instant(hours[-1] + eta) if eta is not None and eta <= FURTHEST else None
        return {
            **found, "eta": eta, "eta_early": reached(start, float(limits[-1]), early), "eta_late": reached(start, float(limits[-1]), late),
            "reaches_at": reaches, "rate": line.rate, "r2": line.r2, "is_weak": line.r2 is None or line.r2 < 0.5, STATUS: "optimal",
            EXPLAIN: explanation(
                {
                    "anchor": self.anchor, "start": start, "limit": float(limits[-1]), "rate_per_hour": line.rate, "r2": line.r2,
                    "readings": len(values), "missing": missing, "hours": float(hours[-1] - hours[0]), "confidence": self.confidence,
                    **_why_none(eta, line.rate),
                }
            ),
        }  # fmt: skip

    def _gap(self, hours: Numbers, limits: Numbers) -> Gap | None:
        """What is missing for a rate, and the least that would do."""
        if len(hours) < self.fewest:
            more = self.fewest - len(hours)
            return Gap(
                f"只有 {len(hours)} 次读数，还差 {more} 次", f"there are {len(hours)} readings, {more} too few", {"readings": self.fewest}
            )
        if hours[-1] == hours[0]:
            return Gap("读数都在同一时刻，看不出变化", "all readings are of one instant, so there is no rate", {"instants": 2})
        if np.isnan(limits[-1]):
            return Gap("没有上限", "there is no limit", {"limit": "a number"})
        return None

    def _bounds(self, line: Line, count: int) -> tuple[float | None, float | None]:
        """The fastest and the slowest rate that the readings allow."""
        if line.error is None:
            return None, None
        from scipy.stats import t as student  # only here: half a second that nobody else should pay

        width = float(student.ppf(0.5 + self.confidence / 2, count - 2)) * line.error
        return line.rate + width, line.rate - width


def reached(start: float, limit: float, rate: float | None) -> float | None:
    """Hours until the limit; 0 when it is reached already, None when it never will be."""
    if start >= limit:
        return 0.0
    return (limit - start) / rate if rate is not None and rate > 0 else None


def _why_none(eta: float | None, rate: float) -> dict[str, str]:
    if eta is not None:
        return {}
    return {
        "why_zh": f"没有上升（每小时 {rate:g}），不会到达上限",
        "why_en": f"it does not rise ({rate:g} an hour), so it never gets there",
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _instant(hours: float) -> datetime | None:
    return datetime(1970, 1, 1) + timedelta(microseconds=round(float(hours) * HOUR))
