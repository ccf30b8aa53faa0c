"""The first line of a definition tells the editor its schema; a wrong one would complete the wrong names."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.findings import Finding, Place
from engine.loading.files import FoundFile
from engine.loading.refusals import refuse
from engine.loading.schema import HEADER

SCHEMAS = "_schema"


def header_findings(folder: Path, files: Iterable[FoundFile]) -> Iterator[Finding]:
    """A finding for each YAML file whose first line is not that of its kind.

    Where the folder has no schemas of its own a file may go without the line; with it, the line must lead to a schema of its kind.
    """
    has_schemas = (folder / SCHEMAS).is_dir()
    for file in files:
        if not file.path.endswith(".yaml") or not file.text:
            continue
        first = file.text.split("\n", 1)[0].rstrip()
        path = Path(file.path)
        if first.startswith(HEADER):
            target = path.parent / first.removeprefix(HEADER)
            if target.name == f"{file.kind}.schema.json" and target.is_file():
                continue
        elif not has_schemas:
            continue
        wanted = header(path, folder / SCHEMAS, file.kind)
        yield refuse(
            "schema-header", Place(file.path), wanted=wanted if has_schemas else f"{HEADER}…/{file.kind}.schema.json", kind=file.kind
        )


def header(path: Path, schemas: Path, kind: str) -> str:
    """The first line of a definition file at a path."""
    return HEADER + (Path(os.path.relpath(schemas, path.parent)) / f"{kind}.schema.json").as_posix()
