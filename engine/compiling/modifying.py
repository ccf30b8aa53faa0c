"""Modifiers as a question or a definition writes them, decoded through the registry."""

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.compiling.refuse import refuse
from engine.findings import did_you_mean
from engine.modifier import Modifier


class Modifiers:
    """Every known modifier by its tag."""

    def __init__(self, known: Mapping[str, type[Modifier]]) -> None:
        self.known = known

    def several(self, written: Any) -> tuple[Modifier, ...]:
        """Modifiers from `mom`, `{yoy: {...}}` or a list of such, applied first to last."""
        if written is None:
            return ()
        if isinstance(written, (list, tuple)):
            return tuple(one for each in written for one in self.several(each))
        if isinstance(written, str):
            return (self.one(written, {}),)
        return tuple(self.one(tag, settings) for tag, settings in written.items())

    def one(self, tag: str, settings: Any) -> Modifier:
        """One modifier from its tag and settings."""
        kind = self.known.get(tag)
        if kind is None:
            advice = did_you_mean(tag, self.known, f"可用：{'、'.join(self.known)}", f"known: {', '.join(self.known)}")
            raise refuse("unknown-modifier", f"没有名为「{tag}」的变换", f"no modifier is named '{tag}'", advice)
        try:
            return msgspec.convert(settings or {}, kind)
        except msgspec.ValidationError as error:
            raise refuse(
                "modifier-settings", f"变换「{tag}」的设置不对：{error}", f"settings of modifier '{tag}' do not fit: {error}"
            ) from None
