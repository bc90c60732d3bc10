"""The commands of the `tools` scaffold, run for real."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.trajectories.scaffold import TOOLS
from scripts.trajectories.tools import SUBMITTED
from tests.trajectories.commands import install, run

SOURCE = '''"""Kit."""


def double(n):
    """Twice n."""

    return n + n


class Box:
    def open(self):
        return double(1)
'''


@pytest.fixture
def repo(tmp_path):
    workspace = install(tmp_path, view_lines=5, fuzzy_edit=True, strip_fences=True)
    (workspace / "kit").mkdir()
    (workspace / "kit" / "a.py").write_text(SOURCE)
    return workspace


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.12", "3.13"])
def test_it_runs_on_every_interpreter(repo, version):
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    python = next(iter(pyenv), None) or shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"Python {version} is neither under pyenv nor on PATH")
    shutil.copy(TOOLS, search := repo.parent / "search")
    done = subprocess.run([python, search, "double"], cwd=repo, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "kit/a.py:4\n"), done.stderr


def test_it_is_written_for_the_oldest_interpreter_of_the_benchmark():
    """Some of django's images have Python 3.5, which no machine of ours has."""
    read = subprocess.run([vermin(), "-t=3.5-", "--no-tips", TOOLS], capture_output=True, text=True)
    assert read.returncode == 0, read.stdout
    newer = subprocess.run([vermin(), "-t=3.5-", "--no-tips", __file__], capture_output=True, text=True)
    assert newer.returncode == 1, "and it would tell"


def vermin() -> Path:
    return Path(sys.executable).with_name("vermin")


def test_search_finds_where_a_name_is_defined(repo):
    assert run(repo, "search", "double") == (0, "kit/a.py:4\n")
    assert run(repo, "search", "Box") == (0, "kit/a.py:10\n")


def test_search_finds_text_and_says_how_much_more(repo):
    assert run(repo, "search", "Twice") == (0, 'kit/a.py:5: """Twice n."""\n')
    assert run(repo, "search", "double", "kit") == (0, "kit/a.py:4\n")
    (repo / "many.py").write_text("spam\n" * 14)
    code, said = run(repo, "search", "spam")
    assert (code, len(said.splitlines()), said.splitlines()[-1]) == (0, 11, "4 more places")


def test_search_leaves_out_version_control_and_what_is_no_file(repo):
    for place in (".git", "__pycache__"):
        (repo / place).mkdir()
        (repo / place / "b.py").write_text("def double(): pass\n")
    (repo / "gone.py").symlink_to("nowhere.py")
    assert run(repo, "search", "double") == (0, "kit/a.py:4\n")


def test_view_shows_a_block_a_range_and_never_more_than_its_limit(repo):
    block = '4 def double(n):\n5     """Twice n."""\n6 \n7     return n + n\n'
    assert run(repo, "view", "kit/a.py", "4") == (0, block)
    assert run(repo, "view", "kit/a.py", "11", "99") == (
        0,
        "11     def open(self):\n12         return double(1)\n",
    )
    for command in (["view", "kit/a.py"], ["view", "kit/a.py", "1", "12"]):
        assert len(run(repo, *command)[1].splitlines()) == 5


def test_edit_by_text_finds_its_place_whatever_the_indentation(repo):
    body = "return n + n\n=======\nif n:\n    return 2 * n\nreturn 0\n"
    assert run(repo, "edit", "kit/a.py", body=body) == (0, "replaced from line 7\n")
    changed = "    if n:\n        return 2 * n\n    return 0\n"
    assert (repo / "kit" / "a.py").read_text() == SOURCE.replace("    return n + n\n", changed)


def test_edit_by_lines_and_a_warning_where_it_does_not_parse(repo):
    assert run(repo, "edit", "kit/a.py", "5", "6", body='"""Two n."""') == (0, "replaced from line 5\n")
    assert run(repo, "edit", "kit/a.py", "4", body="def double(n:") == (
        0,
        "replaced from line 4\nsyntax error at line 4\n",
    )


@pytest.mark.parametrize(
    ("command", "body", "said"),
    [
        (["search"], "", "usage: search WORD [PATH]"),
        (["search", "absent"], "", "nothing found for absent"),
        (["search", "double", "lib"], "", "no path lib"),
        (["view", "b.py"], "", "no file b.py"),
        (["view", "kit/a.py", "99"], "", "no line 99; the file has 12"),
        (["view", "kit/a.py", "five"], "", "five is not a line number"),
        (["view", "kit/a.py", "5", "2"], "", "no lines 5 to 2; the file has 12"),
        (["edit", "kit/a.py", "7", "4"], "x", "line 4 comes before line 7"),
        (["edit", "kit/a.py"], "return n + n", "write the old lines, a line =======, and the new lines"),
        (["edit", "kit/a.py"], "return 1\n=======\nx", "the old lines are not in the file; view it again"),
        (["edit", "kit/a.py"], "return n + n\n=======\nreturn n + n", "that is what stands there already; nothing was changed"),
        (["edit", "kit"], "x\n=======\ny", "no file kit"),
        (["submit", "the", "form"], "", "usage: submit"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_changes_nothing(repo, command, body, said):
    assert run(repo, *command, body=body) == (1, f"error: {said}\n")
    assert (repo / "kit" / "a.py").read_text() == SOURCE


def test_old_lines_that_stand_twice_are_refused(repo):
    (repo / "kit" / "a.py").write_text("x = 1\nx = 1\n")
    assert run(repo, "edit", "kit/a.py", body="x = 1\n=======\nx = 2") == (
        1, "error: the old lines stand at 2 places; give more of them\n",
    )  # fmt: skip


def test_submit(repo):
    assert run(repo, "submit") == (0, SUBMITTED + "\n")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_text_in_any_encoding_goes_through_unchanged(repo, locale):
    latin = b"# coding: latin-1\n" + "# caf\xe9 \u2192\n".encode() + b"# caf\xe9\nx = 1\n"
    (repo / "b.py").write_bytes(latin)
    shown = "1 # coding: latin-1\n2 # caf\xe9 \u2192\n3 # caf\udce9\n4 x = 1\n"
    assert run(repo, "view", "b.py", locale=locale) == (0, shown)
    said = run(repo, "edit", "b.py", body="x = 1\n=======\nx = '\u2192'", locale=locale)
    assert said == (0, "replaced from line 4\n")
    assert (repo / "b.py").read_bytes() == latin.replace(b"x = 1", "x = '\u2192'".encode())
