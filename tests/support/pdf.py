"""PDFs from their objects, so that tests decide where every word is."""

import hashlib
import struct
import zlib

FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
# Letters of a font that is mapped to other characters start here.
FIRST_CODE = 0x41


PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def encrypt(key, body):
    """Encrypt by RC4."""
    state, second = list(range(256)), 0
    for first in range(256):
        second = (second + state[first] + key[first % len(key)]) % 256
        state[first], state[second] = state[second], state[first]
    result, second = bytearray(), 0
    for number, byte in enumerate(body, 1):
        first = number % 256
        second = (second + state[first]) % 256
        state[first], state[second] = state[second], state[first]
        result.append(byte ^ state[(state[first] + state[second]) % 256])
    return bytes(result)


def make_protected(text, password):
    """Return a PDF of one page that needs a password, by the oldest kind of encryption."""
    padded = (password.encode() + PADDING)[:32]
    owner = encrypt(hashlib.md5((b"owner" + PADDING)[:32]).digest()[:5], padded)
    key = hashlib.md5(padded + owner + struct.pack("<i", -4) + b"0123456789abcdef").digest()[:5]
    content = encrypt(hashlib.md5(key + bytes([8, 0, 0, 0, 0])).digest()[:10], show(text, 72, 700).encode())
    trailer = (
        f"/Encrypt<</Filter/Standard/V 1/R 2/O<{owner.hex()}>/U<{encrypt(key, PADDING).hex()}>/P -4>>"
        f"/ID[<{b'0123456789abcdef'.hex()}><{b'0123456789abcdef'.hex()}>]"
    )
    return make_pages([content], trailer=trailer)


def join_objects(objects, trailer=""):
    """Return a PDF of numbered objects, text or bytes; the first is the catalog."""
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj %s endobj\n" % (number, one if isinstance(one, bytes) else one.encode("latin-1"))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(body)}\n%%EOF"
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end.encode()


def make_stream(content, entries=""):
    content = content if isinstance(content, bytes) else content.encode("latin-1")
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries.encode(), len(content), content)


def make_mapped_font(characters):
    """Return a font and its map, as two objects, that shows characters by the codes from `FIRST_CODE`."""
    rows = "".join(
        f"<{FIRST_CODE + number:02x}> <{character.encode('utf-16-be').hex()}>\n"
        for number, character in enumerate(characters)
    )
    cmap = (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/X def/CMapType 2 def "
        f"1 begincodespacerange <00> <ff> endcodespacerange {len(characters)} beginbfchar\n{rows}endbfchar "
        "endcmap end end"
    )
    return "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>", make_stream(cmap)


def show(text, x, y, size=12, mode=0):
    """Return the operators that show a text at a place."""
    text = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT {mode} Tr /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n"


def make_pages(contents, page="", more=(), catalog="", resources="", font=FONT, trailer=""):
    """Return a PDF of pages from their content streams.

    Objects: 1 catalog, 2 pages, 3 font, 4 and 5 free for a picture, 6 a map; then `more`; then the pages.

    Args:
        contents: The content streams.
        page: Entries of every page.
        more: Further objects, from number 7.
        catalog: Entries of the catalog.
        resources: Entries of the resources of every page.
        font: The font, or the font and its map.
        trailer: Entries of the trailer.
    """
    pixels = bytes(value for row in range(80) for column in range(60) for value in (200, row * 3, column * 4))
    picture = make_stream(
        zlib.compress(pixels),
        "/Type/XObject/Subtype/Image/Width 60/Height 80/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode",
    )
    font, cmap = font if isinstance(font, tuple) else (font, "null")
    first = 7 + len(more)
    kids = " ".join(f"{first + 2 * number} 0 R" for number, _ in enumerate(contents))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(contents)}>>",
        font,
        picture,
        "null",
        cmap,
        *more,
    ]
    for number, content in enumerate(contents):
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {first + 2 * number + 1} 0 R"
            f"/Resources<</Font<</F1 3 0 R>>/XObject<</P 4 0 R>>{resources}>>{page}>>",
            make_stream(content),
        ]
    return join_objects(objects, trailer)
