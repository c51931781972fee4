"""HEIC files that consist of tiles, as phones write them."""

import struct

from tests.support.formats import encode


def make_box(kind, body):
    return struct.pack(">I4s", len(body) + 8, kind) + body


def make_full_box(kind, body, version=0, flags=0):
    return make_box(kind, struct.pack(">I", version << 24 | flags) + body)


def split_tile(body):
    """Return the configuration of the decoder, and the coded image, of a HEIC file with one image."""
    place = body.index(b"hvcC")
    (length,) = struct.unpack(">I", body[place - 4 : place])
    start = body.index(b"mdat") + 4
    return body[place + 4 : place - 4 + length], body[start:]


def encode_tiles(image, side=256, turn=0):
    """Return an image as a HEIC file of square tiles, row by row, that is shown turned by quarters to the left."""
    columns, rows = image.width // side, image.height // side
    boxes = [(x * side, y * side, (x + 1) * side, (y + 1) * side) for y in range(rows) for x in range(columns)]
    tiles = [split_tile(encode(image.crop(box), "HEIF", quality=80)) for box in boxes]
    count, whole = len(tiles), len(tiles) + 1
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *image.size)
    entries = [make_full_box(b"infe", struct.pack(">HH4s", at, 0, b"hvc1") + b"\0", 2, 1) for at in range(1, whole)]
    entries.append(make_full_box(b"infe", struct.pack(">HH4s", whole, 0, b"grid") + b"\0", 2))
    references = struct.pack(f">HH{count}H", whole, count, *range(1, whole))
    sizes = [make_full_box(b"ispe", struct.pack(">II", *size)) for size in ((side, side), image.size)]
    properties = make_box(b"hvcC", tiles[0][0]) + b"".join(sizes) + make_box(b"irot", bytes([turn]))
    uses = b"".join(struct.pack(">HBBB", at, 2, 0x81, 2) for at in range(1, whole))
    uses += struct.pack(">HBBB", whole, 2, 3, 0x84)
    parts = [
        make_full_box(b"hdlr", struct.pack(">I4s", 0, b"pict") + bytes(13)),
        make_full_box(b"pitm", struct.pack(">H", whole)),
        make_full_box(b"iinf", struct.pack(">H", whole) + b"".join(entries)),
        make_full_box(b"iref", make_box(b"dimg", references)),
        make_box(
            b"iprp",
            make_box(b"ipco", properties) + make_full_box(b"ipma", struct.pack(">I", whole) + uses),
        ),
        make_box(b"idat", grid),
    ]
    start = make_box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def make_meta(offset):
        places = []
        for number, (_, body) in enumerate(tiles, 1):
            places.append(struct.pack(">HHHHII", number, 0, 0, 1, offset, len(body)))
            offset += len(body)
        places.append(struct.pack(">HHHHII", whole, 1, 0, 1, 0, len(grid)))
        locations = struct.pack(">BBH", 0x44, 0, whole) + b"".join(places)
        return make_full_box(b"meta", b"".join(parts) + make_full_box(b"iloc", locations, 1))

    meta = make_meta(len(start) + len(make_meta(0)) + 8)
    return start + meta + make_box(b"mdat", b"".join(body for _, body in tiles))
