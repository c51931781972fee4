"""A vision transformer in the form that its ONNX graph runs fastest in. The vectors are the same but for rounding."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def fuse_visual(visual: Any) -> Any:
    """Give a copy of a picture tower whose attention is one operator of ONNX Runtime's and whose patches are a product.

    Traced as it stands, attention becomes dozens of operators that move numbers about; and a convolution is not run in
    eight bits, a matrix product is. A tower of another make than open_clip's own is given back as it is.
    """
    from open_clip.transformer import VisionTransformer

    if not isinstance(visual, VisionTransformer):
        return visual
    fused = copy.deepcopy(visual)
    fused.conv1 = Patches(fused.conv1)
    for parent in list(fused.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention):
                setattr(parent, name, FusedAttention(child))
    return fused


class Patches(nn.Module):
    """A convolution over patches that do not overlap, as a matrix product."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self._height, self._width = convolution.kernel_size
        self._linear = _make_linear(convolution.weight.flatten(1), convolution.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Give (n, channels, rows, columns) of pictures (n, 3, height, width)."""
        rows, columns = pictures.shape[2] // self._height, pictures.shape[3] // self._width
        cut = pictures.reshape(-1, 3, rows, self._height, columns, self._width)
        patches: Tensor = self._linear(cut.permute(0, 2, 4, 1, 3, 5).flatten(3))
        return patches.permute(0, 3, 1, 2)


class FusedAttention(nn.Module):
    """Attention over several heads, as torch's own is called."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self._heads = attention.num_heads
        weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        self._query, self._key, self._value = (
            _make_linear(weight, bias) for weight, bias in zip(weights, biases, strict=True)
        )
        self._out = attention.out_proj

    def forward(self, query: Tensor, key: Tensor, value: Tensor, **_: Any) -> tuple[Tensor]:
        """Give what the queries, shape (n, tokens, width), find; a mask there is not in a picture tower."""
        given = self._query(query), self._key(key), self._value(value)
        return (self._out(_Heads.apply(*given, self._heads)),)  # type: ignore[no-untyped-call]


def _make_linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], bias is not None)
    made.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return made


class _Heads(torch.autograd.Function):
    """All heads at once; in a graph, one operator."""

    @staticmethod
    def forward(_: Any, query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
        q, k, v = (one.reshape(*one.shape[:2], heads, -1).transpose(1, 2) for one in (query, key, value))
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, heads: int) -> Any:
        return graph.op("com.microsoft::MultiHeadAttention", query, key, value, num_heads_i=heads).setType(query.type())
