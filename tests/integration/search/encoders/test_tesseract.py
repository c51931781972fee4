"""Tesseract with Russian, Korean and Arabic; skipped where the program, a language or a font is not installed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

pytest.importorskip("rapidocr")

from search.encoders.ocr.blocks import group_lines, join_text
from search.encoders.ocr.reader import choose_text_reader
from search.encoders.ocr.tesseract import find_tesseract
from search.encoders.runtime import Machine

FONTS = Path("/usr/share/fonts")
SIGNS = {
    "rus": (FONTS / "truetype/dejavu/DejaVuSans.ttf", ["Курить в здании", "строго запрещено"]),
    "kor": (FONTS / "opentype/noto/NotoSansCJK-Regular.ttc", ["도서관은 월요일에", "화장실은 안쪽에"]),
    "ara": (FONTS / "truetype/noto/NotoNaskhArabic-Regular.ttf", ["التدخين ممنوع", "داخل المبنى"]),
}


@pytest.fixture(scope="module")
def reader():
    return choose_text_reader(Machine())


def draw_sign(language, turn):
    font, lines = SIGNS[language]
    tesseract = find_tesseract()
    if tesseract is None or language not in tesseract.languages:
        pytest.skip(f"Tesseract with {language} is not installed")
    if not font.exists() or (language == "ara" and not features.check("fribidi")):
        pytest.skip(f"the font {font.name} or the library fribidi is not installed")
    image = Image.new("RGB", (640, 320), (245, 245, 240))
    edge, anchor = (600, "ra") if language == "ara" else (40, "la")
    for row, line in enumerate(lines):
        face = ImageFont.truetype(font, 40)
        ImageDraw.Draw(image).text((edge, 90 + row * 68), line, (20, 20, 25), face, anchor=anchor)
    return np.asarray(image.rotate(turn, expand=True, fillcolor="white")), " ".join(lines)


@pytest.mark.parametrize("turn", [0, 5, 90, 180])
@pytest.mark.parametrize("language", SIGNS)
def test_a_sign_in_another_script_is_read_however_it_is_turned(reader, language, turn):
    image, text = draw_sign(language, turn)
    assert [join_text(block) for block in group_lines(reader.read(image))] == [text]
