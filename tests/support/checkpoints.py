"""Models of real architectures with seeded random weights, saved as the files that people have."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from search.encoders.open_clip.imports import import_open_clip, import_torch

SEED = 7
# What SigLIP 2 is published with (timm/ViT-B-16-SigLIP2), as in the configuration of the folder.
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
    # A vocabulary of 256,000 pieces would take a gigabyte and test nothing more.
    model["text_cfg"] |= {"vocab_size": len(tokenizer), "hf_tokenizer_name": str(folder)}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": SIGLIP}))
    torch.manual_seed(SEED)
    made = open_clip.CustomTextCLIP(**{name: value for name, value in model.items() if name != "custom_text"})
    save_file(made.state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def make_xlm_roberta(folder: Path, texts: list[str], width: int = 768, layers: int = 12) -> str:
    """Save a CLIP whose text tower is an XLM-R of transformers, as a folder; give the name that it is used by."""
    from safetensors.torch import save_file
    from transformers import XLMRobertaConfig

    open_clip, torch = import_open_clip(), import_torch()
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.get_model_config("xlm-roberta-base-ViT-B-32")
    tokenizer = train_tokenizer(folder, texts, is_framed=True)
    # 250,000 word pieces would take almost a gigabyte and test nothing more.
    XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    ).save_pretrained(folder)
    model["text_cfg"] |= {"hf_model_name": str(folder), "hf_tokenizer_name": str(folder)}
    model["vision_cfg"] |= {"width": width, "layers": layers}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}))
    torch.manual_seed(SEED)
    text = model["text_cfg"] | {"hf_model_pretrained": False}
    made = open_clip.CustomTextCLIP(**(model | {"text_cfg": text}))
    save_file(made.state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def train_tokenizer(folder: Path, texts: list[str], is_framed: bool = False):
    """Train a small tokenizer and save it as transformers does. is_framed: add special tokens at the start and end."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(models.BPE(unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<s>", "<pad>", "</s>", "<unk>"] if is_framed else ["<pad>", "<eos>", "<unk>"]
    plain.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=2000, special_tokens=special))
    if is_framed:
        plain.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    end = "</s>" if is_framed else "<eos>"
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="<pad>", eos_token=end, unk_token="<unk>")
    tokenizer.save_pretrained(folder)
    return tokenizer


@cache
def list_texts() -> tuple[str, ...]:
    """Return 200 texts: names of things, and sentences longer than a model's context."""
    from search.encoders.class_names import read_classes

    names = [one.names["en"][0] for one in read_classes()[:190]]
    return (*names, *(f"{name}, " * 60 for name in names[:4]), "Two DOGS run over the wet grass!", *names[:5])


TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
TINY_RESNET = TINY | {"vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8}}
TINY_COCA = TINY | {
    "custom_text": True,
    "vision_cfg": TINY["vision_cfg"] | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
    "text_cfg": TINY["text_cfg"] | {"embed_cls": True, "output_tokens": True},
    "multimodal_cfg": TINY["text_cfg"] | {"attn_pooler_heads": 2},
}


def make_tiny(folder: Path, seed: int = SEED, model: Mapping[str, Any] = MappingProxyType(TINY)) -> str:
    """Save a CLIP so small that loading takes no time; give the name that it is used by."""
    from safetensors.torch import save_file

    open_clip, torch = import_open_clip(), import_torch()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": dict(model)}))
    torch.manual_seed(seed)
    made = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(made.state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"
