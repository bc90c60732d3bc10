"""Naive sequential training: the adapter goes on with the new sessions alone. The baseline of forgetting."""

from collections.abc import Callable

import torch
from peft import PeftModel

from scripts.training import lora
from scripts.training.strategies import Learned, Lesson


def learn(lesson: Lesson) -> Learned:
    """The adapter of the checkpoint before, trained on what came since."""
    model = current(lesson)
    steps = lora.train(model, lesson.new, lesson.recipe)
    return Learned(steps, lora.saved(model), anew=not lesson.before)


def current(lesson: Lesson) -> PeftModel:
    """The base with the adapter as it stands: that of the checkpoint before, or a new one."""
    base: Callable[[], torch.nn.Module] = lesson.base
    return (
        lora.with_adapter(base(), lesson.before)
        if lesson.before
        else lora.with_new_adapter(base(), lesson.recipe)
    )
