"""Real issues, real code, real tests: django from a release archive, from the benchmark's rows to the measures.

Every step is a rule's own `main` on files of its own, with the blocks of studies/django-archives.yaml, on the Python that
runs these tests. What is downloaded, built or converted stays in pytest's cache (the first time takes a minute more).
"""

import csv
import json
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.iocontainers import Namedlist

from scripts.benchmark import base_commits, environments, release, sequence, swe_bench_cl, tasks, validate
from scripts.errors import UserError
from scripts.exchange import official, predictions
from scripts.files import read_jsonl
from scripts.measures import runs
from scripts.trajectories import base_trajectories, expert_trajectories
from scripts.verdicts import verdicts
from tests.benchmark.published_data import PUBLISHED, VERIFIED, needs_data
from tests.verdicts.swebench_environment import interpreter

pytestmark = needs_data
ROOT = Path(__file__).parents[2]
STUDY = yaml.safe_load((ROOT / "studies/django-archives.yaml").read_text())
# tasks of one version, so that there is one archive and one environment; quick ones
VALID = [f"django__django-{number}" for number in (11880, 11951, 12125, 12193, 12276, 12308)]
# enums of newer Pythons work differently
INVALID = "django__django-12304"
# an edit of several lines, and an edit at two places
PLAYED = ["django__django-11951", "django__django-12276"]


class Snakemake:
    """What a rule's script is given: files by name, below results/django where no folder is said."""

    threads, log = 1, ["rule.log"]

    def __init__(self, rule, given, made, params=None, sessions=""):
        self.rule = rule
        self.input = Namedlist(fromdict={name: _place(name, file) for name, file in given.items()})
        self.output = Namedlist(fromdict={name: str(_place(name, file)) for name, file in made.items()})
        self.params = Namedlist(fromdict=params or {})
        self.wildcards = Namedlist(fromdict={"repo": "django", "sessions": sessions, "script": "expert"})


def _place(name, file):
    if not isinstance(file, str) or "/" in file:
        return file
    Path("results/django").mkdir(parents=True, exist_ok=True)
    return f"results/django/{file}"


@pytest.fixture(scope="module")
def cache(pytestconfig):
    """Archives, environments and mirrors; skipped where the package registry cannot be reached."""
    folder = pytestconfig.cache.mkdir("django")
    try:
        release.release("django", "3.1", folder / "archives")
    except UserError as error:
        pytest.skip(f"the package registry cannot be reached: {error}")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory, cache, pytestconfig):
    """A folder to run in, and the card of the official graders' environment."""
    python = interpreter(pytestconfig.cache.mkdir("swebench"))
    folder = tmp_path_factory.mktemp("django")
    (folder / "results").mkdir()
    (folder / "results/cache").symlink_to(cache)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        yield str(python.parents[1].with_suffix(".json"))


@pytest.fixture(scope="module")
def court(place):
    """Inputs and parameters of every rule that runs django's tests."""
    shared = {"tasks": "tasks.jsonl", "bundle": "repository.bundle", "environments": "environments.json"}
    limits = yaml.safe_load((ROOT / "config.yaml").read_text())["limits"] | STUDY["limits"]
    limits |= STUDY["repos"]["django"]["limits"]
    return {**shared, "swebench": [place]}, {"limits": limits, "runtime": "local", "strict": False}


@pytest.fixture(scope="module")
def benchmark(place, court):
    """tasks.jsonl, repository.bundle and environments.json of seven tasks."""
    source = {"from": "json", "at": str(PUBLISHED), "verified": str(VERIFIED)}
    files = {"benchmark": "all/cl.json", "sources": "all/sources.json"}
    Path("all").mkdir()
    swe_bench_cl.main(Snakemake("swe_bench_cl", {}, files, {"source": source}))
    taken = {"benchmark": "sequence.json"}
    sequence.main(
        Snakemake(
            "sequence",
            {"benchmark": "all/cl.json"},
            taken,
            {"sequence": STUDY["repos"]["django"]["sequence"]},
        )
    )
    only("results/django/sequence.json", [*VALID, INVALID])
    made = {"benchmark": "benchmark.json", "bundle": "repository.bundle", "left_out": "left_out.csv"}
    code = STUDY["repos"]["django"]["code"]
    base_commits.main(Snakemake("base_commits", {"sequence": "sequence.json"}, made, {"source": code}))
    order = {"tasks": 7, "order": "chronological"}
    tasks.main(Snakemake("tasks", {"benchmark": "benchmark.json"}, {"tasks": "tasks.jsonl"}, order))
    wanted = {name: court[0][name] for name in ("tasks", "bundle", "swebench")}
    own = {"python": "{}.{}".format(*sys.version_info), "requirements": []}
    environments.main(Snakemake("environments", wanted, {"environments": "environments.json"}, own))


def only(path, names):
    """Leave these tasks in a sequence."""
    found = json.loads(Path(path).read_text())
    (one,) = found["sequences"]
    one["tasks"] = [row for row in one["tasks"] if row["metadata"]["instance_id"] in names]
    Path(path).write_text(json.dumps(found))


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def validation(benchmark, court):
    validate.main(Snakemake("validate", court[0], {"validation": "validation.csv"}, court[1]))
    return {row["task"]: row for row in table("results/django/validation.csv")}


def test_gold_resolves_and_nothing_does_not(validation):
    said = {
        name: [row["gold_resolved"], row["empty_resolved"], row["valid"]] for name, row in validation.items()
    }
    assert said == {name: ["1", "0", "1"] for name in VALID} | {INVALID: ["0", "0", "0"]}
    assert "gold is unresolved: 2 of 18 tests fail" in validation[INVALID]["reason"]
    assert table("results/django/left_out.csv") == []


def played(main, who, model, court, **limits):
    """Sessions, verdicts and rows of the two tasks: (trajectories, rows of runs.csv)."""
    folder = f"results/django/{who}"
    Path(folder).mkdir()
    chosen = [
        row for row in read_jsonl("results/django/tasks.jsonl") if row["metadata"]["instance_id"] in PLAYED
    ]
    Path(folder, "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen))
    inputs = court[0] | {"tasks": f"{folder}/tasks.jsonl", "validation": f"{folder}/validation.csv"}
    valid = "".join(f"{name},1\n" for name in PLAYED)
    Path(folder, "validation.csv").write_text(f"task,valid\n{valid}")
    params = court[1] | {"model": model, "limits": court[1]["limits"] | limits}
    sessions = {name: f"{folder}/{name}.jsonl" for name in ("trajectories", "verdicts")}
    timing = {"timing": f"{folder}/timing.jsonl"}
    main(Snakemake(who, inputs, {"trajectories": sessions["trajectories"], **timing}, params))
    judged = inputs | {"trajectories": sessions["trajectories"]}
    verdicts.main(Snakemake("verdicts", judged, {"verdicts": sessions["verdicts"], **timing}, params))
    every = sessions | {"tasks": inputs["tasks"]}
    runs.main(Snakemake("runs", every, {"runs": f"{folder}/runs.csv"}, sessions=f"model/{who}"))
    return read_jsonl(sessions["trajectories"]), table(f"{folder}/runs.csv")


@pytest.fixture(scope="module")
def model(embedded):
    """The study's model, from the checkpoint that other tests use too."""
    block = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["smollm2-135m"]
    return block | STUDY["models"]["smollm2-135m"] | {"checkpoint": embedded, "slots": 2}


@pytest.fixture(scope="module")
def expert(benchmark, court, model):
    return played(expert_trajectories.main, "expert", model, court)


def test_the_expert_resolves_real_tasks(expert):
    sessions, rows = expert
    assert [row["extra"]["exit_status"] for row in sessions] == ["Submitted"] * 2
    assert [[action["tool"] for action in row["extra"]["actions"]] for row in sessions] == [
        ["search", "view", "edit", "submit"],
        ["search", "view", "edit", "view", "edit", "submit"],
    ]
    assert all(action["success"] for row in sessions for action in row["extra"]["actions"])
    assert [(row["task"], row["verdict"], row["resolved"]) for row in rows] == [
        (name, "resolved", "1") for name in PLAYED
    ]
    assert [row["steps"] for row in rows] == ["4", "6"]


def test_the_official_graders_say_the_same(expert, court):
    folder = "results/django/expert"
    sessions = {name: f"{folder}/{name}.jsonl" for name in ("trajectories", "verdicts")}
    made = {name: f"{folder}/{name}.json" for name in ("report", "summary")}
    made["predictions"] = f"{folder}/preds.jsonl"
    predictions.main(Snakemake("predictions", sessions, made, {"run": 0}, "model/expert"))
    inputs = court[0] | {name: made[name] for name in ("predictions", "report")}
    official.main(Snakemake("official", inputs, {"official": f"{folder}/official.csv"}, court[1]))
    said = [list(row.values()) for row in table(f"{folder}/official.csv")]
    assert said == [[name, "1", "1", "1"] for name in PLAYED]


def test_the_embedded_model_plays_real_tasks(benchmark, court, model):
    """It is far too small to mend anything; what counts is that its sessions are played, judged and counted."""
    sessions, rows = played(base_trajectories.main, "base", model, court, steps=2, new_tokens=24)
    for session, row in zip(sessions, rows, strict=True):
        extra = session["extra"]
        assert (extra["infrastructure"], extra["exit_status"], extra["steps"]) == (None, "LimitsExceeded", 2)
        assert extra["actions"][0]["tool"] == "search"
        assert (row["resolved"], row["verdict"]) in (("0", "empty"), ("0", "unresolved"))
        assert int(row["tokens_in"]) > 200 and 0 < int(row["tokens_out"]) <= 48
