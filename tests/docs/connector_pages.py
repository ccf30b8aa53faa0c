"""The page of connectors, made from their structs: what each reads, its settings and those of its streams, with an example."""

from collections.abc import Iterable

from engine.connector import Connector, Following
from engine.loading.members import connectors
from portal.api.reference_page import of_struct
from tests.docs.pages import of_described

HEAD = """# 连接器 · Connectors

由代码生成，请勿手改（`make golden` 重写）。Made from the code by `make golden`; do not edit.

数据源写明用哪个连接器（`connector`）、怎么连（`settings`）、读什么（每条数据流的 `read`）。
A source says which connector it uses, how to get there (`settings`), and what to read (`read` of each stream).

```yaml
title: 生活垃圾管理系统
connector: rest
settings:
  url: https://waste.example.cn/api
  oauth: {token_url: "https://sso.example.cn/oauth/token", client_id: chengmai, client_secret: {secret: waste.oauth}}
streams:
  - name: weighings
    read: {path: weighings, rows_at: /result/items, pages: {size_parameter: size, size: 1000, total_at: /result/total}, window: {step: P1D}}
    every: PT15M
    identity: [bill_no]
```

## 能连哪些主机 · Which hosts

只有管理员列出的主机能连：环境变量 `CHENGMAI_HOSTS`（逗号或空格分开），或 `var/hosts.txt`（每行一个，`#` 后是说明）。定义里写不了。没有名单就一台也不能连。
Only hosts that the administrator lists are reached: the variable `CHENGMAI_HOSTS`, or the lines of `var/hosts.txt`.
No definition can change that; without a list there is none.

| 写法 | 意思 |
|---|---|
| `waste-db` | 主机名，任何端口 · a name, at any port |
| `waste-db:5432` | 只此端口 · at this port only |
| `*.example.cn` | 其下的每个名字 · every name below it |
| `10.1.2.3`，`10.1.0.0/16` | 写成地址的主机 · hosts written as an address |
| `127.0.0.1`，`localhost` | 本机，必须写明 · this machine, which must be named |
| `/run/postgresql` | 数据库的本机套接字 · a local socket of a database |

名字只解析一次，连接就用那个地址；每次转向重新检查。链路本地、组播、保留地址和云主机的元数据地址，列出来也不连。
A name is looked up once and that address is used; each redirect is checked anew.
Link-local, multicast and reserved addresses, and those where clouds keep a machine's keys, are refused even when listed.

## 密钥 · Secrets

密钥从不写进定义（明文是问题 `plain-secret`）：写 `{env: 环境变量}`，或先 `chengmai secret set waste.oauth`（从标准输入读值，加密存入状态库，不再显示），
再写 `{secret: waste.oauth}`。
钥匙在 `CHENGMAI_KEY`（`openssl rand -hex 32`），没有就在 `var/secret.key`（只有属主可读，自动生成）；备份时两样分开放。
A secret never stands in a definition: write `{env: NAME}`, or store it with `chengmai secret set` and write `{secret: name}`.
The key is `CHENGMAI_KEY`, or else the file `var/secret.key`; keep it apart from the backup of the store.

## 再读从哪里起 · Where a later reading begins

| 连接器 | 游标 |
|---|---|
| `database` | 游标列的最后一个值（含），减去 `overlap`；空值的行只在第一次读到 · the last value of the cursor column, less the overlap |
| `rest` | 最后一个完整时间窗的末尾，减去 `overlap`；或服务器长期有效的游标 · the end of the last whole window, or a cursor that the server keeps |
| `files` | 已读文件的清单（名字、时间、大小）；`.part`、`.tmp` 和还在变大的留到下次 · the files that were read; what is still being written is left for later |

行的身份（`identity`）相同就替换，所以重叠处再读一遍不会变成两行。A row of the same identity replaces itself: reading an overlap again doubles nothing.

## 自己的连接器 · A connector of one's own

装在别处的软件包，用入口点 `chengmai.connectors` 报上自己的类，就与这里的一样用。A package installed elsewhere brings one by the entry point `chengmai.connectors`.
"""


def connectors_page() -> str:
    """The head, then every connector of this repository by name."""
    members = {tag: kind for tag, kind in connectors().items() if kind.__module__.startswith("connectors.")}
    return "\n".join([HEAD, *(text for tag, kind in members.items() for text in _of(tag, kind))])


def _of(tag: str, kind: type[Connector]) -> Iterable[str]:
    """One connector and its stream."""
    yield "---\n"
    yield "\n".join(of_described(of_struct(tag, kind), set()))
    way = (
        "推送：行到即收 · it is sent rows"
        if issubclass(kind, Following)
        else "拉取：按 `every` 或 `cron` 去读 · it is read from time to time"
    )
    yield f"{way}\n"
    yield "\n".join(of_described(of_struct("read", kind.stream), set()))
