"""A definition to begin with: what must be written, then everything that may be, each with its meaning."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from portal.api.shapes import default_of, shape_of, taken_apart, written

UNKNOWN = "……"


def skeleton(struct: type[Struct], header: str) -> str:
    """The text of a new file under its first line, which names its schema."""
    shape = shape_of(struct)
    hints = get_type_hints(struct, include_extras=True)
    samples = {field.encode_name: sample_of_field(field, hints[field.name]) for field in msgspec.structs.fields(struct)}
    lines = [header, f"# {shape.label}：{shape.sentence}"]
    for field in sorted(shape.fields, key=lambda field: not field.required):
        text = f"{field.name}: {samples[field.name]}"
        said = f"{field.title}：{field.description}"
        lines.append(f"{text:<48} # {said}" if field.required else f"# {text:<46} # {said}")
    return "\n".join(lines) + "\n"


def sample_of_field(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    """What could stand in a field: its example, its default, or something of its type."""
    _, metas = taken_apart(hint)
    for meta in reversed(metas):
        if meta.examples:
            return flow(meta.examples[0])
    if not field.required and written(default_of(field)):
        return flow(msgspec.to_builtins(default_of(field)))
    return sample_of(hint)


def sample_of(hint: Any) -> str:
    """Something of a type, in YAML's flow style."""
    plain, metas = taken_apart(hint)
    origin, arguments = get_origin(plain), [each for each in get_args(plain) if each not in {NoneType, Ellipsis}]
    if example := next((meta.examples[0] for meta in metas if meta.examples), None):
        return flow(example)
    if origin is Literal:
        return flow(arguments[0])
    if origin in {Union, UnionType}:
        return sample_of(arguments[0])
    if origin in {tuple, list}:
        return f"[{', '.join(map(sample_of, arguments))}]"
    if origin is dict:
        return "{}"
    if isinstance(plain, type) and issubclass(plain, Struct):
        return sample_of_struct(plain)
    return {int: "1", float: "1", bool: "false"}.get(plain, UNKNOWN)


def sample_of_struct(struct: type[Struct]) -> str:
    """A struct with the fields it must have, or else with its first."""
    hints = get_type_hints(struct, include_extras=True)
    fields = msgspec.structs.fields(struct)
    shown = [field for field in fields if field.required] or list(fields[:1])
    return "{" + ", ".join(f"{field.encode_name}: {sample_of_field(field, hints[field.name])}" for field in shown) + "}"


def flow(value: Any) -> str:
    """A plain value in YAML's flow style; a text is quoted where it would be read as something else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if not isinstance(value, str):
        return written(value)
    is_plain = all(sign not in value for sign in ":#'\"%&*!|>@`{}[],") and value == value.strip() and not value[:1].isdigit()
    return value if is_plain and value not in {"null", "yes", "no", "true", "false", ""} else msgspec.json.encode(value).decode()
