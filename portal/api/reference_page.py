"""What can be written in a definition and in a question, from the structs that read it."""

from collections.abc import Iterable

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from engine.connector import Connector
from engine.modifier import Modifier
from engine.operator import Operator
from engine.question import Question
from engine.registry import kinds, members
from portal.api.page import Page, page_response
from portal.api.shapes import Shape, parts_of, shape_of
from portal.api.world import World


class Described(Struct, frozen=True):
    """A kind or member with the parts inside it (条目)."""

    anchor: str
    name: str
    label: str
    sentence: str
    parts: list[Shape]


class Group(Struct, frozen=True):
    """Things of one sort (分组)."""

    title: str
    shapes: list[Described]


class ReferencePageController(Controller):
    """GET /reference."""

    include_in_schema = False

    @get("/reference", sync_to_thread=False)
    def page(self, world: NamedDependency[World]) -> Response[str]:
        """The reference page."""
        return page_response(world, Page("reference.html", "参考手册", "reference", {"groups": reference()}))


def reference() -> list[Group]:
    """Everything an author can write, group by group."""
    return [
        Group("定义类型", described(kinds().items())),
        Group("查询", described([("question", Question)])),
        Group("变换", described(members("engine.modifiers", Modifier, "chengmai.modifiers")[0].items())),
        Group("算子", described(members("engine.operators", Operator, "chengmai.operators")[0].items())),
        Group("连接器", described(members("connectors", Connector, "chengmai.connectors")[0].items())),
    ]


def described(named: Iterable[tuple[str, type[Struct]]]) -> list[Described]:
    """Each struct, its own fields first, then those of the parts inside."""
    return [of_struct(name, struct) for name, struct in named]


def of_struct(name: str, struct: type[Struct]) -> Described:
    """One struct and its parts."""
    own = shape_of(struct, name)
    return Described(name, name, own.label, own.sentence, [own, *map(shape_of, parts_of(struct))])
