"""The door of loading: a folder or texts in, a catalog and all findings of shape out; what the definitions mean is checked above."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from engine.findings import Finding, Place, in_order
from engine.kind import Definition
from engine.loading.catalog import Catalog, Key, build_catalog
from engine.loading.definition import DecodedFile, decode_file
from engine.loading.files import FoundFile, defined_twice, find_files, name_file, read_text
from engine.loading.header import header_findings
from engine.loading.refusals import refuse


class Loaded(Struct, frozen=True):
    """A project as read: its catalog of all files that could be read, and what is wrong with it (读入结果)."""

    catalog: Catalog
    findings: tuple[Finding, ...] = ()
    files: Mapping[str, DecodedFile] = {}
    of_names: tuple[Finding, ...] = ()  # findings about names and links, which no file's text can mend


def load(folder: Path) -> Loaded:
    """Every definition below the folder, with at most one finding of shape for each file. Raises NotADirectoryError."""
    found, findings = find_files(folder)
    findings.extend(header_findings(folder, found))
    if not any(file.kind == "project" for file in found):
        findings.append(refuse("no-project", Place((folder / "project.yaml").as_posix())))
    return assemble((decode_file(file) for file in found), findings)


def load_texts(files: Mapping[str, str]) -> Loaded:
    """The same from memory: path below the definitions folder to text."""
    found: list[FoundFile] = []
    findings: list[Finding] = []
    for path, text in sorted(files.items()):
        named = name_file(path)
        if isinstance(named, Finding):
            findings.append(named)
        elif named:
            found.append(FoundFile(path, named.kind, named.id, text.removeprefix("\ufeff")))
    return assemble((decode_file(file) for file in found), findings)


def reload(loaded: Loaded, path: str, relative: str, text: str | None) -> Loaded:
    """The project with one file changed (or gone: text is None); all other files keep what was read from them.

    `path` is the name that findings show, `relative` the path below the definitions folder.
    """
    files = {name: file for name, file in loaded.files.items() if name != path}
    of_names = [finding for finding in loaded.of_names if finding.place.file != path]
    named = name_file(relative, path) if text is not None else None
    if isinstance(named, Finding):
        of_names.append(named)
    elif named:
        files[path] = decode_file(FoundFile(path, named.kind, named.id, text or ""))
    return assemble((files[name] for name in sorted(files)), of_names)


def reload_file(loaded: Loaded, folder: Path, relative: str) -> Loaded:
    """The project after one file below the folder has changed on disk."""
    path = folder / relative
    shown = path.as_posix()
    if not path.exists():
        return reload(loaded, shown, relative, None)
    text, problem = read_text(path, shown)
    if problem is None:
        return reload(loaded, shown, relative, text)
    return load(folder)


def assemble(files: Iterable[DecodedFile], of_names: Iterable[Finding]) -> Loaded:
    """The catalog and the sorted findings of decoded files."""
    by_path = {file.file.path: file for file in files}
    kept, twice = defined_twice(file.file for file in by_path.values())
    decoded = [by_path[file.path] for file in kept]
    definitions = [file.definition for file in decoded if isinstance(file.definition, Definition)]
    broken: list[Key] = [(file.file.kind, file.file.id) for file in decoded if file.definition is None]
    source_maps = {(file.file.kind, file.file.id): file.source_map for file in decoded}
    catalog = build_catalog(definitions, source_maps, broken)
    names = tuple(of_names)
    findings = [*names, *twice, *(finding for file in by_path.values() for finding in file.findings)]
    return Loaded(catalog, tuple(in_order(findings)), by_path, names)
