"""Rule swebench: an environment of its own for the benchmark's specifications, parsers and graders."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job
from scripts.once import once


def make(requirements: Path, folder: Path) -> dict:
    """Make the virtual environment `folder`, whole or not at all; returns its card.

    Raises:
        UserError: it cannot be made or filled, with pip's last words.
    """
    once(folder.parent, folder.name, lambda half: _fill(half, requirements))
    listed = _run([folder / "bin" / "python", "-m", "pip", "list", "--format", "json"], "pip list")
    packages = {package["name"]: package["version"] for package in json.loads(listed)}
    return {"python": f"{folder.name}/bin/python", "packages": packages}


def _fill(folder: Path, requirements: Path) -> None:
    _run([sys.executable, "-m", "venv", folder], "the virtual environment")
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements]
    _run(pip, str(requirements))


def _run(command: list, what: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        fix = "see that the package registry can be reached, then run again"
        raise UserError("swebench environment", f"{what} failed ({(said or ['no words'])[-1]})", fix)
    return done.stdout


def main(snakemake: Any) -> None:
    """Make the environment, write its card."""
    with job(snakemake):
        card = Path(snakemake.output.card)
        atomic_write(
            card, canonical_json(make(Path(snakemake.input.requirements), card.with_suffix(""))) + "\n"
        )


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
