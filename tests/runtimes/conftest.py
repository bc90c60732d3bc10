"""A workspace of the tiny repository's task, as a container is given it."""

from pathlib import Path

import pytest

from scripts.trajectories import workspace
from tests.small_repository import small


@pytest.fixture
def place(tmp_path) -> Path:
    workspace.create(small().mirror, small().task.ref, tmp_path / "repo")
    return tmp_path / "repo"
