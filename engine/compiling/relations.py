"""The one list of how each sort of leaf becomes a relation; a new sort of leaf is added here."""

from engine.compiling.across import write_across
from engine.compiling.combine import answer_select
from engine.compiling.cutting import write_cuts
from engine.compiling.expand import Expander
from engine.compiling.flow import write_flows
from engine.compiling.fold import write_folds
from engine.compiling.leaves import Cut, Flow, Fold, Level, Pairs, Reading, Spread
from engine.compiling.pairs import write_pairs
from engine.compiling.scope import Scope
from engine.compiling.spread import write_spreads
from engine.compiling.stock import write_levels, write_readings
from engine.compiling.writer import Maker, Writer
from engine.loading.catalog import Catalog
from engine.modifier import Across

MAKERS: dict[type, Maker] = {
    Flow: write_flows, Cut: write_cuts, Level: write_levels, Reading: write_readings, Spread: write_spreads,
    Fold: write_folds, Pairs: write_pairs, Across: write_across,
}  # fmt: skip


def new_writer(catalog: Catalog, scope: Scope, expander: Expander) -> Writer:
    """The writer of one statement."""
    return Writer(catalog, scope, expander, MAKERS, answer_select)
