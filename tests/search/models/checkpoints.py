"""Models of real architectures with seeded random weights, saved as the files that people have."""

import json
from functools import cache
from pathlib import Path

from search.models.open_clip import import_open_clip, import_torch

SEED = 7
# What SigLIP 2 is published with (timm/ViT-B-16-SigLIP2), said in the folder's own configuration.
SIGLIP = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}


def make_checkpoint(architecture: str, folder: Path) -> str:
    """Save weights as one file; give the name that the model is used by."""
    open_clip, torch = import_open_clip(), import_torch()
    torch.manual_seed(SEED)
    path = folder / f"{architecture}.pt"
    if not path.exists():
        torch.save(open_clip.create_model(architecture).state_dict(), path)
    return f"{architecture}/{path}"


def make_siglip(folder: Path, texts: list[str]) -> str:
    """Save a SigLIP 2 as a folder, with a tokenizer trained on some texts; give the name that it is used by."""
    from safetensors.torch import save_file

    open_clip, torch = import_open_clip(), import_torch()
    model = open_clip.get_model_config("ViT-B-16-SigLIP2")
    tokenizer = train_tokenizer(folder, texts)
    # A vocabulary of 256,000 pieces takes a gigabyte that says nothing more.
    model["text_cfg"] |= {"vocab_size": len(tokenizer), "hf_tokenizer_name": str(folder)}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": SIGLIP}))
    torch.manual_seed(SEED)
    made = open_clip.CustomTextCLIP(**{name: value for name, value in model.items() if name != "custom_text"})
    save_file(made.state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def train_tokenizer(folder: Path, texts: list[str]):
    """Train a small tokenizer and save it as transformers does."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(models.BPE(unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=2000, special_tokens=["<pad>", "<eos>", "<unk>"]))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    tokenizer.save_pretrained(folder)
    return tokenizer


@cache
def list_texts() -> tuple[str, ...]:
    """Give 200 texts: names of things, and sentences longer than a model's context."""
    from search.models.compact.training.data import read_classes

    names = [one.names["en"][0] for one in read_classes()[:190]]
    return (*names, *(f"{name}, " * 60 for name in names[:4]), "Two DOGS run over the wet grass!", *names[:5])


def make_tiny(folder: Path, seed: int = SEED) -> str:
    """Save a CLIP so small that loading takes no time; give the name that it is used by."""
    from safetensors.torch import save_file

    open_clip, torch = import_open_clip(), import_torch()
    folder.mkdir(parents=True, exist_ok=True)
    model = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}))
    torch.manual_seed(seed)
    save_file(open_clip.CLIP(**model).state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"
