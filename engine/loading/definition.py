"""Decodes one file: its own shape, then the parts inside it whose shapes belong to other members."""

from typing import Any

from msgspec import Struct

from engine.findings import Finding
from engine.kind import Definition
from engine.loading.decode import Misfit, decode, decode_parts
from engine.loading.files import FoundFile
from engine.loading.members import modifiers
from engine.loading.parse import parse_text
from engine.loading.source_map import SourceMap, value_at
from engine.question import Question
from engine.registry import kinds

# Below these stand rows and answers, where a column may bear any name.
_FREE = frozenset({"rows", "expect", "expect_totals", "settings", "read", "viewer", "params"})


class DecodedFile(Struct, frozen=True):
    """What was read from one file: a definition, or the findings why there is none (读入的文件)."""

    file: FoundFile
    source_map: SourceMap
    definition: Definition | None = None
    findings: tuple[Finding, ...] = ()


def decode_file(file: FoundFile) -> DecodedFile:
    """The definition in a file's text; the findings of its writing, or the first of its shape."""
    if file.is_unread:
        return DecodedFile(file, SourceMap(file.path, "", {}))
    parsed = parse_text(file.text, file.path)
    if parsed.findings:
        return DecodedFile(file, parsed.source_map, None, parsed.findings)
    spec = decode(kinds()[file.kind], parsed.value)
    misfit = spec if isinstance(spec, Misfit) else _inner_misfit(file.kind, parsed.source_map)
    if isinstance(spec, Misfit) or misfit:
        return DecodedFile(file, parsed.source_map, None, (misfit.finding(parsed.source_map),) if misfit else ())
    return DecodedFile(file, parsed.source_map, Definition(file.kind, file.id, file.path, spec))


def _inner_misfit(kind: str, source_map: SourceMap) -> Misfit | None:
    """The first question or modifier inside a definition that does not fit."""
    for path in source_map.spots:
        if not path or _FREE & {part for part in path if isinstance(part, str)}:
            continue
        value = value_at(source_map.value, path)
        found: Any = None
        if path[-1] == "ask" and kind == "test" and value is not None:
            found = decode(Question, value)
        elif path[-1] == "modifier" and value is not None:
            found = decode_parts(modifiers(), value, "变换", "modifier")
        if isinstance(found, Misfit):
            return found.below(path)
    return None
