"""Motion Photos, as phones write them."""

import struct

from tests.support.formats import RED, encode, write_film
from tests.support.tiles import make_box

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"{}</rdf:Description></rdf:RDF></x:xmpmeta>'
)
GAIN_MAP = b"\xff\xd8 gain map \xff\xd9"


def make_film(folder):
    """Return four seconds of film."""
    write_film(folder / "film-inside.mp4")
    body = (folder / "film-inside.mp4").read_bytes()
    (folder / "film-inside.mp4").unlink()
    return body


def make_micro_video(film, offset=None):
    """Return a JPEG of a Pixel from before 2020, which states where the film begins."""
    xmp = PACKET.format(f' GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{offset or len(film)}">')
    return encode(RED, "JPEG", xmp=xmp.encode()) + film


def make_motion_photo(film, as_elements=False):
    """Return a JPEG of a Pixel that lists its parts: the photo, a gain map and the film."""
    parts = [("Primary", 0, 12), ("GainMap", len(GAIN_MAP), 0), ("MotionPhoto", len(film), 0)]
    form = '<Container:Item Item:Semantic="{}" Item:Length="{}" Item:Padding="{}"/>'
    if as_elements:
        form = (
            '<Container:Item rdf:parseType="Resource"><Item:Semantic>{}</Item:Semantic>'
            "<Item:Length>{}</Item:Length><Item:Padding>{}</Item:Padding></Container:Item>"
        )
    items = "".join(f'<rdf:li rdf:parseType="Resource">{form.format(*part)}</rdf:li>' for part in parts)
    xmp = PACKET.format(
        f' GCamera:MotionPhoto="1"><Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>'
    )
    return encode(RED, "JPEG", xmp=xmp.encode()) + bytes(12) + GAIN_MAP + film


def append_samsung(photo, film):
    """Return a photo to which a film is appended as Samsung does, next to another part."""
    parts = []
    for name, body in ((b"Image_UTC_Data", b"1700000000000"), (b"MotionPhoto_Data", film)):
        parts.append(struct.pack("<HHI", 0, 0x0A30, len(name)) + name + body)
    whole, entries = b"".join(parts), b""
    start = 0
    for part in parts:
        entries += struct.pack("<HHII", 0, 0x0A30, len(whole) - start, len(part))
        start += len(part)
    listed = b"SEFH" + struct.pack("<II", 107, len(parts)) + entries
    return photo + whole + listed + struct.pack("<I", len(listed)) + b"SEFT"


def make_heic(film):
    """Return a HEIC file with a film in a box."""
    return encode(RED, "HEIF") + make_box(b"mpvd", film)
