"""Training a residual adapter by captions and opinions (needs the `clip` extra)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.encoders.adapter import Adapter
from search.encoders.compact.files import normalize
from search.encoders.open_clip.imports import import_torch
from search.records import Flags, Ids, Vectors

# What is known is cut into so many parts by its texts: one says when to stop, some are held out to judge by.
PARTS = 10


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
class TrainingPairs:
    """Texts and pictures that fit them or do not, as vectors of the base model.

    texts: shape (t, d); parts: shape (t,), as `part_texts` gives them; pictures: shape (n, d); items: shape (n,), the
    id of each picture; of: shape (n,), the place of each picture's text; fits: shape (n,).
    """

    texts: Vectors
    parts: Ids
    pictures: Vectors
    items: Ids
    of: Ids
    fits: Flags


def part_texts(texts: Sequence[str], said: Flags) -> Ids:
    """Return each text one of `PARTS` parts, by what it says, so that the order they were given in does not matter.

    said: shape (t,), whether a text is known to fit a picture; each part has its share of those that are. Shape (t,).
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    order = sorted(range(len(texts)), key=lambda place: (not said[place], hashes[place]))
    parts = np.empty(len(texts), np.int64)
    parts[order] = np.arange(len(texts)) % PARTS
    return parts


def train_adapter(
    lessons: TrainingPairs, base: str, width: int, stop: int = 0, held: Sequence[int] = (), recipe: Recipe | None = None
) -> Adapter:
    """Train and give the adapter that did best on the part that says when to stop.

    base: the model's fingerprint; width: the length of the first part of a vector, which is all that is moved;
    stop: that part of the texts; held: the parts that are not looked at.
    """
    torch = import_torch()
    recipe = recipe or Recipe()
    torch.manual_seed(recipe.seed)
    stopping = np.flatnonzero(lessons.parts == stop)
    training = np.flatnonzero(~np.isin(lessons.parts, [stop, *held]))
    inward = torch.randn(width, recipe.hidden).mul_(width**-0.5).requires_grad_()
    outward = torch.zeros(recipe.hidden, width, requires_grad=True)
    optimizer = torch.optim.Adam([inward, outward], lr=recipe.rate)

    def move(rows: Any) -> Any:
        return torch.nn.functional.normalize(rows + torch.relu(rows @ inward) @ outward, dim=-1)

    train, check = (_Batch(torch, lessons, places, width, recipe) for places in (training, stopping))
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
    """The part of what is known that some of the texts belong to."""

    def __init__(self, torch: Any, lessons: TrainingPairs, places: Ids, width: int, recipe: Recipe) -> None:
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
        """Return the loss: contrast of what fits, what does not pushed below that, and how far all is moved."""
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
