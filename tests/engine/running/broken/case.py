"""What a broken thing is, and what has to become of it; one dataset takes them all."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from engine.loading.catalog import Catalog
from engine.loading.project import load_texts

HEADER = "id,at,ton,trips,temp,ok,kind,lon,lat,note"
ROW = ["2026-01-05 08:30", "10.25", "1", "850", "是", "other", "116.4", "39.9", "备注"]
DATASET = """
title: 过磅
from: sources.broken/rows
one_row_is: 一次过磅
key: [id]
region: public
geometry: [lon, lat]
times: [{name: at, column: at, default: true}]
columns:
  - {name: id, title: 单号, type: text}
  - {name: at, title: 时间, type: timestamp, required: true}
  - {name: ton, title: 净重, type: decimal, unit: t}
  - {name: trips, title: 车次, type: integer}
  - {name: temp, title: 炉温, type: float}
  - {name: ok, title: 合格, type: boolean}
  - {name: kind, title: 品类, type: enum, of: [{code: other, title: 其他垃圾}, {code: kitchen, title: 厨余垃圾}]}
  - {name: lon, title: 经度, type: float}
  - {name: lat, title: 纬度, type: float}
  - {name: note, title: 备注, type: text}
quality:
  - {rule: range, column: ton, min: 0, max: 60}
  - {rule: range, column: temp, min: -60, max: 1300}
  - {rule: range, column: trips, min: 0, max: 99}
  - {rule: geometry, box: [115.4, 39.4, 117.6, 41.1]}
  - {rule: clock, column: at, gap: PT10M}
  - {rule: condition, column: at, where: "at >= '2000-01-01'", reason: "时间 {value} 早于系统上线"}
"""


class Case(Struct, frozen=True):
    """A broken file, and what has to become of it: refused with words of the reason, or so many rows in, loaded, and the rules of the others."""

    name: str
    file: str
    content: bytes | Callable[[], bytes]
    refused: str | None = None  # within the Chinese sentence
    rows_in: int = 0
    loaded: int = 0
    rules: tuple[str, ...] = ()  # of the lines of the quarantine, sorted, each once
    read: Mapping[str, Any] = {}  # settings of the stream
    identity: tuple[str, ...] = ("id",)

    @property
    def bytes(self) -> bytes:
        """The content of the file."""
        return self.content if isinstance(self.content, bytes) else self.content()


def line(id: str, **cells: str) -> str:
    """A line of CSV that is right but for the given cells."""
    names = HEADER.split(",")[1:]
    return ",".join([id, *(cells.get(name, cell) for name, cell in zip(names, ROW, strict=True))])


def csv(*lines: str, header: str = HEADER) -> bytes:
    """A file of lines below the header."""
    return "\n".join([header, *lines, ""]).encode()


def row(id: Any = "m1", **cells: Any) -> dict[str, Any]:
    """A row of JSON that is right but for the given cells."""
    typed = {
        "at": "2026-01-05 08:30",
        "ton": 10.25,
        "trips": 1,
        "temp": 850.0,
        "ok": True,
        "kind": "other",
        "lon": 116.4,
        "lat": 39.9,
        "note": "x",
    }
    return {"id": id, **typed, **cells}


@cache
def city(read: str, identity: tuple[str, ...]) -> Catalog:
    """The dataset with a stream of these settings (JSON)."""
    streams = json.dumps([{"name": "rows", "read": json.loads(read), "identity": identity}])
    texts = {
        "project.yaml": "title: 试验\n",
        "sources/broken.source.yaml": f"title: 坏来源\nconnector: files\nsettings: {{root: .}}\nstreams: {streams}\n",
        "broken/rows.dataset.yaml": DATASET,
    }
    loaded = load_texts(texts)
    assert loaded.findings == (), loaded.findings
    return loaded.catalog
