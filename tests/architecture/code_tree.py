"""What the architecture tests look at. Every checker takes a root, so that a test can show it failing on a small wrong tree."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("engine", "connectors", "renderers", "portal")
MEMBER_FOLDERS = (
    "engine/kinds",
    "engine/modifiers",
    "engine/operators",
    "engine/warehouses",
    "engine/checks",
    "connectors",
    "renderers/widgets",
)


def python_files(root: Path, folders: Iterable[str] = CODE) -> Iterator[Path]:
    """The .py files below the folders that exist, sorted; what npm or Python's cache put there is not ours."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if not {"node_modules", "__pycache__"} & set(path.parts):
                yield path


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(root: Path, path: Path, line: int = 1) -> str:
    """Where something stands, as an editor understands it."""
    return f"{path.relative_to(root).as_posix()}:{line}"


def written(root: Path, files: dict[str, str]) -> Path:
    """A small tree for a test: the files, below the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
