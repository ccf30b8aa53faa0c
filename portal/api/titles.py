"""Answers hold keys of members; people read their names: 110105 is 朝阳区."""

from datetime import datetime

from engine.compiling.tables import table_of
from engine.frame import Frame
from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Question
from engine.running.ask import ask
from engine.warehouse import Warehouse

UNMATCHED = "（未匹配）"


class Titles:
    """Names of the members of each dimension; read once for each data version of the dimension's dataset."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse) -> None:
        self.catalog = catalog
        self.warehouse = warehouse
        self.known: dict[tuple[str, int], dict[str, str]] = {}

    def of(self, dimension_id: str) -> dict[str, str]:
        """Key to title; empty for a dimension without labels."""
        dimension = self.catalog.dimension(dimension_id)
        if dimension is None:
            return {}
        if dimension.codes:
            return {code.code: code.title for code in dimension.codes}
        if dimension.dataset is None or dimension.key is None or dimension.label is None:
            return {}
        dataset = self.catalog.dataset(dimension.dataset)
        state = self.warehouse.state(table_of(dimension.dataset, dataset)) if dataset is not None else None
        if state is None:
            return {}
        if (dimension_id, state.version) not in self.known:
            question = Question(values=(dimension.key, dimension.label), source=dimension.dataset, where=dimension.where)
            answer = next(ask(self.catalog, self.warehouse, [question], EVERYTHING, datetime.max))
            self.known[dimension_id, state.version] = pairs(answer.frame)
        return self.known[dimension_id, state.version]


def pairs(frame: Frame | None) -> dict[str, str]:
    """The two columns of a frame as a map."""
    if frame is None:
        return {}
    keys, titles = (frame.column(column.name) for column in frame.columns)
    return {str(key): str(title) for key, title in zip(keys, titles, strict=True) if key is not None and title is not None}


def titled(keys: list[object], titles: dict[str, str]) -> list[str]:
    """A title for each key: its name, itself where it has none, and a word for no key at all."""
    return [UNMATCHED if key is None else titles.get(str(key), str(key)) for key in keys]
