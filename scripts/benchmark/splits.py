"""Rule splits: which tasks train and which test, by position in the chosen order."""

from typing import Any

import numpy as np

from scripts.benchmark.task import Task, load_tasks
from scripts.errors import UserError
from scripts.files import AGAIN, atomic_write, canonical_json
from scripts.jobs import job
from scripts.measures.tables import read_table


def first(count: int, seed: int | None) -> set[int]:
    """The first floor(n/2) positions train."""
    return set(range(1, count // 2 + 1))


def second(count: int, seed: int | None) -> set[int]:
    """`first` with the halves exchanged."""
    return set(range(1, count + 1)) - first(count, seed)


def odd(count: int, seed: int | None) -> set[int]:
    """Odd positions train: ceil(n/2) of them."""
    return set(range(1, count + 1, 2))


def drawn(count: int, seed: int | None) -> set[int]:
    """The first floor(n/2) of a seeded permutation train."""
    permutation = np.random.default_rng(seed).permutation(count)
    return {int(index) + 1 for index in permutation[: count // 2]}


def everything(count: int, seed: int | None) -> set[int]:
    """All positions train and none tests: a stream, on which retention is measured."""
    return set(range(1, count + 1))


RULES = {"first": first, "second": second, "odd": odd, "random": drawn, "all": everything}


def split(name: str, tasks: list[Task], valid: set[str], rule: dict[str, Any]) -> dict:
    """One split as its file holds it; both halves in the chosen order.

    Positions are those of all tasks: an invalid one leaves its half and shifts no other.
    `train_positions` are the training tasks' positions in their half (checkpoints count these);
    `post_dating_share` is the share of training tasks later than at least one test task, null without any.
    UserError for an unknown rule, a random one without seed, or a half that validation left empty.
    """
    training = positions(name, len(tasks), rule)
    train = [task for number, task in enumerate(tasks, 1) if number in training and task.id in valid]
    test = [task for number, task in enumerate(tasks, 1) if number not in training and task.id in valid]
    places = [place for place, number in enumerate(sorted(training), 1) if tasks[number - 1].id in valid]
    if not test and rule["rule"] != "all":
        raise UserError(
            f"split {name}", "no valid task is left to test on", "see validation.csv for the reasons"
        )
    assert_disjoint([task.id for task in train], [task.id for task in test])
    return {
        "split": name,
        "train": [task.id for task in train],
        "train_positions": places,
        "test": [task.id for task in test],
        "excluded": [task.id for task in tasks if task.id not in valid],
        "post_dating_share": post_dating_share(train, test),
    }


def positions(name: str, count: int, rule: dict[str, Any]) -> set[int]:
    """The 1-based training positions of a rule {"rule": name, "seed": number, where it draws}."""
    if rule.get("rule") not in RULES:
        raise UserError(
            f"split {name}", f"unknown rule {rule.get('rule')!r}", f"use one of {', '.join(RULES)}"
        )
    if rule["rule"] == "random" and rule.get("seed") is None:
        raise UserError(f"split {name}", "the rule random has no seed", "give it a `seed`")
    return RULES[rule["rule"]](count, rule.get("seed"))


def assert_disjoint(train: list[str], test: list[str]) -> None:
    """ValueError if a task would be trained and tested on (tests/never_again, 17)."""
    if shared := sorted(set(train) & set(test)):
        raise ValueError(f"tasks in both halves: {', '.join(shared)}")


def post_dating_share(train: list[Task], test: list[Task]) -> float | None:
    """Share of training tasks later than the earliest test task: what the past-only reading may not use."""
    if not train or not test:
        return None
    earliest = min(task.date for task in test)
    return sum(task.date > earliest for task in train) / len(train)


def valid_tasks(path: str, tasks: list[Task]) -> set[str]:
    """The ids that validation.csv marks as valid; UserError if it says nothing of a task."""
    table = read_table(path, ())
    if absent := {"task", "valid"} - set(table):
        raise UserError(path, f"column {min(absent)} is missing", AGAIN)
    if missing := [task.id for task in tasks if task.id not in set(table["task"])]:
        raise UserError(path, f"it has no row for task {missing[0]}", AGAIN)
    return set(table.loc[table["valid"].str.lower().isin(("true", "1")), "task"])


def load_valid_tasks(path: str, validation: str) -> list[Task]:
    """The valid tasks of tasks.jsonl in its order: what sessions outside a split are played on. The environment of another
    may not even be there, and no verdict on it would count.
    """
    tasks = load_tasks(path)
    valid = valid_tasks(validation, tasks)
    return [task for task in tasks if task.id in valid]


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        name, tasks = snakemake.wildcards.split, load_tasks(snakemake.input.tasks)
        found = split(
            name, tasks, valid_tasks(snakemake.input.validation, tasks), dict(snakemake.params.rule)
        )
        atomic_write(snakemake.output.split, canonical_json(found) + "\n")
        log.info(
            "split %s: %d train, %d test, %d excluded",
            name,
            *(len(found[k]) for k in ("train", "test", "excluded")),
        )


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
