"""Fault 12: Markdown fences were written into source files, and 14B looked worse than 7B."""

import pytest

from tests.staged import EDIT, played
from tests.trajectories.commands import install, run

FENCED = "```python\nx = 1\n=======\nx = 2\n```"


@pytest.mark.parametrize("body", [FENCED, FENCED.replace("python", ""), FENCED + "\n"])
def test_a_fence_around_everything_is_removed(tmp_path, body):
    repo = install(tmp_path, strip_fences=True)
    (repo / "a.py").write_text("x = 1\n")
    assert run(repo, "edit", "a.py", body=body) == (0, "(fence removed)\nreplaced from line 1\n")
    assert (repo / "a.py").read_text() == "x = 2\n"


def test_fences_inside_a_text_are_text(tmp_path):
    repo = install(tmp_path, strip_fences=True)
    (repo / "a.md").write_text("x\n")
    assert run(repo, "edit", "a.md", "1", body="Run:\n```\nmake\n```")[0] == 0
    assert (repo / "a.md").read_text() == "Run:\n```\nmake\n```\n"


def test_without_the_switch_the_fault_is_there(tmp_path):
    repo = install(tmp_path, strip_fences=False)
    (repo / "a.py").write_text("x = 1\n")
    assert run(repo, "edit", "a.py", "1", body="```\nx = 2\n```")[0] == 0
    assert "```" in (repo / "a.py").read_text()


def test_removed_fences_are_counted_in_the_trajectory(words):
    command, body = EDIT.split("\n", 1)
    extra = played(words, [f"{command}\n```python\n{body}\n```", "submit"])[0]["extra"]
    assert [action["fence_removed"] for action in extra["actions"]] == [True, False]
    assert extra["fences_removed"] == 1
    assert "```" not in extra["patch"]
    assert "+    return n % 2 == 0" in extra["patch"]
