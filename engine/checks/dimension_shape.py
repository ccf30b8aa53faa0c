"""A dimension whose members cannot be told, or whose coarser level cannot be found, groups nothing."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding
from engine.kind import Definition
from engine.kinds.dimension import Dimension
from engine.loading.catalog import Catalog


class DimensionShape(Check, frozen=True):
    """A dimension is a dataset with a key, or a list of codes; to roll up it says where the coarser member stands (维度形态)."""

    tag: ClassVar[str] = "dimension-shape"
    kinds: ClassVar[tuple[str, ...]] = ("dimension",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for no members, for both sorts of members, for a missing key or parent, and for parents that are no codes."""
        spec = definition.spec
        if not isinstance(spec, Dimension):
            return
        if bool(spec.codes) == (spec.dataset is not None):
            zh = "dataset 与 codes 只能写一个" if spec.codes else "没有写维度的成员从哪里来"
            en = "'dataset' and 'codes' exclude each other" if spec.codes else "where the members come from is not said"
            said = (zh, en, "成员在数据集里写 dataset 和 key，写在这里用 codes", "write dataset and key, or list the members as codes")
            yield self.at(catalog, definition, ("codes",) if spec.codes else (), said, of_key=True)
        elif spec.dataset is not None and spec.key is None:
            said = (
                "没有写哪一列标识成员",
                "which column identifies a member is not said",
                "加上一行 key: 列名",
                "add a line: key: name of the column",
            )
            yield self.at(catalog, definition, ("dataset",), said, of_key=True)
        elif spec.dataset is not None and spec.rolls_up_to is not None and spec.parent is None:
            said = (
                f"没有写哪一列是上级（{spec.rolls_up_to}）的编码",
                f"which column holds the member of '{spec.rolls_up_to}' is not said",
                "加上一行 parent: 列名",
                "add a line: parent: name of the column",
            )
            yield self.at(catalog, definition, ("rolls_up_to",), said, of_key=True)
        elif spec.codes and spec.rolls_up_to is not None:
            yield from self._parents(catalog, definition, spec, spec.rolls_up_to)

    def _parents(self, catalog: Catalog, definition: Definition, spec: Dimension, coarser_id: str) -> Iterator[Finding]:
        coarser = catalog.dimension(coarser_id)
        known = {code.code for code in coarser.codes} if coarser else set()
        for i, code in enumerate(spec.codes):
            if code.parent is None:
                said = (
                    f"代码「{code.code}」没有写上级",
                    f"the code '{code.code}' has no parent",
                    f"加上 parent: 「{coarser_id}」的一个代码",
                    f"add parent: a code of '{coarser_id}'",
                )
                yield self.at(catalog, definition, ("codes", i), said)
            elif known and code.parent not in known:
                said = (
                    f"「{coarser_id}」没有代码「{code.parent}」",
                    f"'{coarser_id}' has no code '{code.parent}'",
                    f"可用的代码：{'、'.join(sorted(known))}",
                    f"codes: {', '.join(sorted(known))}",
                )
                yield self.at(catalog, definition, ("codes", i, "parent"), said)
