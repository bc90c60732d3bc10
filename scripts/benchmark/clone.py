"""Code source `git`: the wanted commits of a repository, by path or by URL.

A path is read where it lies. From a URL come the wanted commits alone, ten at a time and without history (`--depth=1`
of a hash: servers that speak git's protocol 2 allow it); a server that refuses gives the whole repository instead.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.benchmark.bundle import said
from scripts.errors import UserError
from scripts.files import sha256_of
from scripts.trajectories.gitdata import git, skeleton, tree_of

URL = re.compile(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s:]+:")
SETTINGS = {
    **{"core.hooksPath": os.devnull, "gc.auto": "0", "maintenance.auto": "false"},
    **{"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"},  # bytes a second, seconds
    # old histories hold objects that git would not write today; every object is checked by its hash all the same
    **{"fetch.fsckObjects": "false", "transfer.fsckObjects": "false"},
}
BATCH = 10  # commits in one request: what a broken connection can lose
WHOLE = ("+refs/heads/*:refs/whole/heads/*", "+refs/tags/*:refs/whole/tags/*")


def trees_of(code: str, wanted: dict[str, str], folder: Path, cache: Path) -> dict[str, str]:
    """Trees of the wanted commits, by task; `folder` becomes a repository that can read them.

    Args:
        code: URL or path of a git repository.
        wanted: the commit of each task.
        folder: a new folder for a repository without objects of its own.
        cache: where what comes from URLs is kept.

    Raises:
        UserError: there is no such repository, or it lacks a commit.
    """
    skeleton(folder, alternates=local(code) if not URL.match(code) else download(code, wanted, cache))
    trees = {task: tree_of(folder, commit) for task, commit in wanted.items()}
    for task, tree in trees.items():
        if tree is None:
            raise no_commit(task, wanted[task], code)
    return trees


def no_commit(task: str, commit: str, code: str) -> UserError:
    fix = (
        "set `code` to the repository that the benchmark was made from, or update the clone (git fetch --all)"
    )
    return UserError(f"task {task}", f"its commit {commit} is not in the repository {code}", fix)


def local(code: str) -> Path:
    """The folder of a local repository's objects, of a clone, a bare one or a worktree."""
    ask = ("git", "-c", "safe.directory=*", "rev-parse", "--show-prefix", "--path-format=absolute")
    ask += ("--git-path", "objects")
    folder = Path(code).expanduser()
    found = (
        subprocess.run(ask, cwd=folder, env=surroundings(), capture_output=True) if folder.is_dir() else None
    )
    if found is None or found.returncode:
        raise UserError(
            f"code {code}", "there is no git repository", "give the URL or the path of one, or `archives`"
        )
    below, _, objects = os.fsdecode(found.stdout).removesuffix("\n").partition("\n")
    if below:
        what = f"there is no git repository, but the folder {below} of one"
        raise UserError(f"code {code}", what, f"give the repository itself, not {below} in it")
    return Path(objects).resolve()


def download(url: str, wanted: dict[str, str], cache: Path) -> Path:
    """The objects of a repository under `cache` that has every wanted commit; what is there is not fetched again."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", url.rstrip("/").removesuffix(".git").rpartition("/")[2])
    place = cache.resolve() / f"{name}-{sha256_of(url)[:12]}.git"
    with locked(place):
        if absent := [commit for commit in dict.fromkeys(wanted.values()) if not kept(commit, place)]:
            try:
                fetch(url, absent, place)
            except subprocess.CalledProcessError as error:
                raise fault(url, wanted, error) from error
    return place / "objects"


def kept(commit: str, place: Path) -> bool:
    """Whether a commit is there with all its files: its ref is written last."""
    return tree_of(place, f"refs/wanted/{commit}") is not None


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold a repository of the cache, made where there is none, without what a killed git left in its way."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            shutil.rmtree(unfinished := place.with_suffix(".new"), ignore_errors=True)
            skeleton(unfinished).rename(place)
        for left in place.rglob("*.lock"):
            left.unlink()
        yield


def fetch(url: str, absent: list[str], place: Path) -> None:
    """Get commits without history, or all there is if the server does not give single commits."""
    if has("refs/whole", place):
        return fetch_whole(url, absent, place)
    for start in range(0, len(absent), BATCH):
        some = [f"{commit}:refs/wanted/{commit}" for commit in absent[start : start + BATCH]]
        try:
            network("--depth=1", url, *some, folder=place)
        except subprocess.CalledProcessError as error:
            if refused(error) or has("refs/wanted", place):
                raise
            return fetch_whole(url, absent, place)


def has(refs: str, place: Path) -> bool:
    return bool(git("for-each-ref", "--count=1", refs, folder=place))


def fetch_whole(url: str, wanted: list[str], place: Path) -> None:
    network(url, *WHOLE, folder=place)
    for commit in wanted:
        if tree_of(place, commit):
            git("update-ref", f"refs/wanted/{commit}", commit, folder=place)


def network(*arguments: str, folder: Path) -> None:
    """`git fetch` with the user's own proxies and credentials, which never asks for a password."""
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    command = ["git", *settings, "fetch", *quiet, *arguments]
    environment = surroundings() | {"GIT_DIR": str(folder), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def surroundings() -> dict[str, str]:
    """The environment without what ties git to another repository."""
    own = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)
    return {name: value for name, value in os.environ.items() if name not in own.stdout.split()}


def refused(error: subprocess.CalledProcessError) -> str | None:
    """The commit of which the server says that it does not have it."""
    found = re.search(rb"not our ref ([0-9a-f]{40})", error.stderr)
    return found[1].decode() if found else None


def fault(url: str, wanted: dict[str, str], error: subprocess.CalledProcessError) -> UserError:
    """What a user is told of a fetch that failed."""
    for task, commit in wanted.items():
        if commit == refused(error):
            return no_commit(task, commit, url)
    fix = "check URL and network and run again (what has come is kept), or give the path of a clone"
    return UserError(f"code {url}", f"it cannot be fetched ({said(error)})", fix)
