"""SQL is a tree until a warehouse writes it: a query that is text somewhere in the middle escapes dialects, scopes and parameters."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.code_tree import ROOT, parsed, place, python_files, written

PURE = ("engine/kinds", "engine/modifiers", "engine/checks", "engine/compiling", "engine/expression", "engine/proving", "portal")
SQL = re.compile(
    r"\s*(select\s+(\*|\d|distinct\b|$|[\w.()\"]+(\s+as\s+\w+)?\s*(,|\bfrom\b|$))|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|merge\s+into\b|truncate\s|alter\s+table\b"
    r"|(create|drop)\s+(or\s+replace\s+)?(temp(orary)?\s+)?(table|view|schema|index)\b|with\s+\w+\s+as\s*\()",
    re.IGNORECASE,
)


def docstrings(tree: ast.Module) -> set[int]:
    """Identities of the constants that are prose about code."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def sql_texts(root: Path) -> Iterator[str]:
    """Every string constant or f-string that begins like a statement."""
    for path in python_files(root, PURE):
        tree = parsed(path)
        prose = docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose and SQL.match(node.value):
                yield f"{place(root, path, node.lineno)}: {node.value[:40]!r}"


def parsers_of_fragments(root: Path) -> Iterator[str]:
    """Every use of sqlglot's text parser outside the formula grammar, which is the one place that reads an author's text."""
    for path in python_files(root):
        if path.is_relative_to(root / "engine" / "expression"):
            continue
        for node in ast.walk(parsed(path)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in {"parse_one", "maybe_parse", "transpile"}:
                yield f"{place(root, path, getattr(node, 'lineno', 1))}: {name}"


def test_no_string_in_the_middle_begins_like_a_statement() -> None:
    assert list(sql_texts(ROOT)) == []


def test_only_the_formula_grammar_parses_text() -> None:
    assert list(parsers_of_fragments(ROOT)) == []


@pytest.mark.parametrize(
    "code",
    [
        'x = "SELECT 1"',
        'x = f"select {y} from t"',
        'x = "\\n  insert into t values (1)"',
        'x = f"CREATE TABLE {y} (a int)"',
        'x = "with a as (select 1)"',
    ],
)
def test_a_statement_in_a_string_is_seen(tmp_path: Path, code: str) -> None:
    assert len(list(sql_texts(written(tmp_path, {"engine/compiling/emit.py": f"{code}\n"})))) == 1


@pytest.mark.parametrize(
    "code",
    [
        '"""Select the rows."""',
        'x = "selected"',
        'x = "update of the day"',
        'x = "with tax as shown"',
        'x = "select with exists from union"',
    ],
)
def test_prose_is_not_a_statement(tmp_path: Path, code: str) -> None:
    assert list(sql_texts(written(tmp_path, {"engine/compiling/emit.py": f"{code}\n"}))) == []


def test_a_parser_in_the_compiler_is_seen(tmp_path: Path) -> None:
    code = "import sqlglot\n\nx = sqlglot.parse_one('a + 1')\n"
    tree = written(tmp_path, {"engine/compiling/emit.py": code, "engine/expression/grammar.py": code})
    assert list(parsers_of_fragments(tree)) == ["engine/compiling/emit.py:3: parse_one"]
