"""Definitions of a small city whose snow is reported by hand, and which counts what was reported."""

from pathlib import Path

from tests.engine.running.form_city import PROJECT

TEXTS = {
    **PROJECT,
    "project.yaml": "title: 雪城\ndomains:\n  - {name: snow, title: 扫雪铲冰}\n",
    "snow/salt.indicator.yaml": """title: 融雪剂用量
meaning: 各区填报的融雪剂用量
dataset: snow.reports
measure: {agg: sum, of: salt}
unit: t
grain: day
by: [snow.district]
owner: 环卫处
""",
    "snow/salt.test.yaml": """given: [{dataset: snow.reports, rows: [{district: "110101", day: 2026-01-05, salt: 3}, {district: "110101", day: 2026-01-04, salt: 9}]}]
ask: {period: {from: 2026-01-05, to: 2026-01-06}}
expect: [{value: 3}]
""",
}


def write_form_city(folder: Path) -> Path:
    """The definitions as files below a folder."""
    for name, text in TEXTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
