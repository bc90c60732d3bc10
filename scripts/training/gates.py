"""A mixture of adapters as one: their ranks side by side, and a gate that weighs each expert's block of ranks.

The update for a query with weights w is sum w_i * scale * B_i A_i. With A and B the experts' factors side by side that is
scale * B diag(g) A, where g repeats each w_i over its ranks; so the rows of a batch may have weights of their own, and the
base is not touched, whatever its precision.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from scripts.training.router import Router, from_content, query

EXPERTS, ROUTER = "experts.json", "router.safetensors"
Gate = torch.Tensor  # [rows, ranks], or [1, ranks] for all rows


def gate(weights: torch.Tensor, ranks: Sequence[int]) -> Gate:
    """Weights [rows, experts] over each expert's ranks [rows, ranks]."""
    return weights.repeat_interleave(torch.tensor(ranks), dim=-1)


@dataclass(frozen=True)
class Mixture:
    """The experts of an adapter that holds them side by side, and who is asked when.

    ranks: of each expert; top_k: experts a query is given to; embed: unit vectors [n, dimensions] of texts.
    """

    ranks: list[int]
    top_k: int
    router: Router
    embed: Callable[[list[str]], np.ndarray]

    def gate(self, issue: str, read: str) -> Gate:
        """The gate [1, ranks] for a query: the issue and what was read last."""
        return gate(self.router.weights(query([issue], [read], self.embed), self.top_k), self.ranks)

    def even(self) -> Gate:
        """All experts alike [1, ranks]: for text that all conversations share, before there is a query."""
        return torch.full((1, sum(self.ranks)), 1 / len(self.ranks))


def mixture(folder: Path, embed: Callable[[list[str]], np.ndarray]) -> Mixture | None:
    """The mixture that an adapter's folder holds, or None for a plain adapter."""
    if not (folder / EXPERTS).exists():
        return None
    about = json.loads((folder / EXPERTS).read_text())
    return Mixture(about["ranks"], about["top_k"], from_content((folder / ROUTER).read_bytes()), embed)


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
