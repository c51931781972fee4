import io
import stat

import numpy as np
import pytest
from PIL import Image

from search.encoders.ocr.tesseract import TesseractEngine, encode_png, find_tesseract, parse_table

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
TABLE = "\n".join(
    [
        HEADER,
        "4\t1\t1\t1\t1\t0\t10\t20\t200\t30\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t90\t30\t92\tВыход",
        "5\t1\t1\t1\t1\t2\t110\t22\t100\t28\t88\tздесь",
        "5\t1\t1\t1\t2\t1\t10\t60\t90\t30\t96\tExit",
        "5\t1\t1\t1\t3\t1\t10\t90\t90\t30\t20\tшум",
        "5\t1\t2\t1\t1\t1\t10\t120\t90\t30\t95\t출구",
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


def test_lines_in_other_scripts_are_read_with_their_boxes():
    lines = parse_table(TABLE)
    assert [line.text for line in lines] == ["Выход здесь", "출구"]
    assert lines[0].quad.tolist() == [[10, 20], [210, 20], [210, 50], [10, 50]]
    assert lines[0].confidence == pytest.approx(0.9)


def test_only_the_installed_languages_are_used(program):
    engine = TesseractEngine(program)
    assert engine.languages == ("rus", "kor")
    assert engine.fingerprint == "tesseract 5.3.0 rus+kor"


def test_an_image_is_read_by_the_program(program):
    assert len(TesseractEngine(program).read(np.zeros((8, 8, 3), np.uint8))) == 2


def test_a_program_that_fails_reads_nothing(tmp_path):
    assert TesseractEngine(str(tmp_path / "missing")).read(np.zeros((8, 8, 3), np.uint8)) == []


def test_a_system_without_the_program_has_no_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tesseract() is None


def test_pixels_are_written_as_png():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(encode_png(pixels)))) == pixels).all()
