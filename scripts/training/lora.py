"""One LoRA adapter from a training set (Hu et al., 2021, arXiv:2106.09685): the loop on one screen.

alpha/r is the configured quantity, so the update alpha/r * B A has the same scale at every rank. The base model keeps the
precision it is used in; the adapter's weights are fp32 and are multiplied in the base's precision, as everything else is.
"""

import logging
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.helpers import disable_input_dtype_casting

from scripts.jobs import Progress
from scripts.training import packing
from scripts.trajectories.checkpoint import load

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One optimiser step: mean loss over its supervised tokens (nats), and how many there were."""

    step: int
    epoch: int
    loss: float
    supervised_tokens: int
    tokens: int


def base_model(checkpoint: str | Path, block: dict) -> torch.nn.Module:
    """The base of a model's block in the precision in which it is used, with attention over packed examples."""
    return load(checkpoint, block, packing.NAME)


def with_new_adapter(model: torch.nn.Module, recipe: dict) -> PeftModel:
    """A fresh adapter on every linear layer; B is zero, so it begins as the base."""
    rank = recipe["rank"]
    torch.manual_seed(recipe["seed"])
    config = LoraConfig(
        r=rank,
        lora_alpha=rank * recipe["alpha_over_rank"],
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def train(model: PeftModel, examples: list[dict], recipe: dict) -> list[Step]:
    """Train in place on the supervised tokens; AdamW, linear decay to zero; the order of examples is seeded."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=recipe["learning_rate"], weight_decay=0.0)
    batches = list(schedule(len(examples), recipe["batch_size"], recipe["epochs"], recipe["seed"]))
    decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / len(batches))
    progress, steps, tokens = Progress(len(batches), "steps"), [], 0
    model.train()
    for number, (epoch, batch) in enumerate(batches, 1):
        pack = packing.pack(*batch_of(examples, batch))
        loss = cross_entropy(model, pack)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        decay.step()
        optimiser.zero_grad()
        tokens += pack.tokens.shape[1]
        steps.append(Step(number, epoch, loss.item(), len(pack.labels), pack.tokens.shape[1]))
        progress.advance(f"loss {loss.item():.3f}", tokens)
        if not math.isfinite(loss.item()):
            break
    return steps


def schedule(examples: int, batch_size: int, epochs: int, seed: int) -> Iterator[tuple[int, list[int]]]:
    """(epoch, positions of the examples) of each step; every epoch has every example once, in a new order."""
    rng = random.Random(seed)
    for epoch in range(1, epochs + 1):
        order = list(range(examples))
        rng.shuffle(order)
        for start in range(0, examples, batch_size):
            yield epoch, order[start : start + batch_size]


def batch_of(examples: list[dict], batch: list[int]) -> tuple[list[dict], list[list[int]]]:
    """The examples of a step, and the supervised positions of each."""
    chosen = [examples[position] for position in batch]
    return chosen, [
        [at for span in packing.spans(one, ("supervised",)) for at in range(*span)] for one in chosen
    ]


def cross_entropy(model: torch.nn.Module, pack: packing.Pack) -> torch.Tensor:
    """Mean negative log-likelihood of the labels, in nats; logits only where there is a label."""
    return torch.nn.functional.cross_entropy(logits(model, pack), pack.labels.to(model.device))


def logits(model: torch.nn.Module, pack: packing.Pack) -> torch.Tensor:
    """fp32 logits [labels, vocabulary] at the positions that predict a label."""
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    device, dtype = inner.device, inner.dtype
    tokens, positions = pack.tokens.to(device), pack.positions.to(device)
    with disable_input_dtype_casting(inner), torch.autocast(device.type, dtype, dtype != torch.float32):
        hidden = inner.model(input_ids=tokens, position_ids=positions, use_cache=False, bounds=pack.bounds)
    return inner.lm_head(hidden.last_hidden_state[0, pack.inputs.to(device)]).float()


def verdict(steps: list[Step]) -> tuple[str, str | None]:
    """(status, reason): trained, or failed where the loss is not a number, zero, or not below its start.

    The last epoch's mean is compared with the first step's loss: a single last step may be an unlucky batch.
    """
    first = steps[0].loss
    final = [step.loss for step in steps if step.epoch == steps[-1].epoch]
    last = sum(final) / len(final)
    if not all(math.isfinite(step.loss) for step in steps):
        return "failed", f"the loss is not a number at step {steps[-1].step}"
    if last == 0:
        return "failed", "the loss is exactly 0: nothing was supervised, or it was read from the wrong place"
    if last >= first:
        return "failed", f"the loss did not fall: {first:.4f} at the first step, {last:.4f} in the last epoch"
    return "trained", None
