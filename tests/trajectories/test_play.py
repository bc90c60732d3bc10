"""All sessions of a job: what is finished is not played again, and infrastructure is never kept."""

import pytest

from scripts.benchmark.runtimes.own import Own
from scripts.errors import UserError
from scripts.trajectories import play
from scripts.trajectories.play import Cast, check_context, play_all
from tests.small_repository import small
from tests.staged import FIX, Scripted, stage
from tests.training import tiny

LIMITS = {"new_tokens": 64}


class Broken:
    """An engine that is not there."""

    def complete(self, conversation, ask):
        raise ConnectionError("no engine")


@pytest.fixture
def run(words, tmp_path, monkeypatch):
    """Play the one task with an engine, twice if asked; the store is the same."""
    monkeypatch.setattr(play, "STORE", tmp_path)
    scene = stage(words)

    def run(engine, runs=1, **changes):
        model = {**tiny.model(), "runs": runs, "seed": 0, "temperature": 0.0}
        cast = Cast(
            **{"model": model, "arm": "base", "source": "model", "engine": engine, "workers": 2, **changes}
        )
        return play_all([small().task], cast, scene, LIMITS)

    return run


def test_what_is_finished_is_not_played_again(run, words):
    first = run(lambda task: Scripted(words, FIX))
    assert run(lambda task: Broken()) == first
    again = run(lambda task: Scripted(words, FIX), adapter="other")
    assert again[0][0]["extra"]["key"] != first[0][0]["extra"]["key"]
    assert again[0][0]["extra"]["conditions"] == first[0][0]["extra"]["conditions"], "the same for both arms"


def test_another_environment_of_the_code_is_another_condition(run, words, monkeypatch):
    before = run(lambda task: Scripted(words, FIX))[0][0]["extra"]
    monkeypatch.setattr(Own, "fingerprint", lambda runtime, task: "another")
    after = run(lambda task: Scripted(words, FIX))[0][0]["extra"]
    assert before["conditions"] != after["conditions"] and before["key"] != after["key"]


def test_infrastructure_is_listed_and_tried_again_by_the_next_job(run, words):
    (broken,), _ = run(lambda task: Broken())
    assert broken["extra"]["infrastructure"] == "ConnectionError: no engine"
    (played,), _ = run(lambda task: Scripted(words, FIX))
    assert (played["extra"]["infrastructure"], played["extra"]["exit_status"]) == (None, "Submitted")


@pytest.mark.parametrize(
    "error", [UserError("sandbox", "bubblewrap is missing", "install it"), KeyError("x"), RuntimeError("no")]
)
def test_a_fault_that_would_meet_every_session_ends_the_job(run, monkeypatch, error):
    """It was recorded as infrastructure, three times over, and the job ended well."""
    tries = []

    def complete(self, conversation, ask):
        tries.append(1)
        raise error

    monkeypatch.setattr(Broken, "complete", complete)
    with pytest.raises(type(error)):
        run(lambda task: Broken())
    assert len(tries) == 1


def test_two_runs_of_a_task_are_two_sessions(run, words):
    trajectories, timings = run(lambda task: Scripted(words, FIX), runs=2)
    assert [each["extra"]["run"] for each in trajectories] == [each["run"] for each in timings] == [0, 1]
    assert trajectories[0]["extra"]["key"] != trajectories[1]["extra"]["key"]
    assert trajectories[0]["messages"] == trajectories[1]["messages"], "nothing in them depends on time"


def test_a_scaffold_whose_prompts_do_not_fit_the_model_is_refused():
    check_context({"scaffold": "tools"}, None)
    check_context({"scaffold": "tools"}, 2048)
    with pytest.raises(
        UserError, match=r"history_tokens is 24000, the model reads 8192\. Fix: set history_tokens"
    ):
        check_context({"scaffold": "bash"}, 8192)
