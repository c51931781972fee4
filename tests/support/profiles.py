"""Small ICC profiles, made by hand."""

import struct

# The white point of profiles.
WHITE = (0.9642, 1, 0.8249)
# The primaries of Display P3, adapted to the white point of profiles.
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))


def make_profile(name, primaries, gamma):
    """Return a profile of RGB with the primaries (XYZ of red, green and blue) and one gamma."""
    parts = [(b"desc", make_text(name)), (b"wtpt", make_xyz(WHITE))]
    parts += [(tag, make_xyz(color)) for tag, color in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)]
    parts += [(tag, make_curve(gamma)) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    return make_file(b"RGB ", parts)


def make_gray_profile(name, gamma):
    """Return a profile of gray with a gamma."""
    return make_file(b"GRAY", [(b"desc", make_text(name)), (b"wtpt", make_xyz(WHITE)), (b"kTRC", make_curve(gamma))])


def make_text(text):
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + b"\0" * 79


def make_curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def make_xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def make_file(space, parts):
    table, body = struct.pack(">I", len(parts)), b""
    start = 128 + 4 + 12 * len(parts)
    for tag, content in parts:
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"lcms", 0x02100000, b"mntr", space, b"XYZ ", b"", b"acsp")
    # The header has the numbers of the white point without the type before them.
    return (header.ljust(68, b"\0") + make_xyz(WHITE)[8:]).ljust(128, b"\0") + table + body
