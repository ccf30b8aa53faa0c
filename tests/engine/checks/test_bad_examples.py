"""Error text is a product: every code has a bad example, and the whole text that a reader gets is kept and read in review."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.check import checks
from engine.expression.refusals import REFUSALS as OF_EXPRESSIONS
from engine.loading.project import load_texts
from engine.loading.refusals import REFUSALS as OF_FILES
from engine.running.definitions import check, load_checked
from tests.engine.checks.bad_examples import EXPECTED, FOLDER, Example, examples, findings_of, read_example, shown
from tests.engine.checks.city import CITY

# Codes that no definitions folder can bring about, with the reason.
NOT_BY_A_FOLDER = {
    "unreadable-file": "tests run as a user who may read everything",
    "unreadable-shape": "the last resort for a phrase of the decoder that no test knows",
    "indicator-not-allowed": "only where no indicators are at hand; definitions always have them",
    "unknown-indicator": "in definitions unknown-reference says it, with the nearest name",
    "unreadable-expression": "the check passes on the grammar's own codes",
}
UNITS = {"unknown-unit", "unreadable-unit"}


def codes() -> set[str]:
    """Every code a finding of a definition can bear."""
    return (set(OF_FILES) | set(OF_EXPRESSIONS) | {check.tag for check in checks()} | UNITS) - set(NOT_BY_A_FOLDER)


def test_the_small_city_is_without_a_finding(tmp_path: Path) -> None:
    assert list(load_checked(_city(tmp_path)).findings) == []
    assert list(check(load_texts(CITY)).findings) == []


@pytest.mark.parametrize("name", examples())
def test_a_bad_example_is_told_in_full(name: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    example = read_example(name)
    findings = findings_of(example, tmp_path)
    golden(f"findings/{name}.yaml", example.head + EXPECTED + shown(findings, tmp_path))
    assert example.code in {finding.code for finding in findings}


def test_every_code_has_a_bad_example() -> None:
    assert sorted(codes() - {read_example(name).code for name in examples()}) == []


def test_every_bad_example_is_of_a_known_code() -> None:
    assert sorted({read_example(name).code for name in examples()} - codes()) == []


def test_there_are_more_than_forty_different_mistakes() -> None:
    assert len(examples()) >= 40


@pytest.mark.parametrize("name", examples())
def test_a_message_is_plain(name: str) -> None:
    """No type names, no «invalid», no «please»: neither in Chinese nor in English."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").split(EXPECTED)[1].lower()
    for word in ("invalid", "please", "msgspec", "traceback", "nonetype", "请重试", "无效", "非法"):
        assert word not in text, f"{name}: {word}"


def _city(folder: Path) -> Path:
    for file, text in CITY.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def describe(example: Example) -> str:
    """The first line of an example: what is wrong in it."""
    return example.head.split("\n")[0].removeprefix("# ")


def test_every_bad_example_says_what_is_wrong_in_it() -> None:
    assert [name for name in examples() if not read_example(name).head.startswith("# ")] == []
