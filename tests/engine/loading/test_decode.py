"""What msgspec says in its words is said in the author's: every phrase it has is pinned here, with the path it means."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from engine.kinds.indicator import Indicator
from engine.loading.decode import Misfit, decode, decode_part, decode_parts, explain
from engine.loading.members import modifiers
from engine.loading.source_map import SourceMap


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    """An item (项)."""

    name: Annotated[str, Meta(title="名称", pattern="^[a-z_]+$")]
    share: Annotated[float, Meta(ge=0, le=1)] = 0
    weight: Annotated[float, Meta(gt=0, lt=10)] = 1
    pair: tuple[int, int] = (0, 0)


class Outer(Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A shape with everything in it (壳)."""

    title: Annotated[str, Meta(title="标题", examples=["清运量"], min_length=1)]
    source: str | None = None
    items: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}
    limits: dict[str, dict[str, float]] = {}
    one_or_word: Inner | Literal["all"] | None = None
    empty: Literal["null", "zero"] | None = None
    flag: bool = False
    count: int = 0
    few: Annotated[tuple[str, ...], Meta(max_length=2)] = ()


GOOD: dict[str, Any] = {"title": "x"}


def misfit(**fields: Any) -> Misfit:
    found = decode(Outer, {**GOOD, **fields})
    assert isinstance(found, Misfit)
    return found


# what is written: the phrase of msgspec 0.22, our code, the path that is meant
PHRASES: list[tuple[dict[str, Any], str, str, tuple[str | int, ...]]] = [
    ({"title": None}, "Expected `str`, got `null`", "wrong-type", ("title",)),
    ({"title": 3}, "Expected `str`, got `int`", "wrong-type", ("title",)),
    ({"title": ""}, "Expected `str` of length >= 1", "wrong-length", ("title",)),
    ({"titel": 1}, "Object contains unknown field `titel`", "unknown-field", ("titel",)),
    ({"source": "a"}, "Object contains unknown field `source`", "unknown-field", ("source",)),
    ({"from": 1}, "Expected `str | null`, got `int`", "wrong-type", ("from",)),
    ({"items": {}}, "Expected `array`, got `object`", "wrong-type", ("items",)),
    ({"items": [{}]}, "Object missing required field `name`", "missing-field", ("items", 0)),
    ({"items": [{"name": "a"}, {"name": "A"}]}, "Expected `str` matching regex '^[a-z_]+$'", "wrong-form", ("items", 1, "name")),
    ({"items": [{"name": "a", "share": 2}]}, "Expected `float` <= 1.0", "out-of-range", ("items", 0, "share")),
    ({"items": [{"name": "a", "share": -1}]}, "Expected `float` >= 0.0", "out-of-range", ("items", 0, "share")),
    ({"items": [{"name": "a", "weight": 0}]}, "Expected `float` > 0.0", "out-of-range", ("items", 0, "weight")),
    ({"items": [{"name": "a", "weight": 10}]}, "Expected `float` < 10.0", "out-of-range", ("items", 0, "weight")),
    ({"items": [{"name": "a", "pair": [1]}]}, "Expected `array` of length 2, got 1", "wrong-length", ("items", 0, "pair")),
    ({"items": [{"name": "a", "pair": [1, "b"]}]}, "Expected `int`, got `str`", "wrong-type", ("items", 0, "pair", 1)),
    ({"by_name": {"a": {"name": "a"}, "b": {}}}, "Object missing required field `name`", "missing-field", ("by_name", "b")),
    ({"by_name": {"a": {"name": "a"}, "b": {"nam": 1}}}, "Object contains unknown field `nam`", "unknown-field", ("by_name", "b", "nam")),
    ({"limits": {"a": {"x": 1}, "b": {"y": 1, "z": "?"}}}, "Expected `float`, got `str`", "wrong-type", ("limits", "b", "z")),
    ({"limits": {"a": 1}}, "Expected `object`, got `int`", "wrong-type", ("limits", "a")),
    ({"one_or_word": "some"}, "Invalid enum value 'some'", "not-allowed", ("one_or_word",)),
    ({"one_or_word": 5}, "Expected `str | object | null`, got `int`", "wrong-type", ("one_or_word",)),
    ({"empty": "none"}, "Invalid enum value 'none'", "not-allowed", ("empty",)),
    ({"flag": "yes"}, "Expected `bool`, got `str`", "wrong-type", ("flag",)),
    ({"count": 1.5}, "Expected `int`, got `float`", "wrong-type", ("count",)),
    ({"few": ["a", "b", "c"]}, "Expected `array` of length <= 2", "wrong-length", ("few",)),
]


@pytest.mark.parametrize(("written", "phrase", "code", "path"), PHRASES, ids=[phrase for _, phrase, _, _ in PHRASES])
def test_each_phrase_of_msgspec_becomes_ours(written: dict[str, Any], phrase: str, code: str, path: tuple[str | int, ...]) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({**GOOD, **written}, Outer)
    assert str(error.value).split(" - at ")[0] == phrase

    found = misfit(**written)

    assert (found.code, found.path) == (code, path)
    finding = found.finding(SourceMap("a.yaml", "", {}))
    assert "`" not in finding.zh + finding.en + finding.advice_zh + finding.advice_en


def test_what_is_no_map_is_no_definition() -> None:
    values: list[Any] = [[], "x", 3, None, True]
    for value in values:
        found = decode(Outer, value)
        assert isinstance(found, Misfit)
        assert found.code == "not-a-definition"


def test_a_phrase_that_is_new_is_still_told() -> None:
    found = explain("Something quite new - at `$.items[0]`", Outer, GOOD)
    assert (found.code, found.path) == ("unreadable-shape", ("items", 0))


def test_an_empty_null_is_the_word_where_the_word_is_allowed() -> None:
    decoded = decode(Outer, {"title": "x", "empty": None, "one_or_word": None})
    assert decoded == Outer(title="x", empty="null")


def test_absent_null_is_not_the_same_as_nothing_said() -> None:
    plain = {"title": "x", "unit": "t"}
    said, unsaid = decode(Indicator, {**plain, "absent": None}), decode(Indicator, dict(plain))
    assert isinstance(said, Indicator) and said.absent == "null"
    assert isinstance(unsaid, Indicator) and unsaid.absent is None


def test_the_nearest_name_is_offered_and_the_names_in_chinese_are_known() -> None:
    assert misfit(titel=1).words["advice_en"] == "did you mean 'title'?"
    assert misfit(标题=1).words["advice_en"] == "write 'title'"
    assert "title, from, items" in str(misfit(zzz=1).words["advice_en"])


@pytest.mark.parametrize("written", ["yoy", {"yoy": {}}, {"yoy": None}])
def test_a_part_is_named_by_a_word_or_a_map_of_one(written: Any) -> None:
    part = decode_part(modifiers(), written, "变换", "modifier")
    assert not isinstance(part, Misfit)
    assert part.tag == "yoy"


@pytest.mark.parametrize(
    ("written", "code", "path"),
    [
        ("yox", "unknown-part", ()),
        ({"yox": {}}, "unknown-part", ("yox",)),
        ({"yoy": {"giv": "rate"}}, "unknown-field", ("yoy", "giv")),
        ({"yoy": {"give": "rat"}}, "not-allowed", ("yoy", "give")),
        ({"yoy": {}, "mom": {}}, "one-part-only", ()),
        ({}, "one-part-only", ()),
        (5, "one-part-only", ()),
        (["yoy", {"mom": 3}], "wrong-type", (1, "mom")),
    ],
)
def test_a_part_that_does_not_fit_is_told_with_its_path_from_outside(written: Any, code: str, path: tuple[str | int, ...]) -> None:
    found = decode_parts(modifiers(), written, "变换", "modifier")
    assert isinstance(found, Misfit)
    assert (found.code, found.path) == (code, path)


def test_no_parts_are_no_parts() -> None:
    assert decode_parts(modifiers(), None, "变换", "modifier") == ()
    assert decode_parts(modifiers(), [], "变换", "modifier") == ()
