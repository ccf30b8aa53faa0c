"""Contract of a check: one rule that one definition may break, seen together with all others."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import ClassVar

from engine.findings import Finding, Place
from engine.kind import Definition
from engine.loading.catalog import Catalog, Key
from engine.loading.source_map import Path
from engine.part import PluginPart
from engine.registry import members


class Check(PluginPart, frozen=True):
    """A rule over definitions (校验规则). Members live in `checks/`; the docstring of a member is its page.

    The tag is the code of its findings; a check that passes on the findings of a lower stage says so on its page.
    """

    kinds: ClassVar[tuple[str, ...]] = ()  # the kinds of definition it looks at

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """The findings of one definition; never raises for what an author wrote."""
        raise NotImplementedError

    def at(
        self,
        catalog: Catalog,
        definition: Definition,
        path: Path,
        said: tuple[str, str, str, str],
        *,
        of_key: bool = False,
        offset: int = 0,
    ) -> Finding:
        """A finding at a path of the definition: said is the sentence and the advice, each in Chinese and English."""
        place = catalog.place(definition.kind, definition.id, *path, of_key=of_key, offset=offset)
        return found(self.tag, place, said)


def found(code: str, place: Place, said: tuple[str, str, str, str]) -> Finding:
    """A finding from (Chinese, English, advice in Chinese, advice in English)."""
    zh, en, advice_zh, advice_en = said
    return Finding(place=place, code=code, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)


@lru_cache(maxsize=1)
def checks() -> tuple[Check, ...]:
    """One of each check, ordered by code."""
    return tuple(member() for member in members("engine.checks", Check, "chengmai.checks")[0].values())


def check_definitions(catalog: Catalog, keys: Iterable[Key] | None = None) -> Mapping[Key, list[Finding]]:
    """The findings of the given definitions, or of all, by definition."""
    wanted = catalog.definitions if keys is None else [key for key in keys if key in catalog.definitions]
    return {key: look_at(catalog, catalog.definitions[key]) for key in wanted}


def look_at(catalog: Catalog, definition: Definition) -> list[Finding]:
    """What all checks find in one definition."""
    return [finding for check in checks() if definition.kind in check.kinds for finding in check.look(catalog, definition)]
