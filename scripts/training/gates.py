"""A mixture of adapters as one: their ranks side by side, and a gate that weighs each expert's block of ranks.

The update for a query with weights w is sum w_i * scale * B_i A_i. With A and B the experts' factors side by side that is
scale * B diag(g) A, where g repeats each w_i over its ranks; so the rows of a batch may have weights of their own, and the
base is not touched, whatever its precision.
"""

from collections.abc import Sequence

import torch

Gate = torch.Tensor  # [rows, ranks], or [1, ranks] for all rows


def gate(weights: torch.Tensor, ranks: Sequence[int]) -> Gate:
    """Weights [..., experts] over each expert's ranks [..., ranks]."""
    return weights.repeat_interleave(torch.tensor(ranks, device=weights.device), dim=-1)


class Gates:
    """The gate of every layer of a model; `now` is what the next forward uses, None for the plain sum."""

    def __init__(self) -> None:
        self.now: Gate | None = None

    def __call__(self, _: torch.nn.Module, given: tuple, output: torch.Tensor) -> torch.Tensor:
        """Hook behind each layer's A: [rows, tokens, ranks] times the rows' gates."""
        return output if self.now is None else output * self.now[:, None, :].to(output)


def attached(model: torch.nn.Module) -> Gates:
    """A gate behind each A of the model's one adapter."""
    gates = Gates()
    for module in model.modules():
        if hasattr(module, "lora_A"):
            module.lora_A["default"].register_forward_hook(gates)
    return gates
