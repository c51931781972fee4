"""Train a residual adapter on captions and feedback (needs the `clip` extra)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.encoders.adapter import Adapter
from search.encoders.compact.files import normalize
from search.encoders.open_clip.imports import import_torch
from search.records import Flags, Ids, Vectors

# The texts are split into this many parts: one decides when to stop, some are held out for the evaluation.
PARTS = 10


@dataclass(frozen=True)
class AdapterRecipe:
    """Hyperparameters.

    Attributes:
        hidden: The width of the adapter.
        rounds: The maximum number of training steps.
        rate: The learning rate.
        temperature: The temperature of the contrastive loss.
        stay: The weight of the penalty for moving a vector.
        refusal: The weight of pairs that do not match, relative to pairs that do.
        waiting: Training stops after this many rounds without a better validation loss.
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
        texts: Shape (t, d).
        parts: The part of each text from `part_texts`, shape (t,).
        images: Shape (n, d).
        items: The item id of each image, shape (n,).
        of: The index of the text of each image, shape (n,).
        fits: Whether each image matches its text, shape (n,).
    """

    texts: Vectors
    parts: Ids
    images: Vectors
    items: Ids
    of: Ids
    fits: Flags


def part_texts(texts: Sequence[str], said: Flags) -> Ids:
    """Assign each text to one of `PARTS` parts, by its content and not by its position.

    Args:
        texts: The texts.
        said: Whether each text has a matching image, shape (t,). Those texts are spread evenly over the parts.

    Returns:
        The part of each text, shape (t,).
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    order = sorted(range(len(texts)), key=lambda place: (not said[place], hashes[place]))
    parts = np.empty(len(texts), np.int64)
    parts[order] = np.arange(len(texts)) % PARTS
    return parts


def train_adapter(
    pairs: TrainingPairs,
    base: str,
    width: int,
    stop: int = 0,
    held: Sequence[int] = (),
    recipe: AdapterRecipe | None = None,
) -> Adapter:
    """Train an adapter and return the weights with the lowest validation loss.

    Args:
        pairs: The training data.
        base: The fingerprint of the base model.
        width: The length of the first part of a vector; only that part changes.
        stop: The part of the texts that is used for validation.
        held: The parts that are held out.
        recipe: The hyperparameters.
    """
    torch = import_torch()
    recipe = recipe or AdapterRecipe()
    torch.manual_seed(recipe.seed)
    stopping = np.flatnonzero(pairs.parts == stop)
    training = np.flatnonzero(~np.isin(pairs.parts, [stop, *held]))
    inward = torch.randn(width, recipe.hidden).mul_(width**-0.5).requires_grad_()
    outward = torch.zeros(recipe.hidden, width, requires_grad=True)
    optimizer = torch.optim.Adam([inward, outward], lr=recipe.rate)

    def move(rows: Any) -> Any:
        return torch.nn.functional.normalize(rows + torch.relu(rows @ inward) @ outward, dim=-1)

    train, check = (_Batch(torch, pairs, places, width, recipe) for places in (training, stopping))
    best, kept, since = float("inf"), (inward.detach().clone(), outward.detach().clone()), 0
    for _ in range(recipe.rounds):
        optimizer.zero_grad()
        train.measure(move).backward()
        optimizer.step()
        with torch.no_grad():
            loss = float(check.measure(move))
        if loss < best:
            best, kept, since = loss, (inward.detach().clone(), outward.detach().clone()), 0
        else:
            since += 1
            if since >= recipe.waiting:
                break
    return Adapter(kept[0].numpy(), kept[1].numpy(), base)


class _Batch:
    """The pairs of some of the texts, as tensors."""

    def __init__(self, torch: Any, pairs: TrainingPairs, places: Ids, width: int, recipe: AdapterRecipe) -> None:
        self._torch, self._recipe = torch, recipe
        ours = np.isin(pairs.of, places)
        rows = torch.from_numpy(normalize(pairs.images[:, :width]))
        queries = torch.from_numpy(normalize(pairs.texts[:, :width]))
        fitting, unfit = np.flatnonzero(ours & pairs.fits), np.flatnonzero(ours & ~pairs.fits)
        self._seen, self._refused = rows[fitting], rows[unfit]
        self._queries, self._denied = queries[pairs.of[fitting]], queries[pairs.of[unfit]]
        # Images that match the same text are not negatives of each other.
        same = torch.from_numpy(pairs.of[fitting][:, None] == pairs.of[fitting])
        self._masked = same & ~torch.eye(len(fitting), dtype=torch.bool)

    def measure(self, move: Callable[[Any], Any]) -> Any:
        """Return the loss: the contrast of matching pairs, a margin for other pairs, and a penalty for moving."""
        torch, recipe = self._torch, self._recipe
        moved = move(self._seen)
        logits = (self._queries @ moved.T / recipe.temperature).masked_fill(self._masked, -torch.inf)
        right = torch.arange(len(moved))
        entropy = torch.nn.functional.cross_entropy
        loss = (entropy(logits, right) + entropy(logits.T, right)) / 2
        loss = loss + recipe.stay * (moved - self._seen).square().sum(-1).mean()
        if len(self._refused):
            refused = (self._denied * move(self._refused)).sum(-1)
            # The mean similarity of matching pairs, detached: those pairs have their own term.
            baseline = (self._queries * moved).sum(-1).mean().detach()
            margin = torch.nn.functional.softplus((refused - baseline) / recipe.temperature)
            loss = loss + recipe.refusal * margin.mean() * len(refused) / (len(refused) + len(moved))
        return loss
