"""An id is for programs; beside it always stands the title that people read."""

from msgspec import Struct


class Named(Struct, frozen=True):
    """A definition by id and title (引用)."""

    id: str
    title: str
