"""The page of connectors is what their structs say, and its example is a definition without a finding."""

from pathlib import Path

import pytest

from engine.loading.members import connectors
from engine.running.definitions import load_checked
from tests.docs.connector_pages import HEAD, connectors_page
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "connectors.md"


def test_the_page_is_what_the_code_says(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(connectors_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == connectors_page(), (
        "docs/connectors.md is not what the code says now: `make golden` writes it"
    )


@pytest.mark.parametrize("tag", [tag for tag, kind in connectors().items() if kind.__module__.startswith("connectors.")])
def test_each_connector_has_its_settings_and_those_of_its_streams_there(tag: str) -> None:
    page = connectors_page()
    _, _, after = page.partition(f"`{tag}`\n\n")
    own = after.split("\n---\n")[0]
    assert [
        name for name in (*connectors()[tag].__struct_fields__, *connectors()[tag].stream.__struct_fields__) if f"| `{name}` |" not in own
    ] == []


def test_the_example_of_the_page_is_a_source_without_a_finding(tmp_path: Path) -> None:
    example = HEAD.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "project.yaml").write_text("title: 小城\ndomains: [{name: sources, title: 来源}]\n", encoding="utf-8")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "waste.source.yaml").write_text(example, encoding="utf-8")
    assert [finding.text("en") for finding in load_checked(tmp_path).findings if finding.place.file.endswith("waste.source.yaml")] == []
