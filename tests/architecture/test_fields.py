"""A field's title and description are the form label, the schema and the reference page: a field without them is a blank on all three."""

import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from engine.part import PluginPart
from tests.architecture.code_tree import MEMBER_FOLDERS, ROOT, python_files

CHINESE_LABEL = re.compile(r"\([^()]*[\u4e00-\u9fff][^()]*\)")


def written_here(module: ModuleType) -> list[type[Struct]]:
    """The structs that a module itself defines."""
    things = vars(module).values()
    return [thing for thing in things if isinstance(thing, type) and issubclass(thing, Struct) and thing.__module__ == module.__name__]


def described(hint: Any) -> bool:
    """Whether an annotation carries a title and a description."""
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(isinstance(note, Meta) and note.title and note.description for note in notes)


def blanks(struct: type[Struct]) -> Iterator[str]:
    """The fields of a struct that have no title or no description."""
    hints = get_type_hints(struct, include_extras=True)
    yield from (f"{struct.__name__}.{name}" for name in struct.__struct_fields__ if not described(hints[name]))


def modules_below(folders: tuple[str, ...]) -> list[ModuleType]:
    """The modules below the folders, imported."""
    names = (path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in python_files(ROOT, folders))
    return [importlib.import_module(name.removesuffix(".__init__")) for name in names]


def test_every_field_that_an_author_can_write_has_a_title_and_a_description() -> None:
    members = [module for module in modules_below(MEMBER_FOLDERS) if module.__name__.rpartition(".")[0].replace(".", "/") in MEMBER_FOLDERS]
    shapes = [struct for module in members for struct in written_here(module)]
    assert [blank for struct in shapes for blank in blanks(struct)] == []


def test_every_struct_of_the_engine_ends_its_sentence_with_its_chinese_label() -> None:
    structs = [struct for module in modules_below(("engine", "connectors", "renderers")) for struct in written_here(module)]
    assert [f"{struct.__module__}.{struct.__name__}" for struct in structs if not CHINESE_LABEL.search(struct.__doc__ or "")] == []


def test_a_field_without_a_description_is_seen() -> None:
    class Threshold(PluginPart, frozen=True):
        below: Annotated[float, Meta(title="下限", description="Alert when the value is under this")]
        title_only: Annotated[int, Meta(title="期数")] = 1
        bare: int = 1

    assert list(blanks(Threshold)) == ["Threshold.title_only", "Threshold.bare"]
