"""The local runtime on the tiny repository: an environment from the registry, shared, with what it lacks on its card."""

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from scripts.benchmark.ingredients import Ingredients, plain
from scripts.benchmark.runtimes import EnvironmentFailure, build
from scripts.benchmark.runtimes.builder import Built
from scripts.benchmark.runtimes.local import Local
from scripts.errors import UserError
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
    try:
        failure = made.failure(small().task)
    except UserError as error:
        failure = error
    if failure:
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
            done = room.run(
                "python -c 'import kit, sys; print(kit.__file__, sys.prefix, sys.version_info[:2])'"
            )
            assert done.output.split(maxsplit=2) == [
                "/repo/kit/__init__.py",
                "/env",
                f"({OWN.replace('.', ', ')})\n",
            ]
            assert room.run("touch /env/x /python/x").returncode == 1
            assert room.run("ls -d *.egg-info").returncode == 0, "what the install left"
            assert room.run("git status --porcelain").output == ""
        assert workspace.diff(folder / "repo", base) == "", "and is no part of the patch"


def test_verdicts(runtime):
    bench = Bench(small().mirror, runtime, Signed(), replace(LIMITS, memory_mb=1024))
    assert grade(small().task, small().task.patch, bench)["verdict"] == "resolved"
    assert grade(small().task, "", bench)["verdict"] == "empty"
    assert grade(small().task, change({"kit/numbers.py": FIXED + "\n"}), bench)["verdict"] == "resolved"


def test_an_install_that_fails_says_why(runtime, tmp_path):
    (tmp_path / "repo").mkdir()
    builder = runtime._shop("1").builder(runtime._folder("1") / "env", tmp_path / "repo", writes_env=False)
    what = replace(NEEDS, install="python -c 'raise SystemExit(\"error: no compiler\")'")
    with pytest.raises(EnvironmentFailure, match="no compiler"):
        build._install(builder, what)
    assert builder.run("touch /env/x /usr/x; ls /env/x /usr/x", seconds=20).returncode != 0
    assert builder.run("sleep 300 & sleep 300", seconds=1).returncode == 124


def test_it_concerns_only_its_tasks(monkeypatch, tmp_path):
    def fail(*arguments):
        calls.append(1)
        raise EnvironmentFailure("no compiler")

    calls: list[int] = []
    monkeypatch.setattr(build, "environment", fail)
    made = local(NEEDS)
    made.prepare([small().task])
    verdict = grade(small().task, small().task.patch, Bench(small().mirror, made, Signed(), LIMITS))
    assert (verdict["verdict"], verdict["resolved"]) == ("infrastructure", None)
    assert verdict["reason"] == "environment: no compiler"
    assert len(calls) == 1, "a build that failed is not tried again by the same job"


def test_a_task_without_directives_needs_no_interpreter():
    made = local(replace(NEEDS, python="3.1"))
    made.tasks = {small().task.id: {"version": "1", "directives": []}}
    made.prepare([small().task])
    assert "no test directive" in made.failure(small().task)
    assert made.fingerprint(small().task)


@contextmanager
def nobody():
    """An address where nobody listens."""
    yield "http://127.0.0.1:9/simple"


@contextmanager
def overloaded():
    """A registry that answers every request with 503."""

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(503)

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.mark.parametrize("registry", [nobody, overloaded])
def test_a_silent_registry_stops_the_work_and_leaves_nothing(registry, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    made = local(NEEDS, tmp_path)
    with registry() as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        with pytest.raises(UserError, match=r"package registry: it does not answer .*run again"):
            made.failure(small().task)
    assert list((tmp_path / "environments").glob("[!.]*")) == list((tmp_path / "environments").glob("*.lock"))


def test_where_every_requirement_counts_one_that_is_missing_is_no_environment(runtime, tmp_path):
    made = local(replace(NEEDS, requirements=(ABSENT,)), tmp_path)
    made.complete = True
    assert re.match(f"pip cannot install {ABSENT} .*404", made.failure(small().task))


PIP_RAN = """  error: subprocess-exited-with-error
  × Getting requirements to build editable did not run successfully.
  ╰─> [2 lines of output]
      Traceback (most recent call last):
      ModuleNotFoundError: No module named 'flit'
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
"""


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (PIP_RAN, "ModuleNotFoundError: No module named 'flit'"),
        (
            "Collecting x\nERROR: No matching distribution found for x\n",
            "ERROR: No matching distribution found for x",
        ),
        ("  ╰─> [0 lines of output]\n  [end of output]\nERROR: no wheel\n", "ERROR: no wheel"),
        ("error: /tmp/pip-install-4kz_1/x/setup.py\n", "error: /tmp/pip/x/setup.py"),
        ("gone\n", "gone"),
        ("", "said nothing"),
    ],
)
def test_the_last_words_of_a_build_are_those_that_tell_why(output, words):
    assert Built(1, output).last_words == words
