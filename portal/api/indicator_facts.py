"""Everything a page must know of an indicator before it asks: what it may be split by, how fine, how modified, where it comes from."""

import json
from typing import Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from engine.compiling.explain import measure_text
from engine.compiling.modifying import Modifiers
from engine.compiling.reads import used_indicators
from engine.compiling.rows import parsed
from engine.expression.canonical import canonical
from engine.kinds.indicator import Indicator
from engine.modifier import Modifier
from engine.parts import grain_span
from engine.running.ask import known_modifiers
from portal.api.catalog_search import LevelLimit, limits_of
from portal.api.catalogue_page import domain_of, domain_titles
from portal.api.choices import GRAIN_TITLES, SPAN_TITLES, SPANS_OF, Option
from portal.api.freshness import Freshness, Judge, begin_of
from portal.api.indicator_page import relative
from portal.api.indicators import indicator_of
from portal.api.latest import SPANS, grain_of
from portal.api.lineage_picture import LineageGraph, lineage_graph, named, users_of
from portal.api.named import Named
from portal.api.parameters import Id
from portal.api.shapes import label_and_sentence, taken_apart
from portal.api.splits import Split, splits_of
from portal.api.world import World


class ModifierFacts(Struct, frozen=True):
    """One way to modify the indicator (可用变换). `schema` is JSON Schema of its settings, `default` settings that work."""

    tag: str
    title: str
    sentence: str
    needs_grain: bool
    unit: str
    schema: dict[str, Any]
    default: dict[str, Any]


class TargetFacts(Struct, frozen=True):
    """What the value should be (目标)."""

    value: float | None
    of: str | None


class VersionFacts(Struct, frozen=True):
    """An earlier definition (旧版)."""

    until: str


class Facts(Struct, frozen=True, kw_only=True):
    """One indicator as its page knows it (指标概要)."""

    id: str
    title: str
    unit: str
    meaning: str | None
    owner: str | None
    domain: str
    domain_title: str
    direction: str
    display: str | None
    file: str
    formula: str
    definition_version: str
    as_of: str | None
    begin: str | None  # of its rows; a period that began before is not whole
    freshness: Freshness
    grains: list[Option]
    default_grain: str
    spans: dict[str, list[Option]]
    default_last: dict[str, str]
    dimensions: list[Split]
    modifiers: list[ModifierFacts]
    calendars: list[str]
    used_by: list[Named]
    made_of: list[Named]
    lineage: LineageGraph
    levels: list[LevelLimit]
    target: TargetFacts | None
    refresh: str | None
    stale_after: str | None
    versions: list[VersionFacts]


class FactsController(Controller):
    """GET /api/indicators/{id}."""

    path = "/api/indicators"
    tags = ["indicator 指标"]

    @get("/{id:str}", summary="一个指标的概要 · What may be asked of one indicator", sync_to_thread=True)
    def facts(self, id: Id, world: NamedDependency[World]) -> Facts:
        """Grains, spans, dimensions, modifiers, lineage and levels: what a page offers before it asks."""
        return facts_of(world, id, indicator_of(world, id))


def facts_of(world: World, id: str, indicator: Indicator) -> Facts:
    """The facts of an indicator."""
    catalog, domain, target = world.catalog, domain_of(id), indicator.target
    freshness = Judge(world).of(id)
    grains = grains_of(world, indicator)
    return Facts(
        id=id, title=indicator.title, unit=indicator.unit, meaning=indicator.meaning, owner=indicator.owner, domain=domain,
        domain_title=domain_titles(world).get(domain, domain), direction=indicator.direction, display=indicator.display,
        file=relative(world, catalog.definitions["indicator", id].file), formula=formula_text(indicator),
        definition_version=world.definition_version, as_of=freshness.as_of, begin=begin_of(world, id), freshness=freshness,
        grains=grains, default_grain=grain_of(indicator), spans={each.value: spans_of(each.value) for each in grains},
        default_last={each.value: SPANS.get(each.value, "P30D") for each in grains},
        dimensions=splits_of(world, id, indicator), modifiers=[modifier_facts(member, indicator) for member in known_modifiers().known.values()],
        calendars=[calendar.name for calendar in catalog.project.calendars], used_by=named(catalog, users_of(catalog, id)),
        made_of=named(catalog, used_indicators(indicator)), lineage=lineage_graph(catalog, id), levels=limits_of(indicator),
        target=TargetFacts(target.value, target.of) if target is not None else None, refresh=indicator.refresh,
        stale_after=indicator.stale_after, versions=[VersionFacts(version.until) for version in indicator.was],
    )  # fmt: skip


def formula_text(indicator: Indicator) -> str:
    """How the indicator is computed, as one line."""
    if indicator.formula is not None:
        return canonical(parsed(indicator.formula).expr)
    if indicator.measure is not None:
        return measure_text(indicator.measure)
    if indicator.of is not None:
        return " → ".join([indicator.of, *(indicator.modifier or {})])
    if indicator.score is not None:
        return " + ".join(f"{item.of} × {item.weight:g}" for item in indicator.score.items)
    conversion = indicator.conversion
    return f"{conversion.base.dataset} → {conversion.then.dataset}" if conversion is not None else ""


def grains_of(world: World, indicator: Indicator) -> list[Option]:
    """The grains it may be asked by: its own and coarser ones, and those that calendars add."""
    finest = length_of(indicator.grain or "hour")
    plain = [Option(name, title) for name, title in GRAIN_TITLES.items() if length_of(name) >= finest]
    calendars = world.catalog.project.calendars
    return plain + [Option(f"{calendar.name}.{grain.name}", grain.name) for calendar in calendars for grain in calendar.grains]


def length_of(grain: str) -> int:
    """About how many seconds a grain is long; ten days for what is not equally long."""
    span = grain_span(grain) if "." not in grain else None
    return span.months * 2_592_000 + span.seconds if span is not None else 864_000


def spans_of(grain: str) -> list[Option]:
    """How far back a page may look by a grain."""
    return [Option(name, SPAN_TITLES.get(name, name)) for name in SPANS_OF.get(grain, (SPANS.get(grain, "P30D"),))]


def modifier_facts(member: type[Modifier], indicator: Indicator) -> ModifierFacts:
    """A modifier with the schema of its settings, each by its Chinese title, and the unit it makes of the indicator's."""
    title, sentence = label_and_sentence(member)
    default = settings_of(member)
    made = Modifiers({member.tag: member}).one(member.tag, default)
    return ModifierFacts(member.tag, title, sentence, member.needs_grain, made.unit(indicator.unit), schema_of(member), default)


def settings_of(member: type[Modifier]) -> dict[str, Any]:
    """Settings that work: the example of what must be said, nothing of what need not."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(member):
        metas: list[Meta] = taken_apart(field.type)[1]
        examples = next((meta.examples for meta in reversed(metas) if meta.examples), None)  # the field's own come last
        if field.required and examples:
            found[field.encode_name] = examples[0]
    return found


def schema_of(member: type[Modifier]) -> dict[str, Any]:
    """JSON Schema of a modifier's settings, without a reference at its top."""
    (_,), parts = msgspec.json.schema_components([member], ref_template="#/$defs/{name}")
    whole: dict[str, Any] = json.loads(json.dumps(parts[member.__name__]))
    rest = {name: part for name, part in parts.items() if name != member.__name__}
    return whole | ({"$defs": rest} if rest else {})
