"""A grant on something that does not exist gives less than its author believes."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.access import Access
from engine.loading.catalog import Catalog
from engine.registry import kinds


class GrantTarget(Check, frozen=True):
    """What a role may do names `kind:id`, and something bears that name; * matches any letters (授权对象)."""

    tag: ClassVar[str] = "grant-target"
    kinds: ClassVar[tuple[str, ...]] = ("access",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each target of an unknown kind or that matches nothing."""
        spec = definition.spec
        if not isinstance(spec, Access):
            return
        for i, grant in enumerate(spec.may):
            for j, target in enumerate(grant.on):
                said = _wrong(catalog, target)
                if said is not None:
                    yield self.at(catalog, definition, ("may", i, "on", j), said)


def _wrong(catalog: Catalog, target: str) -> tuple[str, str, str, str] | None:
    kind, colon, pattern = target.partition(":")
    if not colon:
        return (
            f"「{target}」没有写类型",
            f"'{target}' does not say of what kind",
            f"写成 类型:标识，例如 indicator:{target or '*'}",
            f"write kind:id, for example indicator:{target or '*'}",
        )
    known = sorted(kinds())
    # Screens, scenarios and other kinds to come may be granted before the engine knows them; `*` means all there will ever be.
    if kind not in known and pattern != "*":
        advice = did_you_mean(kind, known, f"可写：{'、'.join(known)}", f"kinds: {', '.join(known)}")
        return (f"没有名为「{kind}」的定义类型", f"no kind of definition is named '{kind}'", *advice)
    if kind in known and pattern != "*" and not any(fnmatchcase(id, pattern) for id in catalog.ids(kind)):
        advice = did_you_mean(pattern, catalog.ids(kind), "检查标识；* 匹配任意文字", "check the id; * matches any letters")
        return (f"没有与「{target}」相配的定义", f"nothing matches '{target}'", *advice)
    return None
