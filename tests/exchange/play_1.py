"""A session of mini-swe-agent 1.x, saved by its own function. Run with that release on the path.

In: {folder, outputs, path, instance_id, timeout: seconds of a command, config: of the agent}.
"""

import json
import sys
from pathlib import Path

from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.test_models import DeterministicModel
from minisweagent.run.utils.save import save_traj

asked = json.load(sys.stdin)
model = DeterministicModel(outputs=asked["outputs"])
env = LocalEnvironment(cwd=asked["folder"], timeout=asked["timeout"])
agent = DefaultAgent(model, env, **asked["config"])
status, result = agent.run("is_even is wrong")
save_traj(agent, Path(asked["path"]), exit_status=status, result=result, instance_id=asked["instance_id"])
