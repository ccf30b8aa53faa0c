"""What a migration may say: the SQL that PostgreSQL and the databases that speak its protocol share."""

import re
from re import IGNORECASE as ANY_CASE

from msgspec import Struct
from sqlglot import exp, parse
from sqlglot.errors import ParseError

TYPES = frozenset("text bigint integer int boolean timestamptz date double precision numeric bytea".split())
_SAID = (
    (re.compile(r"\bON\s+CONFLICT\b", ANY_CASE), "ON CONFLICT is missing from openGauss: insert, and catch the unique violation"),
    (re.compile(r"\bGENERATED\b", ANY_CASE), "GENERATED columns are missing from older ones: number rows with a sequence, or give them an id"),
    (re.compile(r"\bjsonb?\b", ANY_CASE), "json differs between them: keep JSON as text"),
    (re.compile(r"\b(big|small)?serial\b", ANY_CASE), "serial makes a sequence without a name: CREATE SEQUENCE, and DEFAULT nextval('…')"),
    (re.compile(r"\[\s*\]|\bARRAY\b", ANY_CASE), "arrays differ between them: a table of its own, or text"),
    (re.compile(r"\b(EXTENSION|TRIGGER|FUNCTION|PROCEDURE|DO|LISTEN|NOTIFY|RULE|DOMAIN|PARTITION|INHERITS|EXCLUDE)\b", ANY_CASE),
     "code and special objects inside the database do not travel: keep them in the program"),
    (re.compile(r"\b(DROP|TRUNCATE|RENAME)\b", ANY_CASE), "migrations only go forward: nothing is dropped or renamed"),
    (re.compile(r"\bUSING\s+(gin|gist|brin|hash|spgist)\b", ANY_CASE), "only plain (btree) indexes are shared"),
    (re.compile(r"\bNULLS\s+(NOT\s+)?DISTINCT\b", ANY_CASE), "NULLS DISTINCT is PostgreSQL 15's own"),
)  # fmt: skip


class Breach(Struct, frozen=True):
    """A statement beyond the floor (越界)."""

    line: int
    why: str


def breaches(text: str) -> list[Breach]:
    """Where a migration says what not every database of the protocol understands, by line."""
    plain = re.sub(r"--[^\n]*", "", text)
    found = [Breach(plain[: match.start()].count("\n") + 1, why) for pattern, why in _SAID for match in pattern.finditer(plain)]
    try:
        trees = parse(plain, dialect="postgres")
    except ParseError as error:
        return [*found, Breach(int(error.errors[0].get("line") or 1), f"not read: {error.errors[0].get('description')}")]
    for tree in trees:
        found.extend(_of_tree(tree) if tree is not None else [])
    return sorted(set(found), key=lambda one: (one.line, one.why))


def _of_tree(tree: exp.Expr) -> list[Breach]:
    if not isinstance(tree, exp.Create | exp.Alter | exp.Insert | exp.Update):
        return [Breach(1, f"{tree.key.upper()} is no statement of a migration")]
    found = []
    for column in tree.find_all(exp.ColumnDef):
        kind = column.args.get("kind")
        name = kind.sql(dialect="postgres").lower().split("(")[0] if kind is not None else ""
        if name not in TYPES and name != "double precision":
            found.append(Breach(1, f"column {column.name}: type {name or 'unknown'} is not shared; there are {', '.join(sorted(TYPES))}"))
    return found
