"""EWC against closed forms and against autograd sample by sample; labels, spaces, accumulation."""

import pytest
import torch

from scripts.training import buffer, fisher, lora
from tests.training.tiny import MODEL, RECIPE, checkpoint, examples


@pytest.fixture
def model():
    """A tiny adapter that does something: B is not zero."""
    adapted = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), RECIPE)
    torch.manual_seed(1)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return adapted


def samples():
    return [buffer.examples_of([pair], examples())[0] for pair in buffer.pairs_of(examples())]


class Quadratic(torch.nn.Module):
    """Two parameters and nothing else: the toy on which the penalty is known in closed form."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.theta = torch.nn.Parameter(torch.tensor([3.0, -1.0]))


def test_penalty_and_gradient_are_the_written_ones_on_a_quadratic():
    toy, importance, anchor = Quadratic(), torch.tensor([2.0, 0.5]), torch.tensor([1.0, 1.0])
    price = fisher.Penalty(toy, "factors", 10.0, {"theta": importance}, {"theta": anchor})()
    price.backward()
    assert price.item() == pytest.approx(10 * (2.0 * 2**2 + 0.5 * 2**2))
    assert toy.theta.grad.tolist() == pytest.approx([2 * 10 * 2.0 * 2, 2 * 10 * 0.5 * -2])


def test_training_under_the_penalty_ends_where_the_closed_form_says():
    """min (theta - 5)^2 + lambda F (theta - 1)^2 is at (5 + lambda F) / (1 + lambda F)."""
    toy, importance = Quadratic(), torch.tensor([0.3, 3.0])
    penalty = fisher.Penalty(toy, "factors", 2.0, {"theta": importance}, {"theta": torch.ones(2)})
    optimiser = torch.optim.SGD(toy.parameters(), lr=0.05)
    for _ in range(500):
        optimiser.zero_grad()
        (((toy.theta - 5) ** 2).sum() + penalty()).backward()
        optimiser.step()
    expected = [(5 + 2 * f) / (1 + 2 * f) for f in importance.tolist()]
    assert toy.theta.tolist() == pytest.approx(expected, rel=1e-5)


def by_autograd(model, space):
    """Mean over samples of the squared gradient of each log-likelihood, with nothing of ours but the logits of one forward."""
    layers = {name: layer.base_layer.weight for name, layer in fisher.adapted_layers(model)}
    tensors = fisher.parameters(model) if space == "factors" else layers
    for weight in tensors.values():
        weight.requires_grad_()
    total = dict.fromkeys(tensors, 0)
    for sample in samples():
        ids, ((start, stop),) = torch.tensor([sample["input_ids"]]), sample["supervised"]
        scores = model(input_ids=ids, use_cache=False, bounds=(0, ids.shape[1])).logits[0].log_softmax(-1)
        chosen = scores[torch.arange(start, stop) - 1, ids[0, start:stop]].sum()
        gradients = torch.autograd.grad(chosen, list(tensors.values()))
        total = {name: total[name] + gradient**2 for name, gradient in zip(tensors, gradients, strict=True)}
    return {name: values / values.mean() for name, values in total.items()}


@pytest.mark.parametrize("space", fisher.SPACES)
def test_the_fisher_is_autograds_sample_by_sample(model, space):
    found = fisher.estimate(model, samples(), space, "empirical", seed=0)
    written = by_autograd(model, space)
    assert found.keys() == written.keys()
    assert all(torch.allclose(found[name], written[name], rtol=1e-3, atol=1e-5) for name in found)
    assert all(values.mean().item() == pytest.approx(1, rel=1e-4) for values in found.values())


def test_it_is_not_the_square_of_the_mean_gradient(model):
    found = fisher.estimate(model, samples(), "factors", "empirical", seed=0)
    model.zero_grad()
    lora.cross_entropy(
        model, lora.packing.pack(samples(), [lora.supervised_positions(one) for one in samples()])
    ).backward()
    wrong = {
        name: weight.grad**2 / (weight.grad**2).mean() for name, weight in fisher.parameters(model).items()
    }
    assert not any(torch.allclose(found[name], wrong[name], rtol=0.1) for name in found)


def test_sampled_labels_are_drawn_from_the_model_and_seeded(model):
    def estimate(labels, seed):
        return fisher.estimate(model, samples(), "factors", labels, seed)

    sampled, empirical = estimate("sampled", 0), estimate("empirical", 0)
    assert all(torch.equal(sampled[name], values) for name, values in estimate("sampled", 0).items())
    assert not all(torch.equal(sampled[name], values) for name, values in estimate("sampled", 1).items())
    assert not all(torch.allclose(sampled[name], values) for name, values in empirical.items())


def test_labels_are_drawn_from_the_models_own_distribution(model, monkeypatch):
    asked, real, one = [], torch.multinomial, samples()[0]
    monkeypatch.setattr(torch, "multinomial", lambda p, *a, **k: asked.append(p) or real(p, *a, **k))
    fisher.estimate(model, [one], "factors", "sampled", 0)
    ids, ((start, stop),) = torch.tensor([one["input_ids"]]), one["supervised"]
    own = model(input_ids=ids, use_cache=False, bounds=(0, ids.shape[1])).logits[0, start - 1 : stop - 1]
    torch.testing.assert_close(asked[0], own.softmax(-1).detach(), rtol=1e-4, atol=1e-6)


def test_the_penalty_of_delta_is_the_written_sum(model):
    """lambda sum F (s (B A - B* A*))^2 with s = alpha/r: without s lambda would mean something else at every scale."""
    before = {name: values.detach().clone() for name, values in fisher.updates(model).items()}
    weight = {name: torch.rand_like(values) for name, values in before.items()}
    penalty, written = fisher.Penalty(model, "delta", 3.0, weight, before), 0.0
    for name, layer in fisher.adapted_layers(model):
        a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        old = (b @ a).detach()
        with torch.no_grad():
            b += 0.1
        moved = RECIPE["alpha_over_rank"] * (b @ a - old)
        written += 3 * (weight[name] * moved**2).sum().item()
    assert penalty().item() == pytest.approx(written, rel=1e-4)


def test_accumulation_by_hand():
    old, new = {"w": torch.tensor([1.0, 3.0])}, {"w": torch.tensor([3.0, 1.0])}
    assert fisher.accumulated(old, new, "replace", 2)["w"].tolist() == [3.0, 1.0]
    assert fisher.accumulated(old, new, "average", 2)["w"].tolist() == pytest.approx([5 / 3, 7 / 3])
    assert fisher.accumulated({}, new, "average", 0)["w"].tolist() == [3.0, 1.0]


def test_the_delta_space_does_not_mind_a_turn_of_the_factors(model):
    """A and B may turn against each other as long as their product stays: the penalty of `delta` is 0, of `factors` not."""
    penalties = {
        space: fisher.Penalty(
            model, space, 1.0, fisher.estimate(model, samples(), space, "empirical", 0), tensors(model)
        )
        for space, tensors in fisher.SPACES.items()
    }
    with torch.no_grad():
        for _, layer in fisher.adapted_layers(model):
            layer.lora_A["default"].weight.mul_(2)
            layer.lora_B["default"].weight.div_(2)
    assert penalties["delta"]().item() < 1e-8
    assert penalties["factors"]().item() > 1
