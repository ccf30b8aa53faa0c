"""The front end's idea of the server is true, and its own tests pass."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from engine.question import Asked, Period, Question
from engine.running.explain import Explained

WEB = Path(__file__).parents[2] / "portal" / "web"
# Names that the front end uses for a shape where the server's own word says less to a reader of pages.
RENAMED = {
    "Why": "Change", "WhySide": "Side", "WhyLeaf": "LeafChange", "WhyPart": "MemberChange", "WhyDimension": "DimensionChange", "Choice": "Option",
    "DimensionFacts": "Split",
}  # fmt: skip
STRUCTS: dict[str, type[msgspec.Struct]] = {"Question": Question, "Asked": Asked, "Period": Period, "Explained": Explained}
# Sent by the front end, or read from a definition's own file: no answer of the server has these shapes.
UNANSWERED = {"Problem", "FormulaQuestion", "Project"}


def interfaces() -> dict[str, set[str]]:
    """Each interface of the front end with its fields, inherited ones included."""
    text = (WEB / "src" / "api" / "types.ts").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name, parent, body in re.findall(r"export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}", text, re.DOTALL):
        found[name] = set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE)) | found.get(parent, set())
    return found


def test_every_field_the_front_end_reads_is_one_the_server_sends(client: TestClient[Litestar]) -> None:
    schemas: dict[str, Any] = client.get("/api/openapi/openapi.json").json()["components"]["schemas"]
    sent = {name: set(schema.get("properties", {})) for name, schema in schemas.items()}
    sent |= {name: {field.encode_name for field in msgspec.structs.fields(struct)} for name, struct in STRUCTS.items()}
    read = {name: fields for name, fields in interfaces().items() if name not in UNANSWERED}
    assert {name: sorted(fields - sent.get(RENAMED.get(name, name), set())) for name, fields in read.items()} == {name: [] for name in read}


@pytest.mark.slow
@pytest.mark.skipif(
    not (WEB / "node_modules" / ".bin" / "vitest").exists() or shutil.which("node") is None, reason="the front end is not set up"
)
def test_the_front_ends_own_tests_pass() -> None:
    done = subprocess.run(["node_modules/.bin/vitest", "run"], cwd=WEB, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
