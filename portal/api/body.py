"""A JSON body is read strictly, and what does not fit is said in a reader's words with its JSON path."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State
from msgspec import Struct

from engine.loading.decode import Misfit, decode
from engine.loading.misfits import given_words
from portal.api.problem import refusal, refused_with
from portal.api.words import SaidTwice, refuse_doubled_keys, trouble_of_json, trouble_of_misfit

Shape = TypeVar("Shape", bound=Struct)


def read_body(request: Request[Any, Any, State], body: bytes, shape: type[Shape]) -> Shape:
    """The struct of a body; 415 for one that is no JSON by name, 400 for one that is not written like this."""
    if request.content_type[0] != "application/json":  # also keeps other sites' plain forms out
        raise refusal(415, "not-json", "请求体须为 JSON", "the body must be JSON", advice_zh="加上 content-type: application/json",
                      advice_en="say content-type: application/json")  # fmt: skip
    try:
        value = msgspec.json.decode(body)
        refuse_doubled_keys(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, SaidTwice) as error:
        raise refused_with(400, trouble_of_json(error)) from None
    if not isinstance(value, dict):
        words = given_words(value)
        raise refusal(
            400, "not-an-object", f"请求体应是一个对象 {{…}}，这里是{words['given_zh']}", f"the body is an object {{...}}, here is {words['given_en']}",
            place="$", advice_zh="写成 {\"名称\": 值}", advice_en="write {\"name\": value}",
        )  # fmt: skip
    found = decode(shape, value)
    if isinstance(found, Misfit):
        raise refused_with(400, trouble_of_misfit(found))
    return found
