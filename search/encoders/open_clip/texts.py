"""The text tower of an open_clip model, run no further than its texts reach where that changes nothing."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class TextModule(nn.Module):
    """Embeds texts that are filled up to the context length, by all of it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        """Return vectors (n, d), unit length, of numbers (n, context length), int64."""
        vectors: Tensor = self.model.encode_text(tokens, normalize=True)
        return vectors


class MaskedTextModule(TextModule):
    """Embeds texts by a tower of transformers, whose attention leaves out what fills them up."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return vectors (n, d), unit length, of numbers (n, context length), int64."""
        places = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
        said = tokens != self.model.text.config.pad_token_id
        return super().forward(tokens[:, : (said * places).max()])


class CausalTextModule(TextModule):
    """Embeds texts by a tower in which no token sees those after it, and the highest number, which ends it, is pooled.

    So computing the padding is useless: for five words it is nine tenths of the work.
    """

    @property
    def tower(self) -> Any:
        """The text encoder, which is a separate module in some models."""
        return getattr(self.model, "text", self.model)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return vectors (n, d), unit length, of numbers (n, context length), int64."""
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
    """Return a module that encodes texts without letting padding change their vectors."""
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
