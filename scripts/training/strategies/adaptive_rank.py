"""Adaptive rank with SVD consolidation (experiment 5): each new session gets the rank it needs, old ones are compressed.

The model is the base plus the sum of all parts; a part is the adapter of one session, or of old ones that were merged. A new
part is trained on top of those there are, which stay as they are. When the ranks exceed the budget, the oldest parts are
summed and truncated by SVD, which is exact for the sum (merge.py).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from peft import PeftModel
from safetensors.torch import load

from scripts.training import answers, buffer, lora, merge
from scripts.training.kept import WEIGHTS
from scripts.training.one_error import as_good
from scripts.training.strategies import Learned, Lesson, seed_of

PARTS = "parts.json"


@dataclass(frozen=True)
class Part:
    """Sessions whose adapter is one block of ranks; energy: share of the squared norm that its compression kept."""

    sessions: list[str]
    rank: int
    energy: float = 1.0


def learn(lesson: Lesson) -> Learned:
    """A part for each new session (or one for all of them, `probe: consolidation`), then back below the budget."""
    held, parts, steps, read = lesson.before, parts_before(lesson.before), [], 0
    notes: dict[str, Any] = {"probes": [], "compressions": []}
    for group in groups(lesson.new, lesson.own["probe"]):
        rank, losses, new, taken, tokens = probe(lesson, held, group)
        steps, read = [*steps, *taken], read + tokens
        parts = [*parts, Part(list(dict.fromkeys(row["instance_id"] for row in group)), rank)]
        notes["probes"].append({"sessions": parts[-1].sessions, "rank": rank, "losses": losses})
        held = files(joined(held, new), parts, lora.config_of(new))
        while too_many(parts, lesson.own):
            held, parts, note = compression(lesson, held, parts)
            notes["compressions"].append(note)
    notes["rank"] = sum(part.rank for part in parts)
    more = read - sum(step.tokens for step in steps)
    first = not lesson.before and len(notes["probes"]) == 1  # later parts go on from those there are
    return Learned(steps, held, notes, anew=first, more_tokens=more)


def joined(before: dict[str, bytes], new: dict[str, bytes]) -> merge.Factors:
    """The sum of an adapter's files and another's."""
    both = [merge.factors(load(each[WEIGHTS])) for each in (before, new) if each]
    return merge.weighted_sum(both, [1] * len(both))


def groups(rows: Sequence[dict], probe: str) -> list[list[dict]]:
    """The examples that get a part of their own: one list a session, or one for all."""
    if probe == "consolidation":
        return [list(rows)]
    sessions = dict.fromkeys(map(session_of, rows))
    return [[row for row in rows if session_of(row) == session] for session in sessions]


def probe(
    lesson: Lesson, before: dict[str, bytes], group: list[dict]
) -> tuple[int, dict[str, float], dict[str, bytes], list[lora.Step], int]:
    """For some sessions the smallest sufficient rank, the mean validation loss of each rank tried, the adapter's files and
    steps at that rank on top of `before`, and the tokens that all ranks together read.

    Ranks are tried on top of the checkpoint before, which knows none of the judges, whatever was learned since.
    """
    tried, judges = validation(lesson.new, group)
    asked = [buffer.examples_of([pair], lesson.rows)[0] for pair in buffer.pairs_of(judges)]
    found, made, read = {}, {}, 0
    for rank in sorted(lesson.own["ranks"], reverse=True) if asked else ():  # one too large is told first
        model, steps = on_top(lesson, lesson.before, tried, rank)
        found[rank], made[rank] = lora.losses(model, asked), (lora.saved(model), steps)
        read += sum(step.tokens for step in steps) + sum(len(one["input_ids"]) for one in asked)
        del model  # or its base would be in memory beside the next one's
    best = sufficient(found) if found else max(lesson.own["ranks"])
    if tried is not group or not found or before is not lesson.before:
        model, steps = on_top(lesson, before, group, best)
        made[best], read = (lora.saved(model), steps), read + sum(step.tokens for step in steps)
        del model
    return best, {str(rank): fmean(found[rank]) for rank in sorted(found)}, *made[best], read


def validation(new: list[dict], group: list[dict]) -> tuple[list[dict], list[dict]]:
    """(examples that every rank is tried on, examples of other sessions that judge them).

    A session's part is judged by the other new sessions. One part for all of them is tried without the last one, which
    judges, and then trained on all. A session that comes alone has no judge, and gets the largest rank.
    """
    if others := [row for row in new if row not in group]:
        return group, others
    last = session_of(group[-1])
    judges = [row for row in group if session_of(row) == last]
    tried = [row for row in group if session_of(row) != last]
    return (tried, judges) if tried else (group, [])


def session_of(row: dict) -> tuple[str, int]:
    """Which session an example is of."""
    return row["instance_id"], row["run"]


def sufficient(losses: dict[int, list[float]]) -> int:
    """The smallest rank whose mean loss is within one standard error of the best one's (Breiman et al., 1984, 3.4.3).

    losses: of the same questions, by rank. Differences to the best are paired, and so is their standard error.
    """
    best = min(losses, key=lambda rank: (fmean(losses[rank]), rank))
    return next(rank for rank in sorted(losses) if as_good(worse(losses[rank], losses[best])))


def worse(one: list[float], best: list[float]) -> list[float]:
    """How much more one rank loses on each question than the best."""
    return [loss - least for loss, least in zip(one, best, strict=True)]


def on_top(
    lesson: Lesson, before: dict[str, bytes], group: list[dict], rank: int
) -> tuple[PeftModel, list[lora.Step]]:
    """The base with all parts there are, frozen, and a new adapter that was trained on some sessions."""
    # with the same first weights in every part their sum would truncate too well
    own = {"rank": rank, "seed": seed_of(lesson.recipe["seed"], *session_of(group[0]))}
    base = lesson.base()
    lora.check_rank(base, lesson.own["target_rank"])
    model = lora.with_new_adapter(base, {**lesson.recipe, **own})
    if before:
        lora.beside(model, before)
    return model, lora.train(model, group, lesson.recipe)


def too_many(parts: list[Part], own: dict[str, Any]) -> bool:
    """Do the ranks exceed the budget's share at which old parts are merged?"""
    return sum(part.rank for part in parts) > own["trigger"] * own["budget"] and len(parts) > 1


def compression(
    lesson: Lesson, held: dict[str, bytes], parts: list[Part]
) -> tuple[dict[str, bytes], list[Part], dict[str, Any]]:
    """Merge the oldest parts; (files, parts, what their sessions knew before and after)."""
    own, config, count = lesson.own, lora.config_of(held), merged(parts, lesson.own)
    fewer, made = compressed(
        parts, merge.factors(load(held[WEIGHTS])), count, own["target_rank"], own["weights"]
    )
    after, gist = files(made, fewer, config), fewer[0]
    note = {
        "sessions": gist.sessions,
        "rank_before": sum(part.rank for part in parts[:count]),
        "rank_after": gist.rank,
        "energy": gist.energy,
        "before": known(lesson, held, gist.sessions),
        "after": known(lesson, after, gist.sessions),
    }
    return after, fewer, note


def merged(parts: list[Part], own: dict[str, Any]) -> int:
    """How many of the oldest parts are merged. The newest is not among them, unless the others have no rank left to give."""
    count = min(own["merge"], len(parts) - 1)
    return count if sum(part.rank for part in parts[:count]) > own["target_rank"] else count + 1


def known(lesson: Lesson, held: dict[str, bytes], sessions: list[str]) -> dict[str, float | None]:
    """Retention of each of some sessions under an adapter; of a session with several examples, their mean."""
    model = lora.with_adapter(lesson.base(), held).eval()
    asked = answers.held_out(lesson.rows, lesson.rows[-1]["position"])
    rows = [row for row in asked if row["instance_id"] in sessions]
    scores: dict[str, list] = {row["instance_id"]: [] for row in rows}
    with lesson.timed("evaluation"):
        for row, given in zip(rows, answers.ask(model, rows), strict=True):
            scores[row["instance_id"]].append(answers.score(given))
    return {session: answers.mean(own)["retention"] for session, own in scores.items()}


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
