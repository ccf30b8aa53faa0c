"""A first load takes its time, so it says at every moment what it is doing."""

from rich.console import Console

from engine.loading.catalog import Catalog
from engine.warehouse import Warehouse
from portal import wiring


def load_with_progress(settings: wiring.Settings, catalog: Catalog, warehouse: Warehouse, console: Console) -> None:
    """Load what is missing: one line for each dataset that is there, and on a terminal a turning sign for the one under way."""
    with console.status("") as status:
        wiring.first_load(
            settings, catalog, warehouse, lambda said: console.print(f"  {said}", markup=False), lambda said: status.update(said)
        )
