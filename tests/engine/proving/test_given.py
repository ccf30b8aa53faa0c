"""Given rows take the declared types, or say in which column they do not fit."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from engine.compiling.tables import table_of
from engine.findings import Place
from engine.kind import Definition
from engine.kinds.dataset import Column, Dataset
from engine.kinds.test import Given
from engine.loading.catalog import Catalog, build_catalog
from engine.proving.given import UnreadableRow, batch_of, rows_of

PLACE = Place("city/weigh.test.yaml", 3)
WEIGH = Dataset(
    title="过磅",
    one_row_is="一次过磅",
    columns=(
        Column(name="id", title="编号", type="text"),
        Column(name="d", title="日期", type="date"),
        Column(name="at", title="时刻", type="timestamp"),
        Column(name="ton", title="吨", type="decimal"),
        Column(name="n", title="数", type="integer"),
        Column(name="ok", title="是否", type="boolean"),
        Column(name="twice", title="两倍", type="decimal", expr="ton * 2"),
    ),
)


def catalog() -> Catalog:
    return build_catalog([Definition("dataset", "city.weigh", "city/weigh.dataset.yaml", WEIGH)])


def given(**row: object) -> list[Given]:
    return [Given(dataset="city.weigh", rows=(row,))]


def test_written_values_become_values_of_the_declared_types() -> None:
    rows = rows_of(catalog(), given(id=7, d="2026-01-05", at="2026-01-05 08:00:00", ton=1.1, n=3, ok=True), PLACE)

    typed = {"id": "7", "d": date(2026, 1, 5), "at": datetime(2026, 1, 5, 8), "ton": Decimal("1.1"), "n": 3, "ok": True}
    assert rows == {"city.weigh": [typed]}
    assert batch_of(table_of("city.weigh", WEIGH), rows["city.weigh"]).num_rows == 1


def test_a_column_left_out_is_null() -> None:
    rows = rows_of(catalog(), given(id="a"), PLACE)

    assert batch_of(table_of("city.weigh", WEIGH), rows["city.weigh"]).column("ton").null_count == 1


@pytest.mark.parametrize("row", [{"d": "5 January"}, {"ton": "heavy"}, {"n": 1.5}, {"n": True}, {"ok": "yes"}, {"at": 3}])
def test_a_value_that_does_not_fit_is_a_finding(row: dict[str, object]) -> None:
    with pytest.raises(UnreadableRow) as unreadable:
        rows_of(catalog(), given(**row), PLACE)

    assert (unreadable.value.finding.code, unreadable.value.finding.place) == ("unfit-value", PLACE)


def test_a_computed_column_cannot_be_given() -> None:
    with pytest.raises(UnreadableRow, match="stores no column 'twice'"):
        rows_of(catalog(), given(twice=2), PLACE)


def test_a_dataset_nobody_defined_is_a_finding() -> None:
    with pytest.raises(UnreadableRow, match=r"did you mean 'city\.weigh'"):
        rows_of(catalog(), [Given(dataset="city.weighs", rows=())], PLACE)
