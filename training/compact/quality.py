"""Measure the recall of a head: captions to photos, and class names in six languages to ImageNet photos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from search.encoders.class_names import LANGUAGES, ClassNames
from training.compact.data import read_check
from training.compact.features import Features
from training.compact.network import Head, normalize
from training.compact.texts import ClassVocabulary

DEPTHS = (1, 5, 10)


def embed_views(head: Head, views: Sequence[Features]) -> Tensor:
    """Embed photos by the features of their views, shape (n, d + 384); each part is the mean of the views."""
    head.eval()
    scenes, objects = [], []
    with torch.no_grad():
        for view in views:
            pooled, logits, middle = (torch.from_numpy(one).float() for one in (view.pooled, view.logits, view.middle))
            scenes.append(head(pooled, logits, middle))
            objects.append(head.embed_objects(logits))
    head.train()
    return join_parts(torch.stack(scenes).mean(0), torch.stack(objects).mean(0))


def join_parts(scene: Tensor, thing: Tensor) -> Tensor:
    """Join the scene parts (n, d) and the object parts (n, 384) with equal weights; unit length."""
    return torch.cat([normalize(scene), normalize(thing)], 1) / 2**0.5


def measure_captions(head: Head, images: Tensor, captions: Tensor) -> dict[str, float]:
    """Return the text-to-image recall@k in percent, by k.

    Args:
        head: The head.
        images: The vectors of the photos, shape (n, d).
        captions: The centered text vectors of their captions, shape (n, 5, 384).
    """
    owners = torch.arange(len(images)).repeat_interleave(captions.shape[1])
    return _measure_recall(_embed(head, captions.flatten(0, 1)), images, owners)


def measure_classes(
    head: Head, images: Tensor, photos: list[Path], classes: list[ClassNames], vocabulary: ClassVocabulary
) -> dict[str, Any]:
    """Return the recall@k of class names in percent, by language and k.

    Args:
        head: The head.
        images: The vectors of the photos, shape (n, d).
        photos: The photos, named `wnid_name.jpg`.
        classes: The classes, for the English names.
        vocabulary: Embeds the names.
    """
    place = {path.name.split("_")[0]: number for number, path in enumerate(photos)}
    known = [one for one in classes if one.wnid in place]
    owners = torch.tensor([place[one.wnid] for one in known])
    names = vocabulary.embed([one.names["en"][0] for one in known])
    figures: dict[str, Any] = {"en": _measure_recall(_embed(head, names), images, owners)}
    check = {wnid: words for wnid, words in read_check().items() if wnid in place}
    owners = torch.tensor([place[wnid] for wnid in check])
    for language in LANGUAGES:
        names = vocabulary.embed([words[language] for words in check.values()])
        figures[language] = _measure_recall(_embed(head, names), images, owners)
    return figures


def _embed(head: Head, texts: Tensor) -> Tensor:
    with torch.no_grad():
        result = head.eval().embed_queries(texts)
    head.train()
    return result


def _measure_recall(texts: Tensor, images: Tensor, owners: Tensor) -> dict[str, float]:
    scores = texts @ images.T
    own = scores[torch.arange(len(owners)), owners]
    ranks = (scores > own[:, None]).sum(1)
    return {f"R@{depth}": round(float((ranks < depth).float().mean()) * 100, 1) for depth in DEPTHS}
