"""A module that grows past one screenful of ideas is two modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.code_tree import CODE, ROOT, parsed, place, python_files, written

MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def too_long(root: Path) -> Iterator[str]:
    """Every module and function over the limit."""
    for path in python_files(root, (*CODE, "tests")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES_OF_A_MODULE:
            yield f"{place(root, path)}: {lines} lines"
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > MOST_LINES_OF_A_FUNCTION:
                yield f"{place(root, path, node.lineno)}: {node.name} has {body_lines(node)} lines"


def test_no_module_is_longer_than_300_lines_and_no_function_longer_than_40() -> None:
    assert list(too_long(ROOT)) == []


def test_a_module_of_301_lines_and_a_function_of_41_are_seen(tmp_path: Path) -> None:
    long_function = "def tell() -> None:\n" + "    print()\n" * 41
    tree = written(tmp_path, {"engine/long.py": "x = 1\n" * 301, "engine/fits.py": "x = 1\n" * 300, "portal/tell.py": long_function})
    assert list(too_long(tree)) == ["engine/long.py:1: 301 lines", "portal/tell.py:1: tell has 41 lines"]
