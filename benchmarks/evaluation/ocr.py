"""How well text in images is read: pages with known text, drawn clean, turned, blurred, photographed and small.

    python -m benchmarks.evaluation.ocr FONT [--older FOLDER] [--pages 2]

FONT is a font with Latin, Chinese and Japanese characters, such as NotoSansCJK-Regular.ttc. FOLDER is where
`pip install --target FOLDER rapidocr-onnxruntime==1.4.4` has put the models before (PP-OCRv4), to compare.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidfuzz.distance import Levenshtein

from search.encoders.ocr.blocks import group_lines
from search.encoders.ocr.engine import ReadLine
from search.encoders.ocr.rapid import RapidEngine
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
}
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
        ImageDraw.Draw(page).text((90, 90 + number * size * 1.7), line, fill=(25, 25, 30), font=face)
    return page


def compare(expected: list[str], read: list[ReadLine]) -> float:
    """Return the share of characters that were read wrong; spaces do not count."""
    text = "".join(line.text for block in group_lines(read) for line in block)
    truth = "".join("".join(expected).split())
    return Levenshtein.distance(truth, "".join(text.split())) / len(truth)


def open_older(folder: str) -> Callable[[Pixels], list[ReadLine]]:
    """Return what reads with the models before."""
    sys.path.append(folder)
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(intra_op_num_threads=1)

    def read(image: Pixels) -> list[ReadLine]:
        lines, _ = engine(np.ascontiguousarray(image[:, :, ::-1]))
        return [ReadLine(np.array(quad, np.float32), text, float(score)) for quad, text, score in lines or ()]

    return read


def measure(read: Callable[[Pixels], list[ReadLine]], font: str, pages: int) -> Iterator[tuple[str, str, float, float]]:
    """Yield the condition, the script, the share of wrong characters and the processor seconds per page."""
    for condition, (size, change) in CONDITIONS.items():
        for script, sentences in TEXTS.items():
            errors, seconds = [], []
            for page in range(pages):
                lines = random.Random(page).sample(sentences, len(sentences))
                pixels = np.asarray(change(draw_page(font, size, lines)), np.uint8)
                began = time.process_time()
                found = read(pixels)
                seconds.append(time.process_time() - began)
                errors.append(compare(lines, found))
            yield condition, script, float(np.mean(errors)), float(np.mean(seconds))


def main() -> None:
    """Print a table for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("font")
    parser.add_argument("--older")
    parser.add_argument("--pages", type=int, default=2)
    options = parser.parse_args()
    engines = {"PP-OCRv6 small": RapidEngine(Machine()).read}
    if options.older:
        engines["PP-OCRv4"] = open_older(options.older)
    for name, read in engines.items():
        read(np.zeros((64, 64, 3), np.uint8))
        print(f"{name}\n| condition | script | wrong characters | processor seconds |\n|---|---|---|---|", flush=True)
        for condition, script, error, seconds in measure(read, options.font, options.pages):
            print(f"| {condition} | {script} | {100 * error:.1f} % | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
