"""Several examples in one row of tokens, without padding, and their shared beginning only once.

All examples of a scaffold begin with the same prompt. Their common prefix (which carries no loss) is read once a step, and
every example attends to it and to itself. The result is that of running the examples one by one, up to rounding
(tests/training/test_packing.py); what is saved is a third to a half of the tokens.
"""

from dataclasses import dataclass
from itertools import takewhile

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "packed"


@dataclass(frozen=True)
class Pack:
    """tokens and positions: [1, n]; starts: where the prefix ends and each example's own tokens end.

    inputs and labels: [m], positions in the row whose hidden state predicts a supervised token, and that token.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    bounds: tuple[int, ...]
    inputs: torch.Tensor
    labels: torch.Tensor


def shared_prefix(examples: list[dict]) -> int:
    """Length of the common beginning, at most up to the token before the first supervised one."""
    columns = zip(*(example["input_ids"] for example in examples), strict=False)
    same = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    first = min(start for example in examples for start, _ in spans(example))
    return min(same, first - 1)


def spans(example: dict, which: tuple[str, ...] = ("supervised", "held_out")) -> list[list[int]]:
    """The [start, stop) spans of an example's replies."""
    return [span for name in which for span in example[name]]


def pack(examples: list[dict], labelled: list[list[int]]) -> Pack:
    """One row of examples. labelled: for each example, the positions of the tokens to be predicted."""
    prefix = shared_prefix(examples)
    tokens, positions = list(examples[0]["input_ids"][:prefix]), list(range(prefix))
    bounds, inputs, labels = [prefix], [], []
    for example, targets in zip(examples, labelled, strict=True):
        shift = len(tokens) - prefix
        tokens += example["input_ids"][prefix:]
        positions += range(prefix, len(example["input_ids"]))
        bounds.append(len(tokens))
        inputs += [target - 1 + shift if target > prefix else target - 1 for target in targets]
        labels += [example["input_ids"][target] for target in targets]
    row = torch.tensor([tokens]), torch.tensor([positions])
    return Pack(*row, tuple(bounds), torch.tensor(inputs), torch.tensor(labels))


def attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    bounds: tuple[int, ...] = (),
    **_: object,
) -> tuple[torch.Tensor, None]:
    """The transformers attention interface for a Pack's row: query [1, heads, n, head_dim] -> [1, n, heads, head_dim]."""
    prefix, out = bounds[0], []
    start = 0
    for end in bounds if prefix else bounds[1:]:
        own = slice(start, end)
        past = prefix if start else 0
        keys = torch.cat([key[:, :, :past], key[:, :, own]], dim=2) if past else key[:, :, own]
        values = torch.cat([value[:, :, :past], value[:, :, own]], dim=2) if past else value[:, :, own]
        out.append(_causal(query[:, :, own], keys, values, scaling))
        start = end
    return torch.cat(out, dim=2).transpose(1, 2), None


def _causal(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scaling: float | None) -> torch.Tensor:
    """Queries are the last of the keys' positions."""
    new, seen = query.shape[2], keys.shape[2]
    mask = torch.ones(new, seen, dtype=torch.bool, device=query.device).tril(seen - new)
    return scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=scaling, enable_gqa=True)


AttentionInterface.register(NAME, attention)
