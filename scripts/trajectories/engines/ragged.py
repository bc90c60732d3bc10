"""Attention over conversations of different lengths, each row on exactly its own keys and values.

The linear layers see a batch of a fixed number of rows; attention runs row by row on that row's own cache. So nothing a
row computes depends on how long its neighbours are or on what they say: a conversation gives the same tokens, bit for
bit, alone and in company (tests/trajectories/test_engine.py). No padding is attended to, and no cache is copied to batch it.
"""

from dataclasses import dataclass, field

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "ragged"


@dataclass
class Memory:
    """Keys and values of one conversation.

    keys, values: one tensor a layer, [kv_heads, capacity, head_dim], grown by doubling; length: tokens they hold.
    """

    keys: list[torch.Tensor] = field(default_factory=list)
    values: list[torch.Tensor] = field(default_factory=list)
    length: int = 0

    def append(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Add a layer's keys and values [kv_heads, new, head_dim]; give all of them. `length` moves once a forward."""
        end = self.length + key.shape[1]
        return _put(self.keys, layer, key, self.length, end), _put(
            self.values, layer, value, self.length, end
        )

    def copy(self) -> "Memory":
        """The same, on tensors of its own."""
        buffers = [[one.clone() for one in layers] for layers in (self.keys, self.values)]
        return Memory(*buffers, self.length)


def _put(buffers: list[torch.Tensor], layer: int, new: torch.Tensor, start: int, end: int) -> torch.Tensor:
    if layer == len(buffers):
        buffers.append(new.new_empty(new.shape[0], max(512, end), new.shape[2]))
    if end > buffers[layer].shape[1]:
        grown = new.new_empty(new.shape[0], 2 * end, new.shape[2])
        grown[:, :start] = buffers[layer][:, :start]
        buffers[layer] = grown
    buffers[layer][:, start:end] = new
    return buffers[layer][:, :end]


def attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    memories: list[Memory | None] | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """The transformers attention interface: query [rows, heads, new, head_dim] -> [rows, new, heads, head_dim].

    memories: one a row; None marks a padding row, whose output is zero.
    """
    out = torch.zeros_like(query)
    for row, memory in enumerate(memories or []):
        if memory is not None:
            keys, values = memory.append(module.layer_idx, key[row], value[row])
            out[row] = _attend(query[row], keys, values, scaling)
    return out.transpose(1, 2), None


def _attend(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    """One row: query [heads, new, head_dim] on keys [kv_heads, all, head_dim], causal at the end."""
    heads, new, dim = query.shape
    if new == 1:  # heads that share keys become the rows of one product: nothing is repeated
        shared = query.view(1, keys.shape[0], -1, dim)
        return scaled_dot_product_attention(shared, keys[None], values[None], scale=scaling).view(
            heads, 1, dim
        )
    seen = keys.shape[1]
    mask = torch.ones(new, seen, dtype=torch.bool, device=query.device).tril(seen - new)
    return scaled_dot_product_attention(
        query[None], keys[None], values[None], attn_mask=mask, scale=scaling, enable_gqa=True
    )[0]


AttentionInterface.register(NAME, attention)
