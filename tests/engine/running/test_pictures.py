"""Pictures are measured, made small and asked where they were taken; nothing that a camera or a stranger wrote can harm."""

import io
import struct
import zlib
from datetime import datetime
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from engine.running.file_kinds import FileRefused, kind_of
from engine.running.pictures import picture_facts

GPS, EXIF = 0x8825, 0x8769
HERE: dict[int, Any] = {1: "N", 2: (39.0, 54.0, 15.12), 3: "E", 4: (116.0, 23.0, 26.88)}


def photo(
    form: str = "JPEG",
    size: tuple[int, int] = (640, 480),
    gps: dict[int, Any] | None = None,
    taken: object = None,
    colour: tuple[int, int, int] = (90, 120, 60),
    turned: int = 0,
) -> bytes:
    picture, exif = Image.new("RGB", size, colour), Image.Exif()
    exif[0x010F] = "camera"
    if gps is not None:
        exif.get_ifd(GPS).update(gps)
    if taken is not None:
        exif.get_ifd(EXIF)[0x9003] = taken
    if turned:
        exif[0x0112] = turned
    held = io.BytesIO()
    picture.save(held, form, exif=exif)
    return held.getvalue()


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
def test_place_and_time_come_from_the_camera_and_the_small_picture_tells_neither(form: str, kind: str) -> None:
    content = photo(form, gps=HERE, taken="2026:01:05 16:30:00")
    assert kind_of(content).name == kind
    facts = picture_facts(kind, content)
    assert (facts.width, facts.height, facts.taken_at) == (640, 480, datetime(2026, 1, 5, 16, 30))
    assert (facts.longitude, facts.latitude) == (116.3908, 39.9042)
    small = Image.open(io.BytesIO(facts.thumbnail))
    assert (small.format, small.size) == ("JPEG", (360, 270))
    assert not small.getexif()
    assert b"Exif" not in facts.thumbnail
    assert set(small.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_picture_that_was_held_sideways_is_shown_upright() -> None:
    assert Image.open(io.BytesIO(picture_facts("jpeg", photo(turned=6)).thumbnail)).size == (270, 360)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (39.0, 54.0, 15.0)},
        {**HERE, 2: (99.0, 0.0, 0.0)},
        {**HERE, 1: "X"},
        {**HERE, 4: (116.0, 75.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {**HERE, 2: (IFDRational(1, 0), 0.0, 0.0)},
        {},
    ],
)
def test_a_place_that_cannot_be_is_no_place(gps: dict[int, Any]) -> None:
    facts = picture_facts("jpeg", photo(gps=gps))
    assert (facts.longitude, facts.latitude) == (None, None)


def test_south_and_west_are_negative() -> None:
    facts = picture_facts("jpeg", photo(gps={**HERE, 1: "S", 3: "W"}))
    assert (facts.longitude, facts.latitude) == (-116.3908, -39.9042)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "gestern", "1926:01:05 16:30:00", "2026:13:40 99:99:99"])
def test_a_time_that_cannot_be_is_no_time(taken: str) -> None:
    assert picture_facts("jpeg", photo(taken=taken)).taken_at is None


@pytest.mark.parametrize("at", range(0, 120, 3))
def test_broken_notes_of_the_camera_cost_no_picture(at: int) -> None:
    content = photo(gps=HERE, taken="2026:01:05 16:30:00")
    begin = content.index(b"Exif") + 6
    bent = content[: begin + at] + b"\xff\xff\xff\xff" + content[begin + at + 4 :]
    facts = picture_facts("jpeg", bent)
    assert (facts.width, facts.height) == (640, 480)
    assert Image.open(io.BytesIO(facts.thumbnail)).format == "JPEG"


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (20_000, 20_000), (100_000, 1)])
def test_a_picture_that_would_fill_the_memory_is_refused_unread(width: int, height: int) -> None:
    with pytest.raises(FileRefused):
        picture_facts("png", huge_png(width, height))


@pytest.mark.parametrize("cut", [3, 20, 200, 1000])
def test_a_picture_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(FileRefused) as refused:
        picture_facts("jpeg", photo()[:cut])
    assert refused.value.zh == "照片已损坏，打不开；重新拍摄或导出"


def test_transparent_grey_and_indexed_pictures_become_small_ones() -> None:
    for mode in ("RGBA", "LA", "P", "L", "1", "I;16", "CMYK"):
        held = io.BytesIO()
        form = "JPEG" if mode == "CMYK" else "PNG"
        Image.new(mode, (900, 300)).save(held, form)
        small = Image.open(io.BytesIO(picture_facts(form.lower(), held.getvalue()).thumbnail))
        assert (small.mode, small.size) == ("RGB", (360, 120))
