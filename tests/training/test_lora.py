"""The loop: which examples when, the same weights every time."""

import pytest
import torch

from scripts.errors import UserError
from scripts.training import lora
from tests.training.tiny import MODEL, RECIPE, checkpoint, examples


def fitted(**changes):
    recipe = {**RECIPE, **changes}
    model = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), recipe)
    return model, lora.train(model, examples(), recipe)


def weights(model):
    return {
        name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad
    }


def test_every_epoch_has_every_example_once_in_a_new_seeded_order():
    steps = list(lora.schedule(examples=10, batch_size=4, epochs=3, seed=1))
    epochs = {
        epoch: [at for number, batch in steps if number == epoch for at in batch] for epoch in (1, 2, 3)
    }
    assert [len(batch) for _, batch in steps] == [4, 4, 2] * 3
    assert all(sorted(order) == list(range(10)) for order in epochs.values())
    assert epochs[1] != epochs[2] != epochs[3]
    assert steps == list(lora.schedule(10, 4, 3, 1)) != list(lora.schedule(10, 4, 3, 2))


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    (one, steps), (two, again), (three, _) = fitted(), fitted(), fitted(seed=1)
    assert steps == again
    assert all(torch.equal(weight, weights(two)[name]) for name, weight in weights(one).items())
    assert not all(torch.equal(weight, weights(three)[name]) for name, weight in weights(one).items())


def test_only_the_adapter_learns_and_the_base_keeps_its_precision():
    model = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL | {"dtype": "bfloat16"}), RECIPE)
    before = {name: weight.clone() for name, weight in model.named_parameters() if "lora" not in name}
    steps = lora.train(model, examples(), RECIPE)
    after = dict(model.named_parameters())
    assert all(
        torch.equal(weight, after[name]) and weight.dtype == torch.bfloat16 for name, weight in before.items()
    )
    assert {weight.dtype for weight in weights(model).values()} == {torch.float32}
    assert steps[-1].loss < steps[0].loss


def test_every_linear_layer_but_the_head_has_an_adapter():
    names = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in weights(fitted(epochs=1)[0])}
    assert names == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_an_adapter_learns_on_a_base_in_four_bits_and_leaves_it_as_it_was():
    """QLoRA for real, on the CPU: the linear weights are packed integers before and after, and the loss falls."""
    pytest.importorskip("bitsandbytes", reason="it is installed on Linux only")
    block = MODEL | {"dtype": "bfloat16", "quantization": "nf4"}
    model = lora.with_new_adapter(lora.base_model(checkpoint(), block), RECIPE)
    weight = model.base_model.model.model.layers[0].mlp.up_proj.base_layer.weight
    before = weight.data.clone()
    steps = lora.train(model, examples(6, 3), RECIPE)
    assert before.dtype == torch.uint8
    assert torch.equal(weight.data, before)
    assert lora.verdict(steps)[0] == "trained"


def test_a_rank_above_a_layers_size_is_refused_before_training():
    with pytest.raises(UserError, match=r"the smallest layer has 16 dimensions\. Fix: take at most 16"):
        fitted(rank=17)
