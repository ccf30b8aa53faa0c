"""The OpenAPI document as a page of our own: the usual viewers need the network, and this must not."""

from typing import Any

import msgspec
from litestar import Controller, Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from engine.question import Question
from portal.api.answer_line import AnswerLine, ColumnLine, Rows
from portal.api.backup import BackupWish
from portal.api.correlation import CorrelationQuestion
from portal.api.formula import FormulaQuestion
from portal.api.page import Page, page_response
from portal.api.problem import Problem, Trouble
from portal.api.shapes import Shape, shape_of
from portal.api.world import World

BODIES: dict[str, type[Struct]] = {"/api/backup": BackupWish, "/api/formula": FormulaQuestion, "/api/correlation": CorrelationQuestion}  # read by hand, strictly
EXAMPLES = {
    "/api/query": """curl -N http://127.0.0.1:8000/api/query -H 'content-type: application/json' -d '[
  {"indicators": ["sanitation.msw_day"], "by": ["city.district"], "grain": "month", "period": {"last": "P3M"}},
  {"indicators": ["sanitation.msw_day", {"of": "sanitation.msw_day", "modifier": "yoy", "as": "yoy"}], "grain": "month"}
]'""",
    "/api/catalog/{kinds}": "curl 'http://127.0.0.1:8000/api/catalog/indicators?search=清运'",
    "/api/indicators/{id}/explain": "curl 'http://127.0.0.1:8000/api/indicators/sanitation.msw_day/explain?last=P30D'",
}


class Parameter(Struct, frozen=True):
    """A parameter of an address (参数)."""

    name: str
    place: str
    type: str
    description: str
    required: bool


class Answered(Struct, frozen=True):
    """A status that may come back (回答)."""

    status: str
    description: str


class Address(Struct, frozen=True):
    """One address and verb (接口)."""

    anchor: str
    verb: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: list[Parameter]
    answers: list[Answered]
    example: str
    has_body: bool


class ApiPageController(Controller):
    """GET /api and GET /api/openapi.json."""

    path = "/api"
    include_in_schema = False

    @get("/openapi.json", sync_to_thread=False)
    def document(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """The OpenAPI document."""
        return Response(msgspec.json.encode(document_of(request.app)), media_type="application/json")

    @get("/", sync_to_thread=False)
    def page(self, request: Request[Any, Any, State], world: NamedDependency[World]) -> Response[str]:
        """The document as a page."""
        document = document_of(request.app)
        values = {"version": document["openapi"], "addresses": addresses(document), "shapes": body_shapes()}
        return page_response(world, Page("api.html", "接口", "api", values))


def body_shapes() -> list[Shape]:
    """The bodies that come back: a line of an answer and what is in it, and a problem."""
    return [shape_of(struct) for struct in (AnswerLine, ColumnLine, Rows, Problem, Trouble)]


def document_of(application: Litestar) -> dict[str, Any]:
    """The generated document, and what the framework does not see: the batch is decoded by hand and streamed, refusals are problems."""
    document: dict[str, Any] = application.openapi_schema.to_schema()
    read = [list[Question], *BODIES.values(), AnswerLine, Problem]
    _, shapes = msgspec.json.schema_components(read, ref_template="#/components/schemas/{name}")
    document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
    batch = document["paths"]["/api/query"]["post"]
    questions = {"type": "array", "items": {"$ref": "#/components/schemas/Question"}, "minItems": 1}
    batch["requestBody"] = {"required": True, "content": {"application/json": {"schema": questions}}}
    for path, shape in BODIES.items():
        body = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
        document["paths"][path]["post"]["requestBody"] = {"required": True, "content": {"application/json": body}}
    line = {"schema": {"$ref": "#/components/schemas/AnswerLine"}}
    batch["responses"]["200"] = {"description": "NDJSON: one AnswerLine a line", "content": {"application/x-ndjson": line}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for verbs in document["paths"].values():
        for operation in verbs.values():
            operation["responses"].pop("400", None)
            operation["responses"]["default"] = {"description": "A problem: code, sentence, place, advice", "content": problem}
    return document


def addresses(document: dict[str, Any]) -> list[Address]:
    """Every address and verb of the document."""
    return [
        address_of(path, verb, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if verb in {"get", "post", "put", "patch", "delete"}
    ]


def address_of(path: str, verb: str, operation: dict[str, Any]) -> Address:
    """One address as the page shows it."""
    return Address(
        anchor=f"{verb}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        verb=verb.upper(),
        path=path,
        tag="、".join(operation.get("tags", [])),
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=[parameter_of(parameter) for parameter in operation.get("parameters", [])],
        answers=[Answered(status, answer.get("description", "")) for status, answer in operation.get("responses", {}).items()],
        example=EXAMPLES.get(path, ""),
        has_body="requestBody" in operation,
    )


def parameter_of(parameter: dict[str, Any]) -> Parameter:
    """One parameter as the page shows it."""
    place = {"path": "地址", "query": "查询串", "header": "请求头"}.get(parameter["in"], parameter["in"])
    schema = parameter.get("schema", {})
    types = [each.get("type", "") for each in schema.get("oneOf", [schema])]
    words = {"string": "文本", "array": "可重复", "integer": "整数", "boolean": "是/否"}
    said = " | ".join(words.get(str(each), str(each)) for each in types if each != "null")
    return Parameter(parameter["name"], place, said, parameter.get("description", ""), bool(parameter.get("required")))
