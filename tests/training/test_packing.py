"""A packed row is the examples one by one: against transformers' own attention, which knows nothing of packing."""

import pytest
import torch
from transformers import AutoModelForCausalLM, CohereConfig, Qwen2Config

from scripts.training import lora, packing
from tests.training.tiny import MODEL, RECIPE, VOCABULARY, checkpoint, examples


def adapted(model):
    """With an adapter that does something: B is not zero."""
    adapted = lora.with_new_adapter(model, RECIPE)
    torch.manual_seed(1)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return adapted


def gradients(model, loss):
    loss.backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])


def one_by_one(batch, targets):
    """Mean loss over all targets and its gradient, each example in a forward of its own."""
    model = adapted(AutoModelForCausalLM.from_pretrained(checkpoint(), attn_implementation="eager"))
    losses = []
    for example, positions in zip(batch, targets, strict=True):
        logits = model(torch.tensor([example["input_ids"]])).logits[0]
        wanted = torch.tensor([example["input_ids"][position] for position in positions])
        before = torch.tensor(positions) - 1
        losses.append(torch.nn.functional.cross_entropy(logits[before], wanted, reduction="none"))
    loss = torch.cat(losses).mean()
    return loss.item(), gradients(model, loss)


@pytest.mark.parametrize(("count", "shared"), [(1, 9), (4, 0), (4, 1), (5, 17)])
def test_loss_and_gradients_are_those_of_the_examples_one_by_one(count, shared):
    rows = examples(count, shared)
    batch, targets = rows[:count], [lora.supervised_positions(row) for row in rows[:count]]
    model = adapted(lora.base_model(checkpoint(), MODEL))
    loss = lora.cross_entropy(model, packing.pack(batch, targets))
    expected_loss, expected = one_by_one(batch, targets)
    assert loss.item() == pytest.approx(expected_loss, rel=1e-5)
    assert expected.norm() > 0
    torch.testing.assert_close(gradients(model, loss), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("family", [CohereConfig, Qwen2Config])
def test_the_logits_are_the_familys_own(tmp_path, family):
    """Command R scales its logits: what is trained must be what the agent samples from (never-again 5)."""
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": VOCABULARY}
    config = family(**sizes, num_attention_heads=4, num_key_value_heads=2, pad_token_id=0)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    batch = examples(3, shared=9)
    targets = [lora.supervised_positions(row) for row in batch]
    plain = AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="eager")
    with torch.no_grad():
        found = lora.logits(lora.base_model(tmp_path, MODEL), packing.pack(batch, targets))
        own = [plain(torch.tensor([row["input_ids"]])).logits[0] for row in batch]
    expected = [one[torch.tensor(where) - 1] for one, where in zip(own, targets, strict=True)]
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-4, atol=1e-5)


def test_the_shared_beginning_is_read_once_and_never_holds_a_label():
    rows = examples(4, shared=17)
    pack = packing.pack(rows, [list(range(*row["supervised"][0])) for row in rows])
    assert pack.tokens.shape[1] == 17 + sum(len(row["input_ids"]) - 17 for row in rows)
    same = [{**rows[0]}, {**rows[0]}]
    assert packing.shared_prefix(same) == rows[0]["held_out"][0][0] - 1, (
        "the token before the first reply is its own"
    )


def test_examples_do_not_see_each_other():
    first, second, other = examples(3, shared=5)
    targets = list(range(*first["supervised"][0]))
    model = lora.base_model(checkpoint(), MODEL)
    with torch.no_grad():
        near = [lora.logits(model, packing.pack([first, each], [targets, []])) for each in (second, other)]
    torch.testing.assert_close(near[0], near[1])
