"""Rule arm_trajectories: the model with its adapter, its index or both, on a split's test half."""

from pathlib import Path
from typing import Any

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task, load_tasks
from scripts.files import read_json, sha256_of_files
from scripts.jobs import job
from scripts.knowledge.embed import Embedder
from scripts.trajectories.hardware import settled
from scripts.trajectories.play import CACHE, Cast, Stage, local_engine, play_all, record, set_stage

# of an adapter's files, those that shape its replies; the others are for the training that follows
ACTING = ("adapter_model.safetensors", "adapter_config.json", "experts.json", "router.safetensors")


def lookup(index: str, params: Any, tasks: list[Task], stage: Stage) -> dict[str, list[tuple[str, str]]]:
    """What each task is told of the past: (instance id, text) within the budget, by task id."""
    from scripts.knowledge.retrieve import Index, Retriever

    retriever = Retriever(Index.load(index), Embedder(params.embeddings, CACHE))

    def count(text: str) -> int:
        return len(stage.renderer.tokenizer(text)["input_ids"])

    limits = (params.knowledge["top_k"], params.knowledge["token_budget"], count)
    return {
        task.id: retriever.retrieve(task.problem_statement, task.id, task.created_at, *limits)
        for task in tasks
    }


def trained(card: str | None) -> tuple[Path | None, str | None, str | None]:
    """(folder of the adapter, hash of its files, reason why there is none)."""
    if card is None:
        return None, None, None
    content = read_json(card)
    if content["status"] != "trained":
        return None, None, content["reason"]
    folder = Path(card).parent
    return folder, sha256_of_files([folder / name for name in ACTING if (folder / name).exists()]), None


def main(snakemake: Any) -> None:
    """Read the rule's inputs, play, write its outputs; without an adapter where one is needed, empty tables."""
    limits, inputs = snakemake.params.limits, snakemake.input
    with job(snakemake) as log:
        model = settled(snakemake.params.model)
        folder, weights, reason = trained(next(iter(inputs.get("adapter") or []), None))
        if reason is not None:
            log.info("no adapter: %s", reason)
            return record(snakemake.output, ([], []))
        stage = set_stage(model, limits, inputs.bundle, Venue.of(snakemake))
        test = set(read_json(inputs.split)["test"])
        tasks = [task for task in load_tasks(inputs.tasks) if task.id in test]
        index = next(iter(inputs.get("index") or []), None)
        memory = lookup(index, snakemake.params, tasks, stage) if index else {}
        embedder = Embedder(snakemake.params.embeddings, CACHE)
        with local_engine(model, folder, embedder) as engine:
            arm = snakemake.wildcards.arm
            cast = Cast(model, arm, "model", lambda task: engine, model["slots"], weights, memory)
            record(snakemake.output, play_all(tasks, cast, stage, limits))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
