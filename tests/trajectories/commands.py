"""The scaffold's commands as the sandbox runs them: the real file, under its four names, in a folder of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.trajectories.scaffold import TOOLS


def install(folder: Path, **settings: object) -> Path:
    """Put the commands and their settings beside a new workspace, which is returned."""
    commands, workspace = folder / "bin", folder / "repo"
    commands.mkdir()
    workspace.mkdir()
    for name in ("search", "view", "edit", "submit"):
        shutil.copy(TOOLS, commands / name)
    (commands / "settings.json").write_text(json.dumps(settings))
    return workspace


def run(workspace: Path, *command: str, body: str | bytes = "", locale: str = "C.UTF-8") -> tuple[int, str]:
    """(return code, output) of a command; bytes that are not UTF-8 come back as surrogates."""
    name, *arguments = command
    raw = body.encode() if isinstance(body, str) else body
    done = subprocess.run(
        [sys.executable, "-S", "-E", workspace.parent / "bin" / name, *arguments],
        cwd=workspace, input=raw, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"LC_ALL": locale, "PATH": os.defpath},
    )  # fmt: skip
    return done.returncode, done.stdout.decode(errors="surrogateescape")
