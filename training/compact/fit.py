"""Train the head on captions, on phrases, and on class names with generated features.

- Captions: symmetric InfoNCE between photos and captions.
- Phrases: short phrases that many photos show are compared with all photos of a batch, pair by pair (Zhai et al.,
  "Sigmoid Loss for Language Image Pre-Training", ICCV 2023). This makes similarities comparable between phrases, which
  the relevance threshold depends on.
- Classes: features are generated from the weights of the classifier, each for one class, and must match the name of the
  class in any of six languages. This keeps all ImageNet classes although no ImageNet photo is used, and aligns names in
  other languages with the English names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.compact.features import Features
from training.compact.network import CLASSES, Head, Tower
from training.compact.phrases import SHOWN, Phrases
from training.compact.texts import ClassVocabulary
from training.compact.training_set import TrainingSet

# Added to the standard deviations of features, so that rare features are not amplified.
MIN_DEVIATION = 0.05
# The maximum of the activation function ReLU6.
RELU6_TOP = 6.0
# The loss of phrases: the weight of a photo that shows a phrase relative to one that does not, and of the two terms.
SHOWN_WEIGHT = 4.0
PAIR_WEIGHT = 10.0
RANK_WEIGHT = 0.1


@dataclass(frozen=True)
class TrainingRecipe:
    """The settings of a training run.

    Attributes:
        dimension: The length of the scene part.
        epochs: The number of epochs.
        batch: The number of photos per step.
        rate: The maximum learning rate.
        decay: The weight decay of matrices.
        dropout: The dropout of image features.
        text_dropout: The dropout of text vectors.
        invented: The number of generated features per step.
        class_weight: The weight of the loss of class names.
        broader_weight: The weight of the loss of broader words.
        phrase_weight: The weight of the loss of phrases.
        phrases: The number of phrases per step.
        seed: The random seed.
        tries: The number of heads that are trained with successive seeds. The best one on `dev.txt` is used.
    """

    dimension: int = 384
    epochs: int = 110
    batch: int = 512
    rate: float = 1e-3
    decay: float = 0.05
    dropout: float = 0.6
    text_dropout: float = 0.1
    invented: int = 512
    class_weight: float = 0.3
    broader_weight: float = 0.1
    phrase_weight: float = 0.7
    phrases: int = 256
    seed: int = 1
    tries: int = 1


class TextProjection(Protocol):
    """The part of a head that the losses use: it projects texts into the image space."""

    @property
    def scale(self) -> Tensor:
        """The factor that cosines are multiplied with."""

    def embed_texts(self, texts: Tensor) -> Tensor:
        """Project text vectors of shape (n, t) into the image space, shape (n, d), unit length."""


class Inventor:
    """Generates pooled features that a photo of a class might have."""

    def __init__(self, tower: Tower, pooled: Tensor) -> None:
        self._weight = tower.net.classifier.weight
        self._bias = tower.net.classifier.bias
        centered = self._weight - self._weight.mean(0)
        self._direction = centered / centered.pow(2).sum(1, keepdim=True)
        self._pooled = pooled
        self._mean = pooled.float().mean(0)

    def invent(self, classes: Tensor) -> tuple[Tensor, Tensor]:
        """Generate pooled features (n, 1280) and logits (n, 1000) for the indexes of classes, shape (n,)."""
        count = len(classes)
        share = 0.6 * torch.rand(count, 1)
        strength = 1.5 * (5 + 6 * torch.rand(count, 1))
        photo = self._pooled[torch.randint(len(self._pooled), (count,))].float()
        features = share * photo + 0.2 * self._mean + strength * self._direction[classes]
        features = features.clamp(0, RELU6_TOP)
        return features, features @ self._weight.T + self._bias


def fit_head(data: TrainingSet, recipe: TrainingRecipe, report: Callable[[int, float, Head], None]) -> Head:
    """Train a head.

    Args:
        data: The photos and texts.
        recipe: The settings.
        report: Called after each epoch with its number, the loss and the head.
    """
    views, captions, vocabulary = data.views, data.captions, data.vocabulary
    torch.manual_seed(recipe.seed)
    chance = np.random.default_rng(recipe.seed)
    head = Head(recipe.dimension, len(vocabulary.broader), recipe.dropout, recipe.text_dropout)
    head.kinds = data.kinds
    _set_statistics(head, views[0], vocabulary)
    inventor = Inventor(Tower(), torch.from_numpy(views[0].pooled))
    photos = len(captions)
    steps = photos // recipe.batch
    pairs = PhraseLoss(data.phrases, recipe)
    optimizer = _make_optimizer(head, recipe)
    optimizer.add_param_group({"params": list(pairs.parameters()), "weight_decay": 0.0})
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.epochs * steps)
    head.train()
    for epoch in range(recipe.epochs):
        order = torch.randperm(photos)
        loss = torch.zeros(())
        for step in range(steps):
            batch = order[step * recipe.batch : (step + 1) * recipe.batch]
            images = _embed_mixed(head, views, batch, chance)
            loss = compare_captions(head, images, captions[batch]) + pairs(head, images, batch, chance)
            loss = loss + _compare_classes(head, inventor, vocabulary, recipe, chance)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        report(epoch + 1, loss.item(), head)
    return head.eval()


def _set_statistics(head: Head, features: Features, vocabulary: ClassVocabulary) -> None:
    head.scene_classes.copy_(vocabulary.make_scene_table())
    head.classes.copy_(vocabulary.make_class_table())
    head.language_means.copy_(vocabulary.measure_languages())
    head.language_gains.copy_(vocabulary.measure_gains(head.classes))
    group_texts, group_classes = vocabulary.make_groups(head.classes)
    head.group_texts.copy_(group_texts)
    head.group_classes.copy_(group_classes)
    for name, values in (("pooled", features.pooled), ("middle", features.middle)):
        getattr(head, f"{name}_mean").copy_(torch.from_numpy(values.astype(np.float32).mean(0)))
        deviation = torch.from_numpy(values.astype(np.float32).std(0)) + MIN_DEVIATION
        getattr(head, f"{name}_deviation").copy_(deviation)


def _make_optimizer(head: Head, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    matrices = [parameter for parameter in head.parameters() if parameter.ndim == 2]
    others = [parameter for parameter in head.parameters() if parameter.ndim != 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.rate)


def _embed_mixed(head: Head, views: list[Features], batch: Tensor, chance: np.random.Generator) -> Tensor:
    """Embed mixtures of two views of each photo of a batch, shape (batch, d)."""
    first, second = (views[number] for number in chance.integers(len(views), size=2))
    share = torch.rand(len(batch), 1)
    rows = batch.numpy()

    def mix(name: str) -> Tensor:
        one, other = (torch.from_numpy(getattr(view, name)[rows]).float() for view in (first, second))
        return share * one + (1 - share) * other

    embedded: Tensor = head(mix("pooled"), mix("logits"), mix("middle"))
    return embedded


def compare_captions(head: TextProjection, images: Tensor, captions: Tensor) -> Tensor:
    """Compute symmetric InfoNCE between photos and a random caption of each.

    Args:
        head: Projects texts into the image space.
        images: The embedded photos, shape (n, d).
        captions: The vectors of the captions, shape (n, 5, t).
    """
    batch = len(captions)
    texts = head.embed_texts(captions[torch.arange(batch), torch.randint(captions.shape[1], (batch,))])
    scores = head.scale * images @ texts.T
    target = torch.arange(batch)
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


class PhraseLoss(torch.nn.Module):
    """Compares photos with phrases, pair by pair. Pairs in which only one caption mentions the phrase are ignored."""

    def __init__(self, phrases: Phrases, recipe: TrainingRecipe) -> None:
        super().__init__()
        self._phrases = phrases
        self._recipe = recipe
        self.log_scale = torch.nn.Parameter(torch.tensor(float(np.log(12.0))))
        self.bias = torch.nn.Parameter(torch.tensor(-4.0))

    def forward(self, head: TextProjection, images: Tensor, batch: Tensor, chance: np.random.Generator) -> Tensor:
        """Return the loss of a batch of photos for randomly drawn phrases.

        Args:
            head: Projects texts into the image space.
            images: The embedded photos, shape (batch, d).
            batch: The indexes of the photos, shape (batch,).
            chance: The random generator.
        """
        count = self._recipe.phrases
        drawn = chance.choice(len(self._phrases.bare), count, replace=False, p=self._phrases.shares)
        has_article = torch.rand(count, 1) < 0.5
        texts = torch.where(has_article, self._phrases.articled[drawn], self._phrases.bare[drawn])
        mentions = torch.from_numpy(self._phrases.mentions[np.ix_(batch.numpy(), drawn)])
        shown, unclear = (mentions >= SHOWN).float(), mentions == 1
        products = images @ head.embed_texts(texts).T
        weight = torch.where(unclear, 0.0, torch.where(shown > 0, SHOWN_WEIGHT, 1.0))
        pairs = functional.binary_cross_entropy_with_logits(
            self.log_scale.exp() * products + self.bias, shown, weight=weight, reduction="sum"
        )
        scores = (head.scale * products).masked_fill(unclear, -1e4)
        ranks = ((scores.log_softmax(0) * shown).sum(0) / shown.sum(0).clamp(min=1))[shown.sum(0) > 0].mean()
        return self._recipe.phrase_weight * (PAIR_WEIGHT * pairs / weight.sum() - RANK_WEIGHT * ranks)


def _compare_classes(
    head: Head, inventor: Inventor, vocabulary: ClassVocabulary, recipe: TrainingRecipe, chance: np.random.Generator
) -> Tensor:
    """Return the loss of generated features: each must match the name of its class, and the broader words of it."""
    classes = torch.randint(CLASSES, (recipe.invented,))
    pooled, logits = inventor.invent(classes)
    images = head(pooled, logits, None)
    names = head.embed_texts(vocabulary.draw_names(chance))
    loss = functional.cross_entropy(head.scale * images @ names.T, classes)
    loss = recipe.class_weight * (loss + (1 - (images * names[classes]).sum(-1)).mean())
    broader = head.embed_texts(vocabulary.draw_broader(chance))
    scores = (head.scale * images @ broader.T).log_softmax(1)
    wanted = vocabulary.is_broader[classes]
    covered = (scores * wanted / wanted.sum(1, keepdim=True)).sum(1).mean()
    result: Tensor = loss - recipe.broader_weight * covered
    return result
