"""2: workspaces were full clones, and `git log --all` showed the fix."""

from scripts.trajectories import workspace
from tests.small_repository import MARK, git, small


def everything(folder):
    """Contents of all objects of a repository, and what it knows of others."""
    objects = git(folder, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    return (
        objects
        + git(folder, "log", "--all", "--format=%H %an %s")
        + git(folder, "remote")
        + git(folder, "tag")
    )


def test_the_fix_is_in_a_clone_and_not_in_a_workspace(tmp_path):
    git(tmp_path, "clone", "--quiet", str(small().mirror), "clone")
    assert MARK in everything(tmp_path / "clone"), "the fault"
    workspace.create(small().mirror, small().base, tmp_path / "repo")
    assert MARK not in everything(tmp_path / "repo")
    assert small().future not in everything(tmp_path / "repo")


def test_a_workspace_holds_one_commit_and_its_objects(tmp_path):
    workspace.create(small().mirror, small().base, tmp_path / "repo")
    repo = tmp_path / "repo"
    assert git(repo, "rev-list", "--all", "--count") == "1\n"
    assert git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"
    kinds = git(repo, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    assert kinds.count("commit") == 1
    assert len(kinds) == len(git(repo, "rev-list", "--objects", "HEAD").splitlines())
    assert git(repo, "log", "--format=%an %ad %s", "--date=short") == "rehearsal 2000-01-01 base\n"
    assert not (repo / ".git" / "objects" / "info" / "alternates").exists()
    assert not (repo / ".git" / "logs").exists()
    assert git(repo, "status", "--short") == ""
