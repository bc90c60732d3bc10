"""Partial replay with a prioritised buffer (experiment 2): new sessions mixed with a few kept pairs of old ones.

The number of optimiser steps is the configuration's, so that configurations differ in what they see and not in how long.
"""

import json
from functools import cache

import numpy as np
from peft import PeftModel

from scripts.training import buffer, lora
from scripts.training.buffer import Known, Pair
from scripts.training.strategies import Learned, Lesson
from scripts.training.strategies.naive import current

BUFFER = "buffer.json"


def learn(lesson: Lesson) -> Learned:
    """Train on new examples and the buffer's, then let the buffer choose among both."""
    own, recipe = lesson.own, lesson.recipe
    kept, new = kept_pairs(lesson.before), buffer.pairs_of(lesson.new)
    fresh, replayed = buffer.examples_of(new, lesson.rows), buffer.examples_of(kept, lesson.rows)
    ratio = (own["new"], own["replay"])
    order = buffer.batches(
        len(fresh), len(replayed), ratio, recipe["batch_size"], own["steps"], recipe["seed"]
    )
    examples = [*fresh, *replayed]
    model = current(lesson)
    steps = lora.optimise(
        model, [(1, [examples[at] for at in batch]) for batch in order], recipe["learning_rate"]
    )
    candidates = [*kept, *new]
    size = buffer.size_of(own["buffer"], len(buffer.pairs_of(lesson.rows)))
    read: list[int] = []
    stays = buffer.keep(candidates, size, own["priority"], known(candidates, lesson, model, read))
    files = {**lora.saved(model), BUFFER: written(stays)}
    seen = {at for batch in order for at in batch}
    notes = {
        "new_left_out": 1 - len(seen & set(range(len(fresh)))) / len(fresh),  # too few steps to see it
        "buffer_pairs": len(stays),
        "candidate_pairs": len(candidates),
        "replayed_examples": len(replayed),
    }
    return Learned(steps, files, notes, anew=not lesson.before, more_tokens=sum(read))


def kept_pairs(before: dict[str, bytes]) -> list[Pair]:
    """The buffer as the checkpoint before left it."""
    entries = json.loads(before[BUFFER]) if before else []
    return [Pair(entry["row"], tuple(entry["span"]), entry["position"]) for entry in entries]


def written(pairs: list[Pair]) -> bytes:
    """The buffer as a file."""
    lines = [json.dumps({"row": pair.row, "span": pair.span, "position": pair.position}) for pair in pairs]
    return ("[" + ",\n ".join(lines) + "]\n").encode()


def known(pairs: list[Pair], lesson: Lesson, model: PeftModel, read: list[int]) -> Known:
    """What the priorities ask of the pairs, measured when it is asked for; read: gets the tokens that measuring reads."""
    rows = {row["row"]: row for row in lesson.rows}

    @cache
    def singles() -> list[dict]:
        return [buffer.examples_of([pair], lesson.rows)[0] for pair in pairs]

    def losses(asked: list[dict]) -> list[float]:
        read.extend(len(one["input_ids"]) for one in asked)
        return lora.losses(model, asked)

    def confidence() -> list[float]:
        """As recorded; a reply that no model generated (the expert's) has its likelihood under the base."""
        recorded = [rows[pair.row]["turns"][str(pair.span[0])]["log_probability"] for pair in pairs]
        absent = [at for at, value in enumerate(recorded) if value is None]
        with model.disable_adapter():
            found = losses([singles()[at] for at in absent])
        return [-found[absent.index(at)] if value is None else value for at, value in enumerate(recorded)]

    def vectors() -> np.ndarray:
        return lesson.embed([rows[pair.row]["turns"][str(pair.span[0])]["read"] for pair in pairs])

    return Known(lambda: losses(singles()), confidence, vectors, lesson.recipe["seed"])
