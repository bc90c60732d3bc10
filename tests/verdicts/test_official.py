"""The official parsers and graders from outside: their environment, their data, their verdicts, their failures."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from scripts.benchmark.ingredients import plain
from scripts.benchmark.runtimes import EnvironmentFailure
from scripts.trajectories.sandbox import Outcome
from scripts.verdicts import grade as grading
from scripts.verdicts import swebench
from scripts.verdicts.assemble import Assembled
from scripts.verdicts.official_run import Official, as_published
from scripts.verdicts.swebench import Grader, Unreadable, ask_specs
from tests.small_repository import LIMITS, bench, small
from tests.verdicts.swebench_environment import interpreter

RECORD = {"rehearsal": {"version": "3.0"}}
EVEN, ODD, DOUBLE = ("test_even (m.T)", "test_odd (m.T)", "test_double (m.T)")
TASK = replace(
    small().task,
    id="django__django-1",
    repo="django/django",
    fail_to_pass=(EVEN, ODD),
    pass_to_pass=(DOUBLE,),
    test_patch="diff --git a/tests/m/tests.py b/tests/m/tests.py\ndiff --git a/docs/x.txt b/docs/x.txt\n",
    record=RECORD,
)
WHOLE = f"{EVEN} ... ok\n{ODD} ... ok\n{DOUBLE} ... ok\n"


@pytest.fixture(scope="module")
def python(pytestconfig):
    return interpreter(pytestconfig.cache.mkdir("swebench"))


@pytest.fixture(scope="module")
def grader(python):
    made = Grader(python)
    yield made
    made.close()


@pytest.fixture
def official(grader):
    what = replace(plain("3.6", [], TASK.id), test_cmd="./tests/runtests.py")
    specs = {
        "versions": {"3.0": what.as_json()},
        "tasks": {TASK.id: {"version": "3.0", "directives": ["m.tests"]}},
    }
    return Official(specs, grader)


class Room:
    """Says what a test run would have printed."""

    python = "python"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes, self.asked = list(outcomes), []

    def run(self, command, timeout=None, stdin="", capture=0):
        self.asked.append(command)
        return self.outcomes.pop(0)


def said(log, code=0, limit=None):
    return Outcome(code, log, 1.0, limit)


def report(official, outcome, task=TASK):
    return official.run(Room(outcome), task, Assembled([], []))[1]


def test_nothing_of_it_is_imported_here(grader):
    grader.grade(TASK, WHOLE)
    assert "swebench" not in {name.split(".")[0] for name in sys.modules}


def test_specifications_directives_and_images(python):
    answer = ask_specs(
        python, [TASK, replace(TASK, id="django__django-2", record={"rehearsal": {"version": "99"}})]
    )
    assert answer["tasks"] == {
        TASK.id: {
            "version": "3.0",
            "directives": ["m.tests"],
            "image": "swebench/sweb.eval.x86_64.django_1776_django-1:latest",
        }
    }
    assert answer["versions"]["3.0"]["python"] == "3.6"
    assert answer["versions"]["3.0"]["paths"] == ["tests/requirements/py3.txt"]
    assert answer["swebench"] == "4.1.0"


def test_all_pass(official):
    found = report(official, said(WHOLE))
    assert found.passed == {EVEN, ODD, DOUBLE}
    assert not (found.forged or found.stopped or found.text)


def test_a_failure_is_named_with_the_first_error(official):
    log = WHOLE.replace(f"{ODD} ... ok", f"{ODD} ... ERROR") + "ModuleNotFoundError: No module named 'x'\n"
    found = report(official, said(log, 1))
    assert found.passed == {EVEN, DOUBLE}
    assert found.text == f"1 of 3 tests fail, first {ODD}; ModuleNotFoundError: No module named 'x'"


def test_the_network_is_named(official):
    log = f"{EVEN} ... ERROR\nOSError: [Errno 101] Network is unreachable\n"
    assert report(official, said(log, 1)).text.endswith("Network is unreachable; the network is needed")


@pytest.mark.parametrize(
    ("used", "published", "names"),
    [
        ("3.11", "3.6", ["test_x (a.C)", "What it is.", "test_y (a.C)"]),
        ("3.8", "3.6", ["test_x (a.C.test_x)", "What it is.", "test_y (a.C.test_y)"]),
        ("3.11", "3.8", ["What it is.", "test_y (a.C)"]),
        ("3.12", "3.11", ["What it is.", "test_y (a.C.test_y)"]),
    ],
)
def test_names_of_newer_interpreters(grader, used, published, names):
    log = "test_x (a.C.test_x)\nWhat it is. ... ok\ntest_y (a.C.test_y) ... FAIL\n"
    what = replace(plain(used, [], TASK.id), published=published)
    assert list(grader.grade(TASK, as_published(log, what))["status"]) == names


def test_skipped(official):
    """A skipped PASS_TO_PASS is held against nobody; a skipped FAIL_TO_PASS has not passed, whatever the graders say."""
    found = report(official, said(WHOLE.replace(f"{DOUBLE} ... ok", f"{DOUBLE} ... skipped 'why'")))
    assert (found.passed, found.excused) == ({EVEN, ODD}, {DOUBLE})
    found = report(official, said(WHOLE.replace(f"{EVEN} ... ok", f"{EVEN} ... skipped 'why'")))
    assert EVEN not in found.passed | found.excused


def test_an_early_end_with_printed_successes_is_not_believed(official):
    assert "ended with code 3 although no test failed" in report(official, said(WHOLE, 3)).forged


def test_a_test_command_that_hangs_is_killed_with_its_children(official, monkeypatch):
    """Nobody knows what it would have said: infrastructure, not the patch's failure."""
    monkeypatch.setattr(grading, "ATTEMPTS", 1)
    mark = f"{time.time():.6f}"  # finds the processes again
    what = replace(
        official.versions["3.0"], test_cmd=f"(exec -a hang{mark} sleep 300) & exec -a hang{mark} sleep 300 #"
    )
    official.versions = {"3.0": what}
    own = replace(small().task, record=small().task.record | RECORD)
    official.tasks = {own.id: official.tasks[TASK.id]}
    made = grading.grade(own, own.patch, replace(bench(replace(LIMITS, wall_seconds=1)), harness=official))
    assert (made["verdict"], made["resolved"]) == ("infrastructure", None)
    assert made["reason"].startswith("wall-clock limit")
    assert mark not in subprocess.check_output(["ps", "-eo", "args"], text=True)


def test_a_task_without_directives_cannot_be_run(official):
    official.tasks = {TASK.id: {"version": "3.0", "directives": []}}
    with pytest.raises(EnvironmentFailure, match="no test directive"):
        report(official, said(WHOLE))


def test_the_repository_is_prepared_by_a_command_of_its_own(official):
    what = official.versions["3.0"]
    official.versions = {"3.0": replace(what, prepare=("sed -i s/a/b/ tox.ini",), variables=(("LANG", "C"),))}
    room = Room(said("PASSED forged"), said(WHOLE))
    assert official.run(room, TASK, Assembled([], []))[1].passed == {EVEN, ODD, DOUBLE}
    assert room.asked == ["sed -i s/a/b/ tox.ini", "export LANG=C; ./tests/runtests.py m.tests"]


@pytest.mark.parametrize("way", ["exec sleep 300", "exit 137"])
def test_a_log_that_cannot_be_read_is_no_success_and_does_not_end_the_grader(
    way, python, official, monkeypatch, tmp_path
):
    endless = tmp_path / "python"
    endless.write_text(
        "#!/bin/sh\nwhile read -r line; do\ncase $line in *'\"log\": \"\"'*) echo '{}' ;; *) WAY ;; esac\ndone\n".replace(
            "WAY", way
        )
    )
    endless.chmod(0o755)
    monkeypatch.setattr(swebench, "SECONDS", 1)
    official.grader = Grader(endless)
    with pytest.raises(Unreadable):
        official.grader.grade(TASK, WHOLE)
    assert "no answer" in report(official, said(WHOLE)).forged
    monkeypatch.undo()
    official.grader.close()
    official.grader.python = python
    assert report(official, said(WHOLE)).passed == {EVEN, ODD, DOUBLE}
    official.grader.close()


@pytest.mark.parametrize("program", ["exit 1", "read -r line; exit 137", "exec sleep 300"])
def test_graders_that_die_or_are_dumb_are_infrastructure(official, tmp_path, monkeypatch, program):
    """A verdict that they do not give is no failure of the patch, whatever is wrong with them (fault 25)."""
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\n{program}\n")
    broken.chmod(0o755)
    monkeypatch.setattr(swebench, "SECONDS", 0.5)
    official.grader = Grader(broken)
    with pytest.raises(grading.Infrastructure):
        report(official, said(WHOLE))
    official.grader.close()
