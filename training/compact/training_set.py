"""What a head is trained on."""

from dataclasses import dataclass
from pathlib import Path

import torch

from search.encoders.class_names import read_classes
from search.encoders.onnx import open_session
from search.records import Ids
from search.settings import count_cores
from training.compact.data import CaptionedPhotos
from training.compact.features import Features, list_views, read_features
from training.compact.fit_kinds import fit_kinds
from training.compact.network import normalize
from training.compact.phrases import Phrases, read_phrases
from training.compact.texts import ClassVocabulary, Means, TextCache


@dataclass(frozen=True)
class TrainingSet:
    """Photos and texts as the training takes them.

    Attributes:
        views: The features of different views of the same photos.
        captions: The centered vectors of the captions, shape (photos, 5, 384), unit length.
        phrases: The phrases, with the photos that show them.
        vocabulary: The class names.
        kinds: The classifier of texts, as returned by `fit_kinds`.
    """

    views: list[Features]
    captions: torch.Tensor
    phrases: Phrases
    vocabulary: ClassVocabulary
    kinds: torch.nn.Linear

    def select(self, rows: Ids) -> "TrainingSet":
        """Return the set with only the photos with the indexes `rows`."""
        views = [view.select(rows) for view in self.views]
        captions = self.captions[torch.from_numpy(rows)]
        return TrainingSet(views, captions, self.phrases.select(rows), self.vocabulary, self.kinds)


def read_training_set(train: CaptionedPhotos, texts: TextCache, means: Means, tower: Path) -> TrainingSet:
    """Compute the features and vectors of captioned photos, or read those that an earlier run computed.

    Args:
        train: The captioned photos.
        texts: Encodes texts.
        means: The mean vectors of texts.
        tower: The graph of the quantized backbone; features are stored in its folder.
    """
    vocabulary = ClassVocabulary(texts, means, read_classes())
    phrases = read_phrases(train.captions, vocabulary)
    session = open_session(tower, count_cores(), is_7_bit=True)
    views = [
        read_features(session, f"train-{name}", train.photos, view, tower.parent) for name, view in list_views().items()
    ]
    captions = center_captions(train, texts, means)
    scenes = [captions.flatten(0, 1), vocabulary.list_sentences("scene")]
    kinds = fit_kinds([[vocabulary.list_names()], scenes, [vocabulary.list_sentences("other")]])
    return TrainingSet(views, captions, phrases, vocabulary, kinds)


def center_captions(captioned: CaptionedPhotos, texts: TextCache, means: Means) -> torch.Tensor:
    """Return the centered vectors of the captions of photos, shape (photos, 5, 384), unit length."""
    rows = [torch.from_numpy(texts.encode(group) - means.query) for group in captioned.captions]
    return normalize(torch.stack(rows))
