"""Turns the text of a file into plain values with places, and everything YAML could smuggle in into findings."""

from typing import Any

import yaml
from msgspec import Struct

from engine.findings import Finding, Place
from engine.loading.events import MAX_BYTES, Stopped, ValueBuilder
from engine.loading.json_text import read_json
from engine.loading.refusals import refuse, shortened
from engine.loading.scalars import HIDDEN, read_word
from engine.loading.source_map import SourceMap
from engine.loading.syntax import explain_yaml


class Parsed(Struct, frozen=True):
    """A file as plain values: findings mean that its value must not be used (解析结果)."""

    source_map: SourceMap
    findings: tuple[Finding, ...] = ()

    @property
    def value(self) -> Any:
        """The plain value: maps, lists, texts, numbers."""
        return self.source_map.value


def text_of(raw: bytes, file: str) -> tuple[str, Finding | None]:
    """The text of a file's bytes (UTF-8, with or without a byte order mark), or why it has none."""
    if len(raw) > MAX_BYTES:
        return "", refuse("file-too-large", Place(file), size=len(raw), limit=MAX_BYTES)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n"), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return "", refuse("not-utf8", Place(file, line), at=error.start + 1)


def parse_text(text: str, file: str) -> Parsed:
    """The plain value of a definition's text and where its parts stand; the name's suffix says whether it is JSON."""
    problem = _unfit(text, file)
    if problem:
        return Parsed(SourceMap(file, text, {}), (problem,))
    builder = ValueBuilder(file)
    try:
        problem = read_json(text, builder) if file.endswith(".json") else _read_yaml(text, builder)
    except Stopped:
        problem = None
    findings = [*builder.findings, problem] if problem else builder.findings
    if builder.is_empty and not findings:
        findings = [refuse("empty-file", Place(file))]
    return Parsed(SourceMap(file, text, builder.spots, builder.root), tuple(findings))


def _unfit(text: str, file: str) -> Finding | None:
    if len(text) > MAX_BYTES:
        return refuse("file-too-large", Place(file), size=len(text), limit=MAX_BYTES)
    hidden = HIDDEN.search(text)
    if hidden is None:
        return None
    before = text[: hidden.start()]
    place = Place(file, before.count("\n") + 1, hidden.start() - before.rfind("\n"))
    return refuse("hidden-text", place, code_point=f"U+{ord(hidden[0]):04X}")


def _read_yaml(text: str, builder: ValueBuilder) -> Finding | None:
    """Feeds the events of the C reader to the builder; returns the finding of the first thing that is no YAML."""
    try:
        for event in yaml.parse(text, Loader=yaml.CLoader):
            _take(event, builder)
    except yaml.MarkedYAMLError as error:
        return explain_yaml(error, text, builder.file)
    except yaml.YAMLError as error:
        return refuse("yaml-syntax", Place(builder.file), why_zh=shortened(error), why_en=shortened(error), advice_zh="", advice_en="")
    return None


def _take(event: Any, builder: ValueBuilder) -> None:
    match event:
        case yaml.ScalarEvent():
            _refuse_marks(event, builder)
            _take_scalar(event, builder)
        case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
            _refuse_marks(event, builder)
            if builder.waits_for_key():
                builder.refuse("key-not-text", event.start_mark)
                raise Stopped
            builder.begin({} if isinstance(event, yaml.MappingStartEvent) else [], event.start_mark)
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            builder.end()
        case yaml.AliasEvent():
            builder.refuse("yaml-alias", event.start_mark, sign="*", name=shortened(event.anchor, 30))
            raise Stopped
        case yaml.DocumentStartEvent():
            _take_document(event, builder)


def _take_scalar(event: Any, builder: ValueBuilder) -> None:
    is_bare, style, word = event.implicit[0], event.style or "", event.value
    if builder.waits_for_key():
        if is_bare and word == "<<":
            builder.refuse("yaml-merge", event.start_mark)
        elif not word:
            builder.refuse("key-not-text", event.start_mark)
        # A key is always text: 110105: 东城 names the code "110105", whatever a number of that form would be.
        builder.key(word, event.start_mark)
        return
    value, problem = read_word(word, builder.place(event.start_mark)) if is_bare else (word, None)
    if problem:
        builder.findings.append(problem)
    builder.scalar(value, event.start_mark, event.end_mark, style)


def _refuse_marks(event: Any, builder: ValueBuilder) -> None:
    """An anchor or a tag is refused where it stands, used or not."""
    if event.anchor is not None:
        builder.refuse("yaml-alias", event.start_mark, sign="&", name=shortened(event.anchor, 30))
    if event.tag is not None:
        builder.refuse("yaml-tag", event.start_mark, tag=shortened(event.tag, 40))


def _take_document(event: Any, builder: ValueBuilder) -> None:
    if event.version is not None or event.tags:
        builder.refuse("yaml-directive", event.start_mark)
    if not builder.is_empty:
        builder.refuse("several-definitions", event.start_mark, line=builder.spots[()].line)
        raise Stopped
