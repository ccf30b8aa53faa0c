"""Definitions found by what people type: Chinese words, pinyin whole or only its initials (生活垃圾清运量 by shljqyl), ids, owners."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from msgspec import Struct
from pypinyin import Style, lazy_pinyin

from engine.compiling.reads import used_indicators
from engine.kind import Definition
from engine.kinds.indicator import Indicator
from engine.loading.catalog import Catalog

# What a word may have met, the best first; the place in the list is the rank.
MATCHES = ("title_prefix", "initials", "pinyin", "title", "meaning", "id", "owner")
NO_WORD = "all"


class Indexed(Struct, frozen=True):
    """One definition in all the spellings it may be looked for by, in lower case (索引项)."""

    definition: Definition
    title: str
    initials: str
    pinyin: str
    meaning: str
    id: str
    owner: str
    used_by: int


class Hit(Struct, frozen=True):
    """A definition that was found, and by what (命中)."""

    indexed: Indexed
    match: str
    rank: tuple[int, int, str]  # kind of match, where in the title, title


class SearchIndex:
    """The index of one catalog; made at the first search, because the pinyin of a city's vocabulary takes a moment."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lock = Lock()
        self._indexed: list[Indexed] | None = None

    def indexed(self) -> list[Indexed]:
        """Every definition, by title."""
        with self._lock:
            if self._indexed is None:
                self._indexed = sorted(indexed_all(self.catalog), key=lambda one: (one.pinyin, one.id))
            return self._indexed

    def found(self, text: str, wanted: Callable[[Indexed], bool] = lambda one: True) -> list[Hit]:
        """What meets every word, the best match first: the beginning of a title, initials, pinyin, title, meaning, id, owner."""
        words = text.casefold().split()
        hits = (hit_of(one, words) for one in self.indexed() if wanted(one))
        return sorted((hit for hit in hits if hit is not None), key=lambda hit: hit.rank)


def indexed_all(catalog: Catalog) -> Iterable[Indexed]:
    """Every definition but the project itself."""
    users = used_counts(catalog)
    for (kind, id), definition in catalog.definitions.items():
        if kind == "project":
            continue
        title, meaning, owner = (str(getattr(definition.spec, name, None) or "") for name in ("title", "meaning", "owner"))
        shown = title or id
        yield Indexed(
            definition, shown.casefold(), spelt(shown, Style.FIRST_LETTER), spelt(shown, Style.NORMAL), meaning.casefold(), id.casefold(),
            owner.casefold(), users.get(id, 0) if kind == "indicator" else 0,
        )  # fmt: skip


def spelt(text: str, style: Style) -> str:
    """The text in Latin letters without blanks; what is not Chinese stays."""
    return "".join("".join(lazy_pinyin(text, style=style)).split()).casefold()


def used_counts(catalog: Catalog) -> dict[str, int]:
    """How many indicators are directly made of each."""
    counts: dict[str, int] = {}
    for id in catalog.ids("indicator"):
        spec = catalog.indicator(id)
        for used in used_indicators(spec) if isinstance(spec, Indicator) else ():
            counts[used] = counts.get(used, 0) + 1
    return counts


def hit_of(one: Indexed, words: Sequence[str]) -> Hit | None:
    """The definition as a hit when it meets every word; the worst of the words' matches is its rank."""
    if not words:
        return Hit(one, NO_WORD, (0, 0, one.pinyin))
    met = [match_of(one, word) for word in words]
    found = [match for match in met if match is not None]
    if len(found) < len(words):
        return None
    worst = max(found, key=lambda match: (MATCHES.index(match[0]), match[1]))
    return Hit(one, worst[0], (MATCHES.index(worst[0]), worst[1], one.pinyin))


def match_of(one: Indexed, word: str) -> tuple[str, int] | None:
    """The best way in which a word meets a definition, and how far from the beginning."""
    if one.title.startswith(word):
        return "title_prefix", 0
    for name, text in (("initials", one.initials), ("pinyin", one.pinyin), ("title", one.title)):
        at = text.find(word)
        if at == 0 or (at > 0 and (name == "title" or len(word) > 1)):
            return name, at
    for name, text in (("meaning", one.meaning), ("id", one.id), ("owner", one.owner)):
        if word in text:
            return name, text.find(word)
    return None
