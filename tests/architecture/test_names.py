"""A name that says nothing (manager, data, helper) hides what a thing is for, so such names are not in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.code_tree import ROOT, parsed, place, python_files, written

EMPTY_WORDS = frozenset({"manager", "helper", "util", "utility", "processor", "service", "base", "data", "info", "common"})


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def says_nothing(name: str) -> bool:
    """Whether one of the words, alone or in the plural, is an empty one."""
    return any(word in EMPTY_WORDS or word.removesuffix("s") in EMPTY_WORDS for word in words(name))


def empty_names(root: Path) -> Iterator[str]:
    """Every folder, module, class and function with an empty name."""
    for path in python_files(root):
        for part in path.relative_to(root).with_suffix("").parts:
            if says_nothing(part):
                yield f"{place(root, path)}: {part}"
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and says_nothing(node.name):
                yield f"{place(root, path, node.lineno)}: {node.name}"


def test_no_folder_module_class_or_function_has_an_empty_name() -> None:
    assert list(empty_names(ROOT)) == []


def test_empty_names_are_seen(tmp_path: Path) -> None:
    tree = written(tmp_path, {"engine/utils.py": "class QueryManager:\n    def get_data(self) -> None: ...\n"})
    assert list(empty_names(tree)) == ["engine/utils.py:1: utils", "engine/utils.py:1: QueryManager", "engine/utils.py:2: get_data"]


@pytest.mark.parametrize("name", ["dataset", "database", "DatabaseSource", "baseline", "Dataset", "information_schema", "metadata"])
def test_a_word_that_only_begins_like_an_empty_one_is_fine(name: str) -> None:
    assert not says_nothing(name)
