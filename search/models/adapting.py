"""Training a residual adapter by captions and opinions (needs the `clip` extra)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.models.adapter import Adapter
from search.models.compact import normalize
from search.models.open_clip import import_torch
from search.records import Flags, Ids, Vectors


@dataclass(frozen=True)
class Recipe:
    """How to train. hidden: width of the adapter; temperature: of the contrast; stay: how dear it is to move a vector.

    refusal: how much what does not fit counts beside what does; waiting: so many rounds without gain on what is set
    aside for that end it.
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
class Lessons:
    """Texts and pictures that fit them or do not, as vectors of the base model.

    texts: shape (t, d); pictures: shape (n, d); of: shape (n,), the place of each picture's text; fits: shape (n,).
    """

    texts: Vectors
    pictures: Vectors
    of: Ids
    fits: Flags


def split_texts(count: int, seed: int = 0) -> tuple[Ids, Ids, Ids]:
    """Give the places to train on, to know by when to stop, and to judge by at the end: 70, 10 and 20 percent."""
    order = np.random.default_rng(seed).permutation(count)
    first, second = round(0.7 * count), round(0.8 * count)
    return order[:first], order[first:second], order[second:]


def train_adapter(lessons: Lessons, base: str, width: int, recipe: Recipe | None = None) -> Adapter:
    """Train and give the adapter that did best on the part set aside to know by when to stop.

    base: the model's fingerprint; width: the length of the first part of a vector, which is all that is moved.
    """
    torch = import_torch()
    recipe = recipe or Recipe()
    torch.manual_seed(recipe.seed)
    training, stopping, _ = split_texts(len(lessons.texts), recipe.seed)
    inward = torch.randn(width, recipe.hidden).mul_(width**-0.5).requires_grad_()
    outward = torch.zeros(recipe.hidden, width, requires_grad=True)
    optimizer = torch.optim.Adam([inward, outward], lr=recipe.rate)

    def move(rows: Any) -> Any:
        return torch.nn.functional.normalize(rows + torch.relu(rows @ inward) @ outward, dim=-1)

    train, check = (_Lesson(torch, lessons, places, width, recipe) for places in (training, stopping))
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


class _Lesson:
    """The part of what is known that some of the texts belong to."""

    def __init__(self, torch: Any, lessons: Lessons, places: Ids, width: int, recipe: Recipe) -> None:
        self._torch, self._recipe = torch, recipe
        ours = np.isin(lessons.of, places)
        rows = torch.from_numpy(normalize(lessons.pictures[:, :width]))
        asked = torch.from_numpy(normalize(lessons.texts[:, :width]))
        fitting, unfit = np.flatnonzero(ours & lessons.fits), np.flatnonzero(ours & ~lessons.fits)
        self._seen, self._refused = rows[fitting], rows[unfit]
        self._asked, self._denied = asked[lessons.of[fitting]], asked[lessons.of[unfit]]
        # Several pictures that fit one text are not to be told from one another by it.
        same = torch.from_numpy(lessons.of[fitting][:, None] == lessons.of[fitting])
        self._masked = same & ~torch.eye(len(fitting), dtype=torch.bool)

    def measure(self, move: Callable[[Any], Any]) -> Any:
        """Give the loss: contrast of what fits, what does not pushed below that, and how far all is moved."""
        torch, recipe = self._torch, self._recipe
        moved = move(self._seen)
        logits = (self._asked @ moved.T / recipe.temperature).masked_fill(self._masked, -torch.inf)
        right = torch.arange(len(moved))
        entropy = torch.nn.functional.cross_entropy
        loss = (entropy(logits, right) + entropy(logits.T, right)) / 2
        loss = loss + recipe.stay * (moved - self._seen).square().sum(-1).mean()
        if len(self._refused):
            refused = (self._denied * move(self._refused)).sum(-1)
            # As near as what fits is on average, detached: fitting pairs are drawn nearer by their own term.
            usual = (self._asked * moved).sum(-1).mean().detach()
            margin = torch.nn.functional.softplus((refused - usual) / recipe.temperature)
            loss = loss + recipe.refusal * margin.mean() * len(refused) / (len(refused) + len(moved))
        return loss
