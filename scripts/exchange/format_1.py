"""Format `mini-swe-agent-1`: the actions are found as the agent found them, their results are read out of what it was shown."""

import ast
import re
from pathlib import Path

from scripts.errors import UserError
from scripts.exchange.shape import WORDS, lookup
from scripts.exchange.step import SUBMITTED, Step, Unusable, thought

MESSAGE = {"role": str, "content": WORDS, "extra": (dict, None)}
ACTION = r"```bash\s*\n(.*?)\n```"  # the default of releases 1.x, and the only one before 1.14
KILLED = "timed out and has been killed"
CODE = re.compile(r"<returncode>(-?\d{1,9})</returncode>")
WHOLE = re.compile(r"<output>\n?(.*)</output>", re.DOTALL)
CUT = re.compile(r"<output_head>\n?(.*?)</output_head>.*<output_tail>\n?(.*)</output_tail>", re.DOTALL)
PLAIN = re.compile(
    r"Observation: (\{.*\})\s*\Z", re.DOTALL
)  # the template of an agent without a configuration
NO_LITERAL = (ValueError, SyntaxError, KeyError, TypeError, OverflowError, MemoryError, RecursionError)


def steps(data: dict, path: Path | str) -> list[Step]:
    """The actions of a session, in order; replies without exactly one are not executed and left out."""
    messages, submitted = data["messages"], data["info"]["exit_status"] == SUBMITTED
    found = []
    for number, message in enumerate(messages[:-1]):
        text = message.get("content")
        if message["role"] != "assistant" or not isinstance(text, str):
            continue
        actions = _actions(text, data, path)
        if len(actions) != 1:
            continue
        if submitted and number == len(messages) - 2:
            found.append(Step(thought(text, actions[0]), "submit", submits=True))
        else:
            output, code = observed(messages[number + 1].get("content"), number + 1)
            found.append(Step(thought(text, actions[0]), actions[0].strip(), output, code))
    return found


def _actions(text: str, data: dict, path: Path | str) -> list[str]:
    pattern = lookup(data, "info.config.agent.action_regex")
    pattern = ACTION if pattern is None else pattern
    try:
        return [str(found) for found in re.findall(pattern, text, re.DOTALL)]
    except re.error as error:
        where, fix = f"{path}, key info.config.agent.action_regex", "give the file as it was written"
        raise UserError(where, f"it is no regular expression ({error})", fix) from error


def observed(text: object, number: int) -> tuple[str, int]:
    """(output, return code) as the agent was shown them; a command that was killed has the code -1. Raises Unusable."""
    if isinstance(text, str):
        code, plain = CODE.search(text), PLAIN.match(text)
        if code:
            return _shown(text), int(code[1])
        if KILLED in text:
            return _shown(text, "\n"), -1
        if plain:
            return _literal(plain[1], number)
    raise Unusable(f"message {number} shows no return code that could be read")


def _shown(text: str, added: str = "") -> str:
    """What stands between the tags of an observation, whole or cut in its middle.

    The templates of 1.x add a line feed to each part of one that was cut, and `added` to a whole one.
    """
    whole, cut = WHOLE.search(text), CUT.search(text)
    if cut and not (whole and whole.start() < cut.start()):
        return "\n[...]\n".join(part.removesuffix("\n") for part in cut.groups())
    return whole[1].removesuffix(added) if whole else ""


def _literal(text: str, number: int) -> tuple[str, int]:
    try:
        shown = ast.literal_eval(text)
        return str(shown["output"]), int(shown["returncode"])
    except NO_LITERAL as error:
        raise Unusable(f"message {number} shows no return code that could be read") from error
