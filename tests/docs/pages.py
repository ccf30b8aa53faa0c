"""Pages and parts of pages that are made from the code itself, so that none of them can be out of date."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from engine.loading.catalog import Catalog
from engine.question import EVERYTHING, Period, Question
from engine.running.ask import ask
from engine.running.definitions import load_checked
from engine.warehouse import Warehouse
from portal.api.answering import written_sql
from portal.api.reference_page import Described, Group, reference
from portal.api.shapes import FieldShape, Shape
from tests.engine.checks.bad_examples import examples, excerpt, findings_of, read_example

ROOT = Path(__file__).parents[2]
SHOWN = "sanitation.msw_day"  # the indicator of the README's picture
NOW = datetime(2026, 3, 15, 8)
IMAGE = '<img src="docs/msw_day.svg" width="480" alt="生活垃圾清运量，2026-02-13 至 2026-03-14，按日">'
MISTAKE = "fan-out"  # the bad example that the README shows

Pair = tuple[str, str]


# --- README --------------------------------------------------------------------------------------------------------------


def with_region(page: str, name: str, text: str) -> str:
    """The page with what stands between `<!-- name: begin -->` and its end replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    assert rest and after, f"the page has no region '{name}'"
    return f"{before}{begin}{text}\n{end}{after}"


def demonstration() -> Catalog:
    """The definitions that `make serve` loads."""
    return load_checked(ROOT / "definitions").catalog


def shown_question() -> Question:
    """What the README's picture asks: a month of days."""
    return Question(indicators=(SHOWN,), grain="day", period=Period(start="2026-02-13", end="2026-03-15"), as_of="2026-03-15T04:00:00")


def picture(catalog: Catalog, warehouse: Warehouse) -> str:
    """The YAML of an indicator, the SQL it becomes, the picture it draws, side by side."""
    path = f"definitions/{SHOWN.replace('.', '/')}.indicator.yaml"
    written = [line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    answer = next(ask(catalog, warehouse, [shown_question()], EVERYTHING, NOW))
    heads = f"<th>YAML · <code>{path}</code></th><th>SQL · <code>chengmai sql {SHOWN} --grain day …</code></th><th>图 · the picture, of generated rows</th>"
    cells = [fenced("yaml", "\n".join(written)), fenced("sql", written_sql(warehouse, answer)), IMAGE]
    row = "\n".join(f"<td>\n\n{cell}\n\n</td>" for cell in cells)
    return f"<table>\n<tr>{heads}</tr>\n<tr>\n{row}\n</tr>\n</table>"


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```"


def mistake(folder: Path) -> str:
    """A wrong line, where it is wrong, and what its author is told; the folder is scratch."""
    example = read_example(MISTAKE)
    finding = next(one for one in findings_of(example, folder) if one.code == example.code)
    said = [*excerpt(finding), *finding.text("zh").split("\n"), *finding.text("en").split("\n")]
    return fenced("", "\n".join(line.replace(f"{folder.as_posix()}/", "definitions/") for line in said))


# --- docs/definitions.md -------------------------------------------------------------------------------------------------

DEFINITIONS_HEAD = """# 定义手册 · Every kind and field

由代码生成，请勿手改（`make golden` 重写）；网页版在 `/reference`。
Made from the code by `make golden`; do not edit. The same stands on the page `/reference` of a running server.

A file is one definition. Its path is its id (`sanitation/msw_day.indicator.yaml` is the indicator `sanitation.msw_day`), its suffix its kind.
必填 marks the fields that must be written; any other may be left out. Text that is a formula, a duration or a name of another definition says so in 类型.
"""


def definitions_page() -> str:
    """Every kind, the question, every modifier and every connector, field by field; a part is described where it is met first."""
    told: set[str] = set()
    return "\n".join([DEFINITIONS_HEAD, *(text for group in reference() for text in of_group(group, told))])


def of_group(group: Group, told: set[str]) -> Iterable[str]:
    """A chapter."""
    yield f"## {group.title}\n"
    for one in group.shapes:
        yield from of_described(one, told)


def of_described(one: Described, told: set[str]) -> Iterable[str]:
    """A kind or member and the parts inside it that no one before had."""
    yield f"### {one.label} `{one.name}`\n\n{one.sentence}.\n"
    own, *inside = one.parts
    if own.fields:
        yield table_of(own)
    for part in inside:
        if part.name not in told and part.fields:
            told.add(part.name)
            yield f"**{part.label}**: {part.sentence}.\n\n{table_of(part)}"


def table_of(shape: Shape) -> str:
    """The fields of a struct."""
    rows = ["| 字段 | 名称 | 类型 | 缺省 | 说明 | 例 |", "|---|---|---|---|---|---|", *map(row_of, shape.fields)]
    return "\n".join(rows) + "\n"


def row_of(field: FieldShape) -> str:
    """One field."""
    default = "**必填**" if field.required else code(field.default)
    cells = (code(field.name), field.title, field.type, default, field.description, code(field.example))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def code(text: str) -> str:
    """The text as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


# --- docs/findings.md ----------------------------------------------------------------------------------------------------

FINDINGS_HEAD = """# 校验问题 · Every finding

由 `tests/golden/findings/` 生成，请勿手改（`make golden` 重写）。每个代码一例：错在哪里，读者看到什么，怎么改。
Made from `tests/golden/findings/` by `make golden`; do not edit. One example for each code: what is wrong, what its author is told, what to do.
"""


def findings_page() -> str:
    """Every code with its sentence and advice in both languages, as its first bad example has them."""
    first: dict[str, str] = {}
    for name in examples():
        first.setdefault(read_example(name).code, name)
    return "\n".join([FINDINGS_HEAD, *(of_code(one, name) for one, name in sorted(first.items()))])


def of_code(one: str, name: str) -> str:
    """One code."""
    lines = (ROOT / f"tests/golden/findings/{name}.yaml").read_text(encoding="utf-8").split("expected: |\n")[1].splitlines()
    what = read_example(name).head.split("\n")[0].removeprefix("# ")
    (zh, advice_zh), (en, advice_en), *_ = told_of(lines, one)
    return f"## `{one}`\n\n[{what}](../tests/golden/findings/{name}.yaml)\n\n- {zh}。{advice_zh}\n- {en}. {advice_en}\n"


def told_of(lines: list[str], one: str) -> list[Pair]:
    """The sentences of a code and the advice below each."""
    found: list[Pair] = []
    for number, line in enumerate(lines):
        match = re.match(rf"  \S.*?: {re.escape(one)}: (.*)$", line)
        if match:
            below = lines[number + 1] if number + 1 < len(lines) else ""
            is_advice = below.startswith("      ") and not below.startswith("      |")
            found.append((match[1], below.strip() if is_advice else ""))
    return found
