"""Contract of a definition kind: its tag is the file suffix, its fields are the shape of the file."""

from msgspec import Struct

from engine.part import PluginPart


class KindSpec(PluginPart, frozen=True):
    """A kind of definition; members live in `kinds/` (定义类型)."""


class Definition(Struct, frozen=True):
    """One decoded file: what it says and where each thing in it stands (定义)."""

    kind: str
    id: str
    file: str
    spec: KindSpec


def plural(kind: str) -> str:
    """Several of a kind in English: indicators, analyses."""
    return f"{kind.removesuffix('is')}es" if kind.endswith("is") else f"{kind}s"
