"""Rewrite encoders so that their ONNX graphs run faster. The vectors only differ by rounding errors."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from search.encoders.open_clip.texts import CausalTextModule, TextModule


def fuse_visual(visual: Any) -> Any:
    """Return an image encoder with fused attention, whose patch embedding is a matrix product.

    A trace of torch's attention consists of dozens of operators that only move data. Dynamic quantization supports
    matrix products but not convolutions.

    Args:
        visual: An image encoder of open_clip. Other encoders than its `VisionTransformer` are returned unchanged.

    Returns:
        A copy that shares the weights.
    """
    from open_clip.transformer import VisionTransformer

    if not isinstance(visual, VisionTransformer):
        return visual
    fused = _copy_modules(visual)
    fused.conv1 = Patches(fused.conv1)
    _fuse_attention(fused.transformer, is_causal=False)
    return fused


def fuse_text_module(texts: TextModule) -> TextModule:
    """Return a copy of a causal text encoder with fused attention; other text encoders are returned unchanged.

    Torch's attention would be exported for texts of a fixed length. The copy shares the weights.
    """
    if not isinstance(texts, CausalTextModule):
        return texts
    fused: CausalTextModule = _copy_modules(texts)
    _fuse_attention(fused.tower.transformer, is_causal=True)
    return fused


def _copy_modules(module: nn.Module) -> Any:
    """Copy a module without its weights, which may be gigabytes."""
    return copy.deepcopy(module, {id(parameter): parameter for parameter in module.parameters()})


def _fuse_attention(transformer: nn.Module, is_causal: bool) -> None:
    for parent in list(transformer.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention) and child.batch_first:
                setattr(parent, name, FusedAttention(child, is_causal))


class Patches(nn.Module):
    """A convolution over patches that do not overlap, as a matrix product."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self._height, self._width = convolution.kernel_size
        self._linear = _make_linear(convolution.weight.flatten(1), convolution.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return (n, channels, rows, columns) for images (n, 3, height, width)."""
        rows, columns = images.shape[2] // self._height, images.shape[3] // self._width
        whole = images[:, :, : rows * self._height, : columns * self._width]
        divided = whole.reshape(-1, 3, rows, self._height, columns, self._width)
        patches: Tensor = self._linear(divided.permute(0, 2, 4, 1, 3, 5).flatten(3))
        return patches.permute(0, 3, 1, 2)


class FusedAttention(nn.Module):
    """Multi-head attention with the interface of torch; if `is_causal`, a token only attends to earlier ones."""

    def __init__(self, attention: nn.MultiheadAttention, is_causal: bool) -> None:
        super().__init__()
        self._is_causal = is_causal
        self._heads = attention.num_heads
        weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        self._query, self._key, self._value = (
            _make_linear(weight, bias) for weight, bias in zip(weights, biases, strict=True)
        )
        self._out = attention.out_proj

    def forward(self, query: Tensor, key: Tensor, value: Tensor, **_: Any) -> tuple[Tensor]:
        """Attend; query, key and value have the shape (n, tokens, width). The mask is ignored, see `is_causal`."""
        projected = self._query(query), self._key(key), self._value(value)
        return (self._out(_Heads.apply(*projected, self._heads, self._is_causal)),)  # type: ignore[no-untyped-call]


def _make_linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, device="meta")
    linear.weight = nn.Parameter(weight.detach(), requires_grad=False)
    if bias is not None:
        linear.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return linear


class _Heads(torch.autograd.Function):
    """Scaled dot-product attention of all heads, exported as one operator of ONNX Runtime."""

    @staticmethod
    def forward(_: Any, query: Tensor, key: Tensor, value: Tensor, heads: int, is_causal: bool) -> Tensor:
        q, k, v = (rows.reshape(*rows.shape[:2], heads, -1).transpose(1, 2) for rows in (query, key, value))
        return functional.scaled_dot_product_attention(q, k, v, is_causal=is_causal).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, heads: int, is_causal: bool) -> Any:
        # Quantization needs the type of the output and cannot infer it for a custom operator.
        settings = {"num_heads_i": heads, "unidirectional_i": int(is_causal)}
        return graph.op("com.microsoft::MultiHeadAttention", query, key, value, **settings).setType(query.type())
