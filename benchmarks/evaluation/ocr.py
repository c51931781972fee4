"""How well text in images is read: pages with known text, drawn clean, turned, blurred, photographed and small.

    python -m benchmarks.evaluation.ocr FONT [--arabic FONT] [--older FOLDER] [--pages 2] [--scripts Russian Korean]

FONT is a font with Latin, Chinese, Japanese, Korean and Cyrillic characters, such as NotoSansCJK-Regular.ttc, and that
of `--arabic` one such as NotoNaskhArabic-Regular.ttf. Russian, Korean and Arabic need Tesseract. FOLDER is where
`pip install --target FOLDER rapidocr-onnxruntime==1.4.4` has put the models before (PP-OCRv4), to compare.
"""

import argparse
import os
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidfuzz.distance import Levenshtein

from search.encoders.ocr.blocks import RIGHT_TO_LEFT, group_lines
from search.encoders.ocr.engine import ReadLine
from search.encoders.ocr.reader import choose_text_reader
from search.encoders.runtime import Machine
from search.records import Pixels

TEXTS = {
    "Latin": (
        "The harbor office is open from 9:00 to 17:30.",
        "Please keep this receipt for your records.",
        "Total amount due: 1,284.50 EUR including 19% VAT",
        "Der Zug nach Köln fährt heute von Gleis 7 ab.",
        "Défense de fumer dans tout le bâtiment.",
        "Flight LH 438 to Dallas, gate B42, seat 17C",
        "Quiet hours begin at ten in the evening.",
        "El museo permanece cerrado los lunes.",
    ),
    "Chinese": (
        "营业时间上午九点至下午五点半",
        "请保留此收据以备查询",
        "开往上海的列车从七号站台发车",
        "室内禁止吸烟违者罚款二百元",
        "图书馆星期一闭馆请勿大声喧哗",
        "合计金额一千二百八十四元",
    ),
    "Japanese": (
        "営業時間は午前九時から午後五時半まで",
        "この領収書は大切に保管してください",
        "東京行きの列車は七番線から発車します",
        "館内での喫煙はご遠慮ください",
        "図書館は月曜日が休館日です",
        "お手洗いは二階の奥にあります",
    ),
    "Russian": (
        "Контора порта открыта с девяти до пяти часов",
        "Сохраните этот чек для вашего архива",
        "Итого к оплате: 1284,50 рубля с налогом",
        "Поезд на Казань отправляется с седьмого пути",
        "Курить в здании строго запрещено",
        "Музей закрыт по понедельникам",
    ),
    "Korean": (
        "영업시간은 오전 아홉 시부터 오후 다섯 시까지입니다",
        "이 영수증을 잘 보관해 주십시오",
        "부산행 열차는 칠 번 승강장에서 출발합니다",
        "건물 안에서는 담배를 피울 수 없습니다",
        "도서관은 월요일에 쉽니다",
        "화장실은 이 층 안쪽에 있습니다",
    ),
    "Arabic": (
        "المكتب مفتوح من التاسعة صباحا حتى الخامسة مساء",
        "يرجى الاحتفاظ بهذا الإيصال",
        "يغادر القطار إلى القاهرة من الرصيف السابع",
        "التدخين ممنوع داخل المبنى",
        "المكتبة مغلقة يوم الاثنين",
        "المبلغ الإجمالي مائة وعشرون دينارا",
    ),
}
# Right-to-left lines begin this far from the left edge of the page.
RIGHT_EDGE = 1_010
Draw = Callable[[Image.Image], Image.Image]


def photograph(page: Image.Image) -> Image.Image:
    """Return a page as a phone sees it: at an angle, in uneven light, with noise and compressed."""
    width, height = page.size
    corners = (-0.04 * width, 0.02 * height, 0.03 * width, 1.03 * height, 0.96 * width, 0.98 * height, 1.05 * width, 0)
    seen = page.transform(page.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=(90, 80, 70))
    pixels = np.asarray(seen, np.float32)
    light = np.linspace(0.55, 1.0, width)[None, :, None] * np.linspace(0.85, 1.0, height)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 9, pixels.shape)
    return Image.fromarray((pixels * light + noise).clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))


CONDITIONS: dict[str, tuple[int, Draw]] = {
    "clean": (30, lambda page: page),
    "turned by 7 degrees": (30, lambda page: page.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor="white")),
    "turned by 90 degrees": (30, lambda page: page.rotate(90, expand=True)),
    "blurred": (30, lambda page: page.filter(ImageFilter.GaussianBlur(2.2))),
    "photographed": (30, photograph),
    "small": (13, lambda page: page),
}


def draw_page(font: str, size: int, lines: list[str]) -> Image.Image:
    """Return a page with lines of text."""
    page = Image.new("RGB", (1100, 800), (250, 250, 246))
    face = ImageFont.truetype(font, size)
    for number, line in enumerate(lines):
        edge, anchor = (RIGHT_EDGE, "ra") if RIGHT_TO_LEFT.match(line) else (90, "la")
        ImageDraw.Draw(page).text((edge, 90 + number * size * 1.7), line, fill=(25, 25, 30), font=face, anchor=anchor)
    return page


def compare(expected: list[str], read: list[ReadLine]) -> float:
    """Return the share of characters that were read wrong; spaces do not count."""
    text = "".join(line.text for block in group_lines(read) for line in block)
    truth = "".join("".join(expected).split())
    return Levenshtein.distance(truth, "".join(text.split())) / len(truth)


def count_missing(expected: list[str], read: list[ReadLine]) -> float:
    """Return the share of the words between spaces that are not found by their letters."""
    words = [word for line in expected for word in re.findall(r"\w+", line)]
    found = {word for line in read for word in re.findall(r"\w+", line.text)}
    return sum(word not in found for word in words) / len(words)


def open_older(folder: str) -> Callable[[Pixels], list[ReadLine]]:
    """Return what reads with the models before."""
    sys.path.append(folder)
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(intra_op_num_threads=1)

    def read(image: Pixels) -> list[ReadLine]:
        lines, _ = engine(np.ascontiguousarray(image[:, :, ::-1]))
        return [ReadLine(np.array(quad, np.float32), text, float(score)) for quad, text, score in lines or ()]

    return read


def measure(
    read: Callable[[Pixels], list[ReadLine]], fonts: Mapping[str, str], pages: int
) -> Iterator[tuple[str, str, float, float, float]]:
    """Yield the condition, the script, the shares of wrong characters and missing words, and the seconds per page.

    The seconds are of processors, also those that other programs used.

    Args:
        read: Reads an image.
        fonts: The font of each script.
        pages: The number of pages for each condition and script.
    """
    for condition, (size, change) in CONDITIONS.items():
        for script, font in fonts.items():
            results = []
            for page in range(pages):
                lines = random.Random(page).sample(TEXTS[script], len(TEXTS[script]))
                pixels = np.asarray(change(draw_page(font, size, lines)), np.uint8)
                began = sum(os.times()[:4])
                found = read(pixels)
                seconds = sum(os.times()[:4]) - began
                results.append((compare(lines, found), count_missing(lines, found), seconds))
            errors, missing, costs = np.mean(results, axis=0).tolist()
            yield condition, script, errors, missing, costs


def main() -> None:
    """Print a table for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("font")
    parser.add_argument("--arabic")
    parser.add_argument("--older")
    parser.add_argument("--pages", type=int, default=2)
    parser.add_argument("--scripts", nargs="+", choices=TEXTS, default=list(TEXTS))
    options = parser.parse_args()
    fonts = {script: options.arabic if script == "Arabic" else options.font for script in options.scripts}
    reader = choose_text_reader(Machine())
    assert reader is not None, "install the extra ocr"
    engines = {reader.fingerprint: reader.read}
    if options.older:
        engines["PP-OCRv4"] = open_older(options.older)
    for name, read in engines.items():
        read(np.zeros((64, 64, 3), np.uint8))
        print(f"{name}\n| condition | script | wrong characters | missing words | processor seconds |")
        print("|---|---|---|---|---|", flush=True)
        for condition, script, error, missing, seconds in measure(read, fonts, options.pages):
            shares = f"{100 * error:.1f} % | {100 * missing:.1f} %"
            print(f"| {condition} | {script} | {shares} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
