"""A period from before the first row is not small, it is unknown: a change against it is told with that said beside it."""

from datetime import date, datetime, time

from engine.compiling.reads import datasets_of
from engine.compiling.tables import default_time
from engine.loading.catalog import Catalog
from engine.question import Question, Viewer
from engine.running.ask import ask
from engine.running.change_parts import Reason
from engine.running.compared_periods import Compared, dated
from engine.warehouse import Warehouse


def caveats(catalog: Catalog, warehouse: Warehouse, question: Question, viewer: Viewer, compared: Compared) -> tuple[Reason, ...]:
    """What must be said beside a change: a period that is not over, datasets that begin inside the earlier period."""
    found: list[Reason] = []
    if not compared.now.is_whole:
        found.append(
            Reason("period-not-over", f"{compared.now.label}未完，两期取同样长的一段", "the period is not over: both are cut to the same length")
        )
    for id in datasets_of(catalog, question):
        begin = first_row(catalog, warehouse, id, viewer)
        if begin is None or begin.date() <= compared.then.start.date() or begin >= compared.then.end:
            continue
        dataset = catalog.dataset(id)
        title = dataset.title if dataset is not None else id
        zh = f"「{title}」的数据自{dated(datetime.combine(begin.date(), time.min), compared.now.start)}起，{compared.then.label}不全"
        found.append(Reason("rows-begin-later", zh, f"the rows of '{id}' begin on {begin:%Y-%m-%d}: the earlier period is not whole"))
    return tuple(found)


def first_row(catalog: Catalog, warehouse: Warehouse, dataset_id: str, viewer: Viewer) -> datetime | None:
    """The earliest time in a dataset that the viewer may see."""
    dataset = catalog.dataset(dataset_id)
    own = default_time(dataset) if dataset is not None else None
    if own is None:
        return None
    question = Question(values=(own.column,), source=dataset_id, give="min_max")
    answer = next(ask(catalog, warehouse, [question], viewer, datetime.max))
    least = answer.frame.table.column(0).to_pylist()[0] if answer.frame is not None and answer.frame.table.num_rows else None
    if isinstance(least, datetime):
        return least
    return datetime.combine(least, time.min) if isinstance(least, date) else None
