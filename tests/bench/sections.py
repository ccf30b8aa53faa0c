"""Parts of the page of results that commands of their own write: each replaces its own and leaves the others as they are."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
OWN = ("## A crowd", "## Peers", "## Intake", "## Minutes")  # written by tests.bench.crowd, .peers, .intake and .minutes


def section(text: str, heading: str) -> str:
    """The section under a heading, the heading included; empty when there is none."""
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    return f"{heading}\n{rest.partition(f'{chr(10)}## ')[0].rstrip()}\n" if found else ""


def with_section(text: str, heading: str, body: str) -> str:
    """The page with the section in place of the one that was there, else at its end."""
    old = section(text, heading)
    new = f"{heading}\n\n{body.strip()}\n"
    return text.replace(old, new) if old else f"{text.rstrip()}\n\n{new}"


def with_sections_of(page: str, before: str) -> str:
    """A page written anew, with the sections that other commands wrote into the page before."""
    for heading in OWN:
        old = section(before, heading)
        page = f"{page.rstrip()}\n\n{old}" if old else page
    return page


def write_section(heading: str, body: str) -> None:
    """Put the section into the page of results."""
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), heading, body), encoding="utf-8")
