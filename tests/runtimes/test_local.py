"""The local runtime on the tiny repository: an environment from the registry, shared, with what it lacks on its card."""

import json
import sys
from dataclasses import replace

import pytest

from scripts.benchmark.ingredients import Ingredients, plain
from scripts.benchmark.runtimes import EnvironmentFailure
from scripts.benchmark.runtimes.local import Local
from scripts.trajectories import workspace
from scripts.trajectories.public import scratch
from scripts.verdicts.grade import Bench, grade
from scripts.verdicts.signed import Signed
from tests.small_repository import FIXED, LIMITS, change, session_folder, small

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
ABSENT = "iniconfig==0.0.404"
NEEDS = plain(None, ["pytest", ABSENT], small().task.id)


def local(what: Ingredients, cache=None) -> Local:
    specs = {"versions": {"1": what.as_json()}, "tasks": {small().task.id: {"version": "1"}}}
    return Local(specs, small().mirror, cache or session_folder() / "cache")


@pytest.fixture(scope="module")
def runtime():
    made = local(NEEDS)
    if failure := made.failure(small().task):
        pytest.skip(f"no environment: {failure}")
    return made


def test_what_cannot_be_installed_is_on_the_card(runtime):
    card = json.loads((runtime._folder("1") / "card.json").read_text())
    assert [each["requirement"] for each in card["missing"]] == [ABSENT]
    assert "404" in card["missing"][0]["said"]
    assert {"pytest", "kit"} <= {package["name"] for package in card["installed"]}


def test_it_is_made_once(runtime):
    again = local(NEEDS)
    assert again._folder("1") == runtime._folder("1")
    assert again.fingerprint(small().task) == runtime.fingerprint(small().task)


def test_other_ingredients_are_another_runtime(runtime):
    other = local(replace(NEEDS, variables=(("LANG", "C"),)))
    assert other.fingerprint(small().task) != runtime.fingerprint(small().task)


def test_the_dropped_user_runs_the_workspace_and_can_write_neither_place(runtime):
    with scratch() as folder:
        base = workspace.create(small().mirror, small().task.ref, folder / "repo")
        with runtime.open(small().task, folder / "repo", replace(LIMITS, memory_mb=1024)) as room:
            done = room.run("python -c 'import kit, sys; print(kit.__file__, sys.prefix, sys.version_info[:2])'")
            assert done.output.split(maxsplit=2) == ["/repo/kit/__init__.py", "/env", f"({OWN.replace('.', ', ')})\n"]
            assert room.run("touch /env/x /python/x").returncode == 1
            assert room.run("ls -d *.egg-info").returncode == 0, "what the install left"
            assert room.run("git status --porcelain").output == ""
        assert workspace.diff(folder / "repo", base) == "", "and is no part of the patch"


def test_verdicts(runtime):
    bench = Bench(small().mirror, runtime, Signed(), replace(LIMITS, memory_mb=1024))
    assert grade(small().task, small().task.patch, bench)["verdict"] == "resolved"
    assert grade(small().task, "", bench)["verdict"] == "empty"
    assert grade(small().task, change({"kit/numbers.py": FIXED + "\n"}), bench)["verdict"] == "resolved"


def test_an_install_that_fails_concerns_only_its_tasks(tmp_path):
    made = local(plain(None, [], small().task.id), tmp_path)
    what = made.versions["1"]
    made.versions["1"] = replace(what, install="python -c 'raise SystemExit(\"error: no compiler\")'")
    made.prepare([small().task])
    assert "no compiler" in made.failure(small().task)
    with pytest.raises(EnvironmentFailure), made.open(small().task, tmp_path / "repo", LIMITS):
        pass
    verdict = grade(small().task, small().task.patch, Bench(small().mirror, made, Signed(), LIMITS))
    assert (verdict["verdict"], verdict["resolved"]) == ("infrastructure", None)
    assert "no compiler" in verdict["reason"]
