"""Fit a calibrator of the visual retriever: a small network with a common cut for all queries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from search.records import Ids, Vectors
from search.scoring.visual import MAX_INPUT, Unit, VisualCalibrator

# The width of the hidden layer.
HIDDEN = 16
# The number of networks with different initial weights. Their mean is one network of this many times the width.
NETWORKS = 4
EPOCHS = 8
RATE = 5e-3
DECAY = 1e-4
QUERIES_PER_STEP = 48
# The weight of the mean F1 of the queries relative to the likelihood.
F1_WEIGHT = 1.0


@dataclass(frozen=True)
class Examples:
    """Pairs of a query and an image, sorted by query.

    Attributes:
        inputs: Measures and traits, shape (n, i), float32.
        labels: 1 if the image matches the query, otherwise 0; shape (n,), float32.
        counts: The number of images that each sampled image represents, shape (n,), float32.
        starts: The index of the first pair of each query, and n, shape (queries + 1,), int64.
        weights: The weight of each query, shape (queries,), float32.
        sizes: The number of images of each query before sampling, shape (queries,), float32.
        has_answers: Whether any image matches each query, shape (queries,), bool.
    """

    inputs: Vectors
    labels: Vectors
    counts: Vectors
    starts: Ids
    weights: Vectors
    sizes: Vectors
    has_answers: Ids


def fit_calibrator(
    examples: Examples, units: Sequence[Unit], hidden: int = HIDDEN, epochs: int = EPOCHS
) -> VisualCalibrator:
    """Fit a calibrator, the mean of several networks.

    Args:
        examples: The training data.
        units: The parts of the space, with their baselines.
        hidden: The width of the hidden layer of each network.
        epochs: The number of epochs.
    """
    fitted = [_fit_network(examples, units, hidden, epochs, seed) for seed in range(NETWORKS)]
    return replace(
        fitted[0],
        hidden=np.concatenate([one.hidden for one in fitted], axis=1),
        hidden_bias=np.concatenate([one.hidden_bias for one in fitted]),
        output=np.concatenate([one.output for one in fitted]) / len(fitted),
        bias=float(np.mean([one.bias for one in fitted])),
    )


def _fit_network(examples: Examples, units: Sequence[Unit], hidden: int, epochs: int, seed: int) -> VisualCalibrator:
    """Fit a network by likelihood and by the mean soft F1 of the queries, with the same cut for all queries."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    mean, deviation = examples.inputs.mean(axis=0), examples.inputs.std(axis=0) + 1e-6
    inputs = torch.from_numpy(((examples.inputs - mean) / deviation).clip(-MAX_INPUT, MAX_INPUT))
    labels, counts = torch.from_numpy(examples.labels), torch.from_numpy(examples.counts)
    lengths = np.diff(examples.starts)
    shares = torch.from_numpy(np.repeat(examples.weights / examples.sizes, lengths).astype(np.float32)) * counts
    shares = shares / shares.mean()
    network = torch.nn.Sequential(torch.nn.Linear(inputs.shape[1], hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = len(lengths) // QUERIES_PER_STEP
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3 * RATE, epochs * steps)
    for _ in range(epochs):
        order = chance.permutation(len(lengths))
        for step in range(steps):
            queries = order[step * QUERIES_PER_STEP : (step + 1) * QUERIES_PER_STEP]
            rows = np.concatenate([np.arange(examples.starts[one], examples.starts[one + 1]) for one in queries])
            chosen = torch.from_numpy(rows)
            logits = network(inputs[chosen])[:, 0]
            loss = functional.binary_cross_entropy_with_logits(logits, labels[chosen], weight=shares[chosen])
            owners = torch.from_numpy(np.repeat(np.arange(len(queries)), lengths[queries]))
            weights = torch.from_numpy(examples.weights[queries] * examples.has_answers[queries]).float()
            if weights.sum() > 0:
                f1 = _measure_soft_f1(logits, labels[chosen], counts[chosen], owners)
                loss = loss + F1_WEIGHT * (weights * (1 - f1)).sum() / weights.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    first, last = network[0], network[2]
    return VisualCalibrator(
        units=tuple(units),
        means=mean.astype(np.float32),
        deviations=deviation.astype(np.float32),
        hidden=first.weight.detach().numpy().T.copy(),
        hidden_bias=first.bias.detach().numpy().copy(),
        output=last.weight.detach().numpy()[0].copy(),
        bias=float(last.bias.detach()),
    )


def _measure_soft_f1(
    logits: torch.Tensor, labels: torch.Tensor, counts: torch.Tensor, owners: torch.Tensor
) -> torch.Tensor:
    """Return the expected F1 of each query if each image is shown with its probability, shape (queries,)."""
    queries = int(owners[-1]) + 1
    shown = torch.sigmoid(logits) * counts
    right = torch.zeros(queries).index_add(0, owners, shown * labels)
    total = torch.zeros(queries).index_add(0, owners, shown + counts * labels)
    result: torch.Tensor = 2 * right / (total + 1e-3)
    return result
