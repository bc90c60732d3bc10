"""Which sessions a recipe learns from: the same ones for the skill layer and for the knowledge layer.

Filters by name: `any_success` keeps sessions with at least one successful action, `resolved` those whose verdict is
resolved. A session without a verdict (infrastructure) is never used.
"""

import random
from collections.abc import Callable

from scripts.files import sha256_of

Session = dict
FILTERS: dict[str, Callable[[Session, dict], bool]] = {
    "any_success": lambda session, verdict: any(action["success"] for action in session["extra"]["actions"]),
    "resolved": lambda session, verdict: verdict["resolved"] is True,
}


def select(sessions: list[Session], verdicts: list[dict], train: list[str], filter: str) -> list[Session]:
    """Usable sessions of the training half, in its order, runs in theirs."""
    judged = {(verdict["instance_id"], verdict["run"]): verdict for verdict in verdicts}
    order = {task: position for position, task in enumerate(train)}
    usable = [
        session
        for session in sessions
        if session["instance_id"] in order and _usable(session, judged, filter)
    ]
    return sorted(usable, key=lambda session: (order[session["instance_id"]], session["extra"]["run"]))


def _usable(session: Session, judged: dict, filter: str) -> bool:
    verdict = judged[session["instance_id"], session["extra"]["run"]]
    return verdict["resolved"] is not None and FILTERS[filter](session, verdict)


def sha256(sessions: list[Session]) -> str:
    """Hash of the sessions, recorded by training set and index: the same data for both layers, or an error."""
    return sha256_of(sessions)


def permute(sessions: list[Session], seed: int) -> list[Session]:
    """The negative control: each session says the replies of another task's session, turn by turn and tool by tool.

    Issues and observations stay, so the format is learned and the sense is not. A turn for which the other session has
    no reply with the same tool is dropped from supervision by losing its actions. Sessions of one task have nobody to
    exchange with and are left out.
    """
    return [
        _speak(session, sessions[donor])
        for session, donor in zip(sessions, donors(sessions, seed), strict=False)
    ]


def donors(sessions: list[Session], seed: int) -> list[int]:
    """For each session the position of the one whose replies it gets: another task's, run by run. One task has none: []."""
    runs: dict[str, list[int]] = {}
    for at, session in enumerate(sessions):
        runs.setdefault(session["instance_id"], []).append(at)
    if len(runs) < 2:
        return []
    tasks = list(runs)
    giver = {
        task: runs[tasks[other]] for task, other in zip(tasks, derangement(len(tasks), seed), strict=True)
    }
    given = {at: giver[task][run % len(giver[task])] for task in tasks for run, at in enumerate(runs[task])}
    return [given[at] for at in range(len(sessions))]


def derangement(n: int, seed: int) -> list[int]:
    """A seeded permutation of range(n) that leaves nothing in place (n >= 2): a shuffled circle, moved on by one."""
    circle = list(range(n))
    random.Random(seed).shuffle(circle)
    following = dict(zip(circle, circle[1:] + circle[:1], strict=True))
    return [following[i] for i in range(n)]


def _speak(session: Session, donor: Session) -> Session:
    said: dict[str, list[dict]] = {}
    for message in donor["messages"]:
        for action in _actions(message):
            said.setdefault(action["tool"], []).append(message)
    return {**session, "messages": [_replaced(message, said) for message in session["messages"]]}


def _replaced(message: dict, said: dict[str, list[dict]]) -> dict:
    actions = _actions(message)
    if not actions:
        return message
    replies = said.get(actions[0]["tool"], [])
    if not replies:
        return {**message, "extra": {**message["extra"], "actions": []}}
    reply = replies.pop(0)
    return {**reply, "extra": {**reply["extra"], "dropped": message["extra"]["dropped"]}}


def _actions(message: dict) -> list[dict]:
    return message.get("extra", {}).get("actions", []) if message["role"] == "assistant" else []
