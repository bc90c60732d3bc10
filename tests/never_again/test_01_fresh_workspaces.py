"""1: workspaces were shared and reset with git, so staged edits survived into the next session."""

import subprocess

import pytest

from scripts.errors import UserError
from scripts.trajectories import workspace
from tests.small_repository import git, small


def test_the_old_reset_leaves_staged_edits_and_a_fresh_workspace_does_not(tmp_path):
    path = tmp_path / "one"
    tree = workspace.create(small().mirror, small().base, path)
    (path / "README.md").write_text("a staged edit\n")
    git(path, "add", "README.md")
    subprocess.run("git checkout -- . && git clean -fdq", shell=True, cwd=path, check=True)
    assert workspace.tree(path) != tree, "the fault: the edit is still there"
    assert (
        workspace.create(small().mirror, small().base, tmp_path / "two")
        == tree
        == workspace.tree(tmp_path / "two")
    )


def test_a_workspace_is_never_made_over_another(tmp_path):
    workspace.create(small().mirror, small().base, tmp_path / "one")
    with pytest.raises(FileExistsError):
        workspace.create(small().mirror, small().base, tmp_path / "one")


def test_files_that_are_not_the_commits_are_noticed(tmp_path, monkeypatch):
    made = workspace.populate

    def tampered(outside, tree, path):
        made(outside, tree, path)
        (path / "README.md").write_text("left over\n")

    monkeypatch.setattr(workspace, "populate", tampered)
    with pytest.raises(UserError, match="its files hash to"):
        workspace.create(small().mirror, small().base, tmp_path / "one")
