"""A proof beside the thing proved: given a few rows, ask, and expect rows worked out by hand."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from engine.kind import KindSpec
from engine.parts import Part, Ref


class Given(Part, frozen=True):
    """Rows of one dataset (给定数据)."""

    dataset: Annotated[Ref, Meta(title="数据集", description="Dataset that holds the rows", examples=["sanitation.weighings"])]
    rows: Annotated[tuple[dict[str, Any], ...], Meta(title="行", description="Column to value; a column left out is null")] = ()


class Case(Part, frozen=True):
    """One question over the given rows, and its answer (用例)."""

    title: Annotated[str | None, Meta(title="说明", description="What this case shows")] = None
    ask: Annotated[dict[str, Any], Meta(title="提问", description="A question; indicators default to the one beside the file")] = {}
    viewer: Annotated[
        dict[str, Any] | None, Meta(title="访问者", description="{access: [...], attributes} of who asks; default: sees all rows")
    ] = None
    expect: Annotated[
        tuple[dict[str, Any], ...] | None,
        Meta(title="期望", description="Rows of the answer: dimension ids, time, value (or the indicator's id)"),
    ] = None
    expect_totals: Annotated[tuple[dict[str, Any], ...] | None, Meta(title="期望合计", description="Rows of the totals")] = None
    expect_marks: Annotated[
        tuple[str, ...] | None,
        Meta(title="期望标记", description="Words that the whole answer bears: overlapping, late", examples=[["overlapping"]]),
    ] = None
    expect_finding: Annotated[str | None, Meta(title="期望问题", description="Code of the finding that the question must meet")] = None
    given: Annotated[tuple[Given, ...], Meta(title="追加数据", description="More rows, for this case only")] = ()


class Test(KindSpec, frozen=True):
    """Given rows, a question, an expected answer (验证用例)."""

    tag: ClassVar[str] = "test"
    given: Annotated[tuple[Given, ...], Meta(title="给定数据", description="Rows for every case")] = ()
    of: Annotated[Ref | None, Meta(title="指标", description="Indicator proved; default: the one with the file's id")] = None
    ask: Annotated[dict[str, Any] | None, Meta(title="提问", description="The question, when there is one case")] = None
    viewer: Annotated[dict[str, Any] | None, Meta(title="访问者", description="Who asks, when there is one case")] = None
    expect: Annotated[tuple[dict[str, Any], ...] | None, Meta(title="期望", description="The answer, when there is one case")] = None
    cases: Annotated[tuple[Case, ...], Meta(title="用例", description="Several questions over the same rows")] = ()
