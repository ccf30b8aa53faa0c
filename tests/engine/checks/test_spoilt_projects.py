"""Whatever is wrong in a project, checking says so and never fails itself; what we ship is without a finding."""

import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.loading.files import find_files
from engine.loading.parse import parse_text
from engine.running.definitions import load_checked, load_texts_checked

ROOT = Path(__file__).parents[3]
SHIPPED = [ROOT / "definitions", *sorted(path for path in (ROOT / "tests/projects").iterdir() if path.is_dir())]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_what_we_ship_is_without_a_finding(folder: Path) -> None:
    assert [finding.text("en") for finding in load_checked(folder).findings] == []


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
@pytest.mark.parametrize("seed", range(2))
def test_a_project_with_a_file_or_two_gone_is_told_and_no_more(folder: Path, seed: int) -> None:
    texts = read(folder)
    chance = random.Random(seed)
    for path in chance.sample(sorted(texts), 2):
        del texts[path]
    load_texts_checked(texts)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
@pytest.mark.parametrize("seed", range(4))
def test_a_project_with_values_exchanged_is_told_and_no_more(folder: Path, seed: int) -> None:
    texts = read(folder)
    chance = random.Random(seed)
    for path in chance.sample(sorted(texts), min(8, len(texts))):
        value = parse_text(texts[path], path).value
        for _ in range(3):
            exchange(value, chance)
        texts[path] = dumped(value)
    checked = load_texts_checked(texts)
    assert all(finding.zh and finding.en and finding.place.file in texts for finding in checked.findings)


def read(folder: Path) -> dict[str, str]:
    return {Path(file.path).relative_to(folder).as_posix(): file.text for file in find_files(folder)[0]}


def dumped(value: Any) -> str:
    out = StringIO()
    YAML(typ="safe", pure=True).dump(value, out)
    return out.getvalue()


def exchange(value: Any, chance: random.Random) -> None:
    """Puts a value where another of the same sort stands, or takes one away: the shape mostly stays, the meaning does not."""
    places = list(leaves(value))
    if len(places) < 2:
        return
    (holder, key), (other, other_key) = chance.sample(places, 2)
    match chance.randrange(5):
        case 0:
            holder[key], other[other_key] = other[other_key], holder[key]
        case 1:
            holder[key] = other[other_key]
        case 2 if isinstance(holder, dict):
            del holder[key]
        case 3 if isinstance(holder[key], str):
            holder[key] = holder[key][:-1]
        case _:
            holder[key] = chance.choice(["day", "a.b", "sanitation.msw_day", "x + 1", "count", "self", "P1D"])


def leaves(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        if isinstance(inner, dict | list):
            yield from leaves(inner)
        else:
            yield value, key
