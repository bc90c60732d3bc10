"""Rule train: the examples of a recipe's first sessions -> an adapter, or a card that says why there is none.

Rule script: input dataset; output card, loss; wildcard checkpoint; params recipe, model. The weights lie beside the card, where
the status is `trained`. Nothing here depends on time or on the machine: the same inputs give the same bytes.
"""

import importlib.metadata
import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.files import atomic_write, canonical_json, read_jsonl, sha256_of, sha256_of_files
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.training.kept import FILES, WEIGHTS, Trainings, place
from scripts.trajectories.checkpoint import fingerprint, resolve_checkpoint

CACHE, STORE = Path("results/cache"), Path("results/store")
LIBRARIES = ("torch", "transformers", "peft", "safetensors")
CODE = tuple(Path(__file__).with_name(name) for name in ("lora.py", "packing.py", "train.py"))
LOSS_COLUMNS = ("step", "epoch", "loss", "supervised_tokens", "tokens")
STRATEGIES: dict[str, Callable[[list[dict], int], list[dict]]] = {
    "full_replay": lambda rows, checkpoint: [row for row in rows if row["position"] <= checkpoint],
}


def learned_from(rows: list[dict], recipe: dict, checkpoint: int) -> list[dict]:
    """The examples that a recipe's strategy trains on at a checkpoint; each has at least one supervised token."""
    chosen = STRATEGIES[recipe["strategy"]](rows, checkpoint)
    return [row for row in chosen if supervised(row)]


def supervised(row: dict) -> int:
    """Tokens of an example that carry the loss."""
    return sum(stop - start for start, stop in row["supervised"])


def facts(examples: list[dict], recipe: dict, model: dict, base_sha256: str) -> dict[str, Any]:
    """What determines a training: its data, its recipe, the base model, the code and the libraries."""
    return {
        "trajectories": list(dict.fromkeys(row["instance_id"] for row in examples)),
        "examples": len(examples),
        "tokens": sum(len(row["input_ids"]) for row in examples),
        "supervised_tokens": sum(map(supervised, examples)),
        "data_sha256": sha256_of(examples),
        "recipe": recipe,
        "seed": recipe["seed"],
        "base_model": model["checkpoint"],
        "base_sha256": base_sha256,
        **{name: model[name] for name in ("dtype", "quantization", "device", "threads")},
        "code_sha256": sha256_of_files(CODE),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def fit(
    examples: list[dict], recipe: dict, model: dict, checkpoint: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train. Returns the outcome (status, reason, losses, steps) and the adapter's files, none where training failed.

    checkpoint: of the base model, as ``from_pretrained`` takes it.
    """
    import torch  # seconds to import, and a training that is kept, or has no data, does without

    from scripts.training import lora

    torch.set_num_threads(model["threads"])
    adapted = lora.with_new_adapter(lora.base_model(checkpoint, model), recipe)
    steps = lora.train(adapted, examples, recipe)
    status, reason = lora.verdict(steps)
    rows = [{**asdict(step), "loss": finite(step.loss)} for step in steps]
    outcome = {
        "status": status,
        "reason": reason,
        "first_loss": rows[0]["loss"],
        "last_loss": rows[-1]["loss"],
    }
    return {**outcome, "steps": rows}, saved(adapted) if status == "trained" else {}


def finite(number: float) -> float | None:
    """The number, or None where it is undefined."""
    return number if math.isfinite(number) else None


def saved(adapted: Any) -> dict[str, bytes]:
    """The adapter's files as PEFT writes them; sets of names are sorted, so that equal adapters are equal bytes."""
    with tempfile.TemporaryDirectory() as folder:
        adapted.save_pretrained(folder, save_embedding_layers=False)
        config = json.loads((Path(folder) / FILES[1]).read_text())
        config["target_modules"] = sorted(config["target_modules"])
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        return {WEIGHTS: (Path(folder) / WEIGHTS).read_bytes(), FILES[1]: text.encode()}


def nothing_to_learn(rows: list[dict], checkpoint: int) -> dict[str, Any]:
    """The outcome where there is nothing to train on: that is not a training with loss 0."""
    later = ", there are some later" if rows else " that the recipe's filter lets through"
    reason = f"no usable trajectory among the first {checkpoint} of the training half{later}"
    return {"status": "not_trained", "reason": reason, "first_loss": None, "last_loss": None, "steps": []}


def trained(examples: list[dict], recipe: dict, model: dict, root: Path) -> tuple[dict, dict, dict]:
    """(facts, outcome, adapter) of a training, from the store under `root` where it is finished already."""
    checkpoint = resolve_checkpoint(model["checkpoint"], CACHE)
    known = facts(examples, recipe, model, fingerprint(checkpoint))
    key, trainings = sha256_of(known), Trainings(root)
    kept = trainings.get(key)
    if kept is None:
        kept = fit(examples, recipe, model, checkpoint)
        trainings.put(key, *kept)
    return known, *kept


def write(output: Any, card: dict, adapter: dict[str, bytes]) -> None:
    """The adapter's files, then the losses, then the card that vouches for them."""
    place(adapter, Path(output.card).parent)
    steps = card.pop("steps")
    atomic_write(output.loss, to_csv(steps, LOSS_COLUMNS))
    atomic_write(output.card, canonical_json(card) + "\n")


def main(snakemake: Any) -> None:
    """Read the rule's input, train or say why not, write its outputs."""
    recipe, model = dict(snakemake.params.recipe), dict(snakemake.params.model)
    checkpoint = int(snakemake.wildcards.checkpoint)
    with job(snakemake) as log:
        _, *rows = read_jsonl(snakemake.input.dataset)
        examples = learned_from(rows, recipe, checkpoint)
        if examples:
            known, outcome, adapter = trained(examples, recipe, model, STORE)
        else:
            known, outcome, adapter = facts([], recipe, model, None), nothing_to_learn(rows, checkpoint), {}
        log.info(
            "%s %s",
            outcome["status"],
            outcome["reason"] or f"on {known['supervised_tokens']} supervised tokens",
        )
        write(snakemake.output, {"checkpoint": checkpoint, **known, **outcome}, adapter)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
