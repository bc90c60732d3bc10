"""Sessions of the tiny repository, played for real in the sandbox by somebody whose replies are written here."""

from dataclasses import dataclass, field, replace

from scripts.trajectories import scaffold as scaffolds
from scripts.trajectories.engines import Ask, Conversation, Reply
from scripts.trajectories.render import Renderer
from scripts.trajectories.session import Part, Stage, play
from tests.small_repository import LIMITS, runtime, session_folder, small

SEARCH, VIEW = "search is_even", "view kit/numbers.py 1"
EDIT = "edit kit/numbers.py\nreturn n % 2 == 1\n=======\nreturn n % 2 == 0"
FIX = [SEARCH, VIEW, EDIT, "submit"]


@dataclass
class Scripted:
    """An engine that says its lines, and remembers what it was asked. A line that begins with ... is cut off: no end."""

    renderer: Renderer
    lines: list[str]
    asked: list[list[int]] = field(default_factory=list)
    said: list[list[int]] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)

    def complete(self, conversation: Conversation, ask: Ask) -> Reply:
        line = self.lines[len(self.asked)]
        tokens = self.renderer.reply(line.removeprefix("..."))
        tokens = tokens[:-1] if line.startswith("...") else tokens
        self.asked.append(list(conversation.tokens))
        self.said.append(tokens)
        self.shared.append(conversation.shared)
        conversation.tokens.extend(tokens)
        return Reply(tokens, [0.0] * len(tokens))


def stage(
    renderer: Renderer, name: str = "tools", wall_seconds: int = LIMITS.wall_seconds, **changes: object
) -> Stage:
    """The stage of the tiny repository, with some keys of its scaffold changed."""
    scaffold = scaffolds.load(name, changes)
    limits = replace(LIMITS, wall_seconds=wall_seconds)
    tools = scaffold.tools_in(session_folder() / "tools")
    return Stage(small().mirror, runtime(), limits, tools, scaffold, renderer, steps=12, name="scripted")


def played(renderer: Renderer, lines: list[str], most: int = 64, **changes: object) -> tuple[dict, Scripted]:
    """(trajectory, engine) of a session that says these lines."""
    set_up, engine = stage(renderer, **changes), Scripted(renderer, lines)
    ask = Ask(most, renderer.ends)
    trajectory, _ = play(Part(small().task, lambda task: engine, ask), set_up)
    marks = {"run": 0, "arm": "expert", "source": "expert"}
    return {**trajectory, "extra": trajectory["extra"] | marks}, engine
