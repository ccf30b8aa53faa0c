"""A dataset without rows is found here instead of by an empty screen."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog


class UnknownStream(Check, frozen=True):
    """`from: source/stream` names a stream that the source delivers (未知数据流)."""

    tag: ClassVar[str] = "unknown-stream"
    kinds: ClassVar[tuple[str, ...]] = ("dataset",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding when the stream is not there or not named."""
        spec = definition.spec
        if not isinstance(spec, Dataset) or spec.source is None or spec.source.startswith("platform."):
            return
        source_id, _, stream = spec.source.partition("/")
        source = catalog.source(source_id)
        if source is None or any(one.name == stream for one in source.streams):
            return
        names = [f"{source_id}/{one.name}" for one in source.streams]
        advice = did_you_mean(spec.source, names, f"可写：{'、'.join(names)}", f"known: {', '.join(names)}")
        zh = f"数据源「{source_id}」没有名为「{stream}」的数据流" if stream else f"没有写明用数据源「{source_id}」的哪个数据流"
        en = (
            f"the source '{source_id}' has no stream named '{stream}'"
            if stream
            else f"which stream of the source '{source_id}' is not said"
        )
        yield self.at(catalog, definition, ("from",), (zh, en, *advice), offset=len(source_id) + 1 if stream else 0)
