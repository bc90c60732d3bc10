"""What real repositories hold comes into a workspace as it is committed, and goes out of it as a patch that applies."""

import os
from pathlib import Path

import pytest

from scripts.trajectories import gitdata, workspace
from tests.small_repository import git

COMMIT = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # of a submodule: nobody here has it
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
ATTRIBUTES = """\
*.bat text eol=crlf
*.sh text eol=lf
*.auto text=auto
version.py export-subst ident
docs export-ignore
*.bin filter=lfs diff=lfs merge=lfs -text
*.wide text working-tree-encoding=UTF-16
"""
FILES = {
    b".gitattributes": ATTRIBUTES.encode(),
    b".gitignore": b"*.log\nbuild/\n__pycache__/\n",
    b".gitmodules": b'[submodule "helpers"]\n\tpath = helpers\n\turl = ../helpers\n',
    b"run.bat": b"echo 1\r\necho 2\r\n",
    b"mixed.bat": b"echo 1\r\necho 2\n",
    b"unix.sh": b"echo 1\r\n",
    b"some.auto": b"a\r\nb\n",
    b"version.py": b"hash = '$Format:%H$'\nid = '$Id$'\n",
    b"docs/index.rst": b"not exported\n",
    b"model.bin": POINTER.encode(),
    b"text.wide": b"wide\n",
    b"ignored.log": b"tracked all the same\n",
    b"build/made.txt": b"tracked too\n",
    b"pkg/__pycache__/old.pyc": b"\0tracked\n",
    b"empty.py": b"",
    b"no newline.txt": b"x",
    "über.py".encode(): b"u = 1\n",
    "latin-é.py".encode("latin-1"): b"e = 1\n",
    b"sub-1/a": b"1\n",
    b"sub.d/a": b"1\n",
}
LINKS = {b"link": b"empty.py", b"to_folder": b"docs", b"dangling": b"no/where", b"outside": b"/etc/passwd"}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory) -> Path:
    """A bare repository with one commit that holds all of it, put together in the index."""
    folder = gitdata.skeleton(tmp_path_factory.mktemp("real") / "mirror.git")

    def entry(mode: str, name: bytes, sha: str) -> bytes:
        return f"{mode} {sha}\t".encode() + name + b"\0"

    def blob(content: bytes) -> str:
        return gitdata.git("hash-object", "-w", "--stdin", folder=folder, stdin=content).decode().strip()

    lines = [entry("100644", name, blob(content)) for name, content in FILES.items()]
    lines += [entry("120000", name, blob(target)) for name, target in LINKS.items()]
    lines += [entry("100755", b"tool", blob(b"#!/bin/sh\n")), entry("160000", b"helpers", COMMIT)]
    lines += [entry("160000", b"sub", COMMIT)]
    gitdata.git("update-index", "-z", "--index-info", folder=folder, stdin=b"".join(lines))
    tree = gitdata.git("write-tree", folder=folder).decode().strip()
    commit = gitdata.git("commit-tree", tree, "-m", "x", folder=folder).decode().strip()
    gitdata.git("update-ref", "refs/tasks/real-1", commit, folder=folder)
    return folder


@pytest.fixture
def made(mirror, tmp_path) -> tuple[Path, str]:
    path = tmp_path / "repo"
    return path, workspace.create(mirror, "refs/tasks/real-1", path)


def test_every_file_is_as_committed(made, mirror):
    path, tree = made
    assert tree == gitdata.tree_of(mirror, "refs/tasks/real-1") == workspace.tree(path)
    for name, content in FILES.items():
        assert Path(os.fsdecode(bytes(path) + b"/" + name)).read_bytes() == content
    assert {name: os.readlink(bytes(path) + b"/" + name) for name in LINKS} == LINKS
    assert os.access(path / "tool", os.X_OK) and not os.access(path / "empty.py", os.X_OK)
    assert list((path / "helpers").iterdir()) == []


def test_git_inside_sees_no_change(made):
    assert git(made[0], "status", "--short", "--untracked-files=all", "--ignored") == ""


def test_untouched_has_no_patch(made):
    path, tree = made
    (path / "pkg" / "__pycache__" / "new.pyc").write_bytes(b"a cache")
    (path / "__pycache__").mkdir()
    (path / "__pycache__" / "new.pyc").write_bytes(b"a cache")
    assert workspace.diff(path, tree) == ""


def edit_line_ends(path):
    (path / "run.bat").write_bytes(b"echo 1\necho 2\r\n")
    (path / "unix.sh").write_bytes(b"echo 1\n")


def edit_attributes(path):
    (path / ".gitattributes").write_text("* text=auto eol=crlf\n")
    (path / "version.py").write_text("hash = '$Format:%h$'\nid = '$Id: 1 $'\n")


def edit_wide(path):
    (path / "text.wide").write_bytes("wider\n".encode("utf-16"))


def edit_pointer(path):
    (path / "model.bin").write_bytes(b"\0" * 100)


def edit_links(path):
    (path / "link").unlink()
    os.symlink("über.py", path / "link")
    (path / "to_folder").unlink()
    (path / "to_folder").mkdir()
    (path / "to_folder" / "file").write_text("x\n")


def edit_tracked_cache(path):
    (path / "pkg" / "__pycache__" / "old.pyc").write_bytes(b"other")


def delete_submodule(path):
    (path / "helpers").rmdir()


def fill_submodule(path):
    (path / "helpers" / "own.py").write_text("x = 1\n")


def delete_odd_names(path):
    (path / "no newline.txt").unlink()
    os.unlink(bytes(path) + b"/" + "latin-é.py".encode("latin-1"))


@pytest.mark.parametrize(
    "edit",
    [
        edit_line_ends,
        edit_attributes,
        edit_wide,
        edit_pointer,
        edit_links,
        edit_tracked_cache,
        delete_submodule,
        fill_submodule,
        delete_odd_names,
    ],
)
def test_a_patch_applies_in_the_index_and_gives_the_same_tree(made, mirror, tmp_path, edit):
    path, tree = made
    edit(path)
    patch = workspace.diff(path, tree)
    outside = gitdata.skeleton(tmp_path / "outside.git", alternates=mirror / "objects")
    gitdata.git("read-tree", tree, folder=outside)
    gitdata.git("apply", "--cached", "--whitespace=nowarn", "-", folder=outside, stdin=patch.encode())
    assert gitdata.git("write-tree", folder=outside).decode().strip() == workspace.tree(path) != tree
