"""Naive training with intruder dimensions reduced afterwards: an addition to the registered strategies, by PEFT.

Directions that training made strong and that the base does not have are taken back in part, which recovers older knowledge at
some cost to the newest (Shuttleworth et al., 2024, arXiv:2410.21228).
"""

import logging
from dataclasses import replace

import torch
from peft import get_peft_model_state_dict
from peft.tuners.lora.intruders import reduce_intruder_dimension
from safetensors.torch import load

from scripts.training import lora, merge
from scripts.training.kept import WEIGHTS
from scripts.training.strategies import Learned, Lesson, naive

log = logging.getLogger(__name__)
REDUCED = "reduced"


def learn(lesson: Lesson) -> Learned:
    """What naive training learns, reduced; the next checkpoint goes on from there."""
    learned = naive.learn(lesson)
    model = lora.with_adapter(lesson.base(), learned.files)
    with lesson.timed("reduction"):
        reduce_intruder_dimension(model, new_adapter_name=REDUCED, logging_sink=log.debug)
    made = merge.factors(get_peft_model_state_dict(model, adapter_name=REDUCED))
    notes = {"layers_reduced": changed(merge.factors(load(learned.files[WEIGHTS])), made)}
    return replace(learned, files=lora.files_of(made, lora.config_of(learned.files)), notes=notes)


def changed(before: merge.Factors, after: merge.Factors) -> int:
    """How many layers had an intruder dimension; with none the adapter is that of naive training."""
    return sum(not all(map(torch.equal, after[layer], factors)) for layer, factors in before.items())
