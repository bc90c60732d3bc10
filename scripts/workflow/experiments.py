"""Registered experiments: a grid expands to named recipes, and each of them is a chain of adapters over a stream of sessions.

A block says where (repos, models, split), what (recipes, each with a grid of keys), how often (seeds), against what
(reference, the upper bound; baseline, the naive one), which measure decides, and which criteria were set before.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import product
from typing import Any, NamedTuple

Values = dict[str, Any]


class Variant(NamedTuple):
    """One recipe of an experiment: `setting` is its place in the grid, `config` the name it shares with its other seeds."""

    recipe: str
    config: str
    parent: str
    setting: Values
    seed: int


class Chain(NamedTuple):
    """A variant on one repository, model and split: an adapter per consolidation."""

    repo: str
    model: str
    split: str
    recipe: str

    @property
    def folder(self) -> str:
        return "/".join(("results", *self))


def variants(experiment: Mapping[str, Any]) -> Iterator[Variant]:
    """Every recipe of an experiment, in the order of its grids; the seeds go round fastest."""
    for parent, grid in experiment["recipes"].items():
        for values in product(*grid.values()):
            setting = dict(zip(grid, values, strict=True))
            config = "-".join([parent, *(f"{leaf(key)}-{value}" for key, value in setting.items())])
            for seed in experiment["seeds"]:
                yield Variant(f"{config}-seed-{seed}", config, parent, setting, seed)


def by_recipe(experiment: Mapping[str, Any]) -> dict[str, Variant]:
    """The variants by the names of their recipes, as they stand in paths."""
    return {variant.recipe: variant for variant in variants(experiment)}


def leaf(key: str) -> str:
    """The last word of a dotted key, short enough for a folder's name."""
    return key.rpartition(".")[2]


def expanded(config: Mapping[str, Any]) -> dict[str, Values]:
    """The recipes that the experiments' grids name, by name. Equal names are equal recipes; unknown parents are told elsewhere."""
    found = {}
    for experiment in config.get("experiments", {}).values():
        for variant in (each for each in variants(experiment) if each.parent in config["recipes"]):
            found[variant.recipe] = made(config["recipes"][variant.parent], variant)
    return found


def names_pattern(config: Mapping[str, Any]) -> str:
    """A regular expression of all recipes' names, the grids' included and short: Snakemake reads it for every file of the DAG."""
    made_by_grids = expanded(config)
    plain = [re.escape(name) for name in config["recipes"] if name not in made_by_grids]
    grids = [
        grid_pattern(parent, grid, experiment["seeds"])
        for experiment in config.get("experiments", {}).values()
        for parent, grid in experiment["recipes"].items()
    ]
    return "|".join(dict.fromkeys([*plain, *grids]))


def grid_pattern(parent: str, grid: Mapping[str, list], seeds: list[int]) -> str:
    """The names of one recipe's variants: those that `variants` makes, and no others."""
    choices = [*((leaf(key), values) for key, values in grid.items()), ("seed", seeds)]
    words = (
        f"{re.escape(key)}-({'|'.join(re.escape(str(value)) for value in values)})" for key, values in choices
    )
    return "-".join([re.escape(parent), *words])


def made(parent: Values, variant: Variant) -> Values:
    """A recipe with the values of a place in the grid, and its seed."""
    block = deepcopy(parent)
    for key, value in {**variant.setting, "seed": variant.seed}.items():
        *way, last = key.split(".")
        inner = block
        for step in way:
            if not isinstance(inner.get(step), dict):  # a key that holds no block: the check says so
                inner[step] = {}
            inner = inner[step]
        inner[last] = value
    return block


def references(experiment: Mapping[str, Any]) -> list[Chain]:
    """The chains of the reference: one a repository, model and seed, which draws the turns that are asked."""
    own = {each.recipe for each in variants(experiment) if each.parent == experiment["reference"]}
    return [chain for chain in chains(experiment) if chain.recipe in own]


def chains(experiment: Mapping[str, Any]) -> list[Chain]:
    """The chains that an experiment compares, recipe by recipe."""
    return [
        Chain(repo, model, experiment["split"], variant.recipe)
        for repo in experiment["repos"]
        for model in experiment["models"]
        for variant in variants(experiment)
    ]
