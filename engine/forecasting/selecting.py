"""One series forecast: its season found, the candidates tried, the best of them let speak, or a gap that says what is missing."""

import numpy as np
from msgspec import Struct

from engine.forecasting.backtest import LEVELS, Choice, Trial, chosen, history_at, origins_of, try_out
from engine.forecasting.candidates import CANDIDATES, SIMPLEST, Name, ahead, learnt
from engine.forecasting.intervals import half_widths
from engine.forecasting.series import Numbers, Series, season_of
from engine.operator import Gap, Key

FEWEST = 8  # values before the first origin, however short the season


class Rules(Struct, frozen=True):
    """How a forecast is chosen (选优规则)."""

    horizon: int
    models: tuple[Name, ...]
    season: int | None  # None: one of `seasons` that passes the test
    seasons: tuple[int, ...]
    train: int | None
    points: int
    every: int
    gate: float


class Forecast(Struct, frozen=True):
    """One series and what is said of it (单序列预测). Without values there is a gap."""

    key: Key
    level: int  # how many of its keys are given; the others are summed over
    series: Series | None
    season: int = 1
    trials: tuple[Trial, ...] = ()
    choice: Choice | None = None
    values: Numbers | None = None  # one for each step ahead
    widths: tuple[Numbers, Numbers] | None = None  # half of the 80 and of the 95 % interval
    origins: int = 0
    gap: Gap | None = None
    left_out: tuple[Key, ...] = ()  # series below that are not in this total


def forecast(key: Key, level: int, series: Series, rules: Rules) -> Forecast:
    """The choice among the candidates and what it says of the next steps."""
    values = series.values
    season = rules.season or season_of(values, rules.seasons)
    train = max(rules.train or max(2 * season, FEWEST), season + 1)
    origins = origins_of(len(values), train, rules.horizon, rules.points, rules.every)
    if not origins.places:
        return Forecast(key, level, series, season, gap=_too_short(len(values), train, rules.horizon))
    trials = tuple(try_out(CANDIDATES[name], values, season, origins) for name in SIMPLEST if name in rules.models)
    tried, count = Forecast(key, level, series, season, trials), len(origins.places)
    choice = chosen(trials, rules.gate)
    if choice is None:
        return _without(tried, count, Gap("没有一个候选模型能算", "none of the models can be tried", {"models": "naive"}))
    whole = history_at(values, len(values), season)
    model = learnt(choice.published.candidate, whole, season)
    said = model if isinstance(model, str) else ahead(model, whole, rules.horizon)
    if isinstance(said, str):
        gap = Gap("所选模型在全部数据上算不出来", f"the chosen model fails on the whole series: {said}", {"models": "naive"})
        return _without(tried, count, gap)
    eighty, wide = (half_widths(choice.published.errors, level) for level in LEVELS)
    return Forecast(key, level, series, season, trials, choice, said, (eighty, np.maximum(eighty, wide)), count)


def _without(tried: Forecast, origins: int, gap: Gap) -> Forecast:
    return Forecast(tried.key, tried.level, tried.series, tried.season, tried.trials, origins=origins, gap=gap)


def _too_short(length: int, train: int, horizon: int) -> Gap:
    """How many more values would do, and how short a horizon would do with those there are."""
    more = train + horizon - length
    relax: dict[str, float | str] = {"points": train + horizon}
    if length > train:
        relax["horizon"] = length - train
    return Gap(
        f"只有 {length} 个数据点，回测要 {train + horizon} 个（训练 {train}，预测 {horizon}），还差 {more} 个",
        f"there are {length} values; a backtest takes {train + horizon} (training {train}, horizon {horizon}), {more} more",
        relax,
    )
