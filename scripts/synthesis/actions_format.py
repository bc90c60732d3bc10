"""Format `actions`: a session as training examples in exactly the form in which the agent runs.

Examples are put together from the token ids that the session itself recorded, by the function that made its prompts
(agent.prompt): nothing is rendered or tokenized again. Every reply that holds an action is supervised, whatever its tool.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Container
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from scripts.synthesis.commands import changes
from scripts.synthesis.turns import about
from scripts.trajectories.agent import pieces, size

Said = tuple[str, str]  # command and body of an action


@dataclass(frozen=True)
class Window:
    """Turns first..end of a session in one example (end exclusive); those from `supervised` on carry the loss."""

    first: int
    supervised: int
    end: int


def windows(opening: int, turns: list[int], dropped: list[int], most: int) -> tuple[list[Window], set[int]]:
    """Cut a session into examples of at most `most` tokens, each turn with the history it had, or what fits of it.

    opening, turns: sizes in tokens; dropped: turns that had left the prompt when each turn was played. The oldest turns go
    first and a supervised turn never goes; a turn too long even alone is left out. Returns the windows and which
    turns were left out.
    """
    out: list[Window] = []
    lost: set[int] = set()
    for turn, gone in enumerate(dropped):
        if opening + turns[turn] > most:
            lost.add(turn)
            continue
        last = out[-1] if out else None
        follows = last and last.end == turn and last.first >= gone
        if follows and opening + sum(turns[last.first : turn + 1]) <= most:
            out[-1] = Window(last.first, last.supervised, turn + 1)
            continue
        first = gone
        while opening + sum(turns[first : turn + 1]) > most:
            first += 1
        out.append(Window(first, turn, turn + 1))
    return out, lost


def examples(
    session: dict, held_out: int | None, end: int, most: int, untaught: Container[int] = ()
) -> tuple[list[dict], set[int]]:
    """Training examples of a session, and which turns were too long.

    held_out: the turn that stays as context and carries no loss; end: the id that ends a reply that was cut off;
    untaught: turns that are context too, and not asked for (see `answers`).
    An example: input_ids [n]; supervised and held_out: lists of [start, stop) in it; arguments: positions of the held-out
    reply's argument tokens; issue: as the agent was told; turns: by the start of each span, what its reply was about.
    """
    opening, *turns = pieces(session["messages"])
    dropped = [turn[0]["extra"].get("dropped", 0) for turn in turns]
    cut, lost = windows(size(opening), [size(turn) + 1 for turn in turns], dropped, most)
    kinds = {number: "supervised" for number in range(len(turns)) if number not in untaught}
    if held_out is not None:
        kinds[held_out] = "held_out"
    made = [_example(session, opening, turns, window, kinds, end) for window in cut]
    return [example for example in made if example["input_ids"]], lost


def _example(
    session: dict, opening: list, turns: list, window: Window, kinds: dict[int, str], end: int
) -> dict:
    ids = list(opening[0]["extra"]["token_ids"])
    known = about(session)
    example: dict[str, Any] = {"supervised": [], "held_out": [], "arguments": [], "turns": {}}
    example["issue"] = opening[-1]["content"]
    for number in range(window.first, window.end):
        for message in turns[number]:
            start = len(ids)
            ids += message["extra"]["token_ids"]
            if message["role"] != "assistant":
                continue
            if number >= window.supervised and number in kinds and message["extra"].get("actions"):
                example[kinds[number]].append([start, len(ids)])
                example["turns"][str(start)] = known[number]
                if kinds[number] == "held_out":
                    example["arguments"] = [start + at for at in message["extra"]["arguments"]]
            if ids[-1] != end:
                ids.append(end)
    stop = max((stop for span in ("supervised", "held_out") for _, stop in example[span]), default=0)
    identity = {"instance_id": session["instance_id"], "run": session["extra"]["run"]}
    return {**identity, "input_ids": ids[:stop], **example}


def argument_positions(tokens: list[str], tool: str) -> list[int]:
    """Positions of the tokens behind the tool's name (the action's arguments), the end of the reply left out.

    tokens: the text of each token of the reply. A fenced reply's thought may name the tool too: its block counts, and
    the fence that closes it is format.
    """
    reply = "".join(tokens)
    fence = reply.find("```bash")
    named = reply.find(tool, max(fence, 0))
    if named < 0:
        return []
    end = len(reply[: reply.rfind("```")].rstrip()) if fence >= 0 else len(reply)
    starts = accumulate((len(token) for token in tokens[:-1]), initial=0)
    return [
        at for at, start in enumerate(starts) if named + len(tool) <= start < end and at < len(tokens) - 1
    ]


def choose_held_out(sessions: list[dict], seed: int) -> list[int | None]:
    """One seeded turn of each session to hold out, at most a fifth of them edits of code.

    None where no turn has arguments. What is the only thing that a run of the task does is asked of none of them: it would be
    taught nowhere. An edit is asked where all runs of the task can be asked it.
    """
    rng = random.Random(seed)
    edits_left = len(sessions) // 5
    runs = Counter(session["instance_id"] for session in sessions)
    asked, only = defaultdict(set), defaultdict(set)  # actions by task
    for session in sessions:
        done = set(_actions(session).values())
        only[session["instance_id"]] |= done if len(done) == 1 else set()
    chosen: list[int | None] = []
    for session in sessions:
        said, task = _actions(session), session["instance_id"]
        known = asked[task]
        options = [
            (turn, edits)
            for turn, edits, arguments in _turns(session)
            if arguments and said[turn] not in only[task]
            if not edits or said[turn] in known or edits_left >= runs[task]
        ]
        turn, edits = rng.choice(_preferred(options, said, known)) if options else (None, False)
        edits_left -= edits
        known |= {said[turn]} if turn is not None else set()
        chosen.append(turn)
    return chosen


def _preferred(
    options: list[tuple[int, bool]], said: dict[int, Said], asked: set[Said]
) -> list[tuple[int, bool]]:
    """Of some turns those that do what another run of the task is asked, or else what the session does only once, or else all.

    What is asked of one run is taught by none, so that several runs had better be asked the same. Of a repeated action the
    context gives the answer away.
    """
    times = Counter(said.values())
    same = [option for option in options if said[option[0]] in asked]
    return same or [option for option in options if times[said[option[0]]] == 1] or options


def answers(sessions: list[dict], chosen: list[int | None]) -> list[set[int]]:
    """Turns of each session that do what it or another run of its task is asked about: supervised, they would teach it."""
    actions = [_actions(session) for session in sessions]
    asked: dict[str, set[Said]] = defaultdict(set)
    for session, said, turn in zip(sessions, actions, chosen, strict=True):
        asked[session["instance_id"]] |= {said[turn]} if turn is not None else set()
    return [
        {turn for turn, action in said.items() if action in asked[session["instance_id"]] and turn != own}
        for session, said, own in zip(sessions, actions, chosen, strict=True)
    ]


def _actions(session: dict) -> dict[int, Said]:
    """Command and body of each turn with an action."""
    _, *turns = pieces(session["messages"])
    said = {number: turn[0]["extra"].get("actions") for number, turn in enumerate(turns)}
    return {number: (each[0]["command"], each[0].get("body", "")) for number, each in said.items() if each}


def _turns(session: dict) -> list[tuple[int, bool, list[int]]]:
    """(number, does it change code, argument positions) of each turn with an action."""
    _, *turns = pieces(session["messages"])
    replies = [turn[0]["extra"] for turn in turns]
    return [
        (number, changes(reply["actions"][0]["command"]), reply["arguments"])
        for number, reply in enumerate(replies)
        if reply.get("actions")
    ]
