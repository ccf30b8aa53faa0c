"""A source that cannot be opened is found while its definition is written, not when the first run fails at night."""

from collections.abc import Iterator
from typing import Any, ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.source import Source
from engine.loading.catalog import Catalog
from engine.loading.decode import Misfit, decode
from engine.loading.members import connectors
from engine.loading.source_map import Path, value_at


class ConnectorSettings(Check, frozen=True):
    """The connector exists, and its settings and those of each stream are what it declares (连接器设置).

    What does not fit bears the codes of shape, such as unknown-field; secrets ({env: NAME}, {secret: name}) may stand for any value.
    """

    tag: ClassVar[str] = "connector-settings"
    kinds: ClassVar[tuple[str, ...]] = ("source",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for an unknown connector, else the first misfit of its settings and of each stream."""
        spec = definition.spec
        source_map = catalog.source_maps.get((definition.kind, definition.id))
        if not isinstance(spec, Source) or source_map is None:
            return
        connector = connectors().get(spec.connector)
        if connector is None:
            known = sorted(connectors())
            advice = did_you_mean(spec.connector, known, f"可用的连接器：{'、'.join(known)}", f"connectors: {', '.join(known)}")
            said = (f"没有名为「{spec.connector}」的连接器", f"no connector is named '{spec.connector}'", *advice)
            yield self.at(catalog, definition, ("connector",), said)
            return
        shapes: list[tuple[type[Any], Path]] = [(connector, ("settings",))]
        shapes += [(connector.stream, ("streams", i, "read")) for i in range(len(spec.streams))]
        for shape, path in shapes:
            misfit = _misfit(shape, value_at(source_map.value, path) or {})
            if misfit is not None:
                yield misfit.below(path).finding(source_map)


def _misfit(shape: type[Any], value: dict[str, Any]) -> Misfit | None:
    """The first thing that does not fit; a secret is tried as text and as a number, for only its name is known."""
    found: Misfit | None = None
    for stand_in in ("secret", 1):
        decoded = decode(shape, _filled(value, stand_in))
        if not isinstance(decoded, Misfit):
            return None
        if not _is_secret(value_at(value, decoded.path)):
            found = found or decoded
    return found


def _filled(value: Any, stand_in: object) -> Any:
    """A copy with the secrets replaced."""
    if _is_secret(value):
        return stand_in
    if isinstance(value, dict):
        return {key: _filled(inner, stand_in) for key, inner in value.items()}
    return [_filled(inner, stand_in) for inner in value] if isinstance(value, list) else value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and set(value) in ({"env"}, {"secret"})
