"""What comes next, said by whichever simple model would have said it best so far, and only when it beats last season's value."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta

from engine.forecasting.candidates import Name
from engine.forecasting.levels import coherent
from engine.forecasting.selecting import Forecast, Rules, forecast
from engine.forecasting.series import SEASONS, Numbers, outliers, series_of, step_of
from engine.operator import (
    EXPLAIN,
    STATUS,
    Gap,
    Key,
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
from engine.parts import AtLeastOne, Grain

SERIES = OperatorTable(
    "series", "序列", (OperatorColumn("at", "时间", "time"), OperatorColumn("value", "数值", "number")), has_keys=True
)  # fmt: skip
LEVEL = OperatorColumn("level", "层级", "integer")
RUNS = OperatorTable(
    "runs", "预测记录",
    (
        LEVEL,
        OperatorColumn("cutoff", "数据截止", "time"),
        OperatorColumn("horizon", "预测步数", "integer"),
        OperatorColumn("model", "所选模型", "text"),
        OperatorColumn("season", "季节长度", "integer"),
        OperatorColumn("points", "数据点数", "integer"),
        OperatorColumn("gaps", "缺测数", "integer"),
        OperatorColumn("origins", "回测起点数", "integer"),
        OperatorColumn("mase", "MASE", "number"),
        OperatorColumn("smape", "sMAPE", "number", unit="%"),
        OperatorColumn("picp80", "80% 区间覆盖率", "number"),
        OperatorColumn("interval_score80", "80% 区间评分", "number", like="series.value"),
        OperatorColumn("mase_seasonal_naive", "季节朴素 MASE", "number"),
        OperatorColumn("skill", "对季节朴素的改进", "number"),
        OperatorColumn("is_through_gate", "通过上线闸门", "boolean"),
    ),
    has_keys=True,
)  # fmt: skip
VALUES = OperatorTable(
    "values", "预测值",
    (
        LEVEL,
        OperatorColumn("target_at", "目标时间", "time"),
        OperatorColumn("ahead", "提前步数", "integer"),
        OperatorColumn("model", "模型", "text"),
        OperatorColumn("value", "预测值", "number", like="series.value"),
        OperatorColumn("low80", "80% 下限", "number", like="series.value"),
        OperatorColumn("high80", "80% 上限", "number", like="series.value"),
        OperatorColumn("low95", "95% 下限", "number", like="series.value"),
        OperatorColumn("high95", "95% 上限", "number", like="series.value"),
    ),
    has_keys=True,
)  # fmt: skip
BOARD = OperatorTable(
    "board", "模型榜",
    (
        LEVEL,
        OperatorColumn("model", "模型", "text"),
        OperatorColumn("mase", "MASE", "number"),
        OperatorColumn("smape", "sMAPE", "number", unit="%"),
        OperatorColumn("picp80", "80% 区间覆盖率", "number"),
        OperatorColumn("is_chosen", "选中", "boolean"),
    ),
    has_keys=True,
)  # fmt: skip


class ForecastSelect(Operator, frozen=True):
    """The next steps of each series by the model with the least backtest error, with intervals (预测选优).

    Each candidate is tried at rolling origins. MASE is |error| over the seasonal naive error of that origin's training; the least wins,
    among those whose 80 % interval covers 75 to 88 % if one of them is within a tenth of the least, and a simpler one within 2 % before
    it. Gate: MASE below `gate` and no worse than the seasonal naive forecast; behind a shut gate the better of the two is given out with
    status `feasible` and what is lacking. Gaps are bridged for learning only: they are neither scored nor given out. A series too short
    to be tried is `infeasible`.
    """

    tag: ClassVar[str] = "forecast_select"
    takes: ClassVar[tuple[OperatorTable, ...]] = (SERIES,)
    gives: ClassVar[tuple[OperatorTable, ...]] = (RUNS, VALUES, BOARD)
    step: Annotated[Grain, Meta(title="步长", description="Time between two values", examples=["day"])]
    horizon: Annotated[int, Meta(title="步数", description="How many steps ahead", ge=1, le=1000, examples=[14])]
    season: Annotated[
        AtLeastOne | None, Meta(title="季节长度", description="Steps after which it comes round again; unsaid: tested for", examples=[7])
    ] = None
    models: Annotated[
        tuple[Name, ...],
        Meta(title="候选模型", description="Which models may be chosen", min_length=1, examples=[["seasonal_naive", "ets"]]),
    ] = ("naive", "seasonal_naive", "drift", "seasonal_drift", "moving_average", "theta", "ets")
    train: Annotated[
        AtLeastOne | None, Meta(title="最短训练", description="Values before the first origin; unsaid: two seasons, 8 at least")
    ] = None
    points: Annotated[
        int,
        Meta(
            title="评估点数",
            description="Values that are compared, all origins together; 16 origins at least, where the series is long enough",
            ge=1,
            examples=[60],
        ),
    ] = 60
    every: Annotated[
        AtLeastOne | None, Meta(title="起点间隔", description="Steps from one origin to the next; unsaid: half the horizon", examples=[1])
    ] = None
    gate: Annotated[float, Meta(title="上线闸门", description="A model is published when its MASE is below this", gt=0)] = 1.0
    floor: Annotated[float | None, Meta(title="下限", description="Nothing below this is said", examples=[0])] = None
    hierarchy: Annotated[
        tuple[str, ...],
        Meta(title="层级", description="All keys, coarsest first; then totals are forecast too, and add up", examples=[["district"]]),
    ] = ()
    coherence: Annotated[Literal["bottom_up", "mint"], Meta(title="协调", description="How levels are made to add up")] = "bottom_up"

    def run(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """A record and values for each key, and for each total above where a hierarchy is named; a line of the board for each model."""
        series = tables["series"]
        keys = key_names(series, SERIES)
        # The hierarchy may name the keys in another order than the author's columns stand in.
        order = self.hierarchy if self.hierarchy and set(self.hierarchy) == set(keys) else keys
        dated = series.filter(series.column("at").is_valid()).sort_by([(name, "ascending") for name in (*order, "at", "value")])
        asked = [self._asked(key, rows, keys) for key, rows in groups(dated, order)]
        if self.hierarchy:
            every = coherent(asked, self._rules(), self.coherence, self.floor)
        else:
            every = [one if one.gap or one.series is None else forecast(one.key, one.level, one.series, self._rules()) for one in asked]
        fields = [series.schema.field(name) for name in keys]
        return {
            "runs": made(RUNS, fields, [_run_row(order, one, self) for one in every]),
            "values": made(VALUES, fields, [row for one in every for row in _value_rows(order, one, self.floor)]),
            "board": made(BOARD, fields, [row for one in every for row in _board_rows(order, one)]),
        }

    def _rules(self) -> Rules:
        seasons = SEASONS.get(self.step, ())
        return Rules(
            self.horizon, self.models, self.season, seasons, self.train, self.points, self.every or max(self.horizon // 2, 1), self.gate
        )

    def _asked(self, key: Key, rows: pa.Table, keys: Sequence[str]) -> Forecast:
        """The series of a key, or the gap that keeps it from being one."""
        step = step_of(self.step)
        series = series_of(instants(rows.column("at")), numbers(rows.column("value")), step) if step is not None else None
        gap: Gap | None = None
        if step is None:
            gap = Gap(f"「{self.step}」各期长短不一，不能当步长", f"periods of '{self.step}' are not equally long", {"step": "month"})
        elif self.hierarchy and set(self.hierarchy) != set(keys):
            zh, en = "、".join(keys), ", ".join(keys)
            gap = Gap(f"hierarchy 要列出全部键：{zh}", f"hierarchy must name all keys: {en}", {"hierarchy": en})
        elif series is None:
            gap = Gap("没有一个有时间的数值", "there is no value with a time", {"points": 1})
        elif series.doubled:
            gap = Gap(
                f"有 {series.doubled} 个时间各有几行，每步只能一行", f"{series.doubled} steps have several rows; a step has one",
                {"rows": len(series.values) - series.gaps},
            )  # fmt: skip
        return Forecast(key, len(key), series, gap=gap)


def _run_row(keys: Sequence[str], one: Forecast, operator: ForecastSelect) -> dict[str, object]:
    row: dict[str, object] = {
        **dict(zip(keys, one.key, strict=True)),
        "level": one.level,
        "horizon": operator.horizon,
        "origins": one.origins,
    }
    facts: dict[str, object] = {"left_out": [list(key) for key in one.left_out]} if one.left_out else {}
    if one.series is not None:
        step = one.series.step
        row |= {"cutoff": step.instant(one.series.end), "season": one.season, "points": len(one.series.values), "gaps": one.series.gaps}
        far = outliers(one.series.values, one.season)
        facts |= {"outliers": [step.instant(one.series.start + place).isoformat() for place in far[:20]]} if far else {}
    if one.values is not None and one.choice is None:  # a total without a test of its own
        return {**row, "model": "bottom_up", STATUS: "feasible", EXPLAIN: explanation(facts)}
    if one.choice is None:
        return {**row, STATUS: "infeasible", EXPLAIN: explanation(facts, one.gap)}
    best, taken = one.choice.best, one.choice.published
    naive = next((trial for trial in one.trials if trial.candidate.name == "seasonal_naive"), None)
    facts |= {"best": best.candidate.name, "is_in_band": one.choice.is_in_band, "tried": len(one.trials)}
    facts |= {"not_tried": {trial.candidate.name: trial.why_not for trial in one.trials if trial.why_not}}
    return {
        **row, "model": taken.candidate.name, "mase": finite(taken.mase), "smape": finite(taken.smape), "picp80": finite(taken.picp80),
        "interval_score80": finite(taken.score80), "mase_seasonal_naive": finite(naive.mase) if naive else None,
        "skill": skill_over(taken.errors, naive.errors) if naive else None, "is_through_gate": one.choice.is_open,
        STATUS: "optimal" if one.choice.is_open else "feasible",
        EXPLAIN: explanation(facts, None if one.choice.is_open else _shut(best.mase, operator.gate)),
    }  # fmt: skip


def _shut(mase: float, gate: float) -> Gap:
    """The gate is shut: how far it would have to open."""
    needed = finite(mase * 1.0001)
    return Gap(
        f"最好的模型 MASE {mase:.3f}，不低于上线闸门 {gate:g}，或不如季节朴素；发布两者中较好的",
        f"the best model has a MASE of {mase:.3f}: not below the gate {gate:g}, or worse than seasonal naive; the better of the two is given out",
        {"gate": needed if needed is not None else "none"},
    )


def _value_rows(keys: Sequence[str], one: Forecast, floor: float | None) -> list[dict[str, object]]:
    if one.values is None or one.series is None:
        return []
    is_open = one.choice is not None and one.choice.is_open
    same = {
        **dict(zip(keys, one.key, strict=True)), "level": one.level, "model": one.choice.published.candidate.name if one.choice else "bottom_up",
        STATUS: "optimal" if is_open else "feasible", EXPLAIN: explanation({"season": one.season, "origins": one.origins}),
    }  # fmt: skip
    rows: list[dict[str, object]] = []
    for nth, value in enumerate(one.values.tolist()):
        row = {**same, "target_at": one.series.step.instant(one.series.end + nth), "ahead": nth + 1, "value": floored(value, floor)}
        for name, width in zip(("80", "95"), one.widths or (), strict=False):
            row |= {f"low{name}": floored(value - float(width[nth]), floor), f"high{name}": floored(value + float(width[nth]), floor)}
        rows.append(row)
    return rows


def _board_rows(keys: Sequence[str], one: Forecast) -> list[dict[str, object]]:
    taken = one.choice.published.candidate.name if one.choice is not None else None
    cannot = Gap("这个模型在这条序列上算不出来", "this model cannot be tried on this series", {"models": "leave it out"})
    return [
        {
            **dict(zip(keys, one.key, strict=True)), "level": one.level, "model": trial.candidate.name, "mase": finite(trial.mase),
            "smape": finite(trial.smape), "picp80": finite(trial.picp80), "is_chosen": trial.candidate.name == taken,
            STATUS: "infeasible" if trial.why_not else "optimal",
            EXPLAIN: explanation({"why": trial.why_not}, cannot) if trial.why_not else explanation({}),
        }
        for trial in one.trials
    ]  # fmt: skip


def floored(value: float, floor: float | None) -> float | None:
    """A number to give out, not below the floor; nothing where it is no number."""
    return None if not np.isfinite(value) else value if floor is None else max(value, floor)


def finite(value: float) -> float | None:
    """A measure to give out; nothing where it is no number."""
    return float(value) if np.isfinite(value) else None


def skill_over(errors: Numbers, naive: Numbers) -> float | None:
    """1 less the ratio of mean absolute errors."""
    with np.errstate(all="ignore"):
        ours, theirs = float(np.nanmean(np.abs(errors))), float(np.nanmean(np.abs(naive)))
    return 1 - ours / theirs if theirs > 0 else None
