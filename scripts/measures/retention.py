"""Rule retention: how much of each training session the half and the full adapter still know.

One turn of each session was kept from the loss. The adapter reads the session up to it, with the right tokens so far, and every
token of the reply is a question; retention counts the action's arguments, because the rest is format and saturates.

Rule script: input dataset, cards; params model, embeddings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from scripts.files import atomic_write, read_json, read_jsonl
from scripts.jobs import Progress, job
from scripts.measures.tables import to_csv
from scripts.trajectories.checkpoint import resolve_checkpoint

if TYPE_CHECKING:
    import torch

    from scripts.training.gates import Mixture

CACHE = Path("results/cache")
MEASURES = ("retention", "token_accuracy", "exact_action", "nll")
COLUMNS = ("checkpoint", "origin", "origin_position", "pairs", *MEASURES)
TOGETHER = 4


@dataclass(frozen=True)
class Answer:
    """One token of a held-out reply: whether the likeliest token was right, its negative log-likelihood (nats), what it is."""

    right: bool
    nll: float
    argument: bool


def held_out(rows: list[dict], checkpoint: int) -> list[dict]:
    """The examples up to a checkpoint in which a turn was kept from the loss, cut behind that turn."""
    return [_cut(row) for row in rows if row["position"] <= checkpoint and row["held_out"]]


def _cut(row: dict) -> dict:
    return {**row, "input_ids": row["input_ids"][: row["held_out"][-1][1]], "supervised": []}


def questions(row: dict) -> list[int]:
    """Positions of an example's held-out tokens."""
    return [position for span in row["held_out"] for position in range(*span)]


def table(rows: list[dict], answers: Iterable[list[Answer]], checkpoint: int) -> list[dict[str, Any]]:
    """One line an origin session; `answers` belong to the rows. A pair without arguments has no retention, which is not 0."""
    origins: dict[tuple[int, str], list[dict[str, float | None]]] = {}
    for row, given in zip(rows, answers, strict=True):
        origins.setdefault((row["position"], row["instance_id"]), []).append(score(given))
    return [
        {
            "checkpoint": checkpoint,
            "origin": origin,
            "origin_position": position,
            "pairs": len(scores),
            **mean(scores),
        }
        for (position, origin), scores in sorted(origins.items())
    ]


def score(answers: list[Answer]) -> dict[str, float | None]:
    """The measures of one held-out reply."""
    arguments = [answer.right for answer in answers if answer.argument]
    return {
        "retention": fmean(arguments) if arguments else None,
        "token_accuracy": fmean(answer.right for answer in answers),
        "exact_action": float(all(answer.right for answer in answers)),
        "nll": fmean(answer.nll for answer in answers),
    }


def mean(scores: list[dict[str, float | None]]) -> dict[str, float | None]:
    """The mean of each measure over pairs, None where no pair has it."""
    found = {name: [score[name] for score in scores if score[name] is not None] for name in MEASURES}
    return {name: fmean(values) if values else None for name, values in found.items()}


def ask(
    model: "torch.nn.Module", rows: list[dict], experts: "Mixture | None" = None
) -> Iterator[list[Answer]]:
    """The model's answers on the held-out tokens of each row, some rows a forward, in their order.

    A mixture of experts is routed by each held-out turn's query, one row a forward.
    """
    import torch

    from scripts.training import lora, packing
    from scripts.training.gates import attached

    progress, gates = Progress(len(rows), "held-out pairs"), attached(model) if experts else None
    together = 1 if experts else TOGETHER
    for start in range(0, len(rows), together):
        batch = rows[start : start + together]
        if experts:
            gates.now = experts.gate(
                batch[0]["issue"], batch[0]["turns"][str(batch[0]["held_out"][-1][0])]["read"]
            )
        pack = packing.pack(batch, [questions(row) for row in batch])
        with torch.inference_mode():
            scores = torch.log_softmax(lora.logits(model, pack), dim=-1).cpu()
        right = (scores.argmax(-1) == pack.labels).tolist()
        nll = (-scores.gather(1, pack.labels[:, None])[:, 0]).tolist()
        given = iter(zip(right, nll, strict=True))
        for row in batch:
            progress.advance()
            arguments = set(row["arguments"])
            yield [Answer(*next(given), position in arguments) for position in questions(row)]


def load(model: dict, folder: Path) -> "torch.nn.Module":
    """The base with an adapter, in the precision in which the agent runs them (engines/local.py)."""
    import torch
    from peft import PeftModel

    from scripts.training import lora

    torch.set_num_threads(model["threads"])
    base = lora.base_model(resolve_checkpoint(model["checkpoint"], CACHE), model)
    return PeftModel.from_pretrained(base, folder, autocast_adapter_dtype=False).eval()


def measured(card: Path, rows: list[dict], model: dict, embeddings: str) -> list[dict[str, Any]]:
    """The lines of one checkpoint; none where there is no adapter."""
    content = read_json(card)
    chosen = held_out(rows, content["checkpoint"])
    if content["status"] != "trained" or not chosen:
        return []
    from scripts.knowledge.embed import Embedder
    from scripts.training.gates import mixture

    experts = mixture(card.parent, Embedder(embeddings, CACHE) if embeddings else None)
    return table(chosen, ask(load(model, card.parent), chosen, experts), content["checkpoint"])


def main(snakemake: Any) -> None:
    """Read the rule's inputs, measure each checkpoint, write its output."""
    with job(snakemake) as log:
        _, *rows = read_jsonl(snakemake.input.dataset)
        cards = [Path(card) for card in snakemake.input.cards]
        model, embeddings = snakemake.params.model, snakemake.params.embeddings
        lines = [line for card in cards for line in measured(card, rows, model, embeddings)]
        log.info("%d origins over %d checkpoints", len(lines), len(cards))
        atomic_write(snakemake.output.retention, to_csv(lines, COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
