"""One rule says how fresh anything is, from a handful of facts and the clock; screens, commands and answers all ask this one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engine.compiling.periods import moved
from engine.parts import Span

Word = Literal["fresh", "late", "stale", "unknown", "failed"]
# From the mildest to the gravest: rows that are old are still rows, none at all is worse, and worst is what somebody has to mend.
GRAVITY: dict[str, int] = {"fresh": 0, "late": 1, "stale": 2, "unknown": 3, "failed": 4}
WORDS: dict[str, str] = {"fresh": "及时", "late": "迟到", "stale": "陈旧", "unknown": "未知", "failed": "失败"}


class Failing(Struct, frozen=True):
    """Runs that fail one after the other, with nothing done between them (持续失败)."""

    since: datetime
    zh: str
    en: str


class Paused(Struct, frozen=True):
    """A source that somebody has stopped (暂停)."""

    since: datetime
    zh: str  # who, and why
    en: str


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of something that rows flow into; times are wall clock of the project's zone (新鲜度依据)."""

    known_until: datetime | None = None  # first instant after its newest row; None: it has no time, or no rows
    loaded_at: datetime | None = None  # when rows came last; None: never
    promised: Span | None = None  # later than this is late, later than twice this is stale
    failing: Failing | None = None
    paused: Paused | None = None


class Freshness(Struct, frozen=True):
    """How fresh something is, since when and why (新鲜度)."""

    state: Word
    since: datetime | None  # wall clock; None: nobody knows
    zh: str
    en: str
    of: str = ""  # whose state this is, where it was taken over from something below: `dataset:waste.weighings`
    known_until: datetime | None = None

    @property
    def gravity(self) -> int:
        """0 for fresh, the more the worse."""
        return GRAVITY[self.state]


def judged(facts: Facts, now: datetime) -> Freshness:
    """How fresh it is at `now`. What is paused does not fail, it grows old and says why; what fails, fails however new its rows are."""
    if facts.failing is not None and facts.paused is None:
        return Freshness("failed", facts.failing.since, facts.failing.zh, facts.failing.en, known_until=facts.known_until)
    by_age = _by_age(facts, now)
    if facts.paused is None:
        return by_age
    zh, en = f"已暂停：{facts.paused.zh}", f"paused: {facts.paused.en}"
    if by_age.state == "fresh":
        return replace(by_age, since=facts.paused.since, zh=zh, en=en)
    return replace(by_age, zh=f"{zh}；{by_age.zh}", en=f"{en}; {by_age.en}")


def _by_age(facts: Facts, now: datetime) -> Freshness:
    until = facts.known_until
    if facts.loaded_at is None:
        return Freshness("unknown", None, "还没有装入过数据", "nothing was ever loaded", known_until=until)
    if facts.promised is None or until is None:
        return Freshness(
            "fresh", facts.loaded_at, "数据已装入，没有约定时延", "rows are loaded, and no delay is promised", known_until=until
        )
    return older(until, facts.promised, now, facts.loaded_at)


def older(until: datetime, promised: Span, now: datetime, loaded_at: datetime | None = None) -> Freshness:
    """How fresh rows up to `until` are under a promised delay: later is late, later than twice the delay is stale."""
    is_late, is_stale = moved(until, promised), moved(until, promised.times(2))
    if is_stale is not None and now > is_stale:
        zh, en = (
            f"数据只到 {until:%Y-%m-%d %H:%M}，超过约定时延的两倍",
            f"rows go up to {until:%Y-%m-%d %H:%M}, more than twice the promised delay ago",
        )
        return Freshness("stale", is_stale, zh, en, known_until=until)
    if is_late is not None and now > is_late:
        zh, en = f"数据只到 {until:%Y-%m-%d %H:%M}，超过约定时延", f"rows go up to {until:%Y-%m-%d %H:%M}, longer ago than promised"
        return Freshness("late", is_late, zh, en, known_until=until)
    return Freshness("fresh", loaded_at, "在约定时延之内", "within the promised delay", known_until=until)


def outdated(known_until: datetime | None, allowed: Span | None, now: datetime) -> Freshness | None:
    """Whether a number is older than its own definition allows (`stale_after`); None when it is not, or nothing is said."""
    limit = moved(known_until, allowed) if known_until is not None and allowed is not None else None
    if known_until is None or limit is None or now <= limit:
        return None
    return Freshness(
        "stale", limit, f"数据只到 {known_until:%Y-%m-%d %H:%M}，比这个指标允许的更旧",
        f"rows go up to {known_until:%Y-%m-%d %H:%M}, older than this indicator allows", known_until=known_until,
    )  # fmt: skip


def worst(found: Iterable[tuple[str, Freshness]], nothing: Freshness) -> Freshness:
    """The gravest of several, which names whose it is; of equals the one that has lasted longest, then the first by name.

    `nothing` when there is none. A state that was taken over from further below keeps that name.
    """
    ranked = sorted(found, key=lambda one: (-one[1].gravity, one[1].since or datetime.min, one[0]))
    if not ranked:
        return nothing
    name, gravest = ranked[0]
    return gravest if gravest.of or gravest.state == "fresh" else replace(gravest, of=name)
