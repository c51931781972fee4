"""Texts drawn on signs, paper and screens, and what a camera or a scanner makes of them."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.review.fonts import Fonts

BOARDS = {
    "yellow": ((246, 196, 32), (20, 20, 20)),
    "white": ((240, 240, 236), (30, 30, 30)),
    "red": ((150, 28, 28), (250, 240, 220)),
    "brown": ((92, 58, 34), (245, 225, 180)),
    "blue": ((24, 44, 104), (250, 210, 80)),
    "green": ((10, 96, 62), (250, 250, 250)),
    "orange": ((236, 120, 26), (20, 20, 20)),
}
PAPER, INK = (250, 249, 245), (38, 38, 42)
FAINT_INK = (205, 203, 198)
# Where the corners of a photographed sheet or sign come to lie, as shares of its width and height.
CORNERS = ((0.05, 0.02), (0.0, 0.98), (0.98, 0.94), (0.93, 0.0))


def draw_sign(photo: Image.Image, text: str, board: str, fonts: Fonts) -> Image.Image:
    """Return a photo with a sign on it, seen a little from the side, covering about half of the width."""
    ground, ink = BOARDS[board]
    lines = text.split("\n")
    size = 64
    chosen = [fonts.fit("sign", line, size if index == 0 else size * 2 // 3) for index, line in enumerate(lines)]
    width = round(max(font.getlength(line) for font, line in zip(chosen, lines, strict=True))) + 80
    height = sum(font.size * 3 // 2 for font in chosen) + 60
    sign = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((8, 8, width - 9, height - 9), 18, outline=ink, width=5)
    top = 30
    for font, line in zip(chosen, lines, strict=True):
        draw.text((width / 2, top), line, fill=ink, font=font, anchor="ma")
        top += font.size * 3 // 2
    scale = photo.width * 0.55 / width
    sign = sign.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    result = photo.copy()
    tilted, mask = tilt(sign)
    result.paste(tilted, (photo.width * 2 // 5, photo.height // 40), mask)
    return add_noise(result.filter(ImageFilter.GaussianBlur(0.6)), 4)


def draw_paper(text: str, style: str, fonts: Fonts, *, is_receipt: bool) -> Image.Image:
    """Return a receipt or a sheet of paper as it is scanned or photographed.

    Args:
        text: The lines.
        style: `clean`, `rotated` (by a few degrees), `upside-down`, `sideways`, `blurred`, `faint` or `photographed`.
        fonts: The fonts.
        is_receipt: Whether it is printed by a till, in letters of one width.
    """
    sheet = _print(text, fonts, "mono" if is_receipt else "paper", FAINT_INK if style == "faint" else INK)
    if style == "photographed":
        table = add_noise(Image.new("RGB", (sheet.width + 240, sheet.height + 260), (104, 74, 50)), 14)
        tilted, mask = tilt(sheet)
        table.paste(tilted, (110, 120), mask)
        return add_noise(_shade(table).filter(ImageFilter.GaussianBlur(1.0)), 6)
    turns = {"rotated": 5, "upside-down": 180, "sideways": 90}
    if style in turns:
        sheet = sheet.rotate(turns[style], expand=True, fillcolor=(228, 228, 226), resample=Image.Resampling.BICUBIC)
    if style == "blurred":
        sheet = sheet.filter(ImageFilter.GaussianBlur(2.2))
    return add_noise(sheet, 3)


def tilt(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return an image as it is seen from the side, and the mask of what it covers."""
    width, height = image.size
    corners = [(x * width, y * height) for x, y in CORNERS]
    origin = [(0, 0), (0, height), (width, height), (width, 0)]
    rows, values = [], []
    # `Image.transform` needs the coefficients that lead from the result back to the original.
    for (x, y), (u, v) in zip(corners, origin, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    options = (image.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    return image.transform(*options), Image.new("L", image.size, 255).transform(*options)


def add_noise(image: Image.Image, level: float) -> Image.Image:
    """Return an image with the noise of a sensor, of a standard deviation in steps of 0 to 255."""
    noise = np.random.default_rng(image.width * image.height).normal(0, level, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image, np.float32) + noise, 0, 255).astype(np.uint8))


def make_photo_of_text(image: Image.Image, seed: int) -> Image.Image:
    """Return another photo of the same: turned a little, darker, and reduced."""
    turned = image.rotate(random.Random(seed).uniform(-3, 3), fillcolor=(90, 90, 90), resample=Image.Resampling.BICUBIC)
    return add_noise(_shade(turned).resize((image.width * 2 // 3, image.height * 2 // 3)), 5)


def _print(text: str, fonts: Fonts, name: str, ink: tuple[int, int, int]) -> Image.Image:
    """Print lines on a sheet; the first is a heading."""
    lines = text.split("\n")
    size, margin, gap = 30, 70, 44
    chosen = [
        fonts.fit(f"{name}-bold" if index == 0 else name, line, 40 if index == 0 else size)
        for index, line in enumerate(lines)
    ]
    width = round(max(font.getlength(line) for font, line in zip(chosen, lines, strict=True)))
    sheet = Image.new("RGB", (width + 2 * margin, gap * len(lines) + 2 * margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (font, line) in enumerate(zip(chosen, lines, strict=True)):
        draw.text((margin, margin + gap * index), line, fill=ink, font=font)
    return sheet


def _shade(image: Image.Image) -> Image.Image:
    """Return an image that the light of a lamp falls on from one side."""
    light = np.linspace(1.0, 0.62, image.width, dtype=np.float32)[None, :, None]
    return Image.fromarray((np.asarray(image, np.float32) * light).astype(np.uint8))
