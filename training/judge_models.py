"""Evaluate the calibration of models that no calibrator was fitted on.

    PYTHONPATH=.:benchmarks/evaluation python training/judge_models.py --flickr DIR --cache DIR [--model NAME ...]

The queries are those that `fit_visual.py` reports on: the judge half of the concepts, with the judge half of `dev.txt`.
NAME is any model that open_clip loads, such as `local-dir:` with the folder that `second_model.py` wrote. It is
calibrated in the same way as in a home: the query bank is embedded, the baselines are measured on the images, and the
calibrator `any/text` is applied. No labels are used. Each model is evaluated with torch and with two of the exports of
`crossmodal models export`.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from texts import describe_absent, make_nonsense, read_absent
from visual_data import EmbeddedImages, QueryTexts, embed_images
from visual_measures import Measurer
from visual_quality import CUTS, find_rank, judge_concepts

from search.encoders.compact.towers import CompactQueryClassifier
from search.encoders.manifest import find_folder
from search.encoders.open_clip.encoder import OpenClipImageEncoder
from search.encoders.open_clip.export import export_towers
from search.encoders.open_clip.exported import get_image_path
from search.encoders.registry import read_manifest
from search.encoders.runtime import Machine
from search.evaluation.metrics import compute_auroc
from search.media.image.pillow import USEFUL_SIDE, open_image
from search.records import Pixels, Retriever, Sample, Vectors
from search.retrieval.visual_scoring import bind_text, make_calibrator
from search.scoring.presence import PRESENT_CUT, QueryWording, measure_presence, read_presence
from search.scoring.traits import ReferenceImages
from search.scoring.visual import MEASURES, VisualCalibrator, VisualScorer, read_calibrators
from search.settings import count_cores
from search.storage.baselines import COLUMNS, QueryBank, measure_baselines
from search.storage.unrelated_text import measure_unrelated

# The evaluated runtimes: exact, the export that `crossmodal models export` chooses, and static int8.
RUNTIMES = ("torch-fp32", "onnx-int8-dynamic", "onnx-int8-static")
# The number of images of the fit half of `dev.txt` to calibrate and check the exports on.
EXPORT_IMAGES = 128
Bind = Callable[[str], VisualScorer]


@dataclass(frozen=True)
class Subject:
    """A model with its calibration.

    Attributes:
        title: The name of the model and runtime in the output.
        images: The evaluated images, embedded by the model.
        bind: Returns the scorer of images for a text.
    """

    title: str
    images: EmbeddedImages
    bind: Bind

    def score(self, text: str, images: EmbeddedImages) -> Vectors:
        """Return the log-odds of images for a text, shape (n,)."""
        return self.bind(text).score(images.vectors, images.baselines)


class TextClassifier:
    """Classifies texts, independently of the image model."""

    def __init__(self, texts: QueryTexts) -> None:
        self.texts = texts
        self._classifier = CompactQueryClassifier(texts.files, texts.encoder)

    def measure_kinds(self, text: str) -> Vectors:
        """Return the probabilities that a text is a name, a description or neither, shape (3,)."""
        kinds: Vectors = self.texts.files.measure_kinds(self.texts.embed([text]))[0]
        return kinds

    def describe(self, text: str) -> QueryWording:
        """Return the features of a text for the presence decision."""
        name, scene, other = self.measure_kinds(text).tolist()
        return QueryWording(self._classifier.measure_oddness(text), name / max(name + scene, 1e-6), other)


def list_compact(words: TextClassifier, images: EmbeddedImages) -> Iterator[Subject]:
    """Yield the bundled model with its own calibrator, and its scene part with the calibrator for any model."""
    for title, name in (("compact", "compact/text"), ("compact, scene part", "any/text")):
        calibrator = read_calibrators()[name]
        measurer = Measurer(words.texts, calibrator.units)
        width = COLUMNS * len(calibrator.units)
        narrow = replace(images, vectors=measurer.narrow(images.vectors), baselines=images.baselines[:, :width])
        yield Subject(title, narrow, partial(bind_compact, calibrator, measurer, images))


def bind_compact(calibrator: VisualCalibrator, measurer: Measurer, images: EmbeddedImages, text: str) -> VisualScorer:
    """Return the scorer of images of the bundled model for a text."""
    return calibrator.bind(*measurer.describe(text, images), measurer.recognize(text))


def list_versions(
    name: str, paths: Sequence[Path], others: Sequence[Path], cache: Path, words: TextClassifier
) -> Iterator[Subject]:
    """Yield a model in each of `RUNTIMES`.

    Args:
        name: The name of an open_clip model.
        paths: The evaluated images.
        others: Images to calibrate the export on.
        cache: The folder of the manifest and the exports.
        words: Classifies texts.
    """
    machine = Machine(count_cores())
    manifest, folder = read_manifest(name, Retriever.VISUAL, cache, machine), find_folder(cache, name)
    exact = OpenClipImageEncoder(replace(manifest, runtime=RUNTIMES[0]), folder, cache, machine)
    cut, sample = (
        [exact.transform(open_image(path, USEFUL_SIDE)[0]) for path in group]
        for group in (paths, others[:EXPORT_IMAGES])
    )
    if not get_image_path(folder.path, "int8-static").exists():
        manifest, _ = export_towers(manifest, folder, cache, machine, sample, lambda line: print(line, flush=True))
    for runtime in RUNTIMES:
        encoder = OpenClipImageEncoder(replace(manifest, runtime=runtime), folder, cache, machine)
        yield make_subject(runtime, encoder, [path.name for path in paths], cut, words)


def make_subject(
    title: str, encoder: OpenClipImageEncoder, names: list[str], cut: Sequence[Pixels], words: TextClassifier
) -> Subject:
    """Embed images with a model and calibrate it on these images, in the same way as in a home.

    Args:
        title: The name in the output.
        encoder: The model.
        names: The file names of the images.
        cut: The transformed images.
        words: Classifies texts.
    """
    size = encoder.batch
    vectors = np.concatenate([encoder.encode_images(cut[at : at + size]) for at in range(0, len(cut), size)])
    baselines = measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts))
    unrelated = measure_unrelated(Sample(vectors, np.zeros(len(vectors), bool), baselines), encoder.bank)
    calibrator = make_calibrator(encoder, unrelated, "text")
    no_reference = ReferenceImages(encoder.reference, np.zeros((0, COLUMNS), np.float32))
    images = EmbeddedImages(names, vectors, baselines, encoder.bank, lambda rows: rows, no_reference)
    return Subject(title, images, lambda text: bind_text(calibrator, encoder, text, words.measure_kinds(text)))


def report_shown(subject: Subject, captions: Mapping[str, Sequence[str]]) -> None:
    """Print the precision and recall of the concepts, and the recall of captions."""
    images = subject.images
    found = judge_concepts(subject.score, images, captions, "judge", np.concatenate([np.zeros(1), CUTS]))
    precision, recall, f1, _ = found.shown[0]
    ranks = [find_rank(subject.score(captions[name][at % 5], images), at) for at, name in enumerate(images.names)]
    print(
        f"{subject.title}: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} best F1 {found.best:.3f} "
        f"({f1 / found.best:.2f}), of one cut for all {found.shown[1:, 2].max():.3f} at "
        f"{CUTS[found.shown[1:, 2].argmax()]:.1f}, precision@20 {found.first:.3f}, "
        f"captions R@10 {np.mean(np.array(ranks) < 10):.3f}",
        flush=True,
    )


def report_presence(subject: Subject, captions: Mapping[str, Sequence[str]], words: TextClassifier) -> None:
    """Print how well present things are separated from absent ones, and the share answered with "nothing relevant"."""
    images = subject.images
    concepts = [
        one.text
        for one in read_concepts("judge")
        if sum(grade == 2 for grade in one.grade_photos(images.names, captions).values()) >= 4
    ]
    queries = {
        "concepts": concepts,
        "captions": [captions[name][at % 5] for at, name in enumerate(images.names)],
        "absent": read_absent("test"),
        "described": describe_absent("test"),
        "nonsense": make_nonsense("test"),
    }
    decided = {kind: [decide(subject, text, words) for text in group] for kind, group in queries.items()}
    present = decided["concepts"] + decided["captions"]
    shares = [f"{kind} {np.mean(np.array(found) < PRESENT_CUT):.3f}" for kind, found in decided.items()]
    aurocs = [f"{kind} {compute_auroc(present, decided[kind]):.3f}" for kind in ("absent", "described", "nonsense")]
    print(f"  nothing relevant: {', '.join(shares)}; AUROC: {', '.join(aurocs)}", flush=True)


def decide(subject: Subject, text: str, words: TextClassifier) -> float:
    """Return the log-odds that any of the images matches a text."""
    scorer = subject.bind(text)
    measured = scorer.measure_images(subject.images.vectors, subject.images.baselines)
    weights = read_presence()[measured.shape[1] // len(MEASURES)]
    return weights.decide(measure_presence(scorer.score_measures(measured), measured, words.describe(text)))


def main() -> None:
    """Evaluate the bundled model and the models passed with `--model`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[])
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    words, captions = TextClassifier(QueryTexts(options.cache)), read_captions(options.flickr)
    others, paths = (
        [options.flickr / "images" / name for name in split_photos(options.flickr, split)] for split in ("fit", "judge")
    )
    subjects = list(list_compact(words, embed_images("dev-judge", paths, words.texts, options.cache)))
    for name in options.model:
        subjects += list_versions(name, paths, others, options.cache, words)
    for subject in subjects:
        report_shown(subject, captions)
        report_presence(subject, captions, words)


if __name__ == "__main__":
    main()
