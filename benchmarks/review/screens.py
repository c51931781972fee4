"""Screenshots: a chat, a card, a list of settings, a dialog, a map, and a code editor."""

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from benchmarks.review.fonts import Fonts

Color = tuple[int, int, int]

PHONE, DESKTOP = (720, 1440), (1280, 800)
GRAY, DARK, BLUE = (242, 243, 246), (32, 33, 36), (26, 100, 210)
TOP = 170
ROADS = (((0, 320), (720, 460)), ((140, 170), (240, 1440)), ((0, 820), (720, 760)), ((560, 170), (500, 1100)))


def draw_screen(layout: str, title: str, text: str, fonts: Fonts) -> Image.Image:
    """Return a screenshot.

    Args:
        layout: One of `LAYOUTS`.
        title: The title of the app or window.
        text: The lines; in lists and cards each has a label before a colon.
        fonts: The fonts.
    """
    return LAYOUTS[layout](title, text.split("\n"), fonts)


def _start_phone(title: str, fonts: Fonts, ground: Color = GRAY) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a phone's screen with the clock, the battery and a title bar."""
    image = Image.new("RGB", PHONE, ground)
    draw = ImageDraw.Draw(image)
    ink = DARK if sum(ground) > 3 * 128 else GRAY
    draw.text((30, 16), "9:41", fill=ink, font=fonts.find("screen-bold", 26))
    draw.rounded_rectangle((640, 20, 690, 42), 5, outline=ink, width=2)
    draw.rectangle((644, 24, 674, 38), fill=ink)
    draw.text((40, 80), title, fill=ink, font=fonts.fit("screen-bold", title, 46))
    return image, draw


def _draw_chat(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image, draw = _start_phone(title, fonts, (232, 226, 216))
    top = TOP
    for index, line in enumerate(lines):
        font = fonts.fit("screen", line, 30)
        rows = _wrap(line, font.getlength, 440)
        width = round(max(font.getlength(row) for row in rows)) + 48
        left = 30 if index % 2 == 0 else PHONE[0] - 30 - width
        height = 44 * len(rows) + 36
        color = (255, 255, 255) if index % 2 == 0 else (214, 244, 204)
        draw.rounded_rectangle((left, top, left + width, top + height), 20, fill=color)
        for number, row in enumerate(rows):
            draw.text((left + 24, top + 18 + 44 * number), row, fill=DARK, font=font)
        top += height + 24
    return image


def _draw_list(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image, draw = _start_phone(title, fonts)
    for index, line in enumerate(lines):
        label, _, value = line.partition(": ")
        top = TOP + 130 * index
        draw.rounded_rectangle((24, top, PHONE[0] - 24, top + 114), 16, fill=(255, 255, 255))
        draw.ellipse((44, top + 30, 98, top + 84), fill=BLUE)
        draw.text((124, top + 18), label, fill=DARK, font=fonts.fit("screen-bold", label, 30))
        draw.text((124, top + 62), value, fill=(96, 98, 104), font=fonts.fit("screen", value, 26))
    return image


def _draw_card(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image, draw = _start_phone(title, fonts, (28, 52, 92))
    draw.rounded_rectangle((40, TOP, PHONE[0] - 40, PHONE[1] - 120), 28, fill=(255, 255, 255))
    for index, line in enumerate(lines):
        label, _, value = line.partition(": ")
        top = TOP + 40 + 100 * index
        draw.text((80, top), label.upper(), fill=(120, 124, 130), font=fonts.find("screen", 22))
        draw.text((80, top + 30), value, fill=DARK, font=fonts.find("screen-bold", 38))
    # A block of cells in place of a two-dimensional code.
    side, start = 12, (PHONE[0] // 2 - 120, PHONE[1] - 380)
    for cell in range(400):
        if (cell * cell * 7 + cell // 20 * 3 + cell) % 11 < 5:
            left, top = start[0] + cell % 20 * side, start[1] + cell // 20 * side
            draw.rectangle((left, top, left + side - 1, top + side - 1), fill=DARK)
    return image


def _draw_dialog(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image = Image.new("RGB", DESKTOP, (88, 112, 138))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, DESKTOP[0], 34), fill=(225, 227, 230))
    draw.text((20, 6), "File   Edit   View   Window   Help", fill=DARK, font=fonts.find("screen", 18))
    draw.rounded_rectangle((330, 250, 950, 540), 16, fill=(250, 250, 250))
    draw.text((430, 280), title, fill=DARK, font=fonts.find("screen-bold", 28))
    draw.ellipse((360, 282, 410, 332), fill=(206, 48, 40))
    draw.text((385, 307), "!", fill=(255, 255, 255), font=fonts.find("screen-bold", 36), anchor="mm")
    for index, line in enumerate(lines):
        draw.text((430, 336 + 32 * index), line, fill=DARK, font=fonts.find("screen", 22))
    draw.rounded_rectangle((810, 475, 920, 515), 8, fill=BLUE)
    draw.text((865, 495), "OK", fill=(255, 255, 255), font=fonts.find("screen-bold", 20), anchor="mm")
    return image


def _draw_map(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image, draw = _start_phone(title, fonts, (234, 230, 220))
    draw.rectangle((0, TOP, PHONE[0], PHONE[1]), fill=(238, 234, 224))
    draw.ellipse((420, 380, 680, 620), fill=(196, 226, 178))
    draw.polygon([(0, 1100), (260, 1000), (720, 1180), (720, 1440), (0, 1440)], fill=(170, 208, 238))
    for start, end in ROADS:
        draw.line((start, end), fill=(214, 206, 190), width=26)
        draw.line((start, end), fill=(255, 255, 255), width=20)
    draw.line([(190, 900), (215, 800), (540, 775), (560, 430)], fill=BLUE, width=12, joint="curve")
    draw.ellipse((536, 400, 584, 448), fill=(214, 48, 40))
    spots = ((250, 270), (300, 845), (440, 500), (60, 640), (60, 1240))
    for line, spot in zip(lines, spots, strict=False):
        draw.text(spot, line, fill=(70, 66, 60), font=fonts.fit("screen", line, 28))
    return image


def _draw_code(title: str, lines: Sequence[str], fonts: Fonts) -> Image.Image:
    image = Image.new("RGB", DESKTOP, (30, 30, 34))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, DESKTOP[0], 44), fill=(52, 52, 58))
    draw.text((24, 10), title, fill=(220, 220, 220), font=fonts.find("screen", 20))
    for index, line in enumerate(lines):
        top = 70 + 40 * index
        draw.text((24, top), f"{index + 1:2}", fill=(110, 110, 120), font=fonts.find("mono", 22))
        color = (240, 130, 120) if "Error" in line or "Traceback" in line else (200, 216, 236)
        draw.text((84, top), line, fill=color, font=fonts.find("mono", 24))
    return image


def _wrap(text: str, measure: Callable[[str], float], width: int) -> list[str]:
    """Return the rows of a text that are at most a number of pixels wide; it is broken at spaces."""
    rows = [""]
    for word in text.split(" "):
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and measure(longer) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


LAYOUTS: dict[str, Callable[[str, Sequence[str], Fonts], Image.Image]] = {
    "chat": _draw_chat,
    "list": _draw_list,
    "card": _draw_card,
    "dialog": _draw_dialog,
    "map": _draw_map,
    "code": _draw_code,
}
