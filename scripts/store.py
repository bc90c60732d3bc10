"""A keyed store of finished work: what a killed job had finished is there when it comes back.

An entry is one file named by the hash of everything that determines its content. Reading checks the content's own hash:
an entry that is torn or edited is set aside under another name and made again, never trusted and never deleted.
"""

import json
import logging
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json, sha256_of

log = logging.getLogger(__name__)


class Store:
    """Entries of one kind under ``root/kind``; values are JSON.

    Raises:
        UserError: the folder cannot be made. It is told before any work, not when the first piece of it is to be kept.
    """

    def __init__(self, root: Path | str, kind: str) -> None:
        self.folder = Path(root) / kind
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"the store's folder cannot be made ({error.strerror})"
            raise UserError(
                str(self.folder), what, "move away what stands there, or see who may write"
            ) from error

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def put(self, key: str, value: Any) -> None:
        """Keep a finished value; the write is atomic, so an entry is whole or absent."""
        atomic_write(self.path(key), canonical_json({"key": key, "sha256": sha256_of(value), "value": value}))

    def get(self, key: str) -> Any | None:
        """The value of a key, or None where there is none or it cannot be trusted."""
        path = self.path(key)
        if not path.exists():
            return None
        try:
            entry = json.loads(path.read_text())
            if entry["key"] == key and entry["sha256"] == sha256_of(entry["value"]):
                return entry["value"]
        except (ValueError, KeyError, TypeError, UnicodeDecodeError):
            pass
        self._set_aside(path)
        return None

    def _set_aside(self, path: Path) -> None:
        aside = path.with_suffix(".corrupt")
        path.replace(aside)
        log.warning("%s does not match its own hash; kept as %s and made again", path, aside.name)
