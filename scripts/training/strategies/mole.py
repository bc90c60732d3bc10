"""Mixture of LoRA experts (experiment 3): one adapter a skill category, a router that weighs them for each query.

The experts' ranks sum to the recipe's rank, so that a single adapter of that rank has as many parameters. Each expert goes on
with the new replies of its category; the router is trained anew on the queries of four of five sessions so far (the fifth judge
it), which takes a second, or is the rule of arrow.py, which needs no training.
"""

import json
from typing import Any

import numpy as np
from peft import PeftModel
from safetensors.torch import load

from scripts.training import buffer, categories, lora, merge, router
from scripts.training.kept import WEIGHTS
from scripts.training.mixture import EXPERTS, LEARNED, ROUTER
from scripts.training.strategies import Learned, Lesson, seed_of

HELD_OUT = 5  # every fifth session is kept from the router, to judge it


def learn(lesson: Lesson) -> Learned:
    """Train each category's expert on its new replies, and the router; the experts side by side are the adapter."""
    names = categories.NAMES[: lesson.own["experts"]]
    ranks = categories.ranks(lesson.recipe["rank"], len(names))
    made, steps, replies = [], [], {}
    for number, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        examples = of_category(lesson.new, name, len(names))
        replies[name] = sum(len(example["supervised"]) for example in examples)
        model = expert(lesson, ranks, number)
        steps += lora.train(model, examples, {**lesson.recipe, "rank": rank}) if examples else []
        made.append(lora.saved(model))
        del model  # or its base would be in memory beside the next one's
    joined = merge.weighted_sum([merge.factors(load(files[WEIGHTS])) for files in made], [1] * len(made))
    about = {"experts": names, "ranks": ranks, "top_k": lesson.own["top_k"], "router": lesson.own["router"]}
    extra, quality = {EXPERTS: (json.dumps(about, indent=1) + "\n").encode()}, {}
    if about["router"] == LEARNED:
        chosen, quality = routing(lesson, names)
        extra |= {ROUTER: chosen.content()}
    notes = {**about, "replies": replies, **quality}
    return Learned(
        steps, {**lora.files_of(joined, lora.config_of(made[0])), **extra}, notes, anew=not lesson.before
    )


def of_category(rows: list[dict], name: str, experts: int) -> list[dict]:
    """The examples with the loss on one category's replies alone."""
    pairs = [pair for pair in buffer.pairs_of(rows) if categories.category(turn(rows, pair), experts) == name]
    return buffer.examples_of(pairs, rows)


def turn(rows: list[dict], pair: buffer.Pair) -> dict[str, Any]:
    """What a pair's reply was about."""
    row = next(row for row in rows if row["row"] == pair.row)
    return row["turns"][str(pair.span[0])]


def expert(lesson: Lesson, ranks: list[int], number: int) -> PeftModel:
    """The base with one expert: as the checkpoint before left it, or a new one with first weights of its own.

    With the same ones in every expert their sum would read the input in as many directions as one of them.
    """
    base = lesson.base()
    lora.check_rank(base, lesson.recipe["rank"])
    if not lesson.before:
        own = {"rank": ranks[number], "seed": seed_of(lesson.recipe["seed"], number)}
        return lora.with_new_adapter(base, {**lesson.recipe, **own})
    start = sum(ranks[:number])
    own = slice(start, start + ranks[number])
    held = merge.factors(load(lesson.before[WEIGHTS]))
    alone = {layer: (a[own], b[:, own]) for layer, (a, b) in held.items()}
    return lora.with_adapter(base, lora.files_of(alone, lora.config_of(lesson.before)))


def routing(lesson: Lesson, names: tuple[str, ...]) -> tuple[router.Router, dict[str, Any]]:
    """(router, how it does on sessions that were kept from it)."""
    pairs = buffer.pairs_of(lesson.rows)
    turns = [turn(lesson.rows, pair) for pair in pairs]
    labels = [names.index(categories.category(each, len(names))) for each in turns]
    queries = queries_of(pairs, turns, lesson)
    sessions = list(dict.fromkeys(pair.position for pair in pairs))
    judges = set(sessions[HELD_OUT - 1 :: HELD_OUT])
    known = [at for at, pair in enumerate(pairs) if pair.position not in judges]
    asked = [at for at, pair in enumerate(pairs) if pair.position in judges]
    seed = lesson.recipe["seed"]
    made = router.fitted(queries[known], [labels[at] for at in known], len(names), seed)
    return made, router.judged(made, queries[asked], [labels[at] for at in asked])


def queries_of(pairs: list[buffer.Pair], turns: list[dict], lesson: Lesson) -> np.ndarray:
    """A query is the issue and what was read last: both embedded, side by side [n, 2 * dimensions]."""
    issues = {row["row"]: row["issue"] for row in lesson.rows}
    return router.query([issues[pair.row] for pair in pairs], [each["read"] for each in turns], lesson.embed)
