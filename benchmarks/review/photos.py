"""Photos as cameras, phones, messengers and browsers write them."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageEnhance

from benchmarks.review.manifest import Entry
from benchmarks.review.sources import SEED, Photo, Photos, read_data
from benchmarks.review.spans import resolve_span

SIDE = 896
QUALITY = 88
# The file names of series whose photos have metadata; those of all other series only have what their name says.
NAMES_WITH_METADATA = {"camera", "dsc", "pixel"}


class PhotoWriter:
    """Writes series of photos below the library's folder.

    Args:
        root: The library's folder.
        photos: Where the photos come from.
        today: The day that dates are relative to.
    """

    def __init__(self, root: Path, photos: Photos, today: date) -> None:
        self._root, self._photos, self._today = root, photos, today
        self._random = random.Random(SEED)
        self._number = 311
        data = read_data("events.toml")
        self._places, self._events = data["places"], data["event"]

    def write_all(self) -> Iterator[Entry]:
        """Write all series, and yield what each file holds."""
        captioned = self._photos.take_all([event.get("shows", {}) for event in self._events])
        for event, photos in zip(self._events, captioned, strict=True):
            by_class = [self._photos.take_class(name) for name in event.get("classes", ())]
            yield from self._write_event(event, photos + by_class)

    def _write_event(self, event: dict[str, Any], chosen: list[Photo]) -> Iterator[Entry]:
        self._random.shuffle(chosen)
        start = resolve_span(event["start"], self._today)[0] if "start" in event else None
        for index, photo in enumerate(chosen):
            moment = self._find_moment(start, event, index, len(chosen))
            image = photo.open(SIDE)
            entry = self._write(event, photo, image, moment, is_heic=index < event.get("heic", 0))
            yield entry
            if moment and index < event.get("burst", 0):
                yield self._write(event, photo, _move(image), moment + timedelta(seconds=1), is_heic=False)
            if index < event.get("shared", 0):
                yield self._share(entry, image, index)

    def _find_moment(self, start: date | None, event: dict[str, Any], index: int, count: int) -> datetime | None:
        """Return when the photo of an index was taken, in daylight."""
        if start is None:
            return None
        day = start + timedelta(days=index * event["days"] // count)
        moment = datetime.combine(day, time(9)) + timedelta(minutes=self._random.randrange(600))
        return moment.replace(second=self._random.randrange(60))

    def _write(
        self, event: dict[str, Any], photo: Photo, image: Image.Image, moment: datetime | None, *, is_heic: bool
    ) -> Entry:
        folder = event["folder"].format(year=moment.year if moment else "")
        name = self._make_name(event["names"], moment)
        path = f"{folder}/{name}.{'HEIC' if is_heic else 'jpg'}"
        has_metadata = event["names"] in NAMES_WITH_METADATA
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        place = event.get("place") if has_metadata else None
        exif = self._make_exif(event, moment) if has_metadata else Image.Exif()
        if is_heic:
            pillow_heif.from_pillow(image).save(target, quality=80, exif=exif.tobytes())
        else:
            image.save(target, quality=QUALITY, exif=exif)
        return Entry(
            path=path,
            type="image",
            taken=moment.date().isoformat() if moment else None,
            place=place,
            country=self._places[place]["country"] if place else None,
            camera=event.get("camera"),
            artist=event.get("artist"),
            shows=photo.shows,
            origin=photo.path.name,
        )

    def _share(self, entry: Entry, image: Image.Image, index: int) -> Entry:
        """Write a smaller, recompressed copy without metadata, as a messenger does."""
        assert entry.taken is not None
        path = f"WhatsApp Images/Sent/IMG-{entry.taken.replace('-', '')}-WA{index + 41:04}.jpg"
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        image.resize((640, 640 * image.height // image.width)).save(target, quality=60)
        return Entry(path=path, type="image", taken=entry.taken, shows=entry.shows, origin=entry.origin)

    def _make_name(self, style: str, moment: datetime | None) -> str:
        self._number += self._random.randint(1, 9)
        if moment is None:
            return f"download ({self._number - 310})" if self._number % 3 else f"{self._random.getrandbits(64):016x}"
        if style == "whatsapp":
            return f"IMG-{moment:%Y%m%d}-WA{self._number % 90:04}"
        if style == "dated":
            return f"IMG_{moment:%Y%m%d_%H%M%S}"
        if style == "pixel":
            return f"PXL_{moment:%Y%m%d_%H%M%S}{self._number % 1000:03}"
        return f"{'DSC' if style == 'dsc' else 'IMG'}_{self._number:04}"

    def _make_exif(self, event: dict[str, Any], moment: datetime | None) -> Image.Exif:
        exif = Image.Exif()
        make, model = event["camera"].split(" ", 1)
        exif[ExifTags.Base.Make] = make
        exif[ExifTags.Base.Model] = event["camera"] if make == "Canon" else model
        if artist := event.get("artist"):
            exif[ExifTags.Base.Artist] = artist
        if moment:
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{moment:%Y:%m:%d %H:%M:%S}"
        if place := event.get("place"):
            latitude, longitude = (value + self._random.uniform(-0.01, 0.01) for value in self._places[place]["at"])
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(
                {
                    ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
                    ExifTags.GPS.GPSLatitude: _to_degrees(latitude),
                    ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
                    ExifTags.GPS.GPSLongitude: _to_degrees(longitude),
                }
            )
        return exif


def _to_degrees(value: float) -> tuple[float, float, float]:
    """Return degrees, minutes and seconds."""
    minutes = abs(value) * 60
    return float(minutes // 60), float(minutes % 60 // 1), round(minutes % 1 * 60, 2)


def _move(image: Image.Image) -> Image.Image:
    """Return nearly the same picture: taken a second later, by a hand that moved."""
    width, height = image.size
    moved = image.crop((width // 40, height // 50, width, height)).resize(image.size, Image.Resampling.LANCZOS)
    return ImageEnhance.Brightness(moved).enhance(1.04)
