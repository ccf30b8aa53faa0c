"""The sixteen scenarios are definitions: code that names one of them could not run a seventeenth."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.code_tree import CODE, ROOT, place, written

SCENARIOS = """
    lifeline pipeline_emergency hazard_analysis major_event chp_dispatch waste_flow spill_trace snow_ops
    dark_road back_alley ev_charging lpg_trace grid_hotline_law street_furniture waste_forecast waste_station_location
""".split()
NAMED = re.compile(rf"(?<![a-z])({'|'.join(name.replace('_', '[_-]?') for name in SCENARIOS)})(?![a-z])", re.IGNORECASE)
TEXT = {".py", ".html", ".css", ".js", ".ts", ".vue", ".sql", ".json", ".toml"}


def named_scenarios(root: Path) -> Iterator[str]:
    """Every line of the code folders that names a scenario."""
    for folder in CODE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in TEXT and not {"node_modules", "dist"} & set(path.parts):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    if found := NAMED.search(line):
                        yield f"{place(root, path, number)}: {found[0]}"


def test_no_code_names_a_scenario() -> None:
    assert list(named_scenarios(ROOT)) == []


def test_there_are_sixteen_and_a_name_in_any_spelling_is_seen(tmp_path: Path) -> None:
    assert len(set(SCENARIOS)) == 16
    code = {"engine/runner.py": "x = 'snow_ops'\ny = 'lifelines'\n", "portal/web/map.vue": "<map-of-DarkRoad/>\n"}
    assert list(named_scenarios(written(tmp_path, code))) == ["engine/runner.py:1: snow_ops", "portal/web/map.vue:1: DarkRoad"]
