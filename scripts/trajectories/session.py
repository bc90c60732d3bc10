"""One session: a fresh workspace, a sandbox, mini-swe-agent's loop, and the record of what happened."""

import logging
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.runtimes import EnvironmentFailure, Runtime
from scripts.benchmark.task import Task
from scripts.trajectories import workspace
from scripts.trajectories.agent import Settings, Turns, Workspace
from scripts.trajectories.engines import Ask, Engine
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import scratch
from scripts.trajectories.render import Renderer
from scripts.trajectories.sandbox import SandboxFailure
from scripts.trajectories.scaffold import Scaffold

from minisweagent.agents.default import DefaultAgent  # isort: skip  (agent.py silences its banner first)

log = logging.getLogger(__name__)
ATTEMPTS = 3
# What the machine does to a session. Anything else is a fault of ours or of the user's: it would meet every session alike.
INFRASTRUCTURE = (OSError, MemoryError, subprocess.SubprocessError, SandboxFailure, EnvironmentFailure)


@dataclass(frozen=True)
class Stage:
    """What all sessions of a job share."""

    mirror: Path
    runtime: Runtime
    limits: Limits
    tools: Path
    scaffold: Scaffold
    renderer: Renderer
    steps: int
    name: str


@dataclass(frozen=True)
class Part:
    """One session to be played: on which task, who answers (made anew for each attempt), remembering what."""

    task: Task
    engine: Callable[[Task], Engine]
    ask: Ask
    memory: tuple[tuple[str, str], ...] = ()


def play(part: Part, stage: Stage) -> tuple[dict, dict]:
    """The trajectory and its timing. Infrastructure errors are tried again, then recorded as such, never as failure.

    Any other error is raised: were it recorded, a bug would look like a machine that had a bad day, and the job would end well.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with scratch() as folder:
                return _play(part, stage, folder / "repo")
        except INFRASTRUCTURE as error:
            log.warning("%s, attempt %d of %d: %s", part.task.id, attempt, ATTEMPTS, error, exc_info=True)
            reason = f"{type(error).__name__}: {error}"
    return broken(part.task, reason)


def _play(part: Part, stage: Stage, place: Path) -> tuple[dict, dict]:
    start = time.monotonic()
    base_tree = workspace.create(stage.mirror, part.task.ref, place)
    config = Settings(name=stage.name)
    model = Turns(part.engine(part.task), stage.renderer, stage.scaffold, part.ask, config)
    with stage.runtime.open(part.task, place, stage.limits, stage.tools) as sandbox:
        env = Workspace(sandbox, config)
        record = run_agent(model, env, opening(part, stage.scaffold), stage)
    patch, tree = workspace.diff(place, base_tree), workspace.tree(place)
    seconds = {"seconds": time.monotonic() - start, "actions": env.seconds, "model_seconds": model.seconds}
    trees = {"base_tree": base_tree, "final_tree": tree, "patch": patch}
    extra = {**trees, **counts(record, model, env), "retrieved": [item for item, _ in part.memory]}
    return {**record, "instance_id": part.task.id, "extra": extra}, {"instance_id": part.task.id, **seconds}


def opening(part: Part, scaffold: Scaffold) -> dict[str, str]:
    """System and user text of a session."""
    memory = "\n".join(scaffold.render("memory_item", id=item, text=text) for item, text in part.memory)
    user = scaffold.render("instance", task=part.task.problem_statement.rstrip("\n"), memory=memory)
    return {"system_text": scaffold.render("system"), "instance_text": user}


def run_agent(model: Turns, env: Workspace, texts: dict[str, str], stage: Stage) -> dict:
    """mini-swe-agent's loop; the texts are values, not templates, so that an issue is never rendered."""
    agent = DefaultAgent(
        model,
        env,
        system_template="{{ system_text }}",
        instance_template="{{ instance_text }}",
        step_limit=stage.steps,
        cost_limit=0,
        max_consecutive_format_errors=stage.scaffold.format_errors,
    )
    agent.run(**texts)
    return agent.serialize()


def counts(record: dict, model: Turns, env: Workspace) -> dict:
    """What a session took, in steps, calls and tokens, and each action it executed."""
    return {
        "exit_status": record["info"]["exit_status"],
        "steps": len(env.actions),
        "model_calls": record["info"]["model_stats"]["api_calls"],
        "tokens_in": model.tokens_in,
        "tokens_out": model.tokens_out,
        "actions": env.actions,
        "fences_removed": sum(action["fence_removed"] for action in env.actions),
        "infrastructure": None,
    }


def broken(task: Task, reason: str) -> tuple[dict, dict]:
    """The record of a session that infrastructure did not let happen."""
    nothing = {
        "base_tree": None,
        "final_tree": None,
        "patch": None,
        "exit_status": "infrastructure",
        "steps": None,
    }
    nothing |= {"model_calls": None, "tokens_in": None, "tokens_out": None, "actions": [], "retrieved": []}
    nothing |= {"fences_removed": None}
    record = {"info": {"exit_status": "infrastructure", "submission": ""}, "messages": []}
    record |= {"trajectory_format": "mini-swe-agent-1.1", "instance_id": task.id}
    timing = {"instance_id": task.id, "seconds": None, "actions": [], "model_seconds": None}
    return {**record, "extra": {**nothing, "infrastructure": reason}}, timing
