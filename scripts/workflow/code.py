"""A hash of the modules that act, as a parameter of the rules: Snakemake itself only follows a rule's own script."""

from functools import cache
from pathlib import Path

from scripts.files import sha256_of

ROOT = Path(__file__).parents[2]


@cache
def code_of(*rooms: str) -> str:
    """First 12 hex digits of the SHA-256 over every module of some rooms, and of how files are written."""
    modules = [ROOT / "scripts" / "files.py"]
    for room in rooms:
        modules += sorted((ROOT / "scripts" / room).rglob("*.py"))
    return sha256_of([[str(module.relative_to(ROOT)), sha256_of(module.read_bytes())] for module in modules])[
        :12
    ]
