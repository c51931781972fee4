"""The inputs of a visual calibrator: measures of images for a text or an example, and the sample to fit on."""

from collections.abc import Callable, Sequence

import numpy as np
from visual_data import EmbeddedImages, Labeled, QueryTexts
from visual_network import Examples

from search.records import Vectors
from search.scoring.traits import (
    describe_text,
    measure_bank_closeness,
    measure_class_match,
    measure_reference_closeness,
)
from search.scoring.visual import MEASURES, Unit, measure_images
from search.storage.baselines import COLUMNS
from search.text.analysis import analyze

# Images with a higher measure `standing` are hard negatives. The shares of hard and easy negatives that are fitted on.
HARD_STANDING = 1.4
HARD_SHARE, EASY_SHARE = 0.4, 0.04


class Measurer:
    """Computes the measures of images for texts, in one or both parts of the space of `compact`."""

    def __init__(self, texts: QueryTexts, units: tuple[Unit, ...]) -> None:
        """Create a measurer.

        Args:
            texts: Embeds texts.
            units: The parts that are compared, with their baselines.
        """
        self.texts = texts
        self.units = units
        self._described: dict[tuple[int, str], tuple[Vectors, Vectors]] = {}

    def narrow(self, vectors: Vectors) -> Vectors:
        """Return the compared parts of vectors (n, d), scaled as if there were no other parts."""
        width = sum(unit.length for unit in self.units)
        scale = (vectors.shape[1] / width) ** 0.5 if len(self.units) == 1 else 1.0
        return vectors[:, :width] * np.float32(scale)

    def describe(self, text: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the vector (d,) and the traits (t,) of a text."""
        key = (id(images.bank), text)
        if key not in self._described:
            row = self.texts.embed([text])
            width = sum(unit.length for unit in self.units)
            vector = images.embed(row)[0, :width]
            kinds = self.texts.files.measure_kinds(row)[0]
            traits = describe_text(kinds, len(analyze(text).pieces))
            if len(self.units) > 1:
                bank = measure_bank_closeness(vector, images.bank, self.units)
                traits = np.concatenate(
                    [traits, bank, measure_reference_closeness(vector, images.reference, self.units)]
                )
            self._described[key] = vector, traits
        return self._described[key]

    def measure_class_match(self, text: str) -> float:
        """Return how likely a text is the name of a class that the image encoder was trained on, 0 to 1."""
        return measure_class_match(float(self.texts.files.measure_class_likeness(self.texts.embed([text]))[0]))

    def measure(self, text: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the measures (n, m) of images and the traits (t,) of the text."""
        vector, traits = self.describe(text, images)
        baselines = images.baselines[:, : COLUMNS * len(self.units)]
        return measure_images(vector, self.narrow(images.vectors), baselines, self.units), traits

    def measure_example(self, index: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the measures (n, m) of images for the image with an index as the query, and empty traits (0,)."""
        vectors = self.narrow(images.vectors)
        query = vectors[int(index)] * np.float32(len(self.units) ** 0.5)
        baselines = images.baselines[:, : COLUMNS * len(self.units)]
        return measure_images(query, vectors, baselines, self.units), np.zeros(0, np.float32)


Measure = Callable[[str, EmbeddedImages], tuple[Vectors, Vectors]]


def collect(groups: Sequence[tuple[EmbeddedImages, list[Labeled]]], measured: Measure) -> Examples:
    """Measure all images for all queries, with a weighted sample of the images that do not match.

    Args:
        groups: Images with their labeled queries.
        measured: Returns the measures (n, m) of images and the traits (t,) of a query.
    """
    chance = np.random.default_rng(0)
    inputs, labels, counts, lengths, weights, sizes, answered = [], [], [], [], [], [], []
    for images, queries in groups:
        for one in queries:
            measures, traits = measured(one.text, images)
            known = ~np.isnan(one.labels)
            right = known & (one.labels == 1)
            hard = measures[:, MEASURES.index("standing") :: len(MEASURES)].max(axis=1) > HARD_STANDING
            share = np.where(right, 1.0, np.where(hard, HARD_SHARE, EASY_SHARE))
            chosen = known & (chance.random(len(known)) < share)
            inputs.append(np.concatenate([measures[chosen], np.repeat(traits[None], chosen.sum(), axis=0)], axis=1))
            labels.append(one.labels[chosen])
            counts.append((1 / share)[chosen])
            lengths.append(int(chosen.sum()))
            weights.append(one.weight)
            sizes.append(float(known.sum()))
            answered.append(bool(right.any()))
    return Examples(
        np.concatenate(inputs).astype(np.float32),
        np.concatenate(labels).astype(np.float32),
        np.concatenate(counts).astype(np.float32),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.array(weights, np.float32),
        np.array(sizes, np.float32),
        np.array(answered),
    )


def measure_units(images: EmbeddedImages, lengths: Sequence[int], by_example: bool) -> tuple[Unit, ...]:
    """Measure the mean and deviation of the similarities of unrelated pairs in each part.

    Args:
        images: The images.
        lengths: The lengths of the parts.
        by_example: Compare images with images, instead of images with the query bank.
    """
    units, start = [], 0
    for length in lengths:
        part = slice(start, start + length)
        vectors = images.vectors[:, part] * np.float32(len(lengths) ** 0.5)
        others = vectors[: len(vectors) // 2] if by_example else images.bank[:, part]
        similarities = (vectors[len(vectors) // 2 :] if by_example else vectors) @ others.T
        units.append(Unit(length, round(float(similarities.mean()), 5), round(float(similarities.std()), 5)))
        start += length
    return tuple(units)
