"""What a page shows of the program is the program's own output; `make golden` writes it anew."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from engine.compiling.tables import table_of
from engine.connector import Connector, Surroundings
from engine.question import EVERYTHING
from engine.registry import members
from engine.running.ask import ask
from engine.running.intake import intake
from engine.warehouses.duckdb import DuckDbWarehouse
from portal.api.latest import points_in
from renderers.line import line
from tests.docs.pages import NOW, ROOT, SHOWN, definitions_page, demonstration, findings_page, mistake, picture, shown_question, with_region

Page = Callable[[str, Callable[[str], str]], None]
STYLE = """<style>text{font:13px system-ui,sans-serif;fill:#667085}.rule{stroke:#e4e7ec}.floor{stroke:#98a2b3}
.stroke{fill:none;stroke:#1570ef;stroke-width:2;stroke-linejoin:round}.tail{stroke-dasharray:4 4}.area{fill:#1570ef;opacity:.08}
.reach{fill:none}.dot{fill:#1570ef}.dot.open{fill:#fff;stroke:#1570ef}</style>"""


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Page:
    """`page("docs/findings.md", made)`: what is made of the page's text is the page's text."""

    def agrees(name: str, made: Callable[[str], str]) -> None:
        path = ROOT / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if request.config.getoption("--update-golden"):
            path.write_text(made(before), encoding="utf-8")
            return
        assert made(before) == before, f"{name} is not what the code says now: `make golden` writes it"

    return agrees


def test_the_reference_of_definitions_is_what_the_structs_say(page: Page) -> None:
    page("docs/definitions.md", lambda _: definitions_page())


def test_the_list_of_findings_is_what_the_bad_examples_say(page: Page) -> None:
    page("docs/findings.md", lambda _: findings_page())


def test_the_mistake_in_the_readme_is_told_as_it_is_told(page: Page, tmp_path: Path) -> None:
    page("README.md", lambda text: with_region(text, "finding", mistake(tmp_path)))


def test_the_picture_in_the_readme_has_the_sql_of_its_yaml(page: Page) -> None:
    catalog = demonstration()
    dataset = catalog.dataset("sanitation.weighings")
    assert dataset is not None

    with closing(DuckDbWarehouse()) as warehouse:
        warehouse.create(table_of("sanitation.weighings", dataset))
        page("README.md", lambda text: with_region(text, "picture", picture(catalog, warehouse)))


@pytest.mark.slow
def test_the_picture_in_the_readme_is_drawn_from_the_demonstration(page: Page) -> None:
    catalog = demonstration()
    connectors = members("connectors", Connector, "chengmai.connectors")[0]
    around = Surroundings(NOW, ROOT / "definitions", (ROOT / "definitions",))
    indicator = catalog.indicator(SHOWN)

    with closing(DuckDbWarehouse()) as warehouse:
        for id in ("city.regions", "sanitation.facilities", "sanitation.weighings"):
            intake(catalog, id, warehouse, connectors, around, {})
        answer = next(ask(catalog, warehouse, [shown_question()], EVERYTHING, NOW))
    assert indicator is not None and answer.frame is not None

    drawing = line(points_in(answer.frame), "day", indicator.unit, indicator.display, width=640, height=320)

    drawn = Environment(loader=FileSystemLoader(ROOT / "portal/templates"), autoescape=True).get_template("drawings.html").module
    svg = str(drawn.line(drawing, indicator.title, "")).strip()  # type: ignore[attr-defined]
    page("docs/msw_day.svg", lambda _: standing_alone(svg))


def standing_alone(svg: str) -> str:
    """The drawing of a page as a file of its own, with the colours that the page gives it."""
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{STYLE}", 1) + "\n"
