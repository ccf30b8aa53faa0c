"""The arrows between modules point one way, and each contract that says so is able to fail."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.code_tree import ROOT, written

MEMBERS = ("__init__", "one", "two")
SKELETON = [
    *(f"engine/{name}.py" for name in ("findings", "alarm", "frame", "parts", "unit", "question", "part", "registry", "check")),
    *(f"engine/{name}.py" for name in ("kind", "modifier", "operator", "warehouse", "connector", "sharing")),
    *(
        f"engine/{name}/__init__.py"
        for name in ("expression", "lake", "writing", "forecasting", "loading", "compiling", "state", "running", "alerting", "proving")
    ),
    *(f"engine/{name}/{member}.py" for name in ("kinds", "modifiers", "operators", "warehouses", "checks") for member in MEMBERS),
    *(f"connectors/{name}.py" for name in MEMBERS),
    *(f"portal/{name}.py" for name in ("cli", "app", "following", "background", "wiring", "opening", "push")),
    *(f"portal/{name}/__init__.py" for name in ("api", "access", "identity")),
    *(
        "engine/__init__.py",
        "renderers/__init__.py",
        "renderers/theme.py",
        "renderers/screen.py",
        "portal/__init__.py",
    ),
]
VIOLATIONS = {
    "engine/compiling/__init__.py: import renderers.theme": "portal > renderers | connectors > engine",
    "engine/loading/__init__.py: import engine.running": "engine reads downwards; a file with no floor is an error",
    "engine/lake/__init__.py: import engine.warehouses.one": "engine reads downwards; a file with no floor is an error",
    "engine/stray.py: x = 1": "engine reads downwards; a file with no floor is an error",
    "engine/kinds/one.py: import engine.kinds.two": "kinds: members never know each other",
    "engine/modifiers/one.py: import engine.modifiers.two": "modifiers: members never know each other",
    "engine/operators/one.py: import engine.operators.two": "operators: members never know each other",
    "engine/warehouses/one.py: import engine.warehouses.two": "warehouses: members never know each other",
    "engine/checks/one.py: import engine.checks.two": "checks: members never know each other",
    "engine/compiling/__init__.py: def late(): import duckdb": "loading, checking and compiling are pure",
    "engine/running/__init__.py: import litestar": "the engine has never heard of the web",
    "connectors/one.py: import sqlglot": "a connector sees its contract",
    "renderers/screen.py: import engine.running": "a renderer sees definitions and frames",
    "portal/api/__init__.py: import portal.wiring": "pages are wired, they do not wire",
    "renderers/theme.py: import renderers.screen": "no circles anywhere",
}


def verdicts(root: Path) -> dict[str, str]:
    """What import-linter says of each of our contracts about the code below a root; its own process, since modules are cached."""
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"
    command = [sys.executable, "-c", code, str(ROOT / "pyproject.toml")]
    surroundings = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"}
    ran = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=False)
    names = [contract["name"] for contract in tomllib.loads(settings)["tool"]["importlinter"]["contracts"]]
    verdict = {name: re.search(rf"^{re.escape(name)} (KEPT|BROKEN)", ran.stdout, re.MULTILINE) for name in names}
    said = {name: found[1] for name, found in verdict.items() if found}
    assert said.keys() == set(names), ran.stdout + ran.stderr
    return said


def skeleton(root: Path) -> Path:
    """The layout with every floor built and nothing in it; screen reads theme, as a circle needs two."""
    return written(root, {**dict.fromkeys(SKELETON, ""), "renderers/screen.py": "import renderers.theme\n"})


def test_every_arrow_of_the_repository_points_downwards() -> None:
    assert {name: word for name, word in verdicts(ROOT).items() if word != "KEPT"} == {}


def test_the_layout_itself_breaks_no_contract(tmp_path: Path) -> None:
    assert set(verdicts(skeleton(tmp_path)).values()) == {"KEPT"}


@pytest.mark.parametrize(("violation", "contract"), VIOLATIONS.items())
def test_a_wrong_arrow_breaks_the_contract_meant_for_it(tmp_path: Path, violation: str, contract: str) -> None:
    # given the layout and one wrong line in it
    root = skeleton(tmp_path)
    file, _, line = violation.partition(": ")
    with (root / file).open("a", encoding="utf-8") as module:
        module.write(f"{line}\n")
    # then its contract is broken
    assert verdicts(root)[contract] == "BROKEN"


def test_every_contract_has_a_violation_that_breaks_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]} == set(VIOLATIONS.values())


def test_no_contract_ignores_an_import() -> None:
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
