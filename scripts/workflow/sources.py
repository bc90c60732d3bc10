"""Where a repository's tasks come from: what its block may leave out, and which job makes them."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: dict[str, dict[str, Any]] = {
    "pocket": {"runtime": "local"},
    "swe-bench-cl": {},
    "mined": {"runtime": "local", "python": None, "requirements": ["pytest"], "tests": ["tests"]},
}


def with_defaults(block: Mapping[str, Any]) -> dict[str, Any]:
    """A repository's block with what its source fills in; `python` None is the workflow's own interpreter."""
    return DEFAULTS[block["source"]] | dict(block)


def making(source: str) -> str:
    """The rule that makes a repository's benchmark.json, and the bundle of what its tasks start from."""
    return {"pocket": "mine_pocket", "swe-bench-cl": "base_commits", "mined": "mine_repository"}[source]
