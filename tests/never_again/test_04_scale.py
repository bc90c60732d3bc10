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


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_trained_and_the_served_adapter_have_one_scale(tmp_path, dtype):
    """The engine reads the scale from the files that training wrote, whether it merges the adapter (float32) or not."""
    from scripts.trajectories.engines.local import load

    trained = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), {**RECIPE, "rank": 8})
    adapted = trained.get_base_model().model.layers[0].mlp.up_proj
    torch.nn.init.normal_(adapted.lora_B["default"].weight)
    trained.save_pretrained(tmp_path)
    served = load(checkpoint(), tmp_path, MODEL | {"dtype": dtype})
    if dtype == "float32":
        update = served.model.layers[0].mlp.up_proj.weight - adapted.base_layer.weight
        written = adapted.lora_B["default"].weight @ adapted.lora_A["default"].weight
        torch.testing.assert_close(update, RECIPE["alpha_over_rank"] * written)
    else:
        beside = served.get_base_model().model.layers[0].mlp.up_proj
        assert beside.scaling == {"default": RECIPE["alpha_over_rank"]}
