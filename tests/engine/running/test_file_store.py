"""A kept file is whole, found by its content, and never what its name pretends."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from engine.running.attachments import plain_name
from engine.running.file_kinds import KINDS, FileRefused, kind_of
from engine.running.file_store import FileIsBroken, FileIsMissing, FolderStore


@pytest.fixture
def files(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_the_same_content_is_one_file_and_comes_back_as_it_was(files: FolderStore) -> None:
    first, second = files.put(b"one"), files.put(b"one")
    assert first == second == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert files.get(first) == b"one"
    assert list(files.hashes()) == [first]
    files.remove(first)
    files.remove(first)
    assert list(files.hashes()) == []
    with pytest.raises(FileIsMissing):
        files.get(first)


def test_a_damaged_file_is_noticed_and_mended_by_putting_it_again(files: FolderStore, tmp_path: Path) -> None:
    hash = files.put(b"one")
    (tmp_path / hash[:2] / hash[2:]).write_bytes(b"two")
    with pytest.raises(FileIsBroken):
        files.get(hash)
    files.put(b"one")
    assert files.get(hash) == b"one"


@pytest.mark.parametrize("hash", ["../../etc/passwd", "", "ab", "Z" * 64, "a" * 63 + "/"])
def test_a_hash_from_outside_is_no_path(files: FolderStore, hash: str) -> None:
    with pytest.raises(FileIsMissing):
        files.get(hash)


def test_what_a_killed_process_left_is_no_file_and_is_found(files: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "new-abc").write_bytes(b"half")
    assert list(files.hashes()) == []
    assert [place.name for place in files.unfinished(4e9, 60)] == ["new-abc"]


def workbook() -> bytes:
    held = io.BytesIO()
    openpyxl.Workbook().save(held)
    return held.getvalue()


def packed(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(workbook(), "xlsx"), (b"%PDF-1.7\n", "pdf"), ("区,用量\n东城区,1\n".encode("gb18030"), "csv"),
     (packed("[Content_Types].xml", "word/document.xml"), "docx")]
)  # fmt: skip
def test_a_file_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert kind_of(content).name == kind


@pytest.mark.parametrize(
    "content",
    [
        b"", b"MZ\x90\0", b"\x7fELF\x02", b"#!/bin/sh\n", b"<html><script>x</script></html>", b"<svg xmlns='x' onload='y'/>", b"  <!doctype html>,", packed("a.txt"),
        packed("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), b"PK\x03\x04half", b"\x1f\x8b\x08", b"\0\0\0\x18ftypheic", b"\x00\x01\x02,",
        b"GIF89a", b"no separators at all", b"\xd0\xcf\x11\xe0\xa1",
    ],
)  # fmt: skip
def test_what_is_not_kept_is_refused_in_two_languages(content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        kind_of(content)
    assert refused.value.zh
    assert refused.value.en


def test_a_file_over_its_kinds_size_is_refused() -> None:
    with pytest.raises(FileRefused, match="50 MB"):
        kind_of(b"%PDF-" + b"\0" * 50_000_001)


@pytest.mark.parametrize(
    ("name", "plain"), [("../../a.pdf", "_.._a.pdf"), ("a\r\nb.pdf", "a__b.pdf"), ("", "附件.pdf"), ("现场\u202egpj.pdf", "现场_gpj.pdf")]
)
def test_a_name_means_nothing_but_itself(name: str, plain: str) -> None:
    assert plain_name(name, KINDS["pdf"]) == plain
