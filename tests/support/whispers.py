"""Whisper base in the format of the package that it was published in, made from the one that we carry."""

import struct
from pathlib import Path

import numpy as np

TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
LAYERS, WIDTH = 6, 512
DIMENSIONS = {
    "n_mels": 80, "n_vocab": 51865, "n_audio_ctx": 1500, "n_audio_state": WIDTH, "n_audio_head": 8,
    "n_audio_layer": LAYERS, "n_text_ctx": 448, "n_text_state": WIDTH, "n_text_head": 8, "n_text_layer": LAYERS,
}  # fmt: skip


def make_original(folder: Path, path: Path) -> Path:
    """Write a checkpoint of openai-whisper with the weights of a CTranslate2 folder."""
    import torch

    found = read_variables(folder / "model.bin")
    weights: dict[str, np.ndarray] = {
        "encoder.positional_embedding": found["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": found["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": found["decoder/embeddings/weight"],
    }
    for name in ("conv1", "conv2"):
        weights |= take(found, f"encoder/{name}", f"encoder.{name}")
    weights |= take_norm(found, "encoder/layer_norm", "encoder.ln_post")
    weights |= take_norm(found, "decoder/layer_norm", "decoder.ln")
    for tower in ("encoder", "decoder"):
        for layer in range(LAYERS):
            weights |= take_layer(found, f"{tower}/layer_{layer}", f"{tower}.blocks.{layer}", tower == "decoder")
    state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in weights.items()}
    torch.save({"dims": DIMENSIONS, "model_state_dict": state}, path)
    return path


def read_variables(path: Path) -> dict[str, np.ndarray]:
    """Read CTranslate2's file: a header, then each variable with its name, shape, type and bytes."""
    body = path.read_bytes()
    at = 0

    def take_number(kind: str) -> int:
        nonlocal at
        value = struct.unpack_from(kind, body, at)[0]
        at += struct.calcsize(kind)
        return value

    def take_text() -> str:
        nonlocal at
        length = take_number("<H")
        at += length
        return body[at - length : at].rstrip(b"\0").decode()

    take_number("<I")
    take_text()
    take_number("<I")
    found = {}
    for _ in range(take_number("<I")):
        name = take_text()
        shape = [take_number("<I") for _ in range(take_number("<B"))]
        kind, size = TYPES[take_number("<B")], take_number("<I")
        found[name] = np.frombuffer(body[at : at + size], kind).reshape(shape)
        at += size
    return found


def take(found, source, target):
    scale = found.get(f"{source}/weight_scale")
    weight = found[f"{source}/weight"].astype(np.float32)
    if scale is not None:
        weight /= scale.astype(np.float32).reshape(-1, *[1] * (weight.ndim - 1))
    return {f"{target}.weight": weight, f"{target}.bias": found[f"{source}/bias"]}


def take_norm(found, source, target):
    return {f"{target}.weight": found[f"{source}/gamma"], f"{target}.bias": found[f"{source}/beta"]}


def take_layer(found, source, target, is_decoder):
    weights = take_attention(found, f"{source}/self_attention", f"{target}.attn", ("query", "key", "value"))
    weights |= take_norm(found, f"{source}/self_attention/layer_norm", f"{target}.attn_ln")
    if is_decoder:
        asked = take(found, f"{source}/attention/linear_0", f"{target}.cross_attn.query")
        weights |= asked | take_attention(
            found, f"{source}/attention", f"{target}.cross_attn", ("key", "value"), first=1
        )
        weights |= take_norm(found, f"{source}/attention/layer_norm", f"{target}.cross_attn_ln")
    weights |= take(found, f"{source}/ffn/linear_0", f"{target}.mlp.0")
    weights |= take(found, f"{source}/ffn/linear_1", f"{target}.mlp.2")
    return weights | take_norm(found, f"{source}/ffn/layer_norm", f"{target}.mlp_ln")


def take_attention(found, source, target, names, first=0):
    """Take what CTranslate2 joins apart; Whisper's keys have no bias."""
    joined = take(found, f"{source}/linear_{first}", "x")
    weights = {}
    for name, weight, bias in zip(
        names, np.split(joined["x.weight"], len(names)), np.split(joined["x.bias"], len(names)), strict=True
    ):
        weights[f"{target}.{name}.weight"] = weight
        if name != "key":
            weights[f"{target}.{name}.bias"] = bias
    return weights | take(found, f"{source}/linear_{first + 1}", f"{target}.out")
