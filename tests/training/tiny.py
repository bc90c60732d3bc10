"""A Llama of random weights that trains in a second, and examples for it."""

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from scripts.training import lora
from scripts.workflow.plan import goes_on

VOCABULARY = 97
RECIPE = {
    "strategy": "full_replay", "seed": 0, "rank": 4, "alpha_over_rank": 2, "learning_rate": 0.01, "epochs": 4,
    "batch_size": 3, "max_tokens": 64,
}  # fmt: skip


_FOLDER = TemporaryDirectory(prefix="rehearsal-tiny-")  # gone when the interpreter ends


@cache
def checkpoint() -> str:
    """A folder with a checkpoint in fp32; heads share keys, as in the embedded model."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": VOCABULARY}
    config = LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128)
    LlamaForCausalLM(config).save_pretrained(_FOLDER.name)
    return _FOLDER.name


MODEL = {"checkpoint": "", "dtype": "float32", "quantization": "none", "device": "cpu", "threads": 1}


def model() -> dict:
    """The block of a configuration that names it."""
    return {**MODEL, "checkpoint": checkpoint()}


def base() -> torch.nn.Module:
    """The tiny model with attention over packed examples."""
    return lora.base_model(checkpoint(), MODEL)


def examples(count: int = 6, shared: int = 9, seed: int = 0) -> list[dict]:
    """Examples with a common beginning: two replies each, the first one held out."""
    rng = random.Random(seed)
    beginning = [rng.randrange(VOCABULARY) for _ in range(shared)]
    return [example(position, beginning, rng) for position in range(1, count + 1)]


def example(position: int, beginning: list[int], rng: random.Random) -> dict:
    """Issue, held-out reply, observation, supervised reply; lengths differ."""
    issue, first, seen, second = (rng.randrange(2, 9) for _ in range(4))
    start = len(beginning) + issue
    held, later = [start, start + first], start + first + seen
    own = [rng.randrange(VOCABULARY) for _ in range(issue + first + seen + second)]
    spans = {
        "held_out": [held],
        "supervised": [[later, later + second]],
        "arguments": list(range(held[0] + 1, held[1])),
    }
    return {
        "instance_id": f"task-{position}",
        "run": 0,
        "position": position,
        "input_ids": beginning + own,
        **spans,
    }


def rule(folder: Path, checkpoint: int, recipe: dict = RECIPE, since: int = 0) -> SimpleNamespace:
    """What Snakemake hands to the scripts train and retention, for one checkpoint of a dataset in a folder."""
    made = folder / "adapters" / str(checkpoint)
    since = since if goes_on(recipe) else 0
    before = [folder / "adapters" / str(since) / "card.json"] if since else []
    return SimpleNamespace(
        rule="train",
        log=[folder / "log"],
        input=SimpleNamespace(dataset=folder / "dataset.jsonl", cards=[made / "card.json"], before=before),
        output=SimpleNamespace(
            card=made / "card.json",
            loss=made / "loss.csv",
            timing=made / "timing.csv",
            retention=folder / "retention.csv",
        ),
        wildcards=SimpleNamespace(checkpoint=str(checkpoint), recipe="mine"),
        params=SimpleNamespace(recipe=recipe, model=model(), since=since, embeddings=None),
    )
