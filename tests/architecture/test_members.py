"""A plural folder holds its members and nothing else: who lists the folder has read the catalogue."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.code_tree import CODE, MEMBER_FOLDERS, ROOT, parsed, place, python_files, written

# Connectors keep what is too long for one file, or what several of them read with, in folders of parts: no member stands there.
WITH_PARTS = ("connectors",)


def has_tag(node: ast.stmt) -> bool:
    """Whether a statement defines a member: a class that gives itself a tag."""
    if not isinstance(node, ast.ClassDef):
        return False
    assigned: list[ast.expr] = [item.target for item in node.body if isinstance(item, ast.AnnAssign) and item.value is not None]
    assigned += [target for item in node.body if isinstance(item, ast.Assign) for target in item.targets]
    return any(isinstance(target, ast.Name) and target.id == "tag" for target in assigned) or any(key.arg == "tag" for key in node.keywords)


def strangers(root: Path) -> Iterator[str]:
    """Every file of a plural folder that does not define exactly one member, and every folder inside one."""
    for folder in MEMBER_FOLDERS:
        for path in python_files(root, [folder]):
            if path.parent != root / folder:
                if folder not in WITH_PARTS or any(map(has_tag, parsed(path).body)):
                    yield f"{place(root, path)}: stands in a folder inside {folder}"
            elif path.name != "__init__.py":
                members = sum(map(has_tag, parsed(path).body))
                if members != 1:
                    yield f"{place(root, path)}: defines {members} members"


def acquainted(root: Path) -> Iterator[str]:
    """Every member that imports another member of its folder, at the top or inside a function."""
    for folder in MEMBER_FOLDERS:
        package = folder.replace("/", ".")
        members = {f"{package}.{path.stem}" for path in python_files(root, [folder]) if path.parent == root / folder and path.stem != "__init__"}
        for path in python_files(root, [folder]):
            for node in ast.walk(parsed(path)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
                if members & set(names):
                    yield f"{place(root, path)}: imports a member beside it"


def busy_inits(root: Path) -> Iterator[str]:
    """Every __init__.py that holds more or less than a docstring."""
    for path in python_files(root):
        if path.name == "__init__.py":
            tree = parsed(path)
            if len(tree.body) != 1 or ast.get_docstring(tree) is None:
                yield place(root, path)


def test_each_file_of_a_plural_folder_defines_exactly_one_member() -> None:
    assert list(strangers(ROOT)) == []


def test_members_never_know_each_other() -> None:
    assert list(acquainted(ROOT)) == []


def test_a_member_that_imports_another_is_seen(tmp_path: Path) -> None:
    tree = written(tmp_path, {"connectors/one.py": "def f() -> None:\n    from connectors import two\n", "connectors/two.py": ""})
    assert list(acquainted(tree)) == ["connectors/one.py:1: imports a member beside it"]


def test_an_init_file_is_a_docstring_and_nothing_else() -> None:
    assert list(busy_inits(ROOT)) == []


def test_every_folder_of_code_says_what_it_is() -> None:
    folders = {path.parent for path in python_files(ROOT, CODE)}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_a_file_without_a_member_and_one_with_two_are_seen(tmp_path: Path) -> None:
    one = 'class Yoy:\n    tag: ClassVar[str] = "yoy"\n'
    files = {"one.py": one, "two.py": one * 2, "none.py": "def shifted() -> None: ...\n", "deep/one.py": one}
    tree = written(tmp_path, {f"engine/modifiers/{name}": text for name, text in files.items()})
    assert list(strangers(tree)) == [
        "engine/modifiers/deep/one.py:1: stands in a folder inside engine/modifiers",
        "engine/modifiers/none.py:1: defines 0 members",
        "engine/modifiers/two.py:1: defines 2 members",
    ]


def test_an_init_file_that_imports_is_seen(tmp_path: Path) -> None:
    tree = written(tmp_path, {"engine/__init__.py": '"""Fine."""\n', "portal/__init__.py": '"""Not."""\nimport engine\n'})
    assert list(busy_inits(tree)) == ["portal/__init__.py:1"]
