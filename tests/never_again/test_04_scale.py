"""Fault 4: the scale of the adapter was rank * 2 and not 2, so it changed with the rank."""

import pytest
import torch

from scripts.training import lora
from tests.training.tiny import MODEL, RECIPE, checkpoint


def layer(rank: int, alpha_over_rank: float):
    """One adapted linear layer, its B not zero."""
    recipe = {**RECIPE, "rank": rank, "alpha_over_rank": alpha_over_rank}
    model = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), recipe)
    layer = model.get_base_model().model.layers[0].mlp.up_proj
    torch.nn.init.normal_(layer.lora_B["default"].weight)
    return layer


@pytest.mark.parametrize("rank", [1, 4, 16])
@pytest.mark.parametrize("alpha_over_rank", [1, 2])
def test_the_output_is_the_written_formula(rank, alpha_over_rank):
    adapted = layer(rank, alpha_over_rank)
    a, b = adapted.lora_A["default"].weight, adapted.lora_B["default"].weight
    x = torch.randn(5, a.shape[1])
    assert a.shape[0] == b.shape[1] == rank
    update = x @ a.T @ b.T
    torch.testing.assert_close(adapted(x), adapted.base_layer(x) + alpha_over_rank * update)
    if rank > 1:
        fault = adapted.base_layer(x) + alpha_over_rank * rank * update
        assert not torch.allclose(adapted(x), fault, rtol=0.01)


def test_the_trained_and_the_served_adapter_have_one_scale(tmp_path):
    """The engine reads the scale from the files that training wrote."""
    from scripts.trajectories.engines.local import load

    recipe = {**RECIPE, "rank": 8}
    lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), recipe).save_pretrained(tmp_path)
    served = load(checkpoint(), tmp_path, MODEL).get_base_model().model.layers[0].mlp.up_proj
    assert served.scaling == {"default": RECIPE["alpha_over_rank"]}
