"""The definitions themselves over HTTP: what there is, what it says, in which file it stands."""

from typing import Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import Struct

from engine.findings import did_you_mean
from engine.kind import Definition, plural
from engine.registry import kinds
from portal.api.parameters import Id, Kind, Search
from portal.api.problem import Refused, refusal
from portal.api.shapes import default_of, label_and_sentence
from portal.api.world import World


class Entry(Struct, frozen=True, omit_defaults=True):
    """One definition in a list (目录项)."""

    id: str
    kind: str
    title: str
    file: str
    unit: str | None = None
    meaning: str | None = None
    owner: str | None = None


class Detail(Struct, frozen=True):
    """One definition whole; fields left at their default are left out (定义)."""

    id: str
    kind: str
    title: str
    file: str
    definition: dict[str, Any]


class CatalogController(Controller):
    """GET /api/catalog."""

    path = "/api/catalog"
    tags = ["catalog 目录"]

    @get("/{kinds:str}", summary="列出一类定义 · List the definitions of a kind", sync_to_thread=False)
    def entries(self, kinds: Kind, world: NamedDependency[World], search: Search = "") -> list[Entry]:
        """`kinds` is indicators, datasets, dimensions, sources, access, tests or project; every word of `search` must occur."""
        kind = kind_named(kinds)
        return [entry for entry in map(entry_of, definitions_of(world, kind)) if is_found(entry, search)]

    @get("/{kind:str}/{id:str}", summary="一个定义的全文 · One definition whole", sync_to_thread=False)
    def detail(self, kind: Kind, id: Id, world: NamedDependency[World]) -> Detail:
        """What the file says, as JSON under the names it is written with."""
        definition = world.catalog.definitions.get((kind_named(kind), id))
        if definition is None:
            raise no_definition(world, kind_named(kind), id)
        entry = entry_of(definition)
        return Detail(entry.id, entry.kind, entry.title, entry.file, plain_definition(definition))


def kind_named(word: str) -> str:
    """The kind that an address names, in the singular or plural; 404 for another word."""
    known = kinds()
    found = next((kind for kind in known if word in {kind, plural(kind)}), None)
    if found is None:
        advice = did_you_mean(word, [plural(kind) for kind in known], f"可用：{'、'.join(known)}", f"known: {', '.join(known)}")
        raise refusal(
            404,
            "unknown-kind",
            f"没有名为「{word}」的定义类型",
            f"no kind of definition is named '{word}'",
            advice_zh=advice[0],
            advice_en=advice[1],
        )
    return found


def definitions_of(world: World, kind: str) -> list[Definition]:
    """All definitions of a kind, by id."""
    return [definition for (named, _), definition in sorted(world.catalog.definitions.items()) if named == kind]


def entry_of(definition: Definition) -> Entry:
    """A definition as a list shows it."""
    said = {name: getattr(definition.spec, name, None) for name in ("title", "unit", "meaning", "owner")}
    return Entry(
        definition.id, definition.kind, said["title"] or definition.id, definition.file, said["unit"], said["meaning"], said["owner"]
    )


def is_found(entry: Entry, search: str) -> bool:
    """Whether every word of a search occurs in title, id, meaning, owner or unit."""
    text = " ".join(filter(None, (entry.title, entry.id, entry.meaning, entry.owner, entry.unit))).casefold()
    return all(word in text for word in search.casefold().split())


def plain_definition(definition: Definition) -> dict[str, Any]:
    """The fields of a definition that are not at their default, as plain values under the names written in files."""
    said: dict[str, Any] = plain(definition.spec)
    return said


def plain(value: Any) -> Any:
    """A value without the fields that only say what would hold anyway."""
    if isinstance(value, Struct):
        fields = [(field, getattr(value, field.name)) for field in msgspec.structs.fields(value)]
        return {field.encode_name: plain(inner) for field, inner in fields if field.required or inner != default_of(field)}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return {key: plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def no_definition(world: World, kind: str, id: str) -> Refused:
    """404 with the nearest id."""
    advice = did_you_mean(id, world.catalog.ids(kind), f"「/api/catalog/{plural(kind)}」列出全部", f"/api/catalog/{plural(kind)} lists all")
    title = label_and_sentence(kinds()[kind])[0]
    return refusal(
        404, "unknown-definition", f"没有名为「{id}」的{title}", f"there is no {kind} '{id}'", advice_zh=advice[0], advice_en=advice[1]
    )
