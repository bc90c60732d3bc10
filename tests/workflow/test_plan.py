"""Training halves, checkpoints and the runs of a phase."""

from types import SimpleNamespace

import pytest

from scripts.workflow.plan import (
    Run,
    adapters_of,
    checkpoints,
    goes_on_from,
    half_and_full,
    jobs_of,
    runs_of,
    trained,
    training_count,
)
from scripts.workflow.sources import with_defaults


@pytest.mark.parametrize(
    ("rule", "even", "odd"),
    [("first", 20, 20), ("second", 20, 21), ("odd", 20, 21), ("random", 20, 20)],
)
def test_training_halves(rule, even, odd):
    assert (training_count(40, rule), training_count(41, rule)) == (even, odd)


def test_a_split_trains_as_many_tasks_as_its_rule_says():
    """The same count as the positions of the published splits give."""
    for tasks in range(4, 30):
        assert training_count(tasks, "odd") == len(range(1, tasks + 1, 2))


@pytest.mark.parametrize(
    ("training", "half", "every"),
    [
        (25, [10, 25], [5, 10, 15, 20, 25]),
        (20, [10, 20], [5, 10, 15, 20]),
        (24, [10, 24], [5, 10, 15, 20, 24]),
        (9, [9], [5, 9]),
        (4, [4], [4]),
    ],
)
def test_checkpoints(training, half, every):
    assert half_and_full(training, 5) == half
    assert checkpoints(training, 5) == every


@pytest.mark.parametrize(("strategy", "second"), [("naive", 5), ("ewc", 5), ("full_replay", 0)])
def test_what_a_training_goes_on_from(strategy, second):
    """Full replay starts anew each time: sessions that can be used must not be too old for it."""
    config = {
        "repos": {"r": {"tasks": 25}},
        "splits": {"A": {"rule": "first"}},
        "recipes": {"x": {"strategy": strategy}},
        "consolidation": 5,
    }
    wildcards = SimpleNamespace(repo="r", split="A", recipe="x")
    for checkpoint, before in [("5", 0), ("10", second), ("12", 2 * second)]:
        assert goes_on_from(SimpleNamespace(**vars(wildcards), checkpoint=checkpoint), config) == before


PHASE = {
    "repos": ["r"],
    "models": ["m", "n"],
    "splits": ["A", "B"],
    "runs": {"own": {"skill": "all"}, "expert": {"both": ["A"], "knowledge": ["B"]}, "none": {}},
}


def test_runs_of_a_phase():
    runs = list(runs_of(PHASE))
    assert len(runs) == 8
    assert runs[0] == Run("r", "m", "A", "own", "skill")
    assert runs[0].folder == "results/r/m/A/own/skill"
    assert {run.split for run in runs if run.arm == "knowledge"} == {"B"}


def test_a_recipe_is_trained_once_and_only_where_an_arm_needs_it():
    folders = [run.recipe_folder for run in trained(PHASE)]
    assert len(folders) == len(set(folders)) == 6
    assert "results/r/m/B/expert" not in folders


def test_adapters_follow_from_counts_alone():
    config = {"repos": {"r": {"tasks": 41}}, "splits": {"A": {"rule": "second"}}, "consolidation": 5}
    folder = "results/r/m/A/own/adapters"
    assert adapters_of(Run("r", "m", "A", "own", "skill"), config) == [f"{folder}/10", f"{folder}/21"]


def test_the_job_that_makes_a_benchmark_goes_by_its_source():
    phase = {"repos": ["p", "d", "m"], "models": [], "splits": [], "runs": {}}
    repos = {"p": {"source": "pocket"}, "d": {"source": "swe-bench-cl"}, "m": {"source": "mined"}}
    jobs = jobs_of(phase, {"repos": repos, "recipes": {}})
    assert jobs[:3] == ["results/p/mine_pocket", "results/d/base_commits", "results/m/mine_repository"]


def test_a_mined_block_may_leave_out_what_has_a_default():
    assert with_defaults({"source": "mined"})["tests"] == ["tests"]
    assert with_defaults({"source": "mined", "tests": ["t"]})["tests"] == ["t"]
    assert with_defaults({"source": "pocket"})["runtime"] == "local"


def test_a_phase_waits_for_the_sessions_that_its_recipes_learn_from():
    sources = {"own": "own", "expert": "imported", "none": "permuted"}
    recipes = {name: {"source": source, "strategy": "full_replay"} for name, source in sources.items()}
    recipes["own"]["strategy"] = "naive"
    config = {"repos": {"r": {"source": "pocket", "tasks": 41}}, "recipes": recipes, "consolidation": 5}
    jobs = jobs_of(PHASE, config | {"splits": {"A": {"rule": "first"}, "B": {"rule": "second"}}})
    trained = {name: [job for job in jobs if f"r/m/A/{name}/adapters" in job] for name in ("own", "expert")}
    assert [job.rpartition("/")[2] for job in trained["own"]] == ["5", "10", "15", "20"], "all on its way"
    assert [job.rpartition("/")[2] for job in trained["expert"]] == ["10", "20"]
    assert "results/r/m/imported/verdicts" in jobs
    assert "results/r/m/expert/verdicts" not in jobs, "a recipe without arms asks for nothing"
