"""Intake and the compiler must mean the same table."""

import msgspec

from engine.compiling.tables import table_of
from engine.kinds.dataset import Dataset
from engine.warehouse import Table, TableColumn

WEIGHINGS = msgspec.convert(
    {
        "title": "过磅",
        "one_row_is": "一次过磅",
        "key": ["weigh_id"],
        "times": [{"name": "arrived", "column": "gate_at"}, {"name": "weighed", "column": "weighed_at", "default": True}],
        "columns": [
            {"name": "weigh_id", "title": "单号", "type": "text"},
            {"name": "gate_at", "title": "到场", "type": "timestamp"},
            {"name": "weighed_at", "title": "过磅", "type": "timestamp"},
            {"name": "leg", "title": "环节", "type": "enum", "of": [{"code": "first", "title": "首次"}]},
            {"name": "is_heavy", "title": "重车", "type": "boolean", "expr": "net_ton > 20"},
            {"name": "net_ton", "title": "净重", "type": "decimal", "unit": "t"},
        ],
    },
    Dataset,
)


def test_folders_become_the_schema_and_computed_columns_are_not_stored() -> None:
    table = table_of("sanitation.msw.weighings", WEIGHINGS)
    columns = (("weigh_id", "text"), ("gate_at", "timestamp"), ("weighed_at", "timestamp"), ("leg", "text"), ("net_ton", "decimal"))
    assert table == Table(
        schema="sanitation_msw",
        name="weighings",
        columns=tuple(TableColumn(name, type_) for name, type_ in columns),  # type: ignore[arg-type]
        key=("weigh_id",),
        time="weighed_at",
    )


def test_without_a_default_the_first_time_clusters_the_rows() -> None:
    undecided = msgspec.structs.replace(WEIGHINGS, times=WEIGHINGS.times[:1])
    assert table_of("weighings", undecided).time == "gate_at"
    assert table_of("weighings", undecided).schema == "project"


def test_a_dataset_without_times_has_no_time_column() -> None:
    assert table_of("sanitation.weighings", msgspec.structs.replace(WEIGHINGS, times=())).time is None
