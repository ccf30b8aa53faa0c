"""`python -m tests.bench.forecasts --write DATE`: how good the chosen forecasts are on real series, and how long choosing takes."""

import argparse
import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from time import process_time

import numpy as np
import pyarrow as pa
from msgspec import Struct

from engine.forecasting.backtest import history_at
from engine.forecasting.candidates import CANDIDATES, Name, ahead, learnt
from engine.forecasting.scoring import coverage, percent_error, scaled_error, seasonal_scale
from engine.forecasting.selecting import Forecast, Rules, forecast
from engine.forecasting.series import SEASONS, Numbers, Series, step_of
from engine.operator import applied
from engine.operators.forecast_select import ForecastSelect
from tests.bench.runner import machine

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "forecasts.md"
MODELS: tuple[Name, ...] = ("naive", "seasonal_naive", "drift", "seasonal_drift", "moving_average", "theta", "ets")
BESIDE: tuple[Name, ...] = ("naive", "seasonal_naive", "ets")


class Sort(Struct, frozen=True):
    """One collection of series (序列集)."""

    name: str
    step: str
    horizon: int
    scale: int  # season of the scale by which the hold-out is judged
    said: str


SORTS = (
    Sort("M4 weekly", "week", 13, 1, "the weekly training series of the M4 competition, horizon 13"),
    Sort("M4 hourly", "hour", 48, 24, "the hourly training series of the M4 competition, horizon 48"),
    Sort(
        "New York refuse, monthly",
        "month",
        12,
        12,
        "refuse collected in each community district of New York, tonnes a month, horizon 12",
    ),
)


class Tried(Struct, frozen=True):
    """One series: the choice without its last steps, and how it then did on them (单序列结果)."""

    chosen: str
    is_open: bool
    rolling: dict[str, float]  # MASE over rolling origins
    picp80: float
    held: dict[str, float]  # MASE on the steps held out, in the scale of the collection
    smape: float
    covered80: float
    covered95: float
    seconds: float


def m4(name: str) -> list[Numbers]:
    """The series of one file of M4."""
    with gzip.open(DATA / "m4_train" / f"{name}-train.csv.gz", "rt", newline="") as file:
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in list(csv.reader(file))[1:]]


def refuse() -> dict[tuple[str, str], dict[datetime, float]]:
    """Tonnes of refuse by borough and district; a month without a figure is left out."""
    found: dict[tuple[str, str], dict[datetime, float]] = {}
    with gzip.open(DATA / "dsny_monthly_tonnage" / "dsny_monthly_tonnage.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["REFUSETONSCOLLECTED"]:
                year, month = (int(part) for part in row["MONTH"].split("/"))
                months = found.setdefault((row["BOROUGH"], row["COMMUNITYDISTRICT"]), {})
                months[datetime(year, month, 1)] = float(row["REFUSETONSCOLLECTED"])
    return {key: months for key, months in found.items() if len(months) > 120}


def gapless(months: dict[datetime, float]) -> Numbers:
    """Every month from the first to the last; NaN where none was reported."""
    first, last = (at.year * 12 + at.month - 1 for at in (min(months), max(months)))
    return np.array([months.get(datetime(place // 12, place % 12 + 1, 1), np.nan) for place in range(first, last + 1)])


def series_of(sort: Sort) -> list[Numbers]:
    """All series of a collection."""
    if sort.step == "month":
        return [gapless(months) for _, months in sorted(refuse().items())]
    return m4("Weekly" if sort.step == "week" else "Hourly")


def tried(values: Numbers, sort: Sort) -> Tried | None:
    """Choose without the last steps, then look at them; None for a series too short to be tried."""
    step = step_of(sort.step)
    assert step is not None
    known, held = values[: -sort.horizon], values[-sort.horizon :]
    rules = Rules(sort.horizon, MODELS, None, SEASONS[sort.step], None, 60, sort.horizon // 2, 1.0)
    begun = process_time()
    made = forecast((), 0, Series(step, 0, known, len(known)), rules)
    seconds = process_time() - begun
    if made.choice is None or made.values is None or made.widths is None:
        return None
    eighty, wide = made.widths
    rolling = {str(trial.candidate.name): trial.mase for trial in made.trials}
    return Tried(
        made.choice.published.candidate.name, made.choice.is_open, {"chosen": made.choice.published.mase, **rolling}, made.choice.published.picp80,
        {"chosen": _on(made.values, held, known, sort.scale), **{name: _beside(name, made, known, held, sort) for name in BESIDE}},
        percent_error(held, made.values), coverage(held, made.values - eighty, made.values + eighty),
        coverage(held, made.values - wide, made.values + wide), seconds,
    )  # fmt: skip


def _on(said: Numbers, held: Numbers, known: Numbers, season: int) -> float:
    return scaled_error((held - said)[None, :], np.array([seasonal_scale(known, season)]))


def _beside(name: Name, made: Forecast, known: Numbers, held: Numbers, sort: Sort) -> float:
    whole = history_at(known, len(known), made.season)
    model = learnt(CANDIDATES[name], whole, made.season)
    said = model if isinstance(model, str) else ahead(model, whole, sort.horizon)
    return float("nan") if isinstance(said, str) else _on(said, held, known, sort.scale)


def levels(how: str) -> dict[str, float]:
    """Refuse of districts, boroughs and the city made to add up, the last year held out: sMAPE by level, and seconds."""
    rows = [(borough, district, at, tons) for (borough, district), months in refuse().items() for at, tons in months.items()]
    end = datetime(2023, 11, 1)
    table = pa.table(
        dict(zip(("borough", "district", "at", "value"), map(list, zip(*[row for row in rows if row[2] < end], strict=True)), strict=True))
    )
    operator = ForecastSelect(
        step="month",
        horizon=12,
        models=MODELS,
        hierarchy=("borough", "district"),
        coherence="mint" if how == "mint" else "bottom_up",
        floor=0,
    )
    begun = process_time()
    said = applied(operator, {"series": table})["values"].to_pylist()
    seconds = process_time() - begun
    kept = {(row["borough"], row["district"]) for row in said if row["level"] == 2}
    errors: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for row in said:
        parts = [tons for borough, district, at, tons in rows if at == row["target_at"] and (borough, district) in kept
                 and row["borough"] in (None, borough) and row["district"] in (None, district)]  # fmt: skip
        if parts:
            errors[row["level"]].append(percent_error(np.array([sum(parts)]), np.array([row["value"]])))
    return {
        "city": mean(errors[0]),
        "borough": mean(errors[1]),
        "district": mean(errors[2]),
        "seconds": seconds,
        "series": float(len(kept)),
    }


# --- the page ------------------------------------------------------------------------------------------------------------

HEAD = """# Forecasts on real series · 真实序列上的预测

Written by `python -m tests.bench.forecasts --write DATE` ({date}). Machine: {machine}.

`forecast_select` chooses among {models}. The last steps of each series (the horizon) are held out; the choice is made without them.

* **rolling**: mean MASE over rolling origins, each origin scaled by the seasonal naive error of its own training; a season is tested for.
  16 origins, half a horizon apart, fewer where a series is short. Models learn at the first origin and read on: none of them sees what comes after.
* **held out**: mean (median) MASE of one forecast of the steps held out, scaled as the competition did: by the naive error for weekly series, by that of
  the day before for hourly ones, by that of the year before for refuse.
* **coverage**: the share of the steps held out within the 80 % and the 95 % interval. The intervals come from the rolling origins alone.
* Seconds are processor time of one series, from its rows to its forecast, on one core.

Nothing here fails a test. The data are not part of this repository.
"""


def lines(sort: Sort, every: Sequence[Tried], left: int) -> Iterator[str]:
    """The part of the page about one collection."""
    picks = ", ".join(f"{name} {count}" for name, count in Counter(one.chosen for one in every).most_common())
    yield f"\n## {sort.name}\n\n{len(every)} series of {sort.said}" + (f"; {left} were too short to be tried." if left else ".")
    yield "\n| | chosen | naive | seasonal naive | ETS |\n|---|---:|---:|---:|---:|"
    names = ("chosen", *BESIDE)
    yield f"| rolling, mean | {' | '.join(_written([one.rolling[name] for one in every], mean) for name in names)} |"
    yield f"| rolling, median | {' | '.join(_written([one.rolling[name] for one in every], median) for name in names)} |"
    yield f"| held out, mean | {' | '.join(_written([one.held[name] for one in every], mean) for name in names)} |"
    yield f"| held out, median | {' | '.join(_written([one.held[name] for one in every], median) for name in names)} |"
    told = f"{mean(one.picp80 for one in every if np.isfinite(one.picp80)):.1%}"
    yield f"\nHeld out, of what was chosen: sMAPE {_written([one.smape for one in every], mean)} %, coverage {mean(one.covered80 for one in every):.1%}"
    yield f"of 80 % and {mean(one.covered95 for one in every):.1%} of 95 %; the rolling origins said {told} of 80 %."
    seconds = sorted(one.seconds for one in every)
    yield f"Through the gate: {sum(one.is_open for one in every)} of {len(every)}. Chosen: {picks}."
    yield f"Seconds for a series: mean {mean(seconds):.2f}, median {median(seconds):.2f}, 95 % under {seconds[int(len(seconds) * 0.95)]:.2f}."


def _written(values: Sequence[float], how: object) -> str:
    known = [value for value in values if np.isfinite(value)]
    left = len(values) - len(known)
    return f"{(mean if how is mean else median)(known):.3f}" + (f" ({left} without)" if left else "")


def coherent_lines() -> Iterator[str]:
    """The part of the page about levels that add up."""
    yield "\n## Levels that add up\n\nRefuse of New York by district, borough and city, November 2023 to October 2024 held out; sMAPE in %."
    yield "\n| | city | borough | district | seconds, all series |\n|---|---:|---:|---:|---:|"
    for how in ("bottom_up", "mint"):
        found = levels(how)
        print(json.dumps({"name": f"forecasts.levels.{how}", **found}), flush=True)
        yield f"| {how} | {found['city']:.2f} | {found['borough']:.2f} | {found['district']:.2f} | {found['seconds']:.1f} |"


def measured(sort: Sort, most: int) -> tuple[list[Tried], int]:
    """The series of a collection, at most so many, spread evenly; and how many were too short."""
    every = series_of(sort)
    chosen = every if not most or most >= len(every) else [every[round(place)] for place in np.linspace(0, len(every) - 1, most)]
    found = []
    for number, values in enumerate(chosen, 1):
        found.append(tried(values, sort))
        if number % 50 == 0:
            print(f"{sort.name}: {number} of {len(chosen)}", file=sys.stderr, flush=True)
    known = [one for one in found if one is not None]
    figures = {"chosen": [one.held["chosen"] for one in known], "seasonal_naive": [one.held["seasonal_naive"] for one in known]}
    print(
        json.dumps(
            {"name": f"forecasts.{sort.name}", "series": len(known), **{key: mean(map(float, all)) for key, all in figures.items()}}
        ),
        flush=True,
    )
    return known, len(found) - len(known)


def main(arguments: list[str]) -> int:
    """Measures, prints a JSON line each, and with --write writes the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.forecasts", description="Forecasts on real series; fails nothing.")
    parser.add_argument("--most", type=int, default=0, help="at most so many series of each collection; 0: all")
    parser.add_argument("--write", metavar="DATE", help="write docs/forecasts.md, dated so")
    asked = parser.parse_args(arguments)
    if not DATA.is_dir():
        print(f"{DATA} is not there: nothing was measured")
        return 0
    text = [HEAD.format(date=asked.write or "", machine=machine(), models=", ".join(MODELS))]
    for sort in SORTS:
        known, left = measured(sort, asked.most)
        text += lines(sort, known, left)
        if asked.most:
            text.append(f"A sample of at most {asked.most} series, spread evenly over the collection.")
    text += coherent_lines()
    if asked.write:
        PAGE.write_text("\n".join(text) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
