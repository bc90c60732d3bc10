"""The expert's replies, read as an agent's are and run by the tools, give the file as the gold patch leaves it, byte for byte."""

import difflib
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.trajectories import expert, scaffold, tools
from scripts.trajectories.actions import plain
from tests.small_repository import commit, git, small

NAME = "kit/core.py"
LINE = st.sampled_from(["", "    ", "=======", "x = 1", "    x = 1", "        y = 2", "def f():", "class A:"])
FIRST, LAST = st.sampled_from(["import a", "import b"]), st.sampled_from(["x = 1", "    end"])
# a reply cannot end with an empty line, and the tool gives a block the indentation of what it replaces: so no edit makes
# a file end with an empty line or begin with an indented one, and no Python is like that
FILE = st.builds(lambda first, lines, last: [first, *lines, last], FIRST, st.lists(LINE, max_size=12), LAST)


@pytest.fixture(autouse=True, params=["tools", "tools-real"])
def settings(request, monkeypatch):
    keys = scaffold.load(request.param)
    for name in tools.SETTINGS:
        monkeypatch.setitem(tools.SETTINGS, name, getattr(keys, name))


def patch(before, after, name=NAME):
    lines = [[f"{line}\n" for line in each] for each in (before, after)]
    header = [f"diff --git a/{name} b/{name}\n"]
    return "".join(header + list(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}")))


def play(replies, sources, folder):
    """The files after the replies' edits."""
    for name, text in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for reply in replies:
        action = plain(reply, ("search", "view", "edit", "submit"))
        if action.tool == "edit":
            name, *numbers = shlex.split(action.command)[1:]
            tools.edit([str(folder / name), *numbers], action.body)
    return {name: (folder / name).read_text() for name in sources}


@given(before=FILE, after=FILE)
def test_whatever_the_patch(tmp_path_factory, before, after):
    """Edits of several hunks, insertions and deletions anywhere, white space of every kind."""
    text = "".join(f"{line}\n" for line in before)
    replies = expert.script(patch(before, after), {NAME: text}, 24)
    assert replies[-1] == "submit"
    found = play(replies, {NAME: text}, tmp_path_factory.mktemp("play"))
    assert found[NAME] == "".join(f"{line}\n" for line in after)


def test_several_files_and_a_block_that_moves(tmp_path):
    """Moved up or down, the block is there twice in between: only its numbers tell which is meant."""
    before = ["a = 1", "b = 2", "c = 3", *[f"n{n} = 0" for n in range(9)], "d = 4"]
    after = ["a = 1", *[f"n{n} = 0" for n in range(9)], "b = 2", "c = 3", "d = 4"]
    other = ["x", "y"]
    both = patch(before, after) + patch(other, other[::-1], "kit/more.py")
    sources = {NAME: "\n".join(before) + "\n", "kit/more.py": "x\ny\n"}
    found = play(expert.script(both, sources, 24), sources, tmp_path)
    assert found == {NAME: "\n".join(after) + "\n", "kit/more.py": "y\nx\n"}


def test_what_is_no_python_is_viewed_by_its_lines():
    replies = expert.script(patch(["<b>", "x"], ["<b>", "y"], "a.html"), {"a.html": "<b>\nx\n"}, 24)
    assert replies == ["view a.html 1 4", "edit a.html\nx\n=======\ny", "submit"]


def test_a_new_file_is_left_out():
    new = "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n"
    assert expert.script(new, {}, 24) == ["submit"]


def test_a_file_without_a_last_line_end(tmp_path):
    text = "x\ny"
    marked = "--- a/k/a.py\n+++ b/k/a.py\n@@ -1,2 +1,2 @@\n-x\n+z\n y\n\\ No newline at end of file\n"
    found = play(expert.script(marked, {"k/a.py": text}, 24), {"k/a.py": text}, tmp_path)
    assert found == {"k/a.py": "z\ny"}


def test_a_patch_whose_line_numbers_are_off_is_put_where_git_puts_it(tmp_path):
    """As with the gold patches that come off a release: its lines are not those of the commit they were written for."""
    lines = [f"line_{number} = {number}" for number in range(30)]
    folder, changed = tmp_path / "off", [*lines[:20], "line_20 = 0", *lines[21:]]
    commit(folder, {NAME: "\n".join(["", "", "", *lines]) + "\n"})
    task = small().task
    git(folder, "update-ref", task.ref, "HEAD")
    moved = type(task)(**{**vars(task), "patch": patch(lines, changed)})
    mirror = Path(git(folder, "rev-parse", "--absolute-git-dir").strip())
    settled = expert.placed(moved, mirror)
    assert "@@ -21,7 +21,7 @@" in settled and "@@ -18,7 +18,7 @@" in moved.patch
    sources = expert.sources(moved, settled, mirror)
    found = play(expert.script(settled, sources, 24), sources, tmp_path / "play")
    assert found[NAME] == "\n".join(["", "", "", *changed]) + "\n"
