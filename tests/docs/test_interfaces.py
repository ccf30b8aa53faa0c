"""What the pages on the command line and on HTTP say is what commands and handlers say."""

from pathlib import Path

import pytest

from tests.docs.interface_pages import api_page, cli_page
from tests.docs.pages import ROOT


@pytest.mark.parametrize(("name", "made"), [("docs/cli.md", cli_page), ("docs/api.md", api_page)])
def test_a_page_is_what_the_code_says(request: pytest.FixtureRequest, name: str, made) -> None:  # type: ignore[no-untyped-def]
    path: Path = ROOT / name
    if request.config.getoption("--update-golden"):
        path.write_text(made(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made(), f"{name} is not what the code says now: `make golden` writes it"
