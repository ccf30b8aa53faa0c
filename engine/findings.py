"""The only way to say "your definition is wrong": a place, a stable code, a sentence in two languages, advice."""

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct


class Place(Struct, frozen=True, order=True):
    """Where in a definition file something stands, counted from 1 (位置)."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a definition, and what to do about it (校验问题)."""

    place: Place
    code: str
    zh: str
    en: str
    advice_zh: str = ""
    advice_en: str = ""

    def text(self, language: str = "zh") -> str:
        """The finding as one or two lines of text, as the command line prints it."""
        said, advice = (self.zh, self.advice_zh) if language == "zh" else (self.en, self.advice_en)
        head = f"{self.place}: {self.code}: {said}"
        return f"{head}\n    {advice}" if advice else head


class DefinitionsAreWrong(Exception):
    """Raised once at a door (command line, HTTP) when findings stop the work; carries all of them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = in_order(findings)
        super().__init__("\n".join(finding.text("en") for finding in self.findings))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without repeats, sorted by file, line, column and code."""
    return sorted(set(findings), key=lambda finding: (finding.place, finding.code, finding.en))


def did_you_mean(name: str, known: Iterable[str], see_zh: str, see_en: str) -> tuple[str, str]:
    """Advice (Chinese, English): the nearest known name, or else the given hint where all names are shown."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    if near:
        return f"是否想写「{near[0]}」？", f"did you mean '{near[0]}'?"
    return see_zh, see_en
