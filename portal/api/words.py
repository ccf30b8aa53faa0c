"""What is wrong with a body of questions, in a reader's words, with the JSON path where it stands."""

import json
import re
from typing import Any

import msgspec

from engine.findings import Place
from engine.loading.decode import Misfit, decode
from engine.loading.misfits import given_words
from engine.loading.refusals import refuse
from engine.question import Question
from portal.api.problem import Trouble, trouble

_BYTE = re.compile(r"\(byte (\d+)\)")


class SaidTwice(Exception):
    """A key stands twice in one object, and nobody knows which was meant."""


def json_path(path: tuple[str | int, ...]) -> str:
    """A path as JSON tools write it: $[0].period.last."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def trouble_of_json(error: Exception) -> Trouble:
    """The trouble of a body that is not JSON at all."""
    if isinstance(error, SaidTwice):
        key = str(error)
        return Trouble("duplicate-key", f"「{key}」写了两次", f"'{key}' is written twice", "$", "删除其中一个", "delete one of the two")
    if isinstance(error, RecursionError):
        return Trouble("too-deep", "JSON 嵌套过深", "the JSON is nested too deeply", "$")
    byte = _BYTE.search(str(error))
    zh, en = (f"第 {byte[1]} 字节", f"byte {byte[1]}") if byte else ("结尾处", "its end")
    return Trouble(
        "json-syntax",
        f"请求体不是完整的 JSON（{zh}）",
        f"the body is not whole JSON ({en})",
        "$",
        "检查引号、逗号和括号",
        "check quotes, commas and brackets",
    )


def trouble_of_shape(body: bytes) -> Trouble:
    """The trouble of a body that is JSON, and is no list of questions."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:  # the typed reader stops at the first misfit, this one reads on
        return trouble_of_json(error)
    if not isinstance(value, list):
        words = given_words(value)
        return Trouble(
            "not-a-list", f"请求体应是查询的列表 […]，这里是{words['given_zh']}",
            f"the body is a list of questions [...], here is {words['given_en']}",
            "$", "把查询放进方括号", "put the question into square brackets",
        )  # fmt: skip
    for index, item in enumerate(value):
        misfit = decode(Question, item)
        if isinstance(misfit, Misfit):
            return trouble_of_misfit(misfit.below((index,)))
    return Trouble("wrong-value", "查询的写法不对", "a question is not written like this", "$")


def trouble_of_misfit(misfit: Misfit) -> Trouble:
    """A misfit with its JSON path as the place."""
    found = trouble(refuse(misfit.code, Place("$"), **misfit.words))
    return msgspec.structs.replace(found, place=json_path(misfit.path))


def refuse_doubled_keys(body: bytes) -> None:
    """Raises SaidTwice when an object of the body has a key twice; the fast decoder would keep the last without a word."""

    def pairs(found: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in found:
            if key in seen:
                raise SaidTwice(key)
            seen.add(key)

    json.loads(body, object_pairs_hook=pairs)
