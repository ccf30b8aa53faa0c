"""A comparison with a code that no row can hold is always false, and the number silently too small."""

from collections.abc import Iterator
from typing import ClassVar

from engine.check import Check
from engine.compiling.codes import codes_of
from engine.expression.tree import Binary, Column, Expr, In, Literal, walk
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.loading.catalog import Catalog
from engine.loading.expressions import Site, expressions_of
from engine.parts import Code


class UnknownCode(Check, frozen=True):
    """A column of codes is compared with codes it has; a title in their place is told its code (未知代码)."""

    tag: ClassVar[str] = "unknown-code"
    kinds: ClassVar[tuple[str, ...]] = ("project", "dimension", "dataset", "indicator", "analysis", "access")

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """One finding for each text that is none of the codes."""
        for site in expressions_of(definition):
            parsed = site.parsed
            for column, text in _compared(parsed.expr) if parsed else ():
                codes = codes_of(catalog, definition, site, column.path)
                if codes and parsed and not any(code.code == text for code in codes):
                    yield self._unknown(catalog, definition, site, column, text, codes, parsed.offsets.get(f"'{text}'", 0))

    def _unknown(
        self, catalog: Catalog, definition: Definition, site: Site, column: Column, text: str, codes: tuple[Code, ...], offset: int
    ) -> Finding:
        by_title = next((code.code for code in codes if code.title == text), None)
        if by_title is not None:
            said = (
                f"「{text}」是名称，比较要用代码",
                f"'{text}' is a title; codes are compared",
                f"写成 '{by_title}'",
                f"write '{by_title}'",
            )
        else:
            listed = [f"{code.code}（{code.title}）" for code in codes[:20]]
            advice = did_you_mean(text, [code.code for code in codes], f"可用的代码：{'、'.join(listed)}", f"codes: {', '.join(listed)}")
            said = (f"「{column.name}」没有代码「{text}」", f"'{column.name}' has no code '{text}'", *advice)
        return self.at(catalog, definition, site.path, said, offset=offset)


def _compared(expr: Expr) -> Iterator[tuple[Column, str]]:
    for node in walk(expr):
        match node:
            case Binary(op="=" | "<>", left=Column() as column, right=Literal(value=str() as text)):
                yield column, text
            case Binary(op="=" | "<>", left=Literal(value=str() as text), right=Column() as column):
                yield column, text
            case In(of=Column() as column, options=options):
                yield from ((column, option.value) for option in options if isinstance(option, Literal) and isinstance(option.value, str))
            case _:
                pass
