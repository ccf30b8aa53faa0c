"""Row 4: reading and checking five hundred definitions, and again after one file has changed."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.running.definitions import Checked, load_checked, reload_checked
from tests.bench.measure import Figure, least_time

LOAD_BAR, RELOAD_BAR = 1000.0, 50.0
DEFINITIONS, GROUPS = 500, 30


def time_loads(rounds: int, tell: Callable[[Figure], None]) -> list[Figure]:
    """Load and check of a folder; then one changed indicator, and one changed dataset on which many stand."""
    with TemporaryDirectory(prefix="chengmai-bench-") as name:
        folder = Path(name)
        texts = five_hundred()
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        checked = load_checked(folder)
        assert not [finding for finding in checked.findings if finding.code != "schema-header"], checked.findings[0].text("en")
        figures = [
            _figure("load.five_hundred", lambda: load_checked(folder), LOAD_BAR, max(rounds // 3, 3), len(texts)),
            _changed("load.changed_indicator", checked, folder, "g1/tons_1.indicator.yaml", texts, rounds),
            _changed("load.changed_dataset", checked, folder, "g1/rows.dataset.yaml", texts, rounds),
        ]
    for figure in figures:
        tell(figure)
    return figures


def _figure(name: str, work: Callable[[], object], bar: float, rounds: int, definitions: int) -> Figure:
    least = least_time(work, rounds)
    return Figure(name, least.cpu, "ms", bar, detail={"definitions": definitions, "wall_ms": least.wall})


def _changed(name: str, checked: Checked, folder: Path, path: str, texts: dict[str, str], rounds: int) -> Figure:
    changed = texts[path].replace("title: 组", "title: 另一组", 1)
    return _figure(name, lambda: reload_checked(checked, (folder / path).as_posix(), path, changed), RELOAD_BAR, rounds, len(texts))


def five_hundred() -> dict[str, str]:
    """Path to text: groups of a dimension, a dataset, measures, a ratio, and a proof of each indicator."""
    texts = {"project.yaml": "title: 五百个定义\nzone: Asia/Shanghai\n"}
    group = 0
    while len(texts) < DEFINITIONS:
        texts |= _group(group)
        group += 1
    return texts


def _group(g: int) -> dict[str, str]:
    texts = {
        f"g{g}/kind.dimension.yaml": f"title: 组{g}类\ncodes: [{{code: a, title: 甲}}, {{code: b, title: 乙}}]\n",
        f"g{g}/rows.dataset.yaml": (
            f"title: 组{g}过磅\none_row_is: 一次\nkey: [id]\nregion: public\ntimes: [{{name: weighed, column: ts, default: true}}]\ncolumns:\n"
            f"  - {{name: id, title: 号, type: text}}\n  - {{name: ts, title: 时间, type: timestamp}}\n"
            f"  - {{name: kind, title: 类, type: text, dimension: g{g}.kind}}\n  - {{name: ton, title: 重, type: decimal, unit: t}}\n"
        ),
    }
    for n in range(6):
        texts[f"g{g}/tons_{n}.indicator.yaml"] = (
            f"title: 组{g}第{n}吨数\nunit: t\ndataset: g{g}.rows\nmeasure: {{agg: sum, of: ton, where: \"kind = 'a' and ton > {n}\"}}\n"
        )
        texts[f"g{g}/tons_{n}.test.yaml"] = _proof(g, f"g{g}.tons_{n}", "50.0")
    texts[f"g{g}/share.indicator.yaml"] = f"title: 组{g}占比\nunit: '%'\nformula: g{g}.tons_0 / g{g}.tons_1\n"
    texts[f"g{g}/share.test.yaml"] = _proof(g, f"g{g}.share", "100.0")
    return texts


def _proof(g: int, id: str, value: str) -> str:
    return (
        f"given:\n  - dataset: g{g}.rows\n    rows:\n      - {{id: x, ts: 2026-01-01 08:00:00, kind: a, ton: 50}}\n"
        f"      - {{id: y, ts: 2026-01-01 08:00:00, kind: b, ton: 50}}\n"
        f"ask: {{indicators: [{id}], grain: month, period: {{from: 2026-01-01, to: 2026-02-01}}}}\nexpect: [{{time: 2026-01-01, value: {value}}}]\n"
    )
