"""A question that cannot be answered is refused with a finding; inside compiling it travels as one exception to the pass's door."""

from collections.abc import Iterable

from engine.findings import Finding, Place, did_you_mean

QUESTION = Place("question")


class Refused(Exception):
    """Raised inside compiling, turned into a Finding of the question at the door."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.text("en"))


def refuse(code: str, zh: str, en: str, advice: tuple[str, str] = ("", "")) -> Refused:
    """A refusal with its code, sentence and advice, each in Chinese and English."""
    return Refused(Finding(place=QUESTION, code=code, zh=zh, en=en, advice_zh=advice[0], advice_en=advice[1]))


def unknown_indicator(id: str, known: Iterable[str]) -> Refused:
    """No indicator has that id; the nearest is named."""
    advice = did_you_mean(id, known, "用 chengmai list indicators 查看全部", "`chengmai list indicators` shows all")
    return refuse("unknown-indicator", f"没有名为「{id}」的指标", f"no indicator is named '{id}'", advice)
