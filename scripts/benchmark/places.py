"""Where a benchmark's data lies: a URL, a path, or a data set of the hub, as the configuration names it."""

import hashlib
import os
import re
from pathlib import Path

from scripts.errors import UserError

ROOT = Path(__file__).parents[2]
DATA = "$REHEARSAL_DATA"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
ENDINGS = (".json", ".jsonl", ".gz")


def expand(at: str) -> str:
    """The place with $REHEARSAL_DATA and ~ filled in; unset, the variable means ../shared/data beside the checkout."""
    if behind(at):
        folder = os.environ.get(DATA[1:]) or str(ROOT.parent / "shared/data")
        return folder + at.removeprefix(DATA)
    return str(Path(at).expanduser()) if at.startswith("~") else at


def behind(at: str) -> bool:
    """Does the place lie in the folder that $REHEARSAL_DATA names?"""
    return at == DATA or at.startswith(f"{DATA}/")


def needed(at: str, path: Path) -> None:
    """UserError for a file behind $REHEARSAL_DATA that is not there: it names the variable."""
    if behind(at) and not path.is_file():
        said = f"is {os.environ[DATA[1:]]}" if os.environ.get(DATA[1:]) else "is not set"
        fix = f"export {DATA[1:]}=<the folder that holds {path.name}>, or write a URL, a path or a hub id"
        raise UserError(at, f"there is no file {path} (the variable {DATA[1:]} {said})", fix)


def is_url(at: str) -> bool:
    return "://" in at


def is_hub(at: str) -> bool:
    """Is this a data set: owner/name on the hub, or a folder that holds one? A file's ending makes it a path."""
    if is_url(at) or Path(at).is_file():
        return False
    return Path(at).is_dir() or (bool(HUB_ID.fullmatch(at)) and not at.endswith(ENDINGS))


def local_files(*places: str) -> list[str]:
    """Those of the places that are files here: what a rule can watch for changes."""
    return [path for path in map(expand, places) if not is_url(path) and Path(path).is_file()]


def digest(path: Path | str) -> str:
    """Hex SHA-256 of a file."""
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def check(found: str, wanted: str | None, where: str, fix: str) -> str:
    """The checksum, or a UserError where another one is configured."""
    if wanted and found != wanted:
        raise UserError(where, f"wrong checksum: SHA-256 {found}, configured is {wanted}", fix)
    return found
