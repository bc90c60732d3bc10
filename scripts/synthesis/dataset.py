"""Rule dataset: the usable sessions of a training half as training examples, one line an example.

The first line is the header: source hash, sessions, examples, actions in and out, turns left out: too long, or answers
to what is asked of the session or of another run of its task.
"""

from typing import Any

from scripts.files import read_json, read_jsonl, write_jsonl
from scripts.jobs import job
from scripts.synthesis import source
from scripts.synthesis.actions_format import answers, argument_positions, choose_held_out, examples
from scripts.trajectories.play import renderer
from scripts.trajectories.render import Renderer


def with_arguments(session: dict, words: Renderer) -> dict:
    """The session with the positions of each action's argument tokens in its reply."""
    messages = [_mark(message, words) for message in session["messages"]]
    return {**session, "messages": messages}


def _mark(message: dict, words: Renderer) -> dict:
    extra = message.get("extra", {})
    if message["role"] != "assistant" or not extra.get("actions"):
        return message
    tokens = [words.tokenizer.decode([token]) for token in extra["token_ids"]]
    return {
        **message,
        "extra": {**extra, "arguments": argument_positions(tokens, extra["actions"][0]["tool"])},
    }


def build(
    sessions: list[dict], positions: dict[str, int], words: Renderer, recipe: dict
) -> tuple[list[dict], dict]:
    """(examples, counts) of sessions in the order given; an example knows its session's position in the training half."""
    chosen = choose_held_out(sessions, recipe["seed"])
    untaught = answers(sessions, chosen)
    rows: list[dict] = []
    too_long = not_taught = 0
    for session, held_out, context in zip(sessions, chosen, untaught, strict=True):
        made, lost = examples(session, held_out, words.end, recipe["max_tokens"], context)
        rows += [{"position": positions[session["instance_id"]], **example} for example in made]
        too_long += len(lost)
        not_taught += len(context - lost)
    actions = sum(bool(m.get("extra", {}).get("actions")) for s in sessions for m in s["messages"])
    spans = sum(len(row["supervised"]) + len(row["held_out"]) for row in rows)
    counts = {"sessions": len(sessions), "examples": len(rows), "actions_in": actions, "actions_out": spans}
    return rows, {**counts, "turns_too_long": too_long, "answers": not_taught}


def main(snakemake: Any) -> None:
    """Read the rule's inputs, build, write its output."""
    inputs, recipe = snakemake.input, snakemake.params.recipe
    with job(snakemake) as log:
        split = read_json(inputs.split)
        positions = dict(zip(split["train"], split["train_positions"], strict=True))
        sessions, verdicts = read_jsonl(inputs.trajectories), read_jsonl(inputs.verdicts)
        chosen = source.select(sessions, verdicts, split["train"], recipe["filter"])
        header = {"source_sha256": source.sha256(chosen), "source": recipe["source"]}
        words = renderer(snakemake.params.model["checkpoint"])
        spoken = source.permute(chosen, recipe["seed"]) if recipe["source"] == "permuted" else chosen
        rows, counts = build([with_arguments(session, words) for session in spoken], positions, words, recipe)
        log.info("%s", counts)
        write_jsonl(snakemake.output.dataset, [{**header, **counts}, *rows])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
