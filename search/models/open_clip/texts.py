"""The text tower of an open_clip model, run no further than its texts reach where that changes nothing."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from search.models.open_clip.wording import cut_padding
from search.records import Ids


class Texts(nn.Module):
    """Embeds texts that are filled up to the context length."""

    is_causal = False

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def cut(self, tokens: Ids) -> Ids:
        """Give what of numbers (n, context length), int64, is to be run."""
        return tokens

    def forward(self, tokens: Tensor) -> Tensor:
        """Give vectors (n, d), unit length, of numbers (n, context length), int64."""
        vectors: Tensor = self.model.encode_text(tokens, normalize=True)
        return vectors


class CausalTexts(Texts):
    """Embeds texts of any length up to the context's.

    No token sees those after it, and the highest number, which ends the text, is pooled. So whatever fills the text up
    is computed for nothing: of five words nine tenths.
    """

    is_causal = True

    @property
    def tower(self) -> Any:
        """The tower, which some models keep by itself."""
        return getattr(self.model, "text", self.model)

    def cut(self, tokens: Ids) -> Ids:
        """Give what of numbers (n, context length), int64, is to be run: (n, length of the longest)."""
        return cut_padding(tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        """Give vectors (n, d), unit length, of numbers (n, length), int64."""
        tower, length = self.tower, tokens.shape[1]
        states = tower.token_embedding(tokens) + tower.positional_embedding[:length]
        states = tower.transformer(states, attn_mask=tower.attn_mask[:length, :length])
        ends = tokens.argmax(dim=-1)
        pooled = tower.ln_final(states[torch.arange(tokens.shape[0], device=tokens.device), ends])
        if isinstance(tower.text_projection, nn.Linear):
            pooled = tower.text_projection(pooled)
        elif tower.text_projection is not None:
            pooled = pooled @ tower.text_projection
        return functional.normalize(pooled, dim=-1)


def choose_texts(model: Any) -> Texts:
    """Give what embeds texts by a model: by as many tokens as there are, where padding has no part in their vectors."""
    from open_clip.model import CLIP
    from open_clip.transformer import TextTransformer

    if isinstance(model, CLIP):
        is_causal = model.attn_mask is not None and model.text_pool_type == "argmax"
    else:
        tower = getattr(model, "text", None)
        is_causal = (
            isinstance(tower, TextTransformer)
            and tower.attn_mask is not None
            and tower.pool_type == "argmax"
            and tower.cls_emb is None
            and not tower.output_tokens
        )
    return CausalTexts(model) if is_causal else Texts(model)
