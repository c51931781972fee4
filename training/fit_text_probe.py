"""Fit the probe that tells from the vector of a photo whether it may show text: `search/encoders/ocr/probe.npz`.

    python training/fit_text_probe.py --photos PHOTOS --flickr FLICKR --cache CACHE [--fonts FONT…] [--out FILE]

Photos are labeled by reading them in full. In addition, text of known sizes is drawn on them. The probe is a logistic
regression on vectors of the bundled image encoder; a photo passes if its sum with the log-odds of the network of
`fit_text_presence.py` is high enough. Fitted on the fit half of `dev.txt` and half of the ImageNet classes; what is
printed was measured on the other halves.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.optimize import minimize

from indexer.decode.content import TextImage
from indexer.text_blocks import make_segments
from search.encoders.compact.files import CompactFiles
from search.encoders.compact.towers import CompactImageEncoder, open_e5
from search.encoders.ocr.presence import TextPresence, cut_around
from search.encoders.ocr.probe import DEFAULT_PRIOR, PROBE_FILE
from search.encoders.ocr.rapid import RapidEngine
from search.encoders.ocr.reader import LOOK_SIDE, MIN_CONFIDENCE
from search.encoders.runtime import Machine
from search.media.image.pillow import THUMBNAIL_SIZE
from search.records import Pixels, Vectors
from training.fit_text_presence import WORDS
from training.visual_data import split_classes

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "evaluation"))
from everyday import split_photos

# The height of letters as a share of the shorter side of the photo.
SIZES = (0.02, 0.03, 0.045, 0.06, 0.08, 0.12, 0.18)
# The number of ImageNet photos of each half on which text is drawn.
DRAWN_PHOTOS = 250
# Photos in which less is read neither count as photos with text nor as photos without.
MIN_LETTERS = 3
# A photo with text counts as much as this many without; one with drawn text counts as one.
TEXT_WEIGHT = 5.0
DECAY = 1e-4
# How much the probe counts next to the network: fitted on clean photos, it would count more, and miss small letters.
PROBE_SHARE = 0.5
# The share of the ImageNet photos without text of the fit half that pass.
PASSED_SHARE = 0.15


@dataclass(frozen=True)
class Seen:
    """Photos as the quick look sees them.

    Attributes:
        vectors: Shape (n, d).
        log_odds: Of the network, shape (n,).
        lines: Whether lines are found around the spot that looks most like text, shape (n,).
        letters: The number of letters that are read in each; NaN where text is drawn, shape (n,).
        sizes: The height of drawn letters, 0 for none, shape (n,).
    """

    vectors: Vectors
    log_odds: Vectors
    lines: Vectors
    letters: Vectors
    sizes: Vectors

    def select(self, mask: Vectors) -> "Seen":
        """Return some of the photos."""
        return Seen(*(getattr(self, name)[mask] for name in ("vectors", "log_odds", "lines", "letters", "sizes")))


class Looker:
    """Looks at photos as the indexer does, and reads them in full."""

    def __init__(self, fonts: Sequence[str]) -> None:
        machine, files = Machine(), CompactFiles()
        self.encoder = CompactImageEncoder(files, open_e5(files, machine), machine)
        self._presence, self._engine, self._fonts = TextPresence(machine), RapidEngine(machine), fonts

    def look(self, paths: Sequence[Path], is_drawn: bool, cache: Path) -> Seen:
        """Return photos, with text drawn on them or as they are, computed once."""
        if not cache.exists():
            rows = [self._look_at(path, random.Random(path.name) if is_drawn else None) for path in paths]
            np.savez(cache, *(np.array(part, np.float32) for part in zip(*rows, strict=True)))
        with np.load(cache) as stored:
            return Seen(*(stored[name] for name in stored.files))

    def _look_at(self, path: Path, chance: random.Random | None) -> tuple[Vectors, float, bool, float, float]:
        image = Image.open(path).convert("RGB")
        size = chance.choice(SIZES) if chance is not None else 0.0
        letters = float("nan") if chance is not None else self._count_letters(np.asarray(image))
        if chance is not None:
            image = draw_text(image, size, self._fonts, chance)
        vector = self.encoder.encode_images([self.encoder.transform(image)])[0]
        image.thumbnail(THUMBNAIL_SIZE)
        pixels = np.asarray(image)
        spot = self._presence.find(pixels)
        return vector, spot.log_odds, self._engine.has_line(cut_around(pixels, spot, LOOK_SIDE)), letters, size

    def _count_letters(self, pixels: Pixels) -> float:
        lines = [line for line in self._engine.read(pixels) if line.text and line.confidence >= MIN_CONFIDENCE]
        segments = make_segments(TextImage(pixels), lines)
        return float(sum(one.isalnum() for segment in segments for one in segment.text or ""))


def draw_text(photo: Image.Image, share: float, fonts: Sequence[str], chance: random.Random) -> Image.Image:
    """Return a photo as a thumbnail with a few words on it, half of them on a sign, some turned.

    Args:
        photo: The photo.
        share: The height of the letters as a share of its shorter side.
        fonts: Files of fonts with the characters of `WORDS`.
        chance: The source of random numbers.
    """
    scale = 2 * max(THUMBNAIL_SIZE) / max(photo.size)  # drawn twice as large and reduced, for smooth letters
    large = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC)
    font = ImageFont.truetype(chance.choice(fonts), max(6, round(share * min(large.size))))
    rows = [" ".join(chance.choices(WORDS, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 2))]
    layer, sign = Image.new("L", large.size), Image.new("L", large.size)
    _, _, width, height = ImageDraw.Draw(layer).multiline_textbbox((0, 0), "\n".join(rows), font)
    left = chance.randint(0, max(0, round(large.width - width)))
    top = chance.randint(0, max(0, round(large.height - height)))
    ImageDraw.Draw(layer).multiline_text((left, top), "\n".join(rows), 255, font)
    box = layer.getbbox() or (0, 0, 1, 1)
    margin = round(font.size / 2)
    ImageDraw.Draw(sign).rectangle((box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin), 255)
    turn = chance.gauss(0, 5) if chance.random() < 0.5 else 0.0
    center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    ground = np.asarray(large.crop(box), np.float32).mean((0, 1))
    if chance.random() < 0.5:
        ground = np.array([chance.randint(0, 255) for _ in range(3)], np.float32)
        large.paste(tuple(map(int, ground)), mask=sign.rotate(turn, Image.Resampling.BICUBIC, center=center))
    ink = (chance.randint(220, 255),) * 3 if ground.mean() < 128 else (chance.randint(0, 40),) * 3
    large.paste(ink, mask=layer.rotate(turn, Image.Resampling.BICUBIC, center=center))
    return large.resize((large.width // 2, large.height // 2), Image.Resampling.LANCZOS)


def fit_logistic(rows: Vectors, labels: Vectors, weights: Vectors) -> Vectors:
    """Return the weights of a logistic regression, the last one being the bias; shape (d + 1,)."""

    def measure(point: Vectors) -> tuple[float, Vectors]:
        logits = rows @ point[:-1] + point[-1]
        loss = (weights * (np.logaddexp(0, logits) - labels * logits)).sum() / weights.sum()
        slope = weights * (1 / (1 + np.exp(-logits)) - labels) / weights.sum()
        gradient = np.append(rows.T @ slope + 2 * DECAY * point[:-1], slope.sum())
        return float(loss + DECAY * (point[:-1] ** 2).sum()), gradient

    result: Vectors = minimize(measure, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return result


def fit(flickr: Seen, imagenet: Seen, drawn: Seen) -> Vectors:
    """Return the weights and the bias of the probe.

    Args:
        flickr: Photos of Flickr8k.
        imagenet: Photos of ImageNet. Those without text set the cut.
        drawn: Photos with drawn text.
    """
    rows, labels, weights = [drawn.vectors], [np.ones(len(drawn.sizes))], [np.ones(len(drawn.sizes))]
    for one in (flickr, imagenet):
        known = one.select((one.letters == 0) | (one.letters >= MIN_LETTERS))
        rows.append(known.vectors)
        labels.append((known.letters > 0).astype(np.float64))
        weights.append(np.where(known.letters > 0, TEXT_WEIGHT, 1.0))
    point = PROBE_SHARE * fit_logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(weights))
    empty = imagenet.select(imagenet.letters == 0)
    point[-1] -= np.quantile(empty.vectors @ point[:-1] + point[-1] + empty.log_odds, 1 - PASSED_SHARE)
    return point


def report(name: str, seen: Seen, priors: Vectors) -> Iterator[str]:
    """Yield rows of a table: the shares that pass the network, and the search for lines, without and with the probe."""
    groups = [("without text", seen.letters == 0), ("with text", seen.letters >= MIN_LETTERS)]
    groups += [(f"letters of {100 * size:g} %", np.isclose(seen.sizes, size)) for size in SIZES]
    for group, mask in groups:
        if not mask.any():
            continue
        shares = []
        for prior in (DEFAULT_PRIOR, priors):
            passed = (seen.log_odds + prior >= 0)[mask]
            shares += [passed.mean(), (passed & (seen.lines[mask] > 0)).mean()]
        yield f"| {name}, {group} | {int(mask.sum())} | {' | '.join(f'{100 * float(one):.1f} %' for one in shares)} |"


def main() -> None:
    """Fit and write the probe, and print what it does on the other half."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("photos", "flickr", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--fonts", nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=PROBE_FILE)
    options = parser.parse_args()
    looker, seen = Looker(options.fonts), dict[tuple[str, str], Seen]()
    for half, photos in zip(("fit", "judge"), split_classes(options.photos), strict=True):
        flickr = [options.flickr / "images" / name for name in split_photos(options.flickr, half)]
        seen["Flickr8k", half] = looker.look(flickr, False, options.cache / f"Flickr8k-{half}-clean.npz")
        seen["ImageNet", half] = looker.look(photos, False, options.cache / f"ImageNet-{half}-clean.npz")
        drawn = options.cache / f"ImageNet-{half}-drawn.npz"
        seen["drawn", half] = looker.look(photos[:DRAWN_PHOTOS], True, drawn)
    point = fit(seen["Flickr8k", "fit"], seen["ImageNet", "fit"], seen["drawn", "fit"])
    fingerprint = looker.encoder.fingerprint
    np.savez(options.out, weights=point[:-1].astype(np.float32), bias=point[-1], fingerprint=fingerprint)
    print("| photos | number | network | network, lines | network and probe | network and probe, lines |")
    print("|---|---|---|---|---|---|")
    for (kind, half), one in seen.items():
        if half == "judge":
            print("\n".join(report(kind, one, one.vectors @ point[:-1] + point[-1])))


if __name__ == "__main__":
    main()
