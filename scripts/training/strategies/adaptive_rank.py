"""Adaptive rank with SVD consolidation (experiment 5): each new session gets the rank it needs, old ones are compressed.

The model is the base plus the sum of all parts; a part is the adapter of one session, or of old ones that were merged. A new
part is trained on top of those there are, which stay as they are. When the ranks exceed the budget, the oldest parts are
summed and truncated by SVD, which is exact for the sum (merge.py).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from peft import PeftModel
from safetensors.torch import load

from scripts.training import buffer, lora, merge
from scripts.training.kept import WEIGHTS
from scripts.training.strategies import Learned, Lesson

PARTS = "parts.json"


@dataclass(frozen=True)
class Part:
    """Sessions whose adapter is one block of ranks; energy: share of the squared norm that its compression kept."""

    sessions: list[str]
    rank: int
    energy: float = 1.0


def learn(lesson: Lesson) -> Learned:
    """A part for each new session (or one for all of them, `probe: consolidation`), then back below the budget."""
    held, parts, steps = lesson.before, parts_before(lesson.before), []
    notes: dict[str, Any] = {"probes": [], "compressions": 0}
    for group in groups(lesson.new, lesson.own["probe"]):
        rank, losses, new, taken = probe(lesson, held, group)
        steps += taken
        parts = [*parts, Part(list(dict.fromkeys(row["instance_id"] for row in group)), rank)]
        notes["probes"].append({"sessions": parts[-1].sessions, "rank": rank, "losses": losses})
        parts, made, times = within_budget(parts, joined(held, new), lesson.own)
        notes["compressions"] += times
        held = files(made, parts, lora.config_of(new))
    notes["rank"] = sum(part.rank for part in parts)
    return Learned(steps, held, notes, anew=not lesson.before)


def joined(before: dict[str, bytes], new: dict[str, bytes]) -> merge.Factors:
    """The sum of an adapter's files and another's."""
    both = [merge.factors(load(each[WEIGHTS])) for each in (before, new) if each]
    return merge.weighted_sum(both, [1] * len(both))


def groups(rows: Sequence[dict], probe: str) -> list[list[dict]]:
    """The examples that get a part of their own: one list a session, or one for all."""
    if probe == "consolidation":
        return [list(rows)]
    sessions = dict.fromkeys((row["instance_id"], row["run"]) for row in rows)
    return [[row for row in rows if (row["instance_id"], row["run"]) == session] for session in sessions]


def probe(
    lesson: Lesson, before: dict[str, bytes], group: list[dict]
) -> tuple[int, dict[str, float], dict[str, bytes], list[lora.Step]]:
    """(smallest sufficient rank, mean validation loss of each rank tried, its adapter's files, its steps) of some sessions.

    Validated on the other new sessions; where there are none, on the pairs of its own that are held out of every training.
    """
    others = [row for row in lesson.new if row not in group]
    asked = [buffer.examples_of([pair], lesson.rows)[0] for pair in buffer.pairs_of(others)] or own_held_out(
        group
    )
    found, made = {}, {}
    for rank in lesson.own["ranks"]:
        model, steps = on_top(lesson, before, group, rank)
        found[rank], made[rank] = lora.losses(model, asked), (lora.saved(model), steps)
    best = sufficient(found)
    return best, {str(rank): fmean(losses) for rank, losses in found.items()}, *made[best]


def own_held_out(group: list[dict]) -> list[dict]:
    """Held-out replies as questions."""
    return [
        {**row, "supervised": [span], "input_ids": row["input_ids"][: span[1]]}
        for row in group
        for span in row["held_out"]
    ]


def sufficient(losses: dict[int, list[float]]) -> int:
    """The smallest rank whose mean loss is within one standard error of the best one's (Breiman et al., 1984, 3.4.3).

    losses: of the same questions, by rank. Differences to the best are paired, and so is their standard error.
    """
    best = min(losses, key=lambda rank: (fmean(losses[rank]), rank))
    return next(rank for rank in sorted(losses) if _as_good(losses[rank], losses[best]))


def _as_good(one: list[float], best: list[float]) -> bool:
    differences = [loss - least for loss, least in zip(one, best, strict=True)]
    error = stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
    return fmean(differences) <= error


def on_top(
    lesson: Lesson, before: dict[str, bytes], group: list[dict], rank: int
) -> tuple[PeftModel, list[lora.Step]]:
    """The base with all parts there are, frozen, and a new adapter that was trained on some sessions."""
    model = lora.with_new_adapter(lesson.base(), {**lesson.recipe, "rank": rank})
    if before:
        lora.beside(model, before)
    return model, lora.train(model, group, lesson.recipe)


def within_budget(
    parts: list[Part], made: merge.Factors, own: dict[str, Any]
) -> tuple[list[Part], merge.Factors, int]:
    """Merge the oldest parts until the ranks fit; (parts, factors, how often)."""
    times = 0
    while sum(part.rank for part in parts) > own["trigger"] * own["budget"] and len(parts) > 1:
        parts, made = compressed(parts, made, own["merge"], own["target_rank"], own["weights"])
        times += 1
    return parts, made, times


def compressed(
    parts: list[Part], made: merge.Factors, count: int, rank: int, weights: str
) -> tuple[list[Part], merge.Factors]:
    """The oldest `count` parts as one of a lower rank. weights: sum (each counts 1) or mean (each counts 1/count)."""
    old, rest = parts[:count], parts[count:]
    weight = 1.0 if weights == "sum" else 1 / len(old)
    held = sum(part.rank for part in old)
    aged = {layer: (a[:held], b[:, :held] * weight) for layer, (a, b) in made.items()}
    rank = min(rank, held)
    gist = merge.truncated(aged, rank)
    young = {layer: (a[held:], b[:, held:]) for layer, (a, b) in made.items()}
    sessions = [session for part in old for session in part.sessions]
    return [Part(sessions, rank, merge.kept_energy(aged, rank)), *rest], merge.weighted_sum(
        [gist, young], [1, 1]
    )


def parts_before(before: dict[str, bytes]) -> list[Part]:
    """The parts as the checkpoint before left them."""
    return [Part(**each) for each in json.loads(before[PARTS])] if before else []


def files(made: merge.Factors, parts: list[Part], config: dict[str, Any]) -> dict[str, bytes]:
    """The sum of the parts as one adapter that PEFT loads, and what its ranks stand for."""
    listed = "[" + ",\n ".join(json.dumps(asdict(part)) for part in parts) + "]\n"
    return {**lora.files_of(made, config), PARTS: listed.encode()}
