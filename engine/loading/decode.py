"""Turns plain values into structs, and is the only place that knows how msgspec words what does not fit."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from engine.findings import Finding, did_you_mean
from engine.loading import misfits
from engine.loading.refusals import refuse, shortened
from engine.loading.shape import declared
from engine.loading.source_map import Path, SourceMap, value_at
from engine.part import PluginPart

Shape = TypeVar("Shape", bound=Struct)
Member = TypeVar("Member", bound=PluginPart)


class Misfit(Struct, frozen=True):
    """A value that is not what a struct declares: code, the words of the message, and the path from the value's root (不合之处)."""

    code: str
    path: Path
    words: Mapping[str, object]
    of_key: bool = False

    def below(self, outer: Path) -> "Misfit":
        """The same misfit, seen from further out."""
        return Misfit(self.code, (*outer, *self.path), self.words, self.of_key)

    def finding(self, source_map: SourceMap) -> Finding:
        """The misfit at its place in a file."""
        return refuse(self.code, source_map.place(*self.path, of_key=self.of_key), **self.words)


_AT = re.compile(r" - at `(?:key` in `)?\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_MISSING = re.compile(r"Object missing required field `(.+)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`$")
_TYPE = re.compile(r"Expected `(.+)`, got `(.+)`$")
_ENUM = re.compile(r"Invalid enum value (.+)$", re.DOTALL)
_RANGE = re.compile(r"Expected `(?:int|float|number)` (>=|<=|>|<) (\S+)$")
_PATTERN = re.compile(r"Expected `str` matching regex '(.*)'$", re.DOTALL)
_LENGTH = re.compile(r"Expected `(?:array|object|str)` of (?:length )?(.+?)(?:, got (\d+))?$")


def decode(shape: type[Shape], value: Any) -> Shape | Misfit:
    """The struct of a plain value, or the first thing that does not fit; an empty `null` in it becomes the word where that is allowed."""
    try:
        return msgspec.convert(_with_null_words(shape, value), shape)
    except msgspec.ValidationError as error:
        return explain(str(error), shape, value)


def decode_part(members: Mapping[str, type[Member]], value: Any, what_zh: str, what_en: str) -> Member | Misfit:
    """A member named by a word (`mom`) or by a map of one key (`yoy: {give: change}`), found in the registry's members."""
    named = {value: {}} if isinstance(value, str) else value
    if not isinstance(named, dict) or len(named) != 1:
        count = len(named) if isinstance(named, dict | list) else 0
        return Misfit("one-part-only", (), {"what_zh": what_zh, "what_en": what_en, "n": count})
    tag, settings = next(iter(named.items()))
    member = members.get(tag)
    if member is None:
        known = sorted(members)
        advice_zh, advice_en = did_you_mean(tag, known, f"可用：{'、'.join(known)}", f"known: {', '.join(known)}")
        words = {"name": shortened(tag), "what_zh": what_zh, "what_en": what_en, "advice_zh": advice_zh, "advice_en": advice_en}
        return Misfit("unknown-part", () if isinstance(value, str) else (tag,), words, of_key=True)
    if settings is not None and not isinstance(settings, dict):
        return Misfit("wrong-type", (tag,), misfits.wrong_type(misfits.name_of((tag,)), "object", settings, declared(member)))
    decoded = decode(member, settings or {})
    return decoded.below((tag,)) if isinstance(decoded, Misfit) else decoded


def decode_parts(members: Mapping[str, type[Member]], value: Any, what_zh: str, what_en: str) -> tuple[Member, ...] | Misfit:
    """Members applied in turn: one as in `decode_part`, a list of them, or nothing."""
    found: list[Member] = []
    for index, item in enumerate(value if isinstance(value, list | tuple) else [] if value is None else [value]):
        part = decode_part(members, item, what_zh, what_en)
        if isinstance(part, Misfit):
            return part.below((index,)) if isinstance(value, list | tuple) else part
        found.append(part)
    return tuple(found)


def explain(said: str, shape: type[Struct], value: Any) -> Misfit:
    """What msgspec said about a value, in the author's words: one branch for each of its phrases."""
    at = _AT.search(said)
    phrase = said[: at.start()] if at else said
    path = _path(at[1] if at else "", said, shape, value)
    here = declared(shape, path)
    given = value_at(value, path)
    if found := _MISSING.match(phrase):
        return Misfit("missing-field", path, misfits.missing(found[1], shape, path, here, given))
    if found := _UNKNOWN.match(phrase):
        return Misfit("unknown-field", (*path, found[1]), misfits.unknown(found[1], shape, path, here, given), of_key=True)
    name = misfits.name_of(path)
    if not path and not isinstance(value, dict):
        return Misfit("not-a-definition", path, misfits.given_words(given))
    if found := _TYPE.match(phrase):
        return Misfit("wrong-type", path, misfits.wrong_type(name, found[1], given, here))
    if _ENUM.match(phrase):
        return Misfit("not-allowed", path, misfits.not_allowed(name, given, here))
    if found := _RANGE.match(phrase):
        return Misfit("out-of-range", path, misfits.out_of_range(name, found[1], found[2], given))
    if found := _PATTERN.match(phrase):
        return Misfit("wrong-form", path, misfits.wrong_form(name, found[1].replace("\\\\", "\\"), given, here))
    if found := _LENGTH.match(phrase):
        return Misfit("wrong-length", path, misfits.wrong_length(name, found[1], given, here))
    return Misfit("unreadable-shape", path, {"why": shortened(phrase, 120)})


def _path(text: str, said: str, shape: type[Struct], value: Any) -> Path:
    """msgspec's path as a tuple; where it hides the key of a map, the key is found by trying each alone."""
    path: list[str | int] = []
    for name, index in _STEP.findall(text):
        if name or index:
            path.append(name or int(index))
        else:
            path.append(_hidden_key(tuple(path), said, shape, value))
    return tuple(path)


def _hidden_key(path: Path, said: str, shape: type[Struct], value: Any) -> str:
    keyed = value_at(value, path)
    keys: list[str] = list(keyed) if isinstance(keyed, dict) else []
    for key in keys:
        alone = deepcopy(value)
        holder = value_at(alone, path)
        for other in keys:
            if other != key:
                del holder[other]
        try:
            msgspec.convert(alone, shape)
        except msgspec.ValidationError as error:
            if str(error) == said:
                return key
    return keys[0] if keys else ""


def _with_null_words(shape: type[Struct], value: Any) -> Any:
    """YAML reads `absent: null` as nothing; where the word null is one of the allowed values, it is the word that was meant."""
    for path in _nulls(value, ()):
        here = declared(shape, path)
        if here and "null" in here.allowed:
            value_at(value, path[:-1])[path[-1]] = "null"
    return value


def _nulls(value: Any, path: Path) -> list[Path]:
    if value is None:
        return [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items if item is None or isinstance(item, dict | list) for found in _nulls(item, (*path, key))]
