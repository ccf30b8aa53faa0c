"""The door of the command line: every command, and the one place where what went wrong becomes words and an exit code."""

import sys
from collections.abc import Callable, Sequence

from cyclopts import App
from cyclopts.exceptions import CycloptsError
from rich.console import Console

from engine.findings import DefinitionsAreWrong
from engine.lake.local_spark import SparkDidNotStart
from engine.warehouse import StatementTimedOut
from portal.cli import asking, authoring, operating
from portal.cli.advising import advise
from portal.cli.analysing import analyse
from portal.cli.backup import backup, restore
from portal.cli.health import health
from portal.cli.keeping import secret
from portal.cli.options import Stopped
from portal.cli.quarantine import quarantine
from portal.cli.scheduling import jobs
from portal.cli.scheduling import run as run_due
from portal.cli.sources import intake, source
from portal.cli.why import why
from portal.wiring import MemoryIsNoSize, SparkIsMissing, SparkIsUnreachable, WarehouseIsBusy

WRONG, BROKEN = 2, 1  # exit codes: what was asked or defined is wrong; the world is broken

COMMANDS: tuple[tuple[str, Callable[..., int], str], ...] = (
    ("check", authoring.check, "写定义"),
    ("list", authoring.list_definitions, "写定义"),
    ("new", authoring.new, "写定义"),
    ("prove", authoring.prove, "写定义"),
    ("schema", authoring.schema, "写定义"),
    ("query", asking.query, "提问"),
    ("sql", asking.sql, "提问"),
    ("explain", asking.explain, "提问"),
    ("why", why, "提问"),
    ("lineage", asking.lineage, "提问"),
    ("serve", operating.serve, "运行"),
    ("intake", intake, "运行"),
    ("source", source, "运行"),
    ("quarantine", quarantine, "运行"),
    ("secret", secret, "运行"),
    ("run", run_due, "运行"),
    ("jobs", jobs, "运行"),
    ("refresh", operating.refresh, "运行"),
    ("analyse", analyse, "运行"),
    ("retain", operating.retain, "运行"),
    ("advise", advise, "运行"),
    ("health", health, "运行"),
    ("backup", backup, "运行"),
    ("restore", restore, "运行"),
    ("doctor", operating.doctor, "运行"),
    ("bench", operating.bench, "运行"),
)


def build_app() -> App:
    """The commands, in the groups that help shows."""
    app = App(
        name="chengmai", version="0.1.0",
        help="城脉：写一个指标，问一个数，看它怎么来的。\n\nWrite an indicator, ask for a number, see where it comes from.",
        help_format="markdown", result_action="return_value", exit_on_error=False, print_error=False,
    )  # fmt: skip
    for name, command, group in COMMANDS:
        app.command(command, name=name, group=group)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command. 0: done; 1: the world is broken; 2: the definitions or the question are wrong. Findings go to stderr."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        return int(build_app()(arguments) or 0)
    except CycloptsError as error:
        errors.print(f"{error}\n`chengmai {' '.join(error.command_chain or ())} --help` 说明写法")
        return WRONG
    except DefinitionsAreWrong as error:
        for finding in error.findings:
            errors.print(finding.text())
        errors.print(f"共 {len(error.findings)} 个问题")
        return WRONG
    except Stopped as error:
        errors.print(str(error))
        return error.exit_code
    except WarehouseIsBusy as error:
        errors.print(f"数据文件 {error} 正被另一个进程使用（多半是 chengmai serve）\n    先停掉它，或者向它提问：POST /api/query")
        return BROKEN
    except (SparkIsMissing, SparkIsUnreachable, SparkDidNotStart) as error:
        errors.print(about_spark(error))
        return BROKEN
    except MemoryIsNoSize as error:
        errors.print(f"CHENGMAI_MEMORY 写作「{error}」，不是内存大小\n    写成 2GB 或 500MB")
        return WRONG
    except FileNotFoundError as error:
        errors.print(f"没有这个文件夹：{error}\n    用 --definitions 指明定义在哪里")
        return BROKEN
    except StatementTimedOut:
        errors.print("计算超过时限，已停止\n    缩短时段，或改用更粗的粒度")
        return BROKEN
    except KeyboardInterrupt:
        return 130


def about_spark(error: Exception) -> str:
    """Why there is no Spark, and what to do."""
    if isinstance(error, SparkIsMissing):
        return "数仓 spark 需要软件包 chengmai[spark]，这里没有安装\n    pip install 'chengmai[spark]'，或用 --warehouse duckdb"
    if isinstance(error, SparkIsUnreachable):
        return f"连不上 Spark：{error}\n    看看环境变量 CHENGMAI_SPARK 的地址（sc://主机:端口）对不对、服务在不在；不设它就用本机的"
    return f"本机的 Spark 没有启动：{error}\n    或用环境变量 CHENGMAI_SPARK=sc://主机:端口 指定一个"


def main() -> None:
    """Entry point of the `chengmai` program."""
    sys.exit(run(sys.argv[1:]))
