"""Format `mini-swe-agent-1.1`: actions and their results are data of the messages, whatever the model's interface was.

A reply may have several actions; each becomes a step of its own. The agent does not record what the actions before the
submission did where they share a reply with it; those are left out.
"""

from pathlib import Path
from typing import Any

from scripts.exchange.shape import TEXT, WORDS
from scripts.exchange.step import SUBMITTED, Step, Unusable, thought

NOT_RUN = "action was not executed"
RESULT = {"raw_output": TEXT, "exception_info": TEXT, "returncode": (int, None)}
MESSAGE = {
    "role": TEXT,  # the Responses interface has none
    "content": WORDS,
    "output": WORDS,
    "extra": ({"actions": ([{"command": str}], None), **RESULT}, None),
}


def steps(data: dict, path: Path | str) -> list[Step]:
    """The actions of a session, in order; what was not executed is left out."""
    found, turns = [], _turns(data["messages"])
    for place, (reply, results) in enumerate(turns):
        actions = [action["command"] for action in reply["extra"]["actions"]]
        last = place == len(turns) - 1 and data["info"]["exit_status"] == SUBMITTED
        if last and len(results) < len(actions):
            found.append(Step(thought(text_of(reply), actions[-1]), "submit", submits=True))
        elif len(results) != len(actions):
            raise Unusable(f"action {len(found) + 1} has no recorded result")
        else:
            found += _steps(reply, actions, results)
    return found


def _turns(messages: list[dict]) -> list[tuple[dict, list[dict]]]:
    """Each reply that has actions, with the results that follow it."""
    turns: list[tuple[dict, list[dict]]] = []
    for message in messages:
        extra = message.get("extra") or {}
        if extra.get("actions"):
            if message.get("role") == "user":
                raise Unusable("a person gave commands in it")
            turns.append((message, []))
        elif turns and "returncode" in extra and extra.get("exception_info") != NOT_RUN:
            turns[-1][1].append(extra)
    return turns


def _steps(reply: dict, actions: list[str], results: list[dict]) -> list[Step]:
    said = thought(text_of(reply), actions[0])
    made = []
    for number, (command, result) in enumerate(zip(actions, results, strict=True)):
        output = "\n".join(filter(None, (result.get("raw_output"), result.get("exception_info"))))
        code = -1 if result["returncode"] is None else result["returncode"]
        made.append(Step("" if number else said, command.strip(), output, code))
    return made


def text_of(reply: dict) -> str:
    """The words of a reply: a text, a list of parts, or the items of the Responses interface."""
    items = reply.get("content") or reply.get("output") or ""
    return items if isinstance(items, str) else "\n".join(filter(None, map(_words, items)))


def _words(item: Any) -> str:
    if isinstance(item, dict) and isinstance(item.get("content"), list):
        return "\n".join(filter(None, map(_words, item["content"])))
    text = item.get("text") if isinstance(item, dict) else None
    return text if isinstance(text, str) else ""
