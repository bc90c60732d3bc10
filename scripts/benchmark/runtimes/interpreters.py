"""Python interpreters of a named version: found on this machine, and copied to where the sandbox can read them.

Looked for under pyenv, uv and PATH, in this order, and asked to run: a shim without a version behind it does not count.
The copy keeps what a repository may need to build and to run (headers, ensurepip, lib2to3) and leaves out the
interpreter's own tests and whatever was installed into it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import UserError
from scripts.files import sha256_of
from scripts.once import once

INSIDE = "/python"
RECIPE = 1  # raise it when a change of this module changes what a copy holds
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
IMAGES = "set `runtime: docker` or `runtime: apptainer` for the repository, or `python:` to a version that is here, "
IMAGES += f'for example `python: "{OWN}"` (some tasks will not validate)'
_SYSTEM = ("/lib", "/usr/lib")
_UNUSED = ("test", "site-packages", "dist-packages", "config-*", "idlelib", "turtledemo", "*.opt-?.pyc")
_ASK = """import json, os, platform, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "full": sys.version, "machine": platform.machine(),
    "binary": os.path.realpath(sys.executable), "stdlib": os.path.realpath(paths["stdlib"]),
    "include": os.path.realpath(paths["include"]), "libdir": getattr(sys, "platlibdir", "lib")}))"""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine, as it describes itself. `full` is its whole version text."""

    version: str
    full: str
    machine: str
    binary: str
    stdlib: str
    include: str
    libdir: str

    @property
    def fingerprint(self) -> str:
        """Hash of what code can notice: version, build, machine; not where it lies."""
        return sha256_of([RECIPE, self.full, self.machine])[:16]


def find(version: str, where: str, instead: str = IMAGES) -> Interpreter:
    """The first interpreter of a version (3.6) that runs.

    Args:
        where: who needs it (the task and its repository), for the error.
        instead: what can be done beside installing it, for the error.

    Raises:
        UserError: there is none; it names the alternatives.
    """
    for place in candidates(version):
        if (found := ask(place)) and found.version == version:
            return found
    fix = f"install it (`pyenv install {version}` or `uv python install {version}`), or {instead}"
    raise UserError(where, f"it needs Python {version}, which is not under pyenv, uv or PATH", fix)


def candidates(version: str) -> Iterator[str]:
    """Places where an interpreter of the version may lie, in the order they are tried."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python")
    for folder, pattern in ((pyenv, f"{version}.*"), (uv, f"cpython-{version}.*")):
        found = sorted(folder.glob(f"{pattern}/bin/python{version}"), key=_newest, reverse=True)
        yield from map(str, found)
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    yield sys.executable


def _newest(path: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", path.parts[-3])]


def ask(python: str) -> Interpreter | None:
    """What an interpreter says of itself, or None where it does not run."""
    try:
        answer = subprocess.run(
            [python, "-s", "-E", "-c", _ASK], capture_output=True, check=True, timeout=60
        ).stdout
        return Interpreter(**json.loads(answer))
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return None


def copied(interpreter: Interpreter, cache: Path) -> Path:
    """The folder of the copy: bin, include, the standard library, foreign libraries."""
    name = f"{interpreter.version}-{interpreter.fingerprint}"
    return once(cache.resolve() / "interpreters", name, lambda half: _copy(interpreter, half))


def _copy(interpreter: Interpreter, folder: Path) -> None:
    name = f"python{interpreter.version}"
    standard = folder / interpreter.libdir / name
    shutil.copytree(interpreter.stdlib, standard, ignore=shutil.ignore_patterns(*_UNUSED))
    if Path(interpreter.include).is_dir():
        shutil.copytree(interpreter.include, folder / "include" / Path(interpreter.include).name)
    (folder / "bin").mkdir()
    shutil.copy2(interpreter.binary, folder / "bin" / name)
    for link in ("python", "python3"):
        (folder / "bin" / link).symlink_to(name)
    modules = [str(path) for path in Path(interpreter.stdlib, "lib-dynload").glob("*.so")]
    _copy_libraries([interpreter.binary, *modules], folder / "lib")
    python = [folder / "bin" / name, "-s", "-E", "-m", "compileall", "-q", standard]
    quiet = subprocess.DEVNULL  # lib2to3 keeps files that are meant not to compile
    subprocess.run(python, env={"LD_LIBRARY_PATH": str(folder / "lib")}, stdout=quiet, stderr=quiet)


def _copy_libraries(binaries: list[str], folder: Path) -> None:
    """Copy the shared libraries that lie outside the system's folders (of conda, pyenv --enable-shared, uv)."""
    shown = subprocess.run(["ldd", *binaries], capture_output=True, text=True).stdout
    for path in set(re.findall(r"=> (/\S+)", shown)):
        if not os.path.realpath(path).startswith(_SYSTEM):
            folder.mkdir(exist_ok=True)
            shutil.copy2(path, folder / Path(path).name)
