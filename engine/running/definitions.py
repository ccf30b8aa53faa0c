"""Loading and checking in one step, and again for one changed file: what editors, the command line and the server open."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from engine.check import check_definitions
from engine.findings import Finding, in_order
from engine.loading import project
from engine.loading.catalog import PROJECT, Catalog, Key
from engine.loading.project import Loaded
from engine.loading.references import references


class Checked(Struct, frozen=True):
    """A project that was read and checked; without findings it may be asked (校验结果)."""

    loaded: Loaded
    findings: tuple[Finding, ...]
    by_definition: Mapping[Key, list[Finding]] = {}
    uses: Mapping[Key, frozenset[Key]] = {}  # what each definition names

    @property
    def catalog(self) -> Catalog:
        """All definitions that could be read."""
        return self.loaded.catalog


def load_checked(folder: Path) -> Checked:
    """Every definition below the folder, read and checked. Raises NotADirectoryError."""
    return check(project.load(folder))


def load_texts_checked(files: Mapping[str, str]) -> Checked:
    """The same from memory: path below the definitions folder to text."""
    return check(project.load_texts(files))


def check(loaded: Loaded) -> Checked:
    """All findings of a project, those of shape and those of meaning."""
    return _gathered(loaded, check_definitions(loaded.catalog), _uses(loaded.catalog))


def reload_checked(checked: Checked, path: str, relative: str, text: str | None) -> Checked:
    """The project with one file changed (gone: text is None); checks only what the change can touch. See `loading.project.reload`."""
    return recheck(checked, project.reload(checked.loaded, path, relative, text))


def reload_file_checked(checked: Checked, folder: Path, relative: str) -> Checked:
    """The project after one file below the folder has changed on disk."""
    return recheck(checked, project.reload_file(checked.loaded, folder, relative))


def recheck(before: Checked, loaded: Loaded) -> Checked:
    """Findings of a newer state of the project, taking over those that cannot have changed."""
    changed = _changed(before.catalog, loaded.catalog)
    uses = _uses(loaded.catalog, before)
    touched = changed | _touched(changed, before.uses, uses)
    if PROJECT in changed or ("dimension", loaded.catalog.project.region or "") in touched:
        return check(loaded)  # zone, calendars and region hold for every definition
    # A finding may advise a name that is new or gone, so what has findings is looked at again.
    touched |= {key for key, findings in before.by_definition.items() if findings}
    kept = {key: findings for key, findings in before.by_definition.items() if key not in touched and key in loaded.catalog.definitions}
    return _gathered(loaded, {**kept, **check_definitions(loaded.catalog, touched)}, uses)


def _changed(before: Catalog, after: Catalog) -> set[Key]:
    keys = set(before.source_maps) | set(after.source_maps)
    return {key for key in keys if before.source_maps.get(key) is not after.source_maps.get(key)}


def _uses(catalog: Catalog, before: Checked | None = None) -> dict[Key, frozenset[Key]]:
    """What each definition names; taken over for those that are the same as before."""
    old = before.catalog.definitions if before else {}
    known = before.uses if before else {}
    return {
        key: known[key] if old.get(key) is definition else frozenset((one.kind, one.id) for one in references(definition))
        for key, definition in catalog.definitions.items()
    }


def _touched(changed: set[Key], *uses: Mapping[Key, frozenset[Key]]) -> set[Key]:
    """Whatever refers to a changed definition, over any number of steps; and what a changed proof proves."""
    users: dict[Key, set[Key]] = {}
    for one in uses:
        for user, used in one.items():
            for key in used:
                users.setdefault(key, set()).add(user)
    touched = {proved for one in uses for key in changed if key[0] == "test" for proved in one.get(key, ())}
    waiting = [*changed, *touched]
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in touched:
                touched.add(user)
                waiting.append(user)
    return touched


def _gathered(loaded: Loaded, by_definition: Mapping[Key, list[Finding]], uses: Mapping[Key, frozenset[Key]]) -> Checked:
    everything = [*loaded.findings, *(finding for findings in by_definition.values() for finding in findings)]
    return Checked(loaded, tuple(in_order(everything)), by_definition, uses)
