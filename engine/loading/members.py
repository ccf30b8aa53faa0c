"""The members whose shapes stand inside definitions: modifiers in questions, connectors in sources, operators in analyses."""

from functools import lru_cache

from engine.connector import Connector
from engine.modifier import Modifier
from engine.operator import Operator
from engine.registry import members


@lru_cache(maxsize=1)
def modifiers() -> dict[str, type[Modifier]]:
    """Every modifier by its name."""
    return members("engine.modifiers", Modifier, "chengmai.modifiers")[0]


@lru_cache(maxsize=1)
def connectors() -> dict[str, type[Connector]]:
    """Every connector by its name."""
    return members("connectors", Connector, "chengmai.connectors")[0]


@lru_cache(maxsize=1)
def operators() -> dict[str, type[Operator]]:
    """Every operator by its name."""
    return members("engine.operators", Operator, "chengmai.operators")[0]
