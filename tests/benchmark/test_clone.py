"""The wanted commits of a repository, by path and by URL: no more than these, once, and an error that can be acted on."""

import functools
import http.server
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.benchmark import clone
from scripts.errors import UserError
from scripts.trajectories.gitdata import git as bare
from tests.benchmark.published import history
from tests.small_repository import git


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history") / "source"
    return folder, history(folder)


@pytest.fixture
def source(original, tmp_path):
    shutil.copytree(original[0], tmp_path / "source")
    return tmp_path / "source", {task.id: task.base_commit for task in original[1]}


def right(folder, wanted):
    return {task: git(folder, "rev-parse", f"{commit}^{{tree}}").strip() for task, commit in wanted.items()}


def trees(code, wanted, tmp_path, place="git"):
    return clone.trees_of(str(code), wanted, tmp_path / place, tmp_path / "cache")


@pytest.mark.parametrize("form", ["a clone", "bare", "a worktree", "a packed one"])
def test_a_path_is_read_where_it_lies(source, tmp_path, form):
    folder, wanted = source
    code = tmp_path / "other"
    if form == "bare":
        git(folder, "clone", "--quiet", "--bare", ".", str(code))
    elif form == "a worktree":
        git(folder, "worktree", "add", "--quiet", str(code))
    else:
        code = folder
        git(folder, "gc", "--quiet") if form == "a packed one" else None
    assert trees(code, wanted, tmp_path) == right(folder, wanted)
    assert not (tmp_path / "cache").exists()


def test_a_url_gives_the_wanted_commits_and_no_history(source, tmp_path):
    folder, wanted = source
    assert trees(f"file://{folder}", wanted, tmp_path) == right(folder, wanted)
    (place,) = (tmp_path / "cache").glob("*.git")
    commits = bare(
        "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)", folder=place
    )
    found = {line.split()[1] for line in commits.decode().splitlines() if line.startswith("commit")}
    assert found == set(wanted.values())


def test_what_is_there_is_not_fetched_again(source, tmp_path, monkeypatch):
    folder, wanted = source
    expected = right(folder, wanted)
    asked = []
    real = clone.network
    monkeypatch.setattr(clone, "network", lambda *a, **k: (asked.append(a), real(*a, **k)))
    monkeypatch.setattr(clone, "BATCH", 1)
    one = dict([next(iter(wanted.items()))])
    trees(f"file://{folder}", one, tmp_path, "first")
    assert trees(f"file://{folder}", wanted, tmp_path, "second") == expected
    assert len(asked) == 2, "one request a commit"
    shutil.rmtree(folder)
    assert trees(f"file://{folder}", wanted, tmp_path, "third") == expected


def test_a_broken_connection_keeps_what_has_come(source, tmp_path, monkeypatch):
    folder, wanted = source
    real, calls = clone.network, []

    def breaks(*arguments, folder):
        calls.append(arguments)
        if len(calls) == 2:
            arguments = ("file:///gone", *arguments[1:])
        real(*arguments, folder=folder)

    monkeypatch.setattr(clone, "BATCH", 1)
    monkeypatch.setattr(clone, "network", breaks)
    with pytest.raises(UserError, match=r"cannot be fetched .*run again .what has come is kept"):
        trees(f"file://{folder}", wanted, tmp_path, "first")
    assert trees(f"file://{folder}", wanted, tmp_path, "second") == right(folder, wanted)
    assert len(calls) == 3, "the first commit was not asked for again"


def test_what_a_killed_fetch_left_is_in_nobodys_way(source, tmp_path):
    folder, wanted = source
    trees(f"file://{folder}", dict(list(wanted.items())[:1]), tmp_path, "first")
    (place,) = (tmp_path / "cache").glob("*.git")
    (place / "shallow.lock").write_text("")
    (place / "refs/wanted" / f"{wanted['kit__kit-2']}.lock").write_text("")
    shutil.copytree(place, place.with_suffix(".new"))
    assert trees(f"file://{folder}", wanted, tmp_path, "second") == right(folder, wanted)


def test_many_jobs_at_once(source, tmp_path):
    folder, wanted = source
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: trees(f"file://{folder}", wanted, tmp_path, f"git{n}"), range(4)))
    assert found == [right(folder, wanted)] * 4


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_server_without_single_commits_gives_the_whole_repository(source, tmp_path):
    folder, wanted = source
    git(folder, "clone", "--quiet", "--bare", ".", str(tmp_path / "www/kit.git"))
    git(tmp_path / "www/kit.git", "update-server-info")
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/kit.git"
        assert trees(url, wanted, tmp_path) == right(folder, wanted)
        absent = {"kit__kit-9": "1" * 40}
        with pytest.raises(
            UserError, match=f"task kit__kit-9: its commit {'1' * 40} is not in the repository"
        ):
            trees(url, absent, tmp_path, "second")
        server.shutdown()


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_commit_that_is_not_there(source, tmp_path, form):
    folder, wanted = source
    code = form.format(folder)
    with pytest.raises(UserError) as caught:
        trees(code, wanted | {"kit__kit-9": "1" * 40}, tmp_path)
    said = str(caught.value)
    assert said.startswith(
        f"task kit__kit-9: its commit {'1' * 40} is not in the repository {code}. Fix: set `code`"
    )


@pytest.mark.parametrize("code", ["nowhere", "", "archive", "."])
def test_no_repository_at_a_path(tmp_path, monkeypatch, code):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="there is no git repository"):
        trees(code, {"kit__kit-1": "1" * 40}, tmp_path)


def test_a_folder_of_a_repository_is_not_the_repository(source, tmp_path):
    folder, wanted = source
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "--quiet", str(folder), str(work)], check=True)
    (work / "part").mkdir()
    assert trees(str(work), wanted, tmp_path) == right(folder, wanted)
    with pytest.raises(
        UserError, match=r"there is no git repository, but the folder part/ of one\. Fix: give the"
    ):
        trees(str(work / "part"), wanted, tmp_path)


def test_no_repository_at_a_url(tmp_path):
    with pytest.raises(
        UserError, match=r"code file:///nowhere/kit.git: it cannot be fetched .*check URL and network"
    ):
        trees("file:///nowhere/kit.git", {"kit__kit-1": "1" * 40}, tmp_path)


def test_another_repositorys_variables_change_nothing(source, tmp_path, monkeypatch):
    folder, wanted = source
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    assert trees(f"file://{folder}", wanted, tmp_path) == right(folder, wanted)
    assert trees(folder, wanted, tmp_path, "second") == right(folder, wanted)
