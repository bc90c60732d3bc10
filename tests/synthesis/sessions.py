"""Sessions without a model: what synthesis reads of a trajectory, with token ids that tell where each came from."""

from itertools import count

END = 2


def session(
    task: str, tools: list[str | None], start: int = 1000, cut: tuple[int, ...] = (), run: int = 0
) -> dict:
    """A session whose turns use these tools; None is a reply without an action. cut: turns whose reply lacks its end."""
    ids = count(start)
    messages = [{"role": "system", "content": "s"}, _message("user", [next(ids) for _ in range(4)])]
    for number, tool in enumerate(tools):
        reply = [next(ids) for _ in range(3)] + ([] if number in cut else [END])
        extra = (
            {"actions": [{"tool": tool, "command": tool, "body": ""}], "arguments": [1, 2]} if tool else {}
        )
        messages.append(_message("assistant", reply, {"dropped": 0, **extra}))
        messages.append(_message("user", [next(ids) for _ in range(5)]))
    actions = [{"tool": tool, "success": True} for tool in tools if tool]
    return {"instance_id": task, "messages": messages, "extra": {"run": run, "actions": actions}}


def _message(role: str, ids: list[int], extra: dict | None = None) -> dict:
    return {"role": role, "content": str(ids), "extra": {"token_ids": ids, **(extra or {})}}
