"""Rule `index`: the knowledge layer, over the very sessions that the recipe's training set is made from."""

from typing import Any

import numpy as np

from scripts.benchmark.task import Task, load_tasks
from scripts.files import read_json, read_jsonl
from scripts.jobs import job
from scripts.knowledge.document import document
from scripts.knowledge.embed import Embedder
from scripts.knowledge.retrieve import Index
from scripts.synthesis import source


def build(
    sessions: list[dict],
    verdicts: list[dict],
    tasks: list[Task],
    embed: Embedder,
    donors: list[int] | None = None,
) -> Index:
    """Index sessions in their order; no session gives an empty index, from which nothing is ever retrieved.

    Args:
        sessions: the selected rows of trajectories.jsonl.
        verdicts: rows of verdicts.jsonl, matched by (instance_id, run).
        tasks: at least the sessions' tasks.
        embed: texts to unit vectors.
        donors: for the negative control, the position of the session whose deeds are told under each issue;
            none at all for sessions of one task, which leaves the index empty.
            Such an item is as young as the younger of the two, so that no deed is told before its time.
    """
    by_id = {task.id: task for task in tasks}
    judged = {(row["instance_id"], row["run"]): row["verdict"] for row in verdicts}
    told = sessions if donors is None else [sessions[position] for position in donors]
    kept = sessions[: len(told)]  # all, or none where nobody has a donor
    asked = [by_id[session["instance_id"]] for session in kept]
    texts = [
        document(session, judged.get((session["instance_id"], session["extra"]["run"])), task)
        for session, task in zip(told, asked, strict=True)
    ]
    youngest = [
        max(task, by_id[session["instance_id"]], key=lambda each: each.date)
        for session, task in zip(told, asked, strict=True)
    ]
    return Index(
        ids=np.array([task.id for task in asked], dtype=str),
        runs=np.array([session["extra"]["run"] for session in kept], dtype=np.int64),
        created_at=np.array([task.created_at for task in youngest], dtype=str),
        texts=np.array(texts, dtype=str),
        vectors=embed(texts),
        embeddings=np.array(embed.name),
        source_sha256=np.array(source.sha256(sessions)),
    )


def main(snakemake: Any) -> None:
    """Select the recipe's sessions as the training set does, index them, write index.npz."""
    inputs, recipe = snakemake.input, snakemake.params.recipe
    with job(snakemake) as log:
        train = read_json(inputs.split)["train"]
        rows, verdicts = read_jsonl(inputs.trajectories), read_jsonl(inputs.verdicts)
        sessions = source.select(rows, verdicts, train, recipe["filter"])
        permuted = recipe["source"] == "permuted"
        donors = source.donors(sessions, recipe["seed"]) if permuted else None
        embed = Embedder(snakemake.params.embeddings, snakemake.params.cache)
        build(sessions, verdicts, load_tasks(inputs.tasks), embed, donors).save(snakemake.output.index)
        log.info("%d of %d sessions indexed", len(sessions), len(rows))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
