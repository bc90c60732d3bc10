"""What a reply was about: its tool, whether an error came before it, how sure the model was, and what it had just read.

Strategies sort and weigh replies by it: categories of experts, priorities of a replay buffer, queries of a router.
"""

from statistics import fmean
from typing import Any

from scripts.synthesis.commands import changes, program
from scripts.trajectories.agent import pieces


def about(session: dict) -> list[dict[str, Any] | None]:
    """One entry a turn, None for a turn without an action.

    tool: the program that its command runs; changes: it changes code; after_error: the action before it failed;
    log_probability: mean over the reply's tokens as it was generated (nats), None where no model wrote it; read: what
    the agent had read last, the result before it, or the issue as it was told.
    """
    (*_, issue), *turns = pieces(session["messages"])
    outcomes = iter(session["extra"]["actions"])
    written = session["extra"].get("source") == "model"
    found: list[dict[str, Any] | None] = []
    read, failed = issue["content"], False
    for reply, *results in turns:
        said = reply["extra"].get("actions")
        found.append(_entry(reply["extra"], said[0], failed, written, read) if said else None)
        if said:
            failed = not next(outcomes, {"success": True})["success"]
        read = results[-1]["content"] if results else read
    return found


def _entry(extra: dict, action: dict, failed: bool, written: bool, read: str) -> dict[str, Any]:
    sure = extra["log_probabilities"] if written and extra.get("log_probabilities") else None
    return {
        "tool": program(action["command"]) or action["tool"],
        "changes": changes(action["command"]),
        "after_error": failed,
        "log_probability": fmean(sure) if sure else None,
        "read": read,
    }
