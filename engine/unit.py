"""Numbers of unlike units must never be added, so a unit is a factor and a kind that can be multiplied, divided and compared."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from itertools import product as every_choice

from msgspec import Struct

from engine.findings import Finding, Place, did_you_mean


class Unit(Struct, frozen=True):
    """A factor to the unit its kind is counted in, and the kind: (('kg', 1), ('s', -1)) (单位).

    Every unit that is not on the list of counters is built from kg, m, s, 月, J and so on; a percentage is 1/100 of nothing.
    """

    factor: Fraction
    dims: tuple[tuple[str, int], ...] = ()


ONE = Unit(Fraction(1))
PERCENT = Unit(Fraction(1, 100))
POINT = Unit(Fraction(1, 100), (("pp", 1),))

# Months and years are a kind of their own: a month has no fixed number of days. 分 is a point of a score, a minute is min or 分钟.
# Each row: the kind, then each unit with its factor and its other names. The first unit of the right size is the one shown.
_SCALES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "kg^1": (("t", "1000", "吨"), ("kg", "1", "公斤 千克"), ("g", "1/1000", "克"),
             ("mg", "1/1000000", "毫克"), ("μg", "1/1000000000", "微克 ug"), ("短吨", "90718474/100000", "short_ton")),
    "m^1": (("km", "1000", "公里 千米"), ("m", "1", "米"), ("cm", "1/100", "厘米"), ("mm", "1/1000", "毫米")),
    "m^2": (("km²", "1000000", "平方公里 平方千米"), ("m²", "1", "平方米 平米"),
            ("万m²", "10000", "公顷 hm² ha 万平方米"), ("亩", "2000/3", "")),
    "m^3": (("m³", "1", "立方米 方"), ("L", "1/1000", "升 l"), ("mL", "1/1000000", "毫升 ml")),
    "Nm³^1": (("Nm³", "1", "Nm3 标准立方米 标方"),),
    "s^1": (("d", "86400", "天 日"), ("h", "3600", "小时 时"), ("min", "60", "分钟"), ("s", "1", "秒"),
            ("周", "604800", ""), ("ms", "1/1000", "毫秒")),
    "月^1": (("a", "12", "年"), ("月", "1", "个月"), ("季度", "3", "季")),
    "J^1": (("kWh", "3600000", "千瓦时 度"), ("MWh", "3600000000", "兆瓦时"), ("GWh", "3600000000000", ""), ("Wh", "3600", ""),
            ("GJ", "1000000000", "吉焦"), ("MJ", "1000000", "兆焦"), ("kJ", "1000", "千焦"), ("J", "1", "焦")),
    "J^1 s^-1": (("kW", "1000", "千瓦"), ("MW", "1000000", "兆瓦"), ("GW", "1000000000", "吉瓦"), ("W", "1", "瓦")),
    "VA^1": (("kVA", "1000", "千伏安"), ("MVA", "1000000", "兆伏安"), ("VA", "1", "伏安")),
    "V^1": (("kV", "1000", "千伏"), ("V", "1", "伏")),
    "Pa^1": (("MPa", "1000000", "兆帕"), ("kPa", "1000", "千帕"), ("Pa", "1", "帕")),
    "tce^1": (("tce", "1", "吨标准煤 吨标煤"), ("kgce", "1/1000", "千克标准煤 公斤标煤"), ("gce", "1/1000000", "克标准煤")),
    "tCO2^1": (("tCO2", "1", "吨二氧化碳 tCO₂"), ("kgCO2", "1/1000", "千克二氧化碳 kgCO₂")),
    "元^1": (("元", "1", "CNY 人民币"), ("万元", "10000", ""), ("亿元", "100000000", "")),
    "": (("%", "1/100", "百分比"), ("‰", "1/1000", "千分比"), ("ppm", "1/1000000", "")),
    "pp^1": (("pp", "1/100", "百分点"),),
}  # fmt: skip
# What is counted one by one is its own kind: a household is not a person, and two of them are never added.
COUNTERS = tuple(
    """人 户 件 座 处 次 条 盏 个 辆 分 台 套 根 块 班 车 艘 架 列 株 棵 只 头 份 张 项 起 宗 例 家 所 间 栋 幢 层 名 位 组 批 趟 班次
    人次 车次 台次 户次 件次 架次 航次 对 双 桶 箱 瓶 袋 包 井 孔 口 片 宿 床 床位 车位 桩 枪 站 点 路 线路 街道 社区 网格
    企业 学校 医院 部""".split()
)
_OTHERS = ("A", "Hz", "dB", "lx", "℃", "NTU", "pH")
_MULTIPLIERS = {"百": 100, "千": 1000, "万": 10_000, "十万": 100_000, "百万": 10**6, "千万": 10**7, "亿": 10**8}
_SAME = str.maketrans({"㎡": "m²", "㎥": "m³", "㎞": "km", "㎏": "kg", "㎝": "cm", "㎜": "mm", "°": "℃", "（": "(", "）": ")", "／": "/",
                       "％": "%", "×": "·", "*": "·", "⋅": "·", "•": "·", "・": "·", "µ": "μ"})  # fmt: skip


def _known() -> Iterator[tuple[str, Unit]]:
    for kind, rows in _SCALES.items():
        dims = tuple((name, int(power)) for name, _, power in (part.partition("^") for part in kind.split()))
        for symbol, factor, others in rows:
            for name in (symbol, *others.split()):
                yield name, Unit(Fraction(factor), dims)
    for name in (*COUNTERS, *_OTHERS):
        yield name, Unit(Fraction(1), ((name, 1),))


KNOWN: dict[str, Unit] = dict(_known())
_USUAL: dict[Unit, str] = {found: name for name, found in reversed(KNOWN.items())}
_NAME = "|".join(
    re.escape(name) + ("(?![A-Za-z])" if name[-1].isascii() else "") for name in sorted(KNOWN, key=lambda name: (-len(name), name))
)
# The multiplier is tried last: 千克 is one word, 千户 is two.
_TERM = re.compile(
    r" *(?:(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?(?:e[+-]?[0-9]{1,2})?) *)?"
    rf"(?:(?P<times>十万|百万|千万|[百千万亿])?? *(?P<name>{_NAME}))?"
)
_POWER = re.compile(r"²|³|\^?([1-9])(?![0-9])")
_WORD = re.compile(r"[^\s/·()]+")


def product(left: Unit, right: Unit) -> Unit:
    """The unit of a product; points of per cent multiply as per cent."""
    powers = dict(_kind(left))
    for name, power in _kind(right):
        powers[name] = powers.get(name, 0) + power
    return Unit(left.factor * right.factor, tuple(sorted((name, power) for name, power in powers.items() if power)))


def power(unit: Unit, exponent: int) -> Unit:
    """The unit raised to a whole exponent, which may be negative."""
    dims = tuple((name, power * exponent) for name, power in _kind(unit)) if exponent else ()
    return Unit(unit.factor**exponent, dims)


def quotient(above: Unit, below: Unit) -> Unit:
    """The unit of above ÷ below."""
    return product(above, power(below, -1))


def difference(left: Unit, right: Unit) -> Unit:
    """The unit of a difference of two like units: that of the left one, but per cent less per cent is points."""
    return POINT if left == PERCENT and is_percent(right) else left


def same_kind(left: Unit, right: Unit) -> bool:
    """Whether values of the two can be added or compared once converted."""
    return _kind(left) == _kind(right)


def conversion(of: Unit, to: Unit) -> Fraction | None:
    """What a value in one unit is multiplied by to be in the other; None when they are unlike."""
    return of.factor / to.factor if same_kind(of, to) else None


def fit(derived: Unit, declared: Unit) -> Fraction | None:
    """Like conversion, for the unit an author declares for a result: counting rows gives a plain number, which may be called 件 or 户."""
    derived_kind, declared_kind = dict(_kind(derived)), dict(_kind(declared))
    counted = {name for name in declared_kind if name in COUNTERS and name not in derived_kind}
    rest = {name: power for name, power in declared_kind.items() if name not in counted}
    return derived.factor / declared.factor if rest == derived_kind else None


def convert(value: float | Decimal, of: Unit, to: Unit) -> float | Decimal:
    """The value in the other unit; exact for decimals. Raises ValueError for unlike units, which checks have refused before."""
    factor = conversion(of, to)
    if factor is None:
        raise ValueError(f"{symbol(of)} cannot become {symbol(to)}")
    return value * factor.numerator / factor.denominator if factor != 1 else value


def is_percent(unit: Unit | None) -> bool:
    """Whether values of this unit are written as per cent, per mille or parts per million."""
    return unit is not None and not unit.dims and unit.factor in (Fraction(1, 100), Fraction(1, 1000), Fraction(1, 10**6))


def is_dimensionless(unit: Unit | None) -> bool:
    """Whether the unit is a plain number or some form of per cent."""
    return unit is None or not _kind(unit)


def _kind(unit: Unit) -> tuple[tuple[str, int], ...]:
    """Points of per cent are told from per cent when shown, and nowhere else."""
    return tuple((name, power) for name, power in unit.dims if name != "pp")


class _Unreadable(Exception):
    """Where reading stopped, and whether a whole word was not known (读不懂)."""

    def __init__(self, at: int, word: str = "") -> None:
        self.at, self.word = at, word


def parse_unit(text: str) -> Unit | None:
    """The unit a text such as t/d, 件/万户 or 处/(100 km·a) stands for; None when it cannot be read."""
    try:
        return _parse(text)
    except _Unreadable:
        return None


def read_unit(text: str, place: Place) -> tuple[Unit | None, list[Finding]]:
    """The unit, or the finding that says what in the text is not known; place is where the text starts."""
    try:
        return _parse(text), []
    except _Unreadable as stop:
        here, shown = Place(place.file, place.line, place.column + stop.at), text[:40]
        code, zh, en = "unreadable-unit", f"单位「{shown}」读不懂", f"the unit '{shown}' cannot be read"
        advice = ("写成 t/d、件/万户、处/(100 km·a) 这样的形式", "write it like t/d, 件/万户 or 处/(100 km·a)")
        if stop.word:
            code, zh, en = "unknown-unit", f"没有名为「{stop.word}」的单位", f"no unit is named '{stop.word}'"
            advice = did_you_mean(stop.word, KNOWN, *_SOME)
        return None, [Finding(place=here, code=code, zh=zh, en=en, advice_zh=advice[0], advice_en=advice[1])]


_SOME = (
    "单位如 t、km、m²、kWh、元、%；计数用 件、个、处、次 等量词",
    "units are t, km, m², kWh, 元, % …, or counters such as 件, 个, 处",
)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Unit:
    if len(text) > 60:
        raise _Unreadable(60)
    written = re.sub(r" *([/·]) *| +", lambda found: found[1] or " ", text.replace("°C", "℃").translate(_SAME).strip())
    unit, at = _read_product(written, 0, 0)
    if at < len(written):
        raise _Unreadable(at)
    return unit


def _read_product(text: str, at: int, depth: int) -> tuple[Unit, int]:
    unit, at = _read_term(text, at, depth)
    while at < len(text) and text[at] != ")":
        # A space between two units is a product; anything else side by side is a misspelt word.
        if text[at] not in "/· ":
            raise _Unreadable(at)
        is_quotient = text[at] == "/"
        right, at = _read_term(text, at + 1, depth)
        unit = quotient(unit, right) if is_quotient else product(unit, right)
    return unit, at


def _read_term(text: str, at: int, depth: int) -> tuple[Unit, int]:
    """One unit with what may stand before it (a number, 百千万亿) and behind it (a power); a number may stand alone."""
    found = _TERM.match(text, at)
    assert found is not None  # every part of the pattern may be absent
    number, name = found["number"], found["name"]
    factor, end = Fraction(number or 1) * _MULTIPLIERS.get(found["times"] or "", 1), found.end()
    if name is not None:
        unit = KNOWN[name]
    elif text[end : end + 1] == "(" and depth < 5:
        unit, end = _read_product(text, end + 1, depth + 1)
        if text[end : end + 1] != ")":
            raise _Unreadable(end)
        end += 1
    elif number is not None and text[end : end + 1] in ("", "/", "·", ")"):
        unit = ONE
    else:
        word = _WORD.match(text, end)
        raise _Unreadable(end, word.group() if word else "")
    raised = _POWER.match(text, end)
    if raised:
        unit, end = power(unit, {"²": 2, "³": 3}.get(raised.group()) or int(raised.group(1))), raised.end()
    if not factor:
        raise _Unreadable(at)
    return Unit(unit.factor * factor, unit.dims), end


@lru_cache(maxsize=1024)
def symbol(unit: Unit) -> str:
    """The usual text of a unit, '' for a plain number; reading it again gives the same unit unless its factor is no short decimal."""
    if unit == ONE:
        return ""
    for prefix, times in (("", 1), ("万", 10_000), ("亿", 10**8)):
        exact = _USUAL.get(Unit(unit.factor / times, unit.dims))
        if exact is not None and (times == 1 or unit.factor >= times):  # 10 kg, rather than 万g
            return prefix + exact
    choices = islice(every_choice(*(_choices(name, exponent) for name, exponent in unit.dims)), 2_000)
    # The fewest odd factors first: t/d before 1000 kg/d, 件/万户 before 0.0001 件/户.
    return min((_combined(choice, unit) for choice in choices), key=lambda found: found[0])[1]


_Choice = tuple[str, Fraction, int]  # a symbol, its factor with the exponent applied, and the exponent shown


def _choices(name: str, exponent: int) -> list[_Choice]:
    whole = _SCALES.get(f"{name}^{abs(exponent)}") if abs(exponent) > 1 else None
    if whole is not None:
        sign = 1 if exponent > 0 else -1
        return [(text, Fraction(factor) ** sign, sign) for text, factor, _ in whole]
    rows = _SCALES.get(f"{name}^1", ((name, "1", ""),))
    return [(text, Fraction(factor) ** exponent, exponent) for text, factor, _ in rows]


def _combined(choice: tuple[_Choice, ...], unit: Unit) -> tuple[int, str]:
    """How odd the text is, and the text."""
    rest = unit.factor
    for _, factor, _ in choice:
        rest /= factor
    above = [_raised(text, exponent) for text, _, exponent in choice if exponent > 0]
    below = [_raised(text, -exponent) for text, _, exponent in choice if exponent < 0]
    is_large = all(factor >= 1 for _, factor, exponent in choice if exponent > 0)
    if rest == 1:
        oddness = 0
    elif rest in _SHORT and above and is_large:
        oddness, above[0] = 1, _SHORT[rest] + above[0]
    elif 1 / rest in _SHORT and below:
        oddness, below[0] = 2, _SHORT[1 / rest] + below[0]
    else:
        oddness = 3 if _is_short(rest) else 4
        above.insert(0, _number(rest))
    top = " ".join(above) if oddness > 2 and len(above) == 2 else "·".join(above) or "1"
    under = f"({'·'.join(below)})" if len(below) > 1 else "".join(below)
    return oddness, f"{top}/{under}" if under else top


_SHORT = {Fraction(10_000): "万", Fraction(10**8): "亿", Fraction(100): "100 ", Fraction(1000): "1000 "}


def _raised(text: str, exponent: int) -> str:
    return text if exponent == 1 else text + {2: "²", 3: "³"}.get(exponent, f"^{exponent}")


def _is_short(factor: Fraction) -> bool:
    return factor < 10**12 and (factor * 10**6).denominator == 1


def _number(factor: Fraction) -> str:
    return f"{float(factor):.6f}".rstrip("0").rstrip(".") if _is_short(factor) else f"{float(factor):g}"
