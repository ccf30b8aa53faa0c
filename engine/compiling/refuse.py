"""A question that cannot be answered is refused with a finding; inside compiling it travels as one exception to the pass's door."""

from engine.findings import Finding, Place

QUESTION = Place("question")


class Refused(Exception):
    """Raised inside compiling, turned into a Finding of the question at the door."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.text("en"))


def refuse(code: str, zh: str, en: str, advice: tuple[str, str] = ("", "")) -> Refused:
    """A refusal with its code, sentence and advice, each in Chinese and English."""
    return Refused(Finding(place=QUESTION, code=code, zh=zh, en=en, advice_zh=advice[0], advice_en=advice[1]))
