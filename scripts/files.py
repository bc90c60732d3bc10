"""Files as the workflow writes them: whole or not at all, and byte-identical for identical content."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.errors import UserError

AGAIN = "delete the file and run again"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def atomic_write(path: Path | str, data: str | bytes) -> None:
    """Write beside the target, flush to disk, rename: a reader or a crash never sees half a file.

    Raises:
        UserError: there is no room; what stood there before still does.
    """
    try:
        _write(Path(path), data.encode() if isinstance(data, str) else data)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        fix = "make room, then give the same command again: what is finished is kept"
        raise UserError(str(path), f"no room to write {len(data):,} bytes ({error.strerror})", fix) from error


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces, so that equal values have equal text. NaN is refused: undefined is null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of bytes, of text, or of the canonical JSON of anything else."""
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        value = canonical_json(value).encode()
    return hashlib.sha256(value).hexdigest()


def sha256_of_files(paths: Iterable[Path | str]) -> str:
    """Hex SHA-256 over the names and contents of files: a fingerprint of the code that acts."""
    parts = sorted((Path(path).name, Path(path).read_bytes()) for path in paths)
    return sha256_of([[name, sha256_of(content)] for name, content in parts])


def read_json(path: Path | str) -> Any:
    """What a file of the workflow's own holds; UserError naming it where it is torn."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise UserError(str(path), f"not JSON ({error})", AGAIN) from error


def write_jsonl(path: Path | str, rows: Iterable[dict]) -> None:
    """One canonical JSON object a line."""
    atomic_write(path, "".join(canonical_json(row) + "\n" for row in rows))


def read_jsonl(path: Path | str) -> list[dict]:
    """Rows of a JSON Lines file; a broken line is a UserError that names file and line."""
    rows = []
    with open(
        path, encoding="utf-8", newline="\n"
    ) as lines:  # splitlines() would cut at U+2028 and U+0085 too
        for number, line in enumerate(lines, 1):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise UserError(f"{path}, line {number}", f"not JSON ({error.msg})", AGAIN) from error
    return rows
