"""What the structs declare at a path: title, examples, allowed values; so a message can name them without a second list."""

import inspect
import re
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from engine.loading.source_map import Path

_LABEL = re.compile(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)\.?$")
Type = msgspec.inspect.Type


class Declared(Struct, frozen=True):
    """What may stand at one path: the alternatives, the label and the words of the field (声明)."""

    types: tuple[Any, ...]
    title: str = ""
    description: str = ""
    examples: tuple[Any, ...] = ()

    @property
    def fields(self) -> dict[str, "Declared"]:
        """The fields that may stand below, by the name written in files; of all struct alternatives."""
        return {
            name: field for kind in self.types if isinstance(kind, msgspec.inspect.StructType) for name, field in _fields(kind.cls).items()
        }

    @property
    def allowed(self) -> list[str]:
        """The values of a closed list, in the order they were written, or nothing when any value may stand here."""
        return [str(value) for kind in self.types if isinstance(kind, msgspec.inspect.LiteralType) for value in kind.values]

    def below(self, part: str | int) -> "Declared | None":
        """What may stand one step further down."""
        for kind in self.types:
            if isinstance(part, str) and isinstance(kind, msgspec.inspect.StructType):
                field = _fields(kind.cls).get(part)
                if field:
                    return field
            elif isinstance(part, str) and isinstance(kind, msgspec.inspect.DictType):
                return _declared(kind.value_type)
            elif isinstance(part, int):
                item = _item(kind, part)
                if item is not None:
                    return _declared(item)
        return None


def declared(shape: type[Struct], path: Path = ()) -> Declared | None:
    """What the struct declares at a path; None where nothing is declared, as inside free settings."""
    here: Declared | None = _declared(_inspected(shape))
    for part in path:
        if here is None:
            return None
        here = here.below(part)
    return here


def label(shape: type) -> str:
    """The Chinese label that ends a struct's docstring."""
    return label_in(inspect.getdoc(shape) or "") or shape.__name__


def label_in(description: str) -> str:
    """The Chinese label that ends the first line of a description; empty when there is none."""
    found = _LABEL.search(description.split("\n")[0])
    return found[1] if found else ""


@lru_cache(maxsize=512)
def _inspected(shape: type) -> Any:
    return msgspec.inspect.type_info(shape)


@lru_cache(maxsize=512)
def _fields(shape: type) -> dict[str, Declared]:
    return {field.encode_name: _declared(field.type) for field in _inspected(shape).fields}


def _declared(kind: Any) -> Declared:
    notes: dict[str, Any] = {}
    while isinstance(kind, msgspec.inspect.Metadata):
        notes = {**(kind.extra_json_schema or {}), **notes}
        kind = kind.type
    types = tuple(_alternatives(kind))
    return Declared(types, notes.get("title", ""), notes.get("description", ""), tuple(notes.get("examples", ())))


def _alternatives(kind: Any) -> list[Any]:
    if isinstance(kind, msgspec.inspect.Metadata):
        return _alternatives(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return [one for alternative in kind.types for one in _alternatives(alternative)]
    return [] if isinstance(kind, msgspec.inspect.NoneType) else [kind]


def _item(kind: Any, index: int) -> Any:
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return kind.item_type
    if isinstance(kind, msgspec.inspect.TupleType) and index < len(kind.item_types):
        return kind.item_types[index]
    return None
