"""The functions a formula may use are a short table, and the names people try instead lead to the right advice."""

from msgspec import Struct


class Function(Struct, frozen=True):
    """A function of one row: how many arguments it takes, and one line that shows it (函数)."""

    least: int
    most: int
    sample: str


MANY = 20

SCALARS: dict[str, Function] = {
    "coalesce": Function(2, MANY, "coalesce(a, b)"),
    "nullif": Function(2, 2, "nullif(a, 0)"),
    "least": Function(2, MANY, "least(a, b)"),
    "greatest": Function(2, MANY, "greatest(a, b)"),
    "abs": Function(1, 1, "abs(x)"),
    "round": Function(1, 2, "round(x, 2)"),
    "floor": Function(1, 1, "floor(x)"),
    "ceil": Function(1, 1, "ceil(x)"),
    "lower": Function(1, 1, "lower(name)"),
    "upper": Function(1, 1, "upper(name)"),
    "trim": Function(1, 1, "trim(name)"),
    "substr": Function(2, 3, "substr(code, 1, 6)"),
    "length": Function(1, 1, "length(name)"),
    "concat": Function(2, MANY, "concat(a, b)"),
    "starts_with": Function(2, 2, "starts_with(code, '1101')"),
    "year": Function(1, 1, "year(d)"),
    "quarter": Function(1, 1, "quarter(d)"),
    "month": Function(1, 1, "month(d)"),
    "day": Function(1, 1, "day(d)"),
    "hour": Function(1, 1, "hour(t)"),
    "minute": Function(1, 1, "minute(t)"),
    "weekday": Function(1, 1, "weekday(d)"),
    "day_of_year": Function(1, 1, "day_of_year(d)"),
    "seconds": Function(2, 2, "seconds(from, to)"),
    "minutes": Function(2, 2, "minutes(from, to)"),
    "hours": Function(2, 2, "hours(from, to)"),
    "days": Function(2, 2, "days(from, to)"),
    "date": Function(1, 1, "date(t)"),
    "plus_days": Function(2, 2, "plus_days(d, 30)"),
}

AGGREGATES: dict[str, str] = {
    "sum": "sum(x)",
    "count": "count(*)",
    "count_distinct": "count_distinct(x)",
    "min": "min(x)",
    "max": "max(x)",
    "avg": "avg(x)",
    "median": "median(x)",
    "percentile": "percentile(x, 0.9)",
    "stddev": "stddev(x)",
    "first": "first(x)",
    "last": "last(x)",
    "any": "any(x)",
    "all": "all(x)",
}

INDICATOR_SAMPLE = "indicator('sanitation.overload_days', facility_id, period: all)"

SIZE_MAKING = frozenset(
    """repeat replicate lpad rpad printf format generate_series range unnest array_agg list string_agg group_concat listagg levenshtein
    space rpt list_value array_fill sequence replace regexp_replace translate bar hex to_json array_to_string concat_ws""".split()
)

# Words of SQL that people try: the code they lead to. They are looked at only where a name cannot stand, so a column may bear them.
_QUERY_WORDS = """select with exists from union intersect except values table lateral join where into insert update delete drop create
    alter truncate copy attach install load pragma set call""".split()
_WINDOW_WORDS = """over partition window filter within qualify row_number rank dense_rank percent_rank cume_dist ntile lag lead
    first_value last_value nth_value""".split()
_CAST_WORDS = ["cast", "try_cast", "convert", "safe_cast", "to_date", "to_char", "to_number", "to_timestamp"]

SQL_WORDS: dict[str, str] = {
    **dict.fromkeys(_QUERY_WORDS, "subquery-not-allowed"),
    **dict.fromkeys(_WINDOW_WORDS, "window-not-allowed"),
    **dict.fromkeys(_CAST_WORDS, "cast-not-allowed"),
}

OPERATOR_WORDS: dict[str, tuple[str, str]] = {
    "escape": ("样式里不用转义", "patterns have no escape character"),
    "ilike": ("写 lower(x) like '…'", "write lower(x) like '…'"),
    "similar": ("写 like", "write like"),
    "regexp": ("写 like", "write like"),
    "rlike": ("写 like", "write like"),
    "glob": ("写 like", "write like"),
    "collate": ("文字按字符编码排序", "text is ordered by code point"),
    "interval": ("加减天数写 plus_days(d, 30)，求间隔写 hours(a, b)", "write plus_days(d, 30) to move a day, hours(a, b) for a difference"),
    "at": ("时区在数据集的 times 里声明", "a time zone is declared in the times of a dataset"),
    "mod": ("公式里不能求余数", "there is no remainder in formulas"),
    "div": ("写 floor(a / b)", "write floor(a / b)"),
    "xor": ("写 a <> b", "write a <> b"),
    "as": ("在定义的字段里起名，公式里不起名", "names are given by fields of the definition, not in the formula"),
    "asc": ("排序不写在公式里", "order does not stand in a formula"),
    "desc": ("排序不写在公式里", "order does not stand in a formula"),
    "order": ("排序不写在公式里", "order does not stand in a formula"),
    "group": ("分组写在 by 里", "groups stand in by"),
    "having": ("写在查询的 having 里", "it stands in the having of a question"),
    "limit": ("写在查询的 limit 里", "it stands in the limit of a question"),
}
