"""Finds the definition files of a folder and names them: the path is the id, the suffix is the kind."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct

from engine.findings import Finding, Place, did_you_mean
from engine.loading.events import MAX_BYTES
from engine.loading.parse import text_of
from engine.loading.refusals import refuse, shortened
from engine.registry import kinds

_SEGMENT = re.compile(r"[a-z][a-z0-9_]{0,62}")
SUFFIXES = (".yaml", ".json")
Stamp = tuple[int, int, int, int]  # inode, bytes, and when the content and the entry were changed
_ALMOST = (".yml", ".YAML", ".YML", ".JSON", ".Yaml", ".jsonc", ".json5")


class FoundFile(Struct, frozen=True):
    """A definition file before it is read: the name shown in findings, and what kind and id it has (文件)."""

    path: str
    kind: str
    id: str
    text: str = ""
    is_unread: bool = False  # there, but not to be read: a finding of its own says why


def find_files(folder: Path) -> tuple[list[FoundFile], list[Finding]]:
    """Every definition file below a folder with its text, sorted by path; what looks like one and is none is a finding.

    Files and folders that begin with `_` or `.` are left alone, and so is every suffix other than YAML and JSON. Raises NotADirectoryError.
    """
    if not folder.is_dir():
        raise NotADirectoryError(str(folder))
    found: list[FoundFile] = []
    findings: list[Finding] = []
    for path in _walk(folder, findings):
        shown, relative = path.as_posix(), path.relative_to(folder).as_posix()
        named = name_file(relative, shown)
        if isinstance(named, Finding):
            findings.append(named)
        elif named:
            text, problem = read_text(path, shown)
            findings.extend([problem] if problem else [])
            found.append(FoundFile(shown, named.kind, named.id, text, is_unread=problem is not None))
    return found, findings


def stamps(folder: Path) -> dict[str, Stamp]:
    """What the file system says of each definition file, by its path below the folder: whoever has changed has another stamp.

    A folder that is gone has no files.
    """
    found: dict[str, Stamp] = {}
    for path in _walk(folder, []) if folder.is_dir() else ():
        relative = path.relative_to(folder).as_posix()
        if name_file(relative) is not None:
            try:
                said = os.lstat(path)
            except FileNotFoundError:
                continue  # gone since it was listed
            found[relative] = (said.st_ino, said.st_size, said.st_mtime_ns, said.st_ctime_ns)
    return found


def name_file(relative: str, shown: str = "") -> FoundFile | Finding | None:
    """The kind and id that a path below the definitions folder stands for, without its text; None for files that are no definitions."""
    shown = shown or relative
    parts = PurePosixPath(relative).parts
    name = parts[-1] if parts else ""
    suffix = PurePosixPath(name).suffix
    if any(part.startswith("_") or (part.startswith(".") and part != "..") for part in parts) or suffix not in SUFFIXES + _ALMOST:
        return None
    if suffix in _ALMOST:
        return _misnamed(shown, name, f"后缀应为 .yaml 或 .json，这里是 {suffix}", f"its suffix is {suffix}, wanted is .yaml or .json")
    if name in ("project.yaml", "project.json"):
        return FoundFile(shown, "project", "project") if len(parts) == 1 else refuse("misplaced-project", Place(shown))
    stem, dot, kind = name[: -len(suffix)].rpartition(".")
    if not dot:
        return _misnamed(shown, name, "缺少类型后缀", "it lacks the kind before its suffix")
    if kind not in kinds() or kind == "project":
        return _unknown_kind(kind, shown)
    segments = [*parts[:-1], stem]
    odd = next((segment for segment in segments if not _SEGMENT.fullmatch(segment)), None)
    if odd is not None:
        return _misnamed(shown, relative, f"「{shortened(odd)}」这一段不合要求", f"the part '{shortened(odd)}' is not fit")
    return FoundFile(shown, kind, ".".join(segments))


def read_text(path: Path, shown: str) -> tuple[str, Finding | None]:
    """The text of a file; never follows a link, never waits on a pipe, never reads more than the limit."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return "", refuse("not-a-file", Place(shown), name=path.name)
            raw = file.read(MAX_BYTES + 1)
            size = os.fstat(descriptor).st_size
    except OSError as error:
        return "", refuse("unreadable-file", Place(shown), why=error.strerror or type(error).__name__)
    if len(raw) > MAX_BYTES:
        return "", refuse("file-too-large", Place(shown), size=size, limit=MAX_BYTES)
    return text_of(raw, shown)


def _walk(folder: Path, findings: list[Finding]) -> Iterator[Path]:
    """The files below a folder in a stable order; links are findings, whatever they point at."""
    waiting = [folder]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError as error:
            findings.append(refuse("unreadable-file", Place(str(error.filename)), why=error.strerror or type(error).__name__))
            continue
        for entry in entries:
            if entry.name.startswith(("_", ".")):
                continue
            path = Path(entry.path)
            if entry.is_symlink():
                findings.append(refuse("symlink", Place(path.as_posix()), name=shortened(entry.name)))
            elif entry.is_dir():
                waiting.append(path)
            elif path.suffix in SUFFIXES + _ALMOST and not entry.is_file():
                findings.append(refuse("not-a-file", Place(path.as_posix()), name=shortened(entry.name)))
            else:
                yield path


def _misnamed(shown: str, name: str, why_zh: str, why_en: str) -> Finding:
    return refuse("file-name", Place(shown), name=shortened(name), why_zh=why_zh, why_en=why_en)


def _unknown_kind(kind: str, shown: str) -> Finding:
    known = sorted(set(kinds()) - {"project"})
    advice_zh, advice_en = did_you_mean(kind, known, f"可用的类型：{'、'.join(known)}", f"kinds: {', '.join(known)}")
    return refuse("unknown-kind", Place(shown), kind=shortened(kind), advice_zh=advice_zh, advice_en=advice_en)


def defined_twice(files: Iterable[FoundFile]) -> tuple[list[FoundFile], list[Finding]]:
    """The files whose kind and id came first, and a finding for each that came again (as YAML and as JSON)."""
    first: dict[tuple[str, str], FoundFile] = {}
    findings: list[Finding] = []
    for file in files:
        other = first.setdefault((file.kind, file.id), file)
        if other is not file:
            findings.append(refuse("defined-twice", Place(file.path), kind=file.kind, id=file.id, other=other.path))
    return list(first.values()), findings
