"""What the DAG must know before the data exists: training halves, checkpoints, and the sessions a phase asks for."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from scripts.errors import UserError
from scripts.workflow.sources import making

ARMS = ("knowledge", "skill", "both")
SOURCES = {
    "own": "base",
    "expert": "expert",
    "habits": "habits",
    "permuted": "expert",
    "imported": "imported",
}  # folders of sessions


class Run(NamedTuple):
    """One adapted arm on one split."""

    repo: str
    model: str
    split: str
    recipe: str
    arm: str

    @property
    def folder(self) -> str:
        return "/".join(("results", *self))

    @property
    def recipe_folder(self) -> str:
        return "/".join(("results", *self[:4]))


def training_count(tasks: int, rule: str) -> int:
    """Size of a split's training half: of an odd number the odd positions and the second half have one more."""
    if rule == "all":
        return tasks
    return tasks - tasks // 2 if rule in ("second", "odd") else tasks // 2


def training_size(config: Mapping[str, Any], repo: str, split: str) -> int:
    """Size of the training half of a repository, or of all those that a stream strings together."""
    parts = config.get("streams", {}).get(repo)
    if parts is not None:
        return sum(training_size(config, part, split) for part in parts)
    return training_count(config["repos"][repo]["tasks"], config["splits"][split]["rule"])


def checkpoints(training: int, consolidation: int) -> list[int]:
    """Positions in the training half after which an adapter is made; the last is the whole half."""
    return [*range(consolidation, training, consolidation), training]


def goes_on(recipe: Mapping[str, Any]) -> bool:
    """Does a training start with the adapter of the checkpoint before? Full replay starts anew, with every session so far."""
    return recipe["strategy"] != "full_replay"


def goes_on_from(wildcards: Any, config: Mapping[str, Any]) -> int:
    """The checkpoint whose adapter a training starts with; 0 where it starts with a new one."""
    if not goes_on(config["recipes"][wildcards.recipe]):
        return 0
    training = training_size(config, wildcards.repo, wildcards.split)
    earlier = [n for n in checkpoints(training, config["consolidation"]) if n < int(wildcards.checkpoint)]
    return max(earlier, default=0)


def half_and_full(training: int, consolidation: int) -> list[int]:
    """The two checkpoints forgetting needs; only the full one where half of the half holds no consolidation."""
    half = training // 2 // consolidation * consolidation
    return [half, training] if half else [training]


def runs_of(phase: dict) -> Iterator[Run]:
    """The adapted arms a phase asks for, in the order of the configuration."""
    for repo in phase["repos"]:
        for model in phase["models"]:
            for recipe, arms in phase["runs"].items():
                for arm in ARMS:
                    for split in splits_of(phase, arms.get(arm, [])):
                        yield Run(repo, model, split, recipe, arm)


def check_runs(phase: dict) -> None:
    """UserError where a phase asks for no arm at all: there would be nothing to compare, and nothing to draw."""
    if not any(runs_of(phase)):
        what = "no arm of any recipe has a split, so there is nothing to compare"
        raise UserError("phase", what, "give one its splits, as in {skill: all}")


def splits_of(phase: dict, choice: str | list[str]) -> list[str]:
    return phase["splits"] if choice == "all" else choice


def adapters_of(run: Any, config: Mapping[str, Any]) -> list[str]:
    """Folders of the half and the full adapter of a recipe; `run` has the names repo, model, split and recipe."""
    training = training_size(config, run.repo, run.split)
    return [f"{adapters(run)}/{n}" for n in half_and_full(training, config["consolidation"])]


def trained_for(run: Any, config: Mapping[str, Any]) -> list[str]:
    """Folders of the adapters that a phase trains: every one where a training goes on from the one before."""
    folders = all_adapters_of if goes_on(config["recipes"][run.recipe]) else adapters_of
    return folders(run, config)


def all_adapters_of(run: Any, config: Mapping[str, Any]) -> list[str]:
    """Folders of every adapter of a recipe, in their order."""
    training = training_size(config, run.repo, run.split)
    return [f"{adapters(run)}/{n}" for n in checkpoints(training, config["consolidation"])]


def adapters(run: Any) -> str:
    """The folder of a recipe's adapters."""
    return f"results/{run.repo}/{run.model}/{run.split}/{run.recipe}/adapters"


def session_folders(phase: dict) -> list[str]:
    """Folders with the sessions a phase compares: bases first, then every adapted arm."""
    bases = [f"results/{repo}/{model}/base" for repo in phase["repos"] for model in phase["models"]]
    return bases + [run.folder for run in runs_of(phase)]


def trained(phase: dict) -> list[Run]:
    """One run for each recipe, model and split of a phase that needs an adapter."""
    first = {run.recipe_folder: run for run in runs_of(phase) if run.arm != "knowledge"}
    return list(first.values())


def jobs_of(phase: dict, config: Mapping[str, Any]) -> list[str]:
    """The jobs that take a phase's time, as paths below results/: mining, validation, sessions, verdicts, trainings and so on."""
    recipes = [recipe for recipe, arms in phase["runs"].items() if any(arms.values())]
    others = sorted({SOURCES[config["recipes"][recipe]["source"]] for recipe in recipes} - {"base"})
    places = [f"results/{repo}/{model}" for repo in phase["repos"] for model in phase["models"]]
    folders = session_folders(phase) + [f"{place}/{other}" for other in others for place in places]
    jobs = [f"results/{repo}/{making(config['repos'][repo]['source'])}" for repo in phase["repos"]]
    jobs += [f"results/{repo}/validate" for repo in phase["repos"]]
    jobs += [f"{folder}/{name}" for folder in folders for name in ("trajectories", "verdicts")]
    jobs += [f"{run.recipe_folder}/index" for run in runs_of(phase) if run.arm == "knowledge"]
    for run in trained(phase):
        jobs += [f"{run.recipe_folder}/dataset", *trained_for(run, config), f"{run.recipe_folder}/retention"]
    return jobs
