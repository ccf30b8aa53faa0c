"""The reference page and the skeletons of `chengmai new` come from the structs themselves, so that neither can be out of date."""

from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields as struct_fields

SIMPLE = {str: "文本", int: "整数", float: "数", bool: "true / false", Any: "任意"}


class FieldShape(Struct, frozen=True):
    """One field as an author meets it (字段)."""

    name: str
    title: str
    description: str
    type: str
    required: bool
    default: str
    example: str
    part: str = ""  # label of the struct inside, described on its own


class Shape(Struct, frozen=True):
    """A kind, a member or a part of one, with its fields (形状)."""

    name: str
    label: str
    sentence: str
    fields: tuple[FieldShape, ...]


def label_and_sentence(struct: type[Struct]) -> tuple[str, str]:
    """The Chinese label in the brackets of a docstring's first line, and the sentence before it."""
    first = (struct.__doc__ or "").strip().split("\n")[0].rstrip(".")
    sentence, _, rest = first.rpartition("(")
    return rest.rstrip(")") or struct.__name__, sentence.strip() or first


def shape_of(struct: type[Struct], name: str = "") -> Shape:
    """What an author may write in a struct."""
    label, sentence = label_and_sentence(struct)
    hints = get_type_hints(struct, include_extras=True)
    shapes = (field_shape(field, hints[field.name]) for field in struct_fields(struct))
    return Shape(name or struct.__name__, label, sentence, tuple(shapes))


def field_shape(field: msgspec.structs.FieldInfo, hint: Any) -> FieldShape:
    """What an author may write in one field, under the name it has in a file; a field says more than its type, so it comes last."""
    plain, metas = taken_apart(hint)
    inside = next(structs_in(plain), None)
    return FieldShape(
        name=field.encode_name,
        title=last(meta.title for meta in metas),
        description=last(meta.description for meta in metas),
        type=metas[0].title or "" if plain is str and len(metas) > 1 else type_words(plain),
        required=field.required,
        default="" if field.required else written(default_of(field)),
        example=last(written(meta.examples[0]) for meta in metas if meta.examples),
        part=label_and_sentence(inside)[0] if inside else "",
    )


def taken_apart(hint: Any) -> tuple[Any, list[Meta]]:
    """A type without its notes, and the notes, those of the type first and the field's own last."""
    if get_origin(hint) is not Annotated:
        return hint, []
    return hint.__origin__, [note for note in hint.__metadata__ if isinstance(note, Meta)]


def last(texts: Iterable[str | None]) -> str:
    """The last text that is not empty."""
    return next((text for text in reversed(list(texts)) if text), "")


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """The value of a field that is left out."""
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def written(value: Any) -> str:
    """A value as one writes it in YAML's flow style; nothing is empty."""
    if value is None or value in ((), {}, []):
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(inner) or '{}'}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(msgspec.to_builtins(value))


def type_words(hint: Any) -> str:
    """A type in a reader's words: 文本, 列表（整数）, a | b."""
    plain, metas = taken_apart(hint)
    if plain is str and metas and metas[0].title:
        return metas[0].title
    origin, arguments = get_origin(plain), get_args(plain)
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in {Union, UnionType}:
        return " | ".join(dict.fromkeys(type_words(each) for each in arguments if each is not NoneType))
    if origin in {tuple, list}:
        items = [each for each in arguments if each is not Ellipsis]
        return f"列表（{'，'.join(map(type_words, items))}）"
    if origin is dict:
        return f"映射（{type_words(arguments[0])} → {type_words(arguments[1])}）"
    if isinstance(plain, type) and issubclass(plain, Struct):
        return label_and_sentence(plain)[0]
    return SIMPLE.get(plain, str(getattr(plain, "__name__", plain)))


def structs_in(hint: Any) -> Iterator[type[Struct]]:
    """The structs that a type is made of."""
    plain, _ = taken_apart(hint)
    if isinstance(plain, type) and issubclass(plain, Struct):
        yield plain
    for each in get_args(plain):
        yield from structs_in(each)


def parts_of(struct: type[Struct]) -> list[type[Struct]]:
    """The structs below a struct, each once, in the order an author meets them."""
    found: dict[type[Struct], None] = {}
    waiting = [struct]
    while waiting:
        for hint in get_type_hints(waiting.pop(0), include_extras=True).values():
            for inside in structs_in(hint):
                if inside not in found and inside is not struct:
                    found[inside] = None
                    waiting.append(inside)
    return list(found)
