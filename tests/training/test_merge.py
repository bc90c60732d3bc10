"""Sums of adapters against the written formula, truncation against numpy's optimum."""

import numpy as np
import pytest
import torch

from scripts.training import merge

LAYERS = {"a.q_proj": (24, 40), "b.up_proj": (56, 24)}  # out, in


def adapter(rank: int, seed: int) -> merge.Factors:
    torch.manual_seed(seed)
    return {layer: (torch.randn(rank, wide), torch.randn(out, rank)) for layer, (out, wide) in LAYERS.items()}


def update(made: merge.Factors, layer: str) -> np.ndarray:
    a, b = (part.double().numpy() for part in made[layer])
    return b @ a


def test_the_weighted_sum_is_the_written_one_for_adapters_of_unlike_ranks():
    parts, weights = [adapter(2, 0), adapter(5, 1), adapter(1, 2)], [0.5, 0.3, 0.2]
    made = merge.weighted_sum(parts, weights)
    assert merge.rank_of(made) == 8
    for layer in LAYERS:
        written = sum(weight * update(part, layer) for part, weight in zip(parts, weights, strict=True))
        assert np.linalg.norm(update(made, layer) - written) / np.linalg.norm(written) < 1e-5


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_truncation_is_numpys_optimum(rank):
    made = adapter(6, 3)
    cut = merge.truncated(made, rank)
    for layer in LAYERS:
        left, values, right = np.linalg.svd(update(made, layer))
        best = left[:, :rank] * values[:rank] @ right[:rank]
        assert cut[layer][0].shape[0] == cut[layer][1].shape[1] == rank
        assert np.linalg.norm(update(cut, layer) - best) / np.linalg.norm(best) < 1e-5


def test_the_kept_energy_is_that_of_the_singular_values():
    made = adapter(6, 3)
    squares = np.array([np.linalg.svd(update(made, layer), compute_uv=False)[:6] ** 2 for layer in LAYERS])
    assert merge.kept_energy(made, 2) == pytest.approx(squares[:, :2].sum() / squares.sum())
    nothing = {layer: (a, torch.zeros_like(b)) for layer, (a, b) in made.items()}
    assert merge.kept_energy(nothing, 2) == 1.0
    wide = {**adapter(30, 3), "small": (torch.randn(30, 8), torch.randn(8, 30))}
    assert merge.kept_energy(wide, 20) < 1.0 == merge.kept_energy({"small": wide["small"]}, 20)


def test_an_adapters_file_goes_through_unchanged():
    made = adapter(3, 4)
    again = merge.factors(merge.state(made))
    assert all(torch.equal(again[layer][side], made[layer][side]) for layer in LAYERS for side in (0, 1))
