"""A recorded session, said again in the form of a model's scaffold: the same actions and results, our prompts and token ids.

mini-swe-agent's loop runs as in a session of our own, by the functions that make those; only the replies and what the
commands printed come from the recording. So a training example has the form in which the agent will run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.benchmark.task import Task
from scripts.exchange.recordings import Recording
from scripts.exchange.step import SUBMITTED, Step, Unusable
from scripts.trajectories.actions import FORMS, NoAction
from scripts.trajectories.agent import Settings, Turns, leave
from scripts.trajectories.engines import Ask
from scripts.trajectories.expert import Script
from scripts.trajectories.render import Renderer
from scripts.trajectories.scaffold import Scaffold
from scripts.trajectories.session import Part, counts, opening, run_agent

from minisweagent.exceptions import Submitted  # isort: skip  (agent.py silences its banner first)

PLAYER = "imported"


@dataclass(frozen=True)
class Frame:
    """What a session needs of a Stage when nothing is executed. steps: where the loop ends."""

    scaffold: Scaffold
    renderer: Renderer
    steps: int = 0


@dataclass
class Shown:
    """mini-swe-agent's Environment that shows what the commands of a recording printed, and runs none."""

    steps: Iterator[Step]
    config: Settings
    actions: list[dict] = field(default_factory=list)

    def execute(self, action: dict, cwd: str = "") -> dict[str, Any]:
        """The recorded result of the next action. Raises Submitted when it was the submission."""
        step = next(self.steps)
        result = {"returncode": step.returncode, "success": step.returncode == 0, "limit": None}
        self.actions.append({**action, **result, "fence_removed": False})
        if step.submits:
            raise Submitted(leave(SUBMITTED))
        return {"output": step.output, "returncode": step.returncode}

    def get_template_vars(self, **_: Any) -> dict:
        """Nothing: our templates are rendered by the scaffold."""
        return {}

    def serialize(self) -> dict:
        """The environment's part of a trajectory's `info`."""
        return {"info": {"config": {"environment": self.config.model_dump(), "environment_type": PLAYER}}}


def replay(recording: Recording, task: Task, frame: Frame, ask: Ask) -> dict:
    """The recording as a row of trajectories.jsonl, without its run.

    Raises:
        Unusable: the scaffold cannot say one of its actions.
    """
    lines = [spoken(step, frame, number) for number, step in enumerate(recording.steps, 1)]
    scaffold = replace(frame.scaffold, loop_limit=0)  # what a recording repeats was executed
    part, config = Part(task, lambda task: Script(frame.renderer, lines), ask), Settings(name=PLAYER)
    model = Turns(part.engine(task), frame.renderer, scaffold, ask, config)
    env = Shown(iter(recording.steps), config)
    record = run_agent(model, env, opening(part, scaffold), replace(frame, steps=len(lines)))
    record["messages"][-1] = leave(recording.exit_status)
    record["info"]["exit_status"] = recording.exit_status
    trees = {"base_tree": task.tree, "final_tree": None, "patch": recording.patch, "retrieved": []}
    marks = {"arm": PLAYER, "source": PLAYER, "conditions": None}
    return {**record, "instance_id": task.id, "extra": {**trees, **counts(record, model, env), **marks}}


def spoken(step: Step, frame: Frame, number: int) -> str:
    """A step as a reply of the scaffold: the thought, then the command in a bash block. Raises Unusable."""
    special = frame.renderer.tokenizer.all_special_tokens
    before = step.thought
    for token in special:
        before = before.replace(token, "")
    reply = f"{before.strip()}\n\n```bash\n{step.command}\n```".lstrip("\n")
    if any(token in step.command for token in special):
        raise Unusable(f"action {number} holds a special token of the model")
    try:
        said = FORMS[frame.scaffold.form](reply, frame.scaffold.tools)
    except NoAction as problem:
        raise Unusable(f"action {number} cannot be said in the scaffold: {problem}") from problem
    if said.command != step.command:
        raise Unusable(f"action {number} would be said differently in the scaffold")
    return reply
