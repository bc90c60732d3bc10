"""The bundle of base commits: the trees that were asked for, nothing else, and the same bytes wherever they come from."""

import shutil

import pytest

from scripts.benchmark import bundle, clone
from scripts.benchmark.mirror import mirror
from scripts.errors import UserError
from scripts.trajectories import workspace
from scripts.trajectories.gitdata import git as bare
from scripts.trajectories.gitdata import skeleton, tree_of
from tests.benchmark.published import history
from tests.small_repository import git


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history") / "source"
    return folder, history(folder)


@pytest.fixture
def source(original, tmp_path):
    shutil.copytree(original[0], tmp_path / "source")
    return tmp_path / "source", original[1]


def made(source, tasks, folder, code=None):
    """A bundle and the repository it was made from."""
    wanted = {task.id: task.base_commit for task in tasks}
    trees = clone.trees_of(code or str(source), wanted, folder / "git", folder / "cache")
    bundle.write(
        {f"refs/tasks/{task}": tree for task, tree in trees.items()}, folder / "git", folder / "bundle"
    )
    return folder / "bundle"


def test_one_commit_a_task_with_exactly_its_tree(source, tmp_path):
    folder, tasks = source
    place = mirror(made(folder, tasks, tmp_path / "one"), tmp_path / "mirrors")
    assert bare("for-each-ref", "--format=%(refname)", folder=place).decode().split() == [
        t.ref for t in tasks
    ]
    for task in tasks:
        assert tree_of(place, task.ref) == git(folder, "rev-parse", f"{task.base_commit}^{{tree}}").strip()
        assert bare("rev-list", "--count", task.ref, folder=place) == b"1\n"


def test_nothing_of_the_future_is_in_it(source, tmp_path):
    folder, tasks = source
    place = mirror(made(folder, tasks, tmp_path / "one"), tmp_path / "mirrors")
    everything = bare("cat-file", "--batch-all-objects", "--batch", "--buffer", folder=place)
    assert b"return 3" in everything and b"return 2\n" in everything
    assert b"test_two" not in everything


def test_a_workspace_begins_with_the_bundles_commit(source, tmp_path):
    folder, tasks = source
    place = mirror(made(folder, tasks, tmp_path / "one"), tmp_path / "mirrors")
    workspace.create(place, tasks[0].ref, tmp_path / "repo")
    assert (
        git(tmp_path / "repo", "rev-parse", "HEAD") == bare("rev-parse", tasks[0].ref, folder=place).decode()
    )


def test_the_same_bytes_from_every_form_of_the_repository(source, tmp_path):
    folder, tasks = source
    loose = made(folder, tasks, tmp_path / "loose")
    url = made(folder, tasks, tmp_path / "url", f"file://{folder}")
    git(folder, "repack", "-adf", "--window=50", "--write-bitmap-index")
    packed = made(folder, tasks, tmp_path / "packed")
    assert loose.read_bytes() == url.read_bytes() == packed.read_bytes()


def test_content_that_is_not_there_is_named(source, tmp_path):
    folder, tasks = source
    blob = git(folder, "rev-parse", f"{tasks[0].base_commit}:kit/core.py").strip()
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(
        UserError, match=r"task kit__kit-1: the repository lacks the content of kit/core.py.*whole clone"
    ):
        made(folder, tasks, tmp_path / "one")


def test_folders_that_are_not_there(source, tmp_path):
    folder, tasks = source
    tree = git(folder, "rev-parse", f"{tasks[0].base_commit}:kit").strip()
    (folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(UserError, match=f"task kit__kit-1: the repository lacks the content of {tree}"):
        made(folder, tasks, tmp_path / "one")


def test_a_tree_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="whole clone"):
        bundle.write({"refs/tasks/x": "1" * 40}, skeleton(tmp_path / "git"), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
