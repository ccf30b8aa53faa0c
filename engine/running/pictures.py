"""Pictures are shown small and say where and when they were taken, without trusting a byte of them and without telling it to others."""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct
from PIL import ExifTags, Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from engine.running.file_kinds import FileRefused

MOST_PIXELS, LONGEST_SIDE = 60_000_000, 30_000
THUMBNAIL = (360, 360)
_FORMATS = {  # named by their readers, which are known to Pillow only once they are imported
    "jpeg": (JpegImagePlugin.JpegImageFile.format,),
    "png": (PngImagePlugin.PngImageFile.format,),
    "webp": (WebPImagePlugin.WebPImageFile.format,),
}


class PictureFacts(Struct, frozen=True):
    """What a picture says of itself (照片信息). Degrees in WGS-84, as satellites give them; `taken_at` is the camera's wall clock."""

    width: int
    height: int
    thumbnail: bytes  # JPEG without any note of the camera's
    taken_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None


def picture_facts(kind: str, content: bytes) -> PictureFacts:
    """The facts of a picture of a kind. Raises FileRefused when it is broken, or so large that showing it would fill the memory."""
    with _opened(kind, content) as picture:
        width, height = picture.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE or width * height == 0:
            raise FileRefused(
                f"照片有 {width}×{height} 像素，最多 {MOST_PIXELS // 1_000_000} 百万像素",
                f"the picture has {width}x{height} pixels, at most {MOST_PIXELS}",
            )
        notes = _notes(picture)
        return PictureFacts(width, height, _small(picture), _taken_at(notes), *_place(notes))


@contextmanager
def _opened(kind: str, content: bytes) -> Iterator[Image.Image]:
    """Pillow warns, or fails in many ways, over what is broken; a decoder outside the kind's own never sees the content."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS[kind]) as picture:
                yield picture
    except FileRefused:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombError,
        MemoryError,
        OverflowError,
        IndexError,
        TypeError,
    ) as error:
        raise FileRefused("照片已损坏，打不开；重新拍摄或导出", f"the picture is broken: {error}") from error


def _small(picture: Image.Image) -> bytes:
    """The picture upright in a small size. A JPEG is read at a coarser scale at once, which spares its memory."""
    picture.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
    try:
        upright = ImageOps.exif_transpose(picture)
    except (SyntaxError, ValueError, TypeError, KeyError, ZeroDivisionError, struct.error):  # notes of the camera that are broken
        upright = picture
    plain = upright.convert("RGBA") if upright.mode in ("RGBA", "LA", "P", "PA") else upright.convert("RGB")
    if plain.mode == "RGBA":
        ground = Image.new("RGB", plain.size, (255, 255, 255))
        ground.paste(plain, mask=plain.getchannel("A"))
        plain = ground
    plain.thumbnail(THUMBNAIL)
    fresh = Image.new("RGB", plain.size)  # a new picture: none of the notes, profiles or comments come along
    fresh.paste(plain)
    held = io.BytesIO()
    fresh.save(held, "JPEG", quality=82, optimize=True)
    return held.getvalue()


def _notes(picture: Image.Image) -> dict[str, Any]:
    """What the camera noted, as far as it can be read: one broken note must not cost the picture."""
    found: dict[str, Any] = {}
    try:
        exif = picture.getexif()
        found |= {ExifTags.TAGS.get(tag, str(tag)): value for tag, value in exif.items()}
    except Exception:  # noqa: BLE001 the notes are written by anybody, and the reader of them fails in any way
        return found
    for part, names in ((ExifTags.IFD.Exif, ExifTags.TAGS), (ExifTags.IFD.GPSInfo, ExifTags.GPSTAGS)):
        try:
            found |= {names.get(tag, str(tag)): value for tag, value in exif.get_ifd(part).items()}
        except Exception:  # noqa: BLE001 as above
            continue
    return found


def _taken_at(notes: dict[str, Any]) -> datetime | None:
    for name in ("DateTimeOriginal", "DateTimeDigitized", "DateTime"):
        try:
            moment = datetime.strptime(str(notes.get(name, "")).strip("\x00 "), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        if 1990 <= moment.year <= 2100:
            return moment
    return None


def _place(notes: dict[str, Any]) -> tuple[float | None, float | None]:
    longitude = _degrees(notes.get("GPSLongitude"), notes.get("GPSLongitudeRef"), "EW", 180)
    latitude = _degrees(notes.get("GPSLatitude"), notes.get("GPSLatitudeRef"), "NS", 90)
    if longitude is None or latitude is None or (longitude == 0 and latitude == 0):  # 0, 0 is what a camera without a fix writes
        return None, None
    return longitude, latitude


def _degrees(parts: Any, side: Any, sides: str, most: int) -> float | None:
    try:
        degree, minute, second = (float(part) for part in (*parts, 0, 0)[:3])
        value = degree + minute / 60 + second / 3600
        letter = (side.decode("ascii", "replace") if isinstance(side, bytes) else str(side)).strip("\x00 ").upper()[:1]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if letter not in sides or not math.isfinite(value) or not 0 <= value <= most or not (0 <= minute < 60.001 and 0 <= second < 60.001):
        return None
    return round(-value if letter == sides[1] else value, 7)
