"""An analysis that cannot be started is found while it is written, not when it is due at night."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.analysis import Analysis, output_of
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.loading.decode import Misfit, decode
from engine.loading.members import operators
from engine.loading.source_map import value_at


class AnalysisOperator(Check, frozen=True):
    """The operator exists, its params are what it declares, and a dataset takes what it gives (分析算子).

    Params that do not fit bear the codes of shape, such as unknown-field.
    """

    tag: ClassVar[str] = "analysis-operator"
    kinds: ClassVar[tuple[str, ...]] = ("analysis",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for an unknown operator, else the first misfit of its params; and one when nothing takes its outputs."""
        spec = definition.spec
        source_map = catalog.source_maps.get((definition.kind, definition.id))
        if not isinstance(spec, Analysis):
            return
        operator = operators().get(spec.operator)
        if operator is None:
            known = sorted(operators())
            advice = did_you_mean(spec.operator, known, f"可用的算子：{'、'.join(known)}", f"operators: {', '.join(known)}")
            said = (f"没有名为「{spec.operator}」的算子", f"no operator is named '{spec.operator}'", *advice)
            yield self.at(catalog, definition, ("operator",), said)
            return
        misfit = decode(operator, value_at(source_map.value, ("params",)) or {}) if source_map is not None else None
        if isinstance(misfit, Misfit) and source_map is not None:
            yield misfit.below(("params",)).finding(source_map)
        if spec.every is not None and spec.cron is not None:
            said = ("every 和 cron 只能写一个", "either 'every' or 'cron' is said, not both", "删除其中一个", "delete one")
            yield self.at(catalog, definition, ("cron",), said, of_key=True)
        if not any(_takes(catalog, id, definition.id) for id in catalog.ids("dataset")):
            first = operator.gives[0].name
            said = (
                "没有数据集接收它的结果",
                "no dataset takes what it gives",
                f"写一个数据集，from: analysis/{definition.id}/{first}",
                f"write a dataset with from: analysis/{definition.id}/{first}",
            )
            yield self.at(catalog, definition, ("operator",), said)


def _takes(catalog: Catalog, dataset_id: str, analysis_id: str) -> bool:
    spec = catalog.spec("dataset", dataset_id)
    found = output_of(spec.source) if isinstance(spec, Dataset) else None
    return found is not None and found[0] == analysis_id
