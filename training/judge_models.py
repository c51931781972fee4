"""Judge how models are calibrated that nothing was fitted on.

    PYTHONPATH=.:benchmarks/evaluation python training/judge_models.py --flickr DIR --cache DIR [--model NAME ...]

Asked is what `fit_visual.py` reports on: the judge half of the concepts over the judge half of `dev.txt`. NAME is
anything that open_clip loads, such as `local-dir:` with the folder that `second_model.py` wrote. It is calibrated as a
library would: the packaged bank is embedded by it, its unit is measured on the images, and `any/text` is applied.
No label is seen. Each is judged as torch runs it, and as two of the graphs that `crossmodal models export` writes.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from fit_visual import CUTS, Measurer, find_rank, judge_concepts
from texts import describe_absent, make_nonsense, read_absent
from visual_data import EmbeddedImages, QueryTexts, embed_images

from search.encoders.compact.towers import CompactQueryClassifier
from search.encoders.manifest import find_folder
from search.encoders.open_clip.encoder import OpenClipImageEncoder
from search.encoders.open_clip.export import export_towers
from search.encoders.open_clip.exported import get_image_path
from search.encoders.registry import read_manifest
from search.encoders.runtime import Machine
from search.evaluation.metrics import compute_auroc
from search.media.image.picture import USEFUL_SIDE, open_image
from search.records import Pixels, Retriever, Sample, Vectors
from search.retrieval.visual import bind_text, make_calibrator
from search.scoring.presence import PRESENT_CUT, QueryWording, measure_presence, read_presence
from search.scoring.traits import ReferenceImages
from search.scoring.visual import MEASURES, VisualCalibrator, VisualScorer, read_calibrators
from search.settings import count_cores
from search.storage.baselines import COLUMNS, QueryBank, measure_baselines
from search.storage.unrelated_text import measure_unrelated

# As torch runs it, as `models export` writes it and takes it, and in 8 bits throughout.
RUNTIMES = ("torch-fp32", "onnx-int8-dynamic", "onnx-int8-static")
# Images of the other half of `dev.txt` for calibrating and checking static quantization.
EXPORT_PICTURES = 128
Bind = Callable[[str], VisualScorer]


@dataclass(frozen=True)
class Subject:
    """A model with its calibration.

    Attributes:
        title: What it is called in the table.
        images: The judged images, as it embeds them.
        bind: Returns what scores them for a text.
    """

    title: str
    images: EmbeddedImages
    bind: Bind

    def score(self, text: str, images: EmbeddedImages) -> Vectors:
        """Return the log-odds of images for a text, shape (n,)."""
        return self.bind(text).score(images.vectors, images.baselines)


class Words:
    """What the words of a text tell, whatever the image model is."""

    def __init__(self, texts: QueryTexts) -> None:
        self.texts = texts
        self._reader = CompactQueryClassifier(texts.files, texts.encoder)

    def measure_kinds(self, text: str) -> Vectors:
        """Return the probabilities of a name, a scene and neither, shape (3,)."""
        kinds: Vectors = self.texts.files.measure_kinds(self.texts.embed([text]))[0]
        return kinds

    def describe(self, text: str) -> QueryWording:
        """Return what the presence decision knows of a text."""
        name, scene, other = self.measure_kinds(text).tolist()
        return QueryWording(self._reader.measure_oddness(text), name / max(name + scene, 1e-6), other)


def list_compact(words: Words, images: EmbeddedImages) -> Iterator[Subject]:
    """Return the bundled model as it is shipped, and its scene part as if it were any model."""
    for title, name in (("compact", "compact/text"), ("compact, scene part", "any/text")):
        calibrator = read_calibrators()[name]
        measurer = Measurer(words.texts, calibrator.units)
        width = COLUMNS * len(calibrator.units)
        narrow = replace(images, vectors=measurer.narrow(images.vectors), baselines=images.baselines[:, :width])
        yield Subject(title, narrow, partial(bind_compact, calibrator, measurer, images))


def bind_compact(calibrator: VisualCalibrator, measurer: Measurer, images: EmbeddedImages, text: str) -> VisualScorer:
    """Return what scores images of the bundled model for a text."""
    return calibrator.bind(*measurer.describe(text, images), measurer.recognize(text))


def list_versions(
    name: str, paths: Sequence[Path], others: Sequence[Path], cache: Path, words: Words
) -> Iterator[Subject]:
    """Return a model as torch runs it, and as it is exported in 8 bits.

    Args:
        name: What open_clip loads.
        paths: The judged images.
        others: Images to calibrate the export on.
        cache: Where its card and exports are kept.
        words: Describes texts.
    """
    machine = Machine(count_cores())
    manifest, folder = read_manifest(name, Retriever.VISUAL, cache, machine), find_folder(cache, name)
    exact = OpenClipImageEncoder(replace(manifest, runtime=RUNTIMES[0]), folder, cache, machine)
    cut, sample = (
        [exact.transform(open_image(path, USEFUL_SIDE)[0]) for path in group]
        for group in (paths, others[:EXPORT_PICTURES])
    )
    if not get_image_path(folder.path, "int8-static").exists():
        manifest, _ = export_towers(manifest, folder, cache, machine, sample, lambda line: print(line, flush=True))
    for runtime in RUNTIMES:
        encoder = OpenClipImageEncoder(replace(manifest, runtime=runtime), folder, cache, machine)
        yield make_subject(runtime, encoder, [path.name for path in paths], cut, words)


def make_subject(
    title: str, encoder: OpenClipImageEncoder, names: list[str], cut: Sequence[Pixels], words: Words
) -> Subject:
    """Embed images with a model and calibrate it as a library of these images does."""
    size = encoder.batch
    vectors = np.concatenate([encoder.encode_images(cut[at : at + size]) for at in range(0, len(cut), size)])
    baselines = measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts))
    unrelated = measure_unrelated(Sample(vectors, np.zeros(len(vectors), bool), baselines), encoder.bank)
    calibrator = make_calibrator(encoder, unrelated, "text")
    none = ReferenceImages(encoder.reference, np.zeros((0, COLUMNS), np.float32))
    images = EmbeddedImages(names, vectors, baselines, encoder.bank, lambda rows: rows, none)

    return Subject(title, images, lambda text: bind_text(calibrator, encoder, text, words.measure_kinds(text)))


def report_shown(subject: Subject, captions: Mapping[str, Sequence[str]]) -> None:
    """Print what is shown of the judged concepts, and how captions find their photos."""
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


def report_presence(subject: Subject, captions: Mapping[str, Sequence[str]], words: Words) -> None:
    """Print how well present things are separated from absent ones, and the share answered with "nothing relevant"."""
    images = subject.images
    concepts = [
        one.text
        for one in read_concepts("judge")
        if sum(grade == 2 for grade in one.grade_photos(images.names, captions).values()) >= 4
    ]
    asked = {
        "concepts": concepts,
        "captions": [captions[name][at % 5] for at, name in enumerate(images.names)],
        "absent": read_absent("test"),
        "described": describe_absent("test"),
        "nonsense": make_nonsense("test"),
    }
    decided = {kind: [decide(subject, text, words) for text in group] for kind, group in asked.items()}
    there = decided["concepts"] + decided["captions"]
    shares = [f"{kind} {np.mean(np.array(found) < PRESENT_CUT):.3f}" for kind, found in decided.items()]
    aurocs = [f"{kind} {compute_auroc(there, decided[kind]):.3f}" for kind in ("absent", "described", "nonsense")]
    print(f"  told nothing: {', '.join(shares)}; AUROC: {', '.join(aurocs)}", flush=True)


def decide(subject: Subject, text: str, words: Words) -> float:
    """Return the log-odds that something is there."""
    scorer = subject.bind(text)
    measured = scorer.measure_images(subject.images.vectors, subject.images.baselines)
    weights = read_presence()[measured.shape[1] // len(MEASURES)]
    return weights.decide(measure_presence(scorer.score_measures(measured), measured, words.describe(text)))


def main() -> None:
    """Judge the bundled model and all that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[])
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    words, captions = Words(QueryTexts(options.cache)), read_captions(options.flickr)
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
