# mypy: ignore-errors
"""What boring-semantic-layer makes of the questions; run by the interpreter that it is installed in, over the town's DuckDB file.

Prints JSON: question -> {"sql", "compile_ms", "said"}; its models are built once, before the clock starts.
"""

import json
import sys
from time import thread_time

import ibis
from boring_semantic_layer import to_semantic_table

ROUNDS = 10


def models(connection):
    """Weighings with the measures that the questions need, and joined with their facilities."""
    facilities = to_semantic_table(connection.table("facilities", database="waste"), name="facilities").with_dimensions(
        facility_id=lambda t: t.facility_id, type=lambda t: t.type
    )
    weighings = (
        to_semantic_table(connection.table("weighings", database="waste"), name="weighings")
        .with_dimensions(
            weighed={"expr": lambda t: t.weighed_at, "is_time_dimension": True, "smallest_time_grain": "TIME_GRAIN_SECOND"},
            kind=lambda t: t.kind,
            facility_id=lambda t: t.facility_id,
        )
        .with_measures(
            tons=lambda t: t.net_ton.sum(),
            loads=lambda t: t.count(),
            mean_load=lambda t: t.net_ton.mean(),
            first_tons=lambda t: t.net_ton.sum(where=t.leg == "first"),
            recycled_tons=lambda t: t.net_ton.sum(where=(t.leg == "first") & (t.kind == "recyclable")),
        )
        .with_measures(recycled_share=lambda t: 100.0 * t.recycled_tons / t.first_tons)
    )
    return weighings, weighings.join_one(facilities, lambda left, right: left.facility_id == right.facility_id)


def questions(weighings, joined):
    """Question -> a function that asks it, the columns in our order, and what must be said about it."""

    def asked(model, dimensions, measures, grain):
        return lambda: model.query(dimensions=dimensions, measures=measures, time_grain=f"TIME_GRAIN_{grain}")

    recyclable = weighings.filter(lambda t: (t.leg == "first") & (t.kind == "recyclable"))
    by_facility = ["facility_id", "weighed"]
    by_type, joined_tons = ["facilities.type", "weighings.weighed"], ["weighings.tons"]
    three = ["tons", "loads", "mean_load"]
    return {
        "sum_by_day": (asked(weighings, ["weighed"], ["tons"], "DAY"), ["weighed", "tons"], ""),
        "filtered_by_month": (asked(recyclable, ["weighed"], ["tons"], "MONTH"), ["weighed", "tons"], ""),
        "ratio_by_facility_month": (asked(weighings, by_facility, ["recycled_share"], "MONTH"), [*by_facility, "recycled_share"], ""),
        "joined_dimension": (asked(joined, by_type, joined_tons, "QUARTER"), [*by_type, *joined_tons], ""),
        "three_by_kind_month": (asked(weighings, ["kind", "weighed"], three, "MONTH"), ["kind", "weighed", *three], ""),
        **windows(weighings, asked(weighings, ["kind", "weighed"], ["tons"], "MONTH")),
    }


def windows(weighings, monthly):
    """The questions that look back over rows of an answer."""

    def over(rows):
        return ibis.window(group_by="kind", order_by="weighed", preceding=rows, following=0)

    def rolling():
        span = {"start": "2019-03-03", "end": "2025-12-31T23:59:59"}
        asked = weighings.query(dimensions=["kind", "weighed"], measures=["tons"], time_grain="TIME_GRAIN_DAY", time_range=span)
        days = asked.to_untagged()
        summed = days.mutate(week=days.tons.sum().over(over(6)))
        return summed.filter(summed.weighed >= ibis.timestamp("2019-03-10"))

    def so_far():
        months = monthly().to_untagged()
        return months.mutate(so_far=months.tons.sum().over(over(None)))

    def change():
        months = monthly().to_untagged()
        past = months.tons.lag(12).over(ibis.window(group_by="kind", order_by="weighed"))
        changed = months.mutate(change=100.0 * (months.tons - past) / past.abs())
        return changed.filter(changed.weighed >= ibis.timestamp("2022-01-01"))

    keys = ["kind", "weighed"]
    return {
        "rolling_sum": (rolling, [*keys, "week"], "a window of 7 rows written in Ibis on top: right while every day has a row"),
        "cumulative_by_kind_month": (so_far, [*keys, "so_far"], "a window written in Ibis on top: no row for a month without rows"),
        "yoy_by_kind_month": (change, [*keys, "change"], "LAG 12 written in Ibis on top: a month that is missing shifts the years"),
    }


def main(path):
    """Asks every question some times over."""
    connection = ibis.duckdb.connect(path, read_only=True)
    told = {}
    for name, (ask, columns, said) in questions(*models(connection)).items():
        try:
            times = []
            for _ in range(ROUNDS):
                start = thread_time()
                sql = str(ibis.to_sql(asked.to_untagged() if hasattr(asked := ask(), "to_untagged") else asked, dialect="duckdb"))
                times.append((thread_time() - start) * 1000)
            told[name] = {"sql": sql, "columns": columns, "compile_ms": min(times), "first_ms": times[0], "said": said}
        except Exception as error:
            told[name] = {"said": f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
