"""git, without the habits of the machine it runs on, and bundles of commits whose hashes never change."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

AUTHOR = "pocket <pocket@example.org> 1704103200 +0000"
MESSAGE = "pocket 1.0\n"
SUBMODULE = "160000"


class File(NamedTuple):
    """A file as git stores it; of a link `data` is what it points to, of a submodule the commit's hash."""

    data: bytes
    mode: str = "100644"


def git(*arguments: str, cwd: Path | str = ".", stdin: bytes | None = None) -> str:
    """Output of a git command that reads no configuration of user or system; raises CalledProcessError."""
    return git_bytes(*arguments, cwd=cwd, stdin=stdin).decode()


def git_bytes(*arguments: str, cwd: Path | str = ".", stdin: bytes | None = None) -> bytes:
    """The same, as bytes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    command = ["git", "-c", "pack.threads=1", *arguments]
    return subprocess.run(
        command, cwd=cwd, input=stdin, env=environment, check=True, capture_output=True
    ).stdout


def write_bundle(trees: Mapping[str, Mapping[str, str | File]], bundle: Path) -> dict[str, str]:
    """Bundle one root commit a tree, each under refs/tasks/<name>; returns the commits' hashes.

    Args:
        trees: for each name the commit's files as path -> text or File.
        bundle: file to write; the same trees and git version give the same bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        git("init", "--quiet", "--bare", "--template=", "--object-format=sha1", folder)
        git("fast-import", "--quiet", cwd=folder, stdin=stream(trees))
        git("bundle", "create", "--quiet", "--version=2", str(Path(bundle).resolve()), "--all", cwd=folder)
        lines = git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", cwd=folder).splitlines()
    return dict(line.split() for line in lines)


def stream(trees: Mapping[str, Mapping[str, str | File]]) -> bytes:
    """The commits in git's fast-import format, every content once."""
    marks: dict[bytes, int] = {}
    return b"".join(commit(name, files, marks) for name, files in sorted(trees.items()))


def commit(name: str, files: Mapping[str, str | File], marks: dict[bytes, int]) -> bytes:
    """A root commit and the blobs that no earlier one has; `marks` knows those."""
    head = f"commit refs/tasks/{name}\nauthor {AUTHOR}\ncommitter {AUTHOR}\n".encode() + data(
        MESSAGE.encode()
    )
    blobs, entries = b"", b""
    for path, file in sorted(files.items()):
        content, mode = file if isinstance(file, File) else File(file.encode())
        if mode != SUBMODULE and content not in marks:
            marks[content] = len(marks) + 1
            blobs += f"blob\nmark :{marks[content]}\n".encode() + data(content)
        place = content.decode() if mode == SUBMODULE else f":{marks[content]}"
        entries += os.fsencode(f"M {mode} {place} {quoted(path)}\n")
    return blobs + head + entries + b"\n"


def quoted(path: str) -> str:
    """A path as fast-import reads it, whatever is in it."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def data(raw: bytes) -> bytes:
    """Content with its length, as fast-import takes it."""
    return f"data {len(raw)}\n".encode() + raw + b"\n"
