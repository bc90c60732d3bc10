"""EWC-LoRA (experiment 4): new sessions alone, with weights held back where the past depends on them."""

import random
from typing import Any

from peft import PeftModel
from safetensors.torch import load, save

from scripts.training import buffer, fisher, lora
from scripts.training.strategies import Learned, Lesson
from scripts.training.strategies.naive import current

FISHER = "fisher.safetensors"
SEEN = "fisher_estimates"  # metadata would not survive `load`, so the count is a tensor of its own


def learn(lesson: Lesson) -> Learned:
    """The adapter of the checkpoint before, trained on what came since under the penalty; then the new Fisher.

    lambda 0 is naive training, to the bit.
    """
    own, model = lesson.own, current(lesson)
    old, seen = fisher_before(lesson.before)
    penalty = penalty_of(model, own, old) if old and own["lambda"] else None
    steps = lora.train(model, lesson.new, lesson.recipe, penalty)
    files, notes, more = lora.saved(model), ratio(steps), 0
    if own["lambda"]:
        drawn = samples(lesson)
        with lesson.timed("fisher"):
            found = fisher.estimate(model, drawn, own["space"], own["labels"], lesson.recipe["seed"])
        more = sum(len(sample["input_ids"]) for sample in drawn)
        kept = fisher.accumulated(old, found, own["accumulation"], seen)
        files[FISHER] = written(kept, 1 if own["accumulation"] == "replace" else seen + 1)
        notes["fisher_samples"] = len(drawn)
    return Learned(steps, files, notes, anew=not lesson.before, more_tokens=more)


def penalty_of(model: PeftModel, own: dict[str, Any], old: fisher.Tensors) -> fisher.Penalty:
    """The penalty around the weights as they are now."""
    anchor = fisher.SPACES[own["space"]](model)
    return fisher.Penalty(model, own["space"], own["lambda"], old, anchor)


def samples(lesson: Lesson) -> list[dict]:
    """As many replies of the new sessions as the recipe asks for, drawn without repetition; all where there are fewer."""
    pairs = buffer.pairs_of(lesson.new)
    drawn = random.Random(lesson.recipe["seed"]).sample(pairs, min(lesson.own["samples"], len(pairs)))
    return [buffer.examples_of([pair], lesson.rows)[0] for pair in drawn]


def fisher_before(before: dict[str, bytes]) -> tuple[fisher.Tensors, int]:
    """(Fisher of the checkpoints before, how many estimates are in it)."""
    tensors = load(before[FISHER]) if FISHER in before else {}
    seen = int(tensors.pop(SEEN)) if tensors else 0
    return {name: values.float() for name, values in tensors.items()}, seen


def written(found: fisher.Tensors, seen: int) -> bytes:
    """In bfloat16: the delta space has as many numbers as the model has weights, and an importance needs no more digits."""
    import torch

    return save(
        {name: values.bfloat16().contiguous() for name, values in found.items()} | {SEEN: torch.tensor(seen)}
    )


def ratio(steps: list[lora.Step]) -> dict[str, float | None]:
    """Mean penalty over mean loss of a training: whether lambda is a whisper or a wall."""
    paid = [step.penalty for step in steps if step.penalty is not None]
    loss = sum(step.loss for step in steps) / len(steps)
    return {"penalty_over_loss": sum(paid) / len(paid) / loss if paid and loss else None}
