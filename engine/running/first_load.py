"""A fresh installation shows a city: every dataset that comes from a stream is read once, and what is there is left alone."""

from collections.abc import Callable, Mapping
from time import monotonic

from msgspec import Struct

from engine.compiling.tables import table_of
from engine.connector import Connector, Following, SourceFailed, Surroundings
from engine.loading.catalog import Catalog
from engine.running.intake import IntakeResult, intake
from engine.warehouse import Warehouse


class Step(Struct, frozen=True):
    """One dataset of a first load, as far as it came (装载步骤)."""

    number: int
    of: int
    dataset: str
    title: str
    result: IntakeResult | None = None  # None: about to begin
    seconds: float = 0.0


class FirstLoad(Struct, frozen=True):
    """What a first load did: results by dataset, and the sources that failed (首次装载)."""

    loaded: tuple[IntakeResult, ...] = ()
    present: tuple[str, ...] = ()
    failed: tuple[tuple[str, SourceFailed], ...] = ()


def load_city(
    catalog: Catalog,
    warehouse: Warehouse,
    connectors: Mapping[str, type[Connector]],
    around: Surroundings,
    environment: Mapping[str, str],
    progress: Callable[[Step], None] = lambda step: None,
) -> FirstLoad:
    """Read every stream whose dataset was never loaded. A source that fails is named in the answer and holds up no other."""
    loaded, present, failed = [], [], []
    waiting = [(id, dataset) for id in _order(catalog) if (dataset := catalog.dataset(id)) is not None and _comes_from_stream(catalog, id)]
    for number, (id, dataset) in enumerate(waiting, 1):
        if warehouse.state(table_of(id, dataset)) is not None:
            present.append(id)
            continue
        if around.written is None and _is_by_hand(catalog, dataset.source or "", connectors):
            continue  # what people wrote lies in the state store, which is not open yet; it is read once somebody opens it
        if _is_pushed(catalog, dataset.source or "", connectors):
            continue  # its rows come by themselves, once somebody follows it
        progress(Step(number, len(waiting), id, dataset.title))
        begun = monotonic()
        try:
            result = intake(catalog, id, warehouse, connectors, around, environment)
        except SourceFailed as failure:
            failed.append((id, failure))
            continue
        loaded.append(result)
        progress(Step(number, len(waiting), id, dataset.title, result, monotonic() - begun))
    return FirstLoad(tuple(loaded), tuple(present), tuple(failed))


def _comes_from_stream(catalog: Catalog, id: str) -> bool:
    dataset = catalog.dataset(id)
    source_id, _, stream = (dataset.source or "" if dataset else "").rpartition("/")
    source = catalog.source(source_id)
    return source is not None and any(one.name == stream for one in source.streams)


def _is_pushed(catalog: Catalog, stream: str, connectors: Mapping[str, type[Connector]]) -> bool:
    source = catalog.source(stream.rpartition("/")[0])
    connector = connectors.get(source.connector) if source is not None else None
    return connector is not None and issubclass(connector, Following)


def _is_by_hand(catalog: Catalog, stream: str, connectors: Mapping[str, type[Connector]]) -> bool:
    source = catalog.source(stream.rpartition("/")[0])
    connector = connectors.get(source.connector) if source is not None else None
    return connector is not None and connector.is_by_hand


def _order(catalog: Catalog) -> list[str]:
    """Datasets that others refer to come first, so that references can be looked up."""
    ordered: list[str] = []

    def visit(id: str, above: tuple[str, ...]) -> None:
        dataset = catalog.dataset(id)
        if dataset is None or id in ordered or id in above:
            return
        for relationship in dataset.relationships:
            visit(relationship.to, (*above, id))
        ordered.append(id)

    for id in sorted(catalog.ids("dataset")):
        visit(id, ())
    return ordered
