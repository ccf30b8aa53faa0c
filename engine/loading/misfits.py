"""Words for what does not fit: what is wanted, what is there, and what to write instead, from the struct's own declaration."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.findings import did_you_mean
from engine.loading.refusals import shortened
from engine.loading.shape import Declared, declared, label
from engine.loading.source_map import Path

Words = Mapping[str, object]

# msgspec's name of a type: (Chinese, English).
TYPES = {
    "str": ("文字", "text"),
    "int": ("整数", "a whole number"),
    "float": ("数", "a number"),
    "bool": (" true 或 false", "true or false"),
    "array": ("列表", "a list"),
    "object": ("若干行「名称: 值」", "'name: value' lines"),
    "null": ("空", "empty"),
}
SIGNS = {">=": ("不小于", "at least"), "<=": ("不大于", "at most"), ">": ("大于", "greater than"), "<": ("小于", "less than")}
# How a pattern begins: (Chinese, English) advice; other fields show their examples.
FORMS = {
    "^-?P": (
        "写成 P 开头的时长：P7D 是 7 天，PT15M 是 15 分钟，P1M 是 1 个月",
        "write a duration: P7D is 7 days, PT15M 15 minutes, P1M a month",
    ),
    "^[a-z_]": (
        "用小写英文字母、数字和下划线，以字母或下划线开头",
        "use lower-case letters, digits and underscores, and begin with a letter or underscore",
    ),
    r"^\d{4}-": ("写成 2026-01-31 这样的日期", "write a date such as 2026-01-31"),
}
_NAMES = ("name", "code", "of", "dataset", "rule", "title")
_YES_NO = frozenset({"yes", "no", "on", "off", "y", "n", "是", "否", "true", "false"})


def name_of(path: Path) -> dict[str, object]:
    """How a message names the field at a path, as name_zh and name_en: its own name, or which item of a list."""
    if not path:
        return {"name_zh": "", "name_en": ""}
    if isinstance(path[-1], str):
        return {"name_zh": f"「{path[-1]}」", "name_en": f"'{path[-1]}'"}
    outer = name_of(path[:-1])
    return {"name_zh": f"{outer['name_zh']}的第 {path[-1] + 1} 项", "name_en": f"item {path[-1] + 1} of {outer['name_en']}"}


def given_words(given: Any) -> dict[str, object]:
    """What stands there: (Chinese, English) as given_zh and given_en."""
    match given:
        case None:
            zh, en = "空的", "nothing"
        case bool():
            zh = en = str(given).lower()
        case int() | float():
            zh, en = f"数 {given}", f"the number {given}"
        case str():
            zh, en = f"文字「{shortened(given, 40)}」", f"the text '{shortened(given, 40)}'"
        case list():
            zh, en = "列表", "a list"
        case _:
            zh, en = "若干行「名称: 值」", "'name: value' lines"
    return {"given_zh": zh, "given_en": en}


def missing(name: str, shape: type[Struct], path: Path, here: Declared | None, holder: Any) -> Words:
    """Words for a field that must be there and is not."""
    field = here.fields.get(name) if here else None
    where_zh, where_en = _where(shape, path, holder)
    sample = f"{name}: {_sample(field.examples[0])}" if field and field.examples else ""
    advice_zh = f"加上一行，例如 {sample}" if sample else _choices(field)[0] or f"加上「{name}」"
    advice_en = f"add a line, for example {sample}" if sample else _choices(field)[1] or f"add '{name}'"
    title = field.title if field else name
    return {"where_zh": where_zh, "where_en": where_en, "name": name, "title": title, "advice_zh": advice_zh, "advice_en": advice_en}


def unknown(name: str, shape: type[Struct], path: Path, here: Declared | None, holder: Any) -> Words:
    """Words for a field that does not exist: the nearest name, found by its Chinese title too, or all names."""
    fields = here.fields if here else {}
    where_zh, where_en = _where(shape, path, holder)
    by_title = next((known for known, field in fields.items() if field.title == name), None)
    if by_title:
        advice_zh, advice_en = f"名称用英文：「{by_title}」", f"write '{by_title}'"
    else:
        advice_zh, advice_en = did_you_mean(name, fields, f"可写：{'、'.join(fields)}", f"known: {', '.join(fields)}")
    return {"where_zh": where_zh, "where_en": where_en, "name": shortened(name), "advice_zh": advice_zh, "advice_en": advice_en}


def wrong_type(name: Words, wanted: str, given: Any, here: Declared | None) -> Words:
    """Words for a number where a text is wanted, and the like."""
    kinds = [kind for kind in wanted.split(" | ") if kind != "null"] or ["null"]
    pairs = [TYPES.get(kind, (kind, kind)) for kind in kinds]
    wanted_zh, wanted_en = "或".join(zh for zh, _ in pairs), " or ".join(en for _, en in pairs)
    advice_zh, advice_en = _instead(kinds, given, here)
    return {
        **name,
        "wanted_zh": wanted_zh,
        "wanted_en": wanted_en,
        **given_words(given),
        "advice_zh": advice_zh,
        "advice_en": advice_en,
    }


def not_allowed(name: Words, given: Any, here: Declared | None) -> Words:
    """Words for a value outside a closed list."""
    allowed = here.allowed if here else []
    near_zh, near_en = did_you_mean(str(given), allowed, "", "")
    zh, en = _choices(here)
    advice_zh = f"{near_zh}{zh}" if near_zh else zh
    advice_en = f"{near_en} {en}" if near_en else en
    return {**name, "given": shortened(given, 40), "advice_zh": advice_zh, "advice_en": advice_en}


def out_of_range(name: Words, sign: str, limit: str, given: Any) -> Words:
    """Words for a number that is too small or too great."""
    number = limit.removesuffix(".0")
    zh, en = SIGNS[sign]
    return {**name, "wanted_zh": f"{zh} {number}", "wanted_en": f"{en} {number}", "given": given}


def wrong_form(name: Words, pattern: str, given: Any, here: Declared | None) -> Words:
    """Words for a text that does not follow its pattern."""
    examples = ", ".join(str(example) for example in here.examples) if here else ""
    shown = (f"例如 {examples}", f"for example {examples}") if examples else ("对照格式说明修改", f"it must match {pattern}")
    advice_zh, advice_en = next((advice for begin, advice in FORMS.items() if pattern.startswith(begin)), shown)
    return {**name, "given": shortened(given, 40), "advice_zh": advice_zh, "advice_en": advice_en}


def wrong_length(name: Words, wanted: str, given: Any, here: Declared | None) -> Words:
    """Words for a list with too many or too few values."""
    examples = f" {_sample(here.examples[0])}" if here and here.examples else ""
    count = len(given) if isinstance(given, list | dict | str) else 0
    advice = (f"例如{examples}", f"for example{examples}") if examples else (f"写 {wanted} 个值", f"write {wanted} values")
    return {**name, "wanted": wanted, "given": count, "advice_zh": advice[0], "advice_en": advice[1]}


def _instead(wanted: list[str], given: Any, here: Declared | None) -> tuple[str, str]:
    """What to write where the type is wrong."""
    if given is None:
        return "写出值，或删除这一行", "write a value, or delete the line"
    if "str" in wanted and isinstance(given, bool | int | float):
        written = str(given).lower() if isinstance(given, bool) else given
        return f'加上引号："{written}"', f'put it in quotes: "{written}"'
    if wanted == ["bool"]:
        return (
            ("写 true 或 false", "write true or false")
            if str(given).lower() in _YES_NO
            else ("写 true 或 false，不加引号", "write true or false, without quotes")
        )
    if isinstance(given, str) and _is_number(given) and {"int", "float"} & set(wanted):
        return f"去掉引号：{given}", f"without quotes: {given}"
    if "array" in wanted and not isinstance(given, list):
        return (
            ("写成列表：每项一行，以「- 」开头", "write a list: an item a line, each beginning with '- '")
            if isinstance(given, dict)
            else (
                f"写成列表：[{shortened(given, 40)}]",
                f"write a list: [{shortened(given, 40)}]",
            )
        )
    fields = here.fields if here else {}
    if "object" in wanted and fields:
        return f"写出其中的项：{'、'.join(fields)}", f"write its fields: {', '.join(fields)}"
    if wanted == ["object"] and isinstance(given, str):
        return (
            f"写成 {{{given}: {{}}}}" if given.isidentifier() else "写成 {名称: 值}",
            f"write {{{given}: {{}}}}" if given.isidentifier() else "write {name: value}",
        )
    examples = _sample(here.examples[0]) if here and here.examples else ""
    if examples:
        return f"例如 {examples}", f"for example {examples}"
    if isinstance(given, str) and {"int", "float"} & set(wanted):
        return "只写数，不写单位", "write the number alone, without a unit"
    return _choices(here)


def _choices(here: Declared | None) -> tuple[str, str]:
    allowed = here.allowed if here else []
    return (f"可写：{'、'.join(allowed)}", f"allowed: {', '.join(allowed)}") if allowed else ("", "")


def _where(shape: type[Struct], path: Path, holder: Any) -> tuple[str, str]:
    """The thing that holds a field: the kind at the top, else the field and its title, or the item by its name or number."""
    if not path:
        return label(shape), f"the {getattr(shape, 'tag', '') or shape.__name__.lower()}"
    name = name_of(path)
    if isinstance(path[-1], int):
        own = next((holder[key] for key in _NAMES if isinstance(holder.get(key), str)), None) if isinstance(holder, dict) else None
        outer = name_of(path[:-1])
        if own is not None:
            return f"{outer['name_zh']}的「{shortened(own)}」", f"'{shortened(own)}' in {outer['name_en']}"
        return str(name["name_zh"]), str(name["name_en"])
    here = declared(shape, path)
    title = f"（{here.title}）" if here and here.title else ""
    return f"{name['name_zh']}{title}", str(name["name_en"])


def _sample(example: Any) -> str:
    """An example as it is written in YAML on one line."""
    match example:
        case dict():
            return "{" + ", ".join(f"{key}: {_sample(item)}" for key, item in example.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_sample, example)) + "]"
        case bool():
            return str(example).lower()
        case "" | "%":
            return f'"{example}"'
        case _:
            return str(example)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
