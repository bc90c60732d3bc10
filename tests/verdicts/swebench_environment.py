"""The swebench environment for tests: made once from the registry, kept for the next run of the suite."""

import json
from pathlib import Path

import pytest

from scripts.errors import UserError
from scripts.files import atomic_write, sha256_of
from scripts.verdicts.swebench import python_of
from scripts.verdicts.swebench_environment import make

PINS = Path(__file__).parents[2] / "envs" / "swebench.txt"


def interpreter(cache: Path) -> Path:
    """Its interpreter; the test is skipped where the registry cannot be reached."""
    card = cache / f"{sha256_of(PINS.read_text())[:16]}.json"
    try:
        atomic_write(card, json.dumps(make(PINS, card.with_suffix(""))))
    except UserError as error:
        pytest.skip(f"no swebench environment: {error}")
    return python_of(card)
