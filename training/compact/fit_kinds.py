"""Fit the classifier of texts."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

# The weight decay of the classifier of texts.
KINDS_DECAY = 1e-5


def fit_kinds(kinds: Sequence[Sequence[Tensor]]) -> torch.nn.Linear:
    """Fit the logistic classifier of texts: names, descriptions of scenes, other sentences.

    Args:
        kinds: Groups of texts of each kind, each of shape (n, 384). All kinds have the same total weight, and so have
            all groups of a kind.
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
