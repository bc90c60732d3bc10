"""One LoRA adapter from a training set (Hu et al., 2021, arXiv:2106.09685): the loop on one screen.

alpha/r is the configured quantity, so the update alpha/r * B A has the same scale at every rank. The base model keeps the
precision it is used in; the adapter's weights are fp32 and are multiplied in the base's precision, as everything else is.
"""

import json
import math
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import safetensors.torch
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.helpers import disable_input_dtype_casting

from scripts.errors import UserError
from scripts.jobs import Progress
from scripts.training import merge, packing
from scripts.training.kept import FILES, WEIGHTS
from scripts.trajectories.checkpoint import load


@dataclass(frozen=True)
class Step:
    """One optimiser step: mean loss over its supervised tokens (nats) and how many there were; the penalty, if there is one.

    after: of a training's first step the loss on the same examples when all is done.
    """

    step: int
    epoch: int
    loss: float
    supervised_tokens: int
    tokens: int
    penalty: float | None = None
    after: float | None = None


class Diverged(Exception):
    """A training whose loss is no number any more; `steps` up to there."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__(f"the loss is not a number at step {steps[-1].step}: try a lower learning_rate")
        self.steps = steps


def base_model(checkpoint: str | Path, block: dict) -> torch.nn.Module:
    """The base of a model's block in the precision in which it is used, with attention over packed examples."""
    return load(checkpoint, block, packing.NAME)


def with_new_adapter(model: torch.nn.Module, recipe: dict) -> PeftModel:
    """A fresh adapter on every linear layer; B is zero, so it begins as the base."""
    rank = recipe["rank"]
    check_rank(model, rank)
    torch.manual_seed(recipe["seed"])
    config = LoraConfig(
        r=rank,
        lora_alpha=rank * recipe["alpha_over_rank"],
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def saved(model: PeftModel) -> dict[str, bytes]:
    """The adapter's files as PEFT writes them; sets of names are sorted, so that equal adapters are equal bytes."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder, save_embedding_layers=False, selected_adapters=["default"])
        config = json.loads((Path(folder) / FILES[1]).read_text())
        config["target_modules"] = sorted(config["target_modules"])
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        return {WEIGHTS: (Path(folder) / WEIGHTS).read_bytes(), FILES[1]: text.encode()}


def check_rank(model: torch.nn.Module, rank: int) -> None:
    """UserError where a layer is smaller than the rank: its update would have fewer dimensions than the adapter says."""
    layers = (
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    )
    smallest = min(min(layer.in_features, layer.out_features) for layer in layers)
    if rank > smallest:
        raise UserError(
            f"rank {rank}", f"the smallest layer has {smallest} dimensions", f"take at most {smallest}"
        )


def config_of(files: dict[str, bytes]) -> dict:
    """PEFT's configuration of a saved adapter."""
    return json.loads(files[FILES[1]])


def parameters(files: dict[str, bytes]) -> int:
    """How many numbers a saved adapter has."""
    return sum(weight.numel() for weight in safetensors.torch.load(files[WEIGHTS]).values())


def files_of(factors: merge.Factors, config: dict) -> dict[str, bytes]:
    """An adapter's files from its factors; config: that of an adapter with the same layers and the same alpha/r."""
    rank, scale = merge.rank_of(factors), config["lora_alpha"] / config["r"]
    text = json.dumps({**config, "r": rank, "lora_alpha": scale * rank}, indent=2, sort_keys=True) + "\n"
    return {WEIGHTS: safetensors.torch.save(merge.state(factors), {"format": "pt"}), FILES[1]: text.encode()}


def beside(model: PeftModel, files: dict[str, bytes]) -> None:
    """Put a second adapter beside the first, frozen: both updates count, and only the first one learns."""
    with _folder(files) as folder:
        model.load_adapter(folder, "frozen")
    model.base_model.set_adapter(["default", "frozen"])
    for name, weight in model.named_parameters():
        weight.requires_grad_(".default." in name)


@contextmanager
def _folder(files: dict[str, bytes]) -> Iterator[str]:
    """An adapter's files where PEFT can read them."""
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            (Path(folder) / name).write_bytes(files[name])
        yield folder


def with_adapter(model: torch.nn.Module, files: dict[str, bytes]) -> PeftModel:
    """An adapter that was saved, to be trained further: its weights in fp32."""
    with _folder(files) as folder:
        return PeftModel.from_pretrained(model, folder, is_trainable=True)


def train(
    model: PeftModel, examples: list[dict], recipe: dict, penalty: Callable | None = None
) -> list[Step]:
    """Train in place, every example once an epoch in a seeded order."""
    order = schedule(len(examples), recipe["batch_size"], recipe["epochs"], recipe["seed"])
    batches = [(epoch, [examples[position] for position in batch]) for epoch, batch in order]
    return optimise(model, batches, recipe["learning_rate"], penalty)


def optimise(
    model: PeftModel,
    batches: list[tuple[int, list[dict]]],
    learning_rate: float,
    penalty: Callable[[], torch.Tensor] | None = None,
) -> list[Step]:
    """One step a batch of (epoch, examples) on their supervised tokens; AdamW, linear decay to zero.

    penalty: what is added to each step's loss, a function of the weights.

    Raises:
        Diverged: the loss is not a number.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.0)
    decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / len(batches))
    progress, steps, tokens = Progress(len(batches), "steps"), [], 0
    model.train()
    for number, (epoch, batch) in enumerate(batches, 1):
        pack = packing.pack(batch, [supervised_positions(one) for one in batch])
        loss = cross_entropy(model, pack)
        extra = penalty() if penalty else None
        (loss if extra is None else loss + extra).backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        decay.step()
        optimiser.zero_grad()
        tokens += pack.tokens.shape[1]
        price = None if extra is None else extra.item()
        steps.append(Step(number, epoch, loss.item(), len(pack.labels), pack.tokens.shape[1], price))
        progress.advance(f"loss {loss.item():.3f}", tokens)
        if not math.isfinite(loss.item()):
            raise Diverged(steps)
    return [replace(steps[0], after=_again(model, batches[0][1])), *steps[1:]]


def _again(model: PeftModel, batch: list[dict]) -> float:
    """The loss on a batch, without learning from it."""
    with torch.no_grad():
        return cross_entropy(model, packing.pack(batch, [supervised_positions(one) for one in batch])).item()


def schedule(examples: int, batch_size: int, epochs: int, seed: int) -> Iterator[tuple[int, list[int]]]:
    """(epoch, positions of the examples) of each step; every epoch has every example once, in a new order."""
    rng = random.Random(seed)
    for epoch in range(1, epochs + 1):
        order = list(range(examples))
        rng.shuffle(order)
        for start in range(0, examples, batch_size):
            yield epoch, order[start : start + batch_size]


def supervised_positions(example: dict) -> list[int]:
    """Positions of the tokens that carry the loss."""
    return [at for span in packing.spans(example, ("supervised",)) for at in range(*span)]


def losses(model: torch.nn.Module, examples: Iterable[dict]) -> list[float]:
    """Mean negative log-likelihood of the supervised tokens of each example, in nats; one forward each, no gradient."""
    with torch.inference_mode():
        return [
            cross_entropy(model.eval(), packing.pack([one], [supervised_positions(one)])).item()
            for one in examples
        ]


def cross_entropy(model: torch.nn.Module, pack: packing.Pack) -> torch.Tensor:
    """Mean negative log-likelihood of the labels, in nats; logits only where there is a label."""
    return torch.nn.functional.cross_entropy(logits(model, pack), pack.labels.to(model.device))


def logits(model: torch.nn.Module, pack: packing.Pack) -> torch.Tensor:
    """fp32 logits [labels, vocabulary] at the positions that predict a label, by the model's own forward: some scale them."""
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    device, dtype = inner.device, inner.dtype
    tokens, positions = pack.tokens.to(device), pack.positions.to(device)
    with disable_input_dtype_casting(inner), torch.autocast(device.type, dtype, dtype != torch.float32):
        found = inner(
            input_ids=tokens,
            position_ids=positions,
            use_cache=False,
            bounds=pack.bounds,
            logits_to_keep=pack.inputs.to(device),
        )
    return found.logits[0].float()


def verdict(steps: list[Step], anew: bool = True) -> tuple[str, str | None]:
    """(status, reason): trained, or failed where a loss is no number, zero, or not below its start.

    A strategy may train several adapters one after the other; the steps of each are numbered from 1, and each is judged. The
    first step's examples are read again at the end: the last step's are others, which may be easier or harder. anew: the
    adapter began as the base. One that goes on may know its new data already, so there the loss need not fall.
    """
    reasons = [reason for training in trainings(steps) if (reason := fault(training, anew))]
    return ("failed", reasons[0]) if reasons else ("trained", None)


def trainings(steps: list[Step]) -> list[list[Step]]:
    """The steps of each training."""
    starts = [at for at, step in enumerate(steps) if step.step == 1]
    return [steps[start:stop] for start, stop in zip(starts, [*starts[1:], len(steps)], strict=True)]


def fault(steps: list[Step], anew: bool) -> str | None:
    """What is wrong with the losses of one training."""
    first, final = steps[0], [step for step in steps if step.epoch == steps[-1].epoch]
    if not all(map(math.isfinite, (*(step.loss for step in steps), first.after))):
        return str(Diverged(steps))
    if not any(step.loss for step in final):
        return "the loss is exactly 0: nothing was supervised, or it was read from the wrong place"
    if anew and first.after >= first.loss:
        return f"the loss did not fall: {first.loss:.4f} at the first step, {first.after:.4f} on the same examples at the end"
    return None
