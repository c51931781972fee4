"""Render pictures of known kinds, such as receipts and maps, to measure the tags of picture kinds.

    python training/picture_kinds.py FOLDER

The kind of a picture is the name of its folder. Half of them are turned, blurred or unevenly lit like photographs.
"""

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PER_KIND = 30
TEXT = (
    "the invoice total garden meeting train window orange project weather letter number station river winter coffee "
    "market paper update account history network village summer report ticket travel kitchen animal service"
)
WORDS = TEXT.split()
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf")
Chance = random.Random


def _font(chance: Chance, size: int, name: str | None = None) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name or chance.choice(FONTS), size)


def _words(chance: Chance, count: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(count))


def _color(chance: Chance, low: int = 0, high: int = 255) -> tuple[int, int, int]:
    return chance.randint(low, high), chance.randint(low, high), chance.randint(low, high)


def _page(chance: Chance, width: int = 620, height: int = 877) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    shade = chance.randint(235, 255)
    image = Image.new("RGB", (width, height), (shade, shade, chance.randint(shade - 12, shade)))
    return image, ImageDraw.Draw(image)


def _lines(chance: Chance, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], size: int) -> None:
    """Fill a box with lines of text."""
    font, (left, top, right, bottom) = _font(chance, size), box
    for y in range(top, bottom - size, int(size * 1.5)):
        text = _words(chance, 30)
        while font.getlength(text) > right - left:
            text = text.rpartition(" ")[0]
        if chance.random() > 0.1:
            draw.text((left, y), text, (20, 20, 20), font)


def draw_document(chance: Chance) -> Image.Image:
    """Return a page of text with a heading."""
    image, draw = _page(chance)
    size = chance.randint(11, 17)
    draw.text((60, 50), _words(chance, 3).title(), (0, 0, 0), _font(chance, size + 10))
    _lines(chance, draw, (60, 110, 560, chance.randint(500, 830)), size)
    return image


def draw_receipt(chance: Chance) -> Image.Image:
    """Return a narrow receipt with prices."""
    width, rows = chance.randint(260, 340), chance.randint(8, 22)
    image, draw = _page(chance, width, 200 + rows * 22)
    font = _font(chance, 14, "DejaVuSansMono.ttf")
    draw.text((width // 4, 20), _words(chance, 2).upper(), (0, 0, 0), _font(chance, 20))
    for row in range(rows):
        draw.text((18, 80 + row * 22), chance.choice(WORDS)[:9].title(), (30, 30, 30), font)
        draw.text((width - 80, 80 + row * 22), f"{chance.uniform(1, 90):6.2f}", (30, 30, 30), font)
    end = 90 + rows * 22
    draw.line((18, end, width - 18, end), (0, 0, 0))
    draw.text((18, end + 8), f"TOTAL  {chance.uniform(20, 300):.2f}", (0, 0, 0), _font(chance, 18))
    for x in range(30, width - 30, 4):
        draw.line((x, end + 45, x, end + 85), (0, 0, 0), chance.randint(1, 3))
    return image


def draw_screenshot(chance: Chance) -> Image.Image:
    """Return a desktop with windows, or a web page."""
    image = Image.new("RGB", (960, 600), _color(chance, 30, 160))
    draw = ImageDraw.Draw(image)
    for _ in range(chance.randint(1, 3)):
        x, y = chance.randint(0, 250), chance.randint(0, 120)
        right, bottom = x + chance.randint(450, 700), y + chance.randint(300, 460)
        dark = chance.random() < 0.3
        draw.rectangle((x, y, right, bottom), (40, 40, 44) if dark else (250, 250, 250), (120, 120, 120))
        draw.rectangle((x, y, right, y + 28), (70, 70, 80) if dark else (222, 225, 230))
        for at, color in enumerate(((230, 90, 80), (230, 190, 70), (90, 190, 90))):
            draw.ellipse((x + 10 + at * 20, y + 8, x + 22 + at * 20, y + 20), color)
        draw.rectangle((x, y + 28, x + 120, bottom), (55, 55, 60) if dark else (238, 240, 243))
        for row in range(8):
            ink = (210, 210, 210) if dark else (60, 60, 60)
            draw.text((x + 10, y + 40 + row * 26), chance.choice(WORDS), ink, _font(chance, 12, FONTS[0]))
            draw.text((x + 140, y + 44 + row * 30), _words(chance, 6), ink, _font(chance, 13, FONTS[0]))
        draw.rectangle((right - 110, bottom - 42, right - 20, bottom - 16), _color(chance, 40, 220))
    draw.rectangle((0, 570, 960, 600), (30, 32, 38))
    return image


def draw_phone_screenshot(chance: Chance) -> Image.Image:
    """Return a chat or a list of settings on a phone."""
    image = Image.new("RGB", (400, 860), chance.choice(((246, 246, 248), (18, 20, 24), (235, 229, 221))))
    draw, font = ImageDraw.Draw(image), _font(chance, 16, FONTS[0])
    draw.rectangle((0, 0, 400, 84), _color(chance, 20, 130))
    draw.text((16, 10), "12:47", (255, 255, 255), _font(chance, 14, FONTS[0]))
    draw.text((60, 46), _words(chance, 2).title(), (255, 255, 255), _font(chance, 20, FONTS[3]))
    y, own = 110, _color(chance, 120, 230)
    while y < 760:
        height, is_own = chance.randint(40, 96), chance.random() < 0.5
        left = 120 if is_own else 14
        draw.rounded_rectangle((left, y, left + 262, y + height), 14, own if is_own else (255, 255, 255))
        for row in range(height // 26):
            draw.text((left + 12, y + 8 + row * 24), _words(chance, 4)[:26], (20, 20, 20), font)
        y += height + 14
    draw.rounded_rectangle((14, 800, 386, 846), 20, (255, 255, 255))
    return image


def draw_map(chance: Chance) -> Image.Image:
    """Return a street map with water and parks."""
    image = Image.new("RGB", (640, 520), (242, 239, 233))
    draw = ImageDraw.Draw(image)
    for color in ((170, 211, 223), (200, 230, 180), (215, 228, 200)):
        points = [(chance.randint(-40, 680), chance.randint(-40, 560)) for _ in range(6)]
        draw.polygon(points, color)
    for width, color, count in ((5, (255, 255, 255), 22), (9, (252, 214, 164), 6), (11, (232, 146, 162), 2)):
        for _ in range(count):
            ends = [(chance.randint(-20, 660), chance.randint(-20, 540)) for _ in range(3)]
            draw.line(ends, (190, 185, 180), width + 2, "curve")
            draw.line(ends, color, width, "curve")
    for _ in range(14):
        draw.text((chance.randint(10, 560), chance.randint(10, 500)), _words(chance, 2).title(), (80, 80, 80),
                  _font(chance, chance.randint(10, 15), FONTS[0]))  # fmt: skip
    return image


def draw_diagram(chance: Chance) -> Image.Image:
    """Return boxes with labels, connected by arrows."""
    image, draw = _page(chance, 700, 500)
    centers = [(100 + 165 * column, 80 + 115 * row) for column in range(4) for row in range(4) if chance.random() < 0.6]
    for one, other in pairwise(centers):
        draw.line((*one, *other), (60, 60, 60), 2)
        draw.polygon(
            ((other[0], other[1] - 24), (other[0] - 6, other[1] - 36), (other[0] + 6, other[1] - 36)), (60, 60, 60)
        )
    fill = _color(chance, 190, 255)
    for x, y in centers:
        shape = draw.ellipse if chance.random() < 0.2 else draw.rectangle
        shape((x - 62, y - 24, x + 62, y + 24), fill, (50, 50, 50), 2)
        draw.text((x - 48, y - 8), chance.choice(WORDS).title(), (20, 20, 20), _font(chance, 14, FONTS[0]))
    return image


def draw_chart(chance: Chance) -> Image.Image:
    """Return bars or curves with axes."""
    image, draw = _page(chance, 700, 480)
    draw.text((240, 16), _words(chance, 3).title(), (0, 0, 0), _font(chance, 18, FONTS[0]))
    draw.line((70, 60, 70, 420, 660, 420), (40, 40, 40), 2)
    for level in range(6):
        draw.text((24, 412 - level * 66), str(level * 20), (60, 60, 60), _font(chance, 12, FONTS[0]))
        draw.line((70, 420 - level * 66, 660, 420 - level * 66), (220, 220, 220))
    if chance.random() < 0.5:
        for at in range(8):
            draw.rectangle((90 + at * 70, chance.randint(90, 400), 135 + at * 70, 420), _color(chance, 40, 220))
        return image
    for _ in range(chance.randint(1, 4)):
        y, points = chance.randint(150, 350), []
        for x in range(70, 660, 30):
            y = min(max(y + chance.randint(-40, 40), 70), 415)
            points.append((x, y))
        draw.line(points, _color(chance, 20, 200), 3)
    return image


def draw_table(chance: Chance) -> Image.Image:
    """Return a spreadsheet."""
    image, draw = _page(chance, 760, 520)
    font, columns = _font(chance, 13, FONTS[0]), chance.randint(4, 8)
    step = 740 // columns
    for row in range(21):
        draw.line((10, 12 + row * 24, 750, 12 + row * 24), (200, 200, 200))
        for column in range(columns):
            text = chance.choice(WORDS) if row == 0 or column == 0 else f"{chance.uniform(0, 9999):.1f}"
            draw.text((14 + column * step, 15 + row * 24), text, (20, 20, 20), font)
    for column in range(columns + 1):
        draw.line((10 + column * step, 12, 10 + column * step, 500), (200, 200, 200))
    return image


def draw_drawing(chance: Chance) -> Image.Image:
    """Return a child-like line drawing of houses, trees, people and a sun."""
    image, draw = _page(chance, 640, 480)
    ink, width = _color(chance, 0, 110), chance.randint(2, 5)
    for _ in range(chance.randint(2, 4)):
        x, y, size = chance.randint(30, 480), chance.randint(180, 300), chance.randint(60, 120)
        what = chance.randrange(3)
        if what == 0:
            draw.rectangle((x, y, x + size, y + size), None, ink, width)
            draw.line((x - 8, y, x + size // 2, y - size // 2, x + size + 8, y), ink, width, "curve")
            draw.rectangle((x + size // 3, y + size // 2, x + size // 2, y + size), None, ink, width)
        elif what == 1:
            draw.line((x, y + size, x, y), ink, width)
            draw.ellipse((x - size // 3, y - size // 2, x + size // 3, y + size // 4), None, ink, width)
        else:
            draw.ellipse((x - 16, y - 16, x + 16, y + 16), None, ink, width)
            draw.line((x, y + 16, x, y + 70), ink, width)
            for dx in (-22, 22):
                draw.line((x, y + 30, x + dx, y + 52), ink, width)
                draw.line((x, y + 70, x + dx, y + 108), ink, width)
    draw.arc((500, 20, 600, 120), 0, 360, ink, width)
    draw.line([(at, 420 + chance.randint(-6, 6)) for at in range(0, 650, 40)], ink, width, "curve")
    return image


def draw_sheet_music(chance: Chance) -> Image.Image:
    """Return staves with notes."""
    image, draw = _page(chance)
    draw.text((220, 30), _words(chance, 2).title(), (0, 0, 0), _font(chance, 24, FONTS[1]))
    for staff in range(8):
        top = 110 + staff * 92
        for line in range(5):
            draw.line((50, top + line * 9, 570, top + line * 9), (0, 0, 0))
        for x in range(90, 560, chance.randint(22, 40)):
            y = top + chance.randint(-4, 36)
            draw.ellipse((x, y, x + 11, y + 8), (0, 0, 0))
            draw.line((x + 10, y + 4, x + 10, y - 28), (0, 0, 0), 2)
    return image


def draw_code(chance: Chance) -> Image.Image:
    """Return program code in an editor."""
    image = Image.new("RGB", (900, 560), chance.choice(((30, 30, 36), (40, 44, 52), (253, 253, 253))))
    draw, font = ImageDraw.Draw(image), _font(chance, 15, FONTS[2])
    is_light = image.getpixel((0, 0)) > (200, 0, 0)
    for row in range(26):
        x = 60 + 28 * chance.choice((0, 1, 1, 2, 3))
        draw.text((14, 12 + row * 21), str(row + 1), (130, 130, 130), font)
        for piece in (chance.choice(("def", "return", "if", "for", "import", "let")), chance.choice(WORDS),
                      chance.choice(("= None", "(self):", "+= 1", "in range(10):", "{ }"))):  # fmt: skip
            draw.text((x, 12 + row * 21), piece, _color(chance, 0, 140) if is_light else _color(chance, 120, 250), font)
            x += int(font.getlength(piece)) + 9
    return image


def draw_slide(chance: Chance) -> Image.Image:
    """Return a slide with a heading and bullet points."""
    image = Image.new("RGB", (960, 540), chance.choice(((255, 255, 255), (24, 40, 72), (240, 236, 228))))
    draw, is_dark = ImageDraw.Draw(image), image.getpixel((0, 0)) == (24, 40, 72)
    ink = (245, 245, 245) if is_dark else (30, 30, 30)
    draw.rectangle((0, 0, 960, 14), _color(chance, 30, 220))
    draw.text((60, 50), _words(chance, 4).title(), ink, _font(chance, 44, FONTS[0]))
    for row in range(chance.randint(3, 5)):
        draw.text((80, 160 + row * 68), "•  " + _words(chance, 5), ink, _font(chance, 26, FONTS[0]))
    return image


def draw_barcode(chance: Chance) -> Image.Image:
    """Return a matrix code or a barcode."""
    image, draw = _page(chance, 420, 420)
    if chance.random() < 0.5:
        for x in range(10, 38):
            for y in range(10, 38):
                if chance.random() < 0.5:
                    draw.rectangle((x * 9 - 4, y * 9 - 4, x * 9 + 4, y * 9 + 4), (0, 0, 0))
        for x, y in ((86, 86), (280, 86), (86, 280)):
            draw.rectangle((x, y, x + 56, y + 56), (255, 255, 255), (0, 0, 0), 9)
            draw.rectangle((x + 20, y + 20, x + 38, y + 38), (0, 0, 0))
        return image
    x = 50
    while x < 370:
        width = chance.randint(2, 7)
        draw.rectangle((x, 120, x + width, 290), (0, 0, 0))
        x += width + chance.randint(3, 8)
    draw.text((90, 300), str(chance.randrange(10**12)), (0, 0, 0), _font(chance, 26, FONTS[2]))
    return image


KINDS: dict[str, Callable[[Chance], Image.Image]] = {
    "document": draw_document,
    "receipt": draw_receipt,
    "screenshot": draw_screenshot,
    "phone screenshot": draw_phone_screenshot,
    "map": draw_map,
    "diagram": draw_diagram,
    "chart": draw_chart,
    "table of numbers": draw_table,
    "drawing": draw_drawing,
    "sheet music": draw_sheet_music,
    "code": draw_code,
    "slide (presentation)": draw_slide,
    "barcode": draw_barcode,
}
# Kinds that are also photographed; the others are saved by a program.
ON_PAPER = {"document", "receipt", "map", "diagram", "chart", "table of numbers", "drawing", "sheet music", "barcode"}


def photograph(image: Image.Image, chance: Chance) -> Image.Image:
    """Return a picture as if it was photographed on a table."""
    table = Image.new("RGB", (image.width + 220, image.height + 220), _color(chance, 40, 170))
    mask = Image.new("L", image.size, 255).rotate(angle := chance.uniform(-12, 12), expand=True)
    table.paste(image.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC), (60, 60), mask)
    shade = Image.linear_gradient("L").resize(table.size).rotate(chance.choice((0, 90, 180, 270)))
    shade = shade.resize(table.size).point([150 + level * 105 // 255 for level in range(256)])
    dark = Image.composite(table, Image.new("RGB", table.size), shade)
    return dark.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.6)))


def render_kinds(folder: Path) -> None:
    """Write `PER_KIND` pictures of each kind."""
    for kind, draw in KINDS.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(PER_KIND):
            chance = random.Random(f"{kind} {number}")
            image = draw(chance)
            if kind in ON_PAPER and number % 2:
                image = photograph(image, chance)
            image.save(folder / kind / f"{number:02d}.jpg", quality=chance.randint(70, 95))


if __name__ == "__main__":
    render_kinds(Path(sys.argv[1]))
