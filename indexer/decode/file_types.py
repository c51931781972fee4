"""What kind of file a file is, by its name, its content and its neighbors."""

import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePath

from search.media.image.raw import RAW_SUFFIXES
from search.records import ItemType

SUFFIXES = {
    ItemType.IMAGE: "jpg jpeg jpe jfif png webp gif bmp tif tiff heic heif avif jxl jp2 j2k psd tga qoi ppm pgm",
    ItemType.AUDIO: "wav mp3 m4a m4b aac ogg oga opus flac wma aiff aif",
    ItemType.VIDEO: "mp4 m4v mov mkv webm avi mpg mpeg ogv 3gp ts mts m2ts wmv flv",
    ItemType.DOCUMENT: (
        "txt text md markdown rst html htm xhtml pdf docx pptx xlsx odt ods odp epub srt vtt csv tsv json yaml yml "
        "toml ini cfg log tex org py js java c h cpp hpp cs go rs rb php sh sql r swift kt css"
    ),
}
TYPES = {f".{suffix}": kind for kind, names in SUFFIXES.items() for suffix in names.split()}
TYPES |= dict.fromkeys(RAW_SUFFIXES, ItemType.IMAGE)
# Names that mean a film to some and a text to others.
AMBIGUOUS = {".ts"}
SUBTITLES = (".srt", ".vtt", ".ass", ".ssa")
XMP = (".xmp",)
BELONGS = {ItemType.AUDIO: SUBTITLES, ItemType.VIDEO: SUBTITLES, ItemType.IMAGE: XMP}
HEAD = 4096
CONTAINERS = {ItemType.AUDIO, ItemType.VIDEO}
ZIPPED = {"word/": ".docx", "ppt/": ".pptx", "xl/": ".xlsx"}
# Brands of the container that films are in as well.
STILLS = b"avif avis heic heix heim heis mif1 msf1 crx".split()
# How files begin: the place, the bytes there. Of two that fit, the first counts. Only what no other file begins with.
SIGNATURES: tuple[tuple[ItemType, int, tuple[bytes, ...]], ...] = (
    (ItemType.IMAGE, 0, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")),
    (ItemType.IMAGE, 0, (b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ", b"qoif", b"8BPS", b"P5\n", b"P6\n")),
    (ItemType.IMAGE, 0, (b"FUJIFILMCCD-RAW", b"FOVb")),
    (
        ItemType.IMAGE,
        4,
        tuple(b"ftyp" + brand for brand in STILLS),
    ),
    (ItemType.IMAGE, 8, (b"WEBPVP8",)),
    (ItemType.AUDIO, 0, (b"ID3", b"fLaC", b"OggS", b"\xff\xf1", b"\xff\xf9")),
    (ItemType.AUDIO, 4, (b"ftypM4A ", b"ftypM4B ")),
    (ItemType.AUDIO, 8, (b"WAVEfmt ", b"AIFFCOMM", b"AIFCFVER")),
    (ItemType.VIDEO, 0, (b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")),
    (ItemType.VIDEO, 4, (b"ftyp", b"moov", b"mdat\0")),
    (ItemType.VIDEO, 8, (b"AVI LIST",)),
)
# The length of a packet of an MPEG transport stream, each of which begins with the same byte.
PACKET = 188
BITMAP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def recognize_content(path: Path) -> ItemType | None:
    """Return the type of a file by its bytes; without a suffix, plain text is a document. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return ItemType.DOCUMENT if find_zipped(path) else None
    if head.startswith(b"%PDF-"):
        return ItemType.DOCUMENT
    if is_text(head):  # whatever it may say where others have a signature
        return None if path.suffix else ItemType.DOCUMENT
    return _match_signature(head)


def _match_signature(head: bytes) -> ItemType | None:
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BITMAP_HEADERS:
        return ItemType.IMAGE
    if set(head[0 : 3 * PACKET : PACKET]) == {ord("G")}:
        return ItemType.VIDEO
    for kind, place, beginnings in SIGNATURES:
        if head[place:].startswith(beginnings):
            return kind
    return None


def choose_kind(path: Path, named: ItemType) -> ItemType:
    """Return the type of a file whose name says `named`: what its content says, where that says anything."""
    if path.suffix.lower() in AMBIGUOUS:
        with path.open("rb") as stream:
            return ItemType.DOCUMENT if is_text(stream.read(HEAD)) else named
    found = recognize_content(path)
    # Which of these a container holds is known when it is opened.
    return named if found is None or {found, named} == CONTAINERS else found


def find_zipped(source: Path) -> str | None:
    """Return the suffix of the documents that are kept as this archive is; None for any other."""
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                kind = archive.read("mimetype")[:100].decode("ascii", "replace").strip()
                known = {"text": ".odt", "spreadsheet": ".ods", "presentation": ".odp"}
                return ".epub" if kind == "application/epub+zip" else known.get(kind.rsplit(".", 1)[-1])
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        return None
    return next((suffix for folder, suffix in ZIPPED.items() if any(name.startswith(folder) for name in names)), None)


def is_text(head: bytes) -> bool:
    """Return whether bytes are the beginning of a text in UTF-8."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # it may be cut within a character
            return False
        text = head[: error.start].decode()
    return bool(text) and all(one.isprintable() or one in "\n\r\t\f" for one in text)


def pair_sidecars(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the files that belong to another of the same folder, by its name; the one to be read comes first.

    `film.srt` and `film.en.srt` belong to `film.mp4`, `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`.
    """
    names = list(names)
    sidecars = [name for name in names if name.lower().endswith(SUBTITLES + XMP)]
    if not sidecars:
        return {}
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        path = PurePath(name)
        for suffix in BELONGS.get(TYPES.get(path.suffix.lower(), ItemType.DOCUMENT), ()):
            owners[path.stem, suffix].append(name)
            owners[name, suffix].append(name)
    pairs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sidecars, key=lambda one: (len(one), one)):
        path = PurePath(name)
        suffix = path.suffix.lower()
        for stem in (path.stem, PurePath(path.stem).stem):
            if (stem, suffix) in owners:
                for owner in owners[stem, suffix]:
                    pairs[owner].append(name)
                break
    return dict(pairs)
