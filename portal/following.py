"""A server follows its definitions: sound ones take over between two requests, wrong ones are told and the old stay."""

import logging
import threading
from collections.abc import Callable, Iterator
from time import sleep

from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec.structs import replace

from engine.compiling.tables import table_of
from engine.findings import Finding
from engine.loading.catalog import Catalog
from engine.running.definitions import Checked
from engine.running.watched import Watched
from portal import wiring
from portal.api.world import World
from portal.wiring import Settings

log = logging.getLogger("chengmai")
EVERY = 1.0  # seconds between two looks at the folder


class Following:
    """The application of the newest sound definitions. A request is answered whole by the one that it met at the door."""

    def __init__(self, settings: Settings, watched: Watched, world: World, build: Callable[[World], ASGIApp]) -> None:
        self._settings, self._watched, self._build = settings, watched, build
        self.world, self._app = world, build(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; starting and stopping are the business of the first application, which closes the warehouse."""
        await self._app(scope, receive, send)

    def keep_up(self, every: float = EVERY) -> None:
        """Look at the folder again and again, in a thread that ends with the process."""

        def run() -> None:
            while True:
                sleep(every)
                try:
                    self.look()
                except Exception:  # a disk that fails once must not end the watch
                    log.exception("the definitions could not be followed")

        threading.Thread(target=run, daemon=True).start()

    def look(self) -> bool:
        """Take over what has changed in the folder, if anything has; whether it has."""
        checked = self._watched.look()
        if checked is None:
            return False
        self.world = next_world(self._settings, self.world, checked)
        self._app = self._build(self.world)  # one assignment: no request sees half of it
        return True


def next_world(settings: Settings, world: World, checked: Checked) -> World:
    """The world of the new definitions, with caches of its own; or the old one, with what is wrong with the new."""
    findings = checked.findings or tuple(retyped(world.catalog, checked.catalog))
    for finding in findings:
        log.warning("%s", finding.text())
    if findings:
        return replace(world, findings=findings)
    wiring.first_load(settings, checked.catalog, world.warehouse, lambda said: log.info("%s", said))
    return replace(wiring.build_world(settings, checked.catalog, world.warehouse, world.store), metrics=world.metrics)


def retyped(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Columns whose type is another one than that of the rows in the warehouse."""
    for id in new.ids("dataset"):
        before, after = old.dataset(id), new.dataset(id)
        if before is None or after is None:
            continue
        held = {column.name: column.type for column in table_of(id, before).columns}
        for column in table_of(id, after).columns:
            if held.get(column.name, column.type) != column.type:
                yield Finding(
                    place=new.place("dataset", id, "columns"), code="retyped-column",
                    zh=f"列「{column.name}」的类型从 {held[column.name]} 改成了 {column.type}，已装入的行还是旧类型",
                    en=f"the type of column '{column.name}' went from {held[column.name]} to {column.type}, but the rows that are loaded have the old one",
                    advice_zh="给新列另起一个名字，或停下服务、换一个数据文件夹重新装入",
                    advice_en="give the new column another name, or stop the server and load into another data folder",
                )  # fmt: skip
