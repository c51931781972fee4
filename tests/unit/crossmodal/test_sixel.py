"""Sixel: what is written can be read again, and only a terminal that lists the ability gets it."""

import io
import os
import pty
import re
import threading

import numpy as np
import pytest
from PIL import Image

from crossmodal.cli.sixel import QUESTION, ask_abilities, has_sixel, write_sixel
from search.errors import UnreadableMediaError
from search.media.image.palette import MAX_COLORS, ReducedImage, reduce_colors


def read_sixel(text):
    """Return the number of the color of each pixel, as a terminal draws them."""
    head, width, height, body = re.fullmatch(r'\x1bP(0;1;0q)"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL).groups()
    assert head
    pixels = np.full((int(height) + 5, int(width)), -1)
    top = column = color = 0
    for token in re.findall(r"#\d+(?:;2;\d+;\d+;\d+)?|!\d+.|[$-]|[?-~]", body):
        if token[0] == "#":
            color = int(re.match(r"#(\d+)", token)[1])
        elif token == "$":
            column = 0
        elif token == "-":
            top, column = top + 6, 0
        else:
            count = int(token[1:-1]) if token[0] == "!" else 1
            for bit in range(6):
                if ord(token[-1]) - 63 >> bit & 1:
                    pixels[top + bit, column : column + count] = color
            column += count
    return pixels[: int(height)]


@pytest.mark.parametrize("shape", [(1, 1), (6, 5), (13, 40), (7, 300)])
def test_every_pixel_is_drawn_in_its_color(shape):
    numbers = np.random.default_rng(0).integers(0, 5, shape).astype(np.uint8)
    numbers[:, shape[1] // 2 :] = 3
    palette = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (1, 2, 3)]
    text = write_sixel(ReducedImage(numbers, palette))
    assert "#0;2;100;0;0#1;2;0;100;0#2;2;0;0;100#3;2;100;100;100" in text
    assert np.array_equal(read_sixel(text), numbers)


def test_a_thumbnail_is_made_smaller_with_few_colors():
    stream = io.BytesIO()
    Image.effect_noise((200, 100), 80).convert("RGB").save(stream, "JPEG")
    image = reduce_colors(stream.getvalue(), 50)
    assert image.numbers.shape == (50, 100)
    assert image.numbers.max() < len(image.palette) <= MAX_COLORS
    assert reduce_colors(stream.getvalue(), 1000).numbers.shape == (100, 200)
    with pytest.raises(UnreadableMediaError):
        reduce_colors(b"torn", 50)


@pytest.mark.parametrize(
    ("reply", "abilities"),
    [(b"\x1b[?62;4;22c", [b"62", b"4", b"22"]), (b"\x1b[?1;2c", [b"1", b"2"]), (b"typed\x1b[?4c", [b"4"]), (b"", [])],
)
def test_the_terminal_is_asked_and_keeps_its_settings(reply, abilities):
    termios = pytest.importorskip("termios")
    master, terminal = pty.openpty()
    asked = []

    def answer():
        asked.append(os.read(master, 64))
        os.write(master, reply)

    before = termios.tcgetattr(terminal)
    thread = threading.Thread(target=answer)
    thread.start()
    assert ask_abilities(terminal, timeout=5.0 if reply else 0.05) == abilities
    thread.join()
    assert asked == [QUESTION]
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)


def test_without_a_terminal_nothing_is_asked(monkeypatch):
    def refuse(*_):
        raise OSError("no such device")

    monkeypatch.setattr("os.open", refuse)
    assert not has_sixel()
