"""What every plug-in part has: a tag under which definitions name it, and a struct that is its shape."""

from typing import ClassVar

from msgspec import Struct


class PluginPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contract of kinds, modifiers, operators, widgets, connectors: fields are the shape, `tag` the name (插件部件)."""

    tag: ClassVar[str] = ""
