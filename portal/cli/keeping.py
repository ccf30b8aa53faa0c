"""Commands about secrets: set from what is typed or piped in, listed by name, removed, never shown."""

import getpass
import os
import pwd
import sys
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from engine.state.secrets import LARGEST, KeyIsWrong, SecretIsWrong, known_secrets, remove_secret, set_secret
from portal import wiring
from portal.cli import options as of
from portal.cli.options import Stopped


def secret(
    doing: Annotated[Literal["set", "list", "remove"], Parameter(help="set 从标准输入读值；list 只列名称；remove 删除")],
    name: Annotated[str | None, Parameter(help="名称：waste-db.password")] = None,
    *,
    var: of.Var = None,
) -> int:
    """数据源的密钥：加密存放，定义里写 {secret: 名称}，存进去就不再显示。 Secrets of sources, sealed; definitions name them."""
    settings, out = wiring.read_this_process(None, var), Console(highlight=False, soft_wrap=True, markup=False)
    if doing != "list" and not name:
        raise Stopped(f"要写名称：chengmai secret {doing} waste-db.password")
    try:
        with wiring.opened_state(settings) as store:
            if doing == "list":
                table = Table.grid(padding=(0, 2))
                for one in known_secrets(store):
                    table.add_row(one.name, f"{one.set_at:%Y-%m-%d %H:%M} UTC", one.set_by)
                out.print(table if table.row_count else "还没有密钥")
            elif doing == "remove":
                if not remove_secret(store, name or ""):
                    raise Stopped(f"没有密钥「{name}」\n    chengmai secret list 列出有哪些")
                out.print(f"已删除 {name}")
            else:
                key = wiring.secret_key(settings, make=True)
                assert key is not None
                set_secret(store, key, name or "", _typed(), datetime.now(UTC), pwd.getpwuid(os.getuid()).pw_name)
                out.print(f"已加密存放，定义里写 {{secret: {name}}}")
    except (KeyIsWrong, SecretIsWrong) as error:
        raise Stopped(str(error)) from error
    return 0


def _typed() -> str:
    """The value: from a pipe, without the end of its last line; from a person, without showing it."""
    if sys.stdin.isatty():
        return getpass.getpass("值（不显示）：")
    return sys.stdin.read(LARGEST + 2).removesuffix("\n").removesuffix("\r")
