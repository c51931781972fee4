"""A library like a person's: about 300 files, the same for the same day and source data.

Nothing of the source data is part of the project: photos with captions (Flickr8k), photos named by their ImageNet
class, and recorded sentences with transcripts are given as folders. Drawn texts need the fonts of Debian's packages
fonts-dejavu-core, fonts-liberation, fonts-roboto-unhinted and fonts-noto-cjk; synthesized speech needs the package
espeakng-loader (`demo-requirements.txt`).
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.review import drawing, films, papers, sounds
from benchmarks.review.fonts import DEFAULT_FOLDER, Fonts
from benchmarks.review.manifest import MEDIA, Entry, Manifest
from benchmarks.review.photos import PhotoWriter
from benchmarks.review.query_media import write_query_media
from benchmarks.review.screens import draw_screen
from benchmarks.review.sources import Photos, Prompt, read_data, read_prompts

# Files whose metadata has no date were copied to this disk that many days ago.
COPIED_DAYS_AGO = 70
SIGN_SIDE = 1200
NAME_DATES = ("Screenshot_", "Screenshot ", "IMG_", "IMG-", "VID_", "PTT-", "Meeting ")


@dataclass(frozen=True)
class Sources:
    """Where the material is.

    Attributes:
        photos: Photos named `wnid_class_name.jpg`.
        flickr: A folder with `captions.tsv`, `dev.txt` and `images`.
        speech: A folder with WAV files and `transcripts.tsv`.
        documents: More documents, which no query is about; optional.
        fonts: The folder of the fonts.
    """

    photos: Path
    flickr: Path
    speech: Path
    documents: Path | None = None
    fonts: Path = DEFAULT_FOLDER


class Builder:
    """Writes the library, the pictures and recordings to search by, and the manifest.

    Args:
        root: The folder that gets `media`, `queries` and `library.json`; all of them are replaced.
        sources: Where the material is.
        today: The day that relative dates refer to.
    """

    def __init__(self, root: Path, sources: Sources, today: date) -> None:
        self._root, self._media, self._today = root, root / MEDIA, today
        self._fonts = Fonts(sources.fonts)
        self._photos = Photos(sources.flickr, sources.photos)
        self._prompts: dict[str, Prompt] = read_prompts(sources.speech)
        self._documents = sources.documents

    def build(self) -> Manifest:
        """Build everything, and return what each file holds."""
        shutil.rmtree(self._media, ignore_errors=True)
        entries = list(PhotoWriter(self._media, self._photos, self._today).write_all())
        for part in (self._draw_pictures, self._write_documents, self._write_recordings, self._write_films):
            entries += part()
        manifest = Manifest(self._today, tuple(entries))
        for entry in manifest:
            self._set_time(entry)
        manifest.write(self._root)
        write_query_media(self._root, manifest, self._photos, self._fonts)
        return manifest

    def _draw_pictures(self) -> Iterator[Entry]:
        """Write signs, screenshots, receipts and scans."""
        data = read_data("pictures.toml")
        for sign in data["sign"]:
            photo = self._photos.take("any")
            image = drawing.draw_sign(photo.open(SIGN_SIDE), sign["text"], sign["board"], self._fonts)
            image.save(self._prepare(sign), quality=90)
            yield _describe(sign, "image", "sign", shows=photo.shows, origin=photo.path.name)
        for screen in data["screen"]:
            draw_screen(screen["layout"], screen["title"], screen["text"], self._fonts).save(self._prepare(screen))
            yield _describe(screen, "image", "screenshot", text=f"{screen['title']}\n{screen['text']}")
        for paper in data["paper"]:
            is_receipt = paper["kind"] == "receipt"
            image = drawing.draw_paper(paper["text"], paper["style"], self._fonts, is_receipt=is_receipt)
            image.save(self._prepare(paper), quality=85)
            yield _describe(paper, "image", paper["kind"])
        for scanned in data["scanned"]:
            pages = [drawing.draw_paper(page, "clean", self._fonts, is_receipt=False) for page in scanned["pages"]]
            papers.write_scanned_pdf(self._prepare(scanned), pages)
            yield _describe(scanned, "document", "scan", text="\n".join(scanned["pages"]))

    def _write_documents(self) -> Iterator[Entry]:
        data = read_data("documents.toml")
        for paper in data["pdf"]:
            papers.write_text_pdf(self._prepare(paper), paper["pages"])
            yield _describe(paper, "document", "paper", text="\n".join(paper["pages"]))
        for office in data["office"]:
            papers.write_office(self._prepare(office), office["text"])
            yield _describe(office, "document", "office")
        for path in sorted(self._documents.iterdir()) if self._documents else ():
            if path.is_file():
                target = {"file": f"Documents/More/{path.name}"}
                shutil.copyfile(path, self._prepare(target))
                yield _describe(target, "document", "paper")

    def _write_recordings(self) -> Iterator[Entry]:
        for recording in read_data("media.toml")["recording"]:
            if "spoken" in recording:
                samples, text = sounds.speak(recording["spoken"], recording["voice"]), recording["spoken"]
            else:
                samples, text = self._join(recording["prompts"])
            sounds.write_sound(self._prepare(recording), samples)
            yield _describe(recording, "audio", "recording", text=text)

    def _write_films(self) -> Iterator[Entry]:
        for film in read_data("media.toml")["film"]:
            photos = [self._photos.take(what) for what, count in film["shows"].items() for _ in range(count)]
            samples, said = self._join(film["prompts"]) if "prompts" in film else (None, "")
            subtitles, burnt, chapters = (film.get(name, []) for name in ("subtitles", "burnt", "chapters"))
            pictures = [photo.open(films.SIZE[0]) for photo in photos]
            codec = film.get("codec", "libx264")
            written = films.Film(pictures, samples, codec, subtitles, burnt, chapters)
            films.write_film(self._prepare(film), written, self._fonts)
            text = [said, *burnt, *chapters, *(line for _, lines in subtitles for line in lines)]
            shows: dict[str, int] = {}
            for photo in photos:
                shows |= {name: max(grade, shows.get(name, 0)) for name, grade in photo.shows.items()}
            yield _describe(film, "video", "film", shows=shows, text="\n".join(text))

    def _join(self, names: list[str]) -> tuple[sounds.Samples, str]:
        """Return recorded sentences one after the other, and their words."""
        prompts = [self._prompts[name] for name in names]
        return sounds.join([sounds.read_samples(prompt.path) for prompt in prompts]), " ".join(
            prompt.text for prompt in prompts
        )

    def _prepare(self, data: Mapping[str, Any]) -> Path:
        """Return where a file is written; its folder exists then."""
        target = self._media / data["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _set_time(self, entry: Entry) -> None:
        """Set the modification time: when a photo with metadata was taken, when any other file was copied."""
        copied = self._today - timedelta(days=COPIED_DAYS_AGO)
        day = date.fromisoformat(entry.taken) if entry.taken and entry.camera else copied
        seconds = datetime(day.year, day.month, day.day, 12).timestamp()
        os.utime(self._media / entry.path, (seconds, seconds))


def find_date(name: str) -> str | None:
    """Return the day in the name of a screenshot or of a file of a phone, `YYYY-MM-DD`."""
    if not name.startswith(NAME_DATES):
        return None
    digits = "".join(character for character in name if character.isdigit())[:8]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def _describe(data: Mapping[str, Any], item_type: str, kind: str, **facts: Any) -> Entry:
    """Return the entry of a file that is described in one of the data files."""
    facts = {"text": data.get("text", ""), **facts}
    taken = find_date(Path(data["file"]).name)
    return Entry(path=data["file"], type=item_type, key=data.get("key", ""), kind=kind, taken=taken, **facts)
