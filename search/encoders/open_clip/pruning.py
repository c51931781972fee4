"""Leaving out of a vision transformer what its vector does not depend on."""

from typing import Any

from torch import Tensor, nn


def prune_last_block(visual: Any) -> None:
    """Make the last block of an image encoder compute only the pooled token, if one token is pooled.

    The others are still attended to: the vector is the same but for rounding. Of twelve blocks this saves a fifteenth
    of all products. A tower that pools otherwise, or of another make, stays as it is.
    """
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    if not isinstance(visual, VisionTransformer) or visual.pool_type != "tok" or visual.attn_pool is not None:
        return
    blocks = visual.transformer.resblocks
    if type(blocks[-1]) is ResidualAttentionBlock and blocks[-1].attn.batch_first:
        blocks[-1] = PooledBlock(blocks[-1])


class PooledBlock(nn.Module):
    """A block that returns only the first of all tokens (n, tokens, width): shape (n, 1, width)."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.block = block

    def forward(self, tokens: Tensor, attn_mask: None = None) -> Tensor:
        """Return the first token; an image tower has no mask."""
        block = self.block
        normed = block.ln_1(tokens)
        first = tokens[:, :1] + block.ls_1(block.attention(normed[:, :1], normed, normed))
        pooled: Tensor = first + block.ls_2(block.mlp(block.ln_2(first)))
        return pooled
