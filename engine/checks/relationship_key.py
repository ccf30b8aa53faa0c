"""A join that meets several rows where one was promised counts rows twice."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dataset import Dataset, Relationship
from engine.loading.catalog import Catalog


class RelationshipKey(Check, frozen=True):
    """A way to one row leads to the whole key of the other dataset; with `valid` the key may lack the begin (连接到主键)."""

    tag: ClassVar[str] = "relationship-key"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for a way that names no columns, and for one that promises one row without reaching a key."""
        spec = definition.spec
        if not isinstance(spec, Dataset):
            return
        for i, one in enumerate(spec.relationships):
            path = ("relationships", i)
            if bool(one.on) == (one.previous_by is not None):
                said = (
                    f"关系「{one.name}」要写 on 或 previous_by 之一",
                    f"the relationship '{one.name}' has one of 'on' and 'previous_by'",
                    "on 写连接的列：{本表的列: 对方的列}",
                    "'on' names the columns that meet: {own: theirs}",
                )
                yield self.at(catalog, definition, path, said)
                continue
            target = spec if one.to == "self" else catalog.dataset(one.to)
            if target is None or one.previous_by is not None or one.cardinality == "one_to_many":
                continue
            if not set(one.on.values()) <= {column.name for column in target.columns}:
                continue  # a column that does not exist is said elsewhere
            missing = _missing(one, target)
            if missing or not target.key:
                yield self._not_one(catalog, definition, i, one, target, missing)

    def _not_one(self, catalog: Catalog, definition: Definition, i: int, one: Relationship, target: Dataset, missing: list[str]) -> Finding:
        if not target.key:
            said = (
                f"「{one.to}」没有声明主键，不能保证只有一行相配",
                f"'{one.to}' declares no key, so more than one row may match",
                f"在「{one.to}」里写 key，或写 cardinality: one_to_many",
                f"give '{one.to}' a key, or write cardinality: one_to_many",
            )
        else:
            said = (
                f"连接没有用到「{one.to}」主键里的「{'、'.join(missing)}」，一行会配上多行",
                f"the join lacks '{', '.join(missing)}' of the key of '{one.to}', so one row may meet several",
                "在 on 里补上；或写 cardinality: one_to_many；按时间有效的写 valid",
                "add it under 'on', or write cardinality: one_to_many, or 'valid' where a row holds for a time",
            )
        return self.at(catalog, definition, ("relationships", i, "on"), said, of_key=True)


def _missing(one: Relationship, target: Dataset) -> list[str]:
    joined = set(one.on.values())
    lacking = [column for column in target.key if column not in joined]
    # Of rows that hold for a time only one holds at any time, so the begin (or the end) need not be joined.
    timed = {one.valid.start, one.valid.end} if one.valid else set()
    return [column for column in lacking if column not in timed]
