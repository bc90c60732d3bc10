"""A scaffold: what the agent is told and what counts as an action, as one YAML file in resources/scaffolds."""

import re
import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template

from scripts.errors import UserError
from scripts.files import canonical_json, sha256_of

TOOLS = Path(__file__).with_name("tools.py")
FOLDER = Path(__file__).parents[2] / "resources" / "scaffolds"


@dataclass(frozen=True)
class Scaffold:
    """The keys of resources/scaffolds/*.yaml, explained there."""

    form: str
    tools: tuple[str, ...]
    view_lines: int
    fuzzy_edit: bool
    strip_fences: bool
    forgiving: bool
    grammar_constrained: bool
    few_shot: bool
    loop_limit: int
    no_verification: bool
    history_tokens: int
    format_errors: int
    observation_characters: int
    system: str
    instance: str
    memory_item: str
    observation: str
    format_error: str
    example: list[str]
    grammar: str
    first: str

    def render(self, template: str, **values: object) -> str:
        """One of the templates, with the switches and the values at hand."""
        switch = {"no_verification": self.no_verification}
        return Template(getattr(self, template), undefined=StrictUndefined).render(**switch, **values)

    def grammar_of(self, turn: int) -> str | None:
        """The grammar of a session's turn (from 0), or None where replies are free; the first turn may have one command."""
        if not self.grammar_constrained:
            return None
        if turn == 0 and self.first:
            return re.sub(r"^root ::=.*$", f"root ::= {self.first}", self.grammar, flags=re.MULTILINE)
        return self.grammar

    @property
    def example_messages(self) -> list[dict]:
        """The few-shot example as messages, the user's first, or none."""
        said = enumerate(self.example if self.few_shot else [])
        return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in said]

    def tools_in(self, cache: Path) -> Path:
        """The folder with the scaffold's commands and their settings, which the sandbox binds read-only.

        It is named by its content and made whole by rename: many jobs use it at once, and none may see another write it.
        """
        settings = {
            key: getattr(self, key) for key in ("view_lines", "fuzzy_edit", "strip_fences", "forgiving")
        }
        place = cache / sha256_of([TOOLS.read_text(), list(self.tools), settings])[:16]
        if not place.exists():
            cache.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=cache))
            self._write_tools(unfinished, settings)
            try:
                unfinished.rename(place)
            except OSError:  # another job was faster; its folder is the same
                shutil.rmtree(unfinished)
        return place

    def _write_tools(self, folder: Path, settings: dict) -> None:
        for tool in self.tools:
            shutil.copy(TOOLS, folder / tool)
            (folder / tool).chmod(0o755)
        (folder / "settings.json").write_text(canonical_json(settings))
        folder.chmod(0o755)


def load(name: str, changes: dict | None = None, folder: Path = FOLDER) -> Scaffold:
    """The scaffold of that name, with some keys changed. Raises UserError that names file and key."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise UserError("config, key scaffold", f"there is no scaffold {name!r}", f"choose one of {known}")
    keys = {**yaml.safe_load(path.read_text()), **(changes or {})}
    known = {field.name for field in fields(Scaffold)}
    if keys.keys() != known:
        wrong = sorted(keys.keys() ^ known)
        raise UserError(str(path), f"keys unknown or missing: {', '.join(wrong)}", "compare with tools.yaml")
    return Scaffold(**{**keys, "tools": tuple(keys["tools"])})
