"""The keys that incoming rows may refer to: those loaded in the dataset of a relationship, or the codes or members of a dimension."""

from collections.abc import Callable
from functools import cache

import pyarrow as pa
from sqlglot import exp

from engine.compiling.tables import table_of
from engine.kinds.dataset import Dataset
from engine.loading.catalog import Catalog
from engine.warehouse import Statement, Warehouse


def keys_of(catalog: Catalog, dataset: Dataset, warehouse: Warehouse) -> Callable[[str], pa.Array | None]:
    """Looks up the keys that a column refers to, each column once; None when nothing is known about them yet."""

    @cache
    def known(column: str) -> pa.Array | None:
        target = next((one for one in dataset.relationships if list(one.on) == [column]), None)
        if target is not None:
            return _loaded_keys(catalog, target.to, target.on[column], warehouse)
        own = next((one for one in dataset.columns if one.name == column), None)
        dimension = catalog.dimension(own.dimension) if own is not None and own.dimension else None
        if dimension is None:
            return None
        if dimension.codes:
            return pa.array([code.code for code in dimension.codes], pa.string())
        return _loaded_keys(catalog, dimension.dataset or "", dimension.key or "", warehouse)

    return known


def _loaded_keys(catalog: Catalog, dataset_id: str, column: str, warehouse: Warehouse) -> pa.Array | None:
    dataset = catalog.dataset(dataset_id)
    if dataset is None:
        return None
    table = table_of(dataset_id, dataset)
    if warehouse.state(table) is None:
        return None
    source = exp.Table(this=exp.to_identifier(table.name, quoted=True), db=exp.to_identifier(table.schema, quoted=True))
    select = exp.Select(expressions=[exp.column(exp.to_identifier(column, quoted=True))], distinct=exp.Distinct()).from_(source)
    return warehouse.query(Statement(select)).column(0).combine_chunks()
