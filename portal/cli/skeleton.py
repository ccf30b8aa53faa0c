"""A definition to begin with: what must be written, then everything that may be, each with its meaning."""

import msgspec
from msgspec import Struct

from portal.api.shapes import FieldShape, shape_of

EXAMPLES = {"文本": "……", "整数": "1", "数": "1", "true / false": "false"}


def skeleton(struct: type[Struct], header: str) -> str:
    """The text of a new file under its first line, which names its schema."""
    shape = shape_of(struct)
    lines = [header, f"# {shape.label}：{shape.sentence}"]
    lines.extend(line_of(field) for field in sorted(shape.fields, key=lambda field: not field.required))
    return "\n".join(lines) + "\n"


def line_of(field: FieldShape) -> str:
    """One field: to be filled in when it is required, else as a comment that says what it would be."""
    said = field.example or field.default or EXAMPLES.get(field.type, "……")
    value = said if said.startswith(("[", "{")) or said in {"true", "false"} else quoted(said)
    text = f"{field.name}: {value}"
    return (
        f"{text:<40}  # {field.title}：{field.description}（{field.type}）"
        if field.required
        else f"# {text:<38}  # {field.title}：{field.description}"
    )


def quoted(text: str) -> str:
    """A scalar as YAML reads it back as the same text."""
    plain = (
        all(sign not in text for sign in ":#'\"%&*!|>@`{}[],")
        and text == text.strip()
        and not text[:1].isdigit()
        and text not in {"null", "yes", "no"}
    )
    return text if plain else msgspec.json.encode(text).decode()
