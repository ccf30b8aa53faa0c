"""The schema that editors use and the reader agree: what one accepts the other accepts, and the committed files are those the structs give."""

import json
import random
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from engine.loading.definition import decode_file
from engine.loading.files import FoundFile, find_files
from engine.loading.header import header
from engine.loading.members import connectors
from engine.loading.parse import parse_text
from engine.loading.project import load
from engine.loading.schema import schema_of, schema_text, write_schemas
from engine.registry import kinds

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "definitions", *sorted(path for path in (ROOT / "tests/projects").iterdir() if path.is_dir())]
FILES = [file for folder in FOLDERS for file in find_files(folder)[0]]


CLOSED: Registry[Any] = Registry()  # nothing is ever fetched: a reference outside the schema is an error


@lru_cache
def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(kind), registry=CLOSED)


def is_decoded(file: FoundFile, value: Any) -> bool:
    """Whether the reader accepts the value; the schema also lists the connectors, which a check looks at."""
    text = json.dumps(value, ensure_ascii=False)
    is_known = file.kind != "source" or value.get("connector") in connectors()
    return is_known and not decode_file(FoundFile(f"a/x.{file.kind}.json", file.kind, file.id, text)).findings


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_schema_of_a_kind_is_one(kind: str) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert all(field.get("title") and field.get("description") for field in schema["properties"].values())


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_committed_schema_is_what_the_structs_give(kind: str) -> None:
    committed = (ROOT / "definitions/_schema" / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(kind), "`chengmai schema` writes it anew"


def test_a_reference_to_elsewhere_is_never_followed() -> None:
    for uri in ("http://127.0.0.1:1/schema.json", "file:///etc/hostname"):
        with pytest.raises(Unresolvable):
            Draft202012Validator({"$ref": uri}, registry=CLOSED).is_valid({})


def test_every_reference_of_a_schema_stays_inside_it() -> None:
    for kind in kinds():
        assert all(reference.startswith("#/$defs/") for reference in _references(schema_of(kind)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.kind}-{file.id}")
def test_every_definition_is_valid_by_its_schema(file: FoundFile) -> None:
    errors = [error.message for error in validator(file.kind).iter_errors(parse_text(file.text, file.path).value)]
    assert errors == []


@pytest.mark.parametrize("file", random.Random(7).sample(FILES, min(80, len(FILES))), ids=lambda file: f"{file.kind}-{file.id}")
def test_a_spoilt_definition_is_refused_by_both_or_by_none(file: FoundFile) -> None:
    chance = random.Random(file.id)
    whole = parse_text(file.text, file.path).value
    for _ in range(25):
        value = spoilt(deepcopy(whole), chance)
        assert validator(file.kind).is_valid(value) == is_decoded(file, value), value


def spoilt(value: Any, chance: random.Random) -> Any:
    """The value with one thing in it changed, added or taken away."""
    holder, key = chance.choice(list(_places(value)))
    match chance.randrange(6):
        case 0 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case 1 if isinstance(holder, dict):
            del holder[key]
        case 2:
            holder[key] = {"a": 1}
        case 3:
            holder[key] = [holder[key]]
        case 4:
            holder[key] = "Spoilt text!"
        case _:
            holder[key] = chance.choice([3, True, -1.5, None, ""])
    return value


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def _references(schema: Any) -> Any:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        yield from _references(inner)


def test_a_file_leads_to_the_schema_of_its_kind(tmp_path: Path) -> None:
    write_schemas(tmp_path / "_schema")
    for name, first in (
        ("good", header(tmp_path / "a/good.indicator.yaml", tmp_path / "_schema", "indicator")),
        ("none", "# x"),
        ("other", header(tmp_path / "a/x", tmp_path / "_schema", "dataset")),
    ):
        path = tmp_path / "a" / f"{name}.indicator.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{first}\ntitle: x\nunit: t\n", encoding="utf-8")
    (tmp_path / "project.yaml").write_text("# yaml-language-server: $schema=_schema/project.schema.json\ntitle: x\n", encoding="utf-8")

    found = [(Path(finding.place.file).name, finding.code) for finding in load(tmp_path).findings]

    assert found == [("none.indicator.yaml", "schema-header"), ("other.indicator.yaml", "schema-header")]


def test_a_folder_without_schemas_needs_no_header(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("title: x\n", encoding="utf-8")
    assert load(tmp_path).findings == ()
