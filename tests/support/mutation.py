"""Damaged files: bytes changed anywhere, or parts of the format's own structure changed.

A change of random bytes mostly ends in the first check of a decoder. A structural change keeps containers, lengths and
checksums valid and alters one thing inside: a number, a reference, the order of parts, a nesting.
"""

import io
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable

# Numbers at which arithmetic of decoders breaks.
EXTREMES = (0, 1, 2, 7, 127, 128, 255, 256, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
# MP4 boxes that contain boxes.
CONTAINER_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta", b"mvex", b"moof", b"traf"}
STRANGE_TEXTS = ("", "\ud7ff\uffff", "\u202e", "0" * 5000, "NaN", "-1", "1e400", "&#0;", "é" * 300, "../../x")
SOS = 0xDA
# JPEG markers without a length.
BARE_MARKERS = {0x01, *range(0xD0, 0xDA)}

Chance = random.Random


def mutate(body: bytes, suffix: str, chance: Chance) -> bytes:
    """Return a damaged copy of a file; half of the changes are structural, where the format has a structure."""
    structural = STRUCTURES.get(suffix)
    if structural is not None and chance.random() < 0.5:
        for _ in range(chance.randint(1, 3)):
            body = structural(body, chance)
        return body
    return mutate_bytes(body, chance)


def mutate_bytes(body: bytes, chance: Chance) -> bytes:
    """Cut, flip, clear, overwrite or repeat parts."""
    made = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made)) if made else 0
        length = chance.randint(1, max(1, len(made) // 4))
        match chance.randrange(5):
            case 0:
                del made[at:]
            case 1:
                for place in range(at, min(len(made), at + chance.randint(1, 8))):
                    made[place] ^= 1 << chance.randrange(8)
            case 2:
                made[at : at + length] = bytes(len(made[at : at + length]))
            case 3:
                made[at : at + length] = chance.randbytes(len(made[at : at + length]))
            case 4:
                made[at:at] = made[at : at + length]
    return bytes(made)


def shuffle_parts(parts: list[bytes], chance: Chance) -> list[bytes]:
    """Drop, repeat or swap parts."""
    if not parts:
        return parts
    first, second = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(3):
        case 0:
            del parts[first]
        case 1:
            parts.insert(second, parts[first])
        case 2:
            parts[first], parts[second] = parts[second], parts[first]
    return parts


def set_field(part: bytes, start: int, chance: Chance, order: str = ">") -> bytes:
    """Overwrite a 16- or 32-bit number after `start` with an extreme one."""
    kind = chance.choice("HI")
    size = struct.calcsize(kind)
    if len(part) < start + size:
        return part
    at = chance.randint(start, min(len(part) - size, start + 120))
    value = chance.choice(EXTREMES) % 2 ** (8 * size)
    return part[:at] + struct.pack(order + kind, value) + part[at + size :]


def mutate_png(body: bytes, chance: Chance) -> bytes:
    """Change chunks, with valid checksums."""
    chunks, at = [], 8
    while at + 12 <= len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        chunks.append(body[at + 4 : at + 8 + length])
        at += 12 + length
    if chance.random() < 0.6 and chunks:
        place = chance.randrange(len(chunks))
        chunks[place] = set_field(chunks[place], 4, chance)
    else:
        chunks = shuffle_parts(chunks, chance)
    packed = (struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks)
    return body[:8] + b"".join(packed)


def mutate_jpeg(body: bytes, chance: Chance) -> bytes:
    """Change marker segments before the image data."""
    segments, at = [], 2
    while at + 4 <= len(body) and body[at] == 0xFF and body[at + 1] != SOS:
        length = 0 if body[at + 1] in BARE_MARKERS else int.from_bytes(body[at + 2 : at + 4], "big")
        segments.append(body[at : at + 2 + length])
        at += 2 + length
    if chance.random() < 0.6 and segments:
        place = chance.randrange(len(segments))
        segments[place] = set_field(segments[place], chance.choice((2, 4)), chance)
    else:
        segments = shuffle_parts(segments, chance)
    return body[:2] + b"".join(segments) + body[at:]


def mutate_riff(body: bytes, chance: Chance) -> bytes:
    """Change chunks of WAV, AVI and WebP, with valid outer lengths unless a length itself is changed."""
    chunks, at = [], 12
    while at + 8 <= len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "little")
        chunks.append(body[at : at + 8 + length + length % 2])
        at += 8 + length + length % 2
    if chance.random() < 0.6 and chunks:
        place = chance.randrange(len(chunks))
        chunks[place] = set_field(chunks[place], chance.choice((4, 8)), chance, "<")
    else:
        chunks = shuffle_parts(chunks, chance)
    inner = b"".join(chunks)
    return body[:4] + struct.pack("<I", (len(inner) + 4) % 2**32) + body[8:12] + inner


def _split_boxes(body: bytes) -> list[bytes]:
    boxes, at = [], 0
    while at + 8 <= len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        length = length if 8 <= length <= len(body) - at else len(body) - at
        boxes.append(body[at : at + length])
        at += length
    return boxes


def mutate_boxes(body: bytes, chance: Chance) -> bytes:
    """Change the boxes of MP4, MOV, M4A, HEIC and AVIF at any depth; the lengths of outer boxes stay valid."""
    boxes = _split_boxes(body)
    if not boxes:
        return body
    inner = [number for number, box in enumerate(boxes) if box[4:8] in CONTAINER_BOXES]
    if inner and chance.random() < 0.8:
        number = chance.choice(inner)
        changed = mutate_boxes(boxes[number][8:], chance)
        boxes[number] = struct.pack(">I", len(changed) + 8) + boxes[number][4:8] + changed
    elif chance.random() < 0.6:
        number = chance.randrange(len(boxes))
        boxes[number] = set_field(boxes[number], chance.choice((0, 8)), chance)
    else:
        boxes = shuffle_parts(boxes, chance)
    return b"".join(boxes)


def mutate_pdf(body: bytes, chance: Chance) -> bytes:
    """Change a number, a reference or a name, or drop, repeat or swap objects."""
    if chance.random() < 0.3:
        objects = re.split(rb"(?<=endobj)", body)
        return b"".join(shuffle_parts(objects, chance))
    tokens = list(re.finditer(chance.choice((rb"\b\d+\b", rb"\d+ 0 R", rb"/\w+")), body))
    if not tokens:
        return body
    old, other = chance.choice(tokens), chance.choice(tokens)
    extreme = str(chance.choice((*EXTREMES, -1, 10**12))).encode()
    new = chance.choice((other[0], extreme if old[0].isdigit() else other[0], b"[" * chance.choice((1, 400))))
    return body[: old.start()] + new + body[old.end() :]


def mutate_archive(body: bytes, chance: Chance) -> bytes:
    """Change one XML member of a ZIP archive, or drop, repeat or rename members. The archive stays valid."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    place = chance.randrange(len(members))
    name, content = members[place]
    match chance.randrange(6):
        case 0:
            del members[place]
        case 1:
            members[place] = (chance.choice((name.upper(), "../" + name, name + "x", "a" * 300)), content)
        case 2:
            members[place] = (name, members[chance.randrange(len(members))][1])
        case _:
            members[place] = (name, mutate_xml(content, chance))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of members with the same name, which are wanted here
        for member, data in members:
            archive.writestr(member, data)
    return stream.getvalue()


def mutate_xml(content: bytes, chance: Chance) -> bytes:
    """Change a number, a value or the nesting of elements."""
    text = content.decode("utf-8", "surrogateescape")
    pattern = chance.choice((r'="[^"]*"', r"\d+", r">[^<>]+<", r"<(?!/|\?|!)[^<>]*[^/]>"))
    found = list(re.finditer(pattern, text))
    if not found:
        return mutate_bytes(content, chance)
    old = chance.choice(found)
    strange = chance.choice((*STRANGE_TEXTS, *map(str, EXTREMES)))
    match pattern[0]:
        case "=":
            new = f'="{strange}"'
        case "\\":
            new = strange
        case ">":
            new = f">{strange}<"
        case _:
            new = old[0] * chance.choice((0, 2, 3000))
    return (text[: old.start()] + new + text[old.end() :]).encode("utf-8", "surrogateescape")


STRUCTURES: dict[str, Callable[[bytes, Chance], bytes]] = {
    "png": mutate_png,
    "jpg": mutate_jpeg,
    "pdf": mutate_pdf,
    "html": mutate_xml,
} | (
    dict.fromkeys(("wav", "avi", "webp"), mutate_riff)
    | dict.fromkeys(("mp4", "m4a", "heic", "avif"), mutate_boxes)
    | dict.fromkeys(("docx", "pptx", "xlsx", "odt", "epub"), mutate_archive)
)
