"""Fault 17: the few-shot example in the prompt was the solution of an evaluated task."""

import re
from pathlib import Path

import pytest

from scripts.trajectories import scaffold
from scripts.trajectories.scaffold import FOLDER

POCKET = FOLDER.parent / "pocket"
SCAFFOLDS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def named(text: str) -> set[str]:
    """Files and functions that a text names."""
    return set(re.findall(r"\w+/\w+\.py|(?<=def )\w+|\w+(?=\(\d+\))", text))


def shared(example: str, repository: Path) -> set[str]:
    """What an example names that a repository has."""
    sources = {str(path.relative_to(repository)): path.read_text() for path in repository.rglob("*.py")}
    defined = {name for source in sources.values() for name in re.findall(r"def (\w+)", source)}
    files = {name for name in named(example) if any(path.endswith(name) for path in sources)}
    return files | (named(example) & defined)


@pytest.mark.parametrize("name", SCAFFOLDS)
def test_the_example_is_of_no_evaluated_repository(name):
    example = "\n".join(scaffold.load(name).example)
    assert example
    assert not shared(example, POCKET)


def test_an_example_from_the_benchmark_is_noticed():
    path = sorted(
        path for path in POCKET.rglob("*.py") if re.search(r"^def \w+", path.read_text(), re.MULTILINE)
    )[0]
    function = re.search(r"def (\w+)", path.read_text()).group(1)
    place = f"{path.parent.name}/{path.name}"
    assert shared(f"search {function}\n{place}:3\n3 def {function}(x):", POCKET) >= {place, function}


def test_the_tools_example_is_about_what_it_says():
    assert {"shop/sums.py", "triple"} <= named("\n".join(scaffold.load("tools").example))


def test_without_the_switch_there_is_no_example():
    assert scaffold.load("tools").example_messages
    assert scaffold.load("tools", {"few_shot": False}).example_messages == []
