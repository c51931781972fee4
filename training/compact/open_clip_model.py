"""Write `compact` as an open_clip model: a folder with the same weights, which open_clip loads as `local-dir:`."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from search.encoders.compact.e5 import HEADS, INNER, LAYERS, MAX_TOKENS, PAD, WIDTH, E5Weights, find_weights
from search.encoders.compact.files import CompactFiles
from search.encoders.open_clip.imports import import_open_clip, import_timm
from training.compact.network import SIDE, Embedder, load_head, normalize

TRUNK = "crossmodal_compact"
POOLER = "centred_mean_pooler"
# The matrices of a layer by their name in transformers: name in the weights file, number of rows.
MATRICES = {
    "attention.self.query": ("q", WIDTH),
    "attention.self.key": ("k", WIDTH),
    "attention.self.value": ("v", WIDTH),
    "attention.output.dense": ("ao", WIDTH),
    "intermediate.dense": ("fi", INNER),
    "output.dense": ("fo", WIDTH),
}
NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


def write_open_clip(files: CompactFiles, folder: Path) -> None:
    """Write the configuration and the weights.

    Args:
        files: The files of `compact`.
        folder: The folder to write to. It must not be moved, because the configuration contains its path.
    """
    text_folder = folder / "text"
    text_folder.mkdir(parents=True)
    weights = E5Weights(find_weights())
    (text_folder / "config.json").write_text(json.dumps(_describe_text_encoder(weights)))
    (folder / "open_clip_config.json").write_text(json.dumps(_describe_model(files, text_folder)))
    arrays = files.read_head()
    embedder = Embedder(load_head(arrays))
    state = {f"visual.trunk.{name}": tensor for name, tensor in embedder.state_dict().items()}
    state |= {f"text.transformer.{name}": tensor for name, tensor in _read_text_state(weights).items()}
    state["text.pooler.mean"] = torch.from_numpy(files.query_mean)
    # One linear layer for both parts of a query: the projection for the scene part, the identity for the object part.
    state["text.proj.weight"] = torch.cat([torch.from_numpy(arrays["projection.weight"]), torch.eye(WIDTH)])
    state["logit_scale"] = torch.from_numpy(arrays["log_scale"]).reshape(())
    torch.save(state, folder / "open_clip_pytorch_model.bin")


def _describe_text_encoder(weights: E5Weights) -> dict[str, Any]:
    """Return the configuration of the text encoder for transformers."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": weights.read_vocabulary_size(),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "hidden_act": "gelu",
        "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": PAD,
    }


def _describe_model(files: CompactFiles, text_folder: Path) -> dict[str, Any]:
    """Return the configuration of the model for open_clip."""
    return {
        "model_cfg": {
            "embed_dim": sum(files.image_parts),
            "custom_text": True,
            "vision_cfg": {
                "timm_model_name": TRUNK,
                "timm_model_pretrained": False,
                "timm_pool": "",
                "timm_proj": "none",
                "image_size": SIDE,
            },
            "text_cfg": {
                "hf_model_name": str(text_folder),
                "hf_tokenizer_name": str(text_folder),
                "hf_model_pretrained": False,
                "hf_pooler_type": POOLER,
                "hf_proj_type": "linear",
            },
        },
        "preprocess_cfg": {
            "mean": [127 / 255] * 3,
            "std": [128 / 255] * 3,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


def open_compact(files: CompactFiles, folder: Path) -> tuple[Any, Any]:
    """Write the folder and load it with open_clip; return the model and its image preprocessing."""
    open_clip = import_open_clip()
    _register(files)
    write_open_clip(files, folder)
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return model.eval(), preprocess


def tokenize(texts: list[str]) -> Tensor:
    """Return padded token ids of queries, shape (n, length), for the model's `encode_text`."""
    weights = E5Weights(find_weights())
    rows = [weights.cut_windows(text, "query: ")[0] for text in texts]
    out = torch.full((len(rows), max(map(len, rows))), PAD)
    for at, row in enumerate(rows):
        out[at, : len(row)] = torch.tensor(row)
    return out


class CentredMeanPooler(nn.Module):
    """Pools token states to their normalized mean, subtracts the mean of all queries, and normalizes again."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(WIDTH))

    def forward(self, output: Any, mask: Tensor) -> Tensor:
        """Pool states of shape (n, l, 384) to (n, 384)."""
        total = (output.last_hidden_state * mask.unsqueeze(-1)).sum(1)
        return normalize(normalize(total) - self.mean)


def _register(files: CompactFiles) -> None:
    """Register the image encoder with timm and the pooler with open_clip, under their names in the configuration."""
    arrays = files.read_head()

    def crossmodal_compact(pretrained: bool = False, **_options: Any) -> nn.Module:
        return Embedder(load_head(arrays))

    crossmodal_compact.__module__ = __name__
    import_timm().models.register_model(crossmodal_compact)
    import_open_clip().hf_model.register_pooler(CentredMeanPooler)


def _read_text_state(weights: E5Weights) -> dict[str, Tensor]:
    """Return the dequantized weights under their names in the `BertModel` of transformers."""
    state = {
        "embeddings.word_embeddings.weight": weights.read_matrix("emb.word", weights.read_vocabulary_size()),
        "embeddings.position_embeddings.weight": weights.read_floats("emb.pos").reshape(-1, WIDTH),
        "embeddings.token_type_embeddings.weight": weights.read_floats("emb.type").reshape(-1, WIDTH),
        "embeddings.LayerNorm.weight": weights.read_floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": weights.read_floats("emb.ln.b"),
    }
    for layer in range(LAYERS):
        for name, (part, rows) in MATRICES.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = weights.read_matrix(f"l{layer}.{part}.w", rows)
            state[f"encoder.layer.{layer}.{name}.bias"] = weights.read_floats(f"l{layer}.{part}.b")
        for name, part in NORMS.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = weights.read_floats(f"l{layer}.{part}.w")
            state[f"encoder.layer.{layer}.{name}.bias"] = weights.read_floats(f"l{layer}.{part}.b")
    return {name: torch.from_numpy(array.copy()) for name, array in state.items()}
