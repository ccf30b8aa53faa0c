"""An answer that still holds leaves as the bytes it left as before: nothing is computed, framed or encoded for it again."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from engine.compiling.refuse import Refused
from engine.frame import Frame
from engine.question import Question
from engine.running.ask import Answer, versions_of
from engine.running.lateness import as_of_question, late_datasets
from engine.running.results import Key
from portal.api.answer_line import KeptLine, answer_line, encode_line, with_index, without_index
from portal.api.world import World
from portal.identity.local import viewer_of_request


class Lines(Struct, frozen=True):
    """The lines of one batch, all told as of one moment (答案行).

    A kept line is given out only under the key it was kept by (question, viewer, as-of instant, stored states, definitions, what is
    behind) and only while every dataset that it tells of, names of members included, has the version it was read at.
    """

    world: World
    questions: Sequence[Question]
    now: datetime

    def kept(self) -> dict[int, bytes]:
        """Place in the batch to line, for the answers that still hold."""
        stamp, found = self.stamp(), {}
        for place, question in enumerate(self.questions):
            key = self.key(question, stamp)
            line = self.world.lines.get(key, self.version) if key is not None else None
            if line is not None:
                found[place] = with_index(line.rest, place)
        return found

    def made(self, answer: Answer) -> bytes:
        """The line of a new answer, kept where it can be told again."""
        question = self.questions[answer.index]
        labels = self.label_versions(answer.frame) if answer.frame is not None else {}  # before the names are read: never older than said
        line = encode_line(answer_line(answer, question, self.world.definition_version, self.world.titles))
        key = self.key(question, self.stamp())
        if key is not None and answer.compiled is not None and answer.frame is not None and answer.as_of == key.as_of:
            read = {id: answer.versions.get(id, 0) for id in answer.compiled.tables}
            self.world.lines.put(key, KeptLine(without_index(line), {**labels, **read}))
        return line

    def stamp(self) -> tuple[int, ...]:
        """Which stored states hold now."""
        return self.world.states.ready().stamp if self.world.states is not None else ()

    def key(self, question: Question, stamp: tuple[int, ...]) -> Key | None:
        """Under what the answer of a question is kept; None for a question that is wrong."""
        world = self.world
        try:
            as_of = as_of_question(world.catalog, world.warehouse, question, self.now)
        except Refused:
            return None
        late = tuple(late_datasets(world.catalog, world.warehouse, question, self.now).items())
        return Key(msgspec.json.encode(question), viewer_of_request(), as_of, stamp, (world.definition_version, late))

    def version(self, dataset_id: str) -> int:
        """Version of a dataset or stored state now, 0 when it was never loaded."""
        catalog = self.world.states.catalog if self.world.states is not None else self.world.catalog
        return versions_of(catalog, self.world.warehouse, (dataset_id,)).get(dataset_id, 0)

    def label_versions(self, frame: Frame) -> dict[str, int]:
        """Versions of the datasets that name the members of an answer."""
        found = [self.world.catalog.dimension(column.name) for column in frame.columns if column.role == "dimension"]
        return {one.dataset: self.version(one.dataset) for one in found if one is not None and one.dataset is not None}
