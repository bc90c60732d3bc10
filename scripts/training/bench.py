"""`make bench`: tokens per second and peak memory of our training loop against TRL's SFTTrainer.

    python -m scripts.training.bench results/{repo}/{model}/{split}/{recipe}/dataset.jsonl

Both sides train the same adapter (rank, learning rate, batches in the same order, linear decay, bf16 autocast) on the same
examples with the same supervised tokens, each in a process of its own, with the threads of the model's block. Tokens are those of
the examples, so what a side saves by reading a shared beginning once counts for it. Loading is left out of the time.
"""

import atexit
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from scripts.files import read_jsonl
from scripts.trajectories.hardware import settled

CONFIG = Path(__file__).parents[2] / "config.yaml"
CACHE = Path("results/cache")
RECIPE = {"rank": 16, "alpha_over_rank": 2, "learning_rate": 0.0005, "batch_size": 2, "seed": 0, "epochs": 1}
MOST, ROUNDS = 4, 3  # examples; times that each side is measured


def ours(examples: list[dict], block: dict, checkpoint: Path) -> Callable[[], Any]:
    """A training by scripts/training/lora.py, ready to go."""
    from scripts.training import lora

    model = lora.with_new_adapter(lora.base_model(checkpoint, block), RECIPE)
    batches = [(1, batch) for batch in batched(examples)]
    return lambda: lora.optimise(model, batches, RECIPE["learning_rate"])


def trl(examples: list[dict], block: dict, checkpoint: Path) -> Callable[[], Any]:
    """The same by TRL's SFTTrainer with PEFT."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    rows = [{"input_ids": row["input_ids"], "labels": labels(row)} for row in examples]
    rank = RECIPE["rank"]
    lora = LoraConfig(
        r=rank,
        lora_alpha=rank * RECIPE["alpha_over_rank"],
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    options = {"per_device_train_batch_size": RECIPE["batch_size"], "learning_rate": RECIPE["learning_rate"]}
    options |= {
        "num_train_epochs": 1,
        "max_grad_norm": 1.0,
        "weight_decay": 0.0,
        "lr_scheduler_type": "linear",
    }
    options |= {
        "bf16": block["dtype"] == "bfloat16",
        "use_cpu": block["device"] == "cpu",
        "report_to": "none",
    }
    options |= {"save_strategy": "no", "logging_steps": 10**6, "disable_tqdm": True, "max_length": None}
    options |= {"gradient_checkpointing": False, "train_sampling_strategy": "sequential"}
    options |= {"dataset_kwargs": {"skip_prepare_dataset": True}, "dataloader_pin_memory": False}
    folder = tempfile.TemporaryDirectory(prefix="rehearsal-trl-")
    atexit.register(folder.cleanup)
    trainer = SFTTrainer(
        AutoModelForCausalLM.from_pretrained(checkpoint, dtype=getattr(torch, block["dtype"])),
        args=SFTConfig(output_dir=folder.name, **options),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(checkpoint),
        peft_config=lora,
    )  # fmt: skip
    return trainer.train


SIDES = {"ours": ours, "trl": trl}


def batched(examples: list[dict]) -> list[list[dict]]:
    """Batches in the order of the examples."""
    size = RECIPE["batch_size"]
    return [examples[at : at + size] for at in range(0, len(examples), size)]


def labels(row: dict) -> list[int]:
    """The tokens where they are supervised, -100 elsewhere."""
    wanted = {position for span in row["supervised"] for position in range(*span)}
    return [token if at in wanted else -100 for at, token in enumerate(row["input_ids"])]


def measure(side: str, dataset: str) -> dict[str, float]:
    """Tokens per second and peak memory (MB) of one training in this process."""
    import torch

    from scripts.trajectories.checkpoint import resolve_checkpoint

    block = settled(next(iter(yaml.safe_load(CONFIG.read_text())["models"].values())))
    torch.set_num_threads(block["threads"])
    examples = read_jsonl(dataset)[1:][:MOST]
    train = SIDES[side](examples, block, resolve_checkpoint(block["checkpoint"], CACHE))
    start = time.perf_counter()
    train()
    seconds = time.perf_counter() - start
    tokens = sum(len(row["input_ids"]) for row in examples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"examples": len(examples), "tokens_per_second": tokens / seconds, "peak_mb": peak}


def apart(side: str, dataset: str) -> dict[str, float]:
    """The same in a process of its own; its last line is the result."""
    command = [sys.executable, "-m", "scripts.training.bench", dataset, side]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(dataset: str) -> None:
    """Measure both sides in turn and print the medians and their ratio."""
    rounds = [{side: apart(side, dataset) for side in SIDES} for _ in range(ROUNDS)]
    ratios = sorted(each["ours"]["tokens_per_second"] / each["trl"]["tokens_per_second"] for each in rounds)
    print(f"training of {rounds[0]['ours']['examples']} examples, median of {ROUNDS} rounds:")
    for side, name in (("ours", "our loop"), ("trl", "TRL SFTTrainer")):
        rate, peak = (
            sorted(each[side][key] for each in rounds)[ROUNDS // 2]
            for key in ("tokens_per_second", "peak_mb")
        )
        print(f"  {name:15} {rate:7.1f} tokens/s, at most {peak:,.0f} MB")
    print(f"  ratio {ratios[ROUNDS // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    if sys.argv[2:]:
        print(json.dumps(measure(sys.argv[2], sys.argv[1])))
    else:
        main(sys.argv[1])
