"""Snakemake itself on the real Snakefile, in a folder of the test's own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def snakemake(tmp_path: Path) -> Run:
    """Run Snakemake with some arguments; results would go to the test's folder."""

    def run(*arguments: str, snakefile: Path = ROOT / "Snakefile") -> subprocess.CompletedProcess:
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            snakefile,
            "--directory",
            tmp_path,
            *arguments,
        ]
        environment = {name: value for name, value in os.environ.items() if name != "REHEARSAL_WORKDIR"}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)

    return run


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.fixture
def schema() -> dict:
    return yaml.safe_load((ROOT / "resources/schemas/config.schema.yaml").read_text())
