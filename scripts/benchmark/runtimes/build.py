"""Environments of the local runtime, and the files that a build leaves in a repository: made once, named by content.

An environment is a virtual environment at /env on an interpreter at /python, with the repository installed in
editable form at /repo. Everybody who needs it waits for the first one to make it; a killed build leaves nothing that
counts.
"""

import json
import logging
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.benchmark.ingredients import Ingredients
from scripts.benchmark.runtimes import EnvironmentFailure
from scripts.benchmark.runtimes.builder import Builder, Built
from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json, sha256_of
from scripts.once import once
from scripts.trajectories import workspace
from scripts.trajectories.gitdata import git, listing
from scripts.trajectories.public import scratch

log = logging.getLogger(__name__)
# pip 21.3.1 is the last for Python 3.6; 24.0 the last that takes every option of the specifications, and metadata of then.
TOOLS = {"3.6": ("pip==21.3.1", "setuptools==59.6.0", "wheel==0.37.1")}
NEWER = ("pip==24.0", "setuptools==68.0.0", "wheel==0.42.0")
# Raise it when a change of this module or of builder.py changes what an environment or a layer holds. Not the modules'
# own hash: a build takes minutes to an hour, and what it gave is in its card, which keys of sessions and verdicts hold.
RECIPE = 1
LEFT = (".git", "build", "__pycache__", ".eggs", ".pytest_cache")  # of a build, what nobody needs afterwards
SOURCES = (".c", ".cpp", ".o", ".pyc", ".orig")
COMPILED = (".so", ".pyd")


@dataclass(frozen=True)
class Workshop:
    """What all builds of a repository share: its commits, a copied interpreter, and the cache.

    `complete`: an environment that lacks a requirement is none. The benchmark's specifications name what only conda has;
    a list of the user's own means every line.
    """

    mirror: Path
    python: Path
    cache: Path
    complete: bool = False

    def builder(self, place: Path, repo: Path, **options: bool) -> Builder:
        for folder in (place, self.cache / "pip"):
            folder.mkdir(parents=True, exist_ok=True)
        (temporary := repo.parent / "tmp").mkdir(exist_ok=True)
        return Builder(self.python, place, repo, self.cache / "pip", temporary, **options)


def tree_of(mirror: Path, ref: str) -> str:
    """Hash of a commit's tree."""
    return git("rev-parse", "--verify", f"{ref}^{{tree}}", folder=mirror).decode().strip()


def environment(what: Ingredients, shop: Workshop) -> Path:
    """The folder of an environment: env, layer (files that the install left in the repository), card.json.

    Raises:
        EnvironmentFailure: the repository cannot be installed, with pip's last words.
        UserError: the package registry does not answer.
    """
    ref = f"refs/tasks/{what.source}"
    used = {
        name: value
        for name, value in what.as_json().items()
        if name not in ("test_cmd", "left_out", "variables")
    }
    tools = TOOLS.get(what.python, NEWER)
    content = [RECIPE, used, tools, tree_of(shop.mirror, ref), shop.python.name]
    name = sha256_of([*content, *(["complete"] if shop.complete else [])])[:24]
    return once(shop.cache / "environments", name, lambda folder: _environment(what, shop, ref, folder))


def _environment(what: Ingredients, shop: Workshop, ref: str, folder: Path) -> None:
    with scratch() as place:
        workspace.create(shop.mirror, ref, place / "repo")
        builder = shop.builder(folder / "env", place / "repo")
        _must(builder, "/python/bin/python -m venv /env", "the virtual environment")
        tools = " ".join(TOOLS.get(what.python, NEWER))
        _must(builder, f"python -m pip install --quiet --upgrade {tools}", "pip itself")
        missing = _requirements(builder, what)
        if missing and shop.complete:
            raise EnvironmentFailure("pip cannot install {requirement} ({said})".format(**missing[0]))
        _install(builder, what)
        listed = _must(builder, "python -m pip list --format json 2>/dev/null", "pip list").splitlines()[-1]
        found = added(place / "repo", shop.mirror, ref, folder / "layer")
    card = {"ingredients": what.as_json(), "missing": missing, "installed": json.loads(listed)}
    card |= {"compiled": any(path.endswith(COMPILED) for path in found)}
    atomic_write(folder / "card.json", canonical_json(card) + "\n")


def _run(builder: Builder, command: str, variables: dict[str, str] | None = None) -> Built:
    """Run a command that may ask the registry, once more if a server gave trouble.

    Raises:
        UserError: the registry is silent, which is no property of the environment: nothing made meanwhile is kept.
    """
    done = builder.run(command, variables)
    if done.returncode and done.disturbed:
        done = builder.run(command, variables)
    if done.returncode:
        _ask_registry(builder)
    return done


def _ask_registry(builder: Builder) -> None:
    """UserError where the registry does not even have pip: pip itself takes its silence for "no such package"."""
    asked = builder.run("python -m pip download --no-deps --dest /tmp/asked pip")
    if asked.returncode:
        fix = "check the network and run again; what was built before is kept"
        raise UserError("package registry", f"it does not answer ({asked.last_words})", fix)


def _must(builder: Builder, command: str, what: str) -> str:
    done = _run(builder, command)
    if done.returncode:
        raise EnvironmentFailure(f"{what} failed: {done.last_words}")
    return done.output


def _requirements(builder: Builder, what: Ingredients) -> list[dict]:
    """Install all lines at once, or each for itself where one of them cannot be; returns those, with pip's words."""
    (builder.scratch / "constraints.txt").write_text("\n".join(what.constraints) + "\n")
    lines = [*what.requirements, *(line for line in what.constraints if line not in what.requirements)]
    if not lines or _pip(builder, lines).returncode == 0:
        return []
    results = [(line, _pip(builder, [line])) for line in lines]
    missing = [{"requirement": line, "said": done.last_words} for line, done in results if done.returncode]
    for each in missing:
        log.warning("%s is not installed: %s", each["requirement"], each["said"])
    return missing


def _pip(builder: Builder, lines: list[str]) -> Built:
    (builder.scratch / "requirements.txt").write_text("\n".join(lines) + "\n")
    return _run(builder, "python -m pip install -c /tmp/constraints.txt -r /tmp/requirements.txt")


def _install(builder: Builder, what: Ingredients) -> None:
    """Edit the repository as the specification does, then install it in editable form."""
    variables = {"SETUPTOOLS_SCM_PRETEND_VERSION": what.release}  # a workspace has no tags
    command = "\n".join([*what.prepare, f"{what.install or 'true'}"])
    done = _run(builder, command, variables)
    if done.returncode:
        raise EnvironmentFailure(f"`{what.install}` failed: {done.last_words}")


def added(repo: Path, mirror: Path, ref: str, target: Path) -> list[str]:
    """Copy what a build added to a repository; returns the paths."""
    known = {os.fsdecode(path) for path in listing(mirror, tree_of(mirror, ref))}
    found = []
    for root, folders, files in os.walk(repo):
        folders[:] = [name for name in folders if name not in LEFT]
        below = [os.path.relpath(os.path.join(root, name), repo) for name in files]
        found += [path for path in below if path not in known and not path.endswith(SOURCES)]
    for path in found:
        if not (repo / path).is_symlink() and not (repo / path).is_file():
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repo / path, target / path, follow_symlinks=False)
    return sorted(found)


def layer(what: Ingredients, shop: Workshop, folder: Path, task: str) -> Path:
    """What lies over a task's workspace: the environment's own files, or, where it compiles, the task's own build.

    Raises:
        EnvironmentFailure: the task's commit cannot be built.
    """
    if task == what.source or not json.loads((folder / "card.json").read_text())["compiled"]:
        return folder / "layer"
    ref = f"refs/tasks/{task}"
    name = f"{folder.name}-{tree_of(shop.mirror, ref)[:16]}"
    return once(shop.cache / "layers", name, lambda half: _build(what, shop, folder, ref, half))


def _build(what: Ingredients, shop: Workshop, folder: Path, ref: str, target: Path) -> None:
    """Install a task's commit into a throw-away copy of the environment, and keep the files it made."""
    with scratch() as place:
        workspace.create(shop.mirror, ref, place / "repo")
        shutil.copytree(folder / "env", place / "env", symlinks=True)
        _install(shop.builder(place / "env", place / "repo"), replace(what, requirements=()))
        added(place / "repo", shop.mirror, ref, target)
