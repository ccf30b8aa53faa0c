"""A modifier in an address is a tag (yoy) or JSON ({"prev": {"give": "rate"}}), read one way wherever it stands."""

from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter

from portal.api.problem import refusal

Modifiers = Annotated[
    list[str] | None, QueryParameter(name="modifier", description='变换，可多次：yoy，或 JSON {"prev": {"give": "rate"}}')
]


def modifier_written(text: str) -> str | dict[str, Any]:
    """A modifier as a question writes it; 400 for JSON that is none."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise refusal(
            400, "wrong-parameter", f"变换「{text}」不是完整的 JSON", f"the modifier '{text}' is not whole JSON", place="modifier",
            advice_zh='写成 yoy，或 {"prev": {"give": "rate"}}', advice_en='write yoy, or {"prev": {"give": "rate"}}',
        ) from None  # fmt: skip
