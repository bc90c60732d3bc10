"""A workspace is one commit and nothing else, and its patch is right whatever was done to it."""

import os
import subprocess

import pytest

from scripts.errors import UserError
from scripts.trajectories import workspace
from tests.small_repository import FILES, git, small


@pytest.fixture
def made(tmp_path):
    """A fresh workspace and its base tree."""
    path = tmp_path / "repo"
    return path, workspace.create(small().mirror, small().base, path)


def replayed(patch, tmp_path):
    """Tree of a second workspace after `git apply` of the patch."""
    path = tmp_path / "second"
    workspace.create(small().mirror, small().base, path)
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch.encode(), cwd=path, check=True)
    return workspace.tree(path)


def test_tree_is_the_commits_tree(made):
    path, tree = made
    assert (
        tree == git(small().mirror, "rev-parse", f"{small().base}^{{tree}}").strip() == workspace.tree(path)
    )
    assert {
        str(file.relative_to(path)) for file in path.rglob("*") if ".git" not in file.parts and file.is_file()
    } == set(FILES)


def test_unknown_commit_is_named(tmp_path):
    with pytest.raises(UserError, match="no commit 1234"):
        workspace.create(small().mirror, "1234", tmp_path / "repo")


def test_identical_workspaces_have_identical_commits(made, tmp_path):
    path, _ = made
    workspace.create(small().mirror, small().base, tmp_path / "again")
    assert git(path, "rev-parse", "HEAD") == git(tmp_path / "again", "rev-parse", "HEAD")


def test_untouched_has_no_patch(made):
    path, tree = made
    (path / "kit" / "__pycache__").mkdir()
    (path / "kit" / "__pycache__" / "numbers.pyc").write_bytes(b"x")
    (path / "empty").mkdir()
    assert workspace.diff(path, tree) == ""


def write_new(path):
    (path / "new").mkdir()
    (path / "new" / "file.py").write_text("x = 1\n")


def write_binary(path):
    (path / "data.bin").write_bytes(bytes(range(256)) * 4)


def write_latin(path):
    (path / "latin.py").write_bytes("é = 1\n".encode("latin-1"))


def delete(path):
    (path / "kit" / "numbers.py").unlink()


def make_executable(path):
    (path / "README.md").chmod(0o755)


def make_link(path):
    os.symlink("/etc/passwd", path / "link")


def file_becomes_folder(path):
    (path / "README.md").unlink()
    (path / "README.md").mkdir()
    (path / "README.md" / "inner").write_text("x\n")


def odd_name(path):
    (path / 'a "b"\tc\n').write_text("x\n")


def no_final_newline(path):
    (path / "README.md").write_text("a\r\nb")


@pytest.mark.parametrize(
    "edit",
    [
        write_new,
        write_binary,
        write_latin,
        delete,
        make_executable,
        make_link,
        file_becomes_folder,
        odd_name,
        no_final_newline,
    ],
)
def test_patch_carries_every_kind_of_change(made, tmp_path, edit):
    path, tree = made
    edit(path)
    patch = workspace.diff(path, tree)
    assert patch
    assert replayed(patch, tmp_path) == workspace.tree(path) != tree


def no_repository(path):
    subprocess.run(["rm", "-rf", ".git"], cwd=path, check=True)


def hostile_configuration(path):
    git(path, "config", "core.hooksPath", "hooks")
    git(path, "config", "diff.external", "touch /tmp/ran-by-diff; false")
    git(path, "config", "filter.x.clean", "cat /dev/null")
    git(path, "config", "core.worktree", "/")
    (path / ".gitattributes").write_text(
        "* filter=x diff=x -diff text eol=crlf ident working-tree-encoding=UTF-16\n"
    )


def ignores(path):
    (path / ".gitignore").write_text("*\n")
    (path / ".git" / "info" / "exclude").write_text("*\n")


def staged(path):
    (path / "README.md").write_text("staged\n")
    git(path, "add", "README.md")
    (path / "README.md").write_text(FILES["README.md"])
    git(path, "update-index", "--assume-unchanged", "kit/numbers.py")


def committed(path):
    (path / "kit" / "extra.py").write_text("NAME = 2\n")
    git(path, "commit", "--quiet", "--all", "--message", "hidden")


def nested_repository(path):
    (path / "vendor").mkdir()
    git(path / "vendor", "init", "--quiet")
    (path / "vendor" / "code.py").write_text("x = 1\n")


def git_is_a_file(path):
    no_repository(path)
    (path / ".git").write_text("gitdir: /somewhere/else\n")


@pytest.mark.parametrize(
    "trick",
    [no_repository, hostile_configuration, ignores, staged, committed, nested_repository, git_is_a_file],
)
def test_patch_is_of_files_whatever_became_of_git(made, tmp_path, trick):
    path, tree = made
    (path / "kit" / "numbers.py").write_text("def is_even(n):\n    return True\n")
    trick(path)
    patch = workspace.diff(path, tree)
    assert "+    return True" in patch
    assert ".git/" not in patch
    assert replayed(patch, tmp_path) == workspace.tree(path)


def test_pipes_sockets_and_endless_folders_do_no_harm(made):
    path, tree = made
    os.mkfifo(path / "pipe")
    deep = path
    for _ in range(150):
        deep = deep / "d"
        deep.mkdir()
    (deep / "bottom").write_text("x")
    assert workspace.diff(path, tree) == ""


def test_links_are_not_followed(made):
    path, tree = made
    (path / "kit" / "numbers.py").unlink()
    os.symlink("/etc/passwd", path / "kit" / "numbers.py")
    os.symlink("/etc", path / "etc")
    patch = workspace.diff(path, tree)
    assert "root:" not in patch
    assert "+/etc/passwd" in patch
    assert "hostname" not in patch


def test_discard_leaves_nothing(made):
    path, _ = made
    (path / "closed").mkdir(mode=0)
    workspace.discard(path)
    assert list(path.parent.iterdir()) == []


def test_what_is_laid_over_it_is_no_part_of_it_whatever_becomes_of_it(made, tmp_path):
    path, tree = made
    for name in ("kit/fast.so", "kit.egg-info/PKG-INFO", "kit/version.py"):
        (tmp_path / "layer" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "layer" / name).write_text("built")
    workspace.lay(tmp_path / "layer", path)
    assert (path / "kit" / "fast.so").read_text() == "built"
    assert workspace.tree(path) == tree
    assert git(path, "status", "--porcelain") == ""
    (path / "kit" / "fast.so").write_text("changed")
    (path / "kit" / "version.py").unlink()
    (path / "kit" / "mine.py").write_text("x = 1\n")
    patch = workspace.diff(path, tree)
    assert "mine.py" in patch
    assert "fast.so" not in patch
    assert "version.py" not in patch
