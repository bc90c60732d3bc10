"""Finished trainings: a killed job whose training was complete, or a rerun after an unrelated change, copies instead.

The entry of the store holds what a training found and the hash of each file of its adapter; the files lie beside it.
"""

import logging
from pathlib import Path
from typing import Any

from scripts.files import atomic_write, sha256_of
from scripts.store import Store

log = logging.getLogger(__name__)
WEIGHTS = "adapter_model.safetensors"
FILES = (WEIGHTS, "adapter_config.json")
# what strategies keep beside the adapter for the checkpoint that follows, or for its use
STATE = (
    *("buffer.json", "fisher.safetensors", "parts.json", "experts.json", "router.safetensors"),
    "osf.safetensors",
)


class Trainings:
    """Trainings by key, under ``root/adapters``; an outcome is JSON, its adapter the contents of its files, or nothing."""

    def __init__(self, root: Path | str) -> None:
        self.store = Store(root, "adapters")

    def put(self, key: str, outcome: dict[str, Any], adapter: dict[str, bytes]) -> None:
        """Keep a finished training. The files come first: an entry that is there has its files."""
        for name, content in adapter.items():
            atomic_write(self._folder(key) / name, content)
        hashes = {name: sha256_of(content) for name, content in adapter.items()}
        self.store.put(key, {"outcome": outcome, "adapter": hashes})

    def get(self, key: str) -> tuple[dict[str, Any], dict[str, bytes]] | None:
        """(outcome, adapter) of a key, or None where there is none or it cannot be trusted."""
        entry = self.store.get(key)
        if entry is None:
            return None
        folder = self._folder(key)
        adapter = {name: _content(folder / name) for name in entry["adapter"]}
        if {name: sha256_of(content) for name, content in adapter.items()} == entry["adapter"]:
            return entry["outcome"], adapter
        log.warning(
            "the adapter in %s is not the one that was kept there; set aside and trained again", folder
        )
        set_aside(folder)
        return None

    def _folder(self, key: str) -> Path:
        return self.store.path(key).with_suffix("")


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def set_aside(folder: Path) -> None:
    """Keep the files of a folder under another name, for whoever wants to know what happened to them."""
    for path in filter(Path.is_file, (folder / name for name in (*FILES, *STATE))):
        path.replace(path.with_name(f"{path.name}.corrupt"))


def place(adapter: dict[str, bytes], folder: Path) -> None:
    """Put an adapter's files into a folder, and take away those of an earlier one."""
    for name in (*FILES, *STATE):
        if name in adapter:
            atomic_write(folder / name, adapter[name])
        else:
            (folder / name).unlink(missing_ok=True)
