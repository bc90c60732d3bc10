"""Fault 26: resume meant "the file exists", so results of other settings were used again."""

import ast
import subprocess
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from scripts.benchmark.ingredients import Ingredients
from scripts.benchmark.runtimes import images, local, own
from scripts.benchmark.runtimes.docker import Docker
from scripts.files import sha256_of
from scripts.store import Store
from scripts.training import train
from scripts.training.strategies import Lesson
from scripts.trajectories import hardware, play
from scripts.trajectories.play import Cast, conditions, key
from scripts.verdicts import batch
from tests.small_repository import small
from tests.staged import stage
from tests.training import tiny

CAST = Cast({"slots": 4}, "skill", "model", lambda task: None, 1, adapter="abc")
EXPERT = replace(CAST, source="expert")
LIMITS = {"steps": 8, "new_tokens": 64}
SCRIPTS = Path(play.__file__).parents[1]
TASKS = {"kit__kit-1": {"version": "1", "directives": [], "image": "none"}}
NOTHING = {
    "tasks": TASKS,
    "versions": {"1": Ingredients("3.11", "3.11", (), (), (), "", (), "", "", "kit__kit-1").as_json()},
}
RUNTIMES = {
    own: own.Own,
    local: lambda cache: local.Local(NOTHING, small().mirror, cache),
    images: lambda cache: images.Images(Docker(), NOTHING, small().mirror, cache),
}


def name(task=None, run=0, cast=CAST, shared="conditions", memory=(), runtime="python"):
    return key(task or small().task, run, cast, shared, list(memory), runtime)


@pytest.mark.parametrize(
    "other",
    [
        lambda: name(replace(small().task, base_commit="0" * 40)),
        lambda: name(replace(small().task, problem_statement="another issue")),
        lambda: name(replace(small().task, id="kit__kit-2")),
        lambda: name(replace(small().task, record={"rehearsal": {"tree": "0" * 40}})),
        lambda: name(run=1),
        lambda: name(cast=replace(CAST, adapter="abd")),
        lambda: name(cast=replace(CAST, adapter=None)),
        lambda: name(cast=replace(CAST, arm="both")),
        lambda: name(cast=EXPERT),
        lambda: name(shared="other conditions"),
        lambda: name(runtime="another interpreter"),
        lambda: name(memory=[("t-1", "a note")]),
    ],
)
def test_a_session_with_another_ingredient_has_another_key(other):
    assert name() == name()
    assert other() != name()


def test_only_the_experts_sessions_depend_on_the_answer():
    task = replace(small().task, patch="another")
    assert name(task) == name()
    assert name(task, cast=EXPERT) != name(cast=EXPERT)


@pytest.fixture
def shared(words):
    """conditions() of a tiny model, with something changed."""
    model = {**tiny.model(), "slots": 4, "temperature": 0.0, "seed": 0}
    scene = stage(words)

    def hashed(limits=LIMITS, scaffold=None, **changes):
        staged = replace(scene, scaffold=replace(scene.scaffold, **scaffold)) if scaffold else scene
        return sha256_of(conditions({**model, **changes}, staged, limits))

    return hashed


@pytest.mark.parametrize(
    "other",
    [
        {"threads": 2}, {"slots": 5}, {"dtype": "bfloat16"}, {"device": "cuda"}, {"temperature": 0.5}, {"seed": 1},
        {"limits": {**LIMITS, "steps": 9}}, {"limits": {**LIMITS, "new_tokens": 65}},
        {"scaffold": {"few_shot": False}}, {"scaffold": {"system": "Do it."}}, {"scaffold": {"grammar_constrained": False}},
    ],
    ids=str,
)  # fmt: skip
def test_other_conditions_have_another_hash(shared, other):
    assert shared() == shared()
    assert shared(**other) != shared()


@pytest.mark.parametrize("where", ["code", "libraries", "weights", "python"])
def test_so_do_other_code_libraries_and_weights(shared, monkeypatch, where):
    before = shared()
    if where == "code":
        monkeypatch.setattr(play, "sha256_of_files", lambda files: "other")
    if where == "libraries":
        monkeypatch.setattr(play.importlib.metadata, "version", lambda name: "0")
    if where == "weights":
        monkeypatch.setattr(play, "fingerprint", lambda checkpoint: "other")
    if where == "python":
        monkeypatch.setattr(play.platform, "python_version", lambda: "3.6.0")
    assert shared() != before


def test_the_quantizer_is_a_library_of_quantised_models_alone(words, monkeypatch):
    """Its version was in no key: another bitsandbytes rounds otherwise."""
    monkeypatch.setattr(hardware.metadata, "version", lambda name: "0.50.2")
    model = {**tiny.model(), "slots": 4, "temperature": 0.0, "seed": 0}
    lesson = Lesson([], 0, {}, tiny.RECIPE, tiny.base, list)
    for block, found in ((model, None), ({**model, "quantization": "nf4"}, "0.50.2")):
        assert conditions(block, stage(words), LIMITS)["libraries"].get("bitsandbytes") == found
        assert train.facts(lesson, block, None, None)["libraries"].get("bitsandbytes") == found


def test_every_module_that_acts_is_part_of_the_code():
    """What is not in a session's key: the rule scripts, and where models and scaffolds' files come from."""
    apart = {
        "__init__",
        "play",
        "expert",
        "habits",
        "expert_trajectories",
        "base_trajectories",
        "arm_trajectories",
        "checkpoint",
        "hardware",
        "wheels",
    }
    assert {path.stem for path in play.ACTING.glob("*.py")} - apart == set(play.MODULES)


def test_every_module_that_judges_is_part_of_a_verdicts_key():
    """What is not: shapes of data, and the runtimes, whose fingerprints hold their own."""
    apart = {
        "errors",
        "files",
        "trajectories/__init__",
        "benchmark/task",
        "benchmark/ingredients",
        "benchmark/runtimes/__init__",
    }
    judging = imported(["verdicts/grade", "verdicts/official_run", "verdicts/signed"])
    assert judging - apart <= {f"{room}/{name}" for room, names in batch.GRADING.items() for name in names}


@pytest.mark.parametrize("strategy", train.USES)
def test_a_trainings_key_has_all_the_code_that_trains(strategy):
    """A module that a strategy comes to import is in the key of its trainings, or in the list of what changes none."""
    apart = {"errors", "files", "jobs", "store", "training/__init__", "training/kept"}
    apart |= {
        "trajectories/__init__",
        "trajectories/wheels",
    }  # where a checkpoint lies: its content is in the key
    apart |= {"training/arrow", "training/gates"}  # how a mixture is used afterwards
    apart |= (
        {"training/mixture", "training/router"} if strategy == "adaptive_rank" else set()
    )  # as answers.py asks one
    named = {*train.COMMON, f"strategies/{strategy}", *train.USES[strategy]}
    kept = {str(PurePosixPath("training", name)).replace("training/../", "") for name in named}
    assert imported([f"training/strategies/{strategy}"]) - apart <= kept


def imported(modules: list[str]) -> set[str]:
    """Some modules of scripts/ and all that they import of it, directly or not."""
    found, queue = set(), list(modules)
    while queue:
        if (name := queue.pop()) not in found:
            found.add(name)
            tree = ast.parse((SCRIPTS / f"{name}.py").read_text())
            for each in (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)):
                room = each.module.removeprefix("scripts").strip(".").replace(".", "/")
                inside = [f"{room}/{alias.name}".strip("/") for alias in each.names]
                places = [*inside, room, f"{room}/__init__"] if each.module.startswith("scripts") else []
                queue += [place for place in places if (SCRIPTS / f"{place}.py").is_file()]
    return found


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_code_of_a_runtime_is_part_of_its_fingerprint(runtime, tmp_path, monkeypatch):
    """How commands are run was in no key: sessions of before and after a change were compared."""
    monkeypatch.setattr(
        images, "quiet", lambda command: subprocess.CompletedProcess(command, 0, b"sha256:abc")
    )
    before = RUNTIMES[runtime](tmp_path).fingerprint(small().task)
    monkeypatch.setattr(runtime, "sha256_of_files", lambda files: "other code")
    assert RUNTIMES[runtime](tmp_path).fingerprint(small().task) != before


def test_a_session_is_taken_again_only_under_its_own_key(tmp_path):
    store = Store(tmp_path, "sessions")
    store.put(name(), "session")
    assert store.get(name()) == "session"
    assert store.get(name(cast=replace(CAST, adapter="abd"))) is None
