"""Sums of LoRA adapters, exact: the update of a layer is scale * B A, and a weighted sum of updates is again one.

Averaging A and B separately is not that sum (fault 23 of earlier implementations); nothing here does it. `scale` is alpha/r,
the same for every adapter of a recipe whatever its rank.
"""

from collections.abc import Sequence

import torch

Factors = dict[str, tuple[torch.Tensor, torch.Tensor]]  # layer: A [rank, in], B [out, rank], fp32
A, B = ".lora_A.weight", ".lora_B.weight"


def factors(state: dict[str, torch.Tensor]) -> Factors:
    """The factors of each layer in an adapter's file, as PEFT names them."""
    layers = sorted(name.removesuffix(A) for name in state if name.endswith(A))
    return {layer: (state[layer + A].float(), state[layer + B].float()) for layer in layers}


def state(made: Factors) -> dict[str, torch.Tensor]:
    """The tensors of an adapter's file."""
    named = (
        (layer + end, part) for layer, pair in made.items() for end, part in zip((A, B), pair, strict=True)
    )
    return {name: tensor.contiguous() for name, tensor in named}


def rank_of(made: Factors) -> int:
    """The rank, which is that of every layer."""
    return len(next(iter(made.values()))[0])


def weighted_sum(parts: Sequence[Factors], weights: Sequence[float]) -> Factors:
    """sum w_i B_i A_i as one adapter: factors side by side, ranks add up, weights go into B. Exact up to rounding."""
    return {
        layer: (
            torch.cat([part[layer][0] for part in parts]),
            torch.cat([part[layer][1] * weight for part, weight in zip(parts, weights, strict=True)], dim=1),
        )
        for layer in parts[0]
    }


def truncated(made: Factors, rank: int) -> Factors:
    """The nearest adapter of a lower rank in the Frobenius norm, layer by layer (Eckart and Young, 1936)."""
    return {layer: _truncated(*pair, rank) for layer, pair in made.items()}


def _truncated(a: torch.Tensor, b: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """SVD of B A through the QR factors of both, so that only a rank x rank matrix is decomposed; in fp64."""
    q_out, r_out = torch.linalg.qr(b.double())
    q_in, r_in = torch.linalg.qr(a.double().T)
    left, values, right = torch.linalg.svd(r_out @ r_in.T)
    root = values[:rank].sqrt()
    down = root[:, None] * (right[:rank] @ q_in.T)
    up = (q_out @ left[:, :rank]) * root
    return down.float(), up.float()


def kept_energy(made: Factors, rank: int) -> float:
    """Share of the squared Frobenius norm of all updates that their best approximations of a rank keep; 1 for no update."""
    # layer by layer, as a small one has fewer values than the ranks
    values = [_singular_values(*pair) ** 2 for pair in made.values()]
    whole = sum(float(each.sum()) for each in values)
    return sum(float(each[:rank].sum()) for each in values) / whole if whole else 1.0


def _singular_values(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    r_out, r_in = torch.linalg.qr(b.double())[1], torch.linalg.qr(a.double().T)[1]
    return torch.linalg.svdvals(r_out @ r_in.T)
