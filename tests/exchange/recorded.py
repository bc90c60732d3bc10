"""Real sessions of mini-swe-agent's own agent, on the tiny repository, in both formats of its files."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.small_repository import git, small

SUBMISSION = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff --full-index"  # as our own patches are
DIALOG = [
    ("I look at the function.", "cat kit/numbers.py"),
    ("Where am I?", "pwd && ls kit/absent"),
    ("The comparison is wrong.", "sed -i 's/n % 2 == 1/n % 2 == 0/' kit/numbers.py"),
    ("I check the change.", "grep -n 'n % 2' kit/numbers.py"),
]
ONE = "mini-swe-agent==1.17.5"
SECONDS = 300  # for a command, where a test does not want it killed
FREE = {
    "cost_limit": 0
}  # the test models of both releases ask 1 $ a reply, and both agents stop at 3 $ by default
MINI_1 = {  # as in the configurations that release 1.17.5 brings
    "action_observation_template": "<returncode>{{output.returncode}}</returncode>\n{% if output.output | length < 10000 -%}\n"
    "<output>\n{{ output.output -}}\n</output>\n{%- else -%}\n<output_head>\n{{ output.output[:5000] }}\n</output_head>\n"
    "<elided_chars>\n{{ output.output | length - 10000 }} characters elided\n</elided_chars>\n"
    "<output_tail>\n{{ output.output[-5000:] }}\n</output_tail>\n{%- endif -%}\n"
}


def checkout(folder: Path) -> Path:
    """The tiny repository at its base commit."""
    git(folder, "clone", "--quiet", str(small().mirror), "kit")
    git(folder / "kit", "checkout", "--quiet", small().base)
    return folder / "kit"


def fenced(thought: str, command: str) -> str:
    return f"THOUGHT: {thought}\n\n```bash\n{command}\n```"


def release_1(cache: Path) -> Path:
    """A folder with mini-swe-agent 1.17.5, from the registry; what it needs the installed release needs too."""
    folder = cache / "mini-1.17.5"
    if not folder.exists():
        half = tempfile.mkdtemp(dir=cache)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", half, ONE]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(half)
            pytest.skip(f"no {ONE} from the registry: {done.stderr[-200:]}")
        Path(half).rename(folder)
    return folder


def play_1(
    release: Path, folder: Path, path: Path, outputs: list[str], timeout: int = SECONDS, **config: object
) -> Path:
    """A file of format 1. Commands are killed after timeout seconds."""
    asked = {"folder": str(folder), "outputs": outputs, "path": str(path), "instance_id": small().task.id}
    asked["timeout"] = timeout
    environment = os.environ | {"PYTHONPATH": str(release), "MSWEA_SILENT_STARTUP": "1"}
    command = [sys.executable, Path(__file__).with_name("play_1.py")]
    text = json.dumps({**asked, "config": {**MINI_1, **FREE, **config}})
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return path


def play_2(
    folder: Path,
    path: Path,
    outputs: list[dict],
    calls: bool = False,
    timeout: int = SECONDS,
    **config: object,
) -> Path:
    """A file of format 1.1; with calls, of a model whose interface has them. Commands are killed after timeout seconds.

    Raises:
        IndexError: the model had no reply left; the file is written first, as for a model whose server is gone.
    """
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.environments.local import LocalEnvironment
    from minisweagent.models.test_models import DeterministicModel, DeterministicToolcallModel

    model = (DeterministicToolcallModel if calls else DeterministicModel)(outputs=outputs)
    templates = {"system_template": "You fix bugs.", "instance_template": "Fix this: {{ task }}"}
    environment = LocalEnvironment(cwd=str(folder), timeout=timeout)
    agent = DefaultAgent(model, environment, **{**templates, **FREE, **config})
    try:
        agent.run("is_even is wrong")
    finally:
        agent.save(path, {"instance_id": small().task.id})
    return path


def text_reply(thought: str, command: str) -> dict:
    from minisweagent.models.test_models import make_output

    return make_output(fenced(thought, command), [{"command": command}])


def call_reply(thought: str | None, *commands: str) -> dict:
    from minisweagent.models.test_models import make_toolcall_output

    calls = [
        {
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": "bash", "arguments": json.dumps({"command": each})},
        }
        for n, each in enumerate(commands)
    ]
    actions = [{"command": each, "tool_call_id": f"call_{n}"} for n, each in enumerate(commands)]
    return make_toolcall_output(thought, calls, actions)
