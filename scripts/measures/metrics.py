"""The study's measures as pure functions, each the formula of its name and nothing else.

Undefined is None, never 0, and a missing value is left out, never counted as a failure. Success is 1, failure 0, a share of
several runs lies between. Continual-learning measures read ``after[i][j]``: success on item j (1-based position) after learning
items 1 to i. The checkpoints i may be sparse: "after learning j" is then the first checkpoint that has learned j.
Sources: Lopez-Paz and Ranzato 2017 (transfer), Chaudhry et al. 2018 (forgetting), Joshi et al. 2025 (SWE-Bench-CL).
"""

from collections.abc import Iterable, Mapping, Sequence

Value = float | None
Success = Mapping[int, Mapping[int, Value]]


def mean(values: Iterable[Value]) -> Value:
    """Mean of what is there; None where nothing is."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def resolve_rate(resolved: Iterable[Value]) -> Value:
    """Share of tasks whose FAIL_TO_PASS and PASS_TO_PASS tests all pass; None without a verdict."""
    return mean(resolved)


def test_pass_fraction(fractions: Iterable[Value]) -> Value:
    """Mean share of a task's tests that pass, in 0..1 (the SR of Joshi et al.); None without a verdict."""
    return mean(fractions)


test_pass_fraction.__test__ = False  # its name is the specification's; pytest would take it for a test


def forward_transfer(*, base: Mapping[str, Value], adapted: Mapping[str, Value]) -> Value:
    """Mean gain of adapted over base on one split's test tasks, by task id; a task that either arm lacks is left out.

    The arms are named and have no order: nothing here can swap them.
    """
    return mean(_difference(adapted[task], base.get(task)) for task in adapted)


def forward_transfer_stream(after: Success, base: Mapping[int, Value]) -> Value:
    """Mean over blocks of success on the next block's items, seen before learning them, minus base.

    A block is what one checkpoint adds; ``after[i]`` counts for the items from i + 1 to the next checkpoint. None with
    fewer than two blocks, since nothing was then learned before a test.
    """
    checkpoints = sorted(after)
    blocks = []
    for number, checkpoint in enumerate(checkpoints):
        end = (
            checkpoints[number + 1]
            if number + 1 < len(checkpoints)
            else max(after[checkpoint], default=checkpoint)
        )
        ahead = [item for item in after[checkpoint] if checkpoint < item <= end]
        blocks.append(mean(_difference(after[checkpoint][item], base.get(item)) for item in ahead))
    return mean(blocks)


def forgetting(after: Success) -> Value:
    """Mean over items of the best success since learning them minus the last; negative when they got better.

    Needs a re-evaluation: None with fewer than two checkpoints.
    """
    return mean(_fall(after, item, _learned(after, item)[:-1]) for item in _items(after))


def forgetting_paper(after: Success) -> Value:
    """`forgetting` with the maximum over the checkpoints up to and with the item's own, as Joshi et al. write it."""
    return mean(_fall(after, item, _up_to_learned(after, item)) for item in _items(after))


def backward_transfer(after: Success) -> Value:
    """Mean over items of success at the end minus success right after learning; None with fewer than two checkpoints."""
    changes = []
    for item in _items(after):
        learned = _learned(after, item)
        if len(learned) > 1:
            changes.append(_difference(after[learned[-1]].get(item), after[learned[0]].get(item)))
    return mean(changes)


def plasticity(after: Success) -> Value:
    """Mean success on an item right after learning it; None with fewer than two checkpoints, as its partner stability."""
    if len(after) < 2:
        return None
    learned = {item: _learned(after, item) for item in _items(after)}
    return mean(after[checkpoints[0]].get(item) for item, checkpoints in learned.items() if checkpoints)


def stability(after: Success) -> Value:
    """1 - forgetting."""
    lost = forgetting(after)
    return None if lost is None else 1 - lost


def cl_f_beta(plastic: Value, stable: Value, beta: float = 1.0) -> Value:
    """Weighted harmonic mean (1 + b^2) P S / (b^2 P + S); None where P or S is undefined or P + S = 0."""
    if plastic is None or stable is None or plastic + stable == 0:
        return None
    denominator = beta**2 * plastic + stable
    return (1 + beta**2) * plastic * stable / denominator if denominator else None


def aulc(stream: Sequence[Value]) -> Value:
    """Area under the learning curve: mean over i of the running mean of success on items 1 to i, each after learning it."""
    return mean(mean(stream[: end + 1]) for end in range(len(stream)))


def tool_efficiency(seconds: Sequence[float], success: Sequence[bool]) -> Value:
    """Seconds in successful actions over seconds in all; None without an action that took time."""
    total = sum(seconds)
    return sum(time for time, good in zip(seconds, success, strict=True) if good) / total if total else None


def tool_efficiency_calls(success: Sequence[bool]) -> Value:
    """Successful actions over all actions; None without an action."""
    return mean(float(good) for good in success)


def tokens_per_resolved(tokens: Iterable[Value], resolved: Iterable[Value]) -> Value:
    """Tokens spent on all tasks for each one resolved; None where none was resolved."""
    solved = sum(value for value in resolved if value is not None)
    return sum(value for value in tokens if value is not None) / solved if solved else None


def _difference(later: Value, earlier: Value) -> Value:
    return None if later is None or earlier is None else later - earlier


def _items(after: Success) -> list[int]:
    return sorted({item for row in after.values() for item in row})


def _learned(after: Success, item: int) -> list[int]:
    """Checkpoints that have learned the item, in order."""
    return [checkpoint for checkpoint in sorted(after) if checkpoint >= item]


def _up_to_learned(after: Success, item: int) -> list[int]:
    """Checkpoints up to and with the first that has learned the item, where a later one can show a fall."""
    learned = _learned(after, item)
    return (
        [checkpoint for checkpoint in sorted(after) if checkpoint <= learned[0]] if len(learned) > 1 else []
    )


def _fall(after: Success, item: int, before: Sequence[int]) -> Value:
    """Best success at the checkpoints `before` minus success at the last; None where either was not measured."""
    peaks = [value for checkpoint in before if (value := after[checkpoint].get(item)) is not None]
    return _difference(max(peaks), after[max(after)].get(item)) if peaks else None
