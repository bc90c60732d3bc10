"""What an environment is made of: the benchmark's specification of a version, in words that pip and a sandbox know.

The specifications are written for conda, root and the network. What is read differently here: conda's packages are
asked of pip; commands of `pre_install` that edit the repository are kept, those that install system packages or
download are left out and listed; `export` lines of `eval_commands` become variables, with the locale C.UTF-8, which
every system has, for en_US.UTF-8; `setup.py install` becomes an editable install, so that the tests see the workspace.
"""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from posixpath import dirname, join, normpath

import yaml

Read = Callable[[str], str | None]  # text of a file of the repository, or None

TOX = re.compile(r"tox (.*)-epy\d+(.*)")
# tox-current-env calls Python by a link in .tox, and by that name Python does not find its virtual environment (the command
# was written for conda's Python, which needs none). A script that lies there before is used in the link's place.
TOX_PYTHON = (
    "rm -rf .tox; mkdir -p .tox/{0}/bin; "
    """printf '#!/bin/sh\\nexec "%s" "$@"\\n' "$(command -v python)" > .tox/{0}/bin/python; """
    "chmod +x .tox/{0}/bin/python; "
)
OVERWRITES = {"en_US.UTF-8": "C.UTF-8", "en_US:en": "C"}
PIP_NAMES = {
    "dask-core": "dask", "matplotlib-base": "matplotlib", "netcdf4": "netCDF4", "iris": "scitools-iris",
    "pseudonetcdf": "PseudoNetCDF",
}  # fmt: skip
CONDA_ONLY = ("python", "pip", "hdf5", "cdms2", "pynio", "esmpy", "eccodes", "ffmpeg", "imagemagick")
# What a version needs beside its specification, as a line for pip: (repository, version, line, reason). Lines that keep out what
# today's registry would add are among them.
CONSTRAINTS = (
    ("sphinx-doc/sphinx", "[34].*", "docutils<0.18", "Sphinx before 4.4 does not know docutils 0.18"),
    ("sphinx-doc/sphinx", "5.0", "Pygments<2.19", "its tests compare HTML of before Pygments 2.19"),
    ("astropy/astropy", "1.3", "astropy-helpers==3.0.2", "its setup.py needs this submodule"),
    ("astropy/astropy", "3.1", "astropy-helpers==3.2.1", "its setup.py needs this submodule"),
    ("astropy/astropy", "3.1", "pyparsing<3.1", "later ones warn, and its tests take a warning for an error"),
    ("scikit-learn/scikit-learn", "0.2?", "cython<3", "its sources are of before Cython 3"),
    ("matplotlib/matplotlib", "3.[567]", "pytest<9", "pytest 9 refuses what its tests are parametrised with"),
    ("pydata/xarray", "*", "distributed==2022.8.1", "the release that belongs to the pinned dask"),
    (
        "pytest-dev/pytest",
        "5.4",
        "wcwidth==0.2.6",
        "the version's earlier commits need it, its latest does not",
    ),
)

# Variables of the test command that a version needs: (repository, version, variable, value, reason).
VARIABLES = (
    (
        "astropy/astropy",
        "3.1",
        "SETUPTOOLS_USE_DISTUTILS",
        "stdlib",
        "the distutils of setuptools warns, and its tests take a warning for an error",
    ),
)
# Pins that only conda can have, and the nearest release that the registry has for the version's interpreter; and one that warns
# of what the version's earlier commits import (its latest, of which the environment is made, does not), which are errors there.
NEAREST = {
    ("scikit-learn/scikit-learn", "1.3"): {"numpy==1.19.2": "numpy==1.19.3", "scipy==1.5.2": "scipy==1.5.4"},
    ("matplotlib/matplotlib", "3.7"): {"setuptools==68.1.2": "setuptools==67.2.0"},
}


@dataclass(frozen=True)
class Ingredients:
    """What a (repository, version) needs to run its tests.

    Attributes:
        python: the version of the interpreter; `published` is the specification's.
        requirements: lines for pip, each with pip's own syntax.
        constraints: lines of a constraints file.
        prepare: commands that edit the repository before it is installed and before its tests.
        install: the command that makes the repository importable, or empty.
        variables: of the test command.
        test_cmd: what the directives are appended to.
        release: the version that the repository takes itself for.
        source: the task on whose commit the install command runs.
        left_out: what the specification asks for and this does not.
    """

    python: str
    published: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    prepare: tuple[str, ...]
    install: str
    variables: tuple[tuple[str, str], ...]
    test_cmd: str
    release: str
    source: str
    left_out: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, content: dict) -> "Ingredients":
        lists = {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}
        return cls(**{**lists, "variables": tuple(tuple(pair) for pair in content["variables"])})

    def as_json(self) -> dict:
        return asdict(self)


def ingredients(
    repo: str, version: str, spec: dict, read: Read, source: str, python: str | None
) -> Ingredients:
    """A version's ingredients.

    Args:
        spec: of the swebench package, with the `paths` of its requirements.
        read: reads files of the commit that the environment is made from.
        source: the task of that commit.
        python: an interpreter's version that overrides the specification's.
    """
    wanted, missing = packages(spec, read)
    own = [pin for name, versions, pin, _ in CONSTRAINTS if name == repo and fnmatch(version, versions)]
    nearest = NEAREST.get((repo, version), {})
    requirements = [nearest.get(line, line) for line in (*wanted, *spec.get("pip_packages", []))]
    pins = [nearest.get(line, line) for line in spec.get("pip_packages", []) if "==" in line]
    prepare, skipped = edits(spec.get("pre_install", []))
    variables, ignored = exports(spec.get("eval_commands", []))
    variables |= {
        variable: value for name, of, variable, value, _ in VARIABLES if (name, of) == (repo, version)
    }
    used = python or spec["python"]
    return Ingredients(
        python=used,
        published=spec["python"],
        requirements=tuple(dict.fromkeys(requirements)),
        constraints=tuple(dict.fromkeys([*pins, *own])),
        prepare=tuple(prepare),
        install=re.sub(r"^python setup\.py .*", "python -m pip install -e .", spec.get("install", "")),
        variables=tuple(variables.items()),
        test_cmd=on_interpreter(spec["test_cmd"], used),
        release=f"{version.lstrip('v')}.0",
        source=source,
        left_out=(*missing, *skipped, *ignored),
    )


def plain(python: str | None, requirements: list[str], source: str) -> Ingredients:
    """The ingredients of a repository without a specification: itself, in editable form, and some requirements.

    Args:
        python: the interpreter's version, or None for that of the workflow's own.
    """
    used = python or f"{sys.version_info.major}.{sys.version_info.minor}"
    install = "python -m pip install -e ."
    return Ingredients(used, used, tuple(requirements), (), (), install, (), "", "1.0.0", source)


def packages(spec: dict, read: Read) -> tuple[list[str], list[str]]:
    """(lines for pip, what pip cannot have) of the specification's `packages`."""
    text = spec.get("packages", "")
    found = [path for path in spec["paths"] if read(path) is not None][:1]
    if text == "requirements.txt":
        return (lines(found[0], read), []) if found else ([], [f"none of {', '.join(spec['paths'])}"])
    if text == "environment.yml":
        return conda(read(found[0])) if found else ([], [f"none of {', '.join(spec['paths'])}"])
    return shlex.split(text), []


def lines(path: str, read: Read) -> list[str]:
    """The requirement lines of a file and of those it includes, without what the specification leaves out too."""
    found = []
    for line in (read(path) or "").splitlines():
        line = line.split(" #")[0].strip()
        if line.startswith("-r"):
            found += lines(normpath(join(dirname(path), line[2:].strip())), read)
        elif line and not line.startswith(("-e .", "#", ".[test")):
            found.append(line)
    return found


def conda(text: str) -> tuple[list[str], list[str]]:
    """(lines for pip, what only conda has) of an environment.yml."""
    found, missing = [], []
    for entry in yaml.safe_load(text)["dependencies"]:
        if isinstance(entry, dict):
            found += entry.get("pip", [])
            continue
        name, constraint = re.match(r"\s*([\w.-]+)\s*(.*)", entry).groups()
        if name in CONDA_ONLY:
            missing.append(f"{entry} (conda only)")
        else:
            found.append(PIP_NAMES.get(name, name) + re.sub(r"^=(?!=)(.*)", r"==\1.*", constraint))
    return found, missing


def edits(commands: list[str]) -> tuple[list[str], list[str]]:
    """(those that edit the repository's files, the others)."""
    kept = [command for command in commands if command.startswith(("sed -i", "grep -q"))]
    return kept, [command for command in commands if command not in kept]


def exports(commands: list[str]) -> tuple[dict[str, str], list[str]]:
    """(variables that the commands set, the other commands)."""
    found, others = {}, []
    for command in commands:
        if match := re.fullmatch(r"export (\w+)=(\S+)", command):
            found[match[1]] = OVERWRITES.get(match[2], match[2])
        else:
            others.append(command)
    return found, others


def on_interpreter(test_cmd: str, python: str) -> str:
    """The test command as it is called on this version of Python: tox names the interpreter that it runs on."""
    if not (found := TOX.fullmatch(test_cmd)):
        return test_cmd
    name = "py" + python.replace(".", "")
    return f"{TOX_PYTHON.format(name)}tox {found[1]}-e{name}{found[2]}"
