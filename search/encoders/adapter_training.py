"""Train a residual adapter on captions and feedback (needs the `clip` extra)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.encoders.adapter import Adapter
from search.encoders.compact.files import normalize
from search.encoders.encoder import ImageEncoder
from search.encoders.open_clip.imports import import_torch
from search.records import Flags, Ids, Vectors

# The texts are split into this many parts: one for early stopping, some held out for the evaluation.
PARTS = 10


@dataclass(frozen=True)
class AdapterRecipe:
    """Hyperparameters of the training of an adapter.

    Attributes:
        hidden: The width of the hidden layer.
        rounds: The maximum number of training steps, each over all pairs.
        rate: The learning rate.
        temperature: The temperature of the contrastive loss.
        stay: The weight of the penalty for moving a vector.
        refusal: The weight of pairs that do not match, relative to pairs that match.
        waiting: Training stops after this many steps without a lower validation loss.
        seed: The seed of the initial weights.
    """

    hidden: int = 64
    rounds: int = 400
    rate: float = 2e-3
    temperature: float = 0.05
    stay: float = 1.0
    refusal: float = 1.0
    waiting: int = 40
    seed: int = 0


@dataclass(frozen=True)
class TrainingPairs:
    """Texts with images that match them or do not, as vectors of the base model.

    Attributes:
        texts: Shape (t, d), float32.
        parts: The part of each text from `part_texts`, shape (t,), int64.
        images: Shape (n, d), float32.
        items: The item id of each image, shape (n,), int64.
        text_indexes: The index of the text of each image, shape (n,), int64.
        fits: Whether each image matches its text, shape (n,), bool.
    """

    texts: Vectors
    parts: Ids
    images: Vectors
    items: Ids
    text_indexes: Ids
    fits: Flags


def part_texts(texts: Sequence[str], has_match: Flags) -> Ids:
    """Assign each text to one of `PARTS` parts by the hash of its content, whatever the order of the texts.

    Args:
        texts: The texts.
        has_match: Whether each text has a matching image, shape (t,), bool. These texts are spread evenly over the
            parts.

    Returns:
        The part of each text, shape (t,), int64.
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    order = sorted(range(len(texts)), key=lambda index: (not has_match[index], hashes[index]))
    parts = np.empty(len(texts), np.int64)
    parts[order] = np.arange(len(texts)) % PARTS
    return parts


def train_adapter(
    pairs: TrainingPairs,
    base: ImageEncoder,
    stop: int = 0,
    held: Sequence[int] = (),
    recipe: AdapterRecipe | None = None,
) -> Adapter:
    """Train an adapter.

    Args:
        pairs: The training data.
        base: The base model. Only the first part of its vectors changes.
        stop: The part of the texts that is used for validation (early stopping).
        held: The parts of the texts that are held out.
        recipe: The hyperparameters.

    Returns:
        The adapter with the lowest validation loss.

    Raises:
        ModelError: The `clip` extra is not installed.
    """
    torch = import_torch()
    recipe = recipe or AdapterRecipe()
    width = base.parts[0]
    torch.manual_seed(recipe.seed)
    validation_texts = np.flatnonzero(pairs.parts == stop)
    training_texts = np.flatnonzero(~np.isin(pairs.parts, [stop, *held]))
    inward = torch.randn(width, recipe.hidden).mul_(width**-0.5).requires_grad_()
    outward = torch.zeros(recipe.hidden, width, requires_grad=True)
    optimizer = torch.optim.Adam([inward, outward], lr=recipe.rate)

    def move(rows: Any) -> Any:
        return torch.nn.functional.normalize(rows + torch.relu(rows @ inward) @ outward, dim=-1)

    training, validation = (_Batch(torch, pairs, texts, width, recipe) for texts in (training_texts, validation_texts))
    lowest_loss, steps_since = float("inf"), 0
    best = Adapter(inward.detach().numpy().copy(), outward.detach().numpy().copy(), base.fingerprint)
    for _ in range(recipe.rounds):
        optimizer.zero_grad()
        training.measure_loss(move).backward()
        optimizer.step()
        with torch.no_grad():
            loss = float(validation.measure_loss(move))
        if loss < lowest_loss:
            lowest_loss, steps_since = loss, 0
            best = Adapter(inward.detach().numpy().copy(), outward.detach().numpy().copy(), base.fingerprint)
        else:
            steps_since += 1
            if steps_since >= recipe.waiting:
                break
    return best


class _Batch:
    """The pairs of some of the texts, as tensors."""

    def __init__(self, torch: Any, pairs: TrainingPairs, texts: Ids, width: int, recipe: AdapterRecipe) -> None:
        """Select the pairs of some texts.

        Args:
            torch: The library.
            pairs: The training data.
            texts: The indexes of the texts.
            width: The length of the first part of a vector.
            recipe: The hyperparameters.
        """
        self._torch, self._recipe = torch, recipe
        is_selected = np.isin(pairs.text_indexes, texts)
        images = torch.from_numpy(normalize(pairs.images[:, :width]))
        queries = torch.from_numpy(normalize(pairs.texts[:, :width]))
        positives = np.flatnonzero(is_selected & pairs.fits)
        negatives = np.flatnonzero(is_selected & ~pairs.fits)
        self._positive_images, self._negative_images = images[positives], images[negatives]
        matched, unmatched = pairs.text_indexes[positives], pairs.text_indexes[negatives]
        self._positive_queries, self._negative_queries = queries[matched], queries[unmatched]
        # Images that match the same text are not negatives of each other.
        same_text = torch.from_numpy(matched[:, None] == matched)
        self._masked = same_text & ~torch.eye(len(positives), dtype=torch.bool)

    def measure_loss(self, move: Callable[[Any], Any]) -> Any:
        """Return the loss: InfoNCE of matching pairs, a soft margin for other pairs, and a penalty for moving.

        Args:
            move: The adapter: maps unit vectors (n, width) to unit vectors of the same shape.
        """
        torch, recipe = self._torch, self._recipe
        moved = move(self._positive_images)
        logits = (self._positive_queries @ moved.T / recipe.temperature).masked_fill(self._masked, -torch.inf)
        targets = torch.arange(len(moved))
        cross_entropy = torch.nn.functional.cross_entropy
        loss = (cross_entropy(logits, targets) + cross_entropy(logits.T, targets)) / 2
        loss = loss + recipe.stay * (moved - self._positive_images).square().sum(-1).mean()
        if len(self._negative_images):
            negatives = (self._negative_queries * move(self._negative_images)).sum(-1)
            # The mean similarity of matching pairs. It is detached because those pairs have a separate term.
            baseline = (self._positive_queries * moved).sum(-1).mean().detach()
            margin = torch.nn.functional.softplus((negatives - baseline) / recipe.temperature)
            loss = loss + recipe.refusal * margin.mean() * len(negatives) / (len(negatives) + len(moved))
        return loss
