"""An operator takes certain columns of certain types and units; what an author gives it must be those."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.check import Check
from engine.compiling.input_rows import answer_types, column_types
from engine.compiling.modifying import Modifiers
from engine.compiling.refuse import Refused
from engine.expression.alike import SORT_WORDS, Sort, Typed
from engine.findings import Finding, did_you_mean
from engine.kind import Definition
from engine.kinds.analysis import Analysis, Input
from engine.loading.catalog import Catalog
from engine.loading.members import modifiers, operators
from engine.loading.results import STAMPS
from engine.loading.source_map import Path
from engine.operator import Operator, OperatorTable
from engine.unit import conversion, symbol

SORTS: Mapping[str, Sort] = {"number": "number", "integer": "number", "time": "time", "text": "text", "boolean": "boolean"}
OF_TYPE: Mapping[str, Sort] = {
    "integer": "number", "decimal": "number", "float": "number", "date": "time", "timestamp": "time", "text": "text", "boolean": "boolean",
}  # fmt: skip


class AnalysisInputs(Check, frozen=True):
    """Each input of the operator is given, as rows of a dataset or the answer of a question, with its columns in types and units that fit (分析输入)."""

    tag: ClassVar[str] = "analysis-inputs"
    kinds: ClassVar[tuple[str, ...]] = ("analysis",)

    def look(self, catalog: Catalog, definition: Definition) -> Iterator[Finding]:
        """Findings for inputs and columns that are missing, unknown or unlike what the operator takes."""
        spec = definition.spec
        operator = operators().get(spec.operator) if isinstance(spec, Analysis) else None
        if not isinstance(spec, Analysis) or operator is None:
            return
        known = [table.name for table in operator.takes]
        given = {one.name for one in spec.inputs}
        for name in known:
            if name not in given:
                said = (
                    f"缺少输入「{name}」",
                    f"the input '{name}' is missing",
                    f"加上 name: {name} 的一项",
                    f"add an item with name: {name}",
                )
                yield self.at(catalog, definition, ("inputs",), said, of_key=True)
        for i, one in enumerate(spec.inputs):
            table = next((table for table in operator.takes if table.name == one.name), None)
            if table is None:
                advice = did_you_mean(one.name, known, f"它的输入：{'、'.join(known)}", f"its inputs: {', '.join(known)}")
                said = (
                    f"算子「{spec.operator}」没有名为「{one.name}」的输入",
                    f"the operator '{spec.operator}' has no input '{one.name}'",
                    *advice,
                )
                yield self.at(catalog, definition, ("inputs", i, "name"), said)
                continue
            yield from self._input(catalog, definition, ("inputs", i), one, table, operator)

    def _input(
        self, catalog: Catalog, definition: Definition, path: Path, one: Input, table: OperatorTable, operator: type[Operator]
    ) -> Iterator[Finding]:
        if (one.dataset is None) == (one.ask is None):
            said = (
                "输入要么来自 dataset，要么来自 ask，二选一", "an input comes from a dataset or from ask, one of the two",
                "写 dataset: 数据集，或 ask: {indicators: …}", "write dataset: …, or ask: {indicators: …}",
            )  # fmt: skip
            yield self.at(catalog, definition, path, said)
            return
        for name in ("where", "period", "time"):
            if one.ask is not None and getattr(one, name) is not None:
                said = (f"提问的「{name}」写在 ask 里面", f"'{name}' of a question is said inside ask", "移到 ask 里", "move it into ask")
                yield self.at(catalog, definition, (*path, name), said, of_key=True)
        yield from self._names(catalog, definition, path, one, table, operator)
        yield from self._answer(catalog, definition, path, one)
        try:
            types = column_types(catalog, Modifiers(modifiers()), one)
        except Refused:  # said by the checks of expressions
            return
        yield from self._types(catalog, definition, path, types, table)

    def _names(
        self, catalog: Catalog, definition: Definition, path: Path, one: Input, table: OperatorTable, operator: type[Operator]
    ) -> Iterator[Finding]:
        """Columns that the operator does not know, and those it misses; keys that bear the name of something else."""
        known = [column.name for column in table.columns]
        for name in one.columns:
            if name not in known:
                advice = did_you_mean(
                    name, known, f"它的列：{'、'.join(known)}；别的列写在 keys 里", f"columns: {', '.join(known)}; others go under keys"
                )
                said = (f"输入「{table.name}」没有名为「{name}」的列", f"the input '{table.name}' has no column '{name}'", *advice)
                yield self.at(catalog, definition, (*path, "columns", name), said, of_key=True)
        for column in table.columns:
            if column.name not in one.columns:
                said = (
                    f"缺少列「{column.name}」（{column.title}）", f"the column '{column.name}' is missing",
                    f"加上 {column.name}: 取值的表达式", f"add {column.name}: an expression",
                )  # fmt: skip
                yield self.at(catalog, definition, (*path, "columns"), said, of_key=True)
        taken = {*known, *(stamp.name for stamp in STAMPS), *(column.name for given in operator.gives for column in given.columns)}
        for name in one.keys:
            if not table.has_keys or name in taken:
                said = (
                    f"键不能叫「{name}」，算子自己有这一列" if table.has_keys else f"输入「{table.name}」不分键",
                    f"a key cannot be named '{name}': the operator has that column itself" if table.has_keys else f"the input '{table.name}' has no keys",
                    "换一个名称" if table.has_keys else "删除它", "give it another name" if table.has_keys else "delete it",
                )  # fmt: skip
                yield self.at(catalog, definition, (*path, "keys", name), said, of_key=True)

    def _answer(self, catalog: Catalog, definition: Definition, path: Path, one: Input) -> Iterator[Finding]:
        """Names that the answer of the question has no column for."""
        if one.ask is None:
            return
        try:
            known = sorted(answer_types(catalog, Modifiers(modifiers()), one))
        except Refused:
            return
        for field, texts in (("keys", one.keys), ("columns", one.columns)):
            for name, text in texts.items():
                if text not in known:
                    advice = did_you_mean(text, known, f"答案的列：{'、'.join(known)}", f"columns of the answer: {', '.join(known)}")
                    said = (f"提问的答案没有「{text}」这一列", f"the answer of the question has no column '{text}'", *advice)
                    yield self.at(catalog, definition, (*path, field, name), said)

    def _types(
        self, catalog: Catalog, definition: Definition, path: Path, types: Mapping[str, Typed], table: OperatorTable
    ) -> Iterator[Finding]:
        for column in table.columns:
            typed = types.get(column.name)
            if typed is None or typed.type == "null":
                continue
            sort, wanted = OF_TYPE[typed.type], SORTS[column.type]
            if sort != wanted:
                (zh, en), (got_zh, got_en) = SORT_WORDS[wanted], SORT_WORDS[sort]
                said = (
                    f"「{column.name}」（{column.title}）要写{zh}，这里是{got_zh}", f"'{column.name}' takes {en}, this is {got_en}",
                    "换一个列或表达式", "give another column or expression",
                )  # fmt: skip
                yield self.at(catalog, definition, (*path, "columns", column.name), said)
            model = types.get(column.like.partition(".")[2]) if column.like else None
            if model is not None and typed.unit is not None and model.unit is not None and conversion(typed.unit, model.unit) is None:
                ours, theirs = (symbol(one) or "无单位" for one in (typed.unit, model.unit))
                said = (
                    f"「{column.name}」的单位是「{ours}」，与「{column.like}」的「{theirs}」不是一类",
                    f"'{column.name}' is in '{ours}', unlike '{column.like}' in '{theirs}'",
                    "检查两列的 unit", "look at the units of the two columns",
                )  # fmt: skip
                yield self.at(catalog, definition, (*path, "columns", column.name), said)
