"""A secret that stands in a definition is read by everybody who reads definitions, and stays in their history for ever."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.loading.source_map import Path, value_at

_SECRET = re.compile(
    r"(^|.*[_.-])(password|passwd|pwd|passphrase|secret|token|credentials?|authorization|cookie|(api|access|secret|private|app)[_-]?key)$",
    re.IGNORECASE,
)


class PlainSecret(Check, frozen=True):
    """A password, token or key in the settings of a source stands as {env: NAME} or {secret: name}, never as text (明文密钥)."""

    tag: ClassVar[str] = "plain-secret"
    kinds: ClassVar[tuple[str, ...]] = ("source",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each."""
        source_map = catalog.source_maps.get((definition.kind, definition.id))
        if not isinstance(definition.spec, Source) or source_map is None:
            return
        places: list[Path] = [("settings",), *(("streams", number, "read") for number in range(len(definition.spec.streams)))]
        for place in places:
            for path in _plain(value_at(source_map.value, place), place):
                said = (
                    f"「{path[-1]}」的值写成了明文",
                    f"the value of '{path[-1]}' stands here for everybody to read",
                    "换一个新值，用 chengmai secret set 存起来，这里写 {secret: 名称}；或写 {env: 环境变量}",
                    "change it, store the new one with `chengmai secret set`, and write {secret: name} here, or {env: NAME}",
                )
                yield self.at(catalog, definition, path, said)


def _plain(value: Any, path: Path) -> Iterator[Path]:
    """Where text stands under a name of secrets."""
    if isinstance(value, dict):
        if set(value) in ({"env"}, {"secret"}) and path[-1:] != ("signature",):
            return
        for name, inner in value.items():
            if isinstance(inner, str | int) and not isinstance(inner, bool) and _SECRET.fullmatch(str(name)):
                yield (*path, name)
            else:
                yield from _plain(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _plain(inner, (*path, number))
