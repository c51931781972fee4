"""Write the random weights of open_clip for transformers (MaterialSearch) and sentence-transformers (txtai).

PYTHON txtai_weights.py FOLDER    with the interpreter of the environment `txtai`, after weights.py
"""

import gzip
import json
import sys
from pathlib import Path

from support import declare_operators

DECLARED = declare_operators()

import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from sentence_transformers.models import CLIPModel as Module  # noqa: E402
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer  # noqa: E402

Tensors = dict[str, torch.Tensor]
MERGES = 49152 - 256 - 2
IMAGE_SIZE, PATCH = 256, 32
LAYERS = 12
START, END = "<|startoftext|>", "<|endoftext|>"


def rename_block(block: Tensors, prefix: str) -> Tensors:
    """Return the tensors of a block of a transformer by the names of transformers."""
    renamed: Tensors = {}
    names = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "attn.out_proj": "self_attn.out_proj",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
    }
    for kind in ("weight", "bias"):
        for part, tensor in zip("qkv", block[f"attn.in_proj_{kind}"].chunk(3), strict=True):
            renamed[f"{prefix}.self_attn.{part}_proj.{kind}"] = tensor
        for theirs, ours in names.items():
            renamed[f"{prefix}.{ours}.{kind}"] = block[f"{theirs}.{kind}"]
    return renamed


def rename(weights: Tensors) -> Tensors:
    """Return the tensors of a model of open_clip by the names of transformers."""
    names = {
        "visual.class_embedding": "vision_model.embeddings.class_embedding",
        "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
        "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
        "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
        "positional_embedding": "text_model.embeddings.position_embedding.weight",
        "logit_scale": "logit_scale",
    }
    norms = {
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
        "ln_final": "text_model.final_layer_norm",
    }
    for theirs, ours in norms.items():
        names |= {f"{theirs}.{kind}": f"{ours}.{kind}" for kind in ("weight", "bias")}
    renamed = {ours: weights[theirs] for theirs, ours in names.items()}
    renamed["visual_projection.weight"] = weights["visual.proj"].T.contiguous()
    renamed["text_projection.weight"] = weights["text_projection"].T.contiguous()
    for theirs, ours in (("visual.transformer", "vision_model"), ("transformer", "text_model")):
        for number in range(LAYERS):
            prefix = f"{theirs}.resblocks.{number}."
            block = {name.removeprefix(prefix): t for name, t in weights.items() if name.startswith(prefix)}
            renamed |= rename_block(block, f"{ours}.encoder.layers.{number}")
    return renamed


def write_vocabulary(folder: Path, source: Path) -> tuple[Path, Path]:
    """Write the vocabulary and the merges of CLIP's tokenizer."""
    lines = gzip.decompress(source.read_bytes()).decode().split("\n")[1 : MERGES + 1]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = [chr(byte) for byte in printable]
    characters += [chr(256 + number) for number in range(256 - len(printable))]
    words = characters + [character + "</w>" for character in characters]
    words += ["".join(line.split()) for line in lines] + [START, END]
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: number for number, word in enumerate(words)}))
    merges.write_text("\n".join(["#version: 0.2", *lines, ""]))
    return vocabulary, merges


def main() -> None:
    """Write the folders `transformers` and `txtai`."""
    folder = Path(sys.argv[1])
    clip = folder / "transformers"
    clip.mkdir(exist_ok=True)
    config = CLIPConfig(
        text_config={"eos_token_id": 49407, "bos_token_id": 49406, "hidden_act": "gelu"},
        vision_config={"image_size": IMAGE_SIZE, "patch_size": PATCH, "hidden_act": "gelu"},
    )
    model = CLIPModel(config)
    weights = torch.load(folder / "model.pt", weights_only=True)
    missing, unexpected = model.load_state_dict(rename(weights), strict=False)
    assert not unexpected, unexpected
    assert all(name.endswith("position_ids") for name in missing), missing
    model.eval().save_pretrained(clip)
    vocabulary, merges = write_vocabulary(clip, next((folder / "rclip/tokenizer").glob("*.gz")))
    tokenizer = CLIPTokenizer(str(vocabulary), str(merges), model_max_length=77)
    size = {"shortest_edge": IMAGE_SIZE}
    processor = CLIPImageProcessor(size=size, crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE})
    CLIPProcessor(processor, tokenizer).save_pretrained(clip)
    SentenceTransformer(modules=[Module(str(clip))]).save(str(folder / "txtai"))
    # Earlier releases of transformers cannot read `processor_config.json`; this writes what they read.
    processor.save_pretrained(clip)
    (clip / "processor_config.json").unlink()


if __name__ == "__main__":
    main()
