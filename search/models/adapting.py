"""Training a residual adapter by captions (needs the `clip` extra)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from search.models.adapter import Adapter
from search.models.compact import normalize
from search.models.open_clip import import_torch
from search.records import Ids, Vectors


@dataclass(frozen=True)
class Recipe:
    """How to train. hidden: width of the adapter; temperature: of the contrast; stay: how dear it is to move a vector.

    waiting: so many rounds without gain on what is set aside for that end it.
    """

    hidden: int = 64
    rounds: int = 400
    rate: float = 2e-3
    temperature: float = 0.05
    stay: float = 1.0
    waiting: int = 40
    seed: int = 0


def split_captions(count: int, seed: int = 0) -> tuple[Ids, Ids, Ids]:
    """Give the places to train on, to know by when to stop, and to judge by at the end: 70, 10 and 20 percent."""
    order = np.random.default_rng(seed).permutation(count)
    first, second = round(0.7 * count), round(0.8 * count)
    return order[:first], order[first:second], order[second:]


def train_adapter(
    pictures: Vectors, texts: Vectors, base: str, width: int, recipe: Recipe | None = None
) -> Adapter:
    """Train on pairs and give the adapter that did best on the part set aside to know by when to stop.

    pictures, texts: shape (n, d), of the base model, row i of one belonging to row i of the other; base: the model's
    fingerprint; width: the length of the first part of a vector, which is all that is moved.
    """
    torch = import_torch()
    recipe = recipe or Recipe()
    torch.manual_seed(recipe.seed)
    training, stopping, _ = split_captions(len(pictures), recipe.seed)
    seen = torch.from_numpy(normalize(pictures[:, :width]))
    asked = torch.from_numpy(normalize(texts[:, :width]))
    inward = torch.randn(width, recipe.hidden).mul_(width**-0.5).requires_grad_()
    outward = torch.zeros(recipe.hidden, width, requires_grad=True)
    optimizer = torch.optim.Adam([inward, outward], lr=recipe.rate)

    def measure(places: Ids) -> Any:
        rows = seen[places]
        moved = torch.nn.functional.normalize(rows + torch.relu(rows @ inward) @ outward, dim=-1)
        logits = asked[places] @ moved.T / recipe.temperature
        right = torch.arange(len(places))
        contrast = torch.nn.functional.cross_entropy(logits, right) + torch.nn.functional.cross_entropy(logits.T, right)
        return contrast / 2 + recipe.stay * (moved - rows).square().sum(-1).mean()

    best, kept, since = float("inf"), (inward.detach().clone(), outward.detach().clone()), 0
    for _ in range(recipe.rounds):
        optimizer.zero_grad()
        measure(training).backward()
        optimizer.step()
        with torch.no_grad():
            loss = float(measure(stopping))
        if loss < best:
            best, kept, since = loss, (inward.detach().clone(), outward.detach().clone()), 0
        else:
            since += 1
            if since >= recipe.waiting:
                break
    return Adapter(kept[0].numpy(), kept[1].numpy(), base)
