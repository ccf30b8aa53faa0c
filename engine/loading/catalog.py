"""All definitions of a project together, with where each thing in them stands: what checks and compiling look at."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from engine.findings import Place
from engine.kind import Definition, KindSpec
from engine.kinds.access import Access
from engine.kinds.analysis import Analysis
from engine.kinds.dataset import Dataset
from engine.kinds.dimension import Dimension
from engine.kinds.indicator import Indicator
from engine.kinds.project import Project
from engine.kinds.source import Source
from engine.loading.meta import with_meta
from engine.loading.results import stamped
from engine.loading.source_map import SourceMap

Key = tuple[str, str]
Spec = TypeVar("Spec", bound=KindSpec)
PROJECT = ("project", "project")


class Catalog(Struct, frozen=True):
    """All definitions of a project, by kind and id; immutable once built (目录)."""

    project: Project
    definitions: Mapping[Key, Definition]
    source_maps: Mapping[Key, SourceMap]
    broken: frozenset[Key] = frozenset()  # files that exist but could not be read: references to them are not reported again

    def spec(self, kind: str, id: str) -> KindSpec | None:
        """What the definition says, or None when there is none."""
        found = self.definitions.get((kind, id))
        return found.spec if found else None

    def ids(self, kind: str) -> list[str]:
        """All ids of a kind, sorted."""
        return sorted(id for named, id in self.definitions if named == kind)

    def knows(self, kind: str, id: str) -> bool:
        """Whether a file of that name exists, readable or not."""
        return (kind, id) in self.definitions or (kind, id) in self.broken

    def dataset(self, id: str) -> Dataset | None:
        """The dataset of that id."""
        return self._typed(Dataset, id)

    def indicator(self, id: str) -> Indicator | None:
        """The indicator of that id."""
        return self._typed(Indicator, id)

    def dimension(self, id: str) -> Dimension | None:
        """The dimension of that id."""
        return self._typed(Dimension, id)

    def source(self, id: str) -> Source | None:
        """The source of that id."""
        return self._typed(Source, id)

    def analysis(self, id: str) -> Analysis | None:
        """The analysis of that id."""
        return self._typed(Analysis, id)

    def access(self, id: str) -> Access | None:
        """The access role of that id."""
        return self._typed(Access, id)

    def place(self, kind: str, id: str, *path: str | int, of_key: bool = False, offset: int = 0) -> Place:
        """The nearest known place of a path in the definition's file; the path uses the names written there."""
        source_map = self.source_maps.get((kind, id))
        if source_map is None:
            found = self.definitions.get((kind, id))
            return Place(found.file if found else id)
        return source_map.place(*path, of_key=of_key, offset=offset)

    def _typed(self, wanted: type[Spec], id: str) -> Spec | None:
        found = self.definitions.get((wanted.tag, id))
        return found.spec if found and isinstance(found.spec, wanted) else None


def build_catalog(
    definitions: Iterable[Definition], source_maps: Mapping[Key, SourceMap] | None = None, broken: Iterable[Key] = ()
) -> Catalog:
    """The catalog of the definitions; without a project.yaml the project has only defaults and no title."""
    given = tuple(definitions)
    sources = {definition.id: definition.spec for definition in given if isinstance(definition.spec, Source)}
    by_key = {(definition.kind, definition.id): _completed(definition, sources) for definition in given}
    found = by_key.get(PROJECT)
    project = found.spec if found and isinstance(found.spec, Project) else Project(title="")
    return Catalog(project=project, definitions=by_key, source_maps=source_maps or {}, broken=frozenset(broken))


def _completed(definition: Definition, sources: Mapping[str, Source]) -> Definition:
    """A dataset of an analysis with the columns that every run stamps on its rows, one of a stream with those that intake writes."""
    spec = definition.spec
    whole = with_meta(stamped(spec), sources.get) if isinstance(spec, Dataset) else spec
    return definition if whole is spec else Definition(definition.kind, definition.id, definition.file, whole)
