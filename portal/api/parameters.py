"""What stands in addresses, described once for the handlers and the API page."""

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

# The same form that the body of a question has to have.
DURATION = r"^-?P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"

Id = Annotated[str, PathParameter(description="标识：定义文件的路径，以点分段，如 sanitation.msw_day")]
Kind = Annotated[str, PathParameter(description="定义类型：indicator dataset dimension source access test project，单复数均可")]
Search = Annotated[str, QueryParameter(name="search", description="标题、标识、含义、负责人中都要出现的词")]
By = Annotated[list[str] | None, QueryParameter(name="by", description="按什么切分，可多次：city.district")]
Grain = Annotated[str | None, QueryParameter(name="grain", description="时间粒度：day week month …")]
From = Annotated[str | None, QueryParameter(name="from", description="起（含）：2026-01-01")]
To = Annotated[str | None, QueryParameter(name="to", description="止（不含）：2026-02-01")]
Last = Annotated[str | None, QueryParameter(name="last", description="最近多久：P30D", pattern=DURATION)]
Where = Annotated[str | None, QueryParameter(name="where", description="条件，用公式语法")]
Chosen = Annotated[str, QueryParameter(description="页面上的选择")]
