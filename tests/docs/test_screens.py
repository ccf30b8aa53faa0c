"""The pictures of the documentation are those that `make screens` takes, and light enough to be fetched with the code."""

from pathlib import Path

from tests.browser.screens import FOLDER, SCREENS, page_of_screens

MOST_BYTES = 4_000_000


def test_every_picture_is_taken_by_the_command_and_shown_on_the_page() -> None:
    assert {picture.stem for picture in FOLDER.glob("*.png")} == set(SCREENS)
    assert (FOLDER.parent / "screens.md").read_text(encoding="utf-8") == page_of_screens()


def test_the_pictures_together_are_light() -> None:
    assert sum(picture.stat().st_size for picture in Path(FOLDER).glob("*.png")) <= MOST_BYTES
