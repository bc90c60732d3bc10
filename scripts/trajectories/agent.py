"""The two halves that mini-swe-agent's DefaultAgent needs: a model that talks to our engine, and our sandbox.

mini-swe-agent keeps the loop, the limits and the trajectory format; token ids ride in each message's `extra`.
"""

import os
import tempfile
import time
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

os.environ.setdefault("MSWEA_SILENT_STARTUP", "1")
os.environ.setdefault(
    "MSWEA_GLOBAL_CONFIG_DIR", os.path.join(tempfile.gettempdir(), "rehearsal-mini-swe-agent")
)

from minisweagent.exceptions import FormatError, InterruptAgentFlow, Submitted

from scripts.trajectories.actions import FORMS, NoAction
from scripts.trajectories.engines import Ask, Conversation, Engine
from scripts.trajectories.render import Renderer, shared_beginning
from scripts.trajectories.sandbox import Sandbox
from scripts.trajectories.scaffold import Scaffold
from scripts.trajectories.tools import FENCE_REMOVED, SUBMITTED


class Settings(BaseModel):
    """What mini-swe-agent writes into a trajectory about its model or environment."""

    name: str


def leave(status: str) -> dict:
    """The message that ends a session, as mini-swe-agent has it."""
    return {"role": "exit", "content": status, "extra": {"exit_status": status, "submission": ""}}


@dataclass
class Turns:
    """mini-swe-agent's Model over an Engine: renders, asks, parses; forgets the oldest turns when the budget is full."""

    engine: Engine
    renderer: Renderer
    scaffold: Scaffold
    ask: Ask
    config: Settings
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    conversation: Conversation = field(default_factory=Conversation)
    shared: int = 0
    dropped: int = 0
    asked: int = 0
    recent: list[str] = field(default_factory=list)

    def query(self, messages: list[dict], **_: Any) -> dict:
        """The next reply and its action. Raises FormatError where there is none, and ends a session that loops."""
        self._attend(messages)
        message = self._reply()
        try:
            action = FORMS[self.scaffold.form](message["content"], self.scaffold.tools)
        except NoAction as problem:
            text = self.scaffold.render("format_error", problem=problem)
            raise FormatError(message, self.format_message(role="user", content=text)) from problem
        message["extra"]["actions"] = [{"command": action.command, "body": action.body, "tool": action.tool}]
        if self._loops(action.command + "\n" + action.body):
            raise InterruptAgentFlow(message, leave("Loop"))
        return message

    def _reply(self) -> dict:
        start = time.monotonic()
        self.tokens_in += len(self.conversation.tokens)
        ask = replace(self.ask, grammar=self.scaffold.grammar_of(self.asked), seed=self.ask.seed + self.asked)
        self.asked += 1
        reply = self.engine.complete(self.conversation, ask)
        self.seconds += time.monotonic() - start
        self.tokens_out += len(reply.tokens)
        logged = [round(value, 4) for value in reply.log_probabilities]
        extra = {"token_ids": reply.tokens, "log_probabilities": logged, "dropped": self.dropped}
        return {"role": "assistant", "content": self.renderer.text(reply.tokens), "extra": extra}

    def _attend(self, messages: list[dict]) -> None:
        """Bring the conversation up to date; over budget, the oldest turns leave whole and it is read anew."""
        dropped = to_drop(messages, self.scaffold.history_tokens - self.ask.most, self.renderer.end)
        if dropped != self.dropped:
            self.dropped, self.conversation = dropped, Conversation()
        self.conversation.shared = self.shared
        self.conversation.tokens = prompt(messages, dropped, self.renderer.end)
        self.conversation.query = self._issue, messages[-1]["content"]

    def _loops(self, command: str) -> bool:
        self.recent = [*self.recent, command][-self.scaffold.loop_limit :] if self.scaffold.loop_limit else []
        return len(self.recent) == self.scaffold.loop_limit > 0 and len(set(self.recent)) == 1

    def format_message(self, **message: Any) -> dict:
        """A message with its token ids; a session's first two messages are rendered as one piece."""
        extra = message.setdefault("extra", {})
        if message["role"] == "system":
            self._system = message["content"]
        elif message["role"] == "user" and not self.conversation.tokens:
            extra["token_ids"], self._issue = self._opening(message["content"]), message["content"]
            self.shared = shared_beginning([extra["token_ids"][:-1], self._opening("")])
        elif message["role"] == "user":
            extra["token_ids"] = self.renderer.after(message["content"])
        return message

    def _opening(self, user: str) -> list[int]:
        return self.renderer.opening(self._system, self.scaffold.example_messages, user)

    def format_observation_messages(
        self, message: dict, outputs: list[dict], _: dict | None = None
    ) -> list[dict]:
        """What the commands printed, clipped in the middle."""
        return [self.format_message(role="user", content=self._observation(output)) for output in outputs]

    def _observation(self, output: dict) -> str:
        text, most = output["output"], self.scaffold.observation_characters
        if len(text) > most:
            text = f"{text[: most // 2]}\n[{len(text) - most} characters left out]\n{text[-most // 2 :]}"
        return self.scaffold.render("observation", output=text.rstrip("\n"), returncode=output["returncode"])

    def get_template_vars(self, **_: Any) -> dict:
        """Nothing: our templates are rendered by the scaffold."""
        return {}

    def serialize(self) -> dict:
        """The model's part of a trajectory's `info`."""
        return {"info": {"config": {"model": self.config.model_dump(), "model_type": "rehearsal"}}}


def pieces(messages: list[dict]) -> list[list[dict]]:
    """The messages that hold tokens, as the opening and then one piece a turn (reply, observation)."""
    held = [message for message in messages if "token_ids" in message.get("extra", {})]
    turns: list[list[dict]] = [held[:1]]
    for message in held[1:]:
        if message["role"] == "assistant":
            turns.append([])
        turns[-1].append(message)
    return turns


def size(piece: list[dict]) -> int:
    """Tokens of a piece."""
    return sum(len(message["extra"]["token_ids"]) for message in piece)


def to_drop(messages: list[dict], budget: int, end: int) -> int:
    """How many of the oldest turns must go so that the prompt keeps within a budget of tokens. The newest turn stays."""
    turns, dropped = len(pieces(messages)) - 1, 0
    while dropped < turns - 1 and len(prompt(messages, dropped, end)) > budget:
        dropped += 1
    return dropped


def prompt(messages: list[dict], dropped: int, end: int) -> list[int]:
    """Token ids of the opening and of the turns that are left; a reply that was cut off is ended."""
    opening, *turns = pieces(messages)
    ids: list[int] = []
    for message in [*opening, *(message for turn in turns[dropped:] for message in turn)]:
        ids += message["extra"]["token_ids"]
        if message["role"] == "assistant" and ids[-1] != end:
            ids.append(end)
    return ids


@dataclass
class Workspace:
    """mini-swe-agent's Environment over our sandbox; keeps what each action did."""

    sandbox: Sandbox
    config: Settings
    actions: list[dict] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def execute(self, action: dict, cwd: str = "") -> dict[str, Any]:
        """Run one action. Raises Submitted when it was the submission."""
        outcome = self.sandbox.run(action["command"], stdin=action.get("body", ""))
        success = outcome.returncode == 0 and outcome.limit is None
        self.seconds.append(outcome.seconds)
        fence = FENCE_REMOVED in outcome.output.splitlines()
        ended = {"returncode": outcome.returncode, "success": success, "limit": outcome.limit}
        self.actions.append({**action, **ended, "fence_removed": fence})
        if outcome.limit == "wall":
            raise TimeoutError("an action ran into the wall-clock limit")
        if success and outcome.output.split("\n", 1)[0] == SUBMITTED:
            raise Submitted(leave("Submitted"))
        note = f"\n[stopped: {outcome.limit} limit]" if outcome.limit else ""
        return {"output": outcome.output + note, "returncode": outcome.returncode}

    def get_template_vars(self, **_: Any) -> dict:
        """Nothing: our templates are rendered by the scaffold."""
        return {}

    def serialize(self) -> dict:
        """The environment's part of a trajectory's `info`."""
        return {
            "info": {"config": {"environment": self.config.model_dump(), "environment_type": "rehearsal"}}
        }
