"""The README is the first thing anyone believes, so what it names must be there."""

import re
import subprocess
from collections.abc import Iterator

from portal.cli.main import COMMANDS
from tests.architecture.code_tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def named_in_the_map(readme: str) -> set[str]:
    """The top-level names of the map's first column."""
    rows = readme.partition("| name | what lies there |")[2].partition("\n\n")[0].splitlines()
    return {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1] if "|" in row else "")}


def dead_links(page: str, text: str) -> Iterator[str]:
    """The files that a page links to and that do not exist."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not (ROOT / page).parent.joinpath(target).exists():
            yield target


def targets(makefile: str) -> set[str]:
    """What can be made."""
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def test_the_map_is_the_top_level() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.splitlines()
    assert named_in_the_map(README) | {"README.md"} == {name.partition("/")[0] for name in listing}


def test_every_make_command_that_is_named_can_be_made() -> None:
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", README)) <= targets(MAKEFILE)


def test_every_target_is_phony_and_in_the_help() -> None:
    phony = set((re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE) or [""] * 2)[1].split())
    assert targets(MAKEFILE) == phony
    assert phony - {"help"} == set(re.findall(r'echo "make ([a-z-]+)', MAKEFILE))


def test_every_command_that_is_named_is_one() -> None:
    pages = [README, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))]
    named = {name for page in pages for name in re.findall(r"`chengmai ([a-z]+)", page)}
    assert named and named <= {name for name, _, _ in COMMANDS}


def test_no_page_links_to_a_file_that_is_not_there() -> None:
    pages = ["README.md", *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md")))]
    assert [dead for page in pages for dead in dead_links(page, (ROOT / page).read_text(encoding="utf-8"))] == []


def test_a_forgotten_folder_and_a_dead_link_are_seen() -> None:
    assert named_in_the_map("| name | what lies there |\n|---|---|\n| `engine/` | x |\n\n| `other/` |") == {"engine"}
    assert list(dead_links("README.md", "[a](docs/gone.md) [b](Makefile#x)")) == ["docs/gone.md"]
