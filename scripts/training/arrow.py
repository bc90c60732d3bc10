"""Arrow: a mixture's experts weighed token by token and layer by layer, by no router that was trained; an addition.

An expert's prototype in a layer is the direction of input that its update B A lengthens most, the first right singular vector.
Each token goes to the experts whose prototypes it is most parallel to, whatever the sign (Ostapenko et al., 2024,
arXiv:2405.11157). PEFT does the same for adapters of one rank in folders of their own; ours lie side by side and may differ in
rank. A test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from scripts.training import merge
from scripts.training.gates import gate


@dataclass(frozen=True)
class Arrow:
    """Hook behind one layer's A; prototypes: unit vectors [experts, in], ranks: of each expert, top_k: experts a token goes to."""

    prototypes: torch.Tensor
    ranks: Sequence[int]
    top_k: int

    def __call__(self, _: torch.nn.Module, given: tuple, output: torch.Tensor) -> torch.Tensor:
        """[rows, tokens, ranks], each expert's ranks times the token's weight for it."""
        return output * gate(self.weights(given[0]), self.ranks).to(output)

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """[rows, tokens, in] -> [rows, tokens, experts]: softmax over the likeness to the nearest prototypes, 0 elsewhere."""
        likeness = (tokens.to(self.prototypes) @ self.prototypes.T).abs()
        best, which = likeness.topk(self.top_k, dim=-1)
        return torch.zeros_like(likeness).scatter(-1, which, best.softmax(-1))


def attach(model: torch.nn.Module, ranks: Sequence[int], top_k: int) -> None:
    """Weigh the experts that lie side by side in the model's one adapter."""
    for module in model.modules():
        if hasattr(module, "lora_A"):
            a, b = (getattr(module, name)["default"] for name in ("lora_A", "lora_B"))
            found = torch.stack([prototype(*part) for part in experts(a.weight, b.weight, ranks)])
            a.register_forward_hook(Arrow(found, ranks, top_k))


def experts(
    a: torch.Tensor, b: torch.Tensor, ranks: Sequence[int]
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The factors of each expert: A [rank, in], B [out, rank]."""
    return list(zip(a.split(list(ranks)), b.split(list(ranks), dim=1), strict=True))


def prototype(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """First right singular vector of B A [in], in fp32; 0 where the expert was never trained and its B is 0."""
    nearest, _ = merge.truncated({"": (a.detach(), b.detach())}, 1)[""]
    return torch.nn.functional.normalize(nearest[0], dim=0)
