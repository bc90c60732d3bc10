"""Rule train: the examples of a recipe's first sessions -> an adapter, or a card that says why there is none.

Rule script: input dataset, before (the card of the checkpoint before, for strategies that go on from it); output card, loss,
timing; wildcard checkpoint; params recipe, model, since, embeddings. The weights, and what a strategy keeps beside them, lie
beside the card, where the status is `trained`. Nothing here but timing.csv depends on time or on the machine: the same inputs
give the same bytes.
"""

import importlib
import importlib.metadata
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from scripts.errors import UserError, concerning
from scripts.files import atomic_write, canonical_json, read_json, read_jsonl, sha256_of, sha256_of_files
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.training.kept import Trainings, place
from scripts.training.strategies import Learned, Lesson
from scripts.trajectories.checkpoint import fingerprint, resolve_checkpoint
from scripts.trajectories.hardware import peak_mb, quantizer, resident_mb, settled

CACHE, STORE = Path("results/cache"), Path("results/store")
ROOM = Path(__file__).parent
LIBRARIES = ("torch", "transformers", "peft", "safetensors", "tokenizers")
COMMON = (
    *("lora", "merge", "packing", "train", "strategies/__init__"),
    *("../trajectories/checkpoint", "../trajectories/hardware"),  # how the base is loaded
    "../trajectories/render",  # what packed examples share
)
# what determines a strategy's result beside its own file
USES = {
    "full_replay": (),
    "naive": (),
    "partial_replay": ("buffer", "strategies/naive"),
    "mole": ("buffer", "categories", "mixture", "router"),
    "osf": (),
    "ewc": ("buffer", "fisher", "strategies/naive"),
    "adaptive_rank": ("answers", "buffer", "one_error"),
    "intruders": ("strategies/naive",),
}
WHOLE_COLUMNS = ("tokens_read", "max_rss_mb", "gpu_mb")
TIMING_COLUMNS = ("part", "seconds", *WHOLE_COLUMNS)
APART = ("steps", "seconds", "max_rss_mb", "gpu_mb")  # in loss.csv and timing.csv, not on the card
LOSS_COLUMNS = ("step", "epoch", "loss", "supervised_tokens", "tokens", "penalty", "after")


def learned_from(rows: list[dict], checkpoint: int) -> list[dict]:
    """The examples up to a checkpoint that have a supervised token; `row` is their number in the training set."""
    numbered = ({**row, "row": number} for number, row in enumerate(rows) if row["position"] <= checkpoint)
    return [row for row in numbered if supervised(row)]


def supervised(row: dict) -> int:
    """Tokens of an example that carry the loss."""
    return sum(stop - start for start, stop in row["supervised"])


def facts(
    lesson: Lesson, model: dict, base_sha256: str | None, embeddings_sha256: str | None
) -> dict[str, Any]:
    """What determines a training: its data, what it goes on from, its recipe, the models, the code and the libraries."""
    rows, recipe = lesson.rows, lesson.recipe
    names = (*COMMON, f"strategies/{recipe['strategy']}", *USES[recipe["strategy"]])
    asked = ("../knowledge/embed",) if embeddings_sha256 else ()
    libraries = (*LIBRARIES, "sentence-transformers") if embeddings_sha256 else LIBRARIES
    return {
        "trajectories": list(dict.fromkeys(row["instance_id"] for row in rows)),
        "examples": len(rows),
        "tokens": sum(len(row["input_ids"]) for row in rows),
        "supervised_tokens": sum(map(supervised, rows)),
        "data_sha256": sha256_of(rows),
        "since": lesson.since,
        "before_sha256": sha256_of(hashes(lesson.before)),
        "recipe": recipe,
        "seed": recipe["seed"],
        "base_model": model["checkpoint"],
        "base_sha256": base_sha256,
        "embeddings_sha256": embeddings_sha256,
        **{name: model[name] for name in ("dtype", "quantization", "device", "threads")},
        "code_sha256": sha256_of_files([ROOM / f"{name}.py" for name in (*names, *asked)]),
        "libraries": {name: importlib.metadata.version(name) for name in libraries} | quantizer(model),
    }


def hashes(files: dict[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file's content."""
    return {name: sha256_of(content) for name, content in sorted(files.items())}


def fit(lesson: Lesson, model: dict) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train. Returns the outcome (status, reason, losses, steps, notes) and the files, none where training failed."""
    import torch  # seconds to import, and a training that is kept, or has no data, does without

    from scripts.training import lora

    torch.set_num_threads(model["threads"])
    if not lesson.new:
        return {"status": "trained", "reason": NOTHING_NEW, **NOTHING}, lesson.before
    strategy = importlib.import_module(f"scripts.training.strategies.{lesson.recipe['strategy']}")
    start = time.perf_counter()
    try:
        learned: Learned = strategy.learn(replace(lesson, base=partial(loaded, lesson)))
        status, reason = lora.verdict(learned.steps, learned.anew)
    except lora.Diverged as error:
        learned, status, reason = Learned(error.steps, {}), "failed", str(error)
    lesson.clock["whole"] = time.perf_counter() - start
    rows = [
        {**asdict(step), "loss": finite(step.loss), "after": finite(step.after)} for step in learned.steps
    ]
    losses = {"first_loss": rows[0]["loss"], "last_loss": rows[-1]["loss"]}
    trained = sum(step.tokens for step in learned.steps)
    cost = {
        "optimiser_steps": len(rows),
        "tokens_trained": trained,
        "tokens_read": trained + learned.more_tokens,
    }
    outcome = {"status": status, "reason": reason, **losses, **cost, "steps": rows}
    parameters = lora.parameters(learned.files) if learned.files else None
    outcome |= {"parameters": parameters, "notes": learned.notes, "seconds": lesson.clock}
    outcome |= {"max_rss_mb": resident_mb(), "gpu_mb": peak_mb(model["device"])}
    return outcome, learned.files if status == "trained" else {}


def loaded(lesson: Lesson) -> Any:
    """The base model; how long it takes to load is no cost of a strategy."""
    with lesson.timed("loading"):
        return lesson.base()


def finite(number: float | None) -> float | None:
    """The number, or None where it is undefined."""
    return number if number is not None and math.isfinite(number) else None


def nothing_to_learn(rows: list[dict], checkpoint: int) -> dict[str, Any]:
    """The outcome where there is nothing to train on: that is not a training with loss 0."""
    later = (
        ", there are some later" if any(map(supervised, rows)) else " that the recipe's filter lets through"
    )
    reason = f"no usable trajectory among the first {checkpoint} of the training half{later}"
    return {"status": "not_trained", "reason": reason, **NOTHING}


BROKEN = "checkpoint"
NOTHING_NEW = "nothing new: the adapter of the checkpoint before"
NOTHING = {
    **{"first_loss": None, "last_loss": None, "parameters": None},
    **{"optimiser_steps": 0, "tokens_trained": 0, "tokens_read": 0},
    **{"steps": [], "notes": {}, "seconds": {}, "max_rss_mb": None, "gpu_mb": None},
}


def trained(lesson: Lesson, model: dict, embeddings: dict | None, root: Path) -> tuple[dict, dict, dict]:
    """(facts, outcome, files) of a training, from the store under `root` where it is finished already."""
    checkpoint = resolve_checkpoint(model["checkpoint"], CACHE)
    known = facts(lesson, model, fingerprint(checkpoint), embedded_by(embeddings))
    key, trainings = sha256_of(known), Trainings(root)
    kept = trainings.get(key)
    if kept is None:
        kept = fit(lesson, model)
        trainings.put(key, *kept)
    return known, *kept


def embedded_by(embeddings: dict | None) -> str | None:
    """The fingerprint of the embedding model, where the strategy asks one."""
    return fingerprint(resolve_checkpoint(embeddings["checkpoint"], CACHE)) if embeddings else None


def base(model: dict) -> Any:
    """The base model of a block."""
    from scripts.training import lora

    return lora.base_model(resolve_checkpoint(model["checkpoint"], CACHE), model)


def embedder(embeddings: dict | None) -> Callable | None:
    """What turns texts into vectors, where the strategy asks for it."""
    if not embeddings:
        return None
    from scripts.knowledge.embed import Embedder

    return Embedder(embeddings["checkpoint"], CACHE)


def broken_off(since: int, before: dict[str, Any]) -> dict[str, Any] | None:
    """The outcome where the checkpoint to go on from failed: going on without its sessions would be another chain."""
    if before.get("status") != "failed":
        return None
    reason = before["reason"]
    told = reason if reason.startswith(BROKEN) else f"{BROKEN} {since}, to go on from, failed: {reason}"
    return {"status": "failed", "reason": told, **NOTHING}


def files_before(card: Path | None) -> dict[str, bytes]:
    """The files of the checkpoint before, by the card that vouches for them; none where it has no adapter."""
    if card is None:
        return {}
    vouched = read_json(card)["files"]
    found = {name: (card.parent / name).read_bytes() for name in vouched if (card.parent / name).is_file()}
    if hashes(found) != vouched:
        raise UserError(
            str(card.parent), "its files are not those that card.json names", "delete it and run again"
        )
    return found


def write(output: Any, card: dict, files: dict[str, bytes]) -> None:
    """The files, then the losses and the cost, then the card that vouches for them."""
    place(files, Path(output.card).parent)
    whole = {name: card[name] for name in WHOLE_COLUMNS}
    parts = [
        {"part": part, "seconds": taken} | (whole if part == "whole" else {})
        for part, taken in sorted(card["seconds"].items())
    ]
    atomic_write(output.loss, to_csv(card["steps"], LOSS_COLUMNS))
    atomic_write(output.timing, to_csv(parts, TIMING_COLUMNS))
    told = {name: value for name, value in card.items() if name not in APART}
    atomic_write(output.card, canonical_json({**told, "files": hashes(files)}) + "\n")


def main(snakemake: Any) -> None:
    """Read the rule's input, train or say why not, write its outputs."""
    params, checkpoint = snakemake.params, int(snakemake.wildcards.checkpoint)
    with job(snakemake) as log:
        model, embeddings = settled(dict(params.model)), params.embeddings
        _, *rows = read_jsonl(snakemake.input.dataset)
        card = next(map(Path, snakemake.input.before), None)
        before, broken = files_before(card), broken_off(params.since, read_json(card) if card else {})
        examples = learned_from(rows, checkpoint)
        lesson = Lesson(
            examples, params.since, before, dict(params.recipe), partial(base, model), embedder(embeddings)
        )
        if examples and not broken:
            with concerning(f"recipes.{snakemake.wildcards.recipe}"):
                known, outcome, files = trained(lesson, model, embeddings, STORE)
        else:
            known, files = facts(lesson, model, None, None), {}
            outcome = broken or nothing_to_learn(rows, checkpoint)
        log.info(
            "%s %s",
            outcome["status"],
            outcome["reason"] or f"on {known['supervised_tokens']} supervised tokens",
        )
        write(snakemake.output, {"checkpoint": checkpoint, **known, **outcome}, files)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
