"""The diagonal Fisher information of a LoRA adapter, and the EWC penalty that it weighs (Kirkpatrick et al., 2017, eq. 3).

Two spaces, by name:

- factors: the parameters A and B themselves;
- delta: the update scale * B A of each layer, element by element, with the Fisher of that layer's weight. A and B may turn
  as they like as long as their product stays (the form of EWC for low-rank updates).

A sample is one supervised reply. Its score is the gradient of its log-likelihood, squared sample by sample and then
averaged: the square of a batch's mean gradient would be something else. Each tensor is normalised to mean 1, so that
lambda means the same for every layer, data set and number of samples.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from peft import PeftModel

from scripts.training import lora, packing

Tensors = dict[str, torch.Tensor]


def parameters(model: PeftModel) -> Tensors:
    """The adapter's trainable tensors by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def updates(model: PeftModel) -> Tensors:
    """scale * B A of each layer [out, in], by the layer's name; differentiable."""
    found = {}
    for name, layer in adapted_layers(model):
        (adapter,) = layer.active_adapters
        product = layer.lora_B[adapter].weight @ layer.lora_A[adapter].weight
        found[name] = product * layer.scaling[adapter]
    return found


def adapted_layers(model: PeftModel) -> Iterator[tuple[str, torch.nn.Module]]:
    """The layers that carry the adapter."""
    return ((name, module) for name, module in model.named_modules() if hasattr(module, "lora_A"))


SPACES = {"factors": parameters, "delta": updates}


def estimate(model: PeftModel, samples: list[dict], space: str, labels: str, seed: int) -> Tensors:
    """The Fisher's diagonal over some samples, each tensor with mean 1 (or 0 where no sample has a gradient).

    Args:
        samples: examples, each with one supervised reply.
        labels: sampled (drawn from the model, the Fisher itself) or empirical (those of the data).
    """
    random = torch.Generator().manual_seed(seed)
    total: Tensors = {}
    model.eval()
    for sample in samples:
        for name, score in _scores(model, sample, space, labels, random).items():
            total[name] = total.get(name, 0) + score.detach().float() ** 2
    return {name: normalised(values) for name, values in total.items()}


def normalised(values: torch.Tensor) -> torch.Tensor:
    """With mean 1, or as it is where everything is 0."""
    mean = values.mean()
    return values / mean if mean > 0 else values


def _scores(model: PeftModel, sample: dict, space: str, labels: str, random: torch.Generator) -> Tensors:
    """Gradient of one sample's log-likelihood."""
    model.zero_grad()
    with _weight_gradients(model) if space == "delta" else _own_gradients(model) as gradients:
        _log_likelihood(model, sample, labels, random).backward()
    model.zero_grad()
    return gradients


def _log_likelihood(model: PeftModel, sample: dict, labels: str, random: torch.Generator) -> torch.Tensor:
    """Of the reply under the model, teacher-forced; of tokens drawn from the model where labels are sampled."""
    pack = packing.pack([sample], [lora.supervised_positions(sample)])
    scores = torch.log_softmax(lora.logits(model, pack), dim=-1)
    drawn = torch.multinomial(scores.detach().exp().cpu(), 1, generator=random)[:, 0]
    chosen = (drawn if labels == "sampled" else pack.labels).to(scores.device)
    return scores.gather(1, chosen[:, None]).sum()


@contextmanager
def _own_gradients(model: PeftModel) -> Iterator[Tensors]:
    """Filled on leaving with the gradients of the adapter's own tensors."""
    gradients: Tensors = {}
    yield gradients
    gradients |= {
        name: weight.grad.clone() for name, weight in parameters(model).items() if weight.grad is not None
    }


@contextmanager
def _weight_gradients(model: PeftModel) -> Iterator[Tensors]:
    """Filled during the backward pass with the gradient of each layer's whole weight [out, in], which itself is frozen.

    With x the layer's input and d the gradient of its output, it is sum over positions of d x^T.
    """
    gradients: Tensors = {}

    def watch(name: str):
        def hook(_: torch.nn.Module, given: tuple, output: torch.Tensor) -> None:
            read = given[0].detach().flatten(0, -2).float()

            def keep(gradient: torch.Tensor) -> None:
                gradients[name] = gradient.flatten(0, -2).float().T @ read

            output.register_hook(keep)

        return hook

    handles = [layer.register_forward_hook(watch(name)) for name, layer in adapted_layers(model)]
    try:
        yield gradients
    finally:
        for handle in handles:
            handle.remove()


def accumulated(old: Tensors, new: Tensors, how: str, seen: int) -> Tensors:
    """Online EWC: the Fisher of everything so far. how: replace, or average (the running mean over `seen` + 1 estimates)."""
    if how == "replace" or not old:
        return new
    # the old one was read from a file, wherever the new one was computed
    return {name: (old[name].to(values.device) * seen + values) / (seen + 1) for name, values in new.items()}


class Penalty:
    """lambda * sum F_i (theta_i - theta_i*)^2, as the specification writes it (no half). Called at each step.

    Args:
        anchor: theta*, the tensors of the space at the end of the checkpoint before.
    """

    def __init__(self, model: PeftModel, space: str, weight: float, fisher: Tensors, anchor: Tensors) -> None:
        self.model, self.tensors, self.weight = model, SPACES[space], weight
        self.fisher = {name: values.to(model.device) for name, values in fisher.items()}
        self.anchor = {name: values.detach().clone() for name, values in anchor.items()}
        self.order = sorted(fisher)  # as read from a file they come in any order, and sums round by theirs

    def __call__(self) -> torch.Tensor:
        now = self.tensors(self.model)
        parts = (_moved(now[name], self.anchor[name], self.fisher[name]) for name in self.order)
        return self.weight * sum_of(parts)


def _moved(now: torch.Tensor, anchor: torch.Tensor, fisher: torch.Tensor) -> torch.Tensor:
    return (fisher * (now - anchor) ** 2).sum()


def sum_of(parts: Iterable[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(parts)).sum()
