"""Commands for those who write definitions: check them, list them, begin one, prove them."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.findings import did_you_mean
from engine.kind import plural
from engine.loading.header import SCHEMAS, header
from engine.loading.schema import schema_text, write_schemas
from engine.proving.prove import Prover
from engine.registry import kinds
from engine.running.ask import ask
from portal import wiring
from portal.api.catalog import Entry, entry_of, is_found
from portal.cli import options as of
from portal.cli.options import Stopped
from portal.cli.skeleton import skeleton


def check(*, definitions: of.Definitions = None, language: of.Language = "zh") -> int:
    """校验全部定义，打印每个问题的位置、原因和改法。 Check all definitions and print every finding."""
    settings = wiring.read_this_process(definitions)
    checked = wiring.read_definitions(settings)
    for finding in checked.findings:
        print(finding.text(language), file=sys.stderr)
    count, found = len(checked.catalog.definitions), len(checked.findings)
    print(f"{count} 个定义，{found} 个问题" if language == "zh" else f"{count} definitions, {found} findings")
    return 2 if found else 0


def list_definitions(kind: str = "", /, *, search: str = "", definitions: of.Definitions = None) -> int:
    """列出定义：全部，或某一类。 List definitions, all or of one kind.

    Parameters
    ----------
    kind
        indicator dataset dimension source access test project，单复数均可
    search
        标题、标识、含义、负责人中都要出现的词
    """
    catalog = wiring.read_definitions(wiring.read_this_process(definitions)).catalog
    wanted = kind_named(kind) if kind else None
    entries = [entry_of(definition) for (named, _), definition in sorted(catalog.definitions.items()) if wanted in {None, named}]
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("类型", "标识", "标题", "单位", "负责人"):
        table.add_column(title, overflow="fold")
    found = [entry for entry in entries if is_found(entry, search)]
    for entry in found:
        table.add_row(*cells_of(entry))
    console = Console()
    console.print(table)
    console.print(Text(f"{len(found)} 个定义", style="dim"))
    return 0


def cells_of(entry: Entry) -> tuple[Text, ...]:
    """One line of the list."""
    return tuple(map(Text, (entry.kind, entry.id, entry.title, entry.unit or "", entry.owner or "")))


def kind_named(word: str) -> str:
    """The kind a word means, in the singular or plural; raises Stopped for another word."""
    known = kinds()
    found = next((kind for kind in known if word in {kind, plural(kind)}), None)
    if found is None:
        advice, _ = did_you_mean(word, known, f"可用：{'、'.join(known)}", "")
        raise Stopped(f"没有名为「{word}」的定义类型\n    {advice}")
    return found


def new(kind: str, id: str, /, *, definitions: of.Definitions = None) -> int:
    """新建一个定义：带注释的骨架，照着填。 Write a commented skeleton of a definition.

    Parameters
    ----------
    kind
        indicator dataset dimension source access test
    id
        标识，即路径：sanitation.msw_month 写到 sanitation/msw_month.indicator.yaml
    """
    folder = wiring.read_this_process(definitions).definitions
    tag = kind_named(kind)
    path = folder.joinpath(*id.split(".")[:-1], f"{id.split('.')[-1]}.{tag}.yaml") if tag != "project" else folder / "project.yaml"
    if path.exists():
        raise Stopped(f"{path} 已经存在\n    换一个标识，或直接编辑它")
    if not all(part.isidentifier() and part.isascii() and part.islower() for part in id.split(".")):
        raise Stopped(f"「{id}」不能作标识\n    用小写英文字母、数字和下划线，以点分段：sanitation.msw_month")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(skeleton(kinds()[tag], header(path, folder / SCHEMAS, tag)), encoding="utf-8")
    print(f"已写入 {path}\n    填好后运行 `chengmai check`")
    return 0


def prove(
    *tests: str,
    warehouse: of.WarehouseTag = None,
    definitions: of.Definitions = None,
    var: of.Var = None,
) -> int:
    """运行验证用例：给定几行数据，问，与手算结果比对。 Run proofs: given rows, ask, compare with rows worked out by hand.

    Parameters
    ----------
    tests
        指标标识；不写则验证全部
    """
    settings = wiring.read_this_process(definitions, var)
    catalog = wiring.sound_definitions(settings)
    known = catalog.ids("test")
    if strangers := [test for test in tests if test not in known]:
        advice, _ = did_you_mean(strangers[0], known, "`chengmai list tests` 列出全部", "")
        raise Stopped(f"没有名为「{strangers[0]}」的验证用例\n    {advice}")
    console = Console(highlight=False)
    failed = count = 0
    with wiring.scratch_warehouse(settings, warehouse or catalog.project.warehouse) as scratch:
        prover = Prover(catalog, scratch, ask)
        for result in (result for test in tests or known for result in prover.prove(test)):
            count += 1
            name = f"{result.test}[{result.case}] {result.title}".rstrip()
            if not result.is_passed:
                failed += 1
                console.print(Text(f"✗ {name}", style="red"))
                console.print(Text(result.difference or "\n".join(finding.text() for finding in result.findings)))
    console.print(f"{count} 个用例，{failed} 个未通过")
    return 2 if failed else 0


def schema(*, check: bool = False, definitions: of.Definitions = None) -> int:
    """生成每类定义的 JSON Schema（编辑器补全用）。 Write the JSON Schema of every kind.

    Parameters
    ----------
    check
        只比对，不写；有出入则退出码为 2
    """
    folder = wiring.read_this_process(definitions).definitions / SCHEMAS
    texts = {folder / f"{kind}.schema.json": schema_text(kind) for kind in kinds()}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if check:
        print("\n".join(f"{path} 不是最新的" for path in stale) or "全部是最新的")
        return 2 if stale else 0
    write_schemas(folder)
    print(f"{len(texts)} 个文件写入 {folder}，其中 {len(stale)} 个有变化")
    return 0
