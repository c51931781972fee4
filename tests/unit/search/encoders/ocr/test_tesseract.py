import io
import stat

import numpy as np
import pytest
from PIL import Image

from search.encoders.ocr.tesseract import LINES_PER_RUN, TesseractEngine, encode_png, find_tesseract, parse_table

LINE = np.zeros((8, 8, 3), np.uint8)
HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
TABLE = "\n".join(
    [
        HEADER,
        "4\t1\t1\t1\t1\t0\t10\t20\t200\t30\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t90\t30\t92\tВыход",
        "5\t1\t1\t1\t1\t2\t110\t22\t100\t28\t88\tздесь",
        "5\t2\t1\t1\t1\t1\t10\t60\t90\t30\t96\tExit",
        "5\t3\t1\t1\t1\t1\t10\t90\t90\t30\t20\tшум",
        "5\t4\t1\t1\t1\t1\t10\t120\t90\t30\t95\t출구\u200e",
    ]
)
PROGRAM = """#!/bin/sh
case "$1" in
  --version) echo "tesseract 5.3.0"; echo " leptonica" ;;
  --list-langs) printf 'List of available languages (3):\\neng\\nrus\\nkor\\n' ;;
  *) cat > /dev/null; printf '%s' "{table}" ;;
esac
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "tesseract"
    path.write_text(PROGRAM.replace("{table}", TABLE))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_lines_in_other_scripts_are_read_without_marks_of_direction():
    texts = parse_table(TABLE)
    assert {number: found.text for number, found in texts.items()} == {1: "Выход здесь", 4: "출구"}
    assert texts[1].confidence == pytest.approx(0.9)


def test_the_syllables_of_a_korean_word_are_joined():
    words = [("화", 0, 20), ("장", 26, 20), ("실", 50, 20), ("은", 74, 20), ("이", 106, 20), ("층", 138, 20)]
    rows = [f"5\t1\t1\t1\t1\t1\t{left}\t0\t{width}\t24\t95\t{text}" for text, left, width in words]
    assert parse_table("\n".join([HEADER, *rows]))[1].text == "화장실은 이 층"


def test_only_the_installed_languages_are_used(program):
    engine = TesseractEngine(program)
    assert engine.languages == ("rus", "kor")
    assert engine.fingerprint == "tesseract 5.3.0 rus+kor"


def test_lines_are_read_by_the_program(program):
    texts = TesseractEngine(program).read_lines([LINE] * 5)
    assert [found and found.text for found in texts] == ["Выход здесь", None, None, "출구", None]


def test_many_lines_are_read_in_several_runs(program):
    texts = TesseractEngine(program).read_lines([LINE] * (LINES_PER_RUN + 1))
    assert len(texts) == LINES_PER_RUN + 1
    assert texts[LINES_PER_RUN] == texts[0] is not None


def test_a_program_that_fails_reads_nothing(tmp_path):
    assert TesseractEngine(str(tmp_path / "missing")).read_lines([LINE]) == [None]


def test_a_system_without_the_program_has_no_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tesseract() is None


def test_pixels_are_written_as_png():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(encode_png(pixels)))) == pixels).all()
