"""The text encoder of an open_clip model as a torch module, which skips padding if that does not change the vectors."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class TextModule(nn.Module):
    """Embeds texts together with their padding."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed token ids (n, context length), int64; return (n, d), unit length."""
        vectors: Tensor = self.model.encode_text(tokens, normalize=True)
        return vectors


class MaskedTextModule(TextModule):
    """Embeds texts with an encoder from transformers whose attention masks the padding; cut to the longest text."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed token ids (n, context length), int64; return (n, d), unit length."""
        positions = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
        is_text = tokens != self.model.text.config.pad_token_id
        return super().forward(tokens[:, : (is_text * positions).max()])


class CausalTextModule(TextModule):
    """Embeds texts with a causal encoder that pools the end token, as in CLIP (Radford et al., 2021).

    The end token has the highest id and does not attend to the padding after it, so the padding is not computed. For
    a text of five words it would be nine tenths of the work.
    """

    @property
    def tower(self) -> Any:
        """The text encoder, which is a separate module in some models."""
        return getattr(self.model, "text", self.model)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed token ids (n, context length), int64; return (n, d), unit length."""
        ends = tokens.argmax(dim=-1)
        tokens = tokens[:, : ends.max() + 1]
        tower, length = self.tower, tokens.shape[1]
        states = tower.token_embedding(tokens) + tower.positional_embedding[:length]
        states = tower.transformer(states, attn_mask=tower.attn_mask[:length, :length])
        pooled = tower.ln_final(states[torch.arange(tokens.shape[0], device=tokens.device), ends])
        if isinstance(tower.text_projection, nn.Linear):
            pooled = tower.text_projection(pooled)
        elif tower.text_projection is not None:
            pooled = pooled @ tower.text_projection
        return functional.normalize(pooled, dim=-1)


def choose_text_module(model: Any) -> TextModule:
    """Return the module for the text encoder of a model; it computes the same vectors as open_clip.

    Args:
        model: A model of open_clip.
    """
    from open_clip.hf_model import ClsLastHiddenStatePooler, ClsPooler, HFTextEncoder, MeanPooler
    from open_clip.model import CLIP
    from open_clip.transformer import TextTransformer

    tower = getattr(model, "text", None)
    if isinstance(tower, HFTextEncoder):
        is_masked = isinstance(tower.pooler, (MeanPooler, ClsPooler, ClsLastHiddenStatePooler))
        return MaskedTextModule(model) if is_masked else TextModule(model)
    if isinstance(model, CLIP):
        is_causal = model.attn_mask is not None and model.text_pool_type == "argmax"
    else:
        is_causal = (
            isinstance(tower, TextTransformer)
            and tower.attn_mask is not None
            and tower.pool_type == "argmax"
            and tower.cls_emb is None
            and not tower.output_tokens
        )
    return CausalTextModule(model) if is_causal else TextModule(model)
