"""Training the head: captions and phrases against photos, and a thousand class names against made-up features.

The loss is symmetric InfoNCE over photos and captions. Short phrases that many photos show are compared with all photos
of a batch, each pair separately (Zhai et al., "Sigmoid Loss for Language Image Pre-Training", ICCV 2023): so that
products mean the same for every phrase, which is what a relevance cut rests on. Besides, features are invented from the
classifier's own weights, one class each, and must find that class's name in any of six languages: so the
head forgets no ImageNet class although no ImageNet photo is seen, and names in other languages fall where
the English ones do.
"""

from collections.abc import Callable, Sequence
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

MIN_DEVIATION = 0.05
RELU6_TOP = 6.0
KINDS_DECAY = 1e-5
# Of the loss of phrases: what a photo that shows one counts next to one that does not, and the shares of its two terms.
SHOWN_WEIGHT = 4.0
PAIR_WEIGHT = 10.0
RANK_WEIGHT = 0.1


@dataclass(frozen=True)
class TrainingRecipe:
    """The settings of a run. tries: heads trained from different seeds, of which the best on `dev.txt` is kept."""

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
    """What a loss needs of a head: it carries texts to where images are."""

    @property
    def scale(self) -> Tensor:
        """The factor on cosines."""

    def embed_texts(self, texts: Tensor) -> Tensor:
        """Project text vectors of shape (n, t) into the image space, shape (n, d), unit length."""


class Inventor:
    """Makes up pooled features as a photo of a class might have them."""

    def __init__(self, tower: Tower, pooled: Tensor) -> None:
        self._weight = tower.net.classifier.weight
        self._bias = tower.net.classifier.bias
        centered = self._weight - self._weight.mean(0)
        self._direction = centered / centered.pow(2).sum(1, keepdim=True)
        self._pooled = pooled
        self._mean = pooled.float().mean(0)

    def invent(self, classes: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled features (n, 1280) and logits (n, 1000) for class numbers of shape (n,)."""
        number = len(classes)
        share = 0.6 * torch.rand(number, 1)
        strength = 1.5 * (5 + 6 * torch.rand(number, 1))
        photo = self._pooled[torch.randint(len(self._pooled), (number,))].float()
        features = share * photo + 0.2 * self._mean + strength * self._direction[classes]
        features = features.clamp(0, RELU6_TOP)
        return features, features @ self._weight.T + self._bias


def fit_head(
    views: list[Features],
    captions: Tensor,
    phrases: Phrases,
    vocabulary: ClassVocabulary,
    recipe: TrainingRecipe,
    kinds: torch.nn.Linear,
    report: Callable[[int, float, Head], None],
) -> Head:
    """Train a head.

    views: the features of the same photos seen differently; captions: centered unit vectors of shape
    (photos, 5, 384); report: called after each epoch with its number, the loss and the head.
    """
    torch.manual_seed(recipe.seed)
    chance = np.random.default_rng(recipe.seed)
    head = Head(recipe.dimension, len(vocabulary.broader), recipe.dropout, recipe.text_dropout)
    head.kinds = kinds
    _set_statistics(head, views[0], vocabulary)
    inventor = Inventor(Tower(), torch.from_numpy(views[0].pooled))
    photos = len(captions)
    steps = photos // recipe.batch
    pairs = PhraseLoss(phrases, recipe)
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


def fit_kinds(kinds: Sequence[Sequence[Tensor]]) -> torch.nn.Linear:
    """Fit the logistic classifier that tells kinds of text: names, descriptions of scenes, other sentences.

    kinds: for each kind groups of texts, each of shape (n, 384). All kinds weigh the same, and all groups of one.
    """
    groups = [(kind, group, 1 / (len(kinds) * len(parts))) for kind, parts in enumerate(kinds) for group in parts]
    texts = torch.cat([group for _, group, _ in groups])
    label = torch.cat([torch.full((len(group),), kind) for kind, group, _ in groups])
    weight = torch.cat([torch.full((len(group),), share / len(group)) for _, group, share in groups])
    layer = torch.nn.Linear(texts.shape[1], len(kinds))
    torch.nn.init.zeros_(layer.weight)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def measure() -> Tensor:
        optimizer.zero_grad()
        losses = functional.cross_entropy(layer(texts), label, reduction="none")
        loss = (losses * weight).sum() + KINDS_DECAY * layer.weight.pow(2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(measure)  # type: ignore[no-untyped-call]
    return layer.requires_grad_(False)


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
    matrices = [one for one in head.parameters() if one.ndim == 2]
    others = [one for one in head.parameters() if one.ndim != 2]
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
    """Compute InfoNCE between embedded photos (n, d) and one caption of each. captions: shape (n, 5, t)."""
    batch = len(captions)
    texts = head.embed_texts(captions[torch.arange(batch), torch.randint(captions.shape[1], (batch,))])
    scores = head.scale * images @ texts.T
    target = torch.arange(batch)
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


class PhraseLoss(torch.nn.Module):
    """Compares photos with phrases, pair by pair; photos of which one caption uses the phrase are left out."""

    def __init__(self, phrases: Phrases, recipe: TrainingRecipe) -> None:
        super().__init__()
        self._phrases = phrases
        self._recipe = recipe
        self.log_scale = torch.nn.Parameter(torch.tensor(float(np.log(12.0))))
        self.bias = torch.nn.Parameter(torch.tensor(-4.0))

    def forward(self, head: TextProjection, images: Tensor, batch: Tensor, chance: np.random.Generator) -> Tensor:
        """Return the loss of embedded photos (batch, d) against some phrases."""
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
    """Invented images must find their class's name among all, and the broader words that cover it."""
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
