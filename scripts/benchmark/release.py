"""A package's release as its maintainers uploaded it: the source archive from the package registry that pip uses.

Nothing of the archive is run, and nothing of it is written to disk but the archive itself.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.errors import UserError
from scripts.files import atomic_write

ASK = Path(__file__).with_name("inside_pip.py")
OFFLINE = "check the network, or put the archive into a folder and name that in PIP_FIND_LINKS"


class NoRelease(Exception):
    """The registry knows the package, but has no source archive of this version."""


def release(package: str, version: str, cache: Path) -> Path:
    """The source archive of a version, kept under `cache`; its hash is checked against the registry's.

    Raises:
        NoRelease: there are other versions, but not this one.
        UserError: the registry does not answer or does not know the package, or the archive came damaged.
    """
    folder = cache.resolve() / f"{package}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept := [path for path in folder.iterdir() if not path.name.startswith(".")]):
            kept = [take(package, version, folder)]
    return kept[0]


def take(package: str, version: str, folder: Path) -> Path:
    """Download an archive into the folder, whole or not at all."""
    with tempfile.TemporaryDirectory() as scratch:
        found = ask(package, version, Path(scratch))
        if not found["archive"]:
            raise NoRelease(f"no source archive of {package} {version}")
        content = (Path(scratch) / "archive").read_bytes()
    where = f"{package} {version}"
    if found["hash"] and hashlib.new(found["algorithm"], content).hexdigest() != found["hash"]:
        raise UserError(where, "the archive that came is not the one that the registry names", "run again")
    atomic_write(place := folder / Path(found["archive"]).name, content)
    return place


def ask(package: str, version: str, folder: Path) -> dict:
    """What pip finds of a version; its archive lies in the folder then."""
    command = [sys.executable, "-I", str(ASK), package, version, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    where, lines = f"{package} {version}", [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    silent = [line for line in lines if line.startswith("Could not fetch URL") and " 404 " not in line]
    if done.returncode or not (folder / "found.json").exists():
        raise UserError(where, f"pip could not download its source archive ({''.join(lines[-1:])})", OFFLINE)
    found = json.loads((folder / "found.json").read_text())
    if not found["archive"] and silent:
        raise UserError(where, f"the package registry does not answer ({silent[0]})", OFFLINE)
    if not found["versions"]:
        raise UserError(where, f"pip finds no source archive of {package} at all", OFFLINE)
    return found
