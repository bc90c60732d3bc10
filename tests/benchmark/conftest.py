"""The embedded benchmark, built once for all tests of this room."""

from pathlib import Path

import pytest

from scripts.benchmark.mine_pocket import build
from scripts.benchmark.mirror import mirror
from scripts.benchmark.task import check_tasks

PACKAGE = Path(__file__).parents[2] / "resources/pocket"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pocket")


@pytest.fixture(scope="session")
def benchmark(folder):
    """The content of benchmark.json; the bundle lies in `folder`."""
    return build(PACKAGE, folder / "repository.bundle", seed=0)


@pytest.fixture(scope="session")
def tasks(benchmark):
    return check_tasks(benchmark["sequences"][0]["tasks"], "benchmark.json")


@pytest.fixture(scope="session")
def repository(benchmark, folder):
    """The bare repository with the base commits."""
    return mirror(folder / "repository.bundle", folder / "cache")
