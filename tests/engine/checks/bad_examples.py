"""Reads a bad example: a comment says what is wrong, changes to the small city follow, then the full text that must come out."""

import os
from pathlib import Path
from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML

from engine.findings import Finding
from engine.running.definitions import load_checked
from tests.engine.checks.city import CITY

FOLDER = Path(__file__).parents[2] / "golden" / "findings"
EXPECTED = "expected: |\n"


class Example(Struct, frozen=True):
    """One bad example (反例)."""

    name: str
    code: str
    head: str
    changes: dict[str, list[tuple[str, str]]]
    files: dict[str, str | None]
    made: dict[str, str]


def examples() -> list[str]:
    """The names of all bad examples."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_example(name: str) -> Example:
    """The example; its code is the name up to the first dot."""
    head = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").split(EXPECTED)[0]
    read = YAML(typ="safe").load(head) or {}
    changes = {file: _pairs(change) for file, change in read.get("change", {}).items()}
    return Example(name, name.split(".")[0], head, changes, read.get("files", {}), read.get("made", {}))


def _pairs(change: list[Any]) -> list[tuple[str, str]]:
    """[old, new], or a list of such."""
    return [(str(old), str(new)) for old, new in ([change] if isinstance(change[0], str) else change)]


def written(example: Example, folder: Path) -> Path:
    """The small city with the example's changes, below the folder."""
    texts = dict(CITY)
    for file, pairs in example.changes.items():
        for old, new in pairs:
            assert old in texts[file], f"{example.name}: {file} has no {old!r}"
            texts[file] = texts[file].replace(old, new, 1)
    for file, text in example.files.items():
        if text is None:
            del texts[file]
        else:
            texts[file] = text
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for file, how in example.made.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path, how)
    return folder


def make(path: Path, how: str) -> None:
    """Files that no text can show: links, pipes, other encodings, sizes."""
    word, _, rest = how.partition(" ")
    match word:
        case "link":
            path.symlink_to(rest)
        case "pipe":
            os.mkfifo(path)
        case "gb18030" | "utf-16":
            path.write_bytes(rest.encode(word))
        case "bytes":
            path.write_bytes(b"title: " + b"x" * int(rest))
        case "nested":
            path.write_text("title: " + "[" * int(rest) + "]" * int(rest), encoding="utf-8")
        case "values":
            path.write_text("title: [" + "1," * int(rest) + "]", encoding="utf-8")
        case "folder":
            path.mkdir()
        case "text":
            path.write_text(rest.encode().decode("unicode_escape"), encoding="utf-8")
        case _:
            raise ValueError(how)


def findings_of(example: Example, folder: Path) -> list[Finding]:
    """What loading and checking find in the example."""
    return list(load_checked(written(example, folder)).findings)


def shown(findings: list[Finding], folder: Path) -> str:
    """The findings as people read them, each with its line and a mark below the place, in both languages."""
    said: list[str] = []
    for finding in findings:
        said += finding.text("zh").split("\n")
        said += excerpt(finding)
        said += finding.text("en").split("\n")
    return "".join(f"  {line}\n" if line else "\n" for line in "\n".join(said).replace(f"{folder.as_posix()}/", "").split("\n"))


def excerpt(finding: Finding) -> list[str]:
    """The line a finding points at, and a mark below the column; nothing for files that are no text."""
    path = Path(finding.place.file)
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    except UnicodeDecodeError:
        return []
    if finding.place.line > len(lines) or len(lines[finding.place.line - 1]) > 200:
        return []
    line = lines[finding.place.line - 1]
    before = line[: finding.place.column - 1]
    # A Chinese character is two columns wide, and so is the blank below it.
    return [f"    | {line}", f"    | {''.join('　' if ord(char) > 0x2E7F else ' ' for char in before)}^"]
