"""Grids expand to recipes, chains are what the DAG builds, and a value that a key may not have is told before."""

import re

import pytest

from scripts.workflow.experiments import chains, expanded, names_pattern, references, variants
from scripts.workflow.plan import all_adapters_of, training_size
from scripts.workflow.references import names_made_twice, unfit_ranks
from tests.workflow.conftest import ROOT
from tests.workflow.test_config import complaints  # noqa: F401
from tests.workflow.test_targets import jobs

BLOCK = {
    "repos": ["r", "long"],
    "models": ["m"],
    "split": "S",
    "seeds": [0, 7],
    "recipes": {"naive": {}, "ewc": {"ewc.lambda": [0, 10], "rank": [4]}},
}
CONFIG = {
    "repos": {"r": {"tasks": 12}, "q": {"tasks": 9}},
    "streams": {"long": ["r", "q"]},
    "splits": {"S": {"rule": "all"}, "A": {"rule": "first"}},
    "consolidation": 5,
    "recipes": {
        "naive": {"seed": 3, "rank": 8},
        "ewc": {"seed": 3, "rank": 8, "ewc": {"lambda": 1, "samples": 5}},
    },
    "experiments": {"4": BLOCK},
}


def test_names_settings_and_seeds():
    found = [(each.recipe, each.config, each.setting, each.seed) for each in variants(BLOCK)]
    assert found[:2] == [("naive-seed-0", "naive", {}, 0), ("naive-seed-7", "naive", {}, 7)]
    assert found[4] == (
        "ewc-lambda-10-rank-4-seed-0",
        "ewc-lambda-10-rank-4",
        {"ewc.lambda": 10, "rank": 4},
        0,
    )
    assert len(found) == 6 == len({name for name, *_ in found})


def test_recipes_keep_what_the_grid_does_not_name():
    made = expanded(CONFIG)["ewc-lambda-10-rank-4-seed-7"]
    assert made == {"seed": 7, "rank": 4, "ewc": {"lambda": 10, "samples": 5}}
    assert CONFIG["recipes"]["ewc"]["ewc"]["lambda"] == 1


def test_the_pattern_of_names_matches_them_and_nothing_else():
    """`leaf` shortens keys, so two keys of a grid may share a word; a dot in a value is a dot."""
    block = {
        **BLOCK,
        "recipes": {"naive": {}, "p": {"partial_replay.buffer": [500, 0.1], "a.new": [1], "b.new": [2]}},
    }
    config = {
        **CONFIG,
        "recipes": {**CONFIG["recipes"], "p": {"seed": 0}},
        "experiments": {"2": block, "4": BLOCK},
    }
    names = expanded(config)
    config["recipes"] |= names
    found = re.compile(names_pattern(config))
    assert all(found.fullmatch(name) for name in config["recipes"]) and len(names) == 10
    wrong = (
        "naive-seed-1",
        "p-buffer-0x1-new-1-new-2-seed-0",
        "p-buffer-500-new-1-new-2",
        "ewc-lambda-10-rank-8-seed-0",
    )
    assert not any(found.fullmatch(name) for name in wrong)


def test_a_stream_is_as_long_as_its_parts():
    assert (training_size(CONFIG, "long", "S"), training_size(CONFIG, "long", "A")) == (21, 6 + 4)
    last = chains(BLOCK)[-1]
    assert (last.repo, last.recipe) == ("long", "ewc-lambda-10-rank-4-seed-7")
    numbers = [folder.rpartition("/")[2] for folder in all_adapters_of(last, CONFIG)]
    assert numbers == ["5", "10", "15", "20", "21"]


OVERLAY = """
splits: {{S: {{rule: all}}}}
recipes:
  naive: &recipe {{strategy: naive, source: expert, filter: resolved, format: actions, seed: 0, rank: 4, alpha_over_rank: 2,
          learning_rate: 0.001, epochs: 1, batch_size: 2, max_tokens: 512}}
  ewc:
    <<: *recipe
    strategy: ewc
    ewc: {{lambda: 1, space: factors, labels: sampled, samples: 5, accumulation: average}}
experiments:
  "4": {{title: t, hypothesis: h, repos: [pocket], models: [smollm2-135m], split: S, seeds: [0], recipes: {recipes},
        reference: {reference}, baseline: {baseline}, controls: {controls}, primary: {primary}, criteria: {criteria}}}
"""
GIVEN = {
    "recipes": "{expert-replay: {}, naive: {}, ewc: {ewc.lambda: [1]}}",
    "reference": "expert-replay",
    "baseline": "naive",
    "controls": "[]",
    "primary": "retention",
    "criteria": "[]",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"recipes": "{expert-replay: {}, naive: {}, ewc: {ewc.lambda: [10, -1]}}"}, "experiments.4.recipes.ewc.ewc.lambda: -1 does not fit. Fix: write a number of at least 0"),
        ({"recipes": "{expert-replay: {}, naive: {}, ewc: {ewc.lamda: [10]}}"}, "unknown key. Fix: did you mean 'lambda'?"),
        ({"recipes": "{expert-replay: {}, naive: {}, ewc: {ewc.lambda: []}}"}, "[] does not fit. Fix: write a list of values, as in [10, 100]"),
        ({"recipes": "{expert-replay: {}, ewk: {}}"}, "'ewk' is no block of recipes"),
        ({"reference": "full-replay"}, "'full-replay' is no recipe of this experiment"),
        ({"controls": "[expert-replay, {ewc.lambda: 1}]"}, ""),
        ({"controls": "[{ewc.lambda: 0}]"}, "{'ewc.lambda': 0} is neither a recipe of this experiment nor a value of its grids"),
        ({"controls": "[full-replay]"}, "'full-replay' is neither a recipe of this experiment"),
        ({"primary": "fluency"}, "'fluency' does not fit. Fix: write the measure that chooses"),
        ({"reference": "ewc"}, "'ewc' has a grid, and the reference is one configuration. Fix: write {}"),
        ({"recipes": "{expert-replay: {}, naive: {}, ewc: {rank: [2]}, mole: {}}"}, "'mole' is no block of recipes"),
        ({"baseline": "expert-replay"}, "'expert-replay' is full_replay, and the baseline of forgetting is naive training"),
        ({"recipes": "{expert-replay: {}, naive: {}, permuted-replay: {}}"}, "'permuted-replay' has source: permuted, and the reference source: expert"),
        ({"reference": "naive"}, "experiments.4.reference: 'naive' is the baseline too"),
        ({"recipes": "{expert-replay: {}, naive: {}, ewc: {rank: [2]}, ewc-rank-2: {}}"}, "'ewc-rank-2' is no block of recipes"),
        ({"criteria": "[{name: n, measure: retension, of: winner, at_least: 1}]"}, "'retension' is no measure of summary.csv. Fix: did you mean 'retention'?"),
        ({"criteria": "[{name: n, measure: decay, of: winner, at_least: 1}]"}, "experiments.4.criteria.n: decay is a word. Fix: compare it with equals or differs"),
        ({"criteria": "[{name: n, measure: retention, of: winner, equals: high}]"}, "retention is a number. Fix: write at_least or at_most"),
        ({"criteria": "[{name: n, measure: retention, of: winner}]"}, "Fix: write a block of name, measure, of, and one of at_least"),
    ],
)  # fmt: skip
def test_faults(complaints, change, said):  # noqa: F811
    found = complaints(OVERLAY.format(**GIVEN | change))
    assert (said in "\n".join(found)) if said else found == []


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ('rank: [32, "64"]', "recipes.ewc.rank: '64' does not fit. Fix: write a whole number of at least 1"),
        ("rank: [null]", "recipes.ewc.rank: there is no value"),
        (
            "max_tokens: [[512, 1024]]",
            "ewc.max_tokens.0: [512, 1024] does not fit. Fix: write one number or word",
        ),
        (
            "seed: [0, 1]",
            "recipes.ewc.seed: each configuration is trained once for every seed of the experiment.",
        ),
        ("rank.x: [1]", "recipes.ewc.rank: {'x': 1} does not fit"),
    ],
)
def test_a_value_of_a_wrong_type_in_a_grid_is_a_fault_like_any_other(complaints, grid, said):  # noqa: F811
    given = {"recipes": f"{{expert-replay: {{}}, naive: {{}}, ewc: {{{grid}}}}}"}
    assert said in "\n".join(complaints(OVERLAY.format(**GIVEN | given)))


def test_an_odd_rank_of_osf_is_found_in_a_grid_too():
    recipes = {"osf": {"strategy": "osf", "rank": 4}}
    experiments = {"1": {"recipes": {"osf": {"rank": [2, 3]}}, "seeds": [0]}}
    ((keys, what, _),) = unfit_ranks({"recipes": recipes, "experiments": experiments})
    assert keys == ["experiments", "1", "recipes", "osf"] and what.startswith("osf-rank-3: osf learns")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({}, []),
        (
            {"ranks": [1, 16]},
            ["a new part of rank 16 beside old ones of target_rank 4 exceeds trigger x budget, which is 16"],
        ),
        ({"trigger": 0.5, "ranks": [4]}, []),
        ({"trigger": 0.5, "ranks": [5]}, ["a new part of rank 5 beside old ones of target_rank 4 exceeds"]),
        ({"target_rank": 9}, ["a new part of rank 8 beside old ones of target_rank 9 exceeds"]),
    ],
)
def test_a_new_part_that_could_not_stay_whole_is_found(own, said):
    block = {"ranks": [1, 8], "budget": 16, "trigger": 1.0, "target_rank": 4, **own}
    recipe = {"strategy": "adaptive_rank", "rank": 16, "adaptive_rank": block}
    found = [what for _, what, _ in unfit_ranks({"recipes": {"adaptive": recipe}})]
    assert len(found) == len(said) and all(map(str.startswith, found, said))


def grids(recipes, **experiments):
    blocks = {name: {"recipes": grid, "seeds": [0]} for name, grid in experiments.items()}
    return [keys for keys, _, _ in names_made_twice({"recipes": recipes, "experiments": blocks})]


def test_a_recipe_that_would_never_be_trained_is_found():
    """A grid's recipe replaced one of that name in silence, or two of one name counted as two seeds."""
    ewc = {"ewc": {"rank": 4, "seed": 0}}
    fault = [["experiments", "one", "recipes"]]
    assert grids(ewc, one={"ewc": {"rank": [2, 4]}}, two={"ewc": {"rank": [4]}}) == []
    taken = {**ewc, "ewc-rank-2-seed-0": {"rank": 9}}
    assert grids(taken, one={"ewc": {"rank": [2]}}) == [["recipes", "ewc-rank-2-seed-0"]]
    both = {**ewc, "ewc-rank-2": {"rank": 2, "seed": 0}}
    assert grids(both, one={"ewc": {"rank": [2]}, "ewc-rank-2": {}}) == fault
    unlike = {**ewc, "ewc-rank-2": {"rank": 3, "seed": 0}}
    found = grids(unlike, one={"ewc": {"rank": [2]}}, two={"ewc-rank-2": {}})
    assert found == [["experiments", "two", "recipes"]]


def test_the_base_is_asked_the_questions_of_every_seed():
    """A seed draws the turns that are asked: what the base knows of one seed's says nothing about another's."""
    block = {**BLOCK, "reference": "naive"}
    found = [(chain.repo, chain.recipe) for chain in references(block)]
    assert found == [(repo, f"naive-seed-{seed}") for repo in ("r", "long") for seed in (0, 7)]


def test_the_five_experiments_build(snakemake):
    targets = [
        f"results/experiments/{number}/{name}.csv" for number in range(1, 6) for name in ("summary", "timing")
    ]
    counts = jobs(snakemake("-n", *targets, "--configfile", str(ROOT / "studies/strategies.yaml")))
    assert counts["experiment_summary"] == counts["experiment_timing"] == 5
    assert counts["train"] == 5 * counts["retention_matrix"] and counts["expert_trajectories"] == 1
