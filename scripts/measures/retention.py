"""Rules retention and retention_matrix: how much of each training session some adapters still know.

One turn of each session was kept from the loss, and is asked under teacher forcing (training/answers.py). Retention counts the
action's arguments, because the rest is format and saturates.

Rule script: input dataset, cards; params model, embeddings.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.files import atomic_write, read_json, read_jsonl
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.training import categories
from scripts.training.answers import MEASURES, Answer, ask, held_out, mean, score
from scripts.training.train import base
from scripts.trajectories.hardware import settled

if TYPE_CHECKING:
    import torch

CACHE = Path("results/cache")
COLUMNS = ("checkpoint", "origin", "origin_position", "category", "pairs", *MEASURES)


def table(rows: list[dict], answers: Iterable[list[Answer]], checkpoint: int) -> list[dict[str, Any]]:
    """One line an origin session and category; `answers` belong to the rows. A pair without arguments has no retention,
    which is not 0.
    """
    origins: dict[tuple[int, str, str], list[dict[str, float | None]]] = {}
    for row, given in zip(rows, answers, strict=True):
        origin = row["position"], row["instance_id"], category(row)
        origins.setdefault(origin, []).append(score(given))
    return [
        {
            "checkpoint": checkpoint,
            "origin": origin,
            "origin_position": position,
            "category": kind,
            "pairs": len(scores),
            **mean(scores),
        }
        for (position, origin, kind), scores in sorted(origins.items())
    ]


def category(row: dict) -> str:
    """The finest skill category of a row's held-out reply; empty where the training set does not say."""
    if "turns" not in row:
        return ""
    return categories.category(row["turns"][str(row["held_out"][-1][0])], len(categories.NAMES))


def load(model: dict, folder: Path) -> "torch.nn.Module":
    """The base with an adapter, in the precision in which the agent runs them (engines/local.py)."""
    import torch

    from scripts.training.mixture import with_adapter

    torch.set_num_threads(model["threads"])
    return with_adapter(base(model), folder)


def measured(card: Path, rows: list[dict], model: dict, embeddings: str) -> list[dict[str, Any]]:
    """The lines of one checkpoint; none where there is no adapter."""
    content = read_json(card)
    chosen = held_out(rows, content["checkpoint"])
    if content["status"] != "trained" or not chosen:
        return []
    from scripts.knowledge.embed import Embedder
    from scripts.training.mixture import mixture

    experts = mixture(card.parent, Embedder(embeddings, CACHE) if embeddings else None)
    return table(chosen, ask(load(model, card.parent), chosen, experts), content["checkpoint"])


def main(snakemake: Any) -> None:
    """Read the rule's inputs, measure each checkpoint, write its output."""
    with job(snakemake) as log:
        _, *rows = read_jsonl(snakemake.input.dataset)
        cards = [Path(card) for card in snakemake.input.cards]
        model, embeddings = settled(snakemake.params.model), snakemake.params.embeddings
        lines = [line for card in cards for line in measured(card, rows, model, embeddings)]
        log.info("%d origins over %d checkpoints", len(lines), len(cards))
        atomic_write(snakemake.output.retention, to_csv(lines, COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
