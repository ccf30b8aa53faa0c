"""Commands that ask: a number, its SQL, its explanation, its lineage."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console

from engine.compiling.lineage import lineage as lineage_of
from engine.findings import DefinitionsAreWrong, Finding, did_you_mean
from engine.findings import Place as PlaceInFile
from engine.loading.catalog import Catalog
from engine.question import Question
from engine.running.ask import Answer, ask, known_modifiers
from engine.running.explain import explain as explain_question
from engine.running.states import States
from engine.warehouse import Warehouse
from portal import wiring
from portal.api.answer_line import AnswerLine, answer_line
from portal.api.answering import written_sql
from portal.api.definition_version import definition_version
from portal.api.problem import Trouble
from portal.api.titles import Titles
from portal.api.tree import node_of
from portal.cli import options as of
from portal.cli.loading import load_with_progress
from portal.cli.options import HERE, NO_ASKING, Asking, Place, Stopped, question_from, viewer_from
from portal.cli.writing import states_read, write_answer, write_lineage, write_tree


def query(*ids: str, asking: Asking = NO_ASKING, place: Place = HERE, format: of.Format = "table") -> int:
    """问一个或几个指标，打印答案。 Ask one or several indicators and print the answer.

    Parameters
    ----------
    ids
        指标标识，一个或几个：sanitation.msw_day
    """
    asked = question_from(ids, asking)
    try:
        with opened(place, ids) as (catalog, warehouse):
            answer = answered(catalog, warehouse, asked, place.viewer)
            line = answer_line(answer, asked, definition_version(catalog), Titles(catalog, warehouse))
    except wiring.WarehouseIsBusy:
        line = answered_by_server(place, asked)
    write_answer(line, format, sys.stdout)
    return 0


def sql(*ids: str, asking: Asking = NO_ASKING, place: Place = HERE) -> int:
    """打印计算这个问题的 SQL。 Print the SQL that answers the question.

    Parameters
    ----------
    ids
        指标标识，一个或几个
    """
    with opened(place, ids) as (catalog, warehouse):
        answer = answered(catalog, warehouse, question_from(ids, asking), place.viewer)
        for said in states_read(answer):
            print(f"-- {said}")
        print(written_sql(warehouse, answer))
    return 0


def explain(id: str, /, *, asking: Asking = NO_ASKING, place: Place = HERE, format: of.Format = "table") -> int:
    """打印公式树：每个节点的值、来源表、数据版本、截至时间。 Print the formula tree with the value at each node.

    Parameters
    ----------
    id
        指标标识
    """
    with opened(place, (id,)) as (catalog, warehouse):
        viewer, now = viewer_from(place.viewer, catalog), wiring.clock_of(catalog)()
        explained = explain_question(catalog, warehouse, question_from((id,), asking), viewer, now, states=states_of(catalog, warehouse))
        if isinstance(explained, list):
            raise DefinitionsAreWrong(explained)
        if format == "json":
            print(msgspec.json.format(msgspec.json.encode(explained)).decode())
        else:
            write_tree(node_of(explained, catalog.indicator(id)), Console())
    return 0


def lineage(id: str, /, format: of.Format = "table", definitions: of.Definitions = None) -> int:
    """打印列级血缘：它来自哪些列，又进入哪些指标。 Print which columns feed it, and what it feeds.

    Parameters
    ----------
    id
        指标标识
    """
    catalog = wiring.sound_definitions(wiring.read_this_process(definitions))
    known(catalog, (id,))
    found = lineage_of(catalog, id)
    assert found is not None
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        write_lineage(found, catalog, Console())
    return 0


def answered_by_server(place: Place, asked: Question) -> AnswerLine:
    """The running server's answer, when it is the server that holds the data file; raises WarehouseIsBusy when none does."""
    settings = wiring.read_this_process(place.definitions, place.var)
    if place.viewer:
        raise Stopped("数据文件正被 chengmai serve 使用，而 --as 只能在它停下时用\n    先停掉服务再问", exit_code=1)
    line = wiring.ask_running_server(settings, asked)
    if line is None:
        raise wiring.WarehouseIsBusy(settings.var / wiring.DUCKDB_FILE)
    if line.findings:
        raise DefinitionsAreWrong(finding_of(said) for said in line.findings)
    return line


def finding_of(said: Trouble) -> Finding:
    """A finding as the server told it."""
    return Finding(
        place=PlaceInFile(said.place.split(":")[0]),
        code=said.code,
        zh=said.zh,
        en=said.en,
        advice_zh=said.advice_zh,
        advice_en=said.advice_en,
    )


@contextmanager
def opened(place: Place, ids: tuple[str, ...]) -> Iterator[tuple[Catalog, Warehouse]]:
    """Definitions without a finding and a warehouse that holds their rows."""
    settings = wiring.read_this_process(place.definitions, place.var)
    catalog = wiring.sound_definitions(settings)
    known(catalog, ids)
    told = Console(stderr=True, highlight=False)
    with wiring.opened_warehouse(settings, place.warehouse or catalog.project.warehouse) as warehouse:
        load_with_progress(settings, catalog, warehouse, told)
        yield catalog, warehouse


def known(catalog: Catalog, ids: tuple[str, ...]) -> None:
    """Raises Stopped for an indicator that is not defined, with the nearest name."""
    if not ids:
        raise Stopped("要问哪个指标？\n    `chengmai list indicators` 列出全部")
    for id in ids:
        if catalog.indicator(id) is None:
            advice, _ = did_you_mean(id, catalog.ids("indicator"), "`chengmai list indicators` 列出全部", "")
            raise Stopped(f"没有名为「{id}」的指标\n    {advice}")


def answered(catalog: Catalog, warehouse: Warehouse, asked: Question, viewer: str | None) -> Answer:
    """The answer of one question; raises DefinitionsAreWrong with its findings when it has none."""
    now, states = wiring.clock_of(catalog)(), states_of(catalog, warehouse)
    answer = next(ask(catalog, warehouse, [asked], viewer_from(viewer, catalog), now, states=states))
    if answer.frame is None:
        raise DefinitionsAreWrong(answer.findings)
    return answer


def states_of(catalog: Catalog, warehouse: Warehouse) -> States:
    """The stored states as they stand in the warehouse."""
    return States(catalog, warehouse, known_modifiers())
