"""Writes the JSON Schema of each kind, so that an editor completes and explains a definition while it is typed."""

import json
from pathlib import Path
from typing import Any

import msgspec

from engine.kind import KindSpec
from engine.loading.members import connectors, modifiers, operators
from engine.loading.shape import label, label_in
from engine.question import Question
from engine.registry import kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEADER = "# yaml-language-server: $schema="
_AT = "#/$defs/{name}"
Schema = dict[str, Any]


def schema_of(kind: str) -> Schema:
    """The JSON Schema of a kind; raises KeyError for an unknown one."""
    spec = kinds()[kind]
    shapes: list[Any] = [spec, Question] if kind == "test" else [spec]
    components = _components([*shapes, *modifiers().values()] if _has_modifiers(spec) else shapes)
    if kind == "test":
        _ask_questions(components)
    _name_modifiers(components)
    for shape in components.values():
        _mend(shape)
        shape["title"] = label_in(shape.get("description", "")) or shape["title"]
    own = components.pop(spec.__name__)
    if kind == "analysis":
        own["properties"]["operator"]["enum"] = sorted(operators())
    if kind == "source":
        own["properties"]["connector"]["enum"] = sorted(connectors())
    return {"$schema": DIALECT, **own, "title": label(spec), "$defs": dict(sorted(components.items()))}


def write_schemas(folder: Path) -> list[Path]:
    """Writes `<kind>.schema.json` for each kind into the folder; the same members give the same bytes. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in kinds():
        path = folder / f"{kind}.schema.json"
        path.write_text(schema_text(kind), encoding="utf-8")
        written.append(path)
    return written


def schema_text(kind: str) -> str:
    """The text of a kind's schema file."""
    return json.dumps(schema_of(kind), ensure_ascii=False, indent=1) + "\n"


def _components(shapes: list[Any]) -> dict[str, Schema]:
    _, components = msgspec.json.schema_components(shapes, ref_template=_AT)
    plain: dict[str, Schema] = json.loads(json.dumps(components))
    return plain


def _has_modifiers(spec: type[KindSpec]) -> bool:
    return spec.tag in ("indicator", "test", "analysis")


def _ask_questions(components: dict[str, Schema]) -> None:
    for name in ("Test", "Case"):
        asked = components[name]["properties"]["ask"]
        asked.clear()
        asked.update(
            {"anyOf": [{"$ref": "#/$defs/Question"}, {"type": "null"}], "title": "提问", "description": "The question asked of the rows"}
        )


def _name_modifiers(components: dict[str, Schema]) -> None:
    """A modifier stands as its word or as a map of its word to its settings: the schema lists them all."""
    settings = {tag: {"anyOf": [{"$ref": f"#/$defs/{member.__name__}"}, {"type": "null"}]} for tag, member in modifiers().items()}
    one = {"type": "object", "properties": settings, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    for name, shape in components.items():
        modifier = shape.get("properties", {}).get("modifier")
        if modifier is None:
            continue
        kept = {key: modifier[key] for key in ("title", "description", "examples", "default") if key in modifier}
        modifier.clear()
        modifier.update(kept | {"anyOf": [one, {"type": "null"}]})
        if name == "Asked":
            word = {"enum": sorted(settings)}
            modifier["anyOf"] = [word, one, {"type": "array", "items": {"anyOf": [word, one]}}, {"type": "null"}]


def _mend(schema: Any) -> None:
    """What the reader does and a bare schema does not: a YAML null is the word null where that word is allowed."""
    if isinstance(schema, dict):
        allowed = schema.get("enum")
        if isinstance(allowed, list) and "null" in allowed and None not in allowed:
            allowed.append(None)
        for inner in schema.values():
            _mend(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _mend(inner)
