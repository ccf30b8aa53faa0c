"""Every refusal over HTTP has one shape (application/problem+json): a code, the sentence in two languages, where, and what to do."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from msgspec import Meta, Struct

from engine.findings import Finding

PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = "5"


class Trouble(Struct, frozen=True, omit_defaults=True):
    """One finding as JSON carries it (问题)."""

    code: Annotated[str, Meta(title="代码", description="Stable name to look up and to act on", examples=["unknown-indicator"])]
    zh: Annotated[str, Meta(title="中文", description="What is wrong")]
    en: Annotated[str, Meta(title="英文", description="What is wrong")]
    place: Annotated[str, Meta(title="位置", description="JSON path into the body, or file:line:column", examples=["$[0].by"])] = ""
    advice_zh: Annotated[str, Meta(title="中文建议", description="What to do")] = ""
    advice_en: Annotated[str, Meta(title="英文建议", description="What to do")] = ""


class Problem(Struct, frozen=True, omit_defaults=True):
    """Body of an error answer, application/problem+json (错误)."""

    status: Annotated[int, Meta(title="状态码", description="The HTTP status")]
    code: Annotated[str, Meta(title="代码", description="Stable name to look up and to act on", examples=["unknown-field"])]
    title: Annotated[str, Meta(title="标题", description="What the status means")]
    zh: Annotated[str, Meta(title="中文", description="What is wrong")]
    en: Annotated[str, Meta(title="英文", description="What is wrong")]
    place: Annotated[str, Meta(title="位置", description="JSON path into the body, or the parameter", examples=["$[0].by"])] = ""
    advice_zh: Annotated[str, Meta(title="中文建议", description="What to do")] = ""
    advice_en: Annotated[str, Meta(title="英文建议", description="What to do")] = ""
    findings: Annotated[tuple[Trouble, ...], Meta(title="全部问题", description="All findings, when there are several")] = ()


class Refused(Exception):
    """Raised by a controller to answer with a problem; caught at the door."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.en)


def trouble(finding: Finding) -> Trouble:
    """A finding as JSON carries it."""
    return Trouble(finding.code, finding.zh, finding.en, str(finding.place), finding.advice_zh, finding.advice_en)


def refusal(status: int, code: str, zh: str, en: str, *, place: str = "", advice_zh: str = "", advice_en: str = "") -> Refused:
    """An exception that the door turns into a problem."""
    return Refused(Problem(status, code, TITLES.get(status, "Error"), zh, en, place, advice_zh, advice_en))


def refused_with(status: int, said: Trouble) -> Refused:
    """A refusal in the words of a trouble."""
    return Refused(Problem(status, said.code, TITLES[status], said.zh, said.en, said.place, said.advice_zh, said.advice_en))


def refused_for(findings: Iterable[Finding]) -> Refused:
    """The first finding as the problem's own words, all of them in its list."""
    troubles = tuple(map(trouble, findings))
    first = troubles[0]
    return Refused(
        Problem(422, first.code, TITLES[422], first.zh, first.en, first.place, first.advice_zh, first.advice_en, findings=troubles)
    )


TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Timed out",
    413: "Too large",
    415: "Unsupported media type",
    422: "The question is wrong",
    500: "Internal error",
    503: "Too many requests at once",
    504: "Took too long",
}

_SAID = {
    400: ("request-not-understood", "请求无法读懂", "the request could not be read"),
    404: ("not-found", "没有这个地址", "there is nothing at this address"),
    405: ("method-not-allowed", "这个地址不接受该方法", "this address does not take that method"),
    413: ("body-too-large", "请求体超过上限", "the body is larger than allowed"),
    415: ("not-json", "请求体须为 JSON", "the body must be JSON"),
}


def problem_for_status(status: int) -> Problem:
    """The problem of a refusal that the framework itself makes."""
    code, zh, en = _SAID.get(
        status, ("internal-error", "服务器内部出错，已记入日志", "something went wrong in the server; it is in the log")
    )
    if code == "internal-error":
        status = 500
    advice = {404: ("「/」列出全部指标，「/api」列出全部接口", "'/' lists all indicators, '/api' all addresses")}.get(status, ("", ""))
    return Problem(status, code, TITLES.get(status, "Error"), zh, en, advice_zh=advice[0], advice_en=advice[1])


def problem_response(problem: Problem) -> Response[bytes]:
    """The problem as an HTTP answer; what may go well in a moment says when to ask again."""
    headers = {"retry-after": RETRY_SECONDS} if problem.status == 503 else None
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def wants_page(request: Request[object, object, State]) -> bool:
    """Whether a person's browser asks, who is better served by a page than by JSON."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
