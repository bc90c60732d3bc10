"""`make bench`: tokens per second of the engine at 1, 4 and 16 conversations, against plain `generate` one by one.

Both sides get the same prompts, weights, precision, threads and number of new tokens, greedily and without a stop; all the
time from the prompts to the last token counts. The model is the first one of config.yaml.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils import logging

from scripts.trajectories.checkpoint import resolve_checkpoint
from scripts.trajectories.engines import Ask, Conversation
from scripts.trajectories.engines.local import LocalEngine, load
from scripts.trajectories.hardware import settled
from scripts.trajectories.play import CACHE, renderer

CONFIG = Path(__file__).parents[3] / "config.yaml"
CONVERSATIONS = (1, 4, 16)
NEW = 48  # tokens of a reply
QUESTION = "The function number {} of my package returns {} where it should return {}. Which line is wrong?"


def prompts(words: Any, count: int) -> list[list[int]]:
    """Token ids of some questions of about the same length."""
    return [
        words.opening("You repair Python.", [], QUESTION.format(n, 3 * n, 2 * n))
        for n in range(10, 10 + count)
    ]


def plain(model: torch.nn.Module, asked: Sequence[list[int]]) -> int:
    """Answer one prompt after the other by transformers' `generate`; returns the number of new tokens."""
    greedy = GenerationConfig(max_new_tokens=NEW, do_sample=False, pad_token_id=0)
    sizes = [
        model.generate(torch.tensor([ids]), generation_config=greedy).shape[1] - len(ids) for ids in asked
    ]
    return sum(sizes)


def together(engine: LocalEngine, asked: Sequence[list[int]]) -> int:
    """Answer all prompts at once by the engine; returns the number of new tokens."""
    ask = Ask(most=NEW, ends=())
    with ThreadPoolExecutor(len(asked)) as pool:
        return sum(
            len(reply.tokens)
            for reply in pool.map(lambda ids: engine.complete(Conversation([*ids]), ask), asked)
        )


def rate(answer: Callable[[Any, Sequence[list[int]]], int], runner: Any, asked: Sequence[list[int]]) -> float:
    """New tokens per second."""
    start = time.perf_counter()
    return answer(runner, asked) / (time.perf_counter() - start)


def main() -> None:
    """Measure both sides at each number of conversations and print a line each."""
    logging.disable_progress_bar()
    name, model = next(iter(yaml.safe_load(CONFIG.read_text())["models"].items()))
    model = settled(model)
    torch.set_num_threads(model["threads"])
    folder = resolve_checkpoint(model["checkpoint"], CACHE)
    asked = prompts(renderer(model["checkpoint"]), max(CONVERSATIONS))
    single = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, model["dtype"])).eval()
    single.generation_config.eos_token_id = None
    batched = load(folder, None, model)
    print(
        f"{name}, {model['dtype']}, {model['threads']} thread(s); prompts of {len(asked[0])} tokens, {NEW} new tokens each"
    )
    plain(single, asked[:1])  # the first call is slow
    print("conversations  generate  engine  ratio   (new tokens per second)")
    for count in CONVERSATIONS:
        engine = LocalEngine(batched, slots=count)
        one_by_one, at_once = rate(plain, single, asked[:count]), rate(together, engine, asked[:count])
        engine.close()
        print(f"{count:13}  {one_by_one:8.1f}  {at_once:6.1f}  {at_once / one_by_one:4.1f}x", flush=True)


if __name__ == "__main__":
    main()
