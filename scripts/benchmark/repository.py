"""git, without the habits of the machine it runs on, and bundles of commits whose hashes never change."""

import os
import subprocess
import tempfile
from pathlib import Path

AUTHOR = "pocket <pocket@example.org> 1704103200 +0000"
MESSAGE = "pocket 1.0\n"


def git(*arguments: str, cwd: Path | str = ".", stdin: bytes | None = None) -> str:
    """Output of a git command that reads no configuration of user or system; raises CalledProcessError."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    command = ["git", "-c", "pack.threads=1", *arguments]
    return subprocess.run(
        command, cwd=cwd, input=stdin, env=environment, check=True, capture_output=True
    ).stdout.decode()


def write_bundle(trees: dict[str, dict[str, str]], bundle: Path) -> dict[str, str]:
    """Bundle one root commit a tree, each under refs/tasks/<name>; returns the commits' hashes.

    Args:
        trees: for each name the commit's files as path -> text.
        bundle: file to write; the same trees and git version give the same bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        git("init", "--quiet", "--bare", "--template=", "--object-format=sha1", folder)
        git(
            "fast-import",
            "--quiet",
            cwd=folder,
            stdin=b"".join(commit(*item) for item in sorted(trees.items())),
        )
        git("bundle", "create", "--quiet", "--version=2", str(Path(bundle).resolve()), "--all", cwd=folder)
        lines = git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", cwd=folder).splitlines()
    return dict(line.split() for line in lines)


def commit(name: str, files: dict[str, str]) -> bytes:
    """A root commit in git's fast-import format."""
    head = f"commit refs/tasks/{name}\nauthor {AUTHOR}\ncommitter {AUTHOR}\n".encode() + data(MESSAGE)
    blobs = (f"M 100644 inline {path}\n".encode() + data(text) for path, text in sorted(files.items()))
    return head + b"".join(blobs) + b"\n"


def data(text: str) -> bytes:
    """Text with its length, as fast-import takes it."""
    raw = text.encode()
    return f"data {len(raw)}\n".encode() + raw + b"\n"
